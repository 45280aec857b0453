"""The documents of a project that ran the first version of Troupe.

Commit 6a707bf wrote them itself, through its API on the emulators: Ada has a plan, a character, a
script and a recording; Bob, an administrator, has minutes of which a queued job holds some; Cleo's
plan was cancelled; Dee has just deleted the account; and there is a guest.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from troupe.adapters.firestore import Create, Database

_FILE = Path(__file__).parent / "first_version.json"


def documents() -> dict[str, dict[str, Any]]:
    """By path."""
    found: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(), object_hook=_times)
    return found


def restore(db: Database) -> None:
    """Writes them all into an empty database."""
    db.commit(*(Create(path, data) for path, data in documents().items()))


def _times(value: dict[str, Any]) -> Any:
    return datetime.fromisoformat(value["$time"]) if value.keys() == {"$time"} else value

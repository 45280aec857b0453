"""The sample cast in emulator-data/cast, and the screenplay that it performs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local.layout import SEED_DATA

FOLDER = SEED_DATA / "cast"
MOODS = ("calm", "speaking")  # one picture each


def members() -> list[dict[str, Any]]:
    """The characters in cast.json."""
    cast: list[dict[str, Any]] = _data()["characters"]
    return cast


def owner() -> str:
    """The e-mail address of the account that owns the characters."""
    return str(_data()["owner"])


def pictures(name: str) -> list[Path]:
    return [FOLDER / f"{name.lower()}-{mood}.png" for mood in MOODS]


def sample(name: str) -> Path:
    return FOLDER / f"{name.lower()}.ogg"


def screenplay() -> str:
    return (SEED_DATA / "screenplay.txt").read_text()


def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FOLDER / "cast.json").read_text())
    return data

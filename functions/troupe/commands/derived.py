"""Files that follow from the code: written by a command, and checked for drift with --check."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

FUNCTIONS = Path(__file__).parents[2]
ROOT = FUNCTIONS.parent


def derive(options: argparse.Namespace) -> int:
    """Writes one of them; with --check, returns 1 when it is not as it should be."""
    path, make = _FILES[options.command]
    present = path.read_text() if path.exists() else ""
    text = make(present)
    if not options.check:
        path.write_text(text)
        print(f"{path.name}: {len(text)} characters")
    elif text != present:
        print(
            f"{path.name} is not up to date: run `python -m troupe {options.command}`",
            file=sys.stderr,
        )
        return 1
    return 0


def _openapi(present: str) -> str:
    from troupe.app.openapi import document

    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _hosting(present: str) -> str:
    from troupe.app.hosting import configured

    return configured(present, os.environ.get("TROUPE_REGION", "us-central1"))


def _settings(present: str) -> str:
    from troupe.commands.settings_table import with_table

    return with_table(present)


_FILES: dict[str, tuple[Path, Callable[[str], str]]] = {
    "openapi": (FUNCTIONS / "openapi.json", _openapi),
    "hosting": (ROOT / "firebase.json", _hosting),
    "settings": (ROOT / "README.md", _settings),
}

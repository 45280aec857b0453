"""Files generated from the code; --check reports when one is out of date."""

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
    """Writes one of the files; with --check, returns 1 when it is out of date."""
    path, make = _FILES[options.command]
    current = path.read_text() if path.exists() else ""
    text = make(current)
    if not options.check:
        path.write_text(text)
        print(f"{path.name}: {len(text)} characters")
    elif text != current:
        print(
            f"{path.name} is not up to date: run `python -m troupe {options.command}`",
            file=sys.stderr,
        )
        return 1
    return 0


def _openapi(current: str) -> str:
    from troupe.app.openapi import document

    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _hosting(current: str) -> str:
    from troupe.app.hosting import configured

    return configured(current, os.environ.get("TROUPE_REGION") or "us-central1")


def _settings(current: str) -> str:
    from troupe.commands.settings_table import with_table

    return with_table(current)


_FILES: dict[str, tuple[Path, Callable[[str], str]]] = {
    "openapi": (FUNCTIONS / "openapi.json", _openapi),
    "hosting": (ROOT / "firebase.json", _hosting),
    "settings": (ROOT / "README.md", _settings),
}

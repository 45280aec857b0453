"""Runs tests in a real browser, if one is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


def browse(script: Path, *arguments: str) -> Any:
    """Runs a Playwright script; returns the JSON that it prints."""
    done = subprocess.run(
        ["node", str(script), str(BROWSER), *arguments],
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)

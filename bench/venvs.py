"""Other projects to compare with, each in an environment of its own, in .local."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LOCAL = Path(__file__).resolve().parent.parent / ".local"


def installed(folder: Path) -> Path:
    """The Python that has what `folder`/requirements.txt lists. Installed once."""
    home = LOCAL / f"bench-{folder.name.replace('_', '-')}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(folder / "requirements.txt")], check=True)
        (home / "ready").touch()
    return python

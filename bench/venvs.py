"""Virtual environments in .local for other projects that the benchmarks compare with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LOCAL = Path(__file__).resolve().parent.parent / ".local"


def installed(folder: Path) -> Path:
    """The Python of an environment with `folder`/requirements.txt, which is installed once."""
    home = LOCAL / f"bench-{folder.name.replace('_', '-')}"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(folder / "requirements.txt")], check=True)
        (home / "ready").touch()
    return python

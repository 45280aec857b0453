"""The last part of the demo: three people in a room write to each other in their languages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from local import tools
from local.errors import StackError
from local.stack import Stack

TRANSCRIPT = "7-room.md"
_PROGRAM = Path(__file__).with_suffix(".mjs")
_PACE = 4000  # ms to read one message; nobody reads along where there is no terminal


def converse(stack: Stack, out: Path) -> Path:
    """Prints the conversation as it goes, and returns its transcript. Raises StackError."""
    transcript = out / TRANSCRIPT
    config = {
        "base": stack.base_url,
        "auth": stack.auth_host,
        "firestore": stack.firestore_host,
        "transcript": str(transcript),
        "pace": _PACE if sys.stdout.isatty() else 100,
    }
    node, _ = tools.node()
    sys.stdout.flush()
    done = subprocess.run([node, str(_PROGRAM), json.dumps(config)], timeout=300, check=False)
    if done.returncode:
        raise StackError("the conversation in the room failed; see above")
    return transcript

"""Child processes of the stack: each under a supervisor, each with a log file of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_TAIL_LINES = 25


class Child:
    """One command. It ends with this object's `stop`, or with this process, whichever is first."""

    def __init__(
        self, name: str, supervisor: subprocess.Popen[bytes], log: Path, grace: float
    ) -> None:
        self.name = name
        self.log = log
        self._keeper = supervisor
        self._grace = grace

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        cwd: Path,
        env: Mapping[str, str],
        grace: float = 3.0,
    ) -> Self:
        """grace: seconds between SIGTERM and SIGKILL when it is stopped."""
        with log.open("ab") as sink:
            supervisor = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SUPERVISOR), str(grace), "--", *command],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=dict(env),
                # Ctrl-C reaches the stack alone, which then stops its children in order.
                start_new_session=True,
            )
        return cls(name, supervisor, log, grace)

    @property
    def pid(self) -> int:
        """The supervisor's; the command and its helpers descend from it."""
        return self._keeper.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._keeper.poll()

    def wait(self, timeout: float) -> int:
        """The exit code. Raises subprocess.TimeoutExpired."""
        return self._keeper.wait(timeout)

    def ask_to_stop(self) -> None:
        """Begins the end without waiting for it, so that several children can end at once."""
        if self._keeper.stdin and not self._keeper.stdin.closed:
            self._keeper.stdin.close()

    def stop(self) -> None:
        self.ask_to_stop()
        try:
            self._keeper.wait(self._grace + 10)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()

    def tail(self, lines: int = _TAIL_LINES) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.rstrip().splitlines()[-lines:])


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without what could lead an emulated app to a real project."""
    dropped = ("GOOGLE_APPLICATION_CREDENTIALS", "FIREBASE_CONFIG", "FIREBASE_TOKEN", "K_SERVICE")
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.endswith("_EMULATOR_HOST")
    }
    # A proxy between two programs on one machine answers for neither.
    env["NO_PROXY"] = env["no_proxy"] = "127.0.0.1,localhost"
    # The same wait as METADATA_SERVER_DETECTION spares the suite, for google-auth in Python.
    env["NO_GCE_CHECK"] = "true"
    return env | extra

"""Child processes of the stack, each with a supervisor and a log file."""

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
    """One command. It ends on `stop`, or with this process, whichever comes first."""

    def __init__(
        self, name: str, supervisor: subprocess.Popen[bytes], log: Path, grace: float
    ) -> None:
        self.name = name
        self.log = log
        self._supervisor = supervisor
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
                # Ctrl-C must reach only the stack, which then stops its children in order.
                start_new_session=True,
            )
        return cls(name, supervisor, log, grace)

    @property
    def pid(self) -> int:
        """The supervisor's pid; the command and its helpers are its descendants."""
        return self._supervisor.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._supervisor.poll()

    def wait(self, timeout: float) -> int:
        """The exit code. Raises subprocess.TimeoutExpired."""
        return self._supervisor.wait(timeout)

    def ask_to_stop(self) -> None:
        """Requests the end without waiting, so that several children can stop in parallel."""
        if self._supervisor.stdin and not self._supervisor.stdin.closed:
            self._supervisor.stdin.close()

    def stop(self) -> None:
        self.ask_to_stop()
        try:
            self._supervisor.wait(self._grace + 10)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()

    def tail(self, lines: int = _TAIL_LINES) -> str:
        """The last lines of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.rstrip().splitlines()[-lines:])


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment, minus everything that could connect an emulated app to a real
    project, plus `extra`."""
    dropped = ("GOOGLE_APPLICATION_CREDENTIALS", "FIREBASE_CONFIG", "FIREBASE_TOKEN", "K_SERVICE")
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.endswith("_EMULATOR_HOST")
    }
    # Local programs must not reach each other through a proxy.
    env["NO_PROXY"] = env["no_proxy"] = "127.0.0.1,localhost"
    # Like METADATA_SERVER_DETECTION for the suite, but for google-auth in Python.
    env["NO_GCE_CHECK"] = "true"
    return env | extra

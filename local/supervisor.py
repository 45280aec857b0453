"""Runs one command and guarantees that none of its processes survive.

Run as a separate program: `python supervisor.py GRACE_SECONDS -- COMMAND...`, with a pipe as
standard input whose other end only the stack holds. The kernel closes that end however the stack
ends, even by SIGKILL. Then the supervisor ends the command and all its descendants.

Emulators start helpers, some in new sessions: gcloud starts Java, the Firebase CLI starts a shell
and gunicorn per function. So a process group is not enough. On Linux the supervisor is a child
subreaper: a process that loses its parent becomes a child of the supervisor, which finds and ends
it (when code changes, the Firebase CLI kills a worker's shell but not the worker).

Uses only the standard library, with `-I -S`: a supervisor costs about 8 MB and 20 ms.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2), Linux 3.4
_POLL_SECONDS = 0.2
_ORPHAN_GRACE_SECONDS = 5.0


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _parents() -> dict[int, int]:
    """pid -> parent's pid of every process, from /proc, or from ps on macOS."""
    proc = Path("/proc")
    found: dict[int, int] = {}
    if (proc / "self" / "stat").exists():
        for entry in proc.iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                except OSError:  # it has ended
                    continue
                # "pid (comm) state ppid ..."; comm may contain spaces and parentheses
                state, ppid = stat.rpartition(")")[2].split()[:2]
                if state != "Z":
                    found[int(entry.name)] = int(ppid)
        return found
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=False
    )
    for line in listing.stdout.splitlines():
        pid, ppid, state = line.split()[:3]
        if not state.startswith("Z"):
            found[int(pid)] = int(ppid)
    return found


def descendants(root: int) -> list[int]:
    """The living descendants of `root`, nearest first."""
    children: dict[int, list[int]] = defaultdict(list)
    for pid, ppid in _parents().items():
        children[ppid].append(pid)
    found: list[int] = []
    frontier = [root]
    while frontier:
        frontier = [pid for parent in frontier for pid in children[parent]]
        found += frontier
    return found


def _children(pid: int) -> list[int]:
    """The children of a process, zombies too. Reads one file where the kernel offers it, which
    costs a thousandth of looking at every process."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return [each for each, parent in _parents().items() if parent == pid]


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


class Supervisor:
    def __init__(self, command: list[str], grace: float) -> None:
        self._grace = grace
        self._stopping = False
        self._exit_code: int | None = None
        self._orphans: dict[int, float] = {}
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        # Handlers, not SIG_IGN: exec resets handlers, but the command would inherit SIG_IGN.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._command = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            # In case the supervisor itself is killed.
            preexec_fn=lambda: _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509
        )

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def run(self) -> int:
        while not self._stopping:
            readable, _, _ = select.select([0], [], [], _POLL_SECONDS)
            if readable and os.read(0, 1) == b"":
                self._stopping = True
            self._reap()
            if self._exit_code is not None:
                break
            self._end_orphans()
        self._end_command()
        return self._exit_code if self._exit_code is not None else 0

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._orphans.pop(pid, None)
            if pid == self._command.pid:
                self._exit_code = os.waitstatus_to_exitcode(status)
                self._command.returncode = self._exit_code

    def _end_orphans(self) -> None:
        """Ends adopted processes, which nothing can reach any more."""
        now = time.monotonic()
        for pid in _children(os.getpid()):
            if pid == self._command.pid:
                continue
            if pid not in self._orphans:
                self._orphans[pid] = now
                _signal([pid], signal.SIGTERM)
            elif now - self._orphans[pid] > _ORPHAN_GRACE_SECONDS:
                _signal([pid, *descendants(pid)], signal.SIGKILL)

    def _end_command(self) -> None:
        everyone = descendants(os.getpid())
        if self._exit_code is None:
            _signal([self._command.pid], signal.SIGTERM)
            deadline = time.monotonic() + self._grace
            while self._exit_code is None and time.monotonic() < deadline:
                time.sleep(0.02)
                self._reap()
        # Without a subreaper, processes that just lost their parent are only in the earlier list.
        leftovers = set(everyone) if sys.platform != "linux" else set()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            living = [*(leftovers & set(_parents())), *descendants(os.getpid())]
            if not living:
                return
            _signal(living, signal.SIGKILL)
            time.sleep(0.02)
            self._reap()


if __name__ == "__main__":
    sys.exit(Supervisor(sys.argv[3:], grace=float(sys.argv[1])).run() & 0xFF)

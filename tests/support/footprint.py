"""The memory of a served function, as its container counts it: the process, its children, and the
temporary files that they hold open, which Cloud Functions keeps in memory."""

from __future__ import annotations

import re
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def footprint(pid: int) -> int:
    """Bytes."""
    files: dict[int, int] = {}
    total = 0
    for each in _tree(pid):
        with suppress(OSError, ValueError):
            total += _resident(each)
            files.update(_temporary_files(each))
    return total + sum(files.values())


class Peak:
    """The largest footprint seen; `value` in bytes."""

    def __init__(self) -> None:
        self.value = 0

    def note(self, pid: int) -> None:
        self.value = max(self.value, footprint(pid))

    @property
    def megabytes(self) -> float:
        return self.value / 1024**2


@contextmanager
def peak_of(pid: int) -> Iterator[Peak]:
    """Measures as often as it can, until the block ends."""
    peak = Peak()

    with repeating(lambda: peak.note(pid), every=0.02):
        yield peak


@contextmanager
def repeating(action: Callable[[], None], *, every: float) -> Iterator[None]:
    """Repeats the action in a thread until the block ends; `every`: seconds between."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(every):
            action()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _tree(pid: int) -> list[int]:
    found, at = [pid], 0
    while at < len(found):
        with suppress(OSError):
            for task in Path(f"/proc/{found[at]}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        at += 1
    return found


def _resident(pid: int) -> int:
    """The process's share of the memory it has."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _temporary_files(pid: int) -> dict[int, int]:
    """Inode to bytes of the deleted files that a process has open."""
    files = {}
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found = link.stat()
            if stat.S_ISREG(found.st_mode) and not found.st_nlink:
                files[found.st_ino] = found.st_blocks * 512
    return files

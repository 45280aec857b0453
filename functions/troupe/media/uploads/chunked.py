"""The sound of a WAV without anything else in the file, which is read where it is."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

_MAX_FORMAT_BYTES = 40  # WAVE_FORMAT_EXTENSIBLE


def bare_wav(file: BinaryIO) -> BinaryIO:
    """The WAV with only its format and data chunks: a 64 kB file with a list of tags can make
    FFmpeg use 1 GB. Raises ValueError if there is no data chunk."""
    end = file.seek(0, os.SEEK_END)
    form = b""
    for name, start, size in _chunks(file):
        if name == b"fmt ":
            form = file.read(min(size, _MAX_FORMAT_BYTES))
        elif name == b"data":
            # A size of 0 means everything that follows.
            sound = min(size, end - start) if size else end - start
            head = struct.pack("<4sI4s4sI", b"RIFF", 20 + len(form), b"WAVE", b"fmt ", len(form))
            head += form + struct.pack("<4sI", b"data", sound)
            return cast(BinaryIO, io.BufferedReader(_Spliced(head, file, start, sound)))
    raise ValueError("the WAV has no sound")


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Name, offset and stated size (bytes) of each chunk; the file is at its content."""
    at = 12
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        yield name, at + 8, size
        at += 8 + size + size % 2


class _Spliced(io.RawIOBase):
    """A header, followed by `size` bytes of a file from `start`."""

    def __init__(self, head: bytes, file: BinaryIO, start: int, size: int) -> None:
        self._head = head
        self._file = file
        self._start = start
        self._end = len(head) + size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._at < len(self._head):
            data = self._head[self._at : self._at + len(buffer)]
        else:
            self._file.seek(self._start + self._at - len(self._head))
            data = self._file.read(max(0, min(len(buffer), self._end - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = max(0, start + offset)
        return self._at

"""The sound of a WAV, W64, AIFF or CAF without anything else in the file, read where it is.

FFmpeg trusts the sizes of chunks: a 64 kB file with a list of tags can make it use 1 GB, or read
for minutes. WAV: see `troupe.riff`; RF64: EBU Tech 3306; AIFF: Apple's specification of 1989, and
of 1991 for AIFF-C; CAF: Apple's Core Audio Format Specification.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

_MAX_FORMAT_BYTES = 40  # WAVE_FORMAT_EXTENSIBLE
_W64_GUID = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_UNSTATED = 0x7FFF_0000  # sizes from here on are placeholders of writers that cannot seek
_COMM_BYTES = 22  # of AIFF-C, without the name of the codec
_CAF_DESCRIPTION_BYTES = 32
_MAX_COOKIE = 64 * 1024
_MAX_PACKET_TABLE = 4 * 1024 * 1024  # two hours of AAC have 1 MB
_PACKET_TABLE_HEAD = 24


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the chunks begin, the head of each (name and size), how many bytes of the head count
    in the size, and to how many bytes a chunk is padded."""

    start: int
    head: struct.Struct
    counted: int = 0
    padding: int = 2


_RIFF = _Layout(12, struct.Struct("<4sI"))
_W64 = _Layout(40, struct.Struct("<16sQ"), counted=24, padding=8)
_AIFF = _Layout(12, struct.Struct(">4sI"))
_CAF = _Layout(8, struct.Struct(">4sq"), padding=1)


def bare(demuxer: str, file: BinaryIO) -> tuple[str, BinaryIO]:
    """A demuxer, and the file with nothing but what that needs; other files as they are. Raises
    ValueError if the file has no sound, or is cut off."""
    make = {"wav": _bare_wav, "w64": _bare_w64, "aiff": _bare_aiff, "caf": _bare_caf}.get(demuxer)
    if make is None:
        return demuxer, file
    head, start, size = make(file)
    spliced = cast(BinaryIO, io.BufferedReader(_Spliced(head, file, start, size)))
    return "wav" if demuxer == "w64" else demuxer, spliced


def after(file: BinaryIO, start: int) -> BinaryIO:
    """The file from `start` on."""
    end = file.seek(0, os.SEEK_END)
    return cast(BinaryIO, io.BufferedReader(_Spliced(b"", file, start, max(0, end - start))))


def _bare_wav(file: BinaryIO) -> tuple[bytes, int, int]:
    form, long_size = b"", 0
    for name, start, size in _chunks(file, _RIFF):
        if name == b"fmt ":
            form = file.read(min(size, _MAX_FORMAT_BYTES))
        elif name == b"ds64":  # the sizes of RF64, which do not fit into its heads
            (long_size,) = struct.unpack_from("<8xQ", file.read(16).ljust(16, b"\0"))
        elif name == b"data":
            if size >= _UNSTATED and long_size:
                return _wav(form, file, start, _checked(file, start, long_size))
            return _wav(form, file, start, _available(file, start, size))
    raise ValueError("the WAV has no sound")


def _bare_w64(file: BinaryIO) -> tuple[bytes, int, int]:
    form = b""
    for name, start, size in _chunks(file, _W64):
        if name == b"fmt " + _W64_GUID:
            form = file.read(min(size, _MAX_FORMAT_BYTES))
        elif name == b"data" + _W64_GUID:
            return _wav(form, file, start, _checked(file, start, size))
    raise ValueError("the W64 has no sound")


def _wav(form: bytes, file: BinaryIO, start: int, size: int) -> tuple[bytes, int, int]:
    head = struct.pack("<4sI4s4sI", b"RIFF", 20 + len(form), b"WAVE", b"fmt ", len(form))
    return head + form + struct.pack("<4sI", b"data", size), start, size


def _bare_aiff(file: BinaryIO) -> tuple[bytes, int, int]:
    file.seek(8)
    kind, common, found = file.read(4), b"", (0, 0)
    for name, start, size in _chunks(file, _AIFF):
        if name == b"COMM":
            common = file.read(min(size, _COMM_BYTES))
        elif name == b"SSND":
            found = start, _checked(file, start, size)
        if common and found[1]:
            common = b"COMM" + struct.pack(">I", len(common)) + common
            head = struct.pack(">4sI4s", b"FORM", 4 + len(common) + 8 + found[1], kind) + common
            return head + struct.pack(">4sI", b"SSND", found[1]), *found
    raise ValueError("the AIFF has no sound")


def _bare_caf(file: BinaryIO) -> tuple[bytes, int, int]:
    parts, found = dict[bytes, bytes](), (0, 0)
    limits = {b"desc": _CAF_DESCRIPTION_BYTES, b"kuki": _MAX_COOKIE, b"pakt": _MAX_PACKET_TABLE}
    for name, start, size in _chunks(file, _CAF):
        if name in limits and name not in parts:
            if size > limits[name]:
                raise ValueError("a chunk of the CAF is too long")
            parts[name] = file.read(size)
        elif name == b"data":
            stated = file.seek(0, os.SEEK_END) - start if size < 0 else size
            found = start, _checked(file, start, stated)
    if b"desc" not in parts or not found[1]:
        raise ValueError("the CAF has no sound")
    table = parts.get(b"pakt", bytes(8))
    (packets,) = struct.unpack_from(">q", table)
    if not 0 <= packets <= max(0, len(table) - _PACKET_TABLE_HEAD):
        del parts[b"pakt"]  # packets of one size have no entries, and need no table
    order = [name for name in (b"desc", b"kuki", b"pakt") if name in parts]
    head = b"caff\0\x01\0\0" + b"".join(
        _CAF.head.pack(name, len(parts[name])) + parts[name] for name in order
    )
    return head + _CAF.head.pack(b"data", found[1]), *found


def _chunks(file: BinaryIO, layout: _Layout) -> Iterator[tuple[bytes, int, int]]:
    """Name, offset and stated size (bytes) of each chunk's content, where the file is then."""
    at, length = layout.start, layout.head.size
    while True:
        file.seek(at)
        head = file.read(length)
        if len(head) < length:
            return
        name, size = layout.head.unpack(head)
        size -= layout.counted
        yield name, at + length, size
        if size < 0:  # to the end of the file
            return
        at += length + size + -size % layout.padding


def _available(file: BinaryIO, start: int, size: int) -> int:
    """A size of 0 means everything that follows."""
    left = file.seek(0, os.SEEK_END) - start
    return min(size, left) if size else left


def _checked(file: BinaryIO, start: int, size: int) -> int:
    """The size, at most what the file has; recorders that lose power leave out little."""
    left = file.seek(0, os.SEEK_END) - start
    if size < 0 or left < 0.98 * size:
        raise ValueError("the file is cut off")
    return min(size, left)


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

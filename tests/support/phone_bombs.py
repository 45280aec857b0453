"""Hostile and damaged sounds in the formats of phones and recorders, small on disk.

`SOUNDS` and `PLAYED`: as in `sound_bombs`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial

from tests.support.media_files import sound
from tests.support.phone_files import caf, caf_aac
from tests.support.sound_bombs import apic, cover, cut, id3, rubbish


def _aiff(*chunks: tuple[bytes, int, bytes]) -> bytes:
    """A good AIFF with more chunks (name, stated size, content) before its own."""
    whole = sound("aiff")
    more = b"".join(struct.pack(">4sI", name, size) + data for name, size, data in chunks)
    return whole[:12] + more + whole[12:]


def _aiff_header(rate: bytes = b"\x40\x0e\xac\x44" + bytes(6), channels: int = 1) -> bytes:
    """`rate`: a float of 80 bits."""
    common = struct.pack(">hIh", channels, 50_000, 16) + rate
    data = struct.pack(">4sI", b"SSND", 100_008) + bytes(100_008)
    body = b"AIFF" + struct.pack(">4sI", b"COMM", 18) + common + data
    return b"FORM" + struct.pack(">I", len(body)) + body


def _caf(*chunks: tuple[bytes, int, bytes], kind: str = "caf") -> bytes:
    """A good CAF with more chunks (name, stated size, content) after its description."""
    whole = sound(kind)
    more = b"".join(struct.pack(">4sq", name, size) + data for name, size, data in chunks)
    return whole[:52] + more + whole[52:]


def _caf_packets(stated: int, real: int) -> bytes:
    """A CAF of AAC with a table of `real` packets that claims `stated`."""
    whole = caf_aac()
    at = whole.index(b"pakt")
    table = struct.pack(">qqii", stated, min(stated, 1 << 40) * 1024, 0, 0) + b"\1" * real
    return whole[:at] + struct.pack(">4sq", b"pakt", len(table)) + table


def _caf_header(rate: float = 44_100.0, channels: int = 1, codec: bytes = b"lpcm") -> bytes:
    form = struct.pack(">d4sIIIII", rate, codec, 0, 2 * channels % 2**32, 1, channels, 16)
    return caf((b"desc", form), (b"data", bytes(100_004)))


def _w64(size: int) -> bytes:
    """A W64 whose sound claims `size` bytes."""
    whole = sound("w64")
    at = whole.index(b"data\xf3\xac") + 16
    return whole[:at] + struct.pack("<Q", size) + whole[at + 8 :]


def _rf64(size: int) -> bytes:
    whole = sound("rf64")
    at = whole.index(b"ds64") + 16
    return whole[:at] + struct.pack("<Q", size) + whole[at + 8 :]


def _adts(count: int) -> bytes:
    """Heads of AAC frames, with nothing after them."""
    return b"\xff\xf1\x50\x80\x00\xff\xfc" * count


SOUNDS: dict[str, Callable[[], bytes]] = {
    "aiff with tags of 1 GB": lambda: _aiff((b"NAME", 1 << 30, b"a")),
    "aiff with tags of 4 GB": lambda: _aiff((b"ANNO", 2**32 - 1, b"a")),
    "aiff with a picture of 16,000²": lambda: _aiff(
        (b"ID3 ", len(tag := id3(apic(cover() + b"\0" * (len(cover()) % 2)))), tag)
    ),
    "aiff with 200,000 chunks": lambda: _aiff(*[(b"junk", 0, b"")] * 200_000),
    "aiff of no rate": lambda: _aiff_header(bytes(10)),
    "aiff of an endless rate": lambda: _aiff_header(b"\x7f\xff\x80" + bytes(7)),
    "aiff of 32,000 channels": lambda: _aiff_header(channels=32_000),
    "aiff of an unknown codec": lambda: sound("aifc-sowt").replace(b"sowt", b"zzzz"),
    "aiff of rubbish": lambda: rubbish(b"FORM\0\x10\0\0AIFF"),
    "caf with 2^32 strings": lambda: _caf((b"info", 8, struct.pack(">II", 2**32 - 1, 0))),
    "caf with strings of 2^60": lambda: _caf((b"info", 1 << 60, b"a")),
    "caf with a cookie of 1 GB": lambda: _caf((b"kuki", 1 << 30, b"a")),
    "caf with a chunk of -1": lambda: _caf((b"free", -1, b"")),
    "caf with 200,000 chunks": lambda: _caf(*[(b"free", 0, b"")] * 200_000),
    "caf of 2^60 packets": lambda: _caf_packets(1 << 60, 100),
    "caf of 3 million packets": lambda: _caf_packets(3_000_000, 3_000_000),
    "caf of -1 packets": lambda: _caf_packets(-1, 100),
    "caf with half a number of packets": lambda: _caf((b"pakt", 4, bytes(4)), kind="caf"),
    "caf of no rate": lambda: _caf_header(0.0),
    "caf of an endless rate": lambda: _caf_header(float("inf")),
    "caf of no number": lambda: _caf_header(float("nan")),
    "caf of 2^32 channels": lambda: _caf_header(channels=2**32 - 1),
    "caf of an unknown codec": lambda: _caf_header(codec=b"zzzz"),
    "caf of rubbish": lambda: rubbish(b"caff\0\1\0\0"),
    "w64 of 2^63 bytes": lambda: _w64(1 << 63),
    "w64 of -1 bytes": lambda: _w64(2**64 - 1),
    "w64 of no bytes": lambda: _w64(0),
    "w64 of rubbish": lambda: rubbish(sound("w64")[:40]),
    "rf64 of 2^63 bytes": lambda: _rf64(1 << 63),
    "rf64 of no bytes": lambda: _rf64(0),
    "aac of frame starts": lambda: _adts(100_000),
    "aac of rubbish": lambda: rubbish(b"\xff\xf1\x50\x80"),
    "aac with a cover of 16,000²": lambda: id3(apic(cover())) + sound("aac"),
    "aac with a tag of 256 MB stated": lambda: b"ID3\4\0\0\x7f\x7f\x7f\x7f" + sound("aac"),
    "amr of rubbish": lambda: rubbish(b"#!AMR\n"),
    "amr of 6 hours of nothing": lambda: b"#!AMR\n" + b"\x7c" * (6 * 3600 * 50),
    "amr of no frames": lambda: b"#!AMR-WB\n",
    "3gp of an unknown codec": lambda: sound("3gp-amr").replace(b"samr", b"zzzz"),
    "mov of an unknown codec": lambda: sound("mov").replace(b"in24", b"QDM2"),
    "midi": lambda: b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk" + bytes(500),
    "wma": lambda: b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c" + bytes(500),
    **{
        f"{kind} cut at {share:.0%}": partial(cut, kind, share)
        for kind in (*("aiff", "caf", "caf-alac", "w64", "rf64", "aac", "amr", "3gp-amr", "mov"),)
        for share in (0.02, 0.6)
    },
}

PLAYED: set[str] = {
    *("aiff with a picture of 16,000²", "aiff with 200,000 chunks", "caf with 2^32 strings"),
    *("caf with 200,000 chunks", "aac with a cover of 16,000²", "amr cut at 60%", "aac cut at 60%"),
    "rf64 of no bytes",
}

"""Hostile and damaged sounds, small on disk.

`SOUNDS`: what each is, and a function that makes it. `PLAYED`: those that are good sounds with
something hostile beside them, and may be accepted.
"""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import av
import numpy as np

from tests.support.bombs import MB, deflated_zeros, png, sized
from tests.support.media_files import SVG, ZIP, picture, silent_video, sound
from tests.support.sounds import recording

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta"}


def cover() -> bytes:
    return png(16_000, 16_000, colour=0)


# MP3 and FLAC.


def id3(*frames: tuple[bytes, int, bytes]) -> bytes:
    """An ID3v2.4 tag of frames (name, flags, content)."""
    body = b"".join(
        name + _sevens(len(content)) + struct.pack(">H", flags) + content
        for name, flags, content in frames
    )
    return b"ID3\x04\0\0" + _sevens(len(body)) + body


def _sevens(size: int) -> bytes:
    """Four bytes of seven bits."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def apic(data: bytes) -> tuple[bytes, int, bytes]:
    return b"APIC", 0, b"\0image/png\0\x03\0" + data


def _compressed_frame(size: int) -> tuple[bytes, int, bytes]:
    """A zlib-compressed comment that claims, and has, `size` bytes."""
    return b"COMM", 0x0009, _sevens(size) + deflated_zeros(size)


def _flac_blocks(*blocks: tuple[int, bytes]) -> bytes:
    """A FLAC with more metadata blocks (type, content) after its first."""
    whole = sound("flac")
    more = b"".join(
        bytes([kind]) + struct.pack(">I", len(data))[1:] + data for kind, data in blocks
    )
    return whole[:4] + b"\0" + whole[5:42] + more + whole[42:]


def _flac_picture(data: bytes) -> tuple[int, bytes]:
    numbers = struct.pack(">5I", 16_000, 16_000, 24, 0, len(data))
    return 6, struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">I", 0) + numbers + data


def _flac_of(rate: int, layout: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as output:
        stream: Any = output.add_stream("flac", rate, layout=layout)
        stream.format = "s16"
        noise = np.random.default_rng(1).integers(-9_000, 9_000, (1, 8 * 80_000), np.int16)
        frame = av.AudioFrame.from_ndarray(noise, format="s16", layout=layout)
        frame.sample_rate = rate
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def _flac_header(rate: int, channels: int, samples: int) -> bytes:
    """A FLAC with another STREAMINFO."""
    whole = sound("flac")
    packed = rate << 44 | (channels - 1) << 41 | 15 << 36 | samples
    return whole[:18] + packed.to_bytes(8, "big") + whole[26:]


# WAV.


def wav_of(data: bytes, rate: int, channels: int) -> bytes:
    block = channels * 2
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * block, block, 16)
    body = b"WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data


def wav(rate: int = 44_100, channels: int = 1, kind: int = 1, size: int | None = None) -> bytes:
    data = bytes(100_000)
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * 2 % 2**32, 2, 16)
    stated = len(data) if size is None else size
    body = b"WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", stated)
    return b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data


def _wav_with(name: bytes, size: int, content: bytes = b"INFO") -> bytes:
    """A good WAV with another chunk, of any stated size, before its sound."""
    whole = sound()
    return whole[:36] + name + struct.pack("<I", size) + content + whole[36:]


# MP4.


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def _mp4(change: Callable[[bytes, bytes], bytes | None], data: bytes | None = None) -> bytes:
    """An m4a whose boxes are replaced where `change(name, content)` returns a new content. Its
    index is at the end, so its sound does not move."""
    made = []
    for name, content in _boxes(recording("m4a", 2.0) if data is None else data):
        changed = change(name, content)
        if changed is None:
            changed = _mp4(change, content) if name in _CONTAINERS else content
        made.append(box(name, changed))
    return b"".join(made)


def _table(table: bytes, count: int, *rest: int) -> bytes:
    """An m4a whose `table` claims `count` entries and has few."""
    start = bytes(4) + (struct.pack(">I", rest[0]) if table == b"stsz" else b"")
    entries = struct.pack(f">{len(rest)}I", *rest) if table != b"stsz" else b""
    content = start + struct.pack(">I", count) + entries
    return _mp4(lambda name, _: content if name == table else None)


def _real_table(table: bytes, entry: bytes, count: int) -> bytes:
    """An m4a with a table of really `count` entries."""
    start = bytes(8) if table == b"stsz" else bytes(4)
    content = start + struct.pack(">I", count) + entry * count
    return _mp4(lambda name, _: content if name == table else None)


def _edits(count: int) -> bytes:
    entry = struct.pack(">IiI", 1, 0, 1 << 16)
    edits = box(b"edts", box(b"elst", bytes(4) + struct.pack(">I", count) + entry * count))

    def change(name: bytes, content: bytes) -> bytes | None:
        if name != b"trak":
            return None
        return edits + b"".join(box(n, c) for n, c in _boxes(content) if n != b"edts")

    return _mp4(change)


def _tracks(count: int) -> bytes:
    def change(name: bytes, content: bytes) -> bytes | None:
        if name != b"moov":
            return None
        each = {n: box(n, c) for n, c in _boxes(content)}
        return each[b"mvhd"] + each[b"trak"] * count

    return _mp4(change)


def _covers(count: int) -> bytes:
    """An m4a whose tags have pictures."""
    data = box(b"data", struct.pack(">II", 14, 0) + cover())
    tags = box(b"ilst", box(b"covr", data) * count)
    handler = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    meta = box(b"udta", box(b"meta", bytes(4) + handler + tags))

    def change(name: bytes, content: bytes) -> bytes | None:
        if name != b"moov":
            return None
        return b"".join(box(n, c) for n, c in _boxes(content) if n != b"udta") + meta

    return _mp4(change)


def _nested(name: bytes, depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = box(name, content)
    return box(b"ftyp", b"M4A \0\0\0\0") + content


# Ogg and Matroska.


def muxed(container: str) -> bytes:
    """A second of sound, beside a video of three JPEGs that claim 16,000 pixels each way."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        voice: Any = output.add_stream("libopus", 48_000, layout="mono")
        film: Any = output.add_stream("mjpeg", 1)
        film.width, film.height, film.pix_fmt = 64, 64, "yuvj420p"
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 48_000), np.int16), format="s16", layout="mono"
        )
        silence.sample_rate = 48_000
        for number in range(3):
            packet = av.Packet(sized(picture("jpeg"), 16_000, 16_000))
            packet.stream, packet.pts, packet.dts = film, number, number
            packet.time_base, packet.is_keyframe = Fraction(1, 1), True
            output.mux(packet)
        output.mux(voice.encode(silence))
        output.mux(voice.encode(None))
    return file.getvalue()


def quiet_opus(hours: float) -> bytes:
    """Opus packets of 120 ms of silence, two bytes each."""
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as output:
        stream: Any = output.add_stream("libopus", 48_000, layout="mono")
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 960), np.int16), format="s16", layout="mono"
        )
        silence.sample_rate = 48_000
        list(stream.encode(silence))  # opens the encoder, which writes the header
        for number in range(round(hours * 30_000)):
            packet = av.Packet(b"\xfb\x06")  # six frames of 20 ms, each of no bytes
            packet.stream, packet.time_base = stream, Fraction(1, 48_000)
            packet.pts = packet.dts = number * 5_760
            packet.duration = 5_760
            output.mux(packet)
    return file.getvalue()


def _page(serial: int, content: bytes, kind: int = 2) -> bytes:
    lacing = bytes([255] * (len(content) // 255) + [len(content) % 255])
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, kind, 0, serial, 0, 0, len(lacing))
    page = head + lacing + content
    return page[:22] + struct.pack("<I", _ogg_check(page)) + page[26:]


def _ogg_check(page: bytes) -> int:
    """CRC-32 with the bits in the other order, and no inversion."""
    check = 0
    for byte in page:
        check = (check << 8 & 0xFFFF_FFFF) ^ _CHECKS[check >> 24 ^ byte]
    return check


def _shifted(byte: int) -> int:
    check = byte << 24
    for _ in range(8):
        check = (check << 1 & 0xFFFF_FFFF) ^ (0x04C1_1DB7 if check & 0x8000_0000 else 0)
    return check


_CHECKS = [_shifted(byte) for byte in range(256)]


def _chained(count: int) -> bytes:
    """FFmpeg gives each file a random serial number."""
    return (sound("ogg", 1) + sound("ogg", 1)) * (count // 2)


def _opus_head(serial: int) -> bytes:
    return _page(serial, b"OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0")


def _tagged(text: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as output:
        stream: Any = output.add_stream("libopus", 48_000, layout="mono")
        stream.metadata["METADATA_BLOCK_PICTURE"] = text
        tone = (np.sin(np.arange(96_000) / 20) * 8_000).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        frame.sample_rate = 48_000
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def _ebml(depth: int) -> bytes:
    """Elements inside elements, each of unknown size."""
    head = sound("webm")
    segment = head.index(b"\x18\x53\x80\x67")
    return head[:segment] + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" * depth


def _spoiled(kind: str, name: bytes, other: bytes) -> bytes:
    whole = sound(kind)
    assert name in whole
    return whole.replace(name, other)


def cut(kind: str, share: float) -> bytes:
    whole = sound(kind, seconds=6)
    return whole[: int(len(whole) * share)]


def rubbish(start: bytes) -> bytes:
    return start + random.Random(start).randbytes(200_000)


SOUNDS: dict[str, Callable[[], bytes]] = {
    "mp3 with a cover of 16,000²": lambda: id3(apic(cover())) + sound("mp3"),
    "mp3 with two covers": lambda: id3(apic(cover()), apic(cover())) + sound("mp3"),
    "mp3 with a tag of 200 MB in zlib": lambda: id3(_compressed_frame(200 * MB)) + sound("mp3"),
    "mp3 with a tag of 256 MB stated": lambda: b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + sound("mp3"),
    "mp3 with 9,000 tags": lambda: id3(*[(b"TXXX", 0, b"\0a\0b")] * 9_000) + sound("mp3"),
    "mp3 with a tag in a tag": lambda: id3((b"GEOB", 0, b"\0\0\0\0")) * 5_000 + sound("mp3"),
    "mp3 of rubbish": lambda: rubbish(b"ID3"),
    "mp3 of frame starts": lambda: b"\xff\xfb\x90\x64" * 100_000,
    "flac with a picture of 16,000²": lambda: _flac_blocks(_flac_picture(cover())),
    "flac with 20 pictures": lambda: _flac_blocks(*[_flac_picture(cover())] * 20),
    "flac with a picture of 4 GB stated": lambda: _flac_blocks(
        (6, _flac_picture(b"")[1][:-4] + b"\xff\xff\xff\xff")
    ),
    "flac with 2^32 tags": lambda: _flac_blocks((4, struct.pack("<II", 0, 2**32 - 1))),
    "flac of 655,350 Hz, 8 channels": lambda: _flac_of(655_350, "7.1"),
    "flac of 68 billion samples": lambda: _flac_header(44_100, 1, 2**36 - 1),
    "flac of no rate": lambda: _flac_header(0, 1, 0),
    "flac of rubbish": lambda: rubbish(b"fLaC\0\0\0\x22"),
    "wav with LIST of 1 GB": lambda: _wav_with(b"LIST", 1 << 30),
    "wav with LIST of 4 GB": lambda: _wav_with(b"LIST", 2**32 - 1),
    "wav with LIST, tag of 1 GB": lambda: _wav_with(b"LIST", 64, b"INFOISFT\0\0\0\x40" + bytes(52)),
    "wav with id3 of 1 GB": lambda: _wav_with(b"id3 ", 1 << 30),
    "wav with fmt of 1 GB": lambda: sound().replace(b"fmt \x10\0\0\0", b"fmt \0\0\0\x40"),
    "wav with 200,000 chunks": lambda: sound()[:36] + b"junk\0\0\0\0" * 200_000 + sound()[36:],
    "wav with SMV0": lambda: _wav_with(b"SMV0", 1 << 30, b"0200" + b"\xff" * 40),
    "wav of an unknown codec": lambda: wav(kind=0x6969),
    "wav of video": lambda: wav(kind=0x4D4A),
    "wav of 1 Hz": lambda: wav(rate=1),
    "wav of 4 GHz": lambda: wav(rate=4_000_000_000),
    "wav of 65,000 channels": lambda: wav(channels=65_000),
    "wav of no sound": lambda: sound()[:44],
    "wav of rubbish": lambda: b"RIFF\xff\xff\xff\xffWAVE" + b"\xff" * 5_000,
    "mp4 of an unknown codec": lambda: _spoiled("m4a", b"mp4a", b"zzzz").replace(b"esds", b"zzzz"),
    "mp4 with video": lambda: muxed("mp4"),
    "mp4 of video only": silent_video,
    "mp4 with 50 covers": lambda: _covers(50),
    "mp4 of 4 billion samples of one size": lambda: _table(b"stsz", 2**32 - 1, 1),
    "mp4 of 100 million samples of one size": lambda: _table(b"stsz", 100_000_000, 1),
    "mp4 with stts of 2^28 stated": lambda: _table(b"stts", 2**28, 1, 1),
    "mp4 with a packet of 2^31 samples": lambda: _table(b"stts", 1, 96, 2**31 - 1),
    "mp4 with stts of 1 million": lambda: _real_table(b"stts", struct.pack(">II", 1, 1), 1_000_000),
    "mp4 with stsz of 2 million": lambda: _real_table(b"stsz", struct.pack(">I", 1), 2_000_000),
    "mp4 with stsc of 1 million": lambda: _real_table(
        b"stsc", struct.pack(">III", 1, 1, 1), 1_000_000
    ),
    "mp4 with stco of 2^30 stated": lambda: _table(b"stco", 2**30, 0),
    "mp4 with 30,000 edits": lambda: _edits(30_000),
    "mp4 with 3,000 tracks": lambda: _tracks(3_000),
    "mp4 of nested boxes": lambda: _nested(b"moov", 5_000),
    "mp4 of rubbish": lambda: rubbish(b"\0\0\0\x18ftypM4A \0\0\0\0\0\0\0\0\0\0\0\0moov"),
    "ogg of an unknown codec": lambda: _spoiled("ogg", b"OpusHead", b"ZpusHead"),
    "ogg with a picture in a tag": lambda: _tagged(
        base64.b64encode(_flac_picture(cover())[1]).decode()
    ),
    "ogg with 2^32 tags": lambda: _spoiled("ogg", b"OpusTags", b"OpusTags\xff\xff\xff\xff"),
    "ogg of 20,000 streams": lambda: b"".join(map(_opus_head, range(20_000))),
    "ogg of 300 chained streams": lambda: _chained(300),
    "ogg of 2.2 hours of silence": lambda: quiet_opus(2.2),
    "webm of an unknown codec": lambda: _spoiled("webm", b"A_OPUS", b"A_ZZZZ"),
    "webm with video": lambda: muxed("matroska"),
    "webm of nested segments": lambda: _ebml(20_000),
    "webm with an element of 2^55": lambda: (
        sound("webm")[:300] + b"\xec\x01" + b"\xff" * 6 + b"\xfe"
    ),
    "webm of rubbish": lambda: rubbish(b"\x1a\x45\xdf\xa3"),
    **{
        f"{kind} cut at {share:.0%}": partial(cut, kind, share)
        for kind in ("wav", "m4a", "ogg", "flac", "webm", "mp3")
        for share in (0.02, 0.6)
    },
    "playlist": lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "playlist that says mp3": lambda: b"ID3#EXTM3U\nfile:///etc/passwd\n" * 20,
    "list of files": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "manifest": lambda: b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>',
    "svg as sound": lambda: SVG,
    "zip as sound": lambda: ZIP,
    "wav and zip": lambda: sound() + ZIP,
    "nothing": lambda: b"",
    "deflated": lambda: zlib.compress(bytes(10 * MB)),
}

PLAYED: set[str] = {
    *("mp3 with a cover of 16,000²", "mp3 with two covers", "mp3 with 9,000 tags"),
    *("mp3 with a tag of 200 MB in zlib", "mp3 with a tag in a tag"),
    *("flac with a picture of 16,000²", "flac with 20 pictures", "mp4 with 50 covers"),
    *("flac with 2^32 tags", "ogg with a picture in a tag", "ogg with 2^32 tags"),
    *("wav with LIST, tag of 1 GB", "wav with 200,000 chunks", "wav and zip"),
    *("ogg of 300 chained streams", "flac with a picture of 4 GB stated", "flac of no rate"),
    *("mp4 with stts of 1 million", "mp4 with 30,000 edits", "ogg cut at 60%"),
}

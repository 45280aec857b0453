"""Pictures and sounds of phones and cameras that Pillow and FFmpeg do not write.

HEIC: ISO/IEC 23008-12. CAF: Apple's Core Audio Format Specification. AMR-WB: RFC 4867.
"""

from __future__ import annotations

import base64
import io
import random
import struct
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import av
from av.codec import CodecContext
from PIL import Image

from tests.support.media_files import sound

# Written by libheif: red on the left, blue on the right. 96 x 64 pixels in two tiles of 64 x 64.
LIBHEIF_GRID = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAfdtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAA"
    "AAAAAAAAABBpZGF0AAAAAQBgAEAAAABMaWxvYwEAAABEQAADAAEAAQAAAAAAAAABAAAAAAAAAAgAAgAAAAAAAAIbAAEA"
    "AAAAAAAAngADAAAAAAAAArkAAQAAAAAAAAAfAAAATWlpbmYAAAAAAAMAAAAVaW5mZQIAAAAAAQAAZ3JpZAAAAAAVaW5m"
    "ZQIAAAEAAgAAaHZjMQAAAAAVaW5mZQIAAAEAAwAAaHZjMQAAAAAOcGl0bQAAAAAAAQAAAPdpcHJwAAAAy2lwY28AAAAU"
    "aXNwZQAAAAAAAABgAAAAQAAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAA"
    "ABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgAAAAkaXBtYQAAAAAAAAAD"
    "AAEDAYUDAAIEggMEBQADBIIDBAUAAAAcaXJlZgAAAAAAAAAQZGltZwABAAIAAgADAAAAxW1kYXQAAACaKAGvDuA0gwHJ"
    "1/vG8f//U0PIfz2CGiraIn8F02n84on/+QGGoTPwHUPk2q3u33A5R4LAFOj/epQyLLPliRfeoqB/7Mc/oqTDx9GKqKlw"
    "bmf8NR3PdngyZ8Y8EUv9g8zGwOj/o2ep7bVDQou/69VZKFsfAHgFn8eXXLwuv2XDZcn+p7YLV565vc6kP3qPMkkaAl+7"
    "X/z5/64nwAAAABsoAa8O4DSDAcnX/bp0+9/xi9//7F9g1iZtP8A="
)
# The same with 60 x 40 pixels, which are cut out of 64 x 64.
LIBHEIF_CROPPED = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAA"
    "AAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAALUAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABo"
    "dmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEA"
    "GEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAA"
    "AwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAADwAAAAB"
    "AAAAKAAAAAH////8AAAAAv///+gAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAL1t"
    "ZGF0AAAAsSgBrw7gV4P867+G9iaP3GATLJOV4cfIewiNRFx17qz2YRbMq0Cq5r82jael/Zva2q0QOg3It5JiPh8pT82f"
    "rAyvusTkcxmf7J/cr3t7+jSL9h/uP7z9yGrD5eVzG/MAc7OboPd3v77WVg9BnW18tm80O4JrntnXbI8hyb4EfCXv6fKI"
    "hX1jrk8BlBPRgYJgiTXD/0eHCtWZeSuoVnVmVzYj99j0ZL4hkyCNP/q5Exku7A=="
)


def _box(name: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I", 8 + len(content)) + name + content


def _full(name: bytes, *contents: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", version << 24 | flags), *contents)


@cache
def hevc(image: bytes, size: tuple[int, int], pixels: str = "yuv420p") -> tuple[bytes, bytes]:
    """RGB pixels in HEVC: the decoder's configuration, and the coded picture."""
    encoder: Any = CodecContext.create("libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, pixels
    encoder.time_base = Fraction(1, 1)
    params = "log-level=none:repeat-headers=1"
    encoder.options = {"x265-params": params, "crf": "4", "preset": "ultrafast"}
    frame = av.VideoFrame.from_image(Image.frombytes("RGB", size, image)).reformat(format=pixels)
    stream = b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)]))
    units = [unit.rstrip(b"\0") for unit in stream.split(b"\0\0\1") if unit.strip(b"\0")]
    sets = {kind: [u for u in units if u[0] >> 1 == kind] for kind in (32, 33, 34)}
    deep = 2 if "10" in pixels else 0
    head = (
        b"\1"
        + sets[33][0][3:15].ljust(12, b"\0")
        + struct.pack(">HBBBBHBB", 0xF000, 0xFC, 0xFD, 0xF8 | deep, 0xF8 | deep, 0, 0x0F, len(sets))
    )
    for kind, found in sets.items():
        head += struct.pack(">BH", 0x80 | kind, len(found))
        head += b"".join(struct.pack(">H", len(unit)) + unit for unit in found)
    coded = [unit for unit in units if unit[0] >> 1 < 32]
    return head, b"".join(struct.pack(">I", len(unit)) + unit for unit in coded)


def heic(
    image: Image.Image,
    tile: int | None = None,
    *,
    properties: Sequence[bytes] = (),
    pixels: str = "yuv420p",
    stated: tuple[int, int] | None = None,
    repeat: bool = False,
) -> bytes:
    """A HEIC of an RGB picture, in tiles of `tile` pixels a side if given.

    `properties`: more boxes for the picture. `stated`: the size that it claims. `repeat`: all tiles
    are the first one, stored once.
    """
    side = tile and (tile, tile)
    columns, rows = (-(-image.width // tile), -(-image.height // tile)) if tile else (1, 1)
    places = [(column, row) for row in range(rows) for column in range(columns)]
    coded = []
    for column, row in places[: 1 if repeat else None]:
        part = image
        if tile:
            left, top = column * tile, row * tile
            part = image.crop((left, top, left + tile, top + tile))
        coded.append(hevc(part.tobytes(), part.size, pixels))
    return heif(
        stated or image.size,
        side or image.size,
        (columns, rows),
        [coded[0]] * len(places) if repeat else coded,
        grid=bool(tile),
        properties=properties,
        repeat=repeat,
    )


def heif(
    size: tuple[int, int],
    tile: tuple[int, int],
    counts: tuple[int, int],
    coded: list[tuple[bytes, bytes]],
    *,
    grid: bool,
    properties: Sequence[bytes] = (),
    repeat: bool = False,
) -> bytes:
    """The container: `coded` are the configuration and the data of each tile."""
    tables = [_full(b"ispe", struct.pack(">II", *size)), *properties]
    own = list(range(1, len(tables) + 1))
    tables.append(_full(b"ispe", struct.pack(">II", *tile)))
    tables += [_box(b"hvcC", configuration) for configuration, _ in coded[:1]]
    of_tile = [len(tables) - 1, len(tables)]
    items = [b"hvc1"] * len(coded) + ([b"grid"] if grid else [])
    primary = len(items)
    described = b"".join(
        _full(b"infe", struct.pack(">HH4sB", number, 0, kind, 0), version=2)
        for number, kind in enumerate(items, 1)
    )
    used = [of_tile] * len(coded) + ([own] if grid else [])
    if not grid:
        used = [own + of_tile[1:]]
    linked = b"".join(
        struct.pack(">HB", number, len(which)) + bytes(which)
        for number, which in enumerate(used, 1)
    )
    layout = struct.pack(">BBBBII", 0, 1, counts[1] - 1, counts[0] - 1, *size)
    datas = [data for _, data in coded[: 1 if repeat else None]]

    def meta(start: int) -> bytes:
        places, at = b"", start
        for number in range(1, len(coded) + 1):
            data = datas[0 if repeat else number - 1]
            places += struct.pack(">HHHHII", number, 0, 0, 1, at, len(data))
            at += 0 if repeat else len(data)
        if grid:
            places += struct.pack(">HHHHII", primary, 1, 0, 1, 0, len(layout))
        tiles = struct.pack(f">HH{len(coded)}H", primary, len(coded), *range(1, len(coded) + 1))
        return _full(
            b"meta",
            _full(b"hdlr", bytes(4) + b"pict" + bytes(13)),
            _full(b"pitm", struct.pack(">H", primary)),
            _full(b"iloc", struct.pack(">BBH", 0x44, 0, len(items)) + places, version=1),
            _full(b"iinf", struct.pack(">H", len(items)) + described),
            _full(b"iref", _box(b"dimg", tiles)) if grid else b"",
            _box(
                b"iprp",
                _box(b"ipco", *tables),
                _full(b"ipma", struct.pack(">I", len(used)) + linked),
            ),
            _box(b"idat", layout),
        )

    kind = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    return kind + meta(len(kind) + len(meta(0)) + 8) + _box(b"mdat", *datas)


def turned(quarters: int) -> bytes:
    """Quarter turns anticlockwise."""
    return _box(b"irot", bytes([quarters]))


def mirrored(axis: int) -> bytes:
    """0: top and bottom change places; 1: left and right."""
    return _box(b"imir", bytes([axis]))


def profiled(profile: bytes) -> bytes:
    return _box(b"colr", b"prof", profile)


def caf_aac(seconds: float = 3) -> bytes:
    """As a phone records it: AAC, with a table of the lengths of its packets."""
    with av.open(io.BytesIO(sound("m4a", seconds)), "r") as file:
        stream = file.streams.audio[0]
        packets = [bytes(packet) for packet in file.demux(stream) if packet.size]
        configuration = bytes(stream.codec_context.extradata or b"")
    decoder = _descriptor(4, b"\x40\x15" + bytes(11) + _descriptor(5, configuration))
    cookie = bytes(4) + _descriptor(3, bytes(3) + decoder + _descriptor(6, b"\x02"))
    lengths = b"".join(
        bytes([len(packet) >> 7 | 0x80, len(packet) & 0x7F])
        if len(packet) > 127
        else bytes([len(packet)])
        for packet in packets
    )
    table = struct.pack(">qqii", len(packets), len(packets) * 1024, 0, 0) + lengths
    form = struct.pack(">d4sIIIII", 44_100, b"aac ", 0, 0, 1024, 1, 0)
    return caf(
        (b"desc", form),
        (b"kuki", cookie),
        (b"data", bytes(4) + b"".join(packets)),
        (b"pakt", table),
    )


def caf(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"caff\0\x01\0\0" + b"".join(
        struct.pack(">4sq", name, len(data)) + data for name, data in chunks
    )


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def amr_wb(seconds: float = 3) -> bytes:
    """Noise: frames of 20 ms with random bits."""
    bits = random.Random(1)
    frames = (b"\x04" + bits.randbytes(17) for _ in range(round(seconds * 50)))
    return b"#!AMR-WB\n" + b"".join(frames)

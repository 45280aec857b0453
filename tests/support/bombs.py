"""Hostile and damaged pictures, small on disk, and the parts that hostile sounds need of them.

`PICTURES`: what each is, and a function that makes it.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

from PIL import Image, ImageCms

from tests.support.media_files import SVG, ZIP, picture, pixel_bomb
from tests.support.phone_files import LIBHEIF_CROPPED, LIBHEIF_GRID, heic, heif, hevc

MB = 1024 * 1024
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@cache
def _deflated_megabyte() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)


def deflated_zeros(size: int) -> bytes:
    """`size` zero bytes as a zlib stream, without compressing them all."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = packer.compress(bytes(size % MB)) + packer.flush()
    check = struct.pack(">HH", size % 65521, 1)  # Adler-32 of zeros
    return b"\x78\xda" + _deflated_megabyte() * (size // MB) + rest + check


def chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


@cache
def png(
    width: int,
    height: int,
    *,
    colour: int = 2,
    bits: int = 8,
    interlace: int = 0,
    extra: bytes = b"",
) -> bytes:
    """A black PNG. `colour`: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = 1 + (width * channels * bits + 7) // 8
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    palette = chunk(b"PLTE", bytes(3 * 2)) + chunk(b"tRNS", b"\0\x80") if colour == 3 else b""
    body = chunk(b"IDAT", deflated_zeros(row * height + (8 * height if interlace else 0)))
    return SIGNATURE + chunk(b"IHDR", header) + extra + palette + body + chunk(b"IEND", b"")


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _noise(kind: str) -> bytes:
    side = 200
    return saved(
        Image.frombytes("RGB", (side, side), random.Random(1).randbytes(side * side * 3)), kind
    )


def _many_scans(scans: int, side: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    whole = saved(Image.new("RGB", (side, side)), "jpeg", progressive=True)
    last, end = whole.rindex(b"\xff\xda"), whole.rindex(b"\xff\xd9")
    return whole[:last] + whole[last:end] * scans + whole[end:]


def sized(jpeg: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size in its frame header."""
    at = next(at for at in (jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2")) if at > 0)
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def _progressive(mode: str, side: int) -> bytes:
    """Most of its coefficients are missing, but the decoder has room for all."""
    small = Image.new(mode, (64, 64), "red")
    return sized(saved(small, "jpeg", progressive=True, subsampling=0), side, side)


def _animation(kind: str, frames: int) -> bytes:
    colours = [Image.new("RGB", (16, 16), (n % 256, n // 256, 0)) for n in range(frames)]
    options = {"save_all": True, "append_images": colours[1:], "duration": 20}
    return saved(colours[0], kind, lossless=True, **options)


def _gif(width: int, height: int, frame: tuple[int, int]) -> bytes:
    """A GIF whose frame has another size than its screen."""
    small = saved(Image.new("P", (1, 1)), "gif")
    at = small.index(b"\x2c\0\0\0\0")
    return (
        small[:6]
        + struct.pack("<HH", width, height)
        + small[10 : at + 5]
        + struct.pack("<HH", *frame)
        + small[at + 9 :]
    )


def _webp_canvas(side: int) -> bytes:
    """An extended WebP whose header claims `side` pixels each way."""
    whole = _animation("webp", 2)
    at = whole.index(b"VP8X") + 12
    return whole[:at] + (side - 1).to_bytes(3, "little") * 2 + whole[at + 6 :]


def _with_profile(profile: bytes) -> bytes:
    return saved(Image.new("RGB", (800, 800), "red"), "jpeg", icc_profile=profile)


def _large_profile() -> bytes:
    """A colour profile with a table of four megabytes, whose tag repeats a thousand times."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = struct.pack(">I", 1000) + b"A2B0\0\0\x30\0\0\x40\0\0" * 1000
    return struct.pack(">I", 4 * MB) + plain[4:128] + tags + bytes(4 * MB - 132 - len(tags))


def _exif_loop() -> bytes:
    """Exif data whose directories point at themselves."""
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, 8) for tag in (0x8769, 0x8825, 0xA005))
    directory = struct.pack(">H", 3) + entries + struct.pack(">I", 8)
    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08" + directory
    whole = picture("jpeg")
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + whole[2:]


def _comments(count: int) -> bytes:
    whole = picture("jpeg")
    return whole[:2] + (b"\xff\xfe\xff\xff" + bytes(65533)) * count + whole[2:]


def _texts(kind: bytes, count: int, size: int) -> bytes:
    start = b"a\0\0" if kind == b"zTXt" else b"a\0\1\0\0\0"
    return png(8, 8, extra=chunk(kind, start + deflated_zeros(size)) * count)


def _profile_bomb() -> bytes:
    return png(8, 8, extra=chunk(b"iCCP", b"a\0\0" + deflated_zeros(300 * MB)))


def _apng(frames: int) -> bytes:
    whole = png(8, 8, extra=chunk(b"acTL", struct.pack(">II", frames, 0)) + _frame_control(0))
    more = (
        _frame_control(2 * n - 1) + chunk(b"fdAT", struct.pack(">I", 2 * n) + deflated_zeros(200))
        for n in range(1, frames)
    )
    return whole[:-12] + b"".join(more) + whole[-12:]


def _frame_control(number: int) -> bytes:
    return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, 8, 8, 0, 0, 1, 50, 0, 0))


def _avif(side: int, mode: str = "RGB") -> bytes:
    return saved(Image.new(mode, (side, side), "red"), "avif", speed=10)


def _avif_sized(side: int) -> bytes:
    """An AVIF whose container and coded header claim `side` pixels each way, with few of them."""
    whole = _avif(64)
    return whole.replace(struct.pack(">II", 64, 64), struct.pack(">II", side, side))


def _heic(side: int, tile: int) -> bytes:
    """A HEIC whose tiles are all the same, stored again and again."""
    counts = (-(-side // tile), -(-side // tile))
    noise = random.Random(1).randbytes(3 * 4 * 4)
    small = Image.frombytes("RGB", (4, 4), noise).resize((tile, tile), Image.Resampling.NEAREST)
    coded = hevc(small.tobytes(), small.size)
    times = counts[0] * counts[1]
    return heif((side, side), (tile, tile), counts, [coded] * times, grid=True)


def _heic_lying(side: int) -> bytes:
    """A HEIC that says it is small, whose one coded picture has `side` pixels each way."""
    coded = hevc(bytes(3 * side * side), (side, side))
    return heif((64, 64), (64, 64), (1, 1), [coded], grid=False)


def _heic_items(count: int) -> bytes:
    """A HEIC with a table of `count` items that it has not."""
    whole = LIBHEIF_GRID
    at = whole.index(b"iinf")
    size = int.from_bytes(whole[at - 4 : at], "big")
    more = struct.pack(">I4sIHH4sB", 21, b"infe", 2 << 24, 9, 0, b"hvc1", 0) * count
    made = bytearray(whole[: at - 4 + size] + more + whole[at - 4 + size :])
    for name in (b"iinf", b"meta"):
        place = made.index(name) - 4
        longer = int.from_bytes(made[place : place + 4], "big") + len(more)
        made[place : place + 4] = struct.pack(">I", longer)
    return bytes(made)


def _cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


PICTURES: dict[str, Callable[[], bytes]] = {
    "png header of 20,000²": pixel_bomb,
    "png of 16,000² grey": lambda: png(16_000, 16_000, colour=0),
    "png of 6,300² rgb": lambda: png(6_300, 6_300),
    "png of 6,300² rgba": lambda: png(6_300, 6_300, colour=6),
    "png of 4,700² rgba": lambda: png(4_700, 4_700, colour=6),
    "png of 2,400² palette": lambda: png(2_400, 2_400, colour=3),
    "png of 3,000² bits": lambda: png(3_000, 3_000, colour=0, bits=1),
    "png of 3,000² 16 bit": lambda: png(3_000, 3_000, colour=0, bits=16),
    "png of 2,000² 16 bit rgb interlaced": lambda: png(2_000, 2_000, bits=16, interlace=1),
    "png 40,000,000 wide": lambda: png(39_999_999, 1, colour=0),
    "png with 60 zTXt of 1 MB": lambda: _texts(b"zTXt", 60, MB - 1),
    "png with zTXt of 500 MB": lambda: _texts(b"zTXt", 1, 500 * MB),
    "png with iTXt of 500 MB": lambda: _texts(b"iTXt", 1, 500 * MB),
    "png with profile of 300 MB": _profile_bomb,
    "png with 5,000 frames": lambda: _apng(5_000),
    "png with chunk of 2 GB": lambda: SIGNATURE + b"\x7f\xff\xff\xffIHDR" + bytes(50),
    "png without pixels": lambda: png(8, 8)[:33] + chunk(b"IEND", b""),
    "png of no size": lambda: png(8, 8).replace(struct.pack(">II", 8, 8), bytes(8)),
    "png cut": lambda: _cut(_noise("png"), 0.5),
    "jpeg header of 65,500²": lambda: sized(picture("jpeg"), 65_500, 65_500),
    "jpeg header of 6,300²": lambda: sized(picture("jpeg"), 6_300, 6_300),
    "jpeg of no height": lambda: sized(picture("jpeg"), 60, 0),
    "jpeg with 3,000 scans": lambda: _many_scans(3_000, 2_000),
    "jpeg with 490 scans": lambda: _many_scans(480, 600),
    "jpeg progressive cmyk of 5,000²": lambda: _progressive("CMYK", 5_000),
    "jpeg progressive of 5,400²": lambda: _progressive("RGB", 5_400),
    "jpeg with a large profile": lambda: _with_profile(_large_profile()),
    "jpeg with exif loop": _exif_loop,
    "jpeg with 70 comments": lambda: _comments(70),
    "jpeg cut": lambda: _cut(_noise("jpeg"), 0.5),
    "jpeg header alone": lambda: picture("jpeg")[:200],
    "gif of 65,535²": lambda: _gif(65_535, 65_535, (1, 1)),
    "gif frame of 65,535²": lambda: _gif(1, 1, (65_535, 65_535)),
    "gif frame of 5,900²": lambda: _gif(1, 1, (5_900, 5_900)),
    "gif with 2,000 frames": lambda: _animation("gif", 2_000),
    "gif cut": lambda: _cut(_noise("gif"), 0.5),
    "webp header of 16,384²": lambda: _webp_canvas(16_384),
    "webp canvas of 1,000²": lambda: _webp_canvas(1_000),
    "webp of 3,350²": lambda: saved(Image.new("RGBA", (3_350, 3_350)), "webp", lossless=True),
    "webp with 300 frames": lambda: _animation("webp", 300),
    "webp cut": lambda: _cut(_noise("webp"), 0.5),
    "avif of 3,500²": lambda: _avif(3_500),
    "avif of 2,800² with transparency": lambda: _avif(2_800, "RGBA"),
    "avif of 6,000²": lambda: _avif(6_000),
    "avif header of 16,000²": lambda: _avif_sized(16_000),
    "avif header of 3,000²": lambda: _avif_sized(3_000),
    "avif with 300 frames": lambda: _animation("avif", 300),
    "avif cut": lambda: _cut(_noise("avif"), 0.5),
    "heic of 5,900² in tiles": lambda: _heic(5_900, 512),
    "heic of 6,300² in tiles": lambda: _heic(6_300, 512),
    "heic of 3,500²": lambda: heic(Image.new("RGB", (3_500, 3_500), "red")),
    "heic header of 20,000²": lambda: heic(Image.new("RGB", (64, 64)), stated=(20_000, 20_000)),
    "heic that hides 6,000²": lambda: _heic_lying(6_000),
    "heic of one tile 400 times": lambda: heic(Image.new("RGB", (1_280, 1_280)), 64, repeat=True),
    "heic with 100,000 items": lambda: _heic_items(100_000),
    "heic with a box of 4 GB": lambda: LIBHEIF_GRID.replace(
        LIBHEIF_GRID[LIBHEIF_GRID.index(b"meta") - 4 :][:4], b"\xff\xff\xff\xff", 1
    ),
    "heic with a crop of nothing": lambda: LIBHEIF_CROPPED.replace(
        LIBHEIF_CROPPED[LIBHEIF_CROPPED.index(b"clap") :][:36], b"clap" + bytes(32)
    ),
    "heic cut": lambda: _cut(_heic(1_024, 512), 0.5),
    "heic of rubbish": lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(range(256)) * 400,
    "tiff of 8,000²": lambda: saved(
        Image.new("1", (8_000, 8_000)), "tiff", compression="tiff_deflate"
    ),
    "bmp": lambda: saved(Image.new("RGB", (4, 4)), "bmp"),
    "icon": lambda: saved(Image.new("RGB", (16, 16)), "ico"),
    "svg": lambda: SVG,
    "zip": lambda: ZIP,
    "gif and script": lambda: b"GIF89a/*" + SVG + b"*/=1;",
    "png and page": lambda: picture("png") + b"<script>alert(1)</script>",
}

# Those that a browser would show too: they may be accepted.
SHOWN = {
    *("png of 6,300² rgb", "png of 4,700² rgba", "png of 2,400² palette", "png of 3,000² 16 bit"),
    *("png of 2,000² 16 bit rgb interlaced", "png with 60 zTXt of 1 MB", "png with 5,000 frames"),
    *("jpeg with 490 scans", "jpeg progressive of 5,400²", "jpeg with a large profile"),
    *("jpeg with exif loop", "jpeg with 70 comments", "gif with 2,000 frames", "png and page"),
    *("webp canvas of 1,000²", "webp of 3,350²", "webp with 300 frames", "png of 3,000² bits"),
    *("jpeg header of 6,300²", "png with profile of 300 MB"),
    *("png with zTXt of 500 MB", "png with iTXt of 500 MB", "gif frame of 5,900²"),
    *("png 40,000,000 wide", "avif of 3,500²", "avif of 2,800² with transparency"),
    *("avif with 300 frames", "avif header of 3,000²", "heic of 5,900² in tiles", "heic of 3,500²"),
    *("heic of one tile 400 times",),
}

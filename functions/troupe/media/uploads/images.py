"""Pictures, checked by content and re-encoded without metadata.

Only the pixels are copied, so nothing else survives: no location, no comment, no script appended to
the file. Runs in the child process of `decoders`, and keeps to its memory by the header alone.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from typing import Any, BinaryIO

from PIL import AvifImagePlugin, Image, ImageCms
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from troupe.media.uploads.checks import (
    MAX_PIXELS,
    MAX_SIDE,
    SMALLER,
    TIME_LIMIT,
    BrokenImage,
    ImageTooLarge,
    PreparedImage,
    TooDemanding,
)
from troupe.media.uploads.heic import HeicImageFile
from troupe.media.uploads.refusals import no_picture
from troupe.media.uploads.sniffing import picture_kind

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a fork may start no threads

# Opened directly: `Image.open` tries other formats too, and loads their modules.
_READERS: dict[str, type[ImageFile]] = {
    "PNG": PngImageFile,
    "JPEG": JpegImageFile,
    "WEBP": WebPImageFile,
    "GIF": GifImageFile,
    "AVIF": AvifImageFile,
    "HEIC": HeicImageFile,
}
# Bytes that the pixels of a picture may take while it is decoded and scaled.
_PIXEL_BYTES = 180_000_000
_DECODED_BYTES = 14  # a pixel of a HEIC or AVIF: the decoder's frames, and two copies
# A progressive JPEG is decoded once for each of its scans; an ordinary one has ten.
_SCANNED_PIXELS = 500_000_000
_MAX_SCANS = 500
_AVIF_HEAD = 64 * 1024
_START_OF_SCAN = b"\xff\xda"
# Uploaded format -> stored format; of a GIF, the first frame is kept as a PNG. A JPEG with
# transparency is stored as a PNG too.
_STORED_AS = {
    **{"PNG": "PNG", "GIF": "PNG", "JPEG": "JPEG", "WEBP": "WEBP"},
    **{"AVIF": "WEBP", "HEIC": "JPEG"},
}
_EXTENSIONS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
_ORIENTATION = 0x0112  # Exif tag
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow's decoders raise on damaged files.
_DAMAGE = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error),
    *(OverflowError, RuntimeError),
)


def prepare_image(file: BinaryIO) -> PreparedImage:
    """Re-encodes a picture: upright, in sRGB, at most MAX_SIDE pixels a side; of an animation, the
    first frame. Raises UnsupportedFile, ImageTooLarge, BrokenImage, TooDemanding, MemoryError."""
    kind = picture_kind(file)
    if kind is None:
        raise no_picture(file)
    file.seek(0)
    try:
        return _encode(_pixels(kind, file), _STORED_AS[kind])
    # Pillow checks sizes too: from about twice our limit on it warns, which raises where warnings
    # are errors, and from twice that on it refuses.
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(details={"maximumPixels": MAX_PIXELS}) from error
    except _DAMAGE as error:
        raise BrokenImage from error


def _pixels(kind: str, file: BinaryIO) -> Image.Image:
    """The pixels on a fresh canvas: it has no metadata that an encoder could write, and the memory
    of the decoder is free again, which an encoder may need."""
    with _read_header(kind, file) as opened:
        # Only the header has been read so far, no pixels.
        _check_size(kind, opened)
        if kind == "JPEG":
            _check_scans(opened, file)
        image = _to_rgb(opened)
        clean = Image.new(image.mode, image.size)
        clean.paste(image)
        return clean


def _read_header(kind: str, file: BinaryIO) -> ImageFile:
    """Raises UnsupportedFile if nothing of that kind follows the first bytes."""
    try:
        return _READERS[kind](file)
    except SyntaxError as error:
        raise no_picture(file) from error


def _check_size(kind: str, opened: ImageFile) -> None:
    """Raises ImageTooLarge."""
    width, height = opened.size
    maximum = min(MAX_PIXELS, _PIXEL_BYTES // _bytes_per_pixel(kind, opened))
    # A tile at the edge can be larger than the picture.
    tile = opened.tile_pixels if isinstance(opened, HeicImageFile) else 0
    if width * height > maximum or tile > _PIXEL_BYTES // _DECODED_BYTES:
        details = {"width": width, "height": height, "maximumPixels": maximum}
        raise ImageTooLarge(details=details)


def _bytes_per_pixel(kind: str, opened: ImageFile) -> int:
    """What decoding takes at most, as measured by `tests/functions/test_hostile_media.py`."""
    if kind in ("WEBP", "AVIF", "HEIC"):
        # The tiles of a HEIC are decoded one by one.
        if isinstance(opened, HeicImageFile) and opened.tiled:
            return 5
        deep = kind == "AVIF" and _is_deep(opened.fp)
        return 22 if deep else 16 if kind == "WEBP" else _DECODED_BYTES
    if kind == "JPEG":
        # The coefficients of all scans; else it is decoded at a reduced size, row by row.
        return 2 * len(opened.getbands()) if "progressive" in opened.info else 1
    transparent = "transparency" in opened.info
    if opened.mode in ("1", "P", "PA"):
        return 9 if transparent or opened.mode == "PA" else 5
    if transparent:
        return 12
    return {"LA": 8, "RGBA": 8, "I;16": 5}.get(opened.mode, 4)


def _is_deep(file: Any) -> bool:
    """Whether an AVIF has more than 8 bits, according to its description of the coding."""
    file.seek(0)
    head = file.read(_AVIF_HEAD)
    at = head.find(b"av1C")
    return at >= 0 and bool(head[at + 6 : at + 7] and head[at + 6] & 0x40)


def _check_scans(opened: Image.Image, file: BinaryIO) -> None:
    """Raises TooDemanding. Decoded data never contains the marker; metadata rarely does."""
    file.seek(0)
    scans = file.read().count(_START_OF_SCAN)
    if scans > _MAX_SCANS or scans * opened.width * opened.height > _SCANNED_PIXELS:
        raise TooDemanding(details={"limit": "time", "maximum": TIME_LIMIT})


def _to_rgb(opened: Image.Image) -> Image.Image:
    """The pixels as RGB or RGBA, scaled before anything else that takes time or memory."""
    # JPEG can be decoded at a reduced size, which saves time and memory.
    if isinstance(opened, JpegImageFile):
        opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
    opened.load()
    mode = "RGBA" if "A" in opened.getbands() or "transparency" in opened.info else "RGB"
    image = _scalable(opened, mode)
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    image = _to_srgb(image, mode, opened.info.get("icc_profile"))
    # Rotated last: at full size, that would double the memory.
    orientation = 1
    with suppress(*_DAMAGE):
        orientation = opened.getexif().get(_ORIENTATION, 1)
    turn = _TRANSPOSE.get(orientation)
    return image if turn is None else image.transpose(turn)


def _scalable(opened: Image.Image, mode: str) -> Image.Image:
    """The picture in a mode that can be scaled."""
    if opened.mode.startswith("I;16"):  # 16-bit grey, of which `convert` would keep the low byte
        return opened.point(lambda value: value * (1 / 256)).convert("L")
    if opened.mode == "1" and mode == "RGB":
        return opened.convert("L")
    # A transparent colour would be lost when pixels are mixed.
    mixes = opened.mode not in ("1", "P", "PA") and "transparency" not in opened.info
    return opened if mixes else opened.convert(mode)


def _to_srgb(image: Image.Image, mode: str, profile: bytes | None) -> Image.Image:
    """Converts to sRGB: without their profile, wide-gamut phone pictures would look pale."""
    if profile and (image.mode, mode) in (("RGB", "RGB"), ("RGBA", "RGBA"), ("CMYK", "RGB")):
        # Broken profiles are ignored, as in browsers.
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(image, source, target, outputMode=mode)
            if turned is not None:
                return turned
    return image if image.mode == mode else image.convert(mode)


def _encode(image: Image.Image, kind: str) -> PreparedImage:
    if kind == "JPEG" and image.mode != "RGB":
        kind = "PNG"
    file = io.BytesIO()
    options = {"PNG": {}, "JPEG": {"quality": 90}, "WEBP": {"quality": 90}}[kind]
    image.save(file, kind, **options)
    return PreparedImage(
        data=file.getvalue(),
        content_type=Image.MIME[kind],
        extension=_EXTENSIONS[kind],
        width=image.width,
        height=image.height,
        smaller=_smaller(image),
    )


def _smaller(image: Image.Image) -> dict[int, bytes]:
    """Copies for lists, each made from the one before."""
    made = {}
    for side in SMALLER:
        scale = side / min(image.size)
        if scale < 1:
            size = (round(image.width * scale), round(image.height * scale))
            image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
            file = io.BytesIO()
            image.save(file, "WEBP", quality=80)
            made[side] = file.getvalue()
    return made

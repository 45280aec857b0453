"""Pictures, checked by content and re-encoded without metadata.

Only the pixels are copied, so nothing else survives: no location, no comment, no script appended to
the file.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress

from PIL import Image, ImageCms, UnidentifiedImageError

from troupe.media.uploads.checks import (
    MAX_PIXELS,
    MAX_SIDE,
    BrokenImage,
    ImageTooLarge,
    PreparedImage,
    UnsupportedFile,
)

KINDS = ["png", "jpeg", "webp", "gif"]
_FORMATS = [kind.upper() for kind in KINDS]
# Uploaded format -> stored format; of a GIF, the first frame is kept as a PNG.
_STORED_AS = {"PNG": "PNG", "GIF": "PNG", "JPEG": "JPEG", "WEBP": "WEBP"}
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
    *(OverflowError, MemoryError),
)


def prepare_image(data: bytes) -> PreparedImage:
    """Re-encodes a picture: upright, in sRGB, at most MAX_SIDE pixels a side; of an animation, the
    first frame. Raises UnsupportedFile, ImageTooLarge, BrokenImage."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            width, height = opened.size
            # Only the header has been read so far, no pixels.
            if width * height > MAX_PIXELS:
                size = {"width": width, "height": height}
                raise ImageTooLarge(details=size | {"maximumPixels": MAX_PIXELS})
            return _encode(_to_rgb(opened), _STORED_AS[opened.format or "PNG"])
    except UnidentifiedImageError as error:
        raise UnsupportedFile("The file is not an image.", details={"allowed": KINDS}) from error
    # Pillow checks the header too: from about twice our limit on it warns, which raises where
    # warnings are errors, and from twice that on it refuses.
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(details={"maximumPixels": MAX_PIXELS}) from error
    except _DAMAGE as error:
        raise BrokenImage from error


def _to_rgb(opened: Image.Image) -> Image.Image:
    """The pixels as RGB or RGBA."""
    # JPEG can be decoded at a reduced size, which saves time and memory.
    opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
    opened.load()
    alpha = "A" in opened.getbands() or "transparency" in opened.info
    image = _to_srgb(opened, "RGBA" if alpha else "RGB")
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    # Rotated last: at full size, that would double the memory.
    orientation = 1
    with suppress(*_DAMAGE):
        orientation = opened.getexif().get(_ORIENTATION, 1)
    turn = _TRANSPOSE.get(orientation)
    return image if turn is None else image.transpose(turn)


def _to_srgb(opened: Image.Image, mode: str) -> Image.Image:
    """Converts to sRGB: without their profile, wide-gamut phone pictures would look pale."""
    if opened.mode.startswith("I;16"):  # 16-bit grey, of which `convert` would keep the low byte
        opened = opened.point(lambda value: value * (1 / 256))
    profile = opened.info.get("icc_profile")
    if profile and (opened.mode, mode) in (("RGB", "RGB"), ("RGBA", "RGBA"), ("CMYK", "RGB")):
        # Broken profiles are ignored, as in browsers.
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(opened, source, target, outputMode=mode)
            if turned is not None:
                return turned
    return opened if opened.mode == mode else opened.convert(mode)


def _encode(image: Image.Image, kind: str) -> PreparedImage:
    if kind == "JPEG" and image.mode != "RGB":
        kind = "PNG"
    # A fresh canvas has no metadata that an encoder could write.
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    file = io.BytesIO()
    options = {"PNG": {}, "JPEG": {"quality": 90}, "WEBP": {"quality": 90}}[kind]
    clean.save(file, kind, **options)
    return PreparedImage(
        data=file.getvalue(),
        content_type=Image.MIME[kind],
        extension=_EXTENSIONS[kind],
        width=clean.width,
        height=clean.height,
    )

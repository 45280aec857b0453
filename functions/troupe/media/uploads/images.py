"""Pictures: checked by content, encoded anew without metadata.

Every pixel is drawn again, so that nothing but the picture survives: no position, no comment, no
script behind the last byte.
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
# What comes as one of these is kept as the other: a GIF's first frame is a PNG.
_KEPT = {"PNG": "PNG", "GIF": "PNG", "JPEG": "JPEG", "WEBP": "WEBP"}
_EXTENSIONS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
_ORIENTATION = 0x0112  # of Exif: how the camera was held
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow's decoders raise when a file is not what its header says.
_DAMAGE = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error),
    *(OverflowError, MemoryError),
)


def prepare_image(data: bytes) -> PreparedImage:
    """Decodes a picture and encodes it anew: upright, in sRGB, at most MAX_SIDE a side, the first
    frame of a moving one. Raises UnsupportedFile, ImageTooLarge and BrokenImage."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            width, height = opened.size
            # The header has been read, and no pixel of it yet.
            if width * height > MAX_PIXELS:
                size = {"width": width, "height": height}
                raise ImageTooLarge(details=size | {"maximumPixels": MAX_PIXELS})
            return _encoded(_drawn(opened), _KEPT[opened.format or "PNG"])
    except UnidentifiedImageError as error:
        raise UnsupportedFile("This is no picture.", details={"allowed": KINDS}) from error
    # Pillow looks at the header too: it refuses twice our limit and more by itself, and warns of
    # less, which is an error where warnings are.
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(details={"maximumPixels": MAX_PIXELS}) from error
    except _DAMAGE as error:
        raise BrokenImage from error


def _drawn(opened: Image.Image) -> Image.Image:
    """The pixels as RGB or RGBA."""
    # JPEG decodes to about the wanted size at once, which saves time and memory.
    opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
    opened.load()
    alpha = "A" in opened.getbands() or "transparency" in opened.info
    image = _in_srgb(opened, "RGBA" if alpha else "RGB")
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    # Turned last: a large picture would take as much memory again.
    orientation = 1
    with suppress(*_DAMAGE):
        orientation = opened.getexif().get(_ORIENTATION, 1)
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def _in_srgb(opened: Image.Image, mode: str) -> Image.Image:
    """Without its colour profile, a picture of a phone with a wide one would look pale."""
    if opened.mode.startswith("I;16"):  # grey of 16 bits, of which `convert` takes the lower 8
        opened = opened.point(lambda value: value * (1 / 256))
    profile = opened.info.get("icc_profile")
    if profile and (opened.mode, mode) in (("RGB", "RGB"), ("RGBA", "RGBA"), ("CMYK", "RGB")):
        # A broken profile is ignored, as browsers do.
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(opened, source, target, outputMode=mode)
            if turned is not None:
                return turned
    return opened if opened.mode == mode else opened.convert(mode)


def _encoded(image: Image.Image, kind: str) -> PreparedImage:
    if kind == "JPEG" and image.mode != "RGB":
        kind = "PNG"
    # A fresh canvas carries no info that an encoder could write along.
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

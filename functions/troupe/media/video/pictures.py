"""The overlays of a video: the speaker's picture, and the captions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps, UnidentifiedImageError

from troupe.media.captions import Cue
from troupe.media.formats import Resolution
from troupe.media.video.layout import Layout, face_box, layout
from troupe.media.video.text import Drawn, Type, draw, joined, readable, width, wrap

_FORMATS = ("PNG", "JPEG", "WEBP")
_MAX_PIXELS = 50_000_000  # decoded, 200 MB
_IMAGE_ERRORS = (
    *(UnidentifiedImageError, OSError, SyntaxError),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
_CORNER = 28
_SHADOW, _SHADOW_DROP, _SHADOW_DARK = 16, 8, 0.5
_SUPERSAMPLING = 4  # supersampling factor, for smooth edges

_BADGE = 0.62  # of the height of the picture's area
_BADGES = ("#8c5ad6", "#d6655a", "#3f8fc9", "#c98a2b", "#3fa37a", "#c9539a")

_BOX, _BOX_PAD, _BOX_CORNER = (12, 14, 22, 190), (26, 14), 18
_Colour = tuple[int, int, int]
_WHITE: _Colour = (255, 255, 255)
_NAME: _Colour = (255, 214, 140)
_LINE, _NAME_SIZE = 1.32, 0.66  # of the text's size


@dataclass(frozen=True, slots=True)
class Placed:
    """An RGBA image and the position of its upper left corner on the screen; both even."""

    image: Image.Image
    x: int
    y: int


def face_card(path: Path, resolution: Resolution) -> Placed:
    """A picture with rounded corners and a soft shadow. Raises ValueError if it is not a picture
    or has too many pixels."""
    try:
        with Image.open(path, formats=_FORMATS) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                raise ValueError(f"{path.name} has too many pixels")
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except _IMAGE_ERRORS as error:
        raise ValueError(f"{path.name} is not a picture") from error
    x, y, wide, high = face_box(resolution, picture.size)
    # Premultiplied for scaling, so that the colour of transparent pixels does not bleed in.
    picture = picture.convert("RGBa").resize((wide, high), Image.Resampling.LANCZOS)
    picture = picture.convert("RGBA")
    corners = _rounded((wide, high), min(_CORNER, wide // 4, high // 4))
    picture.putalpha(ImageChops.multiply(picture.getchannel("A"), corners))
    return _with_shadow(picture, x, y)


def badge(name: str, resolution: Resolution) -> Placed:
    """A disc with the first letter of a name, for speakers without a picture."""
    x, y, room_width, room_height = layout(resolution).face
    side = int(room_height * _BADGE) // 2 * 2
    disc = Image.new("RGBA", (side, side), _BADGES[crc32(name.encode()) % len(_BADGES)])
    disc.putalpha(_rounded((side, side), side // 2))
    initial = readable(name)[:1].upper()
    letter = draw(initial, Type.of(initial, int(side * 0.5)))
    if letter:
        # Centred by its visible pixels, not by its line box.
        rows, columns = letter.pixels.shape
        _stamp(disc, letter, (side - columns) // 2 - letter.left, (side - rows) // 2 - letter.top)
    left, top = x + (room_width - side) // 4 * 2, y + (room_height - side) // 4 * 2
    return _with_shadow(disc, left, top)


def _with_shadow(picture: Image.Image, x: int, y: int) -> Placed:
    margin = _SHADOW * 3
    size = picture.width + 2 * margin, picture.height + 2 * margin
    shape = Image.new("L", size)
    shape.paste(picture.getchannel("A"), (margin, margin + _SHADOW_DROP))
    shape = shape.filter(ImageFilter.GaussianBlur(_SHADOW))
    whole = Image.new("RGBA", size)
    whole.putalpha(shape.point([round(each * _SHADOW_DARK) for each in range(256)]))
    whole.alpha_composite(picture, (margin, margin))
    return Placed(whole, x - margin, y - margin)


def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    large = size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING
    mask = Image.new("L", large)
    box = (0, 0, large[0] - 1, large[1] - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, radius * _SUPERSAMPLING, fill=255)
    return mask.resize(size, Image.Resampling.BOX)


def caption(cue: Cue, resolution: Resolution, language: str | None = None) -> Placed | None:
    """A cue in a dark box, with its speaker; None if no character of it can be shown."""
    plan = layout(resolution)
    lines = [line for line in map(readable, cue.text.splitlines()) if line]
    if not lines:
        return None
    size = plan.text
    kind = Type.of("\n".join(lines), size, language)
    whole = readable(cue.unbroken or joined(lines))
    fitted = _fit(lines, whole, kind, plan)
    name = readable(cue.speaker or "")
    while _height(len(fitted), size, bool(name)) > plan.caption_height and size > 20:
        size -= 2
        kind = Type.of("\n".join(lines), size, language)
        fitted = _fit(lines, whole, kind, plan)
    return _caption(fitted, kind, name, plan, resolution)


def _fit(lines: list[str], whole: str, kind: Type, plan: Layout) -> list[str]:
    """The lines unchanged if they fit, else the whole text in other lines."""
    if all(width(line, kind) <= plan.caption_width for line in lines):
        return lines
    return wrap(whole, kind, plan.caption_width)


def _height(lines: int, size: int, named: bool) -> int:
    return round((lines * _LINE + (_NAME_SIZE * _LINE if named else 0)) * size) + 2 * _BOX_PAD[1]


def _caption(
    lines: list[str], kind: Type, name: str, plan: Layout, resolution: Resolution
) -> Placed:
    step = round(kind.size * _LINE)
    title = _ellipsize(name, Type.of(name, round(kind.size * _NAME_SIZE)), plan.caption_width)
    name_step = round(kind.size * _LINE * _NAME_SIZE) if name else 0
    widest = max(width(line, kind) for line in lines)
    if title:
        widest = max(widest, title.pixels.shape[1])
    wide = (round(widest) + 2 * _BOX_PAD[0] + 3) // 4 * 4
    high = (step * len(lines) + name_step + 2 * _BOX_PAD[1] + 1) // 2 * 2
    box = Image.new("RGBA", (wide, high), _BOX[:3])
    box.putalpha(
        _rounded((wide, high), _BOX_CORNER).point([e * _BOX[3] // 255 for e in range(256)])
    )
    y = _BOX_PAD[1]
    if title:
        left = (wide - title.pixels.shape[1]) // 2 - title.left
        _stamp(box, title, left, y + name_step * 3 // 4, _NAME)
        y += name_step
    for line in lines:
        drawn = draw(line, kind)
        if drawn:
            left = (wide - drawn.pixels.shape[1]) // 2 - drawn.left
            # Puts the baseline where letters of most scripts look centred in their line.
            _stamp(box, drawn, left, y + round(step * 0.74))
        y += step
    return Placed(box, (resolution.width - wide) // 4 * 2, plan.caption_bottom - high)


def _ellipsize(name: str, kind: Type, limit: float) -> Drawn | None:
    """A name, cut with an ellipsis if it is too wide."""
    if name and width(name, kind) > limit:
        name = wrap(name, kind, limit * 0.95)[0] + "…"
    return draw(name, kind) if name else None


def _stamp(image: Image.Image, drawn: Drawn, x: int, y: int, colour: _Colour = _WHITE) -> None:
    """Draws letters with their origin at (x, y), clipped to the image."""
    ink = Image.new("RGBA", drawn.pixels.shape[::-1], colour)
    ink.putalpha(Image.fromarray(drawn.pixels))
    sheet = Image.new("RGBA", image.size)
    sheet.paste(ink, (x + drawn.left, y + drawn.top))
    image.alpha_composite(sheet)

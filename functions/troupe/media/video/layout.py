"""Positions on the screen, in pixels. All are even, because chroma has half the resolution."""

from __future__ import annotations

from dataclasses import dataclass

from troupe.media.formats import Resolution


@dataclass(frozen=True, slots=True)
class Layout:
    face: tuple[int, int, int, int]  # x, y, width, height of the picture's area
    caption_bottom: int  # lower edge of captions
    caption_width: int  # maximum width of their text
    caption_height: int  # maximum height of the whole box
    text: int  # pixels per em


# The bottom tenth stays free, as on television; more on portrait video, where players put their
# buttons.
_LAYOUTS = {
    Resolution.LANDSCAPE: Layout((240, 44, 800, 420), 666, 1080, 190, 40),
    Resolution.PORTRAIT: Layout((60, 150, 600, 640), 1120, 592, 312, 40),
}


def layout(resolution: Resolution) -> Layout:
    return _LAYOUTS[resolution]


def face_box(resolution: Resolution, picture_size: tuple[int, int]) -> tuple[int, int, int, int]:
    """x, y, width and height of a picture of `picture_size` after it has faded in: fitted into its
    area and centred."""
    x, y, room_width, room_height = layout(resolution).face
    width, height = picture_size
    scale = min(room_width / width, room_height / height)
    wide, high = (max(2, round(each * scale / 2) * 2) for each in (width, height))
    return x + (room_width - wide) // 4 * 2, y + (room_height - high) // 4 * 2, wide, high

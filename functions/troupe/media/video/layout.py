"""Where things stand on the screen, in pixels. Even numbers throughout: colour has half of them."""

from __future__ import annotations

from dataclasses import dataclass

from troupe.media.formats import Resolution


@dataclass(frozen=True, slots=True)
class Layout:
    face: tuple[int, int, int, int]  # x, y, width, height that a picture may fill
    caption_bottom: int  # nothing of a caption is below
    caption_width: int  # of its text, at most
    caption_height: int  # of the whole caption, at most
    text: int  # pixels an em


# A tenth at the lower edge stays free, as in television; of a tall video more, for that is where
# players put their buttons.
_LAYOUTS = {
    Resolution.LANDSCAPE: Layout((240, 44, 800, 420), 666, 1080, 190, 40),
    Resolution.PORTRAIT: Layout((60, 150, 600, 640), 1120, 592, 312, 40),
}


def layout(resolution: Resolution) -> Layout:
    return _LAYOUTS[resolution]


def face_box(resolution: Resolution, picture_size: tuple[int, int]) -> tuple[int, int, int, int]:
    """x, y, width and height of a picture of `picture_size` once it has come in: as large as its
    place allows, whole, in the middle."""
    x, y, room_width, room_height = layout(resolution).face
    width, height = picture_size
    scale = min(room_width / width, room_height / height)
    wide, high = (max(2, round(each * scale / 2) * 2) for each in (width, height))
    return x + (room_width - wide) // 4 * 2, y + (room_height - high) // 4 * 2, wide, high

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from troupe.media.captions import Cue
from troupe.media.captions.cues import cues
from troupe.media.formats import Resolution
from troupe.media.video import pictures
from troupe.media.video.layers import Layer, Plane, ycbcr
from troupe.media.video.layout import face_box, layout
from troupe.media.video.pictures import badge, caption, face_card
from troupe.media.video.text import Drawn, Type, draw
from troupe.speech.engine import WordTiming

LONG = "Whatever the weather had in store for them,\nthey would not leave before the bells rang."
TEXTS = {
    "two lines": LONG,
    "wide capitals": "\n".join(["WWWWWW WWWWWWW WWWWWWWW MMMMMMM WWWWWWWWWW"] * 2),
    "one long word": "Donaudampfschifffahrtselektrizitätenhaupt\nbetriebswerkbauunterbeamtenkasse",
    "Japanese": "彼は静かに港を見ていた。雨が降り\nそうだったが、誰も動かなかった。",
    "Thai": "สวัสดีครับ วันนี้อากาศดีมาก ท้องฟ้าแจ่มใส\nและลมพัดเย็นสบายตลอดทั้งวันเลยนะครับ",
    "Arabic": "كان الميناء القديم هادئا في ذلك الصباح،\nوتحدث الرجال عن الطقس طويلا.",
}


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_caption_stays_within_its_area(resolution: Resolution, kind: str) -> None:
    shown = caption(Cue(0, 2, TEXTS[kind], "Ann " * 40), resolution)
    assert shown is not None
    margin = resolution.width * 0.03
    assert shown.x >= margin
    assert shown.x + shown.image.width <= resolution.width - margin
    _, y, _, high = layout(resolution).face
    assert shown.y >= y + high
    assert shown.y + shown.image.height <= layout(resolution).caption_bottom
    # No letter touches an edge of the box.
    pixels = np.asarray(shown.image)[..., :3].astype(int)
    for edge in (pixels[:6], pixels[-6:], pixels[:, :14], pixels[:, -14:]):
        assert edge.max() < 60
    assert pixels.max() == 255


def test_lines_that_fit_are_not_wrapped_again() -> None:
    one = caption(Cue(0, 2, "Yes.\nNo."), Resolution.LANDSCAPE)
    other = caption(Cue(0, 2, "Yes. No."), Resolution.LANDSCAPE)
    assert one is not None
    assert other is not None
    assert one.image.height > other.image.height


def test_a_name_is_above_its_line() -> None:
    named = caption(Cue(0, 2, "Yes.", "Ann"), Resolution.LANDSCAPE)
    plain = caption(Cue(0, 2, "Yes."), Resolution.LANDSCAPE)
    assert named is not None
    assert plain is not None
    assert named.image.height > plain.image.height
    assert named.y + named.image.height == plain.y + plain.image.height


def test_a_word_wider_than_a_line_is_split_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where the lines of the caption file end and again where the picture does."""
    lines: list[str] = []

    def watched(text: str, kind: Type) -> Drawn | None:
        lines.append(text)
        return draw(text, kind)

    monkeypatch.setattr(pictures, "draw", watched)
    word = "Wasserwirtschaftsverwaltungsangelegenheitenverordnungsentwurf."
    (cue,) = cues([WordTiming(word, 0.0, 4.0)])
    assert [len(line) for line in cue.text.split("\n")] == [42, 20]
    assert caption(cue, Resolution.PORTRAIT) is not None
    assert "".join(lines) == word
    assert 1 < len(lines) <= 3


@pytest.mark.parametrize("text", ["", " \n ", "\U0001fae8"])
def test_a_cue_without_glyphs_has_no_caption(text: str) -> None:
    assert caption(Cue(0, 2, text, "Ann"), Resolution.LANDSCAPE) is None


@pytest.mark.parametrize("resolution", Resolution)
@pytest.mark.parametrize("size", [(1, 1), (512, 512), (3000, 20), (20, 3000), (4000, 3000)])
def test_a_face_fits_its_area(resolution: Resolution, size: tuple[int, int]) -> None:
    x, y, wide, high = face_box(resolution, size)
    left, top, room_wide, room_high = layout(resolution).face
    assert left <= x
    assert x + wide <= left + room_wide
    assert top <= y
    assert y + high <= top + room_high
    assert wide == room_wide or high == room_high
    assert all(each % 2 == 0 for each in (x, y, wide, high))


def test_a_rotated_photograph_is_shown_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (200, 100), "red")
    image.paste(Image.new("RGB", (100, 100), "blue"))
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise
    image.save(tmp_path / "a.jpg", exif=exif, quality=95)
    card = face_card(tmp_path / "a.jpg", Resolution.LANDSCAPE)
    x, y, wide, high = face_box(Resolution.LANDSCAPE, (100, 200))
    pixels = np.asarray(card.image)
    across = x - card.x + wide // 2
    assert pixels[y - card.y + high // 4, across, 2] > 200
    assert pixels[y - card.y + high * 3 // 4, across, 0] > 200


def test_a_picture_with_too_many_pixels_is_rejected(tmp_path: Path) -> None:
    Image.new("1", (12_000, 12_000)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png"):
        face_card(tmp_path / "a.png", Resolution.LANDSCAPE)


def test_badges_are_stable_and_differ_by_name() -> None:
    one, same, other = (badge(each, Resolution.PORTRAIT).image for each in ("Ann", "Ann", "Bea"))
    assert one.tobytes() == same.tobytes()
    assert one.tobytes() != other.tobytes()


def test_the_badge_of_a_name_without_letters_is_an_empty_disc() -> None:
    alpha = badge("\U0001fae8", Resolution.LANDSCAPE).image.getchannel("A")
    assert alpha.getextrema()[1] == 255


def planes(value: int) -> tuple[Plane, Plane, Plane]:
    half = (10, 10)
    return (
        np.full((20, 20), value, np.uint8),
        np.full(half, 128, np.uint8),
        np.full(half, 128, np.uint8),
    )


@pytest.mark.parametrize("under", [16, 90, 235])
@pytest.mark.parametrize("opacity", [0, 1, 77, 128, 254, 255])
def test_blending_is_exact_to_one_step(under: int, opacity: int) -> None:
    target = planes(under)
    Layer.of(Image.new("RGBA", (20, 20), (200, 40, 90, opacity)), 0, 0).blend(target)
    share = opacity / 255
    for plane, before, colour in zip(target, (under, 128, 128), ycbcr(200, 40, 90), strict=True):
        assert plane.min() == plane.max()
        assert int(plane[0, 0]) == pytest.approx(before * (1 - share) + colour * share, abs=1)


def test_white_and_black_stay_within_the_limited_range() -> None:
    assert (ycbcr(255, 255, 255), ycbcr(0, 0, 0)) == ((235, 128, 128), (16, 128, 128))
    target = planes(235)
    Layer.of(Image.new("RGBA", (20, 20), "white"), 0, 0).blend(target)
    assert set(np.unique(target[0])) == {235}


@pytest.mark.parametrize("x", [-8, 14])
@pytest.mark.parametrize("y", [-8, 14])
def test_a_layer_off_the_screen_is_clipped(x: int, y: int) -> None:
    target = planes(100)
    Layer.of(Image.new("RGBA", (12, 12), "white"), x, y).blend(target, 2)
    assert (target[0] == 235).sum() == (4 if x < 0 else 6) * (6 if y < 0 else 4)


def test_an_odd_size_is_padded() -> None:
    target = planes(100)
    Layer.of(Image.new("RGBA", (5, 7), "white"), 2, 2).blend(target)
    assert (target[0] == 235).sum() == 35


def test_a_layer_faded_by_half_is_half_as_opaque() -> None:
    target = planes(100)
    Layer.of(Image.new("RGBA", (20, 20), "white"), 0, 0).faded(0.5).blend(target)
    assert int(target[0][0, 0]) == pytest.approx((100 + 235) / 2, abs=1)

"""HEIC and AVIF, as phones and cameras write them."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Sequence

import av
import pytest
from PIL import Image, ImageCms

from tests.support.media_files import opened, picture, prepare_image
from tests.support.phone_files import (
    LIBHEIF_CROPPED,
    LIBHEIF_GRID,
    heic,
    heif,
    hevc,
    mirrored,
    profiled,
    turned,
)
from troupe.errors import TroupeError
from troupe.media.uploads.checks import ImageTooLarge, UnsupportedFile
from troupe.media.uploads.heif import NotHeif, read_still

RED, BLUE = (220, 20, 20), (20, 20, 220)
PLAIN = opened(picture(size=(96, 64))).convert("RGB")


def corners() -> Image.Image:
    """A picture of 128 x 64 pixels whose quarters are red, blue, grey and white."""
    small = Image.new("RGB", (2, 2))
    small.putdata([RED, BLUE, (128, 128, 128), (255, 255, 255)])
    return small.resize((128, 64), Image.Resampling.NEAREST)


def near(one: object, other: Sequence[int], by: int = 8) -> bool:
    assert isinstance(one, tuple)
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


WRITTEN = {
    "by libheif, in tiles": (LIBHEIF_GRID, (96, 64)),
    "by libheif, cropped": (LIBHEIF_CROPPED, (60, 40)),
    "whole": (heic(PLAIN), (96, 64)),
    "in tiles that reach over the edge": (heic(PLAIN, 80), (96, 64)),
    "in tiles with 10 bits": (heic(PLAIN, 64, pixels="yuv420p10le"), (96, 64)),
    "with 4:4:4": (heic(PLAIN, pixels="yuv444p"), (96, 64)),
    "with 10 bits and 4:2:2": (heic(PLAIN, pixels="yuv422p10le"), (96, 64)),
}


@pytest.mark.parametrize(("data", "size"), WRITTEN.values(), ids=WRITTEN)
def test_a_heic_becomes_a_jpeg_with_the_same_picture(data: bytes, size: tuple[int, int]) -> None:
    prepared = prepare_image(data)
    assert (prepared.content_type, prepared.extension) == ("image/jpeg", ".jpg")
    image = opened(prepared.data)
    assert image.size == (prepared.width, prepared.height) == size
    assert near(image.getpixel((8, 8)), RED)
    assert near(image.getpixel((size[0] - 8, size[1] - 8)), BLUE)


TURNS = {
    "none": ([], []),
    "a quarter": ([turned(1)], [Image.Transpose.ROTATE_90]),
    "a half": ([turned(2)], [Image.Transpose.ROTATE_180]),
    "three quarters": ([turned(3)], [Image.Transpose.ROTATE_270]),
    "upside down": ([mirrored(0)], [Image.Transpose.FLIP_TOP_BOTTOM]),
    "mirrored": ([mirrored(1)], [Image.Transpose.FLIP_LEFT_RIGHT]),
    "a quarter, then mirrored": (
        [turned(1), mirrored(1)],
        [Image.Transpose.ROTATE_90, Image.Transpose.FLIP_LEFT_RIGHT],
    ),
    "mirrored, then three quarters": (
        [mirrored(1), turned(3)],
        [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_270],
    ),
}


@pytest.mark.parametrize(("properties", "turns"), TURNS.values(), ids=TURNS)
@pytest.mark.parametrize("tile", [None, 64])
def test_a_heic_is_turned_upright(
    properties: list[bytes], turns: list[Image.Transpose], tile: int | None
) -> None:
    upright = corners()
    kept = opened(prepare_image(heic(upright, tile, properties=properties)).data)
    for turn in turns:
        upright = upright.transpose(turn)
    assert kept.size == upright.size
    for x in (10, upright.width - 10):
        for y in (10, upright.height - 10):
            wanted = upright.getpixel((x, y))
            assert isinstance(wanted, tuple)
            assert near(kept.getpixel((x, y)), wanted)


def test_the_colour_profile_of_a_heic_is_applied() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"tmpX").replace(b"gXYZ", b"rXYZ").replace(b"tmpX", b"gXYZ")
    sent = heic(Image.new("RGB", (64, 64), (255, 0, 0)), properties=[profiled(swapped)])
    assert near(opened(prepare_image(sent).data).getpixel((4, 4)), (0, 255, 0), 12)


def test_an_avif_of_10_bits_is_read() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="avif") as output:
        stream = output.add_stream(
            "libsvtav1", 1, options={"preset": "12", "svtav1-params": "lp=1"}
        )
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p10le"
        frame = av.VideoFrame.from_image(PLAIN).reformat(format="yuv420p10le")
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    image = opened(prepare_image(file.getvalue()).data).convert("RGB")
    assert near(image.getpixel((8, 8)), RED, 12)
    assert near(image.getpixel((88, 56)), BLUE, 12)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_an_avif_is_turned_upright(orientation: int) -> None:
    pictures = []
    for kind in ("avif", "jpeg"):
        exif = Image.Exif()  # Pillow takes the orientation of an AVIF out of it
        exif[0x0112] = orientation
        sent = picture(kind, (96, 64), exif=exif)
        pictures.append(opened(prepare_image(sent).data).convert("RGB"))
    one, other = pictures
    assert one.size == other.size
    colour = other.getpixel((8, 8))
    assert isinstance(colour, tuple)
    assert near(one.getpixel((8, 8)), colour, 12)


# A thousand tiles that are stored once.
REPEATED = heic(Image.effect_noise((1024, 1024), 80).convert("RGB"), 32, repeat=True)
REFUSED = {
    "coded as something else": (LIBHEIF_GRID.replace(b"hvc1", b"zzz1"), UnsupportedFile),
    "of another kind": (LIBHEIF_GRID.replace(b"grid", b"iovl"), UnsupportedFile),
    "without items": (LIBHEIF_GRID.replace(b"iloc", b"free"), UnsupportedFile),
    "cut off": (LIBHEIF_GRID[:-40], UnsupportedFile),
    "with fewer tiles than its size": (heic(PLAIN, 64, stated=(96, 6400)), UnsupportedFile),
    "with a tile that is used again and again": (
        REPEATED,
        UnsupportedFile,
    ),
    "of 20,000 pixels a side": (heic(PLAIN, stated=(20_000, 20_000)), ImageTooLarge),
    "of a few pixels of a tile of 20,000 a side": (
        heif((8, 8), (20_000, 20_000), (1, 1), [hevc(PLAIN.tobytes(), PLAIN.size)], grid=True),
        ImageTooLarge,
    ),
}


@pytest.mark.parametrize(("data", "error"), REFUSED.values(), ids=REFUSED)
def test_a_heic_that_is_damaged_or_strange_is_refused(
    data: bytes, error: type[TroupeError]
) -> None:
    with pytest.raises(error) as failure:
        prepare_image(data)
    if error is UnsupportedFile:
        assert "HEIC" in str(failure.value)
        assert "JPEG" in str(failure.value)


class _Counted(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def test_a_tile_that_is_used_again_and_again_is_not_read() -> None:
    file = _Counted(REPEATED)
    with pytest.raises(NotHeif, match="more than once"):
        read_still(file)
    assert file.count < len(file.getvalue())


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_hostile_bytes_give_an_error_or_a_picture(kind: str) -> None:
    whole = LIBHEIF_GRID if kind == "heic" else picture("avif", (96, 64))
    rng = random.Random(kind)
    for _ in range(150):
        changed = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(len(changed) - 4)
            if rng.random() < 0.3:
                changed[at : at + 4] = struct.pack(">I", rng.choice([0, 1, 2**31, 2**32 - 1]))
            else:
                changed[at] = rng.randrange(256)
        try:
            prepare_image(bytes(changed))
        except TroupeError as error:
            assert error.status in (415, 422)

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.support.media_files import SVG, ZIP, opened, picture, pixel_bomb, prepare_image
from troupe.errors import TroupeError
from troupe.media.uploads.checks import BrokenImage, ImageTooLarge, UnsupportedFile
from troupe.media.uploads.sniffing import PICTURES

KEPT = {
    "png": ("PNG", ".png", "image/png"),
    "jpeg": ("JPEG", ".jpg", "image/jpeg"),
    "webp": ("WEBP", ".webp", "image/webp"),
    "gif": ("PNG", ".png", "image/png"),
    "avif": ("WEBP", ".webp", "image/webp"),
    "mpo": ("JPEG", ".jpg", "image/jpeg"),
}


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def near(one: object, other: tuple[int, ...], by: int = 12) -> bool:
    assert isinstance(one, tuple)
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("kind", "kept"), KEPT.items())
def test_the_picture_stays_the_same(kind: str, kept: tuple[str, str, str]) -> None:
    prepared = prepare_image(picture(kind))
    image = opened(prepared.data)
    assert (image.format, prepared.extension, prepared.content_type) == kept
    assert image.size == (prepared.width, prepared.height) == (60, 40)
    assert near(image.convert("RGB").getpixel((10, 20)), (220, 20, 20))
    assert near(image.convert("RGB").getpixel((50, 20)), (20, 20, 220))


def test_small_copies_keep_the_shape_and_are_never_larger() -> None:
    image = Image.new("RGBA", (900, 600), (220, 20, 20, 255))
    image.paste((0, 0, 0, 0), (450, 0, 900, 600))
    smaller = prepare_image(saved(image, "png")).smaller
    assert {side: opened(data).size for side, data in smaller.items()} == {
        320: (480, 320),
        96: (144, 96),
    }
    for data in smaller.values():
        copy = opened(data)
        assert (copy.format, copy.mode) == ("WEBP", "RGBA")
        assert near(copy.getpixel((20, 40)), (220, 20, 20, 255))
        assert copy.getpixel((copy.width - 20, 40))[3] == 0
    assert list(prepare_image(picture("jpeg", (100, 200))).smaller) == [96]
    assert prepare_image(picture()).smaller == {}
    (thin,) = prepare_image(picture("png", (2048, 97))).smaller.values()
    assert opened(thin).size == (2027, 96)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "avif", "mpo"])
def test_no_metadata_survives(kind: str) -> None:
    secret = "taken at 52.5 north"
    exif = Image.Exif()
    exif[0x010E] = secret  # the description
    options: dict[str, Any] = {"exif": exif}
    if kind == "png":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text("Comment", secret)
    if kind == "jpeg":
        options["comment"] = secret.encode()
    sent = picture(kind, **options) + b"<script>trailer</script>"
    assert secret.encode() in sent
    prepared = prepare_image(sent)
    assert secret.encode() not in prepared.data
    assert b"script" not in prepared.data
    image = opened(prepared.data)
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "loop"} | {
        *("background", "timestamp", "duration"),
    }


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_rotated_upright(orientation: int) -> None:
    """In the same way as Pillow's exif_transpose."""
    upright = opened(picture(size=(64, 32)))
    turns = {
        **{2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180]},
        **{4: [Image.Transpose.FLIP_TOP_BOTTOM], 5: [Image.Transpose.TRANSPOSE]},
        **{6: [Image.Transpose.ROTATE_90], 7: [Image.Transpose.TRANSVERSE]},
        **{8: [Image.Transpose.ROTATE_270]},
    }
    held = upright
    for turn in turns.get(orientation, []):
        held = held.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = opened(prepare_image(saved(held, "png", exif=exif)).data)
    assert image.size == (64, 32)
    assert near(image.getpixel((5, 16)), (220, 20, 20), 0)
    assert near(image.getpixel((60, 16)), (20, 20, 220), 0)


@pytest.mark.parametrize(
    ("size", "kept"),
    [((5000, 2500), (2048, 1024)), ((100, 4096), (50, 2048)), ((2048, 10), (2048, 10))],
)
@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_large_pictures_are_scaled_down(
    kind: str, size: tuple[int, int], kept: tuple[int, int]
) -> None:
    prepared = prepare_image(picture(kind, size))
    assert (prepared.width, prepared.height) == kept


def test_transparency_is_kept() -> None:
    image = Image.new("RGBA", (8, 8), (10, 200, 10, 0))
    image.paste((10, 200, 10, 255), (4, 0, 8, 8))
    for kind in ("png", "webp", "gif", "avif"):
        kept = opened(prepare_image(saved(image, kind)).data)
        assert kept.mode == "RGBA"
        assert (kept.getpixel((1, 4))[3], kept.getpixel((6, 4))[3]) == (0, 255)


def test_an_animation_becomes_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    for kind in ("gif", "webp", "avif", "mpo"):
        moving = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        kept = opened(prepare_image(moving).data)
        assert getattr(kept, "n_frames", 1) == 1
        assert near(kept.convert("RGB").getpixel((4, 4)), (255, 0, 0))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16", "YCbCr"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    kind = "jpeg" if mode in ("CMYK", "YCbCr") else "png"
    if mode == "I;16":
        image = Image.new("I;16", (8, 8), 0x8000)
    else:
        grey = Image.new("RGB", (8, 8), (128, 128, 128))
        image = grey.quantize(4) if mode == "P" else grey.convert(mode)
    kept = opened(prepare_image(saved(image, kind)).data)
    assert kept.mode in ("RGB", "RGBA")
    if mode != "1":
        assert near(kept.convert("RGB").getpixel((4, 4)), (128, 128, 128), 6)


def test_a_colour_profile_is_applied() -> None:
    """In a colour space with red and green swapped, red becomes green."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"tmpX").replace(b"gXYZ", b"rXYZ").replace(b"tmpX", b"gXYZ")
    sent = saved(Image.new("RGB", (8, 8), (255, 0, 0)), "png", icc_profile=swapped)
    kept = opened(prepare_image(sent).data)
    assert near(kept.getpixel((4, 4)), (0, 255, 0))
    assert "icc_profile" not in kept.info


def test_a_broken_colour_profile_is_ignored() -> None:
    sent = picture("png", icc_profile=b"no profile at all")
    assert near(opened(prepare_image(sent).data).getpixel((10, 20)), (220, 20, 20), 0)


@pytest.mark.parametrize("side", [6_400, 10_000, 12_000, 20_000])
def test_a_decompression_bomb_is_rejected_by_its_header(side: int) -> None:
    bomb = pixel_bomb(side)
    assert len(bomb) < 100
    with pytest.raises(ImageTooLarge) as failure:
        prepare_image(bomb)
    assert failure.value.details["maximumPixels"] == 40_000_000


NO_PICTURE = {
    "svg": SVG,
    "zip": ZIP,
    "text": b"hello",
    "nothing": b"",
    "a bmp": saved(Image.new("RGB", (4, 4)), "bmp"),
    "a tiff": saved(Image.new("RGB", (4, 4)), "tiff"),
    "an icon": saved(Image.new("RGB", (16, 16)), "ico"),
}


@pytest.mark.parametrize("data", NO_PICTURE.values(), ids=NO_PICTURE)
def test_a_file_that_is_not_an_image_is_415(data: bytes) -> None:
    with pytest.raises(UnsupportedFile) as failure:
        prepare_image(data)
    assert failure.value.details == {"allowed": PICTURES}


@pytest.mark.parametrize("kind", KEPT)
def test_a_truncated_picture_is_422(kind: str) -> None:
    noise = Image.frombytes("RGB", (64, 64), random.Random(1).randbytes(64 * 64 * 3))
    data = saved(noise, kind)
    with pytest.raises((BrokenImage, UnsupportedFile)):
        prepare_image(data[: len(data) // 2])


@pytest.mark.parametrize("kind", KEPT)
def test_hostile_bytes_give_an_error_or_a_picture(kind: str) -> None:
    whole = picture(kind, (200, 100))
    rng = random.Random(kind)
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(rng.randint(1, 20)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        try:
            prepare_image(bytes(changed))
        except TroupeError as error:
            assert error.status in (415, 422)

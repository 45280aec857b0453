"""HEIC, the pictures of phones, as a reader for Pillow, which has none.

FFmpeg decodes the tiles. libheif, which Pillow's plugins use, is left out for its many memory
errors: see decision 033.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from av.codec.context import CodecContext
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from PIL import Image
from PIL.ImageFile import ImageFile

from troupe.media.uploads.heif import Box, NotHeif, Still, read_still

_ORIENTATION = 0x0112  # Exif tag
_LIMITED_RANGE, _FULL_RANGE = 1, 2  # FFmpeg's numbers
_BT601, _BT709, _BT2020 = 5, 1, 9  # those of its scaler
_MATRICES = {1: _BT709, 9: _BT2020, 10: _BT2020}  # by the numbers of ITU-T H.273
# Exif's orientations by what they do to a picture of two by two pixels.
_CORNERS = Image.frombytes("L", (2, 2), bytes(range(4)))
_TURNS = (
    *(Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180),
    *(Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270),
    *(Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90),
)
_ORIENTATIONS = {_CORNERS.tobytes(): 1} | {
    _CORNERS.transpose(turn).tobytes(): number for number, turn in enumerate(_TURNS, 2)
}


class HeicImageFile(ImageFile):
    """RGB; an alpha channel is left out, and more than 8 bits are rounded. The orientation is that
    of the container, as the standard demands, and is given as Exif's."""

    format = "HEIC"
    format_description = "HEIC picture"
    _still: Still | None = None

    def _open(self) -> None:
        # Despite its type, Pillow's `fp` is None only after the file has been closed.
        self._still = still = read_still(self.fp)  # type: ignore[arg-type]
        self._size, self._mode = still.size, "RGB"
        self.tiled = len(still.tiles) > 1
        self.tile_pixels = still.tile_size[0] * still.tile_size[1]
        self.getexif()[_ORIENTATION] = _orientation(still.properties)
        for box in still.properties:
            if box.name == b"colr" and box.data[:4] in (b"prof", b"rICC"):
                self.info["icc_profile"] = box.data[4:]

    def load(self) -> Any:
        if self._still is not None:
            still, self._still = self._still, None
            canvas = _decoded(still)
            self.im, self._size = canvas.im, canvas.size
            self.tile = []
        return super().load()


def _decoded(still: Still) -> Image.Image:
    tiles = _tiles(still)
    if len(still.tiles) == 1:  # a picture alone may be large: it is not copied
        return _cropped(next(tiles), still.properties)
    canvas = Image.new("RGB", still.size)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, still.columns)
        canvas.paste(tile, (column * still.tile_size[0], row * still.tile_size[1]))
    return _cropped(canvas, still.properties)


def _tiles(still: Still) -> Iterator[Image.Image]:
    """The tiles, of the stated size."""
    width, height = still.tile_size
    decoder, current = None, b""
    for data, configuration in zip(still.tiles, still.configurations, strict=True):
        if decoder is None or configuration != current:
            decoder, current = _decoder(configuration, width * height), configuration
        frame = _frame(decoder, data)
        # The coded size may be padded to whole blocks, but is never smaller.
        if frame.width < width or frame.height < height:
            raise NotHeif("a tile is smaller than stated")
        tile: Image.Image = frame.to_image(**_colours(still.properties, frame))  # type: ignore[no-untyped-call]
        yield tile if tile.size == still.tile_size else tile.crop((0, 0, width, height))


def _decoder(configuration: bytes, pixels: int) -> VideoCodecContext:
    decoder = CodecContext.create("hevc", "r")
    decoder.extradata = configuration
    decoder.thread_count = 1
    # Blocks are at most 64 pixels wide.
    decoder.options = {"max_pixels": str(2 * pixels + (1 << 16))}
    return decoder


def _frame(decoder: VideoCodecContext, data: bytes) -> VideoFrame:
    """Raises OSError."""
    try:
        frames = [*decoder.decode(Packet(data)), *decoder.decode(None)]
        decoder.flush_buffers()
    except MemoryError:  # PyAV's is an FFmpegError too
        raise
    except FFmpegError as error:
        raise OSError("a tile cannot be decoded") from error
    if len(frames) != 1:
        raise NotHeif("a tile is not one picture")
    return frames[0]


def _colours(properties: list[Box], frame: VideoFrame) -> dict[str, int]:
    """How the samples become RGB: by the container, else by the coded picture."""
    matrix, full = int(frame.colorspace), frame.color_range == _FULL_RANGE
    for box in properties:
        if box.name == b"colr" and box.data[:4] == b"nclx":
            matrix, flags = struct.unpack_from(">HB", box.data, 8)
            full = bool(flags & 0x80)
    return {
        "src_colorspace": _MATRICES.get(matrix, _BT601),
        "src_color_range": _FULL_RANGE if full else _LIMITED_RANGE,
    }


def _orientation(properties: list[Box]) -> int:
    """Exif's number for the turns and mirrorings, in their order."""
    corners = _CORNERS
    for box in properties:
        if box.name == b"irot" and box.data[0] & 3:
            quarter = box.data[0] & 3  # anticlockwise
            turn = (
                *(Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180),
                Image.Transpose.ROTATE_270,
            )[quarter - 1]
            corners = corners.transpose(turn)
        elif box.name == b"imir":
            mirror = (Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.FLIP_LEFT_RIGHT)
            corners = corners.transpose(mirror[box.data[0] & 1])
    return _ORIENTATIONS[corners.tobytes()]


def _cropped(image: Image.Image, properties: list[Box]) -> Image.Image:
    """Without what the "clean aperture" leaves out: its size, and its centre's distance from that
    of the picture, are fractions."""
    for box in properties:
        if box.name != b"clap":
            continue
        numbers = struct.unpack(">IIIIiIiI", box.data[:32])
        if not all(numbers[1::2]):
            raise NotHeif("the crop is damaged")
        width, height, right, down = (
            above / below for above, below in zip(numbers[::2], numbers[1::2], strict=True)
        )
        left = round((image.width - width) / 2 + right)
        top = round((image.height - height) / 2 + down)
        area = (left, top, left + round(width), top + round(height))
        if not (0 <= left < area[2] <= image.width and 0 <= top < area[3] <= image.height):
            raise NotHeif("the crop is damaged")
        return image.crop(area)
    return image

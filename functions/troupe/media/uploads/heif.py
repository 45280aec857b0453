"""HEIF, the container of HEIC pictures: where the coded picture is, and how it is to be shown.

Read strictly, and only what a still picture needs: thumbnails, depth maps and videos beside it are
never looked at. ISO/IEC 23008-12; the boxes are those of ISO/IEC 14496-12.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

_META_BYTES = 4 * 1024 * 1024
_MAX_BOXES = 10_000
_MAX_TILES = 1_024  # a picture of 48 megapixels has 192
_MAX_EXTENTS = 64


class NotHeif(SyntaxError):
    """The file is damaged, or a kind of HEIF that is not supported."""


@dataclass(frozen=True, slots=True)
class Box:
    name: bytes
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Still:
    """A picture in HEVC, coded in tiles of one size, row by row; the last ones may reach over the
    edge. Sizes are in pixels.

    `tiles`: their data, NAL units that each follow their length; `configurations`: of each tile,
    its HEVCDecoderConfigurationRecord. `properties`: of the whole picture.
    """

    size: tuple[int, int]
    tile_size: tuple[int, int]
    columns: int
    tiles: list[bytes] = field(repr=False)
    configurations: list[bytes] = field(repr=False)
    properties: list[Box] = field(repr=False)


def read_still(file: BinaryIO) -> Still:
    """The primary picture of a HEIF. Raises NotHeif."""
    try:
        return _Items(file).still()
    except (struct.error, IndexError, KeyError, StopIteration) as error:
        raise NotHeif("the HEIF is damaged") from error


def boxes(data: bytes) -> Iterator[Box]:
    """The boxes inside a box. Raises NotHeif."""
    at = 0
    for _ in range(_MAX_BOXES):
        if at == len(data):
            return
        size, name = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        end = at + size if size else len(data)
        if not start <= end <= len(data):
            raise NotHeif("a box is longer than what it is in")
        yield Box(name, data[start:end])
        at = end
    raise NotHeif("too many boxes")


class _Items:
    """The items of a file: each is a coded picture, a grid of pictures, or something else."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, io.SEEK_END)
        parts = {box.name: box.data for box in boxes(_meta(file, self._size)[4:])}
        self._stored = parts.get(b"idat", b"")
        self._primary = _Numbers(parts[b"pitm"]).identifier(1)
        self._types = dict(_types(parts[b"iinf"]))
        self._places = dict(_places(parts[b"iloc"]))
        self._inputs = dict(_inputs(parts[b"iref"])) if b"iref" in parts else {}
        tables = list(boxes(parts[b"iprp"]))
        known = next(list(boxes(box.data)) for box in tables if box.name == b"ipco")
        self._properties: dict[int, list[Box]] = {}
        for table in tables:
            if table.name == b"ipma":
                for item, indices in _associations(table.data):
                    self._properties[item] = [known[index - 1] for index in indices if index]

    def still(self) -> Still:
        kind = self._types[self._primary]
        properties = self._properties[self._primary]
        if kind == b"hvc1":
            size, columns, tiles = _extent(properties), 1, [self._primary]
        elif kind == b"grid":
            size, columns, rows = _grid(self._content(self._primary))
            tiles = self._inputs[self._primary]
            if len(tiles) != columns * rows or len(tiles) > _MAX_TILES:
                raise NotHeif("the grid has another number of tiles")
        else:
            raise NotHeif(f"a picture of the kind {kind.decode('latin-1')} is not supported")
        if any(self._types[tile] != b"hvc1" for tile in tiles):
            raise NotHeif("the tiles are not coded in HEVC")
        sizes = {_extent(self._properties[tile]) for tile in tiles}
        if len(sizes) != 1:
            raise NotHeif("the tiles are of different sizes")
        (tile_size,) = sizes
        counts = (columns, len(tiles) // columns)
        for side, tile, count in zip(size, tile_size, counts, strict=True):
            if not (count - 1) * tile < side <= count * tile:
                raise NotHeif("the tiles do not cover the picture")
        # Nothing is read or decoded twice, so time and memory are bounded by the file's length.
        if sum(length for tile in tiles for _, length in self._places[tile][1]) > self._size:
            raise NotHeif("parts of the file are used more than once")
        contents = [self._content(tile) for tile in tiles]
        found = [_one(b"hvcC", self._properties[tile]) for tile in tiles]
        return Still(size, tile_size, columns, contents, found, properties)

    def _content(self, item: int) -> bytes:
        method, extents = self._places[item]
        size = self._size if method == 0 else len(self._stored)
        if sum(length for _, length in extents) > size:
            raise NotHeif("an item is longer than the file")
        content = b""
        for offset, length in extents:
            if method == 0:
                self._file.seek(offset)
                part = self._file.read(length)
            else:
                part = self._stored[offset : offset + length]
            if len(part) != length:
                raise NotHeif("the file is cut off")
            content += part
        return content


def _meta(file: BinaryIO, size: int) -> bytes:
    """The content of the box that describes the items."""
    at = 0
    for _ in range(_MAX_BOXES):
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        start = at + 8
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
            start += 8
        end = at + length if length else size
        if not start <= end <= size:
            raise NotHeif("the file is cut off")
        if name == b"meta":
            if end - start > _META_BYTES:
                raise NotHeif("the description of the items is too long")
            file.seek(start)
            return file.read(end - start)
        at = end
    raise NotHeif("too many boxes")


class _Numbers:
    """Numbers of a full box, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 4
        self.version = data[0]
        self.flags = int.from_bytes(data[1:4], "big")

    def next(self, size: int) -> int:
        """A number of `size` bytes."""
        part = self._data[self._at : self._at + size]
        if len(part) != size:
            raise NotHeif("a box is cut off")
        self._at += size
        return int.from_bytes(part, "big")

    def identifier(self, longer_from: int) -> int:
        """An item's number: 4 bytes from this version of the box on, else 2."""
        return self.next(4 if self.version >= longer_from else 2)

    @property
    def rest(self) -> bytes:
        return self._data[self._at :]


def _types(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Item and its type."""
    numbers = _Numbers(data)
    numbers.identifier(1)  # the count
    for box in boxes(numbers.rest):
        entry = _Numbers(box.data)
        item = entry.identifier(3)
        entry.next(2)
        yield item, entry.next(4).to_bytes(4, "big")


def _places(data: bytes) -> Iterator[tuple[int, tuple[int, list[tuple[int, int]]]]]:
    """Item, where its offsets count from (0: the file, 1: the `idat` box), and its extents: offset
    and length in bytes."""
    numbers = _Numbers(data)
    sizes, more = numbers.next(1), numbers.next(1)
    for _ in range(numbers.identifier(2)):
        item = numbers.identifier(2)
        method = numbers.next(2) & 0xF if numbers.version else 0
        elsewhere = numbers.next(2)
        base = numbers.next(more >> 4)
        count = numbers.next(2)
        if method > 1 or elsewhere or count > _MAX_EXTENTS:
            raise NotHeif("an item is stored in a way that is not supported")
        extents = []
        for _ in range(count):
            if numbers.version:
                numbers.next(more & 0xF)
            offset = base + numbers.next(sizes >> 4)
            extents.append((offset, numbers.next(sizes & 0xF)))
        yield item, (method, extents)


def _inputs(data: bytes) -> Iterator[tuple[int, list[int]]]:
    """Item, and the items that it is made of."""
    version = data[:4]
    for box in boxes(data[4:]):
        if box.name == b"dimg":
            numbers = _Numbers(version + box.data)
            item, count = numbers.identifier(1), numbers.next(2)
            yield item, [numbers.identifier(1) for _ in range(count)]


def _associations(data: bytes) -> Iterator[tuple[int, list[int]]]:
    """Item, and its properties: numbers from 1."""
    numbers = _Numbers(data)
    size, mask = (2, 0x7FFF) if numbers.flags & 1 else (1, 0x7F)
    for _ in range(numbers.next(4)):
        item, count = numbers.identifier(1), numbers.next(1)
        yield item, [numbers.next(size) & mask for _ in range(count)]


def _grid(data: bytes) -> tuple[tuple[int, int], int, int]:
    """Size, columns and rows."""
    _, flags, rows, columns = struct.unpack_from(">4B", data)
    width, height = struct.unpack_from(">II" if flags & 1 else ">HH", data, 4)
    return (width, height), columns + 1, rows + 1


def _extent(properties: list[Box]) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", _one(b"ispe", properties), 4)
    return width, height


def _one(name: bytes, properties: list[Box]) -> bytes:
    return next(box.data for box in properties if box.name == name)

"""Overlays: pictures with transparency, prepared for blending into frames.

A frame is three planes of bytes (Y at full size, Cb and Cr at half), BT.709, limited range. A layer
stores colours premultiplied by opacity, so that blending is one product, one sum and one shift per
byte: out = (under * (256 - a) + colour * a) >> 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.uint8]
Values = NDArray[np.float32]
_Products = NDArray[np.uint16]

# Rec. ITU-R BT.709-6, items 3.2 to 3.5: luma and colour differences from R, G and B of 0 to 255.
_TO_YCBCR = np.array(
    [
        [0.2126, 0.7152, 0.0722],
        [-0.2126 / 1.8556, -0.7152 / 1.8556, 0.9278 / 1.8556],
        [0.7874 / 1.5748, -0.7152 / 1.5748, -0.0722 / 1.5748],
    ],
    np.float32,
) * np.array([[219 / 255], [224 / 255], [224 / 255]], np.float32)
_ZERO = np.array([16, 128, 128], np.float32)


def ycbcr(red: int, green: int, blue: int) -> tuple[int, int, int]:
    """Converts an 8-bit RGB colour."""
    values = _TO_YCBCR @ np.array([red, green, blue], np.float32) + _ZERO
    y, cb, cr = (round(float(each)) for each in values)
    return y, cb, cr


@dataclass(frozen=True, slots=True)
class _Part:
    """One plane: `colour` is value * a, `rest` is 256 - a; both of shape (height, width)."""

    x: int
    y: int
    colour: _Products
    rest: _Products

    def blend(self, plane: Plane, shift: int) -> None:
        height, width = self.colour.shape
        top, left = max(0, self.y + shift), max(0, self.x)
        bottom = min(plane.shape[0], self.y + shift + height)
        right = min(plane.shape[1], self.x + width)
        if top >= bottom or left >= right:
            return
        rows = slice(top - self.y - shift, bottom - self.y - shift)
        columns = slice(left - self.x, right - self.x)
        under = plane[top:bottom, left:right]
        result = np.multiply(under, self.rest[rows, columns], dtype=np.uint16)
        result += self.colour[rows, columns]
        result >>= 8
        under[:] = result

    def faded(self, share: float) -> _Part:
        weight = np.uint32(round(share * 256))
        colour = ((self.colour * weight) >> 8).astype(np.uint16)
        rest = (256 - (((256 - self.rest) * weight) >> 8)).astype(np.uint16)
        return _Part(self.x, self.y, colour, rest)


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture at its position; one part per plane."""

    parts: tuple[_Part, _Part, _Part]

    @classmethod
    def of(cls, image: Image.Image, x: int, y: int) -> Layer:
        """From an RGBA image with its upper left corner at (x, y), both even."""
        if image.width % 2 or image.height % 2:
            canvas = Image.new("RGBA", (image.width + image.width % 2, image.height + 1 & ~1))
            canvas.paste(image)
            image = canvas
        pixels = np.asarray(image, np.float32)
        opacity = pixels[..., 3] / np.float32(255)
        planes: Values = pixels[..., :3] @ _TO_YCBCR.T + _ZERO
        planes *= opacity[..., None]
        small = _halved(planes), _halved(opacity)
        return cls(
            (
                _part(x, y, planes[..., 0], opacity),
                _part(x // 2, y // 2, small[0][..., 1], small[1]),
                _part(x // 2, y // 2, small[0][..., 2], small[1]),
            )
        )

    def blend(self, planes: tuple[Plane, Plane, Plane], shift: int = 0) -> None:
        """Blends into `planes`, `shift` pixels lower (even)."""
        for plane, part, below in zip(
            planes, self.parts, (shift, shift // 2, shift // 2), strict=True
        ):
            part.blend(plane, below)

    def faded(self, share: float) -> Layer:
        """The layer with `share` (0 to 1) of its opacity."""
        y, cb, cr = (part.faded(share) for part in self.parts)
        return Layer((y, cb, cr))


def _halved(values: Values) -> Values:
    rows, columns = values.shape[:2]
    blocks = values.reshape(rows // 2, 2, columns // 2, 2, *values.shape[2:])
    return cast(Values, blocks.mean((1, 3), dtype=np.float32))


def _part(x: int, y: int, colour: Values, opacity: Values) -> _Part:
    """`colour` is already premultiplied by `opacity`, 0 to 1."""
    rest = np.rint((1 - opacity) * 256).astype(np.uint16)
    # 128 is added because the shift rounds down; the result must not exceed 255.
    products = np.clip(np.rint(colour * 256 + 128), 0, 65535 - 255 * rest.astype(np.int64))
    return _Part(x, y, products.astype(np.uint16), rest)

"""Results and errors of checking uploaded media; `samples` and `images` do the checking.

Separate so that HTTP functions can import it without a decoder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NotRequired, Protocol

from typing_extensions import TypedDict

from troupe.errors import AllowedDetails, TroupeError, Unprocessable

SAMPLE_RATE = 24_000  # the rate of F5-TTS and most cloning engines
MIN_SAMPLE_SECONDS, MAX_SAMPLE_SECONDS = 1, 60
MIN_HEARD_SECONDS = 0.5
MAX_SIDE = 2_048  # pixels; larger images are scaled down
MAX_PIXELS = 40_000_000  # decoding takes up to 620 MB (WebP, the worst case)


class BrokenFileDetails(TypedDict):
    """`field`: the form field of the file."""

    field: str


class ImageTooLargeDetails(TypedDict):
    maximumPixels: int
    width: NotRequired[int]
    height: NotRequired[int]
    field: NotRequired[str]


class SampleLengthDetails(TypedDict):
    """In seconds; `seconds`, the sample's length, is given only if it is too short."""

    minimum: float
    maximum: float
    seconds: NotRequired[float]
    field: NotRequired[str]


class SampleSilentDetails(TypedDict):
    """`heardSeconds`: seconds louder than silence, at least `minimum` are required; `levelDb`: the
    level of the whole sample, in dBFS."""

    heardSeconds: float
    minimum: float
    levelDb: float
    field: NotRequired[str]


class UnsupportedFile(TroupeError):
    """Judged by content, not by name; the details list the accepted types."""

    status = 415
    code = "unsupported_media_type"
    details_type = AllowedDetails
    message = "The file's type is not supported."


class BrokenAudio(Unprocessable):
    code = "broken_audio"
    details_type = BrokenFileDetails | None
    message = "The audio cannot be decoded: it is damaged, truncated, or in an unsupported format."


class BrokenImage(Unprocessable):
    code = "broken_image"
    details_type = BrokenFileDetails | None
    message = "The image cannot be decoded: it is damaged or truncated."


class ImageTooLarge(Unprocessable):
    code = "image_too_large"
    details_type = ImageTooLargeDetails
    message = f"The image is too large (maximum {MAX_PIXELS // 1_000_000} megapixels)."


class SampleTooShort(Unprocessable):
    code = "sample_too_short"
    details_type = SampleLengthDetails
    message = f"The voice sample is too short (minimum {MIN_SAMPLE_SECONDS} s)."


class SampleTooLong(Unprocessable):
    code = "sample_too_long"
    details_type = SampleLengthDetails
    message = f"The voice sample is too long (maximum {MAX_SAMPLE_SECONDS} s)."


class SampleSilent(Unprocessable):
    code = "sample_silent"
    details_type = SampleSilentDetails
    message = "The voice sample is almost silent."


class File(Protocol):
    """An uploaded file; `size` in bytes."""

    @property
    def size(self) -> int: ...

    def read(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class PreparedSample:
    """A voice sample as stored, with its measurements.

    `audio`: WAV, mono, 24 kHz, 16 bit. `level_db` (RMS) and `peak_db` in dBFS, at least -120;
    `clipped_share`: share of the original samples at full scale; `silence_share`: share of the
    duration. `verdict`: good, fair or poor; `advice`: one sentence per possible improvement.
    """

    audio: bytes = field(repr=False)
    seconds: float
    level_db: float
    peak_db: float
    clipped_share: float
    silence_share: float
    verdict: str
    advice: list[str]


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """An image as stored: re-encoded, upright, without metadata. `extension` includes the dot."""

    data: bytes = field(repr=False)
    content_type: str
    extension: str
    width: int
    height: int

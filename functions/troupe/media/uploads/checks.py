"""Media that users send: what becomes of it, and why it may be refused.

Known to HTTP functions without a decoder; `samples` and `images` do the work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NotRequired, Protocol

from typing_extensions import TypedDict

from troupe.errors import AllowedDetails, TroupeError, Unprocessable

SAMPLE_RATE = 24_000  # what F5-TTS and most cloning engines work at
MIN_SAMPLE_SECONDS, MAX_SAMPLE_SECONDS = 1, 60
MIN_HEARD_SECONDS = 0.5
MAX_SIDE = 2_048  # pixels; larger images are scaled down
MAX_PIXELS = 40_000_000  # as a WebP, the greediest, that takes 620 MB while it is decoded


class BrokenFileDetails(TypedDict):
    """The field of the form that the file came in."""

    field: str


class ImageTooLargeDetails(TypedDict):
    maximumPixels: int
    width: NotRequired[int]
    height: NotRequired[int]
    field: NotRequired[str]


class SampleLengthDetails(TypedDict):
    """In seconds; how long the sample is, is told of one that is too short."""

    minimum: float
    maximum: float
    seconds: NotRequired[float]
    field: NotRequired[str]


class SampleSilentDetails(TypedDict):
    """`heardSeconds` of the sample are louder than silence, of at least `minimum`; `levelDb` is
    the level of the whole, in dBFS."""

    heardSeconds: float
    minimum: float
    levelDb: float
    field: NotRequired[str]


class UnsupportedFile(TroupeError):
    """Judged by content, whatever its name; the details list what is taken."""

    status = 415
    code = "unsupported_media_type"
    details_type = AllowedDetails
    message = "A file is not of a type that is taken here."


class BrokenAudio(Unprocessable):
    code = "broken_audio"
    details_type = BrokenFileDetails | None
    message = "The audio cannot be decoded: it is damaged, cut off, or of a kind that is not read."


class BrokenImage(Unprocessable):
    code = "broken_image"
    details_type = BrokenFileDetails | None
    message = "The image cannot be decoded: it is damaged or cut off."


class ImageTooLarge(Unprocessable):
    code = "image_too_large"
    details_type = ImageTooLargeDetails
    message = "The image has too many pixels."


class SampleTooShort(Unprocessable):
    code = "sample_too_short"
    details_type = SampleLengthDetails
    message = f"The voice sample is too short: it must last {MIN_SAMPLE_SECONDS} s at least."


class SampleTooLong(Unprocessable):
    code = "sample_too_long"
    details_type = SampleLengthDetails
    message = f"The voice sample is too long: {MAX_SAMPLE_SECONDS} s are the most."


class SampleSilent(Unprocessable):
    code = "sample_silent"
    details_type = SampleSilentDetails
    message = "There is next to nothing to hear in the voice sample."


class File(Protocol):
    """A file as it was sent; `size` in bytes."""

    @property
    def size(self) -> int: ...

    def read(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class PreparedSample:
    """A voice sample as it is kept, and what was measured.

    `audio`: WAV, mono, 24 kHz, 16 bit. `level_db` (RMS) and `peak_db` in dBFS, -120 at the least;
    `clipped_share`: of the samples as they came, those at full scale; `silence_share`: of the
    time. `verdict`: good, fair or poor; `advice`: a sentence for everything that could be better.
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
    """An image as it is kept: encoded anew, upright, without metadata. `extension` has its dot."""

    data: bytes = field(repr=False)
    content_type: str
    extension: str
    width: int
    height: int

"""Results and errors of checking uploaded media; `decoders` has it checked in a child process.

Separate so that HTTP functions can import it without a decoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, NotRequired, Protocol

from typing_extensions import TypedDict

from troupe.errors import AllowedDetails, TroupeError, Unavailable, Unprocessable

SAMPLE_RATE = 24_000  # the rate of F5-TTS and most cloning engines
MIN_SAMPLE_SECONDS, MAX_SAMPLE_SECONDS = 1, 60
MIN_HEARD_SECONDS = 0.5
TIME_LIMIT = 10  # seconds for decoding one file
MAX_SIDE = 2_048  # pixels; larger images are scaled down
SMALLER = (320, 96)  # pixels of the shorter side of the small copies of a picture
MAX_PIXELS = 40_000_000  # of any picture; fewer where decoding takes more memory (`images`)


class BrokenFileDetails(TypedDict):
    """`field`: the form field of the file."""

    field: str


class ImageTooLargeDetails(TypedDict):
    maximumPixels: int
    width: NotRequired[int]
    height: NotRequired[int]
    field: NotRequired[str]


class SampleLengthDetails(TypedDict):
    """In seconds; `seconds`, the length of the sound, is given only if it is too short."""

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


class TooDemandingDetails(TypedDict):
    """What decoding would exceed: `memory` or `output`, with `maximum` in bytes, or `time`, in
    seconds."""

    limit: Literal["memory", "time", "output"]
    maximum: int
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


class BrokenFilm(Unprocessable):
    code = "broken_film"
    message = "The film's picture cannot be read: it is damaged, or in an unsupported format."


class BrokenImage(Unprocessable):
    code = "broken_image"
    details_type = BrokenFileDetails | None
    message = "The image cannot be decoded: it is damaged or truncated."


class ImageTooLarge(Unprocessable):
    code = "image_too_large"
    details_type = ImageTooLargeDetails
    message = "The image has too many pixels."

    def __init__(self, message: str | None = None, *, details: Mapping[str, Any]) -> None:
        """`details`: with `maximumPixels`, which depends on the format."""
        megapixels = details["maximumPixels"] // 1_000_000
        told = f"The image is too large (maximum {megapixels} megapixels)."
        super().__init__(message or told, details=details)


class AudioTooShort(Unprocessable):
    code = "audio_too_short"
    details_type = SampleLengthDetails
    message = "The sound is too short. `details.minimum` says how many seconds it must have."


class AudioTooLong(Unprocessable):
    code = "audio_too_long"
    details_type = SampleLengthDetails
    message = "The sound is too long. `details.maximum` says how many seconds it may have."


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


class TooDemanding(Unprocessable):
    code = "file_too_demanding"
    details_type = TooDemandingDetails
    message = (
        "Decoding the file takes too much time or memory. Export it again with an ordinary encoder."
    )


class BadClip(Unprocessable):
    """For operators; the text says why."""

    code = "bad_clip"
    message = "The clip cannot be a background."


class DecodersBusy(Unavailable):
    code = "decoders_busy"
    message = "Too many files are being checked. Please send this one again."


class File(Protocol):
    """An uploaded file; `size` in bytes."""

    @property
    def size(self) -> int: ...

    @property
    def stream(self) -> BinaryIO:
        """Seekable; may be on disk."""
        ...


@dataclass(frozen=True, slots=True)
class PreparedSample:
    """A voice sample as stored, with its measurements.

    `audio`: WAV, mono, 24 kHz, 16 bit, without a constant offset. `level_db` (RMS) and `peak_db`,
    both of that audio, in dBFS, at least -120; `clipped_share`: share of the original samples at
    full scale; `silence_share`: share of the duration. `verdict`: good, fair or poor; `advice`: one
    sentence per possible improvement.
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
class PreparedAudio:
    """A sound as stored: re-encoded, without metadata. `extension` includes the dot."""

    data: bytes = field(repr=False)
    content_type: str
    extension: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """An image as stored: re-encoded, upright, without metadata. `extension` includes the dot.
    `smaller`: WebP copies by the length of the shorter side, of SMALLER those that are smaller."""

    data: bytes = field(repr=False)
    content_type: str
    extension: str
    width: int
    height: int
    smaller: Mapping[int, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class JoinedFilm:
    """What a browser has recorded. `video`: MP4, with the index first; `width` and `height` in
    pixels, 0 for a film without a picture."""

    video: bytes = field(repr=False)
    seconds: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Clip:
    """A background clip, as determined by its content. `width` and `height` in pixels."""

    seconds: float
    width: int
    height: int

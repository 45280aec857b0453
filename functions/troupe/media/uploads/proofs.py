"""Results and errors of checking uploaded recordings; `recordings` does the checking.

Separate so that HTTP functions can import it without a decoder.
"""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import TypedDict

from troupe.errors import Unprocessable

MAX_RECORDING_SECONDS = 2 * 3600


class RecordingTooLongDetails(TypedDict):
    maximumSeconds: int


class RecordingTooLong(Unprocessable):
    code = "recording_too_long"
    details_type = RecordingTooLongDetails
    message = f"The recording is too long (maximum {MAX_RECORDING_SECONDS // 3600} hours)."


@dataclass(frozen=True, slots=True)
class Recording:
    """An audio file, or a film, as determined by its content. `extension` includes the dot."""

    content_type: str
    extension: str
    seconds: float
    film: bool = False

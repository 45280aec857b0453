"""What a recording turns out to be, and why it may be refused; `recordings` does the work.

Known to HTTP functions without a decoder.
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
    message = f"The recording is too long: {MAX_RECORDING_SECONDS // 3600} hours are the most."


@dataclass(frozen=True, slots=True)
class Recording:
    """An audio file, by its content. `extension` has its dot; `seconds` of sound."""

    content_type: str
    extension: str
    seconds: float

"""What can go wrong with scripts, in the words of the API."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, NotFound, Unprocessable
from troupe.jobs.records import JobKind


class ScriptNotFound(NotFound):
    code = "script_not_found"
    message = "There is no such script of yours."


class LineNotFoundDetails(TypedDict):
    """How many lines there are."""

    lines: int


class LineNotFound(NotFound):
    code = "line_not_found"
    details_type = LineNotFoundDetails
    message = "The script has no such line. Lines of `?line=` count from 0."


class VideoNotFound(NotFound):
    code = "video_not_found"
    message = "There is no such video of yours."


class JobNotFound(NotFound):
    code = "job_not_found"
    message = "There is no such job of yours."


class ScriptBusyDetails(TypedDict):
    """The job that works on the script."""

    jobId: str
    kind: JobKind


class ScriptBusy(Conflict):
    code = "script_busy"
    details_type = ScriptBusyDetails
    message = "A job works on this script. Wait for its end, or cancel it."


class ScriptAudioNotReady(Conflict):
    code = "audio_not_ready"
    message = (
        "The audio is not there (yet). `POST /api/scripts/{scriptId}/generate-audio` makes it."
    )


class ScriptEmpty(Unprocessable):
    code = "script_empty"
    message = "The script has no lines to speak."


class MissingCharacter(TypedDict):
    """A character that was deleted, by the name that it has in the script."""

    id: str
    name: str


class CharacterGoneDetails(TypedDict):
    characters: list[MissingCharacter]


class CharacterGone(Unprocessable):
    code = "character_gone"
    details_type = CharacterGoneDetails
    message = "A character that speaks in this script does not exist any more."

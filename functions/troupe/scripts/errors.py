"""What can go wrong with scripts, in the words of the API."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import (
    AllowedDetails,
    Conflict,
    NotFound,
    TooManyRequests,
    Unavailable,
    Unprocessable,
)
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


class WrongLine(TypedDict):
    line: int
    message: str


class InvalidDialogueDetails(TypedDict):
    lines: list[WrongLine]


class InvalidDialogue(Unprocessable):
    """`details.lines` names each line that is wrong and says why. Lines count from 1: those of the
    text for a screenplay, those of the list for a dialogue."""

    code = "invalid_dialogue"
    details_type = InvalidDialogueDetails
    message = "Some lines of the dialogue are not right."


class UnknownBackground(Unprocessable):
    code = "unknown_background"
    details_type = AllowedDetails
    message = "There is no such background. Use a name of `GET /api/videos/backgrounds` or #rrggbb."


class ScriptWriterNotConfigured(Unavailable):
    code = "script_writer_not_configured"
    message = (
        "Scripts cannot be written by a model here: OPENAI_API_KEY, OPENAI_BASE_URL or "
        "OPENAI_SCRIPT_MODEL is missing or not right. Send a dialogue or a screenplay instead."
    )


class ScriptRefused(Unprocessable):
    code = "script_refused"
    message = "The model will not write this. Please ask for something else."


class ScriptWriterUnavailable(Unavailable):
    code = "script_writer_unavailable"
    message = "The model does not answer. Please try again in a while."


class ScriptWriterBusy(TooManyRequests):
    code = "script_writer_busy"
    message = "The model has too much to do. Please try again in a while."


class ScriptWriterFailed(Unavailable):
    code = "script_writer_failed"
    message = "What the model wrote cannot be used. Please try again, or ask differently."

"""The errors of scripts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from troupe.errors import (
    MOST_FIELDS,
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
    message = "You don't have a script with this id."


class LineNotFoundDetails(TypedDict):
    """`lines`: how many lines the script has."""

    lines: int


class LineNotFound(NotFound):
    code = "line_not_found"
    details_type = LineNotFoundDetails
    message = "The script has no line with this number. Lines count from 0."


class VideoNotFound(NotFound):
    code = "video_not_found"
    message = "You don't have a video with this name."


class BackgroundNotFound(NotFound):
    code = "background_not_found"
    message = "There is no background with this name, or no picture of it."


class ScriptBusyDetails(TypedDict):
    """The job that is working on the script."""

    jobId: str
    kind: JobKind


class ScriptBusy(Conflict):
    code = "script_busy"
    details_type = ScriptBusyDetails
    message = "A job is working on this script. Wait for it to end, or cancel it."


class ScriptChangedDetails(TypedDict):
    """`revision`: the current one."""

    revision: int


class ScriptChanged(Conflict):
    code = "script_changed"
    details_type = ScriptChangedDetails
    message = (
        "The dialogue has been edited since the revision in If-Match. Read the script again, and "
        "send your edit with its `revision`."
    )


class LineSpokenDetails(TypedDict):
    """`take`: the number of the next take."""

    take: int


class LineSpoken(Conflict):
    code = "line_spoken"
    details_type = LineSpokenDetails
    message = (
        "This take of the line has been spoken already. Send another number as `take` to have the "
        "line spoken anew."
    )


class ScriptAudioNotReady(Conflict):
    code = "audio_not_ready"
    message = "There is no audio yet. Create it with `POST /api/scripts/{scriptId}/generate-audio`."


class ScriptEmpty(Unprocessable):
    code = "script_empty"
    message = "The script has no lines to speak."


class SameLanguage(Unprocessable):
    code = "same_language"
    message = "There is nothing to translate: the script is already in this language."


class MissingCharacter(TypedDict):
    """A deleted character, with its name in the script."""

    id: str
    name: str


class CharacterGoneDetails(TypedDict):
    characters: list[MissingCharacter]


class CharacterGone(Unprocessable):
    code = "character_gone"
    details_type = CharacterGoneDetails
    message = "A character who speaks in this script no longer exists."


class InvalidLine(TypedDict):
    line: int
    message: str


class InvalidDialogueDetails(TypedDict):
    lines: Annotated[list[InvalidLine], Field(max_length=MOST_FIELDS)]


class InvalidDialogue(Unprocessable):
    """`details.lines` lists each invalid line and the reason. Lines count from 1: lines of text in
    a screenplay, items of the list in a dialogue."""

    code = "invalid_dialogue"
    details_type = InvalidDialogueDetails
    message = "Some lines of the dialogue are invalid."


class UnknownBackground(Unprocessable):
    code = "unknown_background"
    details_type = AllowedDetails
    message = (
        "Unknown background. Use a name from `GET /api/videos/backgrounds` or a colour (#rrggbb)."
    )


class ScriptWriterNotConfigured(Unavailable):
    code = "script_writer_not_configured"
    message = (
        "This server cannot generate scripts: OPENAI_API_KEY, OPENAI_BASE_URL or "
        "OPENAI_SCRIPT_MODEL is missing or wrong. Send a dialogue or a screenplay instead."
    )


class ScriptRefused(Unprocessable):
    code = "script_refused"
    message = "The model refused to write this. Please change the prompt."


class ScriptWriterUnavailable(Unavailable):
    code = "script_writer_unavailable"
    message = "The model is not responding. Please try again later."


class ScriptWriterBusy(TooManyRequests):
    code = "script_writer_busy"
    message = "The model is overloaded. Please try again later."


class ScriptWriterFailed(Unavailable):
    code = "script_writer_failed"
    message = "The model's answer is unusable. Please try again, or change the prompt."

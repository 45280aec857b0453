"""What can go wrong with scripts, in the words of the API."""

from __future__ import annotations

from troupe.errors import Conflict, NotFound, Unprocessable


class ScriptNotFound(NotFound):
    code = "script_not_found"
    message = "There is no such script of yours."


class LineNotFound(NotFound):
    code = "line_not_found"
    message = "The script has no such line. Lines of `?line=` count from 0."


class VideoNotFound(NotFound):
    code = "video_not_found"
    message = "There is no such video of yours."


class JobNotFound(NotFound):
    code = "job_not_found"
    message = "There is no such job of yours."


class ScriptBusy(Conflict):
    """The details say which job, and of what kind."""

    code = "script_busy"
    message = "A job works on this script. Wait for its end, or cancel it."


class ScriptAudioNotReady(Conflict):
    code = "audio_not_ready"
    message = (
        "The audio is not there (yet). `POST /api/scripts/{scriptId}/generate-audio` makes it."
    )


class ScriptEmpty(Unprocessable):
    code = "script_empty"
    message = "The script has no lines to speak."


class CharacterGone(Unprocessable):
    """The details name who it is."""

    code = "character_gone"
    message = "A character that speaks in this script does not exist any more."

"""What can go wrong with a dubbing, as the API reports it."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, NotFound, NotOffered, Unprocessable
from troupe.jobs.records import JobStatus


class DubbingNotFound(NotFound):
    code = "dubbing_not_found"
    message = "You don't have a dubbing with this id."


class DubbingNotReadyDetails(TypedDict):
    """The status of the dubbing."""

    status: JobStatus


class DubbingNotReady(Conflict):
    code = "dubbing_not_ready"
    details_type = DubbingNotReadyDetails | None
    message = "The file is not available."


class NoVideo(NotFound):
    code = "no_video"
    message = "The recording had no picture, so there is no video. Ask for `kind=audio`."


class SameLanguage(Unprocessable):
    code = "same_language"
    message = "`sourceLanguage` and `targetLanguage` are the same. Choose another language."


class DubbingNotOffered(NotOffered):
    def __init__(self, field: str, why: str) -> None:
        wrong = {"field": field, "message": why, "type": self.code}
        super().__init__(f"{field}: {why}", details={"fields": [wrong]})

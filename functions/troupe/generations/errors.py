"""What can go wrong with a generation, as the API reports it."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, NotFound, NotOffered, Unavailable, Unprocessable
from troupe.jobs.records import JobStatus


class TextTooLongDetails(TypedDict):
    characters: int
    maximum: int


class TextTooLong(Unprocessable):
    code = "text_too_long"
    details_type = TextTooLongDetails
    message = "The text is too long."


class TranslationNotOffered(NotOffered):
    message = (
        "targetLanguage: translation is not offered yet. Leave it out, and send the text in the "
        "language to speak."
    )

    def __init__(self) -> None:
        why = "translation is not offered yet"
        field = {"field": "targetLanguage", "message": why, "type": self.code}
        super().__init__(details={"fields": [field]})


class GenerationNotFound(NotFound):
    code = "generation_not_found"
    message = "You don't have a generation with this id."


class AudioNotReadyDetails(TypedDict):
    """The status of the generation."""

    status: JobStatus


class AudioNotReady(Conflict):
    code = "audio_not_ready"
    details_type = AudioNotReadyDetails | None
    message = "The audio is not available."


class SpeechFailed(Unprocessable):
    code = "speech_failed"
    message = "The text could not be spoken. You were charged for what was spoken, if anything."


class StillSpeaking(Unavailable):
    code = "still_speaking"
    message = "The speech is not ready in time. It goes on in the background."

    @classmethod
    def of(cls, generation_id: str) -> StillSpeaking:
        return cls(
            "The speech is not ready in time. It goes on in the background: get it at "
            f"`GET /api/voice/generations/{generation_id}`.",
            retry_after=10,
        )

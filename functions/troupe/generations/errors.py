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

    @classmethod
    def check(cls, text: str, maximum: int, problem: str = "", way_out: str = "") -> None:
        """Raises this error for more than `maximum` characters. `problem`: for what the text is too
        long, as a sentence without its period; `way_out`: what to do instead."""
        if len(text) > maximum:
            told = f"{problem or cls.message.rstrip('.')}: {len(text)} characters"
            raise cls(
                f"{told} (maximum {maximum}). {way_out}".rstrip(),
                details={"characters": len(text), "maximum": maximum},
            )


class TranslationNotOffered(NotOffered):
    def __init__(self, why: str = "this server does not translate") -> None:
        field = {"field": "targetLanguage", "message": why, "type": self.code}
        super().__init__(
            f"targetLanguage: {why}. Leave it out, and send the text in the language to speak.",
            details={"fields": [field]},
        )


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

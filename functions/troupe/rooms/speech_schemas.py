"""What asking for the speech of a message takes and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from troupe.jobs.schemas import JobView
from troupe.rooms.message_schemas import MessagePath
from troupe.rooms.records import SpeechVoice
from troupe.rooms.schemas import Language
from troupe.rooms.speech_keys import audio_url
from troupe.web.media import MediaUrl
from troupe.web.schema import Schema, example

if TYPE_CHECKING:
    from troupe.rooms.speeches import Spoken


class SpeakMessage(Schema):
    model_config = example({"language": "en"})

    language: Language = Field(description="If the message is not in it yet, it is translated.")
    voice: SpeechVoice = Field(
        "sender",
        description="`sender`: the voice that the sender has chosen in the room, if it may be "
        "cloned and an engine can; otherwise as `default`, a voice of the language.",
    )


class SpeechData(Schema):
    audio_url: MediaUrl | None = Field(description="Null until it is ready.")
    job: JobView | None = Field(description="What makes it; null if it is ready.")

    @classmethod
    def of(cls, path: MessagePath, spoken: Spoken) -> Self:
        from troupe.rooms.speech_specs import MESSAGE_SPEECH  # noqa: PLC0415 (it would slow down the start)

        ready = spoken.speech.state == "ready"
        url = audio_url(path.room_id, path.message_id, spoken.key)
        job = JobView.of(spoken.job, MESSAGE_SPEECH) if spoken.job else None
        return cls(audio_url=url if ready else None, job=job)

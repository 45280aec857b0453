"""What the operations on live captions take and answer."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.rooms.captions import CaptionDraft, Captioned
from troupe.rooms.message_schemas import MessageView
from troupe.rooms.schemas import Language
from troupe.web.schema import Schema, Text, example
from troupe.web.upload import Form, Upload

_MOST_MS = 7 * 86_400_000  # a week


class SendCaption(Form):
    model_config = example({"text": "Good morning!", "stream": "k3x8", "seq": 0})

    audio: Upload | None = Field(
        None,
        description="A whole sound file of 0.4 to 15 seconds and at most 2 MB, which ends where "
        "the speaker pauses: WebM, Ogg, MP4, WAV, MP3 or FLAC.",
    )
    text: Annotated[Text, Field(max_length=1000)] | None = Field(
        None,
        description="In place of the sound: what your client has recognised itself. Costs nothing.",
    )
    stream: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$", max_length=64)] = (
        Field(description="A recording: choose a new one whenever a microphone is switched on.")
    )
    seq: Annotated[int, Field(ge=0, le=2**31)] = Field(
        description="The number of the caption in its stream. Send a caption again with the same "
        "number, and the next caption with the next one."
    )
    start_ms: Annotated[int, Field(ge=0, le=_MOST_MS)] = Field(
        0, description="When it begins in the stream, in milliseconds."
    )
    language: Language | None = Field(
        None,
        description="The language that is spoken. By default the one that you read in the room; "
        "that of `text` is detected among the languages of the room.",
    )
    final: bool = Field(
        True,
        description="`false` if you will send this caption again with more of its sound. It is "
        "shown, but not translated yet.",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.audio is None) == (self.text is None):
            raise PydanticCustomError("caption", "send either `audio` or `text`")
        return self

    def draft(self) -> CaptionDraft:
        return CaptionDraft(
            stream=self.stream,
            seq=self.seq,
            start_ms=self.start_ms,
            audio=self.audio.stream if self.audio else None,
            text=self.text,
            language=self.language,
            final=self.final,
        )


class CaptionData(Schema):
    caption: MessageView | None = Field(description="The message; null if nobody speaks.")
    no_speech: bool = Field(description="Whether nobody speaks: nothing was stored or charged.")

    @classmethod
    def of(cls, captioned: Captioned) -> Self:
        message = captioned.message
        view = MessageView.of(message) if message is not None else None
        return cls(caption=view, no_speech=message is None)

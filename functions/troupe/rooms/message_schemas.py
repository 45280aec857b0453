"""What the operations on messages take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AliasChoices, Field, StringConstraints

from troupe.rooms.attachments import SentFiles
from troupe.rooms.messages import Draft
from troupe.rooms.records import (
    MOST_CHARACTERS,
    Message,
    MessageKind,
    SpeechState,
    SpeechVoice,
    TranscriptState,
    TranslationState,
)
from troupe.rooms.schemas import Language, RoomPath
from troupe.rooms.speech_keys import audio_url
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, Schema, Text, WarnsOfUnknown, example
from troupe.web.upload import Form, Upload

MessageText = Annotated[Text, Field(max_length=MOST_CHARACTERS)]
ClientId = Annotated[str, StringConstraints(max_length=128, pattern=r"^[\x21-\x7e]{1,128}$")]


_TEXT = "Up to 4,000 characters. `<@id>` mentions the user with this id."


class _Sent(WarnsOfUnknown):
    """What a message has in JSON and in a form."""

    client_id: ClientId | None = Field(
        None,
        description="A client-chosen id. Sending again with the same id returns the stored message "
        "with status 200. `Idempotency-Key` does the same.",
    )
    language: Language | None = Field(
        None,
        description="Of the text. By default it is detected among the languages of the room.",
    )
    reply_to: Id | None = Field(None, description="The id of the message that this one answers.")
    speak: bool | None = Field(
        None,
        description="Whether it is spoken for the members with `autoSpeak`; by default if the "
        "room's `autoSpeak` is on. It is sent even if it cannot be spoken.",
    )

    def _draft(self, key: str | None, text: str, files: SentFiles) -> Draft:
        return Draft(
            text=text,
            files=files,
            client_id=self.client_id or key,
            language=self.language,
            reply_to=self.reply_to,
            speak=self.speak,
        )


class SendMessage(_Sent):
    model_config = example({"text": "Guten Morgen!", "clientId": "5e2d", "language": "de"})

    text: MessageText = Field(description=_TEXT)

    @property
    def files(self) -> int:
        return 0

    def draft(self, key: str | None) -> Draft:
        return self._draft(key, self.text, SentFiles())


class SendMessageForm(Form, _Sent):
    text: MessageText | None = Field(None, description=f"{_TEXT} Required without a file.")
    audio: Upload | None = Field(
        None,
        description="WAV, MP3, M4A, AAC, Ogg, FLAC, WebM, AIFF, CAF or AMR audio, 0.4 to 300 "
        "seconds and at most 10 MB.",
    )
    photo: Upload | None = Field(
        None, description="A PNG, JPEG, WebP, GIF, AVIF or HEIC picture, at most 6 MB."
    )

    @property
    def files(self) -> int:
        """How many were sent."""
        return sum(each is not None for each in (self.audio, self.photo))

    def draft(self, key: str | None) -> Draft:
        return self._draft(key, self.text or "", SentFiles(self.audio, self.photo))


class EditMessage(Schema):
    model_config = example({"text": "Guten Abend!", "revision": 1})

    text: MessageText
    revision: int | None = Field(
        None,
        ge=1,
        le=2**53,
        description="The revision that you have edited: 409 if it is no longer the current one.",
    )


class NamedRoom(Schema):
    model_config = example({"roomId": "ID_OF_A_ROOM"})

    room_id: Id = Field(
        validation_alias=AliasChoices("roomId", "room_id", "chatroomId", "chatroom_id"),
        description="`chatroomId` is accepted, too.",
    )


class MessagePath(RoomPath):
    message_id: Id


class MarkRead(Schema):
    model_config = example({"messageId": "ID_OF_A_MESSAGE"})

    message_id: Id


class TranslationView(Schema):
    text: str
    by: str = Field(description="The translator.")
    partly: bool = Field(description="Whether some of the text was left as it was.")


class CaptionView(Schema):
    """Where a caption is in its stream. `startMs` and `endMs`: milliseconds from the start."""

    stream: str
    seq: int
    start_ms: int
    end_ms: int | None
    final: bool = Field(description="Whether it is not going to change.")


class MessageAudioView(Schema):
    content_type: str
    size: int = Field(description="Bytes.")
    seconds: float
    transcript: TranscriptState = Field(
        description="`none` if nothing was transcribed; `done` if the text is what was said."
    )


class MessagePhotoView(Schema):
    content_type: str
    size: int = Field(description="Bytes.")
    width: int = Field(description="Pixels.")
    height: int


class AudioQuery(Schema):
    language: Language | None = Field(
        None, description="What was spoken of the message in this language, instead of its sound."
    )
    voice: SpeechVoice = Field("sender", description="As in `speakMessage`.")


class SpeechView(Schema):
    state: SpeechState
    voice: SpeechVoice = Field(
        description="`sender`: the sender's own cloned voice; `default`: a voice of the language."
    )
    seconds: float | None = Field(description="Null unless it is `ready`.")
    audio_url: MediaUrl | None = Field(description="Null unless it is `ready`.")
    error: str = Field(description="The code of what went wrong, if it `failed`; else empty.")


class MessageView(Schema):
    id: str
    room_id: str
    user_id: str = Field(description="Empty if the account was deleted.")
    name: str
    guest: bool
    kind: MessageKind
    client_id: str
    text: str = Field(description="Empty if the message was deleted.")
    language: str = Field(description="Empty if it is not known.")
    translation_state: TranslationState = Field(
        description="`pending` until all `targets` are there; then `done`, `partial` or `failed`. "
        "`none` if there was nothing to translate."
    )
    targets: list[str] = Field(
        description="The languages that it is, or is being, translated into."
    )
    translations: dict[str, TranslationView] = Field(description="By language.")
    caption: CaptionView | None = Field(description="Of the kind `caption`.")
    audio: MessageAudioView | None
    audio_url: MediaUrl | None
    photo: MessagePhotoView | None
    photo_url: MediaUrl | None
    speech: dict[str, SpeechView] = Field(
        description="How it was spoken, by language. `-x-default` is appended to the language if "
        "it was asked for in another voice than the sender's."
    )
    reply_to_id: str | None
    mentioned_ids: list[str]
    revision: int = Field(description="1, and one more with every edit.")
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    deleted_by: str = Field(description="The id of the user; empty if it was not deleted.")

    @classmethod
    def of(cls, message: Message) -> Self:
        audio, photo = message.audio, message.photo
        url = f"/api/rooms/{message.room_id}/messages/{message.id}"
        return cls(
            id=message.id,
            room_id=message.room_id,
            user_id=message.uid,
            name=message.name,
            guest=message.guest,
            kind=message.kind,
            client_id=message.client_id,
            text=message.text,
            language=message.language or "",
            translation_state=message.translation_state,
            targets=message.targets,
            translations={
                code: TranslationView(text=each.text, by=each.by, partly=each.partly)
                for code, each in sorted(message.translations.items())
            },
            caption=message.caption and CaptionView(**message.caption.model_dump()),
            audio=audio and MessageAudioView(**audio.model_dump(exclude={"path", "reserved"})),
            audio_url=f"{url}/audio" if audio else None,
            photo=photo and MessagePhotoView(**photo.model_dump(exclude={"path"})),
            photo_url=f"{url}/photo" if photo else None,
            speech={
                key: SpeechView(
                    state=each.state,
                    voice=each.voice,
                    seconds=each.seconds,
                    audio_url=audio_url(message.room_id, message.id, key)
                    if each.state == "ready"
                    else None,
                    error=each.error or "",
                )
                for key, each in sorted(message.speech.items())
            },
            reply_to_id=message.reply_to,
            mentioned_ids=message.mentions,
            revision=message.revision,
            created_at=message.created_at,
            updated_at=message.updated_at,
            edited_at=message.edited_at,
            deleted_at=message.deleted_at,
            deleted_by=message.deleted_by or "",
        )


class MessageData(Schema):
    message: MessageView

    @classmethod
    def of(cls, message: Message) -> Self:
        return cls(message=MessageView.of(message))


class MessagesData(Schema):
    messages: list[MessageView]


class ReadData(Schema):
    last_read_at: datetime
    unread: int = Field(description="How many messages came after that.")

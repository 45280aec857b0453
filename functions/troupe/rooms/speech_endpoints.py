"""The speech of messages over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.errors import UnknownChoice
from troupe.jobs.errors import TooManyJobs
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.rooms import speech_schemas as schemas
from troupe.rooms.errors import (
    CaptionNotFinal,
    ChangedSince,
    MessageNotFound,
    Muted,
    RoomArchived,
    RoomCannotPay,
    RoomNotFound,
    SpeechNotAllowed,
    TooManySpeeches,
)
from troupe.rooms.message_schemas import MessagePath
from troupe.speech.errors import NothingToSpeak, SpeechTooLong, UnreadableText
from troupe.translation.errors import TRANSLATOR_ERRORS
from troupe.wallet.errors import PAYER_ERRORS, NotEnoughTokens
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.rooms.speeches import MessageSpeeches

api = Api("roomSpeech", "Speech in rooms")


@api.post(
    "/api/rooms/<roomId>/messages/<messageId>/speech",
    auth=Auth.MEMBER,
    status=202,
    other_statuses=(200,),
    data=schemas.SpeechData,
    errors=(
        *(RoomNotFound, MessageNotFound, RoomArchived, Muted, SpeechNotAllowed),
        *(CaptionNotFinal, ChangedSince, UnknownChoice, NothingToSpeak),
        *(UnreadableText, SpeechTooLong, TooManySpeeches, TooManyJobs, RoomCannotPay),
        *(NotEnoughTokens, *PAYER_ERRORS, *TRANSLATOR_ERRORS, *MODERATION_ERRORS),
    ),
)
def speak_message(
    path: MessagePath,
    body: schemas.SpeakMessage,
    caller: Caller,
    message_speeches: MessageSpeeches,
) -> Reply:
    """Speaks a message in a language, for everybody in the room and once. Answers 200 with the
    sound if it is there already, which costs nothing. Whoever the room's `payer` is pays what
    speech costs."""
    spoken = message_speeches.speak(
        caller, path.room_id, path.message_id, body.language, body.voice
    )
    data = schemas.SpeechData.of(path, spoken)
    if data.audio_url is not None:
        return Reply(data, "Message spoken successfully", status=200)
    return Reply(data, "Speech started successfully")

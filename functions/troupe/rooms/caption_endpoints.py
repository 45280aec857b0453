"""Live captions over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.errors import UnknownChoice
from troupe.idempotency import KeyReused
from troupe.media.uploads.checks import DecodersBusy, TooDemanding, UnsupportedFile
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.rooms import caption_schemas as schemas
from troupe.rooms.errors import (
    AudioUnreadable,
    CaptionLength,
    CaptionsOff,
    CaptionsPaused,
    Muted,
    RecognitionFailed,
    RoomArchived,
    RoomNotFound,
)
from troupe.rooms.schemas import RoomPath
from troupe.transcriptions.errors import TranscriberNotConfigured
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.rooms.captions import Captions

api = Api("room-captions", "Live captions in rooms")

_MOST_BYTES = 2 * 1024 * 1024 + 16 * 1024  # a sound of 2 MB, and the other fields


@api.post(
    "/api/rooms/<roomId>/captions",
    auth=Auth.MEMBER,
    data=schemas.CaptionData,
    errors=(
        *(RoomNotFound, RoomArchived, Muted, KeyReused, UnknownChoice, AudioUnreadable),
        *(CaptionLength, UnsupportedFile, TooDemanding, DecodersBusy, CaptionsPaused, CaptionsOff),
        *(TranscriberNotConfigured, RecognitionFailed, *MODERATION_ERRORS),
    ),
    limit="room_caption",
    body_bytes=_MOST_BYTES,
)
def send_caption(
    path: RoomPath, form: schemas.SendCaption, caller: AccountCaller, captions: Captions
) -> Reply:
    """Shows the others what you say, while you say it. A caption is a message of the kind
    `caption`, which is translated as messages are. The seconds in which somebody speaks are paid
    for by whoever pays for the room; silence and noise cost nothing, nor does `text`."""
    captioned = captions.send(caller, path.room_id, form.draft())
    said = "Caption sent successfully" if captioned.message else "Nobody speaks"
    return Reply(schemas.CaptionData.of(captioned), said)

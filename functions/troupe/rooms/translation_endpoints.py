"""Translations and glossaries of rooms over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.errors import UnknownChoice
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.rooms import translation_schemas as schemas
from troupe.rooms.errors import (
    CaptionNotFinal,
    ChangedSince,
    MessageNotFound,
    RoomNotFound,
    RoomRoleRequired,
)
from troupe.rooms.message_schemas import MessagePath
from troupe.rooms.schemas import RoomPath
from troupe.translation.errors import TRANSLATOR_ERRORS, StyleNotOffered
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.rooms.glossary import RoomGlossaries
    from troupe.rooms.translations import MessageTranslations

api = Api("roomTranslations", "Translations in rooms")


@api.post(
    "/api/rooms/<roomId>/messages/<messageId>/translations",
    auth=Auth.MEMBER,
    data=schemas.TranslationData,
    errors=(
        *(RoomNotFound, MessageNotFound, CaptionNotFinal, ChangedSince),
        *(UnknownChoice, StyleNotOffered),
        *(*TRANSLATOR_ERRORS, *MODERATION_ERRORS),
    ),
)
def request_translation(
    path: MessagePath,
    body: schemas.RequestTranslation,
    caller: Caller,
    message_translations: MessageTranslations,
) -> Reply:
    """Translates a message into a language that it is not in yet. All members see the translation
    then, and it is made once. With a `style`, which the room must allow, only you get it."""
    made = message_translations.request(
        caller, path.room_id, path.message_id, body.target_language, body.style or ""
    )
    data = schemas.TranslationData(text=made.text, translation_state=made.state)
    return Reply(data, "Message translated successfully")


@api.get(
    "/api/rooms/<roomId>/glossary",
    auth=Auth.MEMBER,
    data=schemas.GlossaryData,
    errors=(RoomNotFound,),
)
def room_glossary(path: RoomPath, caller: Caller, room_glossaries: RoomGlossaries) -> Reply:
    """Returns the terms of a room, and how they are translated."""
    terms = room_glossaries.get(caller, path.room_id)
    return Reply(schemas.GlossaryData.of(terms), "Glossary fetched successfully")


@api.put(
    "/api/rooms/<roomId>/glossary",
    auth=Auth.OWNER,
    data=schemas.GlossaryData,
    errors=(RoomNotFound, RoomRoleRequired, *MODERATION_ERRORS),
)
def set_room_glossary(
    path: RoomPath, body: schemas.SetGlossary, caller: Caller, room_glossaries: RoomGlossaries
) -> Reply:
    """Replaces the terms of a room, of at most 200. For the owner and moderators. Messages that are
    sent from now on follow them."""
    terms = room_glossaries.put(caller, path.room_id, [each.term for each in body.terms])
    return Reply(schemas.GlossaryData.of(terms), "Glossary saved successfully")

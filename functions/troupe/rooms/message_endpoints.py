"""Messages over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.idempotency import KeyReused
from troupe.jobs.errors import TooManyJobs
from troupe.jobs.schemas import JobView
from troupe.media.uploads.checks import (
    AudioTooLong,
    AudioTooShort,
    BrokenAudio,
    BrokenImage,
    DecodersBusy,
    ImageTooLarge,
    TooDemanding,
    UnsupportedFile,
)
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.paging import BadCursor, PageTooDeep
from troupe.rooms import message_schemas as schemas
from troupe.rooms.attachments import MAX_AUDIO_BYTES, MAX_PHOTO_BYTES
from troupe.rooms.clearing_schemas import ClearingData, ClearQuery
from troupe.rooms.clearing_specs import ROOM_CLEARING
from troupe.rooms.errors import (
    AttachmentTooLarge,
    AudioNotReady,
    CaptionNotFinal,
    ChangedSince,
    EditedTooLate,
    MessageFileNotFound,
    MessageNotFound,
    Muted,
    NotAuthor,
    NothingToSend,
    RoomArchived,
    RoomNotFound,
    RoomRoleRequired,
)
from troupe.rooms.schemas import RoomPath
from troupe.web.body import JSON_LIMIT
from troupe.web.caller import Auth
from troupe.web.files import file_response
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader, Page

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.adapters.storage import Files
    from troupe.caller import Caller
    from troupe.rooms.clearing import RoomClearing
    from troupe.rooms.messages import MessageFile, Messages

api = Api("messages", "Messages in rooms")


@api.get(
    "/api/rooms/<roomId>/messages",
    auth=Auth.MEMBER,
    data=schemas.MessagesData,
    errors=(RoomNotFound, BadCursor, PageTooDeep),
)
def list_messages(path: RoomPath, query: Page, caller: Caller, messages: Messages) -> Reply:
    """Lists the messages of a room, newest first. Deleted ones keep their place and are empty."""
    return _listed(path.room_id, query, caller, messages)


@api.post(
    "/api/get-chatroom-messages",
    aliases=("/api/chatroom/get-chatroom-messages",),
    auth=Auth.MEMBER,
    data=schemas.MessagesData,
    errors=(RoomNotFound, BadCursor, PageTooDeep),
)
def list_named_messages(
    query: Page, body: schemas.NamedRoom, caller: Caller, messages: Messages
) -> Reply:
    """Lists the messages of the room that the body names, newest first."""
    return _listed(body.room_id, query, caller, messages)


@api.post(
    "/api/rooms/<roomId>/messages",
    auth=Auth.MEMBER,
    status=201,
    other_statuses=(200,),
    data=schemas.MessageData,
    errors=(
        *(RoomNotFound, RoomArchived, Muted, MessageNotFound, KeyReused, NothingToSend),
        *(AttachmentTooLarge, UnsupportedFile, BrokenAudio, AudioTooShort, AudioTooLong),
        *(BrokenImage, ImageTooLarge, TooDemanding, DecodersBusy),
        *MODERATION_ERRORS,
    ),
    form_bytes=MAX_AUDIO_BYTES + MAX_PHOTO_BYTES + JSON_LIMIT,
    limit="room_file",
    guest_limit="guest_room_file",
    limit_weight=lambda given: given["body"].files,
)
def send_message(
    header: KeyHeader,
    path: RoomPath,
    body: schemas.SendMessage | schemas.SendMessageForm,
    caller: AccountCaller,
    messages: Messages,
) -> Reply:
    """Sends a message to everybody in the room: a text, or in a form also a sound, a picture, or
    both. Files are stored without metadata, sounds as MP3. A member can send 20 messages in 10
    seconds, and no more than the room's `slowSeconds` allows. Translations that are made within 3
    seconds are in the answer, later ones come with an update."""
    sent = messages.send(caller, path.room_id, body.draft(header.idempotency_key))
    data = schemas.MessageData.of(sent.message)
    return Reply(data, "Message sent successfully", status=200 if sent.repeated else 201)


@api.delete(
    "/api/rooms/<roomId>/messages",
    auth=Auth.OWNER,
    status=202,
    data=ClearingData,
    errors=(RoomNotFound, RoomRoleRequired, KeyReused, TooManyJobs),
)
def clear_messages(
    header: KeyHeader,
    path: RoomPath,
    query: ClearQuery,
    caller: Caller,
    room_clearing: RoomClearing,
) -> Reply:
    """Deletes the history of a room with its files, for everybody. Lists leave it out at once, and
    a job deletes it. Messages that are sent after this request stay. Only for the owner."""
    job = room_clearing.start(caller, path.room_id, query.before, header.idempotency_key)
    view = JobView.of(job, ROOM_CLEARING)
    return Reply(ClearingData(job=view), "Messages are being deleted")


@api.put(
    "/api/rooms/<roomId>/messages/<messageId>",
    auth=Auth.OWNER,
    data=schemas.MessageData,
    errors=(
        *(RoomNotFound, RoomArchived, Muted, MessageNotFound, NotAuthor, ChangedSince),
        *(CaptionNotFinal, EditedTooLate, *MODERATION_ERRORS),
    ),
)
def edit_message(
    path: schemas.MessagePath, body: schemas.EditMessage, caller: Caller, messages: Messages
) -> Reply:
    """Changes the text of a message of yours, for 24 hours."""
    message = messages.edit(caller, path.room_id, path.message_id, body.text, body.revision)
    return Reply(schemas.MessageData.of(message), "Message edited successfully")


@api.delete(
    "/api/rooms/<roomId>/messages/<messageId>",
    auth=Auth.OWNER,
    errors=(RoomNotFound, MessageNotFound, NotAuthor),
)
def delete_message(path: schemas.MessagePath, caller: Caller, messages: Messages) -> Reply:
    """Deletes a message's content; an empty placeholder remains. Allowed for its author and for
    moderators."""
    messages.delete(caller, path.room_id, path.message_id)
    return Reply(message="Message deleted successfully")


@api.get(
    "/api/rooms/<roomId>/messages/<messageId>/audio",
    auth=Auth.MEMBER,
    errors=(RoomNotFound, MessageNotFound, MessageFileNotFound, AudioNotReady),
    produces="audio/*",
    media=True,
)
def message_audio(
    path: schemas.MessagePath,
    query: schemas.AudioQuery,
    caller: Caller,
    messages: Messages,
    files: Files,
) -> Response:
    """Downloads the sound of a message; supports byte ranges. With `language`, what was spoken of
    it in that language."""
    found = messages.audio(caller, path.room_id, path.message_id, query.language, query.voice)
    return _file(files, found, path.message_id)


@api.get(
    "/api/rooms/<roomId>/messages/<messageId>/photo",
    auth=Auth.MEMBER,
    errors=(RoomNotFound, MessageNotFound, MessageFileNotFound),
    produces=("image/jpeg", "image/png", "image/webp"),
    media=True,
)
def message_photo(
    path: schemas.MessagePath, caller: Caller, messages: Messages, files: Files
) -> Response:
    """Downloads the picture of a message; supports byte ranges."""
    found = messages.photo(caller, path.room_id, path.message_id)
    return _file(files, found, path.message_id)


@api.put(
    "/api/rooms/<roomId>/read",
    auth=Auth.MEMBER,
    data=schemas.ReadData,
    errors=(RoomNotFound, MessageNotFound),
)
def mark_read(path: RoomPath, body: schemas.MarkRead, caller: Caller, messages: Messages) -> Reply:
    """Marks messages as read, up to and including this one. The mark never moves back."""
    read_at, unread = messages.mark_read(caller, path.room_id, body.message_id)
    data = schemas.ReadData(last_read_at=read_at, unread=unread)
    return Reply(data, "Marked as read successfully")


def _file(files: Files, found: MessageFile, message_id: str) -> Response:
    size, kind = found.size, found.content_type
    if size is None or kind is None:
        stored = files.stat(found.path)
        size, kind = stored.size, stored.content_type
    extension = found.path[found.path.rindex(".") :]
    return file_response(
        files, found.path, size=size, content_type=kind, filename=f"{message_id}{extension}"
    )


def _listed(room_id: str, page: Page, caller: Caller, messages: Messages) -> Reply:
    found, listed = messages.page(caller, room_id, page)
    data = schemas.MessagesData(messages=[schemas.MessageView.of(each) for each in found])
    meta = page.meta(listed.total, listed.next_cursor)
    return Reply(data, "Messages fetched successfully", meta=meta)

"""Messages: send, list, edit, delete, and how far everybody has read.

A message is one document that is created once: its id is made of room, sender and the client's id.
Its times are the database's, so everybody sees the messages in one order whatever their clocks say.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from troupe.access import keeper
from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import (
    COMMIT_WRITES,
    SERVER_TIME,
    AlreadyExists,
    Committed,
    Create,
    Database,
    Delete,
    Document,
    Increment,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.caller import Caller
from troupe.counters import COUNTERS
from troupe.errors import TooManyRequests, TroupeError
from troupe.idempotency import KeyReused, request_hash
from troupe.moderation.service import Moderation
from troupe.orphans import OrphanedFiles, OrphanRecord, orphan_record
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.rooms.attachments import (
    FILE_FIELDS,
    Attached,
    Attachments,
    SentFiles,
    orphans_of,
)
from troupe.rooms.copies import copied, copy_of, forget_copies, forget_copy
from troupe.rooms.errors import (
    AudioNotReady,
    CaptionNotFinal,
    ChangedSince,
    EditedTooLate,
    MessageFileNotFound,
    MessageNotFound,
    NotAuthor,
    NothingToSend,
    RoomNotFound,
)
from troupe.rooms.records import (
    MESSAGES,
    Marker,
    Message,
    MessageAudio,
    MessagePhoto,
    Room,
    SpeechVoice,
)
from troupe.rooms.speech_keys import key_of
from troupe.rooms.standing import Standing, cleared, standing, there
from troupe.rooms.tabs import commit_unheard
from troupe.rooms.writes import (
    marker_path,
    message_id_of,
    message_path,
    messages_path,
)

if TYPE_CHECKING:
    from troupe.rooms.speeches import MessageSpeeches
    from troupe.rooms.transcripts import MessageTranscripts
    from troupe.rooms.translations import MessageTranslations, Plan

EDITABLE = timedelta(hours=24)
# Of one member in a room.
_MOST_SENT, _WINDOW = 20, timedelta(seconds=10)
# Between two writes of a room's copy of its last message: a document takes one write a second.
_BEHIND = timedelta(seconds=5)
_SWEEP_SECONDS = 60.0  # for all messages of one run
_MENTION = re.compile(r"<@([A-Za-z0-9][A-Za-z0-9_-]{0,127})>")
_MOST_MENTIONS = 20
# When the sweep looks after a message whose transcript is late.
_TRANSCRIPT_DUE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as it is sent. `client_id`: None if the client does not send it again. `speak`:
    None for what the room does."""

    text: str
    client_id: str | None = None
    language: str | None = None
    reply_to: str | None = None
    files: SentFiles = field(default_factory=SentFiles)
    speak: bool | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """`repeated`: the message had been sent before."""

    message: Message
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class MessageFile:
    """A stored file of a message. Storage knows what is None: its type, and its size in bytes."""

    path: str
    content_type: str | None = None
    size: int | None = None

    @classmethod
    def of(cls, record: MessageAudio | MessagePhoto) -> Self:
        return cls(record.path, record.content_type, record.size)


# Where a message is sent, and the fields of the sender's marker that count it.
Admitted = tuple[Standing, dict[str, Any]]


class Messages:
    def __init__(
        self,
        db: Database,
        moderation: Moderation,
        translations: Callable[[], MessageTranslations],
        speeches: Callable[[], MessageSpeeches],
        transcripts: Callable[[], MessageTranscripts],
        attachments: Attachments,
        orphans: OrphanedFiles,
    ) -> None:
        self._db = db
        self._attachments = attachments
        self._orphans = orphans
        self._moderation = moderation
        self._translations = translations
        self._speeches = speeches
        self._transcripts = transcripts

    def send(self, caller: AccountCaller, room_id: str, draft: Draft) -> Sent:
        """Sends a message once, however often it is sent with the same client id. Everybody sees it
        before it is translated.

        Raises NothingToSend, RoomNotFound, RoomArchived, Muted, MessageNotFound for a reply to what
        is not there, TooManyRequests, KeyReused, ContentRefused, ModerationUnavailable, and the
        errors of `Attachments.prepared`.
        """
        if not draft.text and not draft.files:
            raise NothingToSend
        client_id = draft.client_id or secrets.token_hex(16)
        message_id = message_id_of(room_id, caller.uid, client_id)
        given = {"text": draft.text, "replyTo": draft.reply_to, **draft.files.identified()}
        sent = request_hash("sendMessage", given)
        try:
            admitted = self._admit(caller.uid, room_id, draft.reply_to)
            self._moderation.check(caller.uid, draft.text)
        except TroupeError:
            stored = self._sent_before(caller.uid, room_id, draft)
            if stored is None:
                raise
            return _repeat(stored, sent)
        if draft.files and draft.client_id is not None:
            # Before the files are opened again.
            stored = self._db.get(message_path(room_id, message_id))
            if stored.exists:
                return _repeat(stored, sent)
        attached = self._attachments.prepared(caller.uid, room_id, message_id, draft.files)
        with self._orphans.stored(attached.files) as record:
            finish, other = self._commit(caller, draft, client_id, sent, admitted, attached, record)
        if other:  # another request has sent the message meanwhile, with files of its own
            self._orphans.clean(record)
        return finish()

    def _sent_before(self, uid: str, room_id: str, draft: Draft) -> Document | None:
        """The message, if it has been sent: what was sent in time stays sent, even if its sender
        has been muted since. Raises RoomNotFound."""
        if draft.client_id is None:
            return None
        path = message_path(room_id, message_id_of(room_id, uid, draft.client_id))
        stored = self._db.get(path)
        if not stored.exists:
            return None
        standing(self._db, room_id, uid)
        return stored

    def _commit(
        self,
        caller: AccountCaller,
        draft: Draft,
        client_id: str,
        sent: str,
        admitted: Admitted,
        attached: Attached,
        record: OrphanRecord,
    ) -> tuple[Callable[[], Sent], bool]:
        """Commits the message, unless it was sent before, and deletes the `record` of its files.
        Returns what is left to do, which does not fail, and whether the message has other files
        than `attached`."""
        room_id = admitted[0].room.id
        message_id = message_id_of(room_id, caller.uid, client_id)
        # Files have taken a while: the sender may have been muted or removed since.
        read = [] if attached.files else [admitted]

        def attempt() -> tuple[Callable[[], Sent], bool]:
            try:
                here, counted = (
                    read.pop() if read else self._admit(caller.uid, room_id, draft.reply_to)
                )
            except TroupeError:
                stored = self._sent_before(caller.uid, room_id, draft)
                if stored is None:
                    raise
                repeat = _repeat(stored, sent)
                return lambda: repeat, not attached.is_of(stored)
            at = now()
            plan = self._translations().plan(caller, here, draft.text, draft.language)
            message = Message(
                id=message_id,
                room_id=room_id,
                uid=caller.uid,
                name=caller.user.public_name,
                guest=caller.guest,
                kind="audio" if attached.audio else "photo" if attached.photo else "text",
                client_id=client_id,
                request=sent,
                text=draft.text,
                audio=attached.audio,
                photo=attached.photo,
                reply_to=draft.reply_to,
                mentions=mentioned(draft.text),
                speak=_spoken_unasked(here.room) if draft.speak is None else draft.speak,
                created_at=at,
                updated_at=at,
                expires_at=expiry(here.room, at),
                **plan.fields(at),
            )
            if attached.audio is not None:
                audio = self._transcripts().awaited(attached.audio, draft.text)
                message = message.model_copy(update={"audio": audio})
            if _awaits_transcript(message):
                message = message.model_copy(update={"due_at": at + _TRANSCRIPT_DUE})
            message = self._to_be_spoken(here, message, at)
            times = {"createdAt": SERVER_TIME, "updatedAt": SERVER_TIME}
            marked = counted | {"lastReadId": message_id, "lastReadAt": SERVER_TIME}
            writes: list[Write] = [
                Create(message_path(room_id, message_id), message.stored() | times),
                marker_write(here.documents[marker_path(room_id, caller.uid)], marked),
            ]
            if attached.files:
                writes.append(record.replace_write([]))
            behind = at - here.room.active_at >= _BEHIND or here.room.last_message is None
            # Always with files: the commit must fail if the room was deleted, with all its files.
            if behind or attached.files:
                copy = copy_of(message).model_dump(by_alias=True)
                writes.append(
                    Update(here.room_document.path, {"lastMessage": copy, "activeAt": SERVER_TIME})
                )
            try:
                committed = self._db.commit(*writes, *plan.writes)
            except AlreadyExists as error:
                stored = self._db.get(message_path(room_id, message_id))
                if not stored.exists:
                    raise Stale from error  # it was the marker
                repeat = _repeat(stored, sent)
                return lambda: repeat, not attached.is_of(stored)
            except Missing as error:  # the room is being deleted
                raise RoomNotFound from error
            COUNTERS.add("messages")
            created = committed.server_time or at
            message = message.model_copy(update={"created_at": created, "updated_at": created})
            return lambda: Sent(self._finish(here, message, plan, committed)), False

        return contend(attempt)

    def _finish(
        self, here: Standing, message: Message, plan: Plan, committed: Committed
    ) -> Message:
        """The message, translated and on the way to being spoken, as far as that is possible."""
        message = self._translations().finish(here.room, message, plan, committed)
        if _awaits_transcript(message):
            return self._transcripts().start(here.room, message, committed)
        if not message.speak or not message.text:
            return message
        return self._speeches().speak_sent(here.room, message, here.member)

    def _to_be_spoken(self, here: Standing, message: Message, at: datetime) -> Message:
        """With the time at which the sweep does what `_finish` may not get to."""
        if not message.speak:
            return message
        due_at = self._speeches().due_at(here.room, message, here.member, at)
        return message.model_copy(update={"speech_due_at": due_at})

    def _admit(self, uid: str, room_id: str, reply_to: str | None = None) -> Admitted:
        """Where a message is about to be sent, in one read, and the fields of the sender's marker
        that count it. The commit names the marker's version, so many at once are counted one by
        one. Raises RoomNotFound, RoomArchived, Muted, TooManyRequests, MessageNotFound."""
        marker, also = marker_path(room_id, uid), self._translations().reads(room_id)
        answered = None if reply_to is None else message_path(room_id, reply_to)
        here = standing(self._db, room_id, uid, [marker, *also, *([answered] if answered else [])])
        counted = _admitted(here, here.documents[marker], now())
        if answered is not None:
            found = here.documents[answered]
            if not found.exists or cleared(here.room, Message.of(found)):
                raise MessageNotFound
        return here, counted

    def page(
        self, caller: Caller, room_id: str, request: PageRequest
    ) -> tuple[list[Message], PageOf]:
        """Newest first, with those that were deleted, which are empty. Raises RoomNotFound."""
        before = standing(self._db, room_id, caller.uid).room.cleared_before
        where = [] if before is None else [("createdAt", ">", before)]
        found = newest_first(
            self._db, messages_path(room_id), request, field="createdAt", where=where
        )
        return [Message.of(document) for document in found.documents], found

    def edit(
        self, caller: Caller, room_id: str, message_id: str, text: str, revision: int | None
    ) -> Message:
        """Changes the text, which voids its translations and its speech. `revision`: the one that
        was edited, None for any. A change that is already made is not made again.

        Raises RoomNotFound, RoomArchived, Muted, MessageNotFound, NotAuthor, CaptionNotFinal,
        EditedTooLate, ChangedSince, ContentRefused, ModerationUnavailable.
        """
        path, marker = message_path(room_id, message_id), marker_path(room_id, caller.uid)
        standing(self._db, room_id, caller.uid)  # before moderation, which may cost money
        self._moderation.check(caller.uid, text)

        def attempt() -> tuple[Callable[[], Message], list[OrphanRecord]]:
            also = self._translations().reads(room_id)
            here = standing(self._db, room_id, caller.uid, [path, marker, *also])
            before = there(here.documents[path], here.room)
            keeper(here.documents[path], caller.uid, None if _is_own(before, here) else NotAuthor)
            if before.is_interim:
                raise CaptionNotFinal
            if before.text == text:
                return lambda: before, []
            at = now()
            counted = _admitted(here, here.documents[marker], at)
            if revision not in (None, before.revision):
                raise ChangedSince(details={"revision": before.revision})
            if at - before.created_at > EDITABLE:
                raise EditedTooLate
            given = before.language if before.language_source == "given" else None
            plan = self._translations().plan(caller, here, text, given, before.targets)
            after = before.model_copy(
                update={
                    **plan.fields(at),
                    "text": text,
                    # Readers would recognise the earlier text by its hash.
                    "request": "",
                    "audio": _unheard(before.audio),
                    "mentions": mentioned(text),
                    "translations": {},
                    "speech": {},
                    "speech_due_at": None,
                    "revision": before.revision + 1,
                    "edited_at": at,
                    "updated_at": at,
                }
            )
            after = self._to_be_spoken(here, after, at)
            times = {"editedAt": SERVER_TIME, "updatedAt": SERVER_TIME}
            writes: list[Write] = [
                Update(path, after.stored() | times, seen=here.documents[path]),
                marker_write(here.documents[marker], counted),
                *copied(here.room_document, here.room, after),
            ]
            spoken = [each.path for each in before.speech.values() if each.path]
            records = [orphan_record(spoken)] if spoken else []
            writes += [each.create_write() for each in records]
            committed = commit_unheard(self._db, before, writes, *plan.writes)
            edited = committed.server_time or at
            after = after.model_copy(update={"edited_at": edited, "updated_at": edited})

            def finish() -> Message:
                self._uncopy(here, before)
                return self._finish(here, after, plan, committed)

            return finish, records

        finished, records = contend(attempt)
        for record in records:
            self._orphans.clean(record)
        return finished()

    def delete(self, caller: Caller, room_id: str, message_id: str) -> None:
        """Empties a message, which keeps its place. For its author, and for moderators. Raises
        RoomNotFound, MessageNotFound, NotAuthor."""
        path = message_path(room_id, message_id)

        def attempt() -> tuple[list[OrphanRecord], Callable[[], None]]:
            here = standing(self._db, room_id, caller.uid, [path])
            document = here.documents[path]
            message = Message.of(document) if document.exists else None
            if message is not None and message.deleted_by == caller.uid:
                keeper(document, caller.uid, None)
                return [], lambda: None  # sent again
            message = there(document, here.room)
            allowed = _is_own(message, here) or here.member.moderates
            keeper(document, caller.uid, None if allowed else NotAuthor)
            emptied = emptied_fields(caller.uid)
            gone = message.model_copy(update={"text": ""})
            orphans = orphans_of([document])
            writes = [
                Update(path, emptied, seen=document),
                *copied(here.room_document, here.room, gone),
                *(each.create_write() for each in orphans),
            ]
            commit_unheard(self._db, message, writes)
            return orphans, partial(self._uncopy, here, message)

        records, uncopy = contend(attempt)
        uncopy()
        for record in records:
            self._orphans.clean(record)

    def _uncopy(self, here: Standing, message: Message) -> None:
        """After a message was edited or deleted: somebody who read it since the room was read may
        have copied it to the room as it was."""
        if message.created_at > here.room.active_at:
            contend(partial(forget_copy, self._db, here.room.id, {message.id}))

    def audio(
        self,
        caller: Caller,
        room_id: str,
        message_id: str,
        language: str | None,
        voice: SpeechVoice = "sender",
    ) -> MessageFile:
        """The sound of a message, or what was spoken of it in a language. Raises RoomNotFound,
        MessageNotFound, MessageFileNotFound, AudioNotReady."""
        message = self._read(caller, room_id, message_id)
        if language is not None:
            key = key_of(message, language, voice)
            spoken = message.speech[key] if key else None
            if spoken is None or spoken.path is None:
                raise AudioNotReady
            return MessageFile(spoken.path, spoken.content_type, spoken.size)
        if message.audio is None:
            raise MessageFileNotFound("This message has no sound.")
        return MessageFile.of(message.audio)

    def photo(self, caller: Caller, room_id: str, message_id: str) -> MessageFile:
        """Raises RoomNotFound, MessageNotFound, MessageFileNotFound."""
        message = self._read(caller, room_id, message_id)
        if message.photo is None:
            raise MessageFileNotFound("This message has no picture.")
        return MessageFile.of(message.photo)

    def _read(self, caller: Caller, room_id: str, message_id: str) -> Message:
        """A message that was not deleted."""
        path = message_path(room_id, message_id)
        here = standing(self._db, room_id, caller.uid, [path])
        return there(here.documents[path], here.room)

    def mark_read(self, caller: Caller, room_id: str, message_id: str) -> tuple[datetime, int]:
        """Notes that the caller has read up to a message; never moves back. Returns when that
        message was sent, or the later one that was read before, and how many came after it. Raises
        RoomNotFound, MessageNotFound."""
        marker, path = marker_path(room_id, caller.uid), message_path(room_id, message_id)

        def attempt() -> tuple[datetime, Room, int | None]:
            here = standing(self._db, room_id, caller.uid, [marker, path])
            if not here.documents[path].exists:
                raise MessageNotFound
            message = Message.of(here.documents[path])
            document = here.documents[marker]
            before = Marker.of(document).last_read_at if document.exists else None
            if before is not None and before >= message.created_at:
                return before, here.room, None
            fields = {"lastReadId": message_id, "lastReadAt": message.created_at}
            writes: list[Write] = [marker_write(document, fields)]
            gone = message.deleted_at is not None or cleared(here.room, message)
            shown = message.kind != "caption" and not gone
            if shown and message.created_at > here.room.active_at:
                # The room's copy was not written when this message was sent.
                copy = {
                    "lastMessage": copy_of(message).model_dump(by_alias=True),
                    "activeAt": message.created_at,
                }
                writes.append(Update(here.room_document.path, copy, seen=here.room_document))
            self._db.commit_or_stale(*writes)
            return message.created_at, here.room, message.revision if len(writes) > 1 else None

        read_at, room, copied_revision = contend(attempt)
        if copied_revision is not None:  # it may have been edited or deleted meanwhile
            after = self._db.get(path)
            if not after.exists or after.data["revision"] != copied_revision:
                contend(partial(forget_copy, self._db, room_id, {message_id}))
        return read_at, self._unread(room, read_at)

    def _unread(self, room: Room, since: datetime) -> int:
        """How many messages have come after `since`, without those that are being deleted."""
        after = [("createdAt", ">", max(since, room.cleared_before or since))]
        return self._db.count(messages_path(room.id), where=after)

    def expire(self, limit: int) -> int:
        """Deletes messages that their rooms no longer keep, `limit` at a time; returns how many."""
        until, removed = time.monotonic() + _SWEEP_SECONDS, 0
        while True:
            old = self._db.due(MESSAGES, limit, field="expiresAt", select=FILE_FIELDS, group=True)
            done = remove(self._db, self._orphans, old)
            removed += done
            if len(old) < limit or not done or time.monotonic() > until:
                return removed


def remove(db: Database, orphans: OrphanedFiles, found: Sequence[Document]) -> int:
    """Deletes messages, read with FILE_FIELDS, and their files; returns how many. Those that change
    at the same time are left, and do not stop the others."""
    removed = 0
    for start in range(0, len(found), COMMIT_WRITES):
        part = found[start : start + COMMIT_WRITES]
        records = orphans_of(part)
        forget_copies(db, part)
        try:
            db.commit_or_stale(
                *(Delete(each.path, seen=each) for each in part),
                *(each.create_write() for each in records),
            )
        except Stale:
            half = len(part) // 2
            removed += sum(remove(db, orphans, each) for each in (part[:half], part[half:]) if half)
            continue
        forget_copies(db, part)
        for record in records:
            orphans.clean(record)
        removed += len(part)
    return removed


def _spoken_unasked(room: Room) -> bool:
    """Whether messages are spoken whose senders do not say so; never at the senders' own cost."""
    return room.settings.auto_speak and room.settings.payer != "sender"


def _awaits_transcript(message: Message) -> bool:
    return message.audio is not None and message.audio.transcript == "pending"


def _unheard(audio: MessageAudio | None) -> MessageAudio | None:
    """The sound of a message that is edited: a transcript that is on its way is dropped."""
    if audio is None or audio.transcript != "pending":
        return audio
    return audio.model_copy(update={"transcript": "none", "reserved": None})


def mentioned(text: str) -> list[str]:
    """The users that a text names as `<@uid>`."""
    return list(dict.fromkeys(_MENTION.findall(text)))[:_MOST_MENTIONS]


def emptied_fields(by: str) -> dict[str, Any]:
    """The fields of a deleted message: neither what was said stays, nor its hash."""
    return {
        "text": "",
        "request": "",
        "language": None,
        "translations": {},
        "translationState": "none",
        "targets": [],
        "dueAt": None,
        "audio": None,
        "photo": None,
        "speech": {},
        "speechDueAt": None,
        "mentions": [],
        "revision": Increment(1),
        "deletedAt": SERVER_TIME,
        "deletedBy": by,
        "updatedAt": SERVER_TIME,
    }


def in_pace(here: Standing, before: Marker, at: datetime) -> None:
    """Raises TooManyRequests in a room that is slow."""
    slow = timedelta(seconds=here.room.settings.slow_seconds)
    # Without `slow`, an instance whose clock is behind would refuse the next message.
    limited = slow and not here.member.moderates
    if limited and before.sent_at is not None and at - before.sent_at < slow:
        raise TooManyRequests(
            f"In this room, {slow.seconds} seconds must pass between two of your messages.",
            retry_after=1 + int((before.sent_at + slow - at).total_seconds()),
        )


def _admitted(here: Standing, marker: Document, at: datetime) -> dict[str, Any]:
    """The fields of the marker that count a message. Raises RoomArchived, Muted and
    TooManyRequests."""
    here.require_may_post(at)
    before = Marker.of(marker) if marker.exists else Marker()
    in_pace(here, before, at)
    if before.window is None or at - before.window >= _WINDOW:
        return {"window": at, "sent": 1, "sentAt": at}
    if before.sent >= _MOST_SENT:
        wait = (before.window + _WINDOW - at).total_seconds()
        raise TooManyRequests(retry_after=1 + int(wait))
    return {"sent": before.sent + 1, "sentAt": at}


def marker_write(marker: Document, fields: dict[str, Any]) -> Write:
    """Changes a member's marker, as read."""
    if marker.exists:
        return Update(marker.path, fields, seen=marker)
    return Create(marker.path, Marker().stored() | fields)


def _repeat(stored: Document, sent: str) -> Sent:
    """Raises KeyReused."""
    message = Message.of(stored)
    if message.request not in ("", sent):  # an edit or a deletion removes it
        raise KeyReused("This clientId was already used for another message. Use a new one.")
    return Sent(message, repeated=True)


def _is_own(message: Message, here: Standing) -> bool:
    return message.uid == here.member.uid


def expiry(room: Room, at: datetime) -> datetime | None:
    """When a message is deleted."""
    days = room.settings.retention_days
    return None if days is None else at + timedelta(days=days)

"""What is said in the sound of a message becomes its text, and is translated.

The message is committed first, and waits for its transcript with a time at which the sweep looks
at it. The job is free: what was said is charged to the room's tab, in the commit that writes it. If
the message is edited or deleted meanwhile, the transcript is dropped, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from troupe.adapters.firestore import (
    SERVER_TIME,
    Committed,
    Database,
    Document,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.errors import TroupeError, Unavailable
from troupe.idempotency import keyed_id, request_hash
from troupe.jobs.errors import InputChanged
from troupe.jobs.records import Job, job_path
from troupe.logs import log
from troupe.rate_limits import Limiter
from troupe.recognition.catalogue import language_code
from troupe.rooms.copies import copied
from troupe.rooms.errors import CaptionsPaused
from troupe.rooms.payers import payer_of
from troupe.rooms.records import (
    MOST_CHARACTERS,
    Member,
    Message,
    MessageAudio,
    Reservation,
    Room,
    TranscriptState,
)
from troupe.rooms.sound_limits import count_message
from troupe.rooms.tabs import RoomTabs, commit_unheard
from troupe.rooms.transcript_records import TranscriptInput
from troupe.rooms.transcript_specs import MESSAGE_TRANSCRIPT
from troupe.rooms.translations import MessageTranslations, Plan
from troupe.rooms.writes import member_path, message_path, room_path
from troupe.tabs.service import Reserved
from troupe.text import shorten
from troupe.wallet.payers import Payer

if TYPE_CHECKING:
    from troupe.jobs.service import JobService
    from troupe.rooms.speeches import MessageSpeeches

# When the sweep looks again after a message that still waits, and how often.
_AGAIN = timedelta(minutes=5)
_MOST_TRIES = 6


class MessageTranscripts:
    """`jobs`, `translations` and `speeches` are called when they are needed."""

    def __init__(
        self,
        db: Database,
        jobs: Callable[[], JobService],
        translations: Callable[[], MessageTranslations],
        speeches: Callable[[], MessageSpeeches],
        tabs: RoomTabs,
        limiter: Limiter,
        name: str,
    ) -> None:
        """`name`: of the transcriber, or `off`."""
        self._db = db
        self._jobs = jobs
        self._translations = translations
        self._speeches = speeches
        self._tabs = tabs
        self._limiter = limiter
        self._name = name

    def awaited(self, audio: MessageAudio | None, text: str) -> MessageAudio | None:
        """The sound of a new message, marked if it is to be transcribed: not one with a text."""
        if audio is None or text or self._name == "off":
            return audio
        return audio.model_copy(update={"transcript": "pending"})

    def start(self, room: Room, message: Message, committed: Committed) -> Message:
        """Starts the job for a message that has been sent. Never fails: the sweep tries again.
        `committed`: the commit of the message, which is its first write."""
        try:
            return self._start(room, message, committed)
        except Exception as error:
            log.error("message_not_transcribed", error, messageId=message.id)
            return message

    def complete(self, room: Room | None, message: Message, document: Document) -> None:
        """Looks after a message that is due: starts its job if that was lost, and gives up if it
        has ended. Raises Stale."""
        job = self._db.get(job_path(_job_id(message)))
        if job.exists and Job.of(job).status.ended:
            self.forget(Job.of(job))
            return
        if room is None or message.tries >= _MOST_TRIES:
            self.end(message.room_id, message.id, "failed")
            return
        fields = {"tries": message.tries + 1, "dueAt": now() + _AGAIN}
        committed = self._db.commit_or_stale(Update(document.path, fields, seen=document))
        if not job.exists:
            self._start(room, message, committed)

    def end(self, room_id: str, message_id: str, state: TranscriptState) -> Message | None:
        """Ends the waiting of a message without a text. Returns it, if it has waited: then what is
        reserved for it is given back."""

        def attempt() -> Message | None:
            document = self._db.get(message_path(room_id, message_id))
            message = _waiting(document)
            if message is None or message.audio is None:
                return None
            self._end(document, message, state)
            audio = message.audio.model_copy(update={"transcript": state, "reserved": None})
            return message.model_copy(update={"audio": audio, "due_at": None})

        return contend(attempt)

    def forget(self, job: Job) -> None:
        """Ends the waiting of a message whose job has ended without a text. Nothing is charged."""
        _, room_id, _, message_id = job.subject.split("/")
        self.end(room_id, message_id, "failed")

    def is_waiting(self, given: TranscriptInput) -> bool:
        """Whether the message still waits for this transcript."""
        return _waiting(self._db.get(_path(given)), given) is not None

    def store(
        self, uid: str, given: TranscriptInput, text: str, language: str, milliseconds: int
    ) -> None:
        """Writes what is said in the message of the user `uid`, "" for nothing, charges
        `milliseconds` of speech, and translates it."""
        reserved = Reserved(given.tab_id, given.milliseconds)
        used = min(milliseconds, given.milliseconds) if text else 0
        text = shorten(text, MOST_CHARACTERS)
        tried: tuple[Message, Plan] | None = None

        def attempt() -> Callable[[], Message] | None:
            nonlocal reserved, tried
            paths = [room_path(given.room_id), member_path(given.room_id, uid), _path(given)]
            also = self._translations().reads(given.room_id)
            found = dict(zip([*paths, *also], self._db.get_all([*paths, *also]), strict=True))
            room_document, document = found[paths[0]], found[paths[2]]
            before = _waiting(document, given)
            if not room_document.exists:
                return None
            room = Room.of(room_document)
            if before is None or before.audio is None:
                # Nothing is given back: it may have been used, or given back, by whoever ended it.
                if tried is None or (after := _stored(document, tried[0])) is None:
                    return None
                # Our own commit, whose answer was lost.
                return partial(
                    self._finish, room, after, replace(tried[1], charge=None), _seen(document)
                )
            if not text:
                self._end(document, before, "no_speech")
                return None
            at = now()
            spoken = before.language or language
            planned = self._translations().plan_late(room, before, found, text, spoken)
            plan = replace(planned, source="transcript")
            tabs = dict(before.used)
            tabs[reserved.tab_id] = tabs.get(reserved.tab_id, 0) + used
            message = before.model_copy(
                update={
                    **plan.fields(at),
                    "text": text,
                    "audio": before.audio.model_copy(
                        update={"transcript": "done", "reserved": None}
                    ),
                    "used": tabs,
                    "revision": before.revision + 1,
                }
            )
            if message.speak and found[paths[1]].exists:
                sender = Member.of(found[paths[1]])
                due_at = self._speeches().due_at(room, message, sender, at)
                message = message.model_copy(update={"speech_due_at": due_at})
            stamps = {"heardAt": SERVER_TIME, "updatedAt": SERVER_TIME}
            writes: list[Write] = [
                Update(document.path, message.stored() | stamps, seen=document),
                reserved.use(used),
                *copied(room_document, room, message),
            ]
            tried = message, plan
            try:
                committed = self._db.commit(*writes, *plan.writes)
            except Missing:  # the tab has been closed, or the message or the room is gone
                reserved = self._tabs.renewed(reserved, room, uid, used, guest=before.guest)
                raise Stale from None
            stamp = committed.server_time or at
            message = message.model_copy(update={"updated_at": stamp, "heard_at": stamp})
            return partial(self._finish, room, message, plan, committed)

        try:
            finish = contend(attempt)
        except CaptionsPaused:
            self.end(given.room_id, given.message_id, "failed")
            return
        if finish is not None:
            finish()

    def _start(self, room: Room, message: Message, committed: Committed) -> Message:
        if message.audio is None:
            return message
        milliseconds = round(1000 * message.audio.seconds)
        seconds = -(-milliseconds // 1000)
        try:
            status = count_message(self._limiter, room, message.uid, seconds, guest=message.guest)
        except CaptionsPaused:  # nobody pays
            return self.end(room.id, message.id, "failed") or message
        if status is not None and status.exceeded:
            return self.end(room.id, message.id, "none") or message
        try:
            reserved = self._tabs.reserve(room, message.uid, milliseconds, guest=message.guest)
        except CaptionsPaused:
            self._limiter.forget(status)
            return self.end(room.id, message.id, "failed") or message
        except Exception:
            self._limiter.forget(status)  # the sweep tries again, and counts it then
            raise
        try:
            self._submit(room, message, message.audio, reserved, committed)
        except (InputChanged, Missing):  # edited or deleted meanwhile
            self._limiter.forget(status)
            self._tabs.give_back(reserved)
        except Exception as error:
            self._limiter.forget(status)
            # Otherwise, there may be a job that uses it.
            if isinstance(error, TroupeError) and not isinstance(error, Unavailable):
                self._tabs.give_back(reserved)
            raise
        return message

    def _finish(self, room: Room, message: Message, plan: Plan, committed: Committed) -> Message:
        after = self._translations().finish(room, message, plan, committed)
        return self._speeches().speak_sent(room, after) if after.speak else after

    def _end(self, document: Document, message: Message, state: TranscriptState) -> None:
        """Ends the waiting of a message, as read. Raises Stale."""
        update = Update(document.path, _ended(state), seen=document)
        commit_unheard(self._db, message, [update])

    def _submit(
        self,
        room: Room,
        message: Message,
        audio: MessageAudio,
        reserved: Reserved,
        committed: Committed,
    ) -> None:
        """Raises InputChanged and Missing if the message does not wait any more."""
        payer = payer_of(room, message.uid, guest=message.guest)
        given = TranscriptInput(
            path=audio.path,
            seconds=audio.seconds,
            language=language_code(message.language or "", self._name),
            room_id=room.id,
            message_id=message.id,
            tab_id=reserved.tab_id,
            milliseconds=reserved.milliseconds,
        )
        job = MESSAGE_TRANSCRIPT.job(
            id=_job_id(message),
            uid=payer.uid,
            subject=message_path(room.id, message.id),
            given=given,
            request_hash=request_hash("transcribeMessage", {"path": audio.path}),
            at=now(),
            payer=Payer(payer.owner),
        )
        # Whoever ends the waiting of the message gives that back.
        reservation = Reservation(tab_id=reserved.tab_id, milliseconds=reserved.milliseconds)
        seen = Document(job.subject, {}, exists=True, update_time=committed.update_times[0])
        noted = Update(seen.path, {"audio.reserved": reservation.stored()}, seen=seen)
        made = self._jobs().submit(job, None, [noted], keyed=True, watched=[seen])
        if made.created_at != job.created_at:  # by another request, which has also reserved time
            self._tabs.give_back(reserved)


def _job_id(message: Message) -> str:
    return keyed_id(message.id, "transcript")


def _path(given: TranscriptInput) -> str:
    return message_path(given.room_id, given.message_id)


def _waiting(document: Document, given: TranscriptInput | None = None) -> Message | None:
    """The message, if it waits for a transcript (of this sound)."""
    message = Message.of(document) if document.exists else None
    if message is None or message.audio is None or message.audio.transcript != "pending":
        return None
    return message if given is None or message.audio.path == given.path else None


def _stored(document: Document, tried: Message) -> Message | None:
    """The message, if it has become what was `tried`."""
    message = Message.of(document) if document.exists else None
    if message is None or message.audio is None or message.audio.transcript != "done":
        return None
    same = (message.text, message.revision) == (tried.text, tried.revision)
    return message if same else None


def _seen(document: Document) -> Committed:
    """As if that commit had just been made."""
    times = [document.update_time] if document.update_time else []
    return Committed([], times)


def _ended(state: TranscriptState) -> dict[str, Any]:
    stamps = {"heardAt": SERVER_TIME, "updatedAt": SERVER_TIME}
    return {"audio.transcript": state, "audio.reserved": None, "dueAt": None, **stamps}

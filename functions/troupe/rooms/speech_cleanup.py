"""Hands what a job has spoken over to its message, and deletes what the message does not have, and
the text that the job was given: it belongs to the room, not to whoever pays for the job.

This follows the job's last commit instead of being part of it: a message may be edited, translated
or deleted at any time, and then the job must end as it would otherwise. Whoever finds the job ended
and the message waiting does it again; so does the sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from troupe.adapters.firestore import (
    SERVER_TIME,
    Database,
    Document,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job, Part, input_path, job_path
from troupe.jobs.writes import forget_writes, part_path
from troupe.logs import log
from troupe.rooms.records import MESSAGES, Message, MessageSpeech
from troupe.rooms.speech_records import SpokenItem

if TYPE_CHECKING:
    from troupe.adapters.storage import Files

# When the sweep looks after speech that is pending, and looks again while its job has not ended.
_PATIENCE = timedelta(minutes=10)
GONE = "cancelled"  # the error of a job that is not there any more


class SpeechCleanup(Cleanup):
    """`files` is called when there is something to delete."""

    def __init__(
        self, db: Database, files: Callable[[], Files], late: Callable[[Message], object]
    ) -> None:
        """`late`: is called with a message to speak for which no job was started."""
        self._db = db
        self._files = files
        self._late = late

    def tidy(self, job: Job) -> None:
        self.hand_over(job.subject, job.id)

    def hand_over(self, path: str, job_id: str) -> Message | None:
        """If the job has ended, takes over what it has made into the message at `path`, and deletes
        the rest. Returns the message, None if it does not exist."""
        message, ended = contend(lambda: self._attempt(path, job_id))
        if ended:
            has = {each.path for each in message.speech.values()} if message else set()
            files = self._files()
            made = files.list(files_prefix(path, job_id))
            files.delete([each for each in made if each not in has])
        return message

    def sweep(self, limit: int) -> int:
        """Hands over what was lost between a job's last commit and its message, or with the job,
        and speaks what was lost before there was a job; returns the number of messages."""
        due = self._db.due(MESSAGES, limit, field="speechDueAt", group=True)
        for document in due:
            try:
                self._look_after(document)
            except Exception as error:  # one message must not block the others
                log.error("speech_not_handed_over", error, path=document.path)
        return len(due)

    def _look_after(self, document: Document) -> None:
        message = Message.of(document)
        jobs = _jobs(message)
        if not jobs:
            self._speak_late(message, document)
        waiting = False
        for job_id in jobs:
            after = self.hand_over(document.path, job_id)
            waiting = after is not None and bool(_jobs(after))
        if waiting:
            with suppress(Missing):
                self._db.commit(Update(document.path, {"speechDueAt": now() + _PATIENCE}))

    def _speak_late(self, message: Message, document: Document) -> None:
        due_at = None
        if message.speak:
            self._late(message)
            if message.translation_state == "pending":
                due_at = now() + _PATIENCE
        with suppress(Stale):  # it is being spoken now
            self._db.commit_or_stale(Update(document.path, {"speechDueAt": due_at}, seen=document))

    def _attempt(self, path: str, job_id: str) -> tuple[Message | None, bool]:
        """The message, and whether the job has ended."""
        paths = [path, job_path(job_id), input_path(job_id)]
        document, found, given = self._db.get_all(paths)
        message = Message.of(document) if document.exists else None
        job = Job.of(found) if found.exists else None
        if job is not None and not job.status.ended:
            return message, False
        if job is not None and (job.input or given.exists):
            # Before the message is written: the sweep looks only after messages that wait.
            with suppress(Missing):
                self._db.commit(*forget_writes(job_id))
        if message is None:
            return None, True
        mine = {
            key: each
            for key, each in message.speech.items()
            if each.state == "pending" and each.job_id == job_id
        }
        if not mine:
            return message, True
        parts = self._db.get_all([part_path(job_id, each.part) for each in mine.values()])
        error = job.error.code if job and job.error else GONE
        done = {
            key: _handed(each, part, error)
            for (key, each), part in zip(mine.items(), parts, strict=True)
        }
        after = message.model_copy(update={"speech": message.speech | done})
        self._db.commit_or_stale(speech_write(document, after.speech))
        return after, True


def _jobs(message: Message) -> set[str]:
    """Those that a message waits for."""
    speech = message.speech.values()
    return {each.job_id for each in speech if each.state == "pending" and each.job_id}


def _handed(speech: MessageSpeech, document: Document, error: str) -> MessageSpeech:
    if not document.exists:
        return speech.model_copy(update={"state": "failed", "error": error})
    made = SpokenItem.model_validate(Part.of(document).payload)
    fields = made.model_dump(exclude={"characters"})
    return speech.model_copy(update={**fields, "state": "ready"})


def files_prefix(path: str, job_id: str) -> str:
    """Of the files that a job makes for the message at `path`."""
    _, room_id, _, message_id = path.split("/")
    return f"rooms/{room_id}/{message_id}-{job_id}-"


def speech_write(document: Document, speech: Mapping[str, MessageSpeech]) -> Write:
    """Replaces what was spoken of a message, if it has not changed since it was read."""
    pending = any(each.state == "pending" for each in speech.values())
    fields: dict[str, Any] = {
        "speech": {key: each.stored() for key, each in speech.items()},
        "speechDueAt": now() + _PATIENCE if pending else None,
        "spokenAt": SERVER_TIME,
        "updatedAt": SERVER_TIME,
    }
    return Update(document.path, fields, seen=document)

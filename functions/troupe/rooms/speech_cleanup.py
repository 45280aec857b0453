"""Hands what a job has spoken over to its message, and deletes files that it does not take.

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
from troupe.jobs.records import Job, Part, job_path
from troupe.jobs.writes import part_path
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

    def __init__(self, db: Database, files: Callable[[], Files]) -> None:
        self._db = db
        self._files = files

    def tidy(self, job: Job) -> None:
        self.hand_over(job.subject, job.id)

    def hand_over(self, path: str, job_id: str) -> Message | None:
        """Adds what the job has made to the message at `path`, if the job has ended. Returns the
        message, None if it does not exist."""
        message = contend(lambda: self._attempt(path, job_id))
        has = {each.path for each in message.speech.values()} if message else set()
        files = self._files()
        files.delete([each for each in files.list(files_prefix(path, job_id)) if each not in has])
        return message

    def sweep(self, limit: int) -> int:
        """Hands over what was lost between a job's last commit and its message, or with the job;
        returns the number of messages."""
        due = self._db.due(MESSAGES, limit, field="speechDueAt", group=True)
        for document in due:
            try:
                self._look_after(document)
            except Exception as error:  # one message must not block the others
                log.error("speech_not_handed_over", error, path=document.path)
        return len(due)

    def _look_after(self, document: Document) -> None:
        jobs = _jobs(Message.of(document))
        if not jobs:
            with suppress(Stale):
                self._db.commit_or_stale(
                    Update(document.path, {"speechDueAt": None}, seen=document)
                )
        waiting = False
        for job_id in jobs:
            after = self.hand_over(document.path, job_id)
            waiting = after is not None and bool(_jobs(after))
        if waiting:
            with suppress(Missing):
                self._db.commit(Update(document.path, {"speechDueAt": now() + _PATIENCE}))

    def _attempt(self, path: str, job_id: str) -> Message | None:
        document, found = self._db.get_all([path, job_path(job_id)])
        if not document.exists:
            return None
        message = Message.of(document)
        job = Job.of(found) if found.exists else None
        mine = {
            key: each
            for key, each in message.speech.items()
            if each.state == "pending" and each.job_id == job_id
        }
        if not mine or (job is not None and not job.status.ended):
            return message
        parts = self._db.get_all([part_path(job_id, each.part) for each in mine.values()])
        error = job.error.code if job and job.error else GONE
        done = {
            key: _handed(each, part, error)
            for (key, each), part in zip(mine.items(), parts, strict=True)
        }
        after = message.model_copy(update={"speech": message.speech | done})
        self._db.commit_or_stale(speech_write(document, after.speech))
        return after


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

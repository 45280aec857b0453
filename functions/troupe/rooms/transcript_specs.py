"""The kind of job that transcribes the sound of a message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter
from typing import Any

from troupe.adapters.firestore import Database
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job, job_path
from troupe.jobs.specs import JobSpec, Step
from troupe.rooms.queue import QUEUE
from troupe.rooms.transcript_records import TranscriptInput
from troupe.transcriptions.records import Heard

# Longer than a job of one sound takes, with its repeats; after its end they are deleted.
_PARTS_KEPT = timedelta(minutes=30)


class TranscriptCleanup(Cleanup):
    def __init__(self, db: Database, forget: Callable[[Job], object]) -> None:
        """`forget`: see MessageTranscripts."""
        self._db = db
        self._forget = forget

    def tidy(self, job: Job) -> None:
        """The words belong to the message and its author, not to whoever pays for the job."""
        self._db.clear(f"{job_path(job.id)}/parts")
        self._forget(job)


def _cleanup(services: Any) -> Cleanup:
    return TranscriptCleanup(services.database, services.message_transcripts.forget)


MESSAGE_TRANSCRIPT = JobSpec(
    kind="message_transcript",
    steps=(Step("recognition", 90), Step("writing", 10, "Translating the text")),
    parts_step="recognition",
    parts_message="Listening to the message",
    input=TranscriptInput,
    payload=Heard,
    worker=attrgetter("message_transcript_worker"),
    cleanup=_cleanup,
    queue=QUEUE,
    prompt=True,
    caused=True,
    parts_kept=_PARTS_KEPT,
)

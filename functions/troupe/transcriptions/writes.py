"""Transcriptions in Firestore."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel

from troupe.activities.service import activity_write
from troupe.adapters.firestore import Create, Database, Document, Update, Write
from troupe.jobs.records import SHOWN_FIELDS, Job, JobError, JobStatus, job_path
from troupe.transcriptions.records import Text, Transcription
from troupe.wallet.records import Meter

COLLECTION = "transcriptions"
# One field mask for both documents: fields that a document lacks are ignored.
_READ_FIELDS = sorted({*SHOWN_FIELDS, *(to_camel(name) for name in Transcription.model_fields)})


def transcription_path(transcription_id: str) -> str:
    return f"{COLLECTION}/{transcription_id}"


def files_prefix(uid: str, transcription_id: str) -> str:
    return f"{COLLECTION}/{uid}/{transcription_id}/"


def create_write(transcription: Transcription) -> Write:
    return Create(transcription_path(transcription.id), transcription.stored())


def status_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    """Copies the job's status to the transcription, in the job's own commit."""
    fields: dict[str, Any] = {"status": status, "updatedAt": at}
    if not status.ended:
        return [Update(job.subject, fields)]
    fields["completedAt"] = at
    message = f"Transcription {status}"
    if error is not None:
        fields["error"] = error.stored()
        message += f": {error.message}"
    return [Update(job.subject, fields), _activity(job, status, message, at)]


def completed_writes(job: Job, text: Text, charge: int, at: datetime) -> list[Write]:
    """Records the text and the charge (in units of the job's meter) in the transcription."""
    in_seconds = job.charge is not None and job.charge.meter is Meter.VOICE_SECONDS
    fields = {
        "status": JobStatus.COMPLETED,
        "text": text.stored(),
        "completedAt": at,
        "updatedAt": at,
        "voiceSecondsUsed" if in_seconds else "tokensUsed": charge,
    }
    message = f"Transcription completed: {text.heard:.0f} s of speech"
    return [Update(job.subject, fields), _activity(job, JobStatus.COMPLETED, message, at)]


def _activity(job: Job, status: JobStatus, message: str, at: datetime) -> Write:
    kind = f"voice_transcription_{status}"
    return activity_write(job.uid, kind, message, at=at, transcriptionId=job.id)


def read(db: Database, transcription_id: str) -> tuple[Document, Document]:
    """The transcription, and its job without the input, in one call."""
    paths = [transcription_path(transcription_id), job_path(transcription_id)]
    transcription, job = db.get_all(paths, select=_READ_FIELDS)
    return transcription, job

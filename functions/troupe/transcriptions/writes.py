"""Transcriptions in Firestore."""

from __future__ import annotations

from datetime import datetime

from pydantic.alias_generators import to_camel

from troupe.activities.service import activity_write
from troupe.adapters.firestore import Create, Database, Document, Update, Write
from troupe.jobs.records import SHOWN_FIELDS, Job, JobError, JobStatus, job_path
from troupe.jobs.subjects import charge_fields, status_fields, status_message
from troupe.transcriptions.records import Text, Transcription

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
    fields = status_fields(status, error, at)
    if not status.ended:
        return [Update(job.subject, fields)]
    message = status_message("Transcription", status, error)
    return [Update(job.subject, fields), _activity(job, status, message, at)]


def completed_writes(job: Job, text: Text, charge: int, at: datetime) -> list[Write]:
    """Records the text and the charge (in units of the job's meter) in the transcription."""
    fields = {
        **status_fields(JobStatus.COMPLETED, None, at),
        **charge_fields(job, charge),
        "text": text.stored(),
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

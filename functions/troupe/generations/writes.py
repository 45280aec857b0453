"""Generations in Firestore."""

from __future__ import annotations

from datetime import datetime

from pydantic.alias_generators import to_camel

from troupe.activities.service import activity_write
from troupe.adapters.firestore import Create, Database, Document, Update, Write
from troupe.generations.records import AudioFile, Generation
from troupe.jobs.records import SHOWN_FIELDS, Job, JobError, JobStatus, job_path
from troupe.jobs.subjects import charge_fields, status_fields, status_message

COLLECTION = "generations"
# One field mask for both documents: fields that a document lacks are ignored.
_READ_FIELDS = sorted({*SHOWN_FIELDS, *(to_camel(name) for name in Generation.model_fields)})


def generation_path(generation_id: str) -> str:
    return f"{COLLECTION}/{generation_id}"


def files_prefix(uid: str, generation_id: str) -> str:
    return f"{COLLECTION}/{uid}/{generation_id}/"


def spoken_prefix(uid: str) -> str:
    """Of the parts, which are kept for a while so that the same words are spoken once."""
    return f"speech/{uid}/"


def create_write(generation: Generation) -> Write:
    return Create(generation_path(generation.id), generation.stored())


def status_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    """Copies the job's status to the generation, in the job's own commit."""
    fields = status_fields(status, error, at)
    if not status.ended:
        return [Update(job.subject, fields)]
    fields |= charge_fields(job, (job.charge and job.charge.charged) or 0)
    message = status_message("Voice generation", status, error)
    return [Update(job.subject, fields), _activity(job, status, message, at)]


def completed_writes(job: Job, audio: AudioFile, charge: int, at: datetime) -> list[Write]:
    """Records the audio and the charge (in units of the job's meter) in the generation."""
    fields = {
        **status_fields(JobStatus.COMPLETED, None, at),
        **charge_fields(job, charge),
        "audio": audio.stored(),
    }
    message = f"Voice generation completed: {audio.seconds:.0f} s of audio"
    return [Update(job.subject, fields), _activity(job, JobStatus.COMPLETED, message, at)]


def _activity(job: Job, status: JobStatus, message: str, at: datetime) -> Write:
    kind = f"voice_generation_{status}"
    return activity_write(job.uid, kind, message, at=at, generationId=job.id)


def read(db: Database, generation_id: str) -> tuple[Document, Document]:
    """The generation, and its job without the input, in one call."""
    paths = [generation_path(generation_id), job_path(generation_id)]
    generation, job = db.get_all(paths, select=_READ_FIELDS)
    return generation, job

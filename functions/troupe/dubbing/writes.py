"""Dubbings in Firestore."""

from __future__ import annotations

from datetime import datetime

from pydantic.alias_generators import to_camel

from troupe.activities.service import activity_write
from troupe.adapters.firestore import Create, Database, Document, Update, Write
from troupe.dubbing.records import Dubbed, Dubbing
from troupe.jobs.records import SHOWN_FIELDS, Job, JobError, JobStatus, job_path
from troupe.jobs.subjects import charge_fields, status_fields, status_message

COLLECTION = "dubbings"
# One field mask for both documents: fields that a document lacks are ignored.
_READ_FIELDS = sorted({*SHOWN_FIELDS, *(to_camel(name) for name in Dubbing.model_fields)})


def dubbing_path(dubbing_id: str) -> str:
    return f"{COLLECTION}/{dubbing_id}"


def files_prefix(uid: str, dubbing_id: str) -> str:
    return f"{COLLECTION}/{uid}/{dubbing_id}/"


def work_prefix(uid: str, dubbing_id: str) -> str:
    """Of the files that are needed until the job ends."""
    return f"{files_prefix(uid, dubbing_id)}work/"


def create_write(dubbing: Dubbing) -> Write:
    return Create(dubbing_path(dubbing.id), dubbing.stored())


def status_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    """Copies the job's status to the dubbing, in the job's own commit."""
    fields = status_fields(status, error, at)
    if not status.ended:
        return [Update(job.subject, fields)]
    message = status_message("Dubbing", status, error)
    return [Update(job.subject, fields), _activity(job, status, message, at)]


def completed_writes(job: Job, result: Dubbed, charge: int, at: datetime) -> list[Write]:
    """Records the result and the charge (in units of the job's meter) in the dubbing."""
    fields = {
        **status_fields(JobStatus.COMPLETED, None, at),
        **charge_fields(job, charge),
        "result": result.stored(),
    }
    message = f"Dubbing completed: {result.lines} lines"
    return [Update(job.subject, fields), _activity(job, JobStatus.COMPLETED, message, at)]


def _activity(job: Job, status: JobStatus, message: str, at: datetime) -> Write:
    kind = f"voice_dubbing_{status}"
    return activity_write(job.uid, kind, message, at=at, dubbingId=job.id)


def read(db: Database, dubbing_id: str) -> tuple[Document, Document]:
    """The dubbing, and its job without the input, in one call."""
    paths = [dubbing_path(dubbing_id), job_path(dubbing_id)]
    dubbing, job = db.get_all(paths, select=_READ_FIELDS)
    return dubbing, job

"""Finding a script and its jobs, and who may have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from troupe.adapters.firestore import Database, Document
from troupe.jobs.records import SHOWN_FIELDS, Job, job_path
from troupe.scripts.errors import ScriptBusy, ScriptNotFound
from troupe.scripts.records import Script


@dataclass(frozen=True, slots=True)
class ScriptWithJobs:
    """A script with the last jobs that made its audio and its video; those without their input."""

    script: Script
    audio_job: Job | None = None
    video_job: Job | None = None


def owned(document: Document, uid: str) -> Script:
    """Raises ScriptNotFound, also for a script of somebody else."""
    if not document.exists or document.data["uid"] != uid:
        raise ScriptNotFound
    return Script.of(document)


def read_jobs(db: Database, ids: Sequence[str]) -> dict[str, Job]:
    """Jobs by id, those that exist, without their inputs; in one read."""
    if not ids:
        return {}
    documents = db.get_all([job_path(job_id) for job_id in ids], select=SHOWN_FIELDS)
    return {document.id: Job.of(document) for document in documents if document.exists}


def check_free(db: Database, script: Script) -> None:
    """Raises ScriptBusy while a job works on the script."""
    if script.active_job_id is None:
        return
    job = read_jobs(db, [script.active_job_id]).get(script.active_job_id)
    if job is not None and not job.status.ended:
        raise ScriptBusy(details={"jobId": job.id, "kind": job.kind})

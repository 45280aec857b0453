"""Scripts in the store, and their files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from troupe.activities.service import activity_write
from troupe.adapters.firestore import Database, Update, Write
from troupe.jobs.records import (
    SHOWN_FIELDS,
    Job,
    JobError,
    JobKind,
    JobStatus,
    Part,
    job_path,
)
from troupe.scripts.errors import ScriptBusy
from troupe.scripts.records import DialogueAudio, FinalVideo, Line, Script

if TYPE_CHECKING:
    from troupe.adapters.storage import Files

COLLECTION = "scripts"
_ACTIVITIES = {JobKind.SCRIPT_AUDIO: "script_audio", JobKind.VIDEO: "video_generation"}
_TITLES = {JobKind.SCRIPT_AUDIO: "Audio", JobKind.VIDEO: "Video generation"}


def script_path(script_id: str) -> str:
    return f"{COLLECTION}/{script_id}"


def files_prefix(script_id: str) -> str:
    """All files of a script lie under it and end with the script."""
    return f"scripts/{script_id}/"


def video_url(name: str) -> str:
    return f"/api/videos/{name}"


def status_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    """The script is free again when its job has ended without a result."""
    if not status.ended:
        return []
    title = job.input.get("title", "")
    message = f"{_TITLES[job.kind]} {status} for script '{title}'"
    if error is not None:
        message += f": {error.message}"
    return [
        Update(job.subject, {"activeJobId": None, "updatedAt": at}),
        _activity(job, status, message, at),
    ]


def completed_writes(
    job: Job,
    lines: Sequence[Line],
    audio: DialogueAudio | None,
    video: FinalVideo | None,
    at: datetime,
) -> list[Write]:
    """What came of the job; the script has not changed meanwhile, for its job keeps it."""
    fields: dict[str, Any] = {
        "dialogue": [line.stored() for line in lines],
        "activeJobId": None,
        "updatedAt": at,
    }
    seconds = 0.0
    if audio is not None:
        fields["audio"], seconds = audio.stored(), audio.seconds
    if video is not None:
        fields["video"], seconds = video.stored(), video.seconds
    message = (
        f"{_TITLES[job.kind]} completed successfully for script '{job.input['title']}'"
        f": {seconds:.0f} s"
    )
    place = video_url(video.name) if video else None
    return [
        Update(job.subject, fields),
        _activity(job, JobStatus.COMPLETED, message, at, video_path=place),
    ]


def _activity(
    job: Job, status: JobStatus, message: str, at: datetime, video_path: str | None = None
) -> Write:
    kind = f"{_ACTIVITIES[job.kind]}_{status}"
    script_id = job.subject.rpartition("/")[2]
    return activity_write(
        *(job.uid, kind, message),
        at=at,
        scriptId=script_id,
        jobId=job.id,
        videoPath=video_path,
    )


def referenced_files(script: Script) -> set[str]:
    """The paths of all files that a script leads to."""
    paths = set()
    for line in script.dialogue:
        if line.audio is not None:
            paths.update(line.audio.files)
    if script.audio is not None:
        paths |= {script.audio.path, script.audio.cues_path}
    if script.video is not None:
        paths.add(script.video.path)
    return paths


def tidy(
    db: Database, files: Files, subject: str, *, job_id: str | None, kept: Iterable[Part]
) -> None:
    """Deletes the files of a script that neither it nor a part of `kept` leads to; all of them
    when the script is gone. While another job than `job_id` works on it, nothing."""
    document = db.get(subject)
    referenced = {path for part in kept for path in part.files}
    if document.exists:
        script = Script.of(document)
        if script.active_job_id not in (None, job_id):
            return
        referenced |= referenced_files(script)
    else:
        referenced = set()
    prefix = files_prefix(subject.rpartition("/")[2])
    files.delete(path for path in files.list(prefix) if path not in referenced)


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

"""Scripts in Firestore: paths, writes and reads, and the paths of their files."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from troupe.access import owned
from troupe.activities.service import activity_write
from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Document,
    Update,
    Write,
    now,
)
from troupe.idempotency import Asked
from troupe.jobs.records import SHOWN_FIELDS, Job, JobError, JobStatus, Part, job_path
from troupe.recording.records import Recorded, Sound
from troupe.scripts.errors import ScriptBusy, ScriptNotFound
from troupe.scripts.records import (
    AUDIO_KIND,
    LINE_KIND,
    TITLE_CHARACTERS,
    VIDEO_KIND,
    DialogueAudio,
    FinalVideo,
    Line,
    Performance,
    Script,
)
from troupe.scripts.voice_key import line_keys
from troupe.text import shorten

COLLECTION = "scripts"


@dataclass(frozen=True, slots=True)
class _ActivityText:
    """How a job kind appears in the script and in the user's activities."""

    activity: str
    title: str
    started: str
    job_field: str | None  # of the script: holds the job's id


_ACTIVITY_TEXTS = {
    AUDIO_KIND: _ActivityText(
        "script_audio", "Audio", "Audio of script '{}' started", "audioJobId"
    ),
    LINE_KIND: _ActivityText(
        "script_line", "Speaking a line", "A line of script '{}' is being spoken", None
    ),
    VIDEO_KIND: _ActivityText(
        "video_generation",
        "Video generation",
        "Video generation started for script '{}'",
        "videoJobId",
    ),
}


def script_path(script_id: str) -> str:
    return f"{COLLECTION}/{script_id}"


def files_prefix(script_id: str) -> str:
    """The folder of all files of a script; deleted with it."""
    return f"scripts/{script_id}/"


def video_url(name: str) -> str:
    return f"/api/videos/{name}"


def poster_url(name: str) -> str:
    return video_url(name.removesuffix(".mp4") + ".jpg")


def new_script(
    uid: str,
    cast: dict[str, str],
    lines: list[Line],
    *,
    title: str = "",
    language: str | None = None,
    prompt: str | None = None,
    source_script_id: str | None = None,
    asked: Asked | None = None,
) -> Script:
    """`cast`: names by the ids of characters. `asked`: the request that creates it."""
    at = now()
    return Script(
        id=asked.id if asked else secrets.token_hex(16),
        created_by=asked.created_by if asked else None,
        uid=uid,
        title=title or shorten(lines[0].text if lines else "Untitled script", TITLE_CHARACTERS),
        language=language,
        source_script_id=source_script_id,
        selected_characters=list(cast),
        cast=cast,
        original_prompt=prompt,
        dialogue=lines,
        created_at=at,
        updated_at=at,
    )


def store_new(db: Database, script: Script, activity: str, verb: str) -> Script:
    """Stores a script of `new_script`, with the user's activity. Returns it, or the one that a
    request with the same key has stored. Raises KeyReused."""
    message = f"Script '{script.title}' {verb}"
    done = activity_write(script.uid, activity, message, at=script.created_at, scriptId=script.id)
    try:
        db.commit(Create(script_path(script.id), script.stored()), done)
    except AlreadyExists:  # or our own commit, sent again after its response was lost
        asked = Asked(script.id, script.created_by)
        return earlier(db, script.uid, asked) or script
    return script


def earlier(db: Database, uid: str, asked: Asked) -> Script | None:
    """The script that an earlier request with the same key has created. Raises KeyReused."""
    if asked.created_by is None:
        return None
    document = db.get(script_path(asked.id))
    if not document.exists:
        return None
    script = Script.of(owned(document, uid, ScriptNotFound))
    asked.check(script.created_by)
    return script


def started_writes(job: Job, seen: Document, title: str) -> list[Write]:
    """Writes that mark the script as busy, for the commit that creates the job; it fails if the
    script has changed."""
    texts, at = _ACTIVITY_TEXTS[job.kind], job.created_at
    fields = {"activeJobId": job.id, "updatedAt": at}
    if texts.job_field is not None:
        fields[texts.job_field] = job.id
    return [
        Update(job.subject, fields, seen=seen),
        activity_write(
            job.uid,
            f"{texts.activity}_started",
            texts.started.format(title),
            at=at,
            scriptId=seen.id,
            jobId=job.id,
        ),
    ]


def status_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    """Writes that free the script when its job ends without a result."""
    if not status.ended:
        return []
    title = job.input.get("title", "")
    message = f"{_ACTIVITY_TEXTS[job.kind].title} {status} for script '{title}'"
    if error is not None:
        message += f": {error.message}"
    return [
        Update(job.subject, {"activeJobId": None, "updatedAt": at}),
        _activity(job, status, message, at),
    ]


def completed_writes(
    job: Job,
    performance: Performance,
    lines: Sequence[Line],
    audio: DialogueAudio | None,
    video: FinalVideo | None,
    at: datetime,
) -> list[Write]:
    """Writes that store the job's result. The script is unchanged: a running job locks it."""
    fields: dict[str, Any] = {
        "dialogue": [line.stored() for line in lines],
        "activeJobId": None,
        "updatedAt": at,
    }
    only = performance.only
    if only is not None and performance.lines[only].audio is not None:
        # The whole audio, and a video, have the sound from before.
        fields |= {"audio": None, "revision": performance.revision + 1}
    spoken = lines[only].audio if only is not None else None
    seconds = spoken.seconds if spoken is not None else 0.0
    if audio is not None:
        fields["audio"], seconds = audio.stored(), audio.seconds
    if video is not None:
        fields["video"], seconds = video.stored(), video.seconds
    message = (
        f"{_ACTIVITY_TEXTS[job.kind].title} completed successfully for script '{performance.title}'"
        f": {seconds:.0f} s"
    )
    url = video_url(video.name) if video else None
    return [
        Update(job.subject, fields),
        _activity(job, JobStatus.COMPLETED, message, at, video_path=url),
    ]


def spoken_lines(performance: Performance, first: int, sounds: Sequence[Sound]) -> list[Line]:
    """The lines from number `first`, with their audio."""
    key = line_keys(performance.performers)
    return [
        line.model_copy(
            update={
                "audio": sound.model_copy(update={"words": None, "made_for": None}),
                "voice_key": key(line),
            }
        )
        for line, sound in zip(performance.to_speak()[first:], sounds, strict=False)
    ]


def kept_writes(job: Job, done: Sequence[Part]) -> list[Write]:
    """Writes that give the lines of recorded parts to the script when its job ends without a
    result: they are paid for. The dialogue is unchanged: the job locks it."""
    performance = Performance.model_validate(job.input)
    lines = list(performance.lines)
    for part in done:
        assert job.cuts is not None  # noqa: S101 (a job with parts is planned)
        first, end = job.cuts[int(part.id) : int(part.id) + 2]
        sounds = Recorded.model_validate(part.payload).sounds
        lines[first:end] = spoken_lines(performance, first, sounds)
    return [Update(job.subject, {"dialogue": [line.stored() for line in lines]})]


def _activity(
    job: Job, status: JobStatus, message: str, at: datetime, video_path: str | None = None
) -> Write:
    kind = f"{_ACTIVITY_TEXTS[job.kind].activity}_{status}"
    script_id = job.subject.rpartition("/")[2]
    return activity_write(
        job.uid,
        kind,
        message,
        at=at,
        scriptId=script_id,
        jobId=job.id,
        videoPath=video_path,
    )


def referenced_files(script: Script) -> set[str]:
    """The paths of all files that a script references."""
    paths = set()
    for line in script.dialogue:
        if line.audio is not None:
            paths.update(line.audio.files)
    if script.audio is not None:
        paths.update(script.audio.files)
    if script.video is not None:
        paths.update(script.video.files)
    return paths


def read_jobs(db: Database, ids: Sequence[str]) -> dict[str, Job]:
    """The jobs that exist, by id, without their inputs; one read."""
    if not ids:
        return {}
    documents = db.get_all([job_path(job_id) for job_id in ids], select=SHOWN_FIELDS)
    return {document.id: Job.of(document) for document in documents if document.exists}


def check_free(db: Database, script: Script) -> None:
    """Raises ScriptBusy if a job is working on the script."""
    if script.active_job_id is None:
        return
    job = read_jobs(db, [script.active_job_id]).get(script.active_job_id)
    if job is not None and not job.status.ended:
        raise ScriptBusy(details={"jobId": job.id, "kind": job.kind})

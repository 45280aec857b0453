"""Recordings of calls in Firestore, and the paths of their files."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from troupe.adapters.firestore import Update, Write
from troupe.call_recordings.records import PARTS, CallRecording, RecordingInput, RecordingState
from troupe.calls.live_recordings import FAILED_KEPT
from troupe.calls.writes import recording_path
from troupe.jobs.records import Job, JobError, JobStatus

MP4 = "video/mp4"


def parts_path(recording_id: str) -> str:
    return f"{recording_path(recording_id)}/{PARTS}"


def part_path(recording_id: str, seq: int) -> str:
    return f"{parts_path(recording_id)}/{seq:05}"


def part_paths(recording_id: str, parts: int) -> Sequence[str]:
    return [part_path(recording_id, seq) for seq in range(parts)]


def recording_prefix(company_id: str, call_id: str, recording_id: str) -> str:
    """Of all files of a recording."""
    return f"call-recordings/{company_id}/{call_id}/{recording_id}/"


def part_file(recording: CallRecording, seq: int) -> str:
    """Another one each time, so that a request that loses deletes only its own file."""
    return f"{_prefix(recording)}parts/{seq:05}-{secrets.token_hex(8)}"


def parts_prefix(given: RecordingInput) -> str:
    return f"{_input_prefix(given)}parts/"


def film_prefix(given: RecordingInput, job: Job) -> str:
    return f"{_input_prefix(given)}{job.id}-"


def film_path(given: RecordingInput, job: Job) -> str:
    """With the attempt, so that a late worker cannot overwrite the file of another."""
    return f"{film_prefix(given, job)}{job.attempt}.mp4"


def status_writes(job: Job, status: JobStatus, error: JobError | None, at: datetime) -> list[Write]:
    """A job that ends without a file has failed the recording, in its own commit."""
    if status not in (JobStatus.FAILED, JobStatus.CANCELLED):
        return []
    return [Update(job.subject, failed_fields(error.code if error else status, at))]


def failed_fields(error: str, at: datetime) -> dict[str, object]:
    return {
        "state": RecordingState.FAILED,
        "error": error,
        "dueAt": at + FAILED_KEPT,
        "updatedAt": at,
    }


def _prefix(recording: CallRecording) -> str:
    return recording_prefix(recording.company_id, recording.call_id, recording.id)


def _input_prefix(given: RecordingInput) -> str:
    return recording_prefix(given.company_id, given.call_id, given.recording_id)

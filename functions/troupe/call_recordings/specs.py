"""The kind of job that makes the file of a recording. It is free: what was recorded is paid."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from troupe.call_recordings.cleanup import CallRecordingCleanup
from troupe.call_recordings.records import KIND, Nothing, RecordingInput
from troupe.call_recordings.writes import status_writes
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.specs import JobSpec, Step


def _cleanup(services: Any) -> Cleanup:
    return CallRecordingCleanup(services.database, services.files)


CALL_RECORDING = JobSpec(
    kind=KIND,
    steps=(
        Step("collection", 10),
        Step("joining", 70, "Joining the recording"),
        Step("upload", 20, "Storing the recording"),
    ),
    parts_step="collection",
    parts_message="Collecting the parts",
    input=RecordingInput,
    payload=Nothing,
    worker=attrgetter("call_recording_worker"),
    cleanup=_cleanup,
    subject_writes=status_writes,
    caused=True,
)

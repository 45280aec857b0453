"""The kind of job that transcribes a sound."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from troupe.jobs.cleanup import Cleanup
from troupe.jobs.specs import JobSpec, Step
from troupe.transcriptions.cleanup import TranscriptionCleanup
from troupe.transcriptions.records import Heard, Sound
from troupe.transcriptions.writes import status_writes

# A function of its own: somebody may be waiting, and speech can fill the other queue for long.
QUEUE = "listen"


def _cleanup(services: Any) -> Cleanup:
    return TranscriptionCleanup(services.files)


TRANSCRIPTION = JobSpec(
    kind="transcription",
    steps=(Step("recognition", 95), Step("captions", 5, "Writing the captions")),
    parts_step="recognition",
    parts_message="Listening ({done}/{total} parts completed)",
    input=Sound,
    payload=Heard,
    worker=attrgetter("transcription_worker"),
    cleanup=_cleanup,
    subject_writes=status_writes,
    link="/api/audio/transcriptions/{id}",
    event="transcription",
    queue=QUEUE,
)

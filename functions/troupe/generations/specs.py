"""The kind of job that speaks a text."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from troupe.generations.cleanup import GenerationCleanup
from troupe.generations.records import SpokenText
from troupe.generations.writes import status_writes
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Usage
from troupe.jobs.specs import JobSpec, Step
from troupe.recording.records import Recorded


def _cleanup(services: Any) -> Cleanup:
    return GenerationCleanup(services.files)


def usage(part: Recorded) -> Usage:
    return Usage(characters=part.characters, milliseconds=part.milliseconds)


VOICE = JobSpec(
    kind="voice",
    steps=(Step("speech", 80), Step("assembly", 20, "Joining and encoding the audio")),
    parts_step="speech",
    parts_message="Speaking the text ({done}/{total} parts completed)",
    input=SpokenText,
    payload=Recorded,
    worker=attrgetter("voice_worker"),
    cleanup=_cleanup,
    subject_writes=status_writes,
    link="/api/voice/generations/{id}",
    event="generation",
    usage=usage,
)

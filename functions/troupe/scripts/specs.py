"""The job kinds of scripts. A video starts with the same speech as the audio, so one worker makes
both."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Usage
from troupe.jobs.specs import JobSpec, Step, registry
from troupe.recording.records import Recorded
from troupe.scripts.cleanup import ScriptCleanup
from troupe.scripts.records import AUDIO_KIND, LINE_KIND, VIDEO_KIND, Performance
from troupe.scripts.writes import kept_writes, status_writes


def usage(part: Recorded) -> Usage:
    return Usage(characters=part.characters, milliseconds=part.milliseconds)


def _cleanup(services: Any) -> Cleanup:
    return ScriptCleanup(services.database, services.files, services.jobs.parts)


AUDIO = JobSpec(
    kind=AUDIO_KIND,
    steps=(Step("speech", 80), Step("assembly", 20, "Joining and encoding the audio")),
    parts_step="speech",
    parts_message="Speaking the lines... ({done}/{total} completed)",
    input=Performance,
    payload=Recorded,
    worker=attrgetter("script_worker"),
    cleanup=_cleanup,
    subject_writes=status_writes,
    link="/api/scripts/{id}",
    event="script.audio",
    usage=usage,
    kept_writes=kept_writes,
)
VIDEO = JobSpec(
    kind=VIDEO_KIND,
    steps=(
        Step("audio_validation", 5),
        Step("audio_generation", 40),
        Step("video_generation", 40),
        Step("video_assembly", 5),
        Step("upload", 10),
    ),
    parts_step="audio_generation",
    parts_message="Generating audio files... ({done}/{total} completed)",
    input=Performance,
    payload=Recorded,
    worker=attrgetter("script_worker"),
    cleanup=_cleanup,
    subject_writes=status_writes,
    link="/api/scripts/{id}",
    event="video",
    usage=usage,
    kept_writes=kept_writes,
)
LINE = JobSpec(
    kind=LINE_KIND,
    steps=(Step("speech", 95), Step("storing", 5, "Storing the line")),
    parts_step="speech",
    parts_message="Speaking the line...",
    input=Performance,
    payload=Recorded,
    worker=attrgetter("script_worker"),
    cleanup=_cleanup,
    subject_writes=status_writes,
    usage=usage,
)
SPECS = registry(AUDIO, VIDEO, LINE)

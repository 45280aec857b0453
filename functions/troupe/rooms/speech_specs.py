"""The kind of job that speaks a message."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Usage
from troupe.jobs.specs import JobSpec, Step
from troupe.rooms.queue import QUEUE
from troupe.rooms.speech_records import SpeechInput, SpokenItem


def _cleanup(services: Any) -> Cleanup:
    cleanup: Cleanup = services.speech_cleanup
    return cleanup


def _usage(part: SpokenItem) -> Usage:
    return Usage(characters=part.characters, milliseconds=part.milliseconds)


MESSAGE_SPEECH = JobSpec(
    kind="message_speech",
    steps=(Step("speech", 90), Step("assembly", 10, "Handing over the sound")),
    parts_step="speech",
    parts_message="Speaking the message ({done}/{total} languages completed)",
    input=SpeechInput,
    payload=SpokenItem,
    worker=attrgetter("message_speech_worker"),
    cleanup=_cleanup,
    usage=_usage,
    queue=QUEUE,
    prompt=True,
    caused=True,
)

"""Transcribes a character's sample that was sent without its text, in a job of its own.

Engines that clone a voice clone it better if they know what is said in the recording.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from operator import attrgetter
from typing import Any

from troupe.adapters.firestore import Database, Missing, now
from troupe.characters.records import Character
from troupe.characters.writes import character_path
from troupe.errors import TroupeError
from troupe.idempotency import request_hash
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job
from troupe.jobs.service import JobService
from troupe.jobs.specs import JobSpec, Step
from troupe.jobs.writes import erase_writes, parts
from troupe.logs import log
from troupe.recognition.catalogue import language_code
from troupe.settings import Settings
from troupe.transcriptions.records import Heard, Sound
from troupe.transcriptions.specs import QUEUE


class SampleSound(Sound):
    """The input: a sample as it was when the job was submitted."""

    sha256: str


class SampleTextCleanup(Cleanup):
    """What is said is the character's alone, and is deleted with it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def tidy(self, job: Job) -> None:
        with suppress(Missing):  # its owner was erased
            self._db.commit(*erase_writes(job, parts(self._db, job.id, job.parts_total)))


def _cleanup(services: Any) -> Cleanup:
    return SampleTextCleanup(services.database)


SAMPLE_TEXT = JobSpec(
    kind="sample_text",
    steps=(Step("recognition", 95, "Listening to the recording"), Step("text", 5)),
    parts_step="recognition",
    parts_message="Listening to the recording",
    input=SampleSound,
    payload=Heard,
    worker=attrgetter("sample_text_worker"),
    cleanup=_cleanup,
    queue=QUEUE,
)


def request_text(jobs: JobService, character: Character, settings: Settings) -> None:
    """Submits the job, which is free. Without it, after an outage or with too many jobs already,
    the user can write the text: the character is stored by now, so this must not fail."""
    sample = character.sample
    if sample is None:
        return
    given = SampleSound(
        path=sample.path,
        seconds=sample.quality.seconds,
        language=language_code(character.language, settings.transcriber),
        sha256=sample.sha256,
    )
    job = SAMPLE_TEXT.job(
        id=secrets.token_hex(16),
        uid=character.uid,
        subject=character_path(character.id),
        given=given,
        request_hash=request_hash("sample_text", {"sha256": sample.sha256}),
        at=now(),
    )
    try:
        jobs.submit(job, None, [], keyed=False)
    except TroupeError as error:
        log.info("sample_text_not_requested", characterId=character.id, reason=error.code)

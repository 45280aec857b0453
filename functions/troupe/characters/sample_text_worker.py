"""The work of a job that writes down what is said in a character's sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database, Update
from troupe.characters.records import Character
from troupe.characters.sample_texts import SampleSound
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.transcriptions.records import Heard, segments_from_json

if TYPE_CHECKING:
    from troupe.transcriptions.worker import TranscriptionWorker

_MOST_CHARACTERS = 2_000  # as in a request


class SampleTextWorker:
    """Listens as a transcription does; a sample is always one part."""

    def __init__(self, db: Database, listener: TranscriptionWorker) -> None:
        self._db = db
        self._listener = listener

    def plan(self, job: Job, given: SampleSound) -> WorkPlan:
        return self._listener.plan(job, given)

    def run_part(
        self, job: Job, given: SampleSound, number: int, folder: Path, watch: Watch
    ) -> Heard:
        """Raises WorkError."""
        return self._listener.run_part(job, given, number, folder, watch)

    def assemble(
        self, job: Job, given: SampleSound, done: Sequence[Heard], folder: Path, watch: Watch
    ) -> Outcome:
        """Does not replace a text that the user wrote in the meantime, nor touch a newer sample."""
        document = self._db.get(job.subject)
        sample = Character.of(document).sample if document.exists else None
        said = " ".join(
            each.text.strip() for part in done for each in segments_from_json(part.segments)
        )
        if sample is None or sample.sha256 != given.sha256 or sample.text or not said:
            return Outcome([])
        text = said[:_MOST_CHARACTERS]
        return Outcome([Update(document.path, {"sample.text": text}, seen=document)])

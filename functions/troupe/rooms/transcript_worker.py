"""The work of a job that writes down what is said in a message."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.errors import TroupeError, Unavailable, WorkError
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.moderation.service import Moderation
from troupe.rooms.records import Message
from troupe.rooms.transcript_records import TranscriptInput
from troupe.transcriptions.records import (
    Heard,
    main_language,
    seconds_heard,
    segments_from_json,
    segments_to_json,
)

if TYPE_CHECKING:
    from troupe.rooms.transcripts import MessageTranscripts
    from troupe.transcriptions.worker import TranscriptionWorker


class MessageTranscriptWorker:
    """Listens as a transcription does."""

    def __init__(
        self,
        db: Database,
        listener: TranscriptionWorker,
        transcripts: MessageTranscripts,
        moderation: Moderation,
    ) -> None:
        self._db = db
        self._listener = listener
        self._transcripts = transcripts
        self._moderation = moderation

    def plan(self, job: Job, given: TranscriptInput) -> WorkPlan:
        return self._listener.plan(job, given)

    def run_part(
        self, job: Job, given: TranscriptInput, number: int, folder: Path, watch: Watch
    ) -> Heard:
        """Raises WorkError."""
        if not self._transcripts.is_waiting(given):  # edited or deleted
            return Heard(segments=segments_to_json([]))
        return self._listener.run_part(job, given, number, folder, watch)

    def assemble(
        self, job: Job, given: TranscriptInput, done: Sequence[Heard], folder: Path, watch: Watch
    ) -> Outcome:
        """Writes the text before the job ends: a message changes at any time, and as a precondition
        of the job's last commit it would make the job fail. Doing it again does nothing."""
        document = self._db.get(job.subject)
        if not document.exists:
            return Outcome([])
        uid = Message.of(document).uid
        text = " ".join(
            each.text for part in done for each in segments_from_json(part.segments)
        ).strip()
        try:
            self._moderation.check(uid, text)
        except TroupeError as error:
            transient = isinstance(error, Unavailable)
            raise WorkError(error.code, error.text, retryable=transient) from error
        milliseconds = round(1000 * seconds_heard(done))
        self._transcripts.store(uid, given, text, main_language(done), milliseconds)
        return Outcome([])

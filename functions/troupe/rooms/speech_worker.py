"""The work of a job that speaks a message: each item is one part, and one file."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files
from troupe.borders import Border
from troupe.errors import WorkError
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.media.formats import AudioFormat
from troupe.recording.join import Take, join
from troupe.recording.recorder import Recorder
from troupe.recording.voices import Speaker, Voices
from troupe.rooms.records import Message
from troupe.rooms.speech_cleanup import files_prefix
from troupe.rooms.speech_records import MOST_SPOKEN_SECONDS, SpeechInput, SpeechItem, SpokenItem
from troupe.speech.choice import Engines
from troupe.speech.text.marks import literal
from troupe.speech.text.pieces import Form, pieces
from troupe.speech.text.reading import Passage, Pauses, passage

FORMAT = AudioFormat.MP3  # which every browser plays


class MessageSpeechWorker:
    def __init__(
        self, db: Database, engines: Engines, files: Files, pauses: Mapping[Border, int]
    ) -> None:
        """`pauses`: in milliseconds."""
        self._db = db
        self._files = files
        self._pauses = pauses
        self._recorder = Recorder(files)
        self._voices = Voices(engines, files)

    def plan(self, job: Job, given: SpeechInput) -> WorkPlan:
        characters = [len(item.text) for item in given.items]
        return WorkPlan(list(range(len(given.items) + 1)), characters=characters)

    def run_part(
        self, job: Job, given: SpeechInput, number: int, folder: Path, watch: Watch
    ) -> SpokenItem:
        """Raises WorkError("message_changed") for a text that is not the message's any more."""
        self._check(job, given)
        item, local = given.items[number], folder / f"{number}.wav"
        speaker = self._voices.speaker(item.voice)
        said = self._passage(item, speaker)
        # A random name, so that a late worker does not replace the file of another.
        name = f"{number}-{secrets.token_hex(4)}{FORMAT.extension}"
        path = f"{files_prefix(job.subject, job.id)}{name}"
        sound = self._recorder.speak(path, said, speaker, local, watch.check).sound
        joined = join(
            self._recorder,
            self._files,
            [Take(sound, lambda: said, speaker, local)],
            path,
            FORMAT,
            folder,
            watch.check,
            most=job.charge.seconds_allowed(MOST_SPOKEN_SECONDS)
            if job.charge
            else MOST_SPOKEN_SECONDS,
        )
        return SpokenItem(
            path=path,
            content_type=FORMAT.mime_type,
            size=joined.size,
            seconds=round(joined.seconds, 3),
            characters=len(item.text),
        )

    def assemble(
        self, job: Job, given: SpeechInput, done: Sequence[SpokenItem], folder: Path, watch: Watch
    ) -> Outcome:
        """Nothing is left to do: see SpeechCleanup."""
        seconds = sum(part.seconds for part in done)
        return Outcome([], job.charge.of_seconds(seconds) if job.charge else 0)

    def _check(self, job: Job, given: SpeechInput) -> None:
        document = self._db.get(job.subject)
        message = Message.of(document) if document.exists else None
        if message is None or message.deleted_at or message.revision != given.revision:
            raise WorkError(
                "message_changed",
                "The message was edited or deleted before it was spoken.",
                retryable=False,
            )

    def _passage(self, item: SpeechItem, speaker: Speaker) -> Passage:
        language = item.voice.language
        return passage(
            pieces(literal(item.text), language, Form.TEXT),
            language,
            item.voice.speed,
            speaker.engine.capabilities,
            Pauses.of(self._pauses, {}),
            last=True,
        )

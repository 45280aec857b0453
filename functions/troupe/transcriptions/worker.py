"""The work of a transcription job: cut the sound at pauses, listen to the parts, join the texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from troupe.adapters.firestore import now
from troupe.adapters.storage import Files
from troupe.errors import FileMissing, TroupeError, Unavailable, WorkError
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.logs import log
from troupe.media.captions import cues_to_json
from troupe.media.captions.cues import cues
from troupe.recognition.energy import pause
from troupe.recognition.listen import listen
from troupe.recognition.transcriber import RATE, Transcriber
from troupe.settings import Prices
from troupe.speech.engine import WordTiming
from troupe.transcriptions.pricing import charge_for
from troupe.transcriptions.records import (
    Heard,
    Sound,
    Text,
    main_language,
    seconds_heard,
    segments_from_json,
    segments_to_json,
)
from troupe.transcriptions.writes import completed_writes, files_prefix

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

_AROUND = 5.0  # seconds before and after a cut, in which the best pause is found

# Samples of a file from a time on, for so many seconds; for a user.
Decode = Callable[[BinaryIO, float, float, str], bytes]


class TranscriptionWorker:
    def __init__(
        self,
        transcriber: Callable[[], Transcriber],
        longest_seconds: int,
        files: Files,
        decode: Decode,
        prices: Prices,
    ) -> None:
        """`transcriber` is called where its failure is that of the job. `longest_seconds`: of a
        part."""
        self._transcriber = transcriber
        self._part = longest_seconds - 2 * _AROUND
        self._files = files
        self._decode = decode
        self._prices = prices

    def plan(self, job: Job, given: Sound) -> WorkPlan:
        """Equal parts, in milliseconds. Where exactly they are cut is found with their sound."""
        total = max(1, round(given.seconds * 1000))
        many = max(1, -(-total // round(self._part * 1000)))
        return WorkPlan([total * number // many for number in range(many + 1)])

    def run_part(self, job: Job, given: Sound, number: int, folder: Path, watch: Watch) -> Heard:
        """Raises WorkError."""
        path = folder / "sound"
        try:
            transcriber = self._transcriber()
            self._files.download(given.path, path)
            with path.open("rb") as file:
                start, end = self._bounds(job, number, file)
                samples = self._samples(job, file, start, end - start)
        except RuntimeError as error:  # its package is missing
            log.error("transcriber_missing", error)
            message = "The transcriber is not installed on the server."
            raise WorkError("transcriber_unavailable", message, retryable=True) from error
        except FileMissing as error:
            message = "The sound no longer exists."
            raise WorkError("sound_missing", message, retryable=False) from error
        except TroupeError as error:  # it could be read when it was uploaded
            transient = isinstance(error, Unavailable)
            raise WorkError(error.code, error.text, retryable=transient) from error
        found = listen(transcriber, samples, given.language, watch.check)
        return Heard(
            segments=segments_to_json(found.segments, start),
            language=found.language,
            language_probability=found.language_probability,
            milliseconds=round(found.seconds * 1000),
        )

    def assemble(
        self, job: Job, given: Sound, done: Sequence[Heard], folder: Path, watch: Watch
    ) -> Outcome:
        segments = [each for part in done for each in segments_from_json(part.segments)]
        words = [
            WordTiming(word.text, word.start, word.end)
            for segment in segments
            for word in segment.words
        ]
        base = f"{files_prefix(job.uid, job.id)}{job.attempt}"
        text = _text(done, f"{base}.json", f"{base}.cues.json")
        captions = cues(words, until=given.seconds)
        for path, content in (
            (text.path, segments_to_json(segments)),
            (text.cues_path, cues_to_json(captions)),
        ):
            self._files.upload(path, content.encode(), "application/json")
        charge = charge_for(text.heard, job.charge, self._prices)
        writes = completed_writes(job, text, charge, now())
        return Outcome(writes, charge, [text.path, text.cues_path])

    def _bounds(self, job: Job, number: int, file: BinaryIO) -> tuple[float, float]:
        """Where a part begins and ends, in seconds. Two parts find the same border, because they
        look at the same samples."""
        assert job.cuts is not None  # noqa: S101 (a job with parts is planned)
        start, end = (self._border(job, at, file) for at in job.cuts[number : number + 2])
        return start, end

    def _border(self, job: Job, at: int, file: BinaryIO) -> float:
        assert job.cuts is not None  # noqa: S101 (a job with parts is planned)
        seconds = at / 1000
        if at == 0:
            return seconds
        if at == job.cuts[-1]:
            return seconds + _AROUND  # the recording may be a little longer than it says
        around = self._samples(job, file, seconds - _AROUND, 2 * _AROUND)
        return seconds - _AROUND + pause(around) / RATE

    def _samples(self, job: Job, file: BinaryIO, start: float, seconds: float) -> Samples:
        data = self._decode(file, start, seconds, job.uid)
        return cast("Samples", np.frombuffer(data, np.int16))


def _text(done: Sequence[Heard], path: str, cues_path: str) -> Text:
    language = main_language(done)
    sure = [
        part.language_probability
        for part in done
        if part.language == language and part.language_probability is not None
    ]
    return Text(
        path=path,
        cues_path=cues_path,
        language=language,
        language_probability=round(max(sure), 3) if sure else None,
        heard=seconds_heard(done),
    )

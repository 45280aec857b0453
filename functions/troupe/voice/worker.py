"""The work of a voice job: text to parts, parts to one audio file with its words."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from troupe.adapters.firestore import now
from troupe.adapters.storage import Files
from troupe.errors import FileMissing
from troupe.jobs.records import Job, Part
from troupe.jobs.runner import Outcome, Plan
from troupe.media.audio import AudioWriter, read_wav, write_wav
from troupe.media.captions import words_to_json
from troupe.media.formats import AudioFormat
from troupe.speech.engine import (
    Speech,
    SpeechEngine,
    SpeechError,
    TimingSource,
    Voice,
    VoiceType,
    WordTiming,
)
from troupe.speech.planner import cut, plain_text
from troupe.speech.speak import part_key, speak
from troupe.voice.records import AudioFile
from troupe.voice.repository import completed_writes, files_prefix
from troupe.wallet.records import Meter

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

PARTS_KEPT = timedelta(days=7)
_BLOCK = 1 << 16  # samples per read while joining


class VoiceWorker:
    def __init__(self, engine: SpeechEngine, files: Files, *, part_characters: int) -> None:
        self._engine = engine
        self._files = files
        self._part_characters = part_characters

    def plan(self, job: Job) -> Plan:
        """Raises SpeechError when the text holds nothing to speak."""
        given = job.input["text"]
        text = plain_text(given)
        if not text.strip():
            raise SpeechError(
                "nothing_to_speak", "The text holds nothing to speak.", retryable=False
            )
        cuts = cut(text, self._part_characters, job.input["language"])
        return Plan(cuts, {} if text == given else {"input.text": text})

    def run_part(self, job: Job, number: int, folder: Path, check: Callable[[], None]) -> Part:
        """Speaks one part, unless the same words in the same voice are there already."""
        assert job.cuts is not None  # noqa: S101 (a job with parts is planned)
        text = job.input["text"][job.cuts[number] : job.cuts[number + 1]]
        voice = Voice(
            language=job.input["language"],
            type=VoiceType(job.input["voice_type"]),
            style=job.input["voice_style"],
            speed=job.input["speed"],
        )
        path = f"speech/{job.uid}/{part_key(job.uid, self._engine, voice, text)}.wav"
        try:
            # The words are stored after the sound: where they are, it is.
            spoken = _Spoken.read(self._files, path)
        except FileMissing:
            spoken = self._speak(voice, text, path, _local(folder, number), check)
        return Part(
            id=str(number),
            path=path,
            samples=spoken.samples,
            rate=spoken.rate,
            timing_source=spoken.timing_source,
            expires_at=now() + PARTS_KEPT,
        )

    def _speak(
        self, voice: Voice, text: str, path: str, local: Path, check: Callable[[], None]
    ) -> _Spoken:
        """Speaks to a WAV file, utterance by utterance, and stores it with its words."""
        utterances = speak(self._engine, text, voice)
        try:
            first = next(utterances)
        except SpeechError as error:
            if error.code != "nothing_to_speak":
                raise
            # One silent part among others is no failure; `assemble` looks at the whole.
            first, utterances = _SILENCE, iter(())
        words: list[WordTiming] = []

        def samples() -> Iterator[Samples]:
            total = 0
            for speech in itertools.chain([first], utterances):
                check()
                words.extend(_later(speech.words, total / first.rate))
                total += len(speech.samples)
                yield speech.samples

        with local.open("wb") as file:
            total = write_wav(file, first.rate, samples())
        spoken = _Spoken(total, first.rate, first.timing_source, words)
        self._files.upload(path, local, "audio/wav")
        spoken.write(self._files, path)
        return spoken

    def assemble(
        self, job: Job, done: Sequence[Part], folder: Path, check: Callable[[], None]
    ) -> Outcome:
        """Joins the parts in their order and encodes once."""
        form = AudioFormat(job.input["format"])
        target = folder / f"audio{form.extension}"
        words: list[WordTiming] = []
        rate = done[0].rate
        with AudioWriter(target, form, rate) as writer:
            for part in done:
                check()
                local = self._fetched(job, part, folder, check)
                words += _later(_Spoken.read(self._files, part.path).words, writer.seconds)
                with local.open("rb") as file:
                    for samples in read_wav(file, _BLOCK):
                        writer.write(samples, part.rate)
                local.unlink()
            if not words:
                raise SpeechError(
                    "nothing_to_speak", "The text holds nothing to speak.", retryable=False
                )
            seconds = writer.seconds
        check()
        # The attempt is part of the name: a late worker cannot overwrite what another recorded.
        base = f"{files_prefix(job.uid, job.id)}{job.attempt}"
        path, words_path = f"{base}{form.extension}", f"{base}.words.json"
        audio = AudioFile(
            path=path,
            words_path=words_path,
            size=self._files.upload(path, target, form.mime_type),
            seconds=round(seconds, 3),
            rate=rate,
            timing_source=done[0].timing_source,
        )
        self._files.upload(words_path, words_to_json(words).encode(), "application/json")
        charge = job.charge.held
        if job.charge.meter is Meter.VOICE_SECONDS:
            charge = min(math.ceil(seconds), charge)
        return Outcome(completed_writes(job, audio, charge, now()), charge, [path, words_path])

    def discard(self, outcome: Outcome) -> None:
        self._files.delete(outcome.files)

    def forget(self, part: Part) -> None:
        self._files.delete([part.path, part.words_path])

    def _fetched(self, job: Job, part: Part, folder: Path, check: Callable[[], None]) -> Path:
        """The part's file: as this task left it, or from storage; spoken anew if it is gone from
        there, because its time was up or its owner deleted the same words elsewhere."""
        number = int(part.id)
        local = _local(folder, number)
        if not local.exists():
            try:
                self._files.download(part.path, local)
            except FileMissing:
                local.unlink(missing_ok=True)
                self._files.delete([_facts_path(part.path)])
                self.run_part(job, number, folder, check)
        return local


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What is known of a part, stored beside its sound: lengths in samples, and its words."""

    samples: int
    rate: int
    timing_source: str
    words: list[WordTiming]

    @classmethod
    def read(cls, files: Files, path: str) -> _Spoken:
        """Raises FileMissing."""
        facts = json.loads(files.read(_facts_path(path)))
        words = [WordTiming(*word) for word in facts.pop("words")]
        return cls(**facts, words=words)

    def write(self, files: Files, path: str) -> None:
        words = [(word.text, word.start, word.end) for word in self.words]
        facts = {"samples": self.samples, "rate": self.rate, "timing_source": self.timing_source}
        data = json.dumps(facts | {"words": words}, ensure_ascii=False).encode()
        files.upload(_facts_path(path), data, "application/json")


_SILENCE = Speech(np.zeros(0, np.int16), 22050, (), TimingSource.ESTIMATED)


def _facts_path(path: str) -> str:
    return f"{path}.words.json"  # as Part.words_path


def _local(folder: Path, number: int) -> Path:
    return folder / f"part-{number}.wav"


def _later(words: Iterable[WordTiming], seconds: float) -> list[WordTiming]:
    return [WordTiming(word.text, word.start + seconds, word.end + seconds) for word in words]

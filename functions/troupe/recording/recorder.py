"""Speaks text into storage, once: the path is made from everything the sound depends on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from troupe.adapters.storage import Files
from troupe.errors import FileMissing
from troupe.media.audio import write_wav
from troupe.media.captions import words_from_json, words_to_json
from troupe.recording.records import Sound
from troupe.recording.voices import Speaker
from troupe.speech.engine import Speech, TimingSource, WordTiming
from troupe.speech.errors import SpeechError, too_long
from troupe.speech.estimate import seconds_at_most
from troupe.speech.speak import speak
from troupe.speech.text.reading import Passage

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

# Hears the samples of a part while it is spoken, in order, with their rate.
Listener = Callable[["Samples", int], None]

# Of one sound. Local files are in memory: two hours are 350 MB.
MAX_SECONDS = 7200.0

_SILENCE = Speech(np.zeros(0, np.int16), 22050, (), TimingSource.ESTIMATED)


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech in a local file, not stored yet."""

    sound: Sound
    local: Path


class Recorder:
    """Speaks, and stores in one bucket. Thread-safe."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def record(
        self,
        path: str,
        passage: Passage,
        speaker: Speaker,
        local: Path,
        check: Callable[[], None],
        made_for: str | None,
        listener: Listener | None = None,
    ) -> Sound:
        """Speaks the passage to the file `local` and stores it at `path`. A passage with nothing to
        speak gives a sound without samples.

        Calls `check` between utterances. Raises SpeechError ("speech_too_long" if the speech is
        longer than any estimate of its text, or than MAX_SECONDS), and whatever `check` raises.
        """
        return self.store(self.speak(path, passage, speaker, local, check, listener), made_for)

    def kept(self, prefix: str) -> set[str]:
        """The paths of all sounds under `prefix`, in one call."""
        ending = Sound.facts_path("")
        return {
            path.removesuffix(ending) for path in self._files.list(prefix) if path.endswith(ending)
        }

    def find(self, path: str) -> Sound | None:
        """The sound at `path`, or None."""
        try:
            # The facts are stored last: if they exist, so does the sound.
            return Sound.model_validate_json(self._files.read(Sound.facts_path(path)))
        except FileMissing:
            return None

    def speak(
        self,
        path: str,
        passage: Passage,
        speaker: Speaker,
        local: Path,
        check: Callable[[], None],
        listener: Listener | None = None,
    ) -> Spoken:
        """Speaks to the WAV file `local`, utterance by utterance. Raises as `record` does."""
        engine, voice = speaker
        utterances = speak(engine, passage, voice)
        try:
            first = next(utterances)
        except SpeechError as error:
            if error.code != "nothing_to_speak":
                raise
            # One silent part is no failure; the assembly checks the whole.
            first, utterances = _SILENCE, iter(())
        words: list[WordTiming] = []
        # Half as much again, for engines that are slower than the estimates know.
        speed = voice.speed * min((each.prosody.rate for each in passage.utterances), default=1.0)
        most = 1.5 * seconds_at_most(passage.source, voice.language, min(speed, voice.speed))
        most = min(MAX_SECONDS, most + passage.pauses + passage.extra)

        def samples() -> Iterator[Samples]:
            total = 0
            for speech in itertools.chain([first], utterances):
                check()
                words.extend(shifted(speech.words, total / first.rate))
                total += len(speech.samples)
                if total > most * first.rate:
                    raise too_long(most)
                if listener is not None:
                    listener(speech.samples, speech.rate)
                yield speech.samples

        with local.open("wb") as file:
            total = write_wav(file, first.rate, samples())
        sound = Sound(
            path=path,
            samples=total,
            rate=first.rate,
            timing_source=first.timing_source,
            words=words_to_json(words),
        )
        return Spoken(sound, local)

    def store(self, spoken: Spoken, made_for: str | None) -> Sound:
        """Uploads the sound, then its facts."""
        sound = spoken.sound.model_copy(update={"made_for": made_for})
        self._files.upload(sound.path, spoken.local, "audio/wav")
        facts = sound.model_dump_json().encode()
        self._files.upload(Sound.facts_path(sound.path), facts, "application/json")
        return sound

    def fetch(
        self,
        sound: Sound,
        passage: Callable[[], Passage],
        speaker: Speaker,
        local: Path,
        check: Callable[[], None],
    ) -> list[WordTiming]:
        """Downloads a recorded sound to the file `local`, unless it exists; returns its words. A
        sound that is gone from storage, because it expired or its owner deleted the same words
        elsewhere, is spoken again. Raises as `record` does."""
        try:
            if not local.exists():
                self._files.download(sound.path, local)
        except FileMissing:
            local.unlink(missing_ok=True)
            sound = self.record(sound.path, passage(), speaker, local, check, sound.made_for)
        if sound.words is None:
            raise ValueError(f"the sound at {sound.path} has no words")
        return words_from_json(sound.words)


def shifted(words: Iterable[WordTiming], seconds: float) -> list[WordTiming]:
    """The words, shifted by `seconds`."""
    return [replace(word, start=word.start + seconds, end=word.end + seconds) for word in words]

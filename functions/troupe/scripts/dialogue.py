"""A dialogue as sound: whose voice says what, and how the lines follow one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from troupe.jobs.records import Sound
from troupe.media.audio import AudioWriter, read_wav
from troupe.media.captions import Cue, cues
from troupe.media.formats import AudioFormat
from troupe.recording.recorder import Recorder, later
from troupe.recording.references import References
from troupe.scripts.records import Performance, Performer
from troupe.speech.catalogue import DEFAULT_STYLE
from troupe.speech.engine import SpeechEngine, SpeechError, Voice, VoiceType
from troupe.speech.speak import part_key
from troupe.speech.text.planner import plain_text

# Silence between two lines, besides the 0.2 s that every utterance ends with: people answer each
# other after about half a second, and go on themselves somewhat sooner.
SAME_SPEAKER_SECONDS = 0.15
OTHER_SPEAKER_SECONDS = 0.35
_BLOCK = 1 << 16  # samples per read while joining
_AT_ONCE = 8  # lines on their way from or to storage


@dataclass(frozen=True, slots=True)
class Take:
    """One line ready to be spoken: the text without markup, the voice, and where it is kept."""

    text: str
    voice: Voice
    key: str
    path: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A dialogue in one file: how long it is, and when each line begins, in seconds."""

    seconds: float
    starts: list[float]
    cues: list[Cue]


class Dialogue:
    """The lines of one performance, spoken by one engine for one owner."""

    def __init__(
        self,
        engine: SpeechEngine,
        recorder: Recorder,
        references: References,
        performance: Performance,
        owner: str,
        prefix: str,
    ) -> None:
        self._engine = engine
        self._recorder = recorder
        self._performance = performance
        self._owner = owner
        self._prefix = prefix
        self._references = references
        self._voices: dict[str, Voice] = {}

    def __len__(self) -> int:
        return len(self._performance.lines)

    def take(self, number: int) -> Take:
        line = self._performance.lines[number]
        text = plain_text(line.text).strip()
        voice = self._voice(self._performer(number))
        key = part_key(self._owner, self._engine, voice, text)
        return Take(text, voice, key, f"{self._prefix}lines/{key}.wav")

    def record(
        self, first: int, end: int, folder: Path, progress: Callable[[int], None]
    ) -> list[Sound]:
        """Speaks the lines from `first` up to `end`, those that are not there already. While one
        is spoken, those before it are stored. `progress` is told of each line, and may stop the
        work by raising."""
        takes = [self.take(number) for number in range(first, end)]
        paths = self._recorder.kept(f"{self._prefix}lines/") & {take.path for take in takes}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = dict(zip(paths, pool.map(self._recorder.find, paths), strict=True))
            stored: dict[str, Future[Sound]] = {}
            for number, take in enumerate(takes, first):
                progress(number)
                if found.get(take.path) is None and take.path not in stored:
                    local = _local(folder, number)
                    spoken = self._recorder.speak(
                        take.path,
                        take.text,
                        take.voice,
                        local,
                        lambda: progress(number),  # noqa: B023
                    )
                    stored[take.path] = pool.submit(self._recorder.store, spoken)
            return [found.get(take.path) or stored[take.path].result() for take in takes]

    def join(
        self,
        sounds: Sequence[Sound],
        target: Path,
        form: AudioFormat,
        folder: Path,
        check: Callable[[], None],
    ) -> Joined:
        """Joins the lines in their order, with the pauses between them, into one file.

        Raises SpeechError("nothing_to_speak") when no line holds a word.
        """
        starts: list[float] = []
        shown: list[Cue] = []
        rate = max(sound.rate for sound in sounds)
        with (
            AudioWriter(target, form, rate, title=self._performance.title) as writer,
            ThreadPoolExecutor(_AT_ONCE) as pool,
        ):
            for first in range(0, len(sounds), _AT_ONCE):
                check()
                numbers = range(first, min(first + _AT_ONCE, len(sounds)))
                takes = [(self.take(number), _local(folder, number)) for number in numbers]
                brought = pool.map(
                    lambda sound, each: self._recorder.fetch(
                        sound, each[0].text, each[0].voice, each[1], check
                    ),
                    sounds[numbers.start : numbers.stop],
                    takes,
                )
                for number, (_, local), words in zip(numbers, takes, brought, strict=True):
                    if number:
                        writer.write(np.zeros(round(rate * self._pause(number)), np.int16), rate)
                    starts.append(writer.seconds)
                    name = self._performer(number).name
                    shown += cues(later(words, writer.seconds), speaker=name)
                    with local.open("rb") as file:
                        for samples in read_wav(file, _BLOCK):
                            writer.write(samples, sounds[number].rate)
                    local.unlink()
            if not shown:
                raise SpeechError(
                    "nothing_to_speak", "No line holds anything to speak.", retryable=False
                )
        return Joined(writer.seconds, starts, shown)

    def _performer(self, number: int) -> Performer:
        return self._performance.performers[self._performance.lines[number].speaker]

    def _pause(self, number: int) -> float:
        """Before line `number`."""
        before, line = self._performance.lines[number - 1 : number + 1]
        return SAME_SPEAKER_SECONDS if before.speaker == line.speaker else OTHER_SPEAKER_SECONDS

    def _voice(self, performer: Performer) -> Voice:
        if performer.id not in self._voices:
            voice = Voice(
                language=performer.language,
                type=VoiceType(performer.voice_type),
                style=DEFAULT_STYLE,
                speed=performer.speed,
            )
            if self._engine.capabilities.cloning and performer.sample_path:
                voice = replace(
                    voice,
                    reference=self._references.bring(
                        *(performer.sample_path, performer.sample_sha256 or ""),
                        performer.sample_text,
                    ),
                    nfe_steps=performer.nfe_steps,
                    cross_fade_seconds=performer.cross_fade_duration,
                    remove_silences=performer.remove_silences,
                )
            self._voices[performer.id] = voice
        return self._voices[performer.id]


def _local(folder: Path, number: int) -> Path:
    return folder / f"line-{number}.wav"

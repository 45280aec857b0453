"""A dialogue as sound: whose voice says what, and how the lines follow one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from troupe.media.captions import Cue, cues
from troupe.media.formats import AudioFormat
from troupe.recording.join import AT_ONCE, Take, join
from troupe.recording.recorder import Recorder
from troupe.recording.records import Sound
from troupe.recording.voices import Voices
from troupe.scripts.records import Performance, Performer
from troupe.speech.engine import SpeechEngine, Voice
from troupe.speech.speak import part_key
from troupe.speech.text.planner import plain_text

# Silence between two lines, besides the 0.2 s that every utterance ends with: people answer each
# other after about half a second, and go on themselves somewhat sooner.
SAME_SPEAKER_SECONDS = 0.15
OTHER_SPEAKER_SECONDS = 0.35


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """One line ready to be spoken: text without markup, voice, and the path of its sound."""

    text: str
    voice: Voice
    path: str


@dataclass(frozen=True, slots=True)
class JoinedDialogue:
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
        voices: Voices,
        performance: Performance,
        *,
        owner: str,
        prefix: str,
    ) -> None:
        self._engine = engine
        self._recorder = recorder
        self._performance = performance
        self._owner = owner
        self._prefix = prefix
        self._voices = voices
        # A cast may have more recordings than the process keeps.
        self._kept_voices: dict[str, Voice] = {}

    def line(self, number: int) -> SpokenLine:
        line = self._performance.lines[number]
        text = plain_text(line.text).strip()
        voice = self._voice(self._performer(number))
        key = part_key(self._owner, self._engine, voice, text)
        return SpokenLine(text, voice, f"{self._prefix}lines/{key}.wav")

    def record(
        self, first: int, end: int, folder: Path, progress: Callable[[int], None]
    ) -> list[Sound]:
        """Speaks the lines from `first` up to `end`, those that are not there already. While one
        is spoken, those before it are stored. `progress` is told of each line, and may stop the
        work by raising."""
        lines = [self.line(number) for number in range(first, end)]
        paths = self._recorder.kept(f"{self._prefix}lines/") & {line.path for line in lines}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = dict(zip(paths, pool.map(self._recorder.find, paths), strict=True))
            stored: dict[str, Future[Sound]] = {}
            for number, line in enumerate(lines, first):
                progress(number)
                if found.get(line.path) is None and line.path not in stored:
                    local = _local(folder, number)
                    spoken = self._recorder.speak(
                        line.path,
                        line.text,
                        line.voice,
                        local,
                        lambda: progress(number),  # noqa: B023
                    )
                    stored[line.path] = pool.submit(self._recorder.store, spoken)
            return [found.get(line.path) or stored[line.path].result() for line in lines]

    def join(
        self,
        sounds: Sequence[Sound],
        target: Path,
        form: AudioFormat,
        folder: Path,
        check: Callable[[], None],
    ) -> JoinedDialogue:
        """Joins the lines in their order, with the pauses between them, into one file.

        Raises SpeechError("nothing_to_speak") when no line holds a word.
        """
        takes = [self._recorded(number, sound, folder) for number, sound in enumerate(sounds)]
        joined = join(self._recorder, takes, target, form, check, title=self._performance.title)
        shown = [
            cue
            for number, words in enumerate(joined.words)
            for cue in cues(words, speaker=self._performer(number).name)
        ]
        return JoinedDialogue(joined.seconds, joined.starts, shown)

    def _recorded(self, number: int, sound: Sound, folder: Path) -> Take:
        line = self.line(number)
        pause = self._pause(number) if number else 0.0
        return Take(sound, line.text, line.voice, _local(folder, number), pause)

    def _performer(self, number: int) -> Performer:
        return self._performance.performers[self._performance.lines[number].speaker]

    def _pause(self, number: int) -> float:
        """Before line `number`."""
        before, line = self._performance.lines[number - 1 : number + 1]
        return SAME_SPEAKER_SECONDS if before.speaker == line.speaker else OTHER_SPEAKER_SECONDS

    def _voice(self, performer: Performer) -> Voice:
        if performer.id not in self._kept_voices:
            self._kept_voices[performer.id] = self._voices.voice(performer)
        return self._kept_voices[performer.id]


def _local(folder: Path, number: int) -> Path:
    return folder / f"line-{number}.wav"

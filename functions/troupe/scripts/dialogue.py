"""Turns a dialogue into audio: speaks each line in its character's voice and joins the lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from troupe.adapters.storage import Files
from troupe.borders import Border
from troupe.dictionaries.records import DictionaryRef
from troupe.media.audio import AudioWriter
from troupe.media.captions import Cue, Said
from troupe.media.captions.cues import captions
from troupe.media.formats import AudioFormat
from troupe.recording.join import AT_ONCE, Take, join, write_takes
from troupe.recording.recorder import Recorder
from troupe.recording.records import Sound
from troupe.recording.voices import Speaker, Voices
from troupe.scripts.length import pause_before
from troupe.scripts.records import Performance, Performer
from troupe.speech.engine import WordTiming
from troupe.speech.speak import part_key
from troupe.speech.text.dictionary import Dictionary
from troupe.speech.text.pieces import Form, pieces
from troupe.speech.text.reading import Passage, Pauses, passage


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """A line ready to speak: what is said, who speaks, and the path of its audio."""

    passage: Passage
    speaker: Speaker
    path: str


@dataclass(frozen=True, slots=True)
class JoinedDialogue:
    """A dialogue in one file: its size in bytes, its length and the start of each line, in
    seconds, its captions, and the path of its waveform."""

    size: int
    seconds: float
    starts: list[float]
    cues: list[Cue]
    peaks_path: str


class Dialogue:
    """Speaks the lines of one performance, for one owner."""

    def __init__(
        self,
        recorder: Recorder,
        files: Files,
        voices: Voices,
        performance: Performance,
        *,
        owner: str,
        prefix: str,
        pauses: Mapping[Border, int],
        dictionary: Callable[[DictionaryRef], Dictionary],
    ) -> None:
        """`pauses`: within a line, in milliseconds. `dictionary`: loads one."""
        self._recorder = recorder
        self._files = files
        self._performance = performance
        self._lines = performance.to_speak()
        self._owner = owner
        self._prefix = prefix
        self._pauses = Pauses.of(pauses, {})
        self._voices = voices
        # Held here because a cast can have more recordings than the process caches.
        self._speakers: dict[tuple[str, float], Speaker] = {}
        self._load_dictionary = dictionary
        self._dictionaries: dict[str, Dictionary | None] = {}

    def line(self, number: int) -> SpokenLine:
        speaker, said = self._speaker(self._performer(number)), self._passage(number)
        key = part_key(self._owner, *speaker, said)
        take = self._lines[number].take
        name = f"{key}-{take}" if take else key
        return SpokenLine(said, speaker, f"{self._prefix}lines/{name}.wav")

    def _passage(self, number: int) -> Passage:
        performer = self._performer(number)
        return passage(
            pieces(self._performance.lines[number].text, performer.language, Form.LINE),
            performer.language,
            performer.speed,
            self._speaker(performer).engine.capabilities,
            self._pauses,
            last=True,
            dictionary=self._dictionary(performer),
        )

    def record(
        self, first: int, end: int, folder: Path, progress: Callable[[int], None], made_for: str
    ) -> list[Sound]:
        """Speaks the lines from `first` to `end` (exclusive) and stores them; skips those already
        stored. Uploads run while the next line is spoken. `progress` is called with each line's
        number and can stop the work by raising. `made_for`: see Sound."""
        lines = [self.line(number) for number in range(first, end)]
        paths = self._recorder.kept(f"{self._prefix}lines/") & {line.path for line in lines}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            existing = dict(zip(paths, pool.map(self._recorder.find, paths), strict=True))
            stored: dict[str, Future[Sound]] = {}
            for number, line in enumerate(lines, first):
                progress(number)
                if existing.get(line.path) is None and line.path not in stored:
                    local = _local(folder, number)
                    spoken = self._recorder.speak(
                        line.path,
                        line.passage,
                        line.speaker,
                        local,
                        lambda: progress(number),  # noqa: B023
                    )
                    stored[line.path] = pool.submit(self._recorder.store, spoken, made_for)
            return [existing.get(line.path) or stored[line.path].result() for line in lines]

    def join(
        self,
        sounds: Sequence[Sound],
        path: str,
        form: AudioFormat,
        folder: Path,
        check: Callable[[], None],
        *,
        most: float,
        progress: Callable[[float], None],
    ) -> JoinedDialogue:
        """Joins the lines in order, with pauses between them, into one file stored at `path`.

        Raises SpeechError: "nothing_to_speak" if no line contains a word, "speech_too_long" if they
        last more than `most` seconds.
        """
        takes = [self.take(number, sound, folder) for number, sound in enumerate(sounds)]
        joined = join(
            self._recorder,
            self._files,
            takes,
            path,
            form,
            folder,
            check,
            most=most,
            progress=progress,
            title=self._performance.title,
        )
        shown = self.captions(0, joined.words, joined.seconds)
        return JoinedDialogue(joined.size, joined.seconds, joined.starts, shown, joined.peaks_path)

    def write(
        self, first: int, takes: Sequence[Take], writer: AudioWriter, check: Callable[[], None]
    ) -> tuple[list[float], list[Cue]]:
        """Appends the lines from number `first` on; returns their starts and captions."""
        starts, words = write_takes(self._recorder, takes, writer, check)
        return starts, self.captions(first, words, writer.seconds)

    def captions(
        self, first: int, words: Sequence[Sequence[WordTiming]], until: float
    ) -> list[Cue]:
        """The captions of the lines from number `first` on, whose sound lasts until `until`, in
        seconds."""
        said = [
            Said(spoken, self._performer(number).name, number)
            for number, spoken in enumerate(words, first)
        ]
        return captions(said, until=until)

    def take(self, number: int, sound: Sound, folder: Path) -> Take:
        said, speaker = partial(self._passage, number), self._speaker(self._performer(number))
        pause = pause_before(self._performance.lines, number)
        return Take(sound, said, speaker, _local(folder, number), pause)

    def _performer(self, number: int) -> Performer:
        return self._performance.performer(number)

    def _dictionary(self, performer: Performer) -> Dictionary | None:
        if performer.id not in self._dictionaries:
            named = performer.dictionary
            self._dictionaries[performer.id] = self._load_dictionary(named) if named else None
        return self._dictionaries[performer.id]

    def _speaker(self, performer: Performer) -> Speaker:
        key = performer.id, performer.speed
        if key not in self._speakers:
            self._speakers[key] = self._voices.speaker(performer)
        return self._speakers[key]


def _local(folder: Path, number: int) -> Path:
    return folder / f"line-{number}.wav"

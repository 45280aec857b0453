"""Joins recorded sounds, in order, into one audio file in storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from troupe.adapters.storage import Files
from troupe.media.audio import AudioWriter, bytes_at_most
from troupe.media.formats import AudioFormat
from troupe.media.peaks import Peaks
from troupe.media.sinks import MAX_WAV_BYTES
from troupe.media.waveform import MIME_TYPE
from troupe.recording.recorder import Recorder, shifted
from troupe.recording.records import Sound
from troupe.recording.voices import Speaker
from troupe.speech.engine import WordTiming
from troupe.speech.errors import SpeechError, too_long
from troupe.speech.text.reading import Passage

ENCODING = 0.9  # the share of the encoding in an assembly
AT_ONCE = 8  # concurrent transfers from or to storage
# Local files are in memory. So many bytes of sounds are downloaded at once, and a larger result is
# sent to storage while it is encoded.
LOCAL_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Take:
    """A recorded sound, with the passage and who speaks it again if its file is gone.
    `local`: where its WAV file is or will be downloaded to. `pause`: the silence before it, in
    seconds. `start`: its pause begins then, in seconds, if the sounds before it end earlier."""

    sound: Sound
    passage: Callable[[], Passage]
    speaker: Speaker
    local: Path
    pause: float = 0.0
    start: float = 0.0


@dataclass(frozen=True, slots=True)
class Joined:
    """The joined file: `size` in bytes, its length in seconds, and `rate` in samples per second.
    `starts[i]` is the start of take i and `words[i]` are its words; all times are from the start
    of the file. `peaks_path`: its waveform."""

    size: int
    seconds: float
    rate: int
    starts: list[float]
    words: list[list[WordTiming]]
    peaks_path: str


def join(
    recorder: Recorder,
    files: Files,
    takes: Sequence[Take],
    path: str,
    form: AudioFormat,
    folder: Path,
    check: Callable[[], None],
    *,
    most: float,
    title: str | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Joined:
    """Encodes all takes into one file, stored at `path` with its waveform beside it, and deletes
    their local files.

    Calls `check` between sounds, and `progress` with the share that is encoded. Raises
    SpeechError("nothing_to_speak") if no take contains a word,
    SpeechError("speech_too_long") if they last more than `most` seconds, SpeechError
    ("file_too_large") if the format cannot hold them, any SpeechError of a sound that
    must be spoken again, and whatever `check` raises.
    """
    peaks_path = f"{path}.peaks"
    rate, seconds = max(take.sound.rate for take in takes), expected_seconds(takes)
    if seconds > most:
        raise too_long(most)
    if form is AudioFormat.WAV and 2 * rate * seconds > MAX_WAV_BYTES - (1 << 16):
        raise SpeechError(
            "file_too_large",
            "The speech does not fit into a WAV file, which holds 4 GB. Use flac, mp3 or ogg.",
            retryable=False,
        )
    if bytes_at_most(form, rate, float(seconds)) > LOCAL_BYTES:
        takes = _present(recorder, takes, check)
        expected = expected_seconds(takes)
        with files.writer(path, form.mime_type) as stream:
            peaks = Peaks(float(expected))
            with AudioWriter(
                stream, form, rate, title=title, expected=expected, peaks=peaks
            ) as writer:
                starts, words = write_takes(recorder, takes, writer, check, progress)
            size = stream.tell()
    else:
        target, peaks = folder / f"joined{form.extension}", Peaks(float(seconds))
        with AudioWriter(target, form, rate, title=title, peaks=peaks) as writer:
            starts, words = write_takes(recorder, takes, writer, check, progress)
        size = files.upload(path, target, form.mime_type)
    files.upload(peaks_path, peaks.waveform().packed(), MIME_TYPE)
    return Joined(size, writer.seconds, rate, starts, words, peaks_path)


def write_takes(
    recorder: Recorder,
    takes: Sequence[Take],
    writer: AudioWriter,
    check: Callable[[], None],
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[list[float], list[list[WordTiming]]]:
    """Appends all takes, in order, and deletes their local files; returns the start and the words
    of each. Raises as `join` does."""
    starts: list[float] = []
    words: list[list[WordTiming]] = []

    def fetch(take: Take) -> list[WordTiming]:
        return recorder.fetch(take.sound, take.passage, take.speaker, take.local, check)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for batch in _batches(takes):
            check()
            for take, spoken in zip(batch, pool.map(fetch, batch), strict=True):
                writer.write_silence(max(0.0, take.start - writer.seconds) + take.pause)
                starts.append(writer.seconds)
                words.append(shifted(spoken, writer.seconds))
                writer.append(take.local)
                take.local.unlink()
                check()
                progress(len(starts) / len(takes))
    if not any(words):
        raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)
    return starts, words


def timeline(takes: Sequence[Take]) -> tuple[list[float], Fraction]:
    """When each take will start, and the duration of all, in seconds."""
    at, rate = Fraction(0), max(take.sound.rate for take in takes)
    starts: list[float] = []
    for take in takes:
        silence = max(Fraction(0), Fraction(take.start) - at) + Fraction(take.pause)
        at += Fraction(round(silence * rate), rate)
        starts.append(float(at))
        at += Fraction(take.sound.samples, take.sound.rate)
    return starts, at


def expected_seconds(takes: Sequence[Take]) -> Fraction:
    """The duration of all takes with their pauses."""
    return timeline(takes)[1]


def _present(recorder: Recorder, takes: Sequence[Take], check: Callable[[], None]) -> list[Take]:
    """The takes as they are in storage, or in a local file that this task has just made. One that
    is gone is spoken again, and may get another length; a header that is sent before the sound
    cannot wait for that."""

    def present(take: Take) -> Take:
        check()
        if take.local.exists():
            return take
        sound = recorder.find(take.sound.path)
        if sound is None:
            path, made_for = take.sound.path, take.sound.made_for
            sound = recorder.record(path, take.passage(), take.speaker, take.local, check, made_for)
            take.local.unlink()
        return replace(take, sound=sound)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(present, takes))


def _batches(takes: Sequence[Take]) -> Iterator[list[Take]]:
    """Takes to download together: at most AT_ONCE, and of LOCAL_BYTES unless it is one."""
    batch: list[Take] = []
    size = 0
    for take in takes:
        each = 2 * take.sound.samples
        if batch and (len(batch) == AT_ONCE or size + each > LOCAL_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(take)
        size += each
    if batch:
        yield batch

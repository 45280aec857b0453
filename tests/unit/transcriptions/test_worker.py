"""How a transcription is divided, charged, and fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.speeches import noise, silence, wav
from troupe.adapters.firestore import now
from troupe.errors import FileMissing, Unavailable, WorkError
from troupe.jobs.records import Charge, Job
from troupe.media.uploads.checks import BrokenAudio, DecodersBusy
from troupe.media.uploads.stretches import decode_stretch
from troupe.recognition.catalogue import capabilities
from troupe.recognition.transcriber import RATE, Segment, Transcript, Word
from troupe.settings import Prices
from troupe.transcriptions.pricing import charge_for, quote
from troupe.transcriptions.records import Heard, Sound, segments_from_json, segments_to_json
from troupe.transcriptions.specs import TRANSCRIPTION
from troupe.transcriptions.worker import TranscriptionWorker, _text
from troupe.wallet.records import Meter

PRICES = Prices()


class Recogniser:
    """Hears one word in each sound, and keeps the sounds."""

    name, version, capabilities = "openai", "1", capabilities("openai")

    def __init__(self) -> None:
        self.sounds: list[Any] = []

    def transcribe(self, samples: Any, language: str | None, check: Any) -> Transcript:
        self.sounds.append(samples)
        return Transcript((Segment((Word("Well. ", 1.0, 2.0),)),), "en", 0.9)


class Bucket:
    """One file."""

    def __init__(self, data: bytes | Exception) -> None:
        self._data = data

    def download(self, path: str, target: Path) -> None:
        if isinstance(self._data, Exception):
            raise self._data
        target.write_bytes(self._data)


class Unwatched:
    def check(self) -> None: ...

    def report(self, step: str, share: float, message: str = "") -> None: ...


def decode(file: Any, start: float, seconds: float, user: str) -> bytes:
    return decode_stretch(file, start, seconds).audio


def busy(file: Any, start: float, seconds: float, user: str) -> bytes:
    raise DecodersBusy


def broken(file: Any, start: float, seconds: float, user: str) -> bytes:
    raise BrokenAudio


def worker(
    data: bytes | Exception = b"",
    longest: int = 600,
    transcriber: Callable[[], Any] = Recogniser,
    door: Any = decode,
) -> Any:
    return TranscriptionWorker(transcriber, longest, Bucket(data), door, PRICES)  # type: ignore[arg-type]


def job_of(made: Any, seconds: float) -> tuple[Job, Sound]:
    given = Sound(path="a.wav", seconds=seconds)
    job = TRANSCRIPTION.job(id="a", uid="u", given=given, request_hash="", at=now())
    return job.model_copy(update={"cuts": made.plan(job, given).cuts}), given


@pytest.mark.parametrize(
    ("seconds", "longest", "parts"),
    [(0.01, 600, 1), (590, 600, 1), (591, 600, 2), (7200, 600, 13), (7200, 55, 160)],
)
def test_long_sound_has_equal_parts(seconds: float, longest: int, parts: int) -> None:
    made = worker(longest=longest)
    job, _ = job_of(made, seconds)
    assert job.parts_total == parts
    assert job.cuts is not None
    assert job.cuts[-1] == round(seconds * 1000)
    # With the pauses around its cuts, no part is longer than the transcriber takes.
    longest_part = max(b - a for a, b in zip(job.cuts, job.cuts[1:], strict=False)) / 1000
    assert longest_part + 10 <= longest or parts == 1


def test_neighbours_meet_at_one_pause(tmp_path: Path) -> None:
    sound = noise(60)
    sound[round(31.0 * RATE) : round(31.4 * RATE)] = 0
    recogniser = Recogniser()
    made = worker(wav(sound), 50, lambda: recogniser)
    job, given = job_of(made, 60)
    assert job.parts_total == 2
    heard = [made.run_part(job, given, n, tmp_path, Unwatched()) for n in (0, 1)]
    assert sum(map(len, recogniser.sounds)) == len(sound)
    assert len(recogniser.sounds[0]) / RATE == pytest.approx(31.2, abs=0.06)
    starts = [segments_from_json(part.segments)[0].start for part in heard]
    assert starts == pytest.approx([1.0, 32.2], abs=0.06)


def test_a_recording_that_is_longer_than_it_says_is_heard_to_its_end(tmp_path: Path) -> None:
    recogniser = Recogniser()
    made = worker(wav(noise(13)), transcriber=lambda: recogniser)
    job, given = job_of(made, 10)
    made.run_part(job, given, 0, tmp_path, Unwatched())
    assert len(recogniser.sounds[0]) == 13 * RATE


def test_silence_is_not_given_to_the_transcriber(tmp_path: Path) -> None:
    recogniser = Recogniser()
    made = worker(wav(silence(5)), transcriber=lambda: recogniser)
    job, given = job_of(made, 5)
    heard = made.run_part(job, given, 0, tmp_path, Unwatched())
    assert (segments_from_json(heard.segments), heard.milliseconds) == ([], 0)
    assert recogniser.sounds == []


def missing() -> Any:
    raise RuntimeError("TRANSCRIBER=whisper needs its package")


@pytest.mark.parametrize(
    ("made", "code", "retryable"),
    [
        (worker(FileMissing("a.wav")), "sound_missing", False),
        (worker(Unavailable()), "unavailable", True),
        (worker(b"x", door=busy), "decoders_busy", True),
        (worker(b"x", door=broken), "broken_audio", False),
        (worker(b"x", transcriber=missing), "transcriber_unavailable", True),
    ],
    ids=["no file", "no storage", "busy", "broken", "no package"],
)
def test_a_part_fails_for_a_reason(tmp_path: Path, made: Any, code: str, retryable: bool) -> None:
    job, given = job_of(made, 5)
    with pytest.raises(WorkError) as caught:
        made.run_part(job, given, 0, tmp_path, Unwatched())
    assert (caught.value.code, caught.value.retryable) == (code, retryable)


def test_segments_are_stored_to_the_millisecond() -> None:
    words = (Word("It ", 0.1234, 0.5, 0.98765), Word("rains. ", 0.5, 1.0))
    (found,) = segments_from_json(segments_to_json([Segment(words)], 10.0))
    assert found.words == (Word("It ", 10.123, 10.5, 0.988), Word("rains. ", 10.5, 11.0))


def test_the_language_is_the_one_that_is_spoken_most() -> None:
    empty = segments_to_json([])
    parts = [
        Heard(segments=empty, language="en", language_probability=0.7, milliseconds=4000),
        Heard(segments=empty, language="es", language_probability=0.9, milliseconds=5000),
        Heard(segments=empty, language="en", language_probability=0.8, milliseconds=3000),
        Heard(segments=empty),
    ]
    text = _text(parts, "a", "b")
    assert (text.language, text.language_probability, text.heard) == ("en", 0.8, 12.0)
    assert _text(parts[3:], "a", "b").language == ""


@pytest.mark.parametrize(
    ("meter", "heard", "charged"),
    [
        (Meter.TOKENS, 0.0, 0),
        (Meter.TOKENS, 0.2, 1),
        (Meter.TOKENS, 60.0, 1),
        (Meter.TOKENS, 60.1, 2),
        (Meter.TOKENS, 900.0, 5),  # the hold
        (Meter.VOICE_SECONDS, 0.0, 0),
        (Meter.VOICE_SECONDS, 3.01, 4),
        (Meter.VOICE_SECONDS, 900.0, 5),
    ],
)
def test_what_is_heard_is_charged_up_to_the_hold(meter: Meter, heard: float, charged: int) -> None:
    charge = Charge(meter=meter, held=5, remaining_tokens=0)
    assert charge_for(heard, charge, PRICES) == charged


def test_the_whole_length_is_held() -> None:
    price = quote(121.0, PRICES)
    assert (price.tokens, price.voice_seconds) == (3, 121)
    assert price.tariff is None  # work that ends without a text costs nothing
    assert charge_for(10, None, PRICES) == 0


def test_samples_are_those_of_the_file(tmp_path: Path) -> None:
    recogniser = Recogniser()
    sound = noise(3)
    made = worker(wav(sound), transcriber=lambda: recogniser)
    job, given = job_of(made, 3)
    made.run_part(job, given, 0, tmp_path, Unwatched())
    assert np.array_equal(recogniser.sounds[0], sound)

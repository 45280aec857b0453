from __future__ import annotations

import io
import random
import resource
import struct
import wave
from collections.abc import Callable

import numpy as np
import pytest

from tests.support import phone_bombs
from tests.support.media_files import (
    MONO,
    SOUNDS,
    SVG,
    ZIP,
    encoded,
    picture,
    prepare_sample,
    silent_video,
    sound,
    tone,
)
from troupe.errors import TroupeError
from troupe.media.uploads.checks import (
    BrokenAudio,
    SampleSilent,
    SampleTooLong,
    SampleTooShort,
    UnsupportedFile,
)


def kept(data: bytes) -> tuple[np.ndarray[tuple[int], np.dtype[np.int16]], tuple[int, int, int]]:
    """The samples of the stored WAV, and its channels, bytes per sample and rate."""
    with wave.open(io.BytesIO(data)) as file:
        form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), form


@pytest.mark.parametrize(
    ("kind", "channels"),
    [
        (kind, channels)
        for kind in SOUNDS
        for channels in (1, 2)
        if channels == 1 or kind not in MONO
    ],
)
def test_every_format_becomes_mono_wav_with_the_same_audio(kind: str, channels: int) -> None:
    prepared = prepare_sample(sound(kind, channels=channels))
    samples, form = kept(prepared.audio)
    assert form == (1, 2, 24_000)
    assert prepared.seconds == pytest.approx(3, abs=0.05)
    assert prepared.peak_db == pytest.approx(20 * np.log10(0.2), abs=1.5)
    spectrum = np.abs(np.fft.rfft(samples[:48_000].astype(float)))
    assert np.argmax(spectrum) / 2 == pytest.approx(220, abs=1)


def test_a_good_sample_needs_no_advice() -> None:
    prepared = prepare_sample(sound(seconds=8, level=0.3))
    assert (prepared.verdict, prepared.advice) == ("good", [])
    assert prepared.clipped_share == prepared.silence_share == 0
    rms = 20 * np.log10(np.sqrt(np.mean(np.square(tone(8, 44_100, 0.3) / 32768.0))))
    assert prepared.level_db == pytest.approx(rms, abs=0.2)


@pytest.mark.parametrize(
    ("seconds", "level", "verdict", "word"),
    [
        (4, 0.3, "fair", "Record"),
        (2, 0.3, "poor", "Record"),
        (8, 0.03, "fair", "closer"),
        (8, 0.012, "poor", "closer"),
        (8, 4.0, "poor", "clipped"),
    ],
)
def test_the_report_advises_improvements(
    seconds: float, level: float, verdict: str, word: str
) -> None:
    prepared = prepare_sample(sound(seconds=seconds, level=level))
    assert prepared.verdict == verdict
    assert any(word in sentence for sentence in prepared.advice)


@pytest.mark.parametrize("kind", ["wav", "wav24", "wav-float", "wav-u8", "flac"])
def test_clipping_is_detected_in_every_sample_format(kind: str) -> None:
    rate = SOUNDS[kind][2]
    loud = prepare_sample(encoded(kind, tone(6, rate, 3.0))).clipped_share
    expected = np.mean(np.abs(tone(6, rate, 3.0).astype(float)) >= 0.99 * 32767)
    assert loud == pytest.approx(expected, abs=0.02)
    assert prepare_sample(encoded(kind, tone(6, rate, 0.5))).clipped_share == 0


def test_clipping_is_detected_in_a_lossy_format() -> None:
    prepared = prepare_sample(encoded("mp3", tone(6, 44_100, 3.0)))
    assert prepared.verdict == "poor"
    assert any("clipped" in sentence for sentence in prepared.advice)


def test_silence_is_measured() -> None:
    heard = tone(4, 44_100)
    prepared = prepare_sample(encoded("wav", np.concatenate([heard, np.zeros_like(heard)])))
    assert prepared.silence_share == pytest.approx(0.5, abs=0.02)
    assert prepared.verdict == "fair"
    assert any("silence" in sentence for sentence in prepared.advice)


@pytest.mark.parametrize("offset", [3_000, -9_000, 20_000])
def test_a_constant_offset_is_no_level_and_is_not_kept(offset: int) -> None:
    heard = tone(8, 44_100, 0.3)
    plain = prepare_sample(encoded("wav", heard))
    shifted = prepare_sample(encoded("wav", (heard + offset).astype(np.int16)))
    assert shifted.verdict == "good"
    assert shifted.level_db == pytest.approx(plain.level_db, abs=0.1)
    assert shifted.peak_db == pytest.approx(plain.peak_db, abs=0.2)
    samples, _ = kept(shifted.audio)
    assert abs(samples.mean()) < 2
    difference = samples.astype(int) - kept(plain.audio)[0]
    assert np.abs(difference).max() <= 40


def constants(*values: int) -> bytes:
    """A WAV of 8 seconds with these constants, one after the other."""
    return encoded("wav", np.repeat(np.array(values, np.int16), 8 * 44_100 // len(values)))


SILENT = {
    "a constant": constants(8_000),
    "a constant at full scale": constants(32_767),
    "a constant below zero": constants(-3_000),
    "two constants": constants(4_000, -12_000),
    "a slow wave": encoded(
        "wav", (9_000 * np.sin(np.arange(8 * 44_100) / 44_100 * 0.5)).astype(np.int16)
    ),
    "a quiet tone over a constant": encoded(
        "wav", (tone(8, 44_100, 0.001) + 9_000).astype(np.int16)
    ),
}


@pytest.mark.parametrize("data", SILENT.values(), ids=SILENT)
def test_what_nobody_hears_is_silent(data: bytes) -> None:
    with pytest.raises(SampleSilent) as failure:
        prepare_sample(data)
    assert failure.value.details is not None
    assert failure.value.details["levelDb"] < -30


def test_silence_between_words_is_found_under_a_constant() -> None:
    heard = tone(4, 44_100)
    both = np.concatenate([heard, np.zeros_like(heard)]) + 5_000
    prepared = prepare_sample(encoded("wav", both.astype(np.int16)))
    assert prepared.silence_share == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (sound(seconds=0.9), SampleTooShort),
        (sound(seconds=61), SampleTooLong),
        (encoded("wav", np.zeros(3 * 44_100, np.int16)), SampleSilent),
        (sound(level=0.001), SampleSilent),
    ],
    ids=["short", "long", "digital silence", "next to silent"],
)
def test_errors_have_the_numbers_in_their_details(data: bytes, error: type[TroupeError]) -> None:
    with pytest.raises(error) as failure:
        prepare_sample(data)
    assert failure.value.details
    assert "minimum" in failure.value.details


@pytest.mark.parametrize("kind", ["wav", "mp3", "m4a"])
def test_the_longest_and_the_shortest_samples_are_accepted(kind: str) -> None:
    longest = prepare_sample(sound(kind, seconds=60))
    assert longest.seconds == 60
    assert len(kept(longest.audio)[0]) == 60 * 24_000
    assert prepare_sample(sound(kind, seconds=1)).seconds == pytest.approx(1, abs=0.06)


def wav(rate: int, channels: int, bits: int, data: bytes, kind: int = 1) -> bytes:
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * block % 2**32, block % 2**16, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data))
    return b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data


NOT_AUDIO = {
    "a picture": picture(),
    "a zip": ZIP,
    "svg": SVG,
    "nothing": b"",
    "one byte": b"R",
    "text": b"RIFFraff",
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a list of files": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "a video without sound": silent_video(),
}
DAMAGED = {
    "mp4 cut off": sound("m4a")[:15_000],
    "flac cut off": sound("flac")[:20_000],
    "webm cut off": sound("webm", seconds=6)[:9_000],
    "ogg header alone": sound("ogg")[:60],
    "wav header alone": sound("wav")[:44],
    "a playlist that says mp3": b"ID3#EXTM3U\nfile:///etc/passwd\n" * 20,
    "one sample a second": wav(1, 1, 16, bytes(100_000)),
    "four billion samples a second": wav(4_000_000_000, 1, 16, bytes(1_000)),
    "no channels": wav(44_100, 0, 16, bytes(1_000)),
    "65,000 channels": wav(44_100, 65_000, 16, bytes(1_000)),
    "an unknown codec": wav(44_100, 1, 16, bytes(100_000), kind=0x6969),
}


@pytest.mark.parametrize("data", NOT_AUDIO.values(), ids=NOT_AUDIO)
def test_a_file_that_is_not_audio_is_415(data: bytes) -> None:
    with pytest.raises(UnsupportedFile) as failure:
        prepare_sample(data)
    assert failure.value.status == 415
    assert "wav" in failure.value.details["allowed"]


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_damage_is_422(data: bytes) -> None:
    with pytest.raises(BrokenAudio):
        prepare_sample(data)


def test_a_caf_whose_packet_table_is_cut_off_is_422() -> None:
    with pytest.raises(BrokenAudio):
        prepare_sample(phone_bombs.SOUNDS["caf with half a number of packets"]())


@pytest.mark.parametrize("size", [0xFF00_001A, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_small_file_takes_little_memory_whatever_it_declares(size: int) -> None:
    """FFmpeg alone would allocate a gigabyte for this file."""
    whole = sound()
    tags = b"LIST" + struct.pack("<I", size) + b"INFO"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BrokenAudio):
        prepare_sample(whole[:36] + tags + whole[36:])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_tags_around_the_audio_are_ignored() -> None:
    whole = sound()
    tags = b"LIST" + struct.pack("<I", 12) + b"INFOISFT\0\0\0\0"
    plain = prepare_sample(whole)
    assert prepare_sample(whole[:36] + tags + whole[36:] + tags).audio == plain.audio


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF])
def test_a_streamed_wav_is_read_to_its_end(size: int) -> None:
    whole = bytearray(wav(44_100, 1, 16, tone(3, 44_100).tobytes()))
    whole[40:44] = struct.pack("<I", size)
    assert prepare_sample(bytes(whole)).seconds == 3


def flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 30)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


@pytest.mark.parametrize(
    "kind",
    [
        *("wav", "mp3", "m4a", "ogg", "flac", "webm", "aac", "amr", "3gp-amr", "mov-ima", "aiff24"),
        *("aifc-sowt", "caf", "caf-alac", "caf-ima", "rf64", "w64"),
    ],
)
@pytest.mark.parametrize("spoil", [flipped, cut])
def test_hostile_bytes_give_an_error_or_a_sample(
    kind: str, spoil: Callable[[bytes, random.Random], bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    whole = sound(kind, seconds=1.2)
    rng = random.Random(kind)
    for _ in range(15):
        try:
            prepare_sample(spoil(whole, rng))
        except TroupeError as error:
            assert error.status in (415, 422)
    assert capfd.readouterr().err == ""

"""Checking that an uploaded recording is complete audio."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import av
import numpy as np
import pytest

from tests.support.media_files import prove_recording, sound
from tests.support.phone_files import amr_wb, caf_aac
from tests.support.sounds import KINDS, recording
from troupe.errors import TroupeError
from troupe.media.uploads import recordings
from troupe.media.uploads.checks import BrokenAudio, UnsupportedFile
from troupe.media.uploads.proofs import RecordingTooLong

EXTENSIONS = {
    **{kind: f".{kind}" for kind in ("aac", "amr", "mov", "aiff", "caf", "w64")},
    **{"3gp-amr": ".3gp", "mov-aac": ".mov", "mov-ima": ".mov", "rf64": ".wav"},
    **{"aiff24": ".aiff", "aifc-sowt": ".aiff", "aifc-float": ".aiff"},
    **{"caf-alac": ".caf", "caf-ima": ".caf"},
}


@pytest.mark.parametrize(("kind", "extension"), EXTENSIONS.items())
def test_sounds_of_phones_and_recorders_are_recognised(kind: str, extension: str) -> None:
    proven = prove_recording(sound(kind))
    assert proven.extension == extension
    assert proven.content_type.startswith("audio/")
    assert proven.seconds == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize(
    ("data", "extension"), [(caf_aac(), ".caf"), (amr_wb(), ".awb")], ids=["caf", "amr"]
)
def test_what_ffmpeg_does_not_write_is_read(data: bytes, extension: str) -> None:
    proven = prove_recording(data)
    assert proven.extension == extension
    assert proven.seconds == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("kind", ["mp3", "aac", "flac"])
def test_a_tag_before_the_sound_is_skipped(kind: str) -> None:
    tag = b"ID3\x04\0\0\0\0\x07\x68" + bytes(1000)
    proven = prove_recording(tag + sound(kind))
    assert proven.extension == f".{kind}"
    assert proven.seconds == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("kind", ["aiff", "aifc-sowt", "caf", "caf-alac", "rf64", "w64", "mov"])
def test_a_sound_of_a_recorder_that_is_cut_off_is_rejected(kind: str) -> None:
    whole = sound(kind)
    with pytest.raises(BrokenAudio):
        prove_recording(whole[: len(whole) // 2])


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_recognised_by_its_content(kind: str) -> None:
    proven = prove_recording(recording(kind, 2.0))
    assert proven.extension == f".{kind}"
    assert proven.seconds == pytest.approx(2.0, abs=0.1)
    assert proven.content_type.startswith("audio/")


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.wav", recording())
    return file.getvalue()


def video() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("libx264", 10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        sound = output.add_stream("aac", 48_000, layout="mono")
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 4800), np.float32), format="fltp", layout="mono"
        )
        silence.sample_rate = 48_000
        output.mux(sound.encode(silence))
        output.mux(sound.encode(None))
    return file.getvalue()


WAV, M4A = recording("wav", 2.0), recording("m4a", 2.0)
REFUSED: dict[str, tuple[bytes, type[TroupeError]]] = {
    "nothing": (b"", UnsupportedFile),
    "text": (b"hello there, this is no sound", UnsupportedFile),
    "png": (png(), UnsupportedFile),
    "zip": (zipped(), UnsupportedFile),
    "playlist": (b"#EXTM3U\nfile:///etc/passwd\n", UnsupportedFile),
    "video": (video(), UnsupportedFile),
    "half a wav": (WAV[: len(WAV) // 2], BrokenAudio),
    "half an mp3": (recording("mp3", 2.0)[: len(recording("mp3", 2.0)) // 2], BrokenAudio),
    "half an m4a": (M4A[: len(M4A) // 2], BrokenAudio),
    "header of a wav": (WAV[:44], BrokenAudio),
    "a wav of rubbish": (b"RIFF\xff\xff\xff\xffWAVE" + b"\xff" * 5000, BrokenAudio),
    "an mp3 of rubbish": (b"ID3" + bytes(range(256)) * 40, BrokenAudio),
    "flac in name": (b"fLaC" + b"\0" * 500, BrokenAudio),
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_but_a_complete_audio_file_is_rejected(name: str) -> None:
    data, error = REFUSED[name]
    with pytest.raises(error):
        prove_recording(data)


def test_a_recording_that_is_too_long_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "MAX_RECORDING_SECONDS", 1)
    with pytest.raises(RecordingTooLong):
        prove_recording(recording("flac", 2.0))


@pytest.mark.parametrize("kind", KINDS)
def test_what_takes_too_long_to_decode_counts_by_its_packets(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = prove_recording(recording(kind, 20.0))
    times = iter([0.0, *[1e9] * 10_000])  # only the first frame is decoded
    monkeypatch.setattr("time.process_time", lambda: next(times))
    assert prove_recording(recording(kind, 20.0)).seconds == pytest.approx(whole.seconds, abs=0.1)

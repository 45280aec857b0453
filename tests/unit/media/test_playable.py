"""Sounds as everybody can play them."""

from __future__ import annotations

import io

import av
import pytest

from tests.support.media_files import sound
from troupe.media.uploads.checks import AudioTooLong, AudioTooShort, BrokenAudio, UnsupportedFile
from troupe.media.uploads.playable import prepare_audio


def prepared(data: bytes, least: float = 0.4, most: float = 5.0) -> bytes:
    made = prepare_audio(io.BytesIO(data), least, most)
    assert (made.content_type, made.extension) == ("audio/mpeg", ".mp3")
    return made.data


@pytest.mark.parametrize("kind", ["webm", "ogg", "m4a", "3gp-amr", "wav-float", "flac"])
def test_a_sound_becomes_an_mp3(kind: str) -> None:
    data = prepared(sound(kind, 1.5))
    with av.open(io.BytesIO(data), "r", format="mp3") as container:
        (stream,) = container.streams.audio
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("mp3float", 24_000, 1)
        samples = sum(frame.samples for frame in container.decode(stream))
        assert set(container.metadata) <= {"encoder"}
    assert samples / 24_000 == pytest.approx(1.5, abs=0.15)


def test_the_length_is_limited_at_both_ends() -> None:
    with pytest.raises(AudioTooShort) as short:
        prepared(sound(seconds=0.39))
    assert short.value.details == {"minimum": 0.4, "maximum": 5.0, "seconds": 0.39}
    prepared(sound(seconds=0.4))
    prepared(sound("mp3", seconds=5))
    with pytest.raises(AudioTooLong):
        prepared(sound(seconds=5.2))


def test_what_is_no_whole_sound_is_refused() -> None:
    whole = sound("flac")
    with pytest.raises(BrokenAudio):
        prepared(whole[: len(whole) // 2])
    with pytest.raises(UnsupportedFile, match="a part of a WebM recording"):
        prepared(sound("webm")[sound("webm").index(b"\x1f\x43\xb6\x75") :])

"""What files are called that are not taken."""

from __future__ import annotations

import io

import pytest

from tests.support.media_files import SVG, ZIP, picture, silent_video, sound
from troupe.media.uploads.checks import UnsupportedFile
from troupe.media.uploads.decoders import Decoders
from troupe.media.uploads.sniffing import name

# No door opens more than the first bytes of these.
SOUNDS = {
    b"MThd\0\0\0\x06\0\1": "a MIDI file",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c": "WMA",
    b"MAC \x96\x0f": "Monkey's Audio",
    b"wvpk": "WavPack",
    b"TTA1\1\0": "True Audio",
    b"MPCKSH": "Musepack",
    b"DSD ": "DSD",
    b".snd\0\0\0\x18": "Sun audio",
    b".ra\xfd": "RealAudio",
    b"\x02#!SILK_V3": "SILK",
    b"\x0b\x77": "AC-3",
    b"\xff\xfd\x84\0": "MP2",
    b"RIFF\0\0\0\0AVI LIST": "an AVI video",
    b"#EXTM3U\n": "a playlist",
    b"%PDF-1.7": "a PDF document",
    ZIP: "a ZIP archive",
    picture("jpeg"): "a JPEG picture",
    SVG: "an SVG drawing",
}
PICTURES = {
    b"II*\0\x08\0\0\0": "TIFF",
    b"MM\0*\0\0\0\x08": "TIFF",
    b"BM6\0\0\0": "a BMP picture",
    b"8BPS\0\1": "Photoshop",
    b"\xff\x0a\0": "JPEG XL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000",
    b"\0\0\0\x18ftypcrx \0\0\0\1crx isom": "a camera raw picture",
    b"FUJIFILMCCD-RAW 0201": "a camera raw picture",
    SVG: "an SVG drawing",
    b"%PDF-1.7": "a PDF document",
    silent_video(): "an MP4 file",
    sound("mov"): "a QuickTime file",
    sound("mp3"): "an MP3 file",
}


@pytest.mark.parametrize(("data", "called"), SOUNDS.items(), ids=SOUNDS.values())
def test_what_is_no_sound_is_called_by_its_name(data: bytes, called: str) -> None:
    with pytest.raises(UnsupportedFile) as failure:
        Decoders().recording(io.BytesIO(data + bytes(100)))
    assert called in failure.value.text
    assert "MP3" in failure.value.text


@pytest.mark.parametrize(("data", "called"), PICTURES.items(), ids=PICTURES.values())
def test_what_is_no_picture_is_called_by_its_name(data: bytes, called: str) -> None:
    with pytest.raises(UnsupportedFile) as failure:
        Decoders().image(io.BytesIO(data + bytes(100)))
    assert called in failure.value.text
    assert "JPEG" in failure.value.text


@pytest.mark.parametrize("data", [b"", b"R", b"hello", bytes(600), b"\xff", b"\0\0\0\x14ftyp"])
def test_what_is_nothing_known_has_no_name(data: bytes) -> None:
    assert name(io.BytesIO(data)) in (None, "an MP4 file")
    with pytest.raises(UnsupportedFile) as failure:
        Decoders().image(io.BytesIO(data))
    assert failure.value.text.endswith(".")

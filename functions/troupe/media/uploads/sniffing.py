"""What an uploaded file is, by its first bytes. Nothing is opened, and no decoder is loaded.

FFmpeg and Pillow would try every format they know; only the one named here is tried. Other formats
are known by name, so that an error can say what the file is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

SOUNDS: Final = ["wav", "mp3", "m4a", "aac", "ogg", "flac", "webm", "aiff", "caf", "amr"]
RECORDED: Final = ["webm", "mp4"]  # films that a browser records
PICTURES: Final = ["png", "jpeg", "webp", "gif", "avif", "heic"]

_HEAD = 512  # bytes that are looked at


@dataclass(frozen=True, slots=True)
class SoundKind:
    """`demuxer`: FFmpeg's name; `content_type` and `extension` (with the dot): of a download."""

    demuxer: str
    content_type: str
    extension: str
    name: str = "an audio file"


_WAV = SoundKind("wav", "audio/wav", ".wav", "a WAV file")
_MP3 = SoundKind("mp3", "audio/mpeg", ".mp3", "an MP3 file")
_FLAC = SoundKind("flac", "audio/flac", ".flac", "a FLAC file")
_MP4 = SoundKind("mov", "audio/mp4", ".m4a", "an MP4 file")
_3GP = SoundKind("mov", "audio/3gpp", ".3gp", "a 3GP file")
_QUICKTIME = SoundKind("mov", "audio/quicktime", ".mov", "a QuickTime file")
_AAC = SoundKind("aac", "audio/aac", ".aac", "an AAC file")
_AIFF = SoundKind("aiff", "audio/aiff", ".aiff", "an AIFF file")
_SOUND_STARTS = {
    b"OggS": SoundKind("ogg", "audio/ogg", ".ogg", "an Ogg file"),
    b"fLaC": _FLAC,
    b"\x1a\x45\xdf\xa3": SoundKind("matroska", "audio/webm", ".webm", "a WebM or Matroska file"),
    b"caff\0\x01": SoundKind("caf", "audio/x-caf", ".caf", "a CAF file"),
    b"#!AMR\n": SoundKind("amr", "audio/amr", ".amr", "an AMR file"),
    b"#!AMR-WB\n": SoundKind("amr", "audio/amr-wb", ".awb", "an AMR file"),
    b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0": SoundKind(
        "w64", "audio/x-w64", ".w64", "a W64 file"
    ),
}
# QuickTime files of older cameras and programs have no `ftyp`.
_QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip")
_PICTURE_STARTS = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",  # also of several pictures (MPO), whose first is read
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}
_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AV1_BRANDS = {b"avif", b"avis"}
_PICTURE_NAMES = {
    **{"PNG": "a PNG picture", "JPEG": "a JPEG picture", "GIF": "a GIF picture"},
    **{"WEBP": "a WebP picture", "AVIF": "an AVIF picture", "HEIC": "a HEIC picture"},
}

_WEBM_CLUSTER = b"\x1f\x43\xb6\x75"
# What is not taken: offset, bytes, and how an error calls it.
_OTHERS: Final = (
    (0, b"MThd", "a MIDI file, which has notes and no sound"),
    (0, _WEBM_CLUSTER, "a part of a WebM recording without its beginning"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file (WMA or WMV)"),
    (0, b"MAC ", "a Monkey's Audio file (APE)"),
    (0, b"wvpk", "a WavPack file"),
    (0, b"TTA1", "a True Audio file (TTA)"),
    (0, b"MPCK", "a Musepack file"),
    (0, b"MP+", "a Musepack file"),
    (0, b"DSD ", "a DSD file"),
    (0, b"FRM8", "a DSD file"),
    (0, b".snd", "a Sun audio file (AU)"),
    (0, b".RMF", "a RealMedia file"),
    (0, b".ra\xfd", "a RealAudio file"),
    (0, b"#!SILK_V3", "a SILK voice message"),
    (1, b"#!SILK_V3", "a SILK voice message"),
    (0, b"ADIF", "an AAC file with an ADIF header"),
    (0, b"\x0b\x77", "a Dolby Digital file (AC-3)"),
    (0, b"\x7f\xfe\x80\x01", "a DTS file"),
    (0, b"FLV\x01", "a Flash video"),
    (8, b"AVI LIST", "an AVI video"),
    (0, b"\0\0\x01\xba", "an MPEG video"),
    (0, b"\0\0\x01\xb3", "an MPEG video"),
    (0, b"II*\0", "a TIFF or camera raw picture"),
    (0, b"MM\0*", "a TIFF or camera raw picture"),
    (0, b"FUJIFILMCCD-RAW", "a camera raw picture"),
    (8, b"crx ", "a camera raw picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"<?xml", "an XML document"),
    (0, b"<!DOCTYPE", "a web page"),
    (0, b"<html", "a web page"),
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"#EXTM3U", "a playlist, which only points to sounds"),
    (0, b"[playlist]", "a playlist, which only points to sounds"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"PK\x05\x06", "a ZIP archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
)


def sound_kind(file: BinaryIO) -> SoundKind | None:
    """The kind of a sound that is taken, or None."""
    head = _head(file)
    if head[:3] == b"ID3":
        file.seek(tag_bytes(head))
        after = file.read(_HEAD)
        return _AAC if _is_adts(after) else _FLAC if after[:4] == b"fLaC" else _MP3
    return _sound(head)


def film_kind(file: BinaryIO) -> SoundKind | None:
    """The kind of a film that a browser records, WebM or MP4, or None."""
    kind = sound_kind(file)
    return kind if kind is not None and kind.demuxer in ("matroska", "mov") else None


def picture_kind(file: BinaryIO) -> str | None:
    """Pillow's name of the format of a picture that is taken, or None."""
    return _picture(_head(file))


def name(file: BinaryIO) -> str | None:
    """What a file is, with its article; None if it is nothing that is known."""
    head = _head(file)
    picture, sound = _picture(head), sound_kind(file)
    if picture is not None:
        return _PICTURE_NAMES[picture]
    for offset, start, called in _OTHERS:
        if head.startswith(start, offset):
            return called
    if head[:2] == b"\xff\xfd" or head[:2] == b"\xff\xfc":
        return "an MP2 file"
    return None if sound is None else sound.name


def lacks_beginning(file: BinaryIO) -> bool:
    """Whether it is a later slice of a recording that a browser has made."""
    return _head(file).startswith(_WEBM_CLUSTER)


def tag_bytes(head: bytes) -> int:
    """The length of an ID3v2 tag, whose size has seven bits in each byte."""
    if head[:3] != b"ID3":
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(_HEAD)


def _sound(head: bytes) -> SoundKind | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return _WAV
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _AIFF
    if head[4:8] == b"ftyp" or head[4:8] in _QUICKTIME_BOXES:
        return _film(head)
    if _is_adts(head):
        return _AAC
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return _MP3  # the sync word of layer III
    found = (kind for start, kind in _SOUND_STARTS.items() if head.startswith(start))
    return next(found, None)


def _film(head: bytes) -> SoundKind:
    """The members of the MP4 family, by their brand."""
    if head[4:8] != b"ftyp" or head[8:12] == b"qt  ":
        return _QUICKTIME
    return _3GP if head[8:10] == b"3g" else _MP4


def _is_adts(head: bytes) -> bool:
    return len(head) > 7 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def _picture(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        brands = _brands(head)
        return "AVIF" if brands & _AV1_BRANDS else "HEIC" if brands & _HEVC_BRANDS else None
    found = (kind for start, kind in _PICTURE_STARTS.items() if head.startswith(start))
    return next(found, None)


def _brands(head: bytes) -> set[bytes]:
    """What the file says that it is compatible with."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12]} | {head[at : at + 4] for at in range(16, end - 3, 4)}

"""What an uploaded file is, by its first bytes. Nothing is opened, and no decoder is loaded.

FFmpeg and Pillow would try every format they know; only the one named here is tried.
"""

from __future__ import annotations

HEAD = 16  # bytes that are looked at
SOUNDS = ["wav", "mp3", "m4a", "ogg", "flac", "webm"]
PICTURES = ["png", "jpeg", "webp", "gif"]

_SOUND_STARTS = {b"OggS": "ogg", b"fLaC": "flac", b"\x1a\x45\xdf\xa3": "matroska"}
_PICTURE_STARTS = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}


def demuxer(head: bytes) -> str | None:
    """FFmpeg's name of the demuxer for a sound, or None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "mov"
    if head[:3] == b"ID3" or (len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "mp3"  # an ID3 tag, or the sync word of layer III
    return _SOUND_STARTS.get(head[:4])


def picture_format(head: bytes) -> str | None:
    """Pillow's name of the format of a picture, or None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    found = (name for start, name in _PICTURE_STARTS.items() if head.startswith(start))
    return next(found, None)

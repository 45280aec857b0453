"""Audio and video formats. Separate from the encoders, which HTTP functions do not load."""

from __future__ import annotations

from enum import StrEnum


class AudioFormat(StrEnum):
    MP3 = "mp3"
    WAV = "wav"
    OGG = "ogg"  # Opus
    FLAC = "flac"

    @property
    def mime_type(self) -> str:
        return _MIME_TYPES[self]

    @property
    def extension(self) -> str:
        """With the dot."""
        return f".{self.value}"


_MIME_TYPES = {
    AudioFormat.MP3: "audio/mpeg",
    AudioFormat.WAV: "audio/wav",
    AudioFormat.OGG: "audio/ogg",
    AudioFormat.FLAC: "audio/flac",
}


class LiveFormat(StrEnum):
    """Formats without a length in their header."""

    MP3 = "mp3"
    OGG = "ogg"
    AAC = "aac"  # in ADTS
    PCM = "pcm"  # mono, 16 bits, little-endian, at the rate of the voice

    @property
    def stored(self) -> AudioFormat:
        """The format of the file that is kept. Raw samples and ADTS have no place for a length or a
        title."""
        if self in (LiveFormat.PCM, LiveFormat.AAC):
            return AudioFormat.WAV
        return AudioFormat(self.value)

    def mime_type(self, rate: int) -> str:
        if self is LiveFormat.PCM:
            return f"audio/pcm; rate={rate}; channels=1"
        return "audio/aac" if self is LiveFormat.AAC else self.stored.mime_type


def title_tag(title: str) -> str:
    """The title for a file's metadata: a NUL would end it early, and line breaks become spaces."""
    return " ".join(title.replace("\0", " ").split())


class Resolution(StrEnum):
    """Width x height of a video, in pixels."""

    LANDSCAPE = "1280x720"
    PORTRAIT = "720x1280"

    @property
    def width(self) -> int:
        return int(self.value.partition("x")[0])

    @property
    def height(self) -> int:
        return int(self.value.partition("x")[2])

"""A character: a voice sample, pictures, and voice settings."""

from __future__ import annotations

from datetime import datetime

from troupe.records import Record


class Image(Record):
    """A stored picture. `width` and `height` in pixels, `size` in bytes."""

    name: str
    path: str
    content_type: str
    width: int
    height: int
    size: int


class Quality(Record):
    """The measured quality of a voice sample. Levels in dBFS (0 is full scale), shares 0 to 1."""

    seconds: float
    level_db: float
    peak_db: float
    clipped_share: float
    silence_share: float
    verdict: str  # good, fair or poor
    advice: list[str]


class Sample(Record):
    """The voice sample: a mono 24 kHz 16-bit WAV file. `text`: its transcript, "" if unknown."""

    name: str
    path: str
    sha256: str
    size: int
    text: str = ""
    quality: Quality


class Consent(Record):
    """The statement that permits cloning this exact sample."""

    statement: str
    at: datetime
    sample_sha256: str


class Config(Record):
    """Voice settings. All but `speed` are for F5-TTS; other engines ignore them."""

    speed: float = 1.0
    nfe_steps: int = 32
    cross_fade_duration: float = 0.15  # seconds
    remove_silences: bool = True


class Character(Record):
    """`characters/{id}`. `images` by key; the keys of removed images are never reused."""

    id: str
    uid: str
    display_name: str
    name_key: str  # for comparisons: see `troupe.text.name_key`
    config: Config
    language: str
    voice_type: str
    sample: Sample
    consent: Consent | None
    images: dict[str, Image]
    next_image: int
    output_prefix: str
    starred: int = 0
    created_by_name: str
    created_at: datetime
    updated_at: datetime

    @property
    def files(self) -> list[str]:
        """The storage paths of all its files."""
        return [self.sample.path, *(image.path for image in self.images.values())]

"""A character: a voice sample, pictures, and how the two are to be used."""

from __future__ import annotations

from datetime import datetime

from troupe.records import Record


class Image(Record):
    """A picture as it is kept. `width` and `height` in pixels, `size` in bytes."""

    name: str
    path: str
    content_type: str
    width: int
    height: int
    size: int


class Quality(Record):
    """What a voice sample is worth, measured. Levels in dBFS (0 is full scale), shares 0 to 1."""

    seconds: float
    level_db: float
    peak_db: float
    clipped_share: float
    silence_share: float
    verdict: str  # good, fair or poor
    advice: list[str]


class Sample(Record):
    """The voice sample: a mono 24 kHz 16 bit WAV file. `text` is what is said in it ("": nobody
    wrote it down)."""

    name: str
    path: str
    sha256: str
    size: int
    text: str = ""
    quality: Quality


class Consent(Record):
    """The statement that this very sample may be cloned."""

    statement: str
    at: datetime
    sample_sha256: str


class Config(Record):
    """How the voice is made. All but `speed` are settings of F5-TTS; others ignore them."""

    speed: float = 1.0
    nfe_steps: int = 32
    cross_fade_duration: float = 0.15  # seconds
    remove_silences: bool = True


class Character(Record):
    """`characters/{id}`. `images` by key; a key is never used again once its image is gone."""

    id: str
    uid: str
    display_name: str
    name_key: str  # as names are compared: see `troupe.text`
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
        """The paths of all that is stored of it."""
        return [self.sample.path, *(image.path for image in self.images.values())]

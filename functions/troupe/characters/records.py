"""A character: a voice sample, pictures, and voice settings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from troupe.records import Record


class Visibility(StrEnum):
    PUBLIC = "public"  # in lists
    UNLISTED = "unlisted"  # for everybody who has the id
    PRIVATE = "private"  # for the owner


class Purpose(StrEnum):
    OWN_USE = "own_use"  # by the character's owner
    USE_BY_OTHERS = "use_by_others"  # by everybody who can see the character


class Relationship(StrEnum):
    """Who the owner of the character is to the speaker."""

    SELF = "self"
    AUTHORISED = "authorised"
    GUARDIAN = "guardian"


class Image(Record):
    """A stored picture. `width` and `height` in pixels, `size` in bytes. `smaller`: the shorter
    sides of its small copies; older pictures have none."""

    name: str
    path: str
    content_type: str
    width: int
    height: int
    size: int
    smaller: list[int] = Field(default_factory=list)

    @property
    def files(self) -> list[str]:
        return [self.path, *(smaller_path(self.path, side) for side in self.smaller)]


def smaller_path(path: str, side: int) -> str:
    """The path of a small copy of a picture. No address names it: it is served for the picture."""
    return f"{path.rpartition('.')[0]}-{side}.webp"


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
    """The statement that permits cloning this exact sample, until it is revoked. Consents from
    before there was a fixed wording have no `version`, speaker, relationship or address.

    `address_hash`: a keyed hash of the network address that the consent came from."""

    statement: str
    version: str = ""
    speaker: str = ""
    relationship: Relationship | None = None
    purposes: list[Purpose] = Field(default_factory=lambda: list(Purpose))
    at: datetime
    address_hash: str | None = None
    sample_sha256: str
    revoked_at: datetime | None = None


class Config(Record):
    """Voice settings. `voice_id`: a voice that speaks instead of the recording. `dictionary_id`: of
    a dictionary of the character's owner; it may have been deleted since. `nfe_steps` and the two
    fields after it are for F5-TTS; other engines ignore them."""

    speed: float = 1.0
    nfe_steps: int = 32
    cross_fade_duration: float = 0.15  # seconds
    remove_silences: bool = True
    dictionary_id: str | None = None
    voice_id: str | None = None


class Character(Record):
    """`characters/{id}`. `images` by key; the keys of removed images are never reused. `sample` is
    None once its consent has been revoked. `hidden_at`: when an administrator made it private.
    `created_by`: the request that created it, if that had an idempotency key."""

    id: str
    uid: str
    display_name: str
    name_key: str  # for comparisons: see `troupe.text.name_key`
    config: Config
    language: str
    voice_type: str
    visibility: Visibility = Visibility.PUBLIC
    allow_use: bool = True
    hidden_at: datetime | None = None
    sample: Sample | None
    consent: Consent | None
    images: dict[str, Image]
    next_image: int
    output_prefix: str
    starred: int = 0
    created_by_name: str
    created_by: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def files(self) -> list[str]:
        """The storage paths of all its files."""
        sample = [self.sample.path] if self.sample else []
        return [*sample, *(path for image in self.images.values() for path in image.files)]

    @property
    def clonable(self) -> bool:
        """Whether engines may clone its sample."""
        return self.sample is not None and self.consent is not None and not self.consent.revoked_at

    @property
    def shared(self) -> bool:
        """Whether others who can see it may cast it: its owner and its consent both allow it."""
        return self.allow_use and permits_others(self.consent)


def permits_others(consent: Consent | None) -> bool:
    if consent is None or consent.revoked_at is not None:
        return False
    return Purpose.USE_BY_OTHERS in consent.purposes

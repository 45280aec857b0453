"""Video backgrounds: the clips on offer. A colour ("#rrggbb") also works."""

from __future__ import annotations

import re
from datetime import datetime

from troupe.adapters.firestore import Create, Database
from troupe.records import Record
from troupe.scripts.errors import BackgroundNotFound, UnknownBackground

COLLECTION = "backgrounds"
MAX_BACKGROUNDS = 100
CLIP_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.mp4")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Background(Record):
    """`backgrounds/{name}`; the clip is stored at `background_path(name)`, and a picture of it at
    `poster_path(name)`. `size` and `poster_size` in bytes; clips that were added before 28 November
    2026 have no picture."""

    id: str
    title: str
    seconds: float
    width: int
    height: int
    size: int
    poster_size: int | None = None
    created_at: datetime


def background_path(name: str) -> str:
    return f"backgrounds/{name}"


def poster_path(name: str) -> str:
    return background_path(name).removesuffix(".mp4") + ".jpg"


def find_background(db: Database, name: str) -> Background:
    """Raises BackgroundNotFound."""
    document = db.get(f"{COLLECTION}/{name}")
    if not document.exists:
        raise BackgroundNotFound
    return Background.of(document)


def is_colour(background: str) -> bool:
    return _COLOUR.fullmatch(background) is not None


def list_backgrounds(db: Database) -> list[Background]:
    """All clips, sorted by name."""
    documents = db.find(COLLECTION, order=[("__name__", False)], limit=MAX_BACKGROUNDS)
    return [Background.of(document) for document in documents]


def choose_background(db: Database, requested: str | None) -> str:
    """A clip's name or a colour: `requested`, or by default the first clip, or black if there is
    none. Raises UnknownBackground, which lists the available clips.
    """
    if requested is not None and is_colour(requested):
        return requested.lower()
    names = [background.id for background in list_backgrounds(db)]
    if requested is None:
        return names[0] if names else "#000000"
    if requested not in names:
        raise UnknownBackground(details={"allowed": names})
    return requested


def create_write(background: Background) -> Create:
    return Create(f"{COLLECTION}/{background.id}", background.stored())

"""Background clips: what there is to choose from. A colour, "#rrggbb", does as well."""

from __future__ import annotations

import re
from datetime import datetime

from troupe.adapters.firestore import Create, Database
from troupe.records import Record
from troupe.scripts.errors import UnknownBackground

COLLECTION = "backgrounds"
MOST = 100
CLIP_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.mp4")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Background(Record):
    """`backgrounds/{name}`; the clip lies at `background_path(name)`. `size` in bytes."""

    id: str
    title: str
    seconds: float
    width: int
    height: int
    size: int
    created_at: datetime


def background_path(name: str) -> str:
    return f"backgrounds/{name}"


def is_colour(background: str) -> bool:
    return _COLOUR.fullmatch(background) is not None


def list_backgrounds(db: Database) -> list[Background]:
    """All clips, by name."""
    found = db.find(COLLECTION, order=[("__name__", False)], limit=MOST)
    return [Background.of(document) for document in found]


def choose_background(db: Database, wanted: str | None) -> str:
    """The name of a clip, or a colour: what was asked for, else the first clip, else black.

    Raises UnknownBackground, with the clips that exist.
    """
    if wanted is not None and is_colour(wanted):
        return wanted.lower()
    names = [background.id for background in list_backgrounds(db)]
    if wanted is None:
        return names[0] if names else "#000000"
    if wanted not in names:
        raise UnknownBackground(details={"allowed": names})
    return wanted


def create_write(background: Background) -> Create:
    return Create(f"{COLLECTION}/{background.id}", background.stored())

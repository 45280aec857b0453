"""Characters in the store: where they are, how they are found, and their writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic.alias_generators import to_camel

from troupe.activities.service import activity_write
from troupe.adapters.firestore import (
    Create,
    Database,
    Delete,
    Document,
    Increment,
    Update,
    Write,
)
from troupe.characters.records import Character
from troupe.paging import PageOf, PageRequest, ordered_page
from troupe.text import name_key

COLLECTION = "characters"
FOLDERS = {"audio_files": "static/audio_files", "images": "static/images"}
Sort = Literal["newest", "starred"]
_SORTS: dict[Sort, tuple[str, type[datetime] | type[int]]] = {
    "newest": ("createdAt", datetime),
    "starred": ("starred", int),
}

_ID = re.compile(r"(?!__)[A-Za-z0-9_-]{1,128}")
# All but what is there to be searched alone, which can be most of a document.
SHOWN_FIELDS = [to_camel(name) for name in Character.model_fields if name != "id"]
# Never written by an update: stars are counted by their own commits.
_LASTING = {"id", "uid", "starred", "created_at", "created_by_name"}


def character_path(character_id: str) -> str:
    return f"{COLLECTION}/{character_id}"


def stars_path(character_id: str) -> str:
    return f"{COLLECTION}/{character_id}/stars"


def star_path(character_id: str, uid: str) -> str:
    return f"{stars_path(character_id)}/{uid}"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def _searchable(character: Character) -> dict[str, Any]:
    """Every beginning of the name: a search is then an equality, which goes with any order (a
    range would have to be the first order itself)."""
    key = character.name_key
    return {"nameStarts": [key[:end] for end in range(1, len(key) + 1)]}


def create_write(character: Character) -> Write:
    return Create(character_path(character.id), character.stored() | _searchable(character))


def change_write(character: Character, seen: Document) -> Write:
    fields = character.model_dump(by_alias=True, exclude=_LASTING)
    return Update(character_path(character.id), fields | _searchable(character), seen=seen)


def delete_write(character: Character, seen: Document) -> Write:
    return Delete(character_path(character.id), seen=seen)


def star_writes(character_id: str, uid: str, at: datetime) -> list[Write]:
    """The star is created, so it counts once; the count needs no look at the character."""
    return [
        Create(star_path(character_id, uid), {"uid": uid, "createdAt": at}),
        Update(character_path(character_id), {"starred": Increment(1)}),
        activity(uid, "starred", character_id, "Character starred", at),
    ]


def unstar_writes(character_id: str, uid: str, star: Document, at: datetime) -> list[Write]:
    return [
        Delete(star.path, seen=star),
        Update(character_path(character_id), {"starred": Increment(-1)}),
        activity(uid, "unstarred", character_id, "Character unstarred", at),
    ]


def activity(uid: str, deed: str, character_id: str, message: str, at: datetime) -> Write:
    return activity_write(uid, f"character_{deed}", message, at=at, characterId=character_id)


def page_of_all(db: Database, request: PageRequest, search: str, sort: Sort) -> PageOf:
    """Public characters; with `search`, those whose name begins with it."""
    key = name_key(search)
    field, kind = _SORTS[sort]
    return ordered_page(
        db,
        COLLECTION,
        request,
        where=[("nameStarts", "array_contains", key)] if key else [],
        field=field,
        kind=kind,
        select=SHOWN_FIELDS,
    )


def page_of_user(db: Database, request: PageRequest, uid: str) -> PageOf:
    return ordered_page(
        db,
        COLLECTION,
        request,
        where=[("uid", "==", uid)],
        field="createdAt",
        kind=datetime,
        select=SHOWN_FIELDS,
    )


def page_of_stars(db: Database, request: PageRequest, uid: str) -> PageOf:
    """The stars that the user has given, the last one first; they lie under their characters."""
    return ordered_page(
        db,
        "stars",
        request,
        where=[("uid", "==", uid)],
        field="createdAt",
        kind=datetime,
        select=["createdAt"],
        group=True,
    )


def starred_among(db: Database, ids: Sequence[str], uid: str) -> set[str]:
    """Which of these characters the user has starred; one call."""
    if not ids:
        return set()
    stars = db.get_all([star_path(character_id, uid) for character_id in ids])
    return {character_id for character_id, star in zip(ids, stars, strict=True) if star.exists}

"""Characters in Firestore: paths, queries and writes."""

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
from troupe.audit.records import Actor
from troupe.audit.service import entry_writes
from troupe.caller import Caller
from troupe.characters.records import Character, Visibility
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
# Everything except the search index (`nameStarts`), which can be most of a document.
SHOWN_FIELDS = [to_camel(name) for name in Character.model_fields if name != "id"]
# Never written by an update; `starred` changes only in commits that add or remove a star.
_IMMUTABLE = {"id", "uid", "starred", "created_at", "created_by_name", "created_by"}
_PUBLIC = ("visibility", "==", Visibility.PUBLIC)


def character_path(character_id: str) -> str:
    return f"{COLLECTION}/{character_id}"


def stars_path(character_id: str) -> str:
    return f"{COLLECTION}/{character_id}/stars"


def star_path(character_id: str, uid: str) -> str:
    return f"{stars_path(character_id)}/{uid}"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def _search_index(character: Character) -> dict[str, Any]:
    """Every prefix of the name. A search is then an equality filter, which combines with any sort
    order (a range filter would have to come first in the order)."""
    key = character.name_key
    return {"nameStarts": [key[:end] for end in range(1, len(key) + 1)]}


def create_write(character: Character) -> Write:
    return Create(character_path(character.id), character.stored() | _search_index(character))


def change_write(character: Character, seen: Document) -> Write:
    fields = character.model_dump(by_alias=True, exclude=_IMMUTABLE)
    return Update(character_path(character.id), fields | _search_index(character), seen=seen)


def delete_write(character: Character, seen: Document) -> Write:
    return Delete(character_path(character.id), seen=seen)


def star_writes(character_id: str, uid: str, at: datetime) -> list[Write]:
    """Increments the count without a read, and creates the star, which can succeed only once.

    The count comes first, because the emulator shows the writes of one commit one by one: who reads
    the star must also read the count that includes it.
    """
    return [
        Update(character_path(character_id), {"starred": Increment(1)}),
        Create(star_path(character_id, uid), {"uid": uid, "createdAt": at}),
        activity(uid, "starred", character_id, "Character starred", at),
    ]


def unstar_writes(character_id: str, uid: str, star: Document, at: datetime) -> list[Write]:
    return [
        Update(character_path(character_id), {"starred": Increment(-1)}),  # first, as above
        Delete(star.path, seen=star),
        activity(uid, "unstarred", character_id, "Character unstarred", at),
    ]


def activity(uid: str, action: str, character_id: str, message: str, at: datetime) -> Write:
    return activity_write(uid, f"character_{action}", message, at=at, characterId=character_id)


def audit_writes(
    caller: Caller, operation: str, before: Character, after: Character | None
) -> list[Write]:
    """The audit entry, if an administrator changes or deletes another user's character."""
    if caller.uid == before.uid:
        return []
    changed = (audited(before), audited(after)) if after else ({"uid": before.uid}, {})
    return entry_writes(Actor.of(caller), operation, character_path(before.id), *changed)


def audited(character: Character) -> dict[str, Any]:
    """What an administrator can change, under the field names of the audit log."""
    sample, consent = character.sample, character.consent
    return {
        "displayName": character.display_name,
        "config": character.config.stored(),
        "language": character.language,
        "voiceType": character.voice_type,
        "visibility": character.visibility,
        "hiddenAt": character.hidden_at,
        "allowUse": character.allow_use,
        "images": [image.name for image in character.images.values()],
        "sampleSha256": sample.sha256 if sample else None,
        "consentAt": consent.at if consent else None,
        "consentRevokedAt": consent.revoked_at if consent else None,
    }


def page_of_all(db: Database, request: PageRequest, search: str, sort: Sort) -> PageOf:
    """All public characters, or those whose name starts with `search`."""
    key = name_key(search)
    field, kind = _SORTS[sort]
    return ordered_page(
        db,
        COLLECTION,
        request,
        where=[_PUBLIC, ("nameStarts", "array_contains", key)] if key else [_PUBLIC],
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
    """The user's stars, newest first; a collection group query, as stars lie under characters."""
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

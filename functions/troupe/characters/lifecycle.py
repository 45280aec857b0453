"""What becomes of the characters of a user who leaves, and of the stars that the user gave."""

from __future__ import annotations

from troupe.adapters.firestore import (
    Database,
    Delete,
    Document,
    Increment,
    Missing,
    Stale,
    Update,
    contend,
)
from troupe.characters.clones import clone_deletion_writes
from troupe.characters.records import Character
from troupe.characters.writes import COLLECTION, delete_write, stars_path
from troupe.orphans import OrphanedFiles, orphan_record
from troupe.settings import Settings


def erase(
    uid: str, limit: int, *, database: Database, orphans: OrphanedFiles, settings: Settings
) -> int:
    """Deletes characters with their files and the stars they were given; returns how many. The
    speech engine of that name forgets their voices."""
    found = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit)
    for document in found:
        _delete(database, orphans, settings.speech_engine, document)
    return len(found)


def erase_stars(uid: str, limit: int, *, database: Database) -> int:
    """Takes the user's stars back: the counts of the characters go down by as many."""
    found = database.find("stars", where=[("uid", "==", uid)], limit=limit, group=True)
    for star in found:
        _take_back(database, star)
    return len(found)


def _delete(db: Database, orphans: OrphanedFiles, engine_name: str, document: Document) -> None:
    character = Character.of(document)
    note = orphan_record(character.files, collection=stars_path(document.id))
    try:
        db.commit(
            delete_write(character, document),
            note.create_write(),
            *clone_deletion_writes(engine_name, character.sample),
        )
    except Stale:
        return  # changed or deleted meanwhile: the next step looks again
    orphans.clean(note)


def _take_back(db: Database, star: Document) -> None:
    """Once: the star is deleted as it was seen, in the commit that counts it down."""
    character = star.path.rpartition("/stars/")[0]

    def attempt() -> None:
        seen = db.get(star.path)
        if not seen.exists:
            return
        try:
            db.commit(Delete(seen.path, seen=seen), Update(character, {"starred": Increment(-1)}))
        except Missing:  # the character is gone; its stars are going
            db.commit(Delete(seen.path))

    contend(attempt)

"""Deletes the characters and stars of a deleted account, and exports those of any account."""

from __future__ import annotations

from collections.abc import Iterator

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
from troupe.ended_subjects import ending_write
from troupe.exported import Exported
from troupe.orphans import OrphanedFiles, orphan_record
from troupe.settings import Settings


def erase(
    uid: str, limit: int, *, database: Database, orphans: OrphanedFiles, settings: Settings
) -> int:
    """Deletes up to `limit` characters with their files and stars, and schedules the deletion of
    their voice clones; returns how many."""
    documents = database.find(COLLECTION, where=[("uid", "==", uid)], limit=limit)
    for document in documents:
        _delete(database, orphans, settings.speech_engines, document)
    return len(documents)


def erase_stars(uid: str, limit: int, *, database: Database) -> int:
    """Deletes up to `limit` of the user's stars and decrements the characters' counts; returns
    how many."""
    stars = database.find("stars", where=[("uid", "==", uid)], limit=limit, group=True)
    for star in stars:
        _delete_star(database, star)
    return len(stars)


def export(uid: str, *, database: Database) -> Iterator[Exported]:
    """With their consent, samples and pictures."""
    for document in database.walk(COLLECTION, where=[("uid", "==", uid)], batch=50):
        yield document
        yield from Character.of(document).files


def export_stars(uid: str, *, database: Database) -> Iterator[Exported]:
    yield from database.walk("stars", where=[("uid", "==", uid)], group=True)


def _delete(
    db: Database, orphans: OrphanedFiles, engines: tuple[str, ...], document: Document
) -> None:
    character = Character.of(document)
    record = orphan_record(character.files, collection=stars_path(document.id))
    try:
        db.commit(
            delete_write(character, document),
            record.create_write(),
            ending_write("character", character.id),
            *clone_deletion_writes(engines, character.sample),
        )
    except Stale:
        return  # changed or deleted in the meantime: the next step looks again
    orphans.clean(record)


def _delete_star(db: Database, star: Document) -> None:
    """Deletes the star and decrements the count in one commit, so that it counts once."""
    character = star.path.rpartition("/stars/")[0]

    def attempt() -> None:
        seen = db.get(star.path)
        if not seen.exists:
            return
        try:
            db.commit(Delete(seen.path, seen=seen), Update(character, {"starred": Increment(-1)}))
        except Missing:  # the character is deleted; its stars are being deleted
            db.commit(Delete(seen.path))

    contend(attempt)

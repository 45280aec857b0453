"""Files that no document refers to, yet or any more: noted, so that a crash leaves none behind.

Files and documents cannot change together. So paths are noted in `discards/{id}` before anything
is uploaded, and the commit that refers to the files drops the note; and the commit that ends a
reference makes a note of what it leaves behind. What is noted is deleted, at once where all goes
well, else by the sweep: a document never names a file that is gone, and no file is forgotten.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Create, Database, Delete, Document, Update, Write, now
from troupe.logs import log
from troupe.records import Record

if TYPE_CHECKING:
    from troupe.adapters.storage import Files

COLLECTION = "discards"
PATIENCE = timedelta(hours=1)  # longer than any function runs: until then its maker may need it
_UPLOADS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class NewFile:
    path: str
    content_type: str
    data: bytes = field(repr=False)


class OrphanRecord(Record):
    """`discards/{id}`: files to be deleted, and with `collection` all documents of that one."""

    id: str
    paths: list[str]
    collection: str | None = None
    due_at: datetime

    @property
    def path(self) -> str:
        return f"{COLLECTION}/{self.id}"

    def holds(self, document: Document) -> bool:
        """Whether the note stands in the store as it is here."""
        return document.exists and document.data["paths"] == self.paths

    def create_write(self) -> Write:
        return Create(self.path, self.stored())

    def replace_write(self, paths: Sequence[str]) -> Write:
        """Now other files are to be deleted: in the commit that these ones come to be used in."""
        return Update(self.path, {"paths": list(paths)}) if paths else Delete(self.path)


def orphan_record(paths: Sequence[str], *, collection: str | None = None) -> OrphanRecord:
    return OrphanRecord(
        id=secrets.token_hex(10),
        paths=list(paths),
        collection=collection,
        due_at=now() + PATIENCE,
    )


class OrphanedFiles:
    def __init__(self, db: Database, files: Callable[[], Files]) -> None:
        self._db = db
        self._files = files

    def store(self, files: Sequence[NewFile]) -> OrphanRecord:
        """Uploads files under a note, which the commit that refers to them has to replace."""
        noted = orphan_record([file.path for file in files])
        self._db.commit(noted.create_write())
        try:
            store = self._files()
            with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
                list(pool.map(lambda f: store.upload(f.path, f.data, f.content_type), files))
        except Exception:
            self.clean(noted)
            raise
        return noted

    def clean(self, noted: OrphanRecord) -> None:
        """Deletes what is noted, then the note. A failure is the sweep's to make good."""
        try:
            self._clean(noted)
        except Exception as error:
            log.error("discard_left_behind", error, discardId=noted.id)

    def sweep(self, limit: int) -> int:
        """Does what requests that crashed have left; returns for how many."""
        due = self._db.due(COLLECTION, limit)
        for document in due:
            self.clean(OrphanRecord.of(document))
        return len(due)

    def _clean(self, noted: OrphanRecord) -> None:
        if noted.paths:
            self._files().delete(noted.paths)
        if noted.collection:
            self._db.clear(noted.collection)
        self._db.commit(Delete(noted.path))

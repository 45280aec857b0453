"""Files no document references (yet, or any longer), recorded so that a crash cannot leak them.

Files and documents cannot change atomically. So paths are recorded in `discards/{id}` before an
upload, and the commit that references the files deletes the record; and the commit that removes a
reference creates a record of the orphaned files. Recorded files are deleted right away, or by the
sweep after a crash: no document references a deleted file, and no file is leaked.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO

from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Update,
    Write,
    now,
)
from troupe.errors import Unavailable
from troupe.logs import in_context, log
from troupe.records import Record

if TYPE_CHECKING:
    from troupe.adapters.storage import Files

COLLECTION = "discards"
PATIENCE = timedelta(hours=1)  # longer than any function runs: the creator may still need the files
_UPLOADS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class NewFile:
    path: str
    content_type: str
    data: bytes | BinaryIO = field(repr=False)


class OrphanRecord(Record):
    """`discards/{id}`: files to delete, and with `collection`, all documents in it, and with
    `prefix`, all files whose paths start with it."""

    id: str
    paths: list[str]
    collection: str | None = None
    prefix: str | None = None
    due_at: datetime

    @property
    def path(self) -> str:
        return f"{COLLECTION}/{self.id}"

    def holds(self, document: Document) -> bool:
        """Whether the stored record is the same as this one."""
        return document.exists and document.data["paths"] == self.paths

    def create_write(self) -> Write:
        return Create(self.path, self.stored())

    def replace_write(self, paths: Sequence[str]) -> Write:
        """Records other files instead; committed with the documents that reference these files."""
        return Update(self.path, {"paths": list(paths)}) if paths else Delete(self.path)


def orphan_record(
    paths: Sequence[str],
    *,
    collection: str | None = None,
    prefix: str | None = None,
    due_at: datetime | None = None,
) -> OrphanRecord:
    """`due_at`: when the sweep deletes what is still recorded; after an hour by default."""
    return OrphanRecord(
        id=secrets.token_hex(10),
        paths=list(paths),
        collection=collection,
        prefix=prefix,
        due_at=due_at or now() + PATIENCE,
    )


class OrphanedFiles:
    def __init__(self, db: Database, files: Callable[[], Files]) -> None:
        self._db = db
        self._files = files

    @contextmanager
    def stored(self, files: Sequence[NewFile]) -> Iterator[OrphanRecord]:
        """Records files and uploads them, for a block whose commit references them and replaces the
        record. Deletes them if the block fails, but not after Unavailable: the commit may have
        succeeded and only its response was lost. The sweep deletes what is still recorded then."""
        record = orphan_record([file.path for file in files])
        if not files:
            yield record
            return
        with suppress(AlreadyExists):  # our own commit, sent again after its response was lost
            self._db.commit(record.create_write())
        try:
            store = self._files()
            with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
                upload = in_context(lambda f: store.upload(f.path, f.data, f.content_type))
                list(pool.map(upload, files))
            yield record
        except Unavailable:
            raise
        except Exception:
            self.clean(record)
            raise

    def clean(self, record: OrphanRecord) -> None:
        """Deletes the recorded files, then the record. After an error, the sweep tries again."""
        try:
            self._clean(record)
        except Exception as error:
            log.error("discard_left_behind", error, discardId=record.id)

    def sweep(self, limit: int) -> int:
        """Deletes the files that crashed requests left; returns the number of records."""
        due = self._db.due(COLLECTION, limit)
        for document in due:
            self.clean(OrphanRecord.of(document))
        return len(due)

    def _clean(self, record: OrphanRecord) -> None:
        if record.paths:
            self._files().delete(record.paths)
        if record.collection:
            self._db.clear(record.collection)
        if record.prefix:
            files = self._files()
            files.delete(files.list(record.prefix))
        self._db.commit(Delete(record.path))

"""Runs migrations in batches that can be interrupted and repeated.

A batch and the progress change in one commit, with preconditions on everything that was read. So a
crash between two batches loses nothing, documents may be in use meanwhile, and of two operators who
run the same migration each takes the batches that the other has not committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from troupe.adapters.firestore import Create, Database, Document, Update, Write, contend, now
from troupe.logs import log
from troupe.migrations.records import Migration, Progress

T = TypeVar("T")
BATCH = 200  # documents in a commit; a user's document has at most about 10 kB
# A batch that conflicts with other writes is tried again in smaller pieces.
_SMALLER = 4
PATIENCE = 60.0  # seconds for one batch

Report = Callable[[Progress], None]


def _silent(progress: Progress) -> None: ...


class Migrator:
    def __init__(
        self, db: Database, migrations: Sequence[Migration], *, batch: int = BATCH
    ) -> None:
        """`migrations`: in the order in which they run."""
        self._db = db
        self._migrations = migrations
        self._batch = batch

    def progress(self) -> list[tuple[Migration, Progress | None]]:
        """All migrations in order; None for those that were never started."""
        documents = self._db.get_all([each.path for each in self._migrations])
        return [
            (migration, Progress.of(document) if document.exists else None)
            for migration, document in zip(self._migrations, documents, strict=True)
        ]

    def pending(self) -> list[Migration]:
        """Those that have not been completed, in order."""
        return [each for each, at in self.progress() if at is None or at.completed_at is None]

    def remind(self, limit: int) -> int:
        """Logs which migrations are pending; returns how many. For the sweep, because a deployment
        runs none."""
        pending = self.pending()
        if pending:
            log.warning("migrations_pending", numbers=[each.number for each in pending])
        return len(pending)

    def run(self, migration: Migration, report: Report = _silent) -> Progress:
        """Continues a migration until it is complete; `report` gets the progress after each batch.
        Raises Stale if a document is written so often that it cannot be changed."""
        while True:
            progress = self._next_batch(migration)
            report(progress)
            if progress.completed_at is not None:
                return progress

    def rehearse(self, migration: Migration, report: Report = _silent) -> Progress:
        """Counts what `run` would read and change from here on, and writes nothing."""
        _, progress = self._start(migration)
        progress = progress.model_copy(update={"read": 0, "changed": 0})
        while progress.completed_at is None:
            found = self._page(migration, progress, self._batch)
            changes = self._changes(migration, found)
            progress = _advanced(progress, found, len(changes), self._batch)
            report(progress)
        return progress

    def _next_batch(self, migration: Migration) -> Progress:
        sizes = _sizes(self._batch)
        return contend(lambda: self._commit_batch(migration, next(sizes)), seconds=PATIENCE)

    def _commit_batch(self, migration: Migration, size: int) -> Progress:
        """Raises Stale if a document, or the progress, changed in the meantime."""
        state, before = self._start(migration)
        if before.completed_at is not None:
            return before
        found = self._page(migration, before, size)
        writes: list[Write] = self._changes(migration, found)
        after = _advanced(before, found, len(writes), size)
        if state.exists:
            writes.append(Update(state.path, after.stored(), seen=state))
        else:
            writes.append(Create(state.path, after.stored()))
        self._db.commit_or_stale(*writes)
        return after

    def _start(self, migration: Migration) -> tuple[Document, Progress]:
        document = self._db.get(migration.path)
        if document.exists:
            return document, Progress.of(document)
        at = now()
        new = Progress(id=document.id, title=migration.title, started_at=at, updated_at=at)
        return document, new

    def _page(self, migration: Migration, progress: Progress, size: int) -> list[Document]:
        after = None if progress.after is None else [progress.after]
        return self._db.find(
            migration.collection, order=[("__name__", False)], after=after, limit=size
        )

    def _changes(self, migration: Migration, found: Sequence[Document]) -> list[Write]:
        others = {each.path: _understood(each, migration.others) for each in found}
        paths = sorted({path for each in others.values() for path in each})
        read = dict(zip(paths, self._db.get_all(paths), strict=True))
        writes: list[Write] = []
        for document in found:
            needed = {path: read[path] for path in others[document.path]}
            fields = _understood(document, migration.change, needed)
            if fields:
                writes.append(Update(document.path, dict(fields), seen=document))
        return writes


class CannotMigrate(Exception):
    """A document that a migration does not understand; the message names it."""


def _understood(document: Document, ask: Callable[..., T], *more: Any) -> T:
    """What a function of a migration says about a document. Raises CannotMigrate."""
    try:
        return ask(document, *more)
    except Exception as error:
        # Stored data is private, so only the kind of the error is told.
        raise CannotMigrate(f"{document.path}: {type(error).__name__}") from error


def _advanced(progress: Progress, found: Sequence[Document], changed: int, size: int) -> Progress:
    at = now()
    return progress.model_copy(
        update={
            "after": found[-1].id if found else progress.after,
            "read": progress.read + len(found),
            "changed": progress.changed + changed,
            "updated_at": at,
            "completed_at": at if len(found) < size else None,
        }
    )


def _sizes(largest: int) -> Iterator[int]:
    """Of the batches of successive attempts: smaller and smaller."""
    size = largest
    while True:
        yield size
        size = max(1, size // _SMALLER)

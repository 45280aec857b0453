"""A database for dry runs: everything is read, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, Self

from troupe.adapters.firestore import (
    DELETE_FIELD,
    Create,
    Database,
    Delete,
    Document,
    Merge,
    Update,
    Write,
    now,
)


class Rehearsed(Exception):
    """The change would have been committed."""


class Rehearsal(Database):
    """A service with this database makes all its checks, and raises Rehearsed instead of its first
    commit. Of several changes, each reads the documents as those before would have left them; only
    queries find what is stored. Not thread-safe."""

    _after: dict[str, Document]

    @classmethod
    def of(cls, database: Database) -> Self:
        made = cls(database._client, patience=database._patience)
        made._after = {}
        return made

    def get_all(
        self, paths: Sequence[str], *, select: Sequence[str] | None = None
    ) -> list[Document]:
        found = super().get_all(paths, select=select)
        return [self._after.get(document.path, document) for document in found]

    def commit(self, *writes: Write) -> NoReturn:
        for write in writes:
            if not isinstance(write, Merge):  # a counter, which no check reads
                self._after[write.path] = self._written(write)
        raise Rehearsed

    def _written(self, write: Create | Update | Delete) -> Document:
        if isinstance(write, Delete):
            return Document(write.path, {}, exists=False, update_time=None)
        data = write.data
        if isinstance(write, Update):
            before = self._after.get(write.path) or write.seen or self.get(write.path)
            data = dict(before.data)
            for name, value in write.data.items():
                _set(data, name.split("."), value)
        return Document(write.path, data, exists=True, update_time=now())


def _set(data: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Sets or deletes a field, after copying the maps on the way to it."""
    name, *rest = path
    if rest:
        data[name] = dict(data.get(name) or {})
        _set(data[name], rest, value)
    elif value is DELETE_FIELD:
        data.pop(name, None)
    else:
        data[name] = value

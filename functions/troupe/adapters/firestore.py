"""Firestore: documents, queries, and commits whose preconditions decide races.

A write is a plain value (`Create`, `Update`, `Merge`, `Delete`), so that domains can hand each
other writes and one caller commits them together. Transactions are not used: they hold locks on the
server, and contended ones time out; one read and one commit under `last_update_time`
preconditions, tried again with jitter, is faster and cannot block anybody.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

T = TypeVar("T")

Increment = firestore.Increment
DELETE_FIELD = firestore.DELETE_FIELD
# 8 s of tries leave a request time to answer; the waits are short because a commit takes 10 ms.
CONTENTION_SECONDS = 8.0
# Some paths share a turn; more locks would only be more locks.
_TURNS = tuple(threading.Lock() for _ in range(64))
_COMMIT_TIMEOUT = 20.0


class Stale(Exception):
    """A document changed between the read and the commit; nothing was written."""


class AlreadyExists(Exception):
    """A document that was to be created is there already; nothing was written."""


class Missing(Exception):
    """A document that was to be updated is gone; nothing was written."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read; `data` is empty and `exists` False where there is none."""

    path: str
    data: dict[str, Any]
    exists: bool
    update_time: datetime | None

    @property
    def id(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Create:
    path: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """Changes the named fields (dotted keys reach into maps) of a document that must exist.

    With `seen`, the document must not have changed since it was read as `seen`.
    """

    path: str
    data: dict[str, Any]
    seen: Document | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """Sets the named top-level fields of a document, which is made where there is none yet."""

    path: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """Deletes a document; one that is gone already is no error, unless `seen` says otherwise."""

    path: str
    seen: Document | None = None


Write = Create | Update | Merge | Delete


@dataclass(frozen=True, slots=True)
class Committed:
    """`transforms[i]`: what the transforms (Increment) of write i left behind, in field order;
    `update_times[i]`: the new update time of its document, for the next precondition."""

    transforms: list[list[int]]
    update_times: list[datetime]


def now() -> datetime:
    return datetime.now(UTC)


class Database:
    """The documents of one project. Thread-safe."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    @classmethod
    def connect(cls, project: str) -> Database:
        return cls(firestore.Client(project=project))

    def get(self, path: str) -> Document:
        return _document(self._client.document(path).get())

    def get_all(
        self, paths: Sequence[str], *, select: Sequence[str] | None = None
    ) -> list[Document]:
        """Reads all in one call; the answers stand in the order of `paths`. `select`: the fields
        to bring (all when None)."""
        refs = [self._client.document(path) for path in paths]
        found = {
            snapshot.reference.path: _document(snapshot)
            for snapshot in self._client.get_all(refs, field_paths=select)
        }
        return [found[path] for path in paths]

    def commit(self, *writes: Write) -> Committed:
        """All or nothing. Raises Stale, AlreadyExists or Missing."""
        batch = self._client.batch()
        for write in writes:
            ref = self._client.document(write.path)
            if isinstance(write, Create):
                batch.create(ref, write.data)
                continue
            if isinstance(write, Merge):
                batch.set(ref, write.data, merge=True)
                continue
            seen = write.seen
            option = self._client.write_option(last_update_time=seen.update_time) if seen else None
            if isinstance(write, Update):
                batch.update(ref, write.data, option=option)
            else:
                batch.delete(ref, option=option)
        try:
            results = batch.commit(timeout=_COMMIT_TIMEOUT)
        except exceptions.AlreadyExists as error:
            raise AlreadyExists from error
        except exceptions.NotFound as error:
            raise Missing from error
        except (exceptions.FailedPrecondition, exceptions.Aborted) as error:
            raise Stale from error
        transforms = [
            [int(value.integer_value) for value in result.transform_results] for result in results
        ]
        return Committed(transforms, [result.update_time for result in results])

    def find(
        self,
        collection: str,
        *,
        where: Iterable[tuple[str, str, Any]] = (),
        order: Iterable[tuple[str, bool]] = (),
        limit: int,
        offset: int = 0,
        after: Sequence[Any] | None = None,
        select: Sequence[str] | None = None,
        group: bool = False,
    ) -> list[Document]:
        """At most `limit` documents. `order`: (field, descending), where `__name__` is the id,
        or with `group` the path; `after`: values of the order fields to start behind; `select`: the
        fields to bring (all when None); `group`: every collection of that name, wherever it
        hangs."""
        query = self._query(collection, where, group=group)
        names = []
        for name, descending in order:
            names.append(name)
            query = query.order_by(
                name,
                direction=firestore.Query.DESCENDING if descending else firestore.Query.ASCENDING,
            )
        if after is not None:
            values = dict(zip(names, after, strict=True))
            if "__name__" in values:
                place = (values["__name__"],) if group else (collection, values["__name__"])
                values["__name__"] = self._client.document(*place)
            query = query.start_after(values)
        if select is not None:
            query = query.select(list(select))
        if offset:
            query = query.offset(offset)
        return [_document(snapshot) for snapshot in query.limit(limit).stream()]

    def count(
        self,
        collection: str,
        *,
        where: Iterable[tuple[str, str, Any]] = (),
        group: bool = False,
    ) -> int:
        """How many there are, by an aggregation: no document is read."""
        query: Any = self._query(collection, where, group=group)
        answers = query.count(alias="n").get()
        return int(answers[0][0].value)

    def _query(
        self, collection: str, where: Iterable[tuple[str, str, Any]], *, group: bool = False
    ) -> firestore.Query:
        source = self._client.collection_group if group else self._client.collection
        query: Any = source(collection)
        for name, op, value in where:
            query = query.where(filter=FieldFilter(name, op, value))
        return cast(firestore.Query, query)


def contend(
    attempt: Callable[[], T], *, on: str | None = None, seconds: float = CONTENTION_SECONDS
) -> T:
    """Runs `attempt` (a read and a commit) until it is not Stale; full jitter between tries.

    `on`: the path of what many may want at once. Those of this process who were too late then take
    turns, as each would only make the others Stale. `attempt` must not take turns itself.
    """
    deadline = time.monotonic() + seconds
    if on is None:
        return _insist(attempt, deadline)
    try:
        return attempt()
    except Stale:
        turn = _TURNS[hash(on) % len(_TURNS)]
        if not turn.acquire(timeout=seconds):
            raise
    try:
        return _insist(attempt, deadline)
    finally:
        turn.release()


def _insist(attempt: Callable[[], T], deadline: float) -> T:
    wait = 0.02
    while True:
        try:
            return attempt()
        except Stale:
            if time.monotonic() + wait > deadline:
                raise
            time.sleep(random.uniform(0, wait))  # noqa: S311 (spreads retries; no secret)
            wait = min(wait * 1.5, 0.5)


def _document(snapshot: Any) -> Document:
    return Document(
        path=snapshot.reference.path,
        data=snapshot.to_dict() or {},
        exists=snapshot.exists,
        update_time=snapshot.update_time,
    )

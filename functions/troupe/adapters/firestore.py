"""Firestore: documents, queries, and commits whose preconditions decide races.

A write is a plain value (`Create`, `Update`, `Merge`, `Delete`), so that domains can return writes
to each other and one caller commits them together. Transactions are not used: they hold locks on
the server, and contended ones time out. One read and one commit with `last_update_time`
preconditions, retried with jitter, is faster and blocks nothing.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar, cast

import grpc
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import StructuredQuery

from troupe.adapters.decoding import decode_fields, decode_time
from troupe.adapters.encoding import create_write
from troupe.adapters.outages import RETRY_AFTER, outages
from troupe.deadlines import seconds_left
from troupe.errors import Unavailable
from troupe.outbound import after, retry

T = TypeVar("T")
# Not the global generator: retries in a thread must not disturb code that has seeded it.
_spread = random.Random()  # noqa: S311 (no secret)

Increment = firestore.Increment
Maximum = firestore.Maximum
ArrayRemove = firestore.ArrayRemove
DELETE_FIELD = firestore.DELETE_FIELD
# As a value of a write: the time at which the database processes the commit, in milliseconds, the
# same in all its writes.
SERVER_TIME = firestore.SERVER_TIMESTAMP
# 8 s of retries leave a request time to answer.
CONTENTION_SECONDS = 8.0
# Paths are hashed to these locks, so some paths share one.
_LOCKS = tuple(threading.Lock() for _ in range(64))
PATIENCE = 20.0  # seconds per call; fewer in a request, see troupe.deadlines
_LEAST_TIMEOUT = 0.05  # seconds
_READ_AGAIN = (exceptions.ServiceUnavailable, exceptions.InternalServerError)
_COMMIT_AGAIN = (exceptions.ServiceUnavailable, exceptions.ResourceExhausted)
# Firestore limits a commit to 10 MiB, no longer to a number of writes:
# https://firebase.google.com/docs/firestore/quotas. This many take less than a second.
COMMIT_WRITES = 500


class Stale(Unavailable):
    """A document changed between the read and the commit; nothing was written. API clients get it
    if the document stays contended for longer than a request may wait."""

    def __init__(self) -> None:
        super().__init__(retry_after=RETRY_AFTER)


class AlreadyExists(Exception):
    """A document to be created already exists; nothing was written."""


class Missing(Exception):
    """A document to be updated does not exist; nothing was written."""


class IndexMissing(Exception):
    """A query without its index, which is a deployment error. The message is Firestore's, with a
    link that creates the index."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read; if it does not exist, `exists` is False and `data` is empty."""

    path: str
    data: dict[str, Any]
    exists: bool
    update_time: datetime | None

    @property
    def id(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Create:
    """Creates a document. `data` holds no transforms but SERVER_TIME, at its top level."""

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
    """Sets the named fields of a document, also within maps, whose other fields stay; creates it if
    it does not exist."""

    path: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """Deletes a document; a missing one is an error only with `seen`."""

    path: str
    seen: Document | None = None


Write = Create | Update | Merge | Delete


@dataclass(frozen=True, slots=True)
class Committed:
    """`transforms[i]`: the results of the transforms (Increment) of write i, in field order;
    `update_times[i]`: the new update time of its document, for the next precondition.
    `server_time`: what SERVER_TIME has become; None if no write has it."""

    transforms: list[list[int]]
    update_times: list[datetime]
    server_time: datetime | None = None


def field_path(*names: str) -> str:
    """Of a nested field, for an Update. Names may have any characters."""
    return str(FieldPath(*names).to_api_repr())


def now() -> datetime:
    return datetime.now(UTC)


def connect(project: str) -> firestore.Client:
    """A client that reads response streams in the calling thread.

    By default, a thread of the channel passes on each message, that is, each document. Under load,
    the two threads mostly wait for the interpreter lock.
    """
    client = firestore.Client(project=project)
    options = [
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_receive_message_length", -1),
        (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1),
    ]
    host, emulator = client._target, client._emulator_host
    channel = (
        grpc.insecure_channel(emulator, options=options)
        if emulator
        else FirestoreGrpcTransport.create_channel(
            host, credentials=client._credentials, options=options
        )
    )
    transport = FirestoreGrpcTransport(host=host, channel=channel)
    # Without this, the library waits for the first message when a request is sent.
    aggregation: Any = transport.run_aggregation_query
    aggregation._prefetch_first_result_ = False
    client._firestore_api_internal = FirestoreClient(transport=transport)
    return client


class Database:
    """The documents of one project. Thread-safe. Every method raises Unavailable if Firestore does
    not answer, after at most `patience` seconds, retries included, or the time that
    troupe.deadlines leaves."""

    def __init__(self, client: firestore.Client, *, patience: float = PATIENCE) -> None:
        self._client = client
        self._patience = patience

    @classmethod
    def connect(cls, project: str) -> Database:
        return cls(connect(project))

    def get(self, path: str) -> Document:
        """Reads one document; if it does not exist, `exists` is False."""
        return self.get_all([path])[0]

    def get_all(
        self, paths: Sequence[str], *, select: Sequence[str] | None = None
    ) -> list[Document]:
        """Reads all documents in one call; the results are in the order of `paths`. `select`: the
        fields to read (None: all)."""
        if not paths:
            return []
        root = f"{self._client._database_string}/documents/"
        request: dict[str, Any] = {
            "database": self._client._database_string,
            "documents": [root + path for path in dict.fromkeys(paths)],
        }
        if select is not None:
            request["mask"] = {"field_paths": list(select)}
        found = {}
        for answer in self._ask("batch_get_documents", request):
            if answer.HasField("found"):
                document = self._document(answer.found)
                found[document.path] = document
        return [found.get(path) or Document(path, {}, False, None) for path in paths]

    def commit(self, *writes: Write) -> Committed:
        """Commits all writes or none. Raises Stale, AlreadyExists or Missing."""
        return self._commit(writes, _COMMIT_AGAIN)

    def commit_once(self, *writes: Write) -> Committed:
        """Like `commit`, for an Increment without a precondition, which must not be made twice: it
        is not tried again if Firestore does not answer, since it may have been made."""
        return self._commit(writes, ())

    def _commit(
        self, writes: Sequence[Write], again: tuple[type[exceptions.GoogleAPICallError], ...]
    ) -> Committed:
        batch = self._client.batch()
        for write in writes:
            ref = self._client.document(write.path)
            if isinstance(write, Create):
                batch._add_write_pbs([create_write(ref._document_path, write.data)])
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
            results = self._call(lambda seconds: batch.commit(retry=None, timeout=seconds), again)
        except exceptions.AlreadyExists as error:
            raise AlreadyExists from error
        except exceptions.NotFound as error:
            raise Missing from error
        except (exceptions.FailedPrecondition, exceptions.Aborted) as error:
            raise Stale from error
        transforms = [
            [int(value.integer_value) for value in result.transform_results] for result in results
        ]
        times = (
            value.timestamp_value
            for result in results
            for value in result.transform_results
            if "timestamp_value" in value
        )
        updated = [result.update_time for result in results]
        return Committed(transforms, updated, next(times, None))

    def commit_or_stale(self, *writes: Write) -> Committed:
        """Like `commit`, but raises Stale for every conflict: for an attempt of `contend`, which
        reads again and so finds out which one it was."""
        try:
            return self.commit(*writes)
        except (AlreadyExists, Missing) as error:
            raise Stale from error

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
        """Queries at most `limit` documents. `where`: (field, operator, value); `order`: (field,
        descending), where `__name__` is the id, or with `group` the path; `after`: values of the
        order fields to start after; `select`: the fields to read (None: all); `group`: query the
        collection group.

        Raises IndexMissing.
        """
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
        query = query.limit(limit)
        if select is not None:
            query = query._copy(projection=_projection(tuple(select)))
        if offset:
            query = query.offset(offset)
        request, _, _ = query._prep_stream()
        answers = self._ask("run_query", request)
        return [self._document(each.document) for each in answers if each.HasField("document")]

    def walk(
        self,
        collection: str,
        *,
        where: Iterable[tuple[str, str, Any]] = (),
        batch: int = 300,
        select: Sequence[str] | None = None,
        group: bool = False,
    ) -> Iterator[Document]:
        """All matching documents, in the order of their ids, or with `group` of their paths; read
        as needed, `batch` at a time."""
        where, after = list(where), None
        while True:
            found = self.find(
                collection,
                where=where,
                order=[("__name__", False)],
                after=after,
                limit=batch,
                select=select,
                group=group,
            )
            yield from found
            if len(found) < batch:
                return
            after = [found[-1].path if group else found[-1].id]

    def count(
        self,
        collection: str,
        *,
        where: Iterable[tuple[str, str, Any]] = (),
        group: bool = False,
    ) -> int:
        """The number of matching documents, by an aggregation that reads none. Raises
        IndexMissing."""
        return self.begin_count(collection, where=where, group=group)()

    def begin_count(
        self,
        collection: str,
        *,
        where: Iterable[tuple[str, str, Any]] = (),
        group: bool = False,
    ) -> Callable[[], int]:
        """Sends the request of `count`; the function that is returned waits for its answer, so that
        other calls can be made meanwhile, without a thread."""
        query: Any = self._query(collection, where, group=group)
        request, _ = query.count(alias="n")._prep_stream()
        with outages():
            begun = [self._send("run_aggregation_query", request, seconds_left(self._patience))]

        def finish() -> int:
            (answer,) = self._ask("run_aggregation_query", request, begun)
            return int(answer.result.aggregate_fields["n"].integer_value)

        return finish

    def count_and_sum(
        self, collection: str, field: str, *, where: Iterable[tuple[str, str, Any]] = ()
    ) -> tuple[int, int]:
        """The number of matching documents and the sum of an integer field, by an aggregation that
        reads none. Needs the index of the query ordered by the field. Raises IndexMissing."""
        query: Any = self._query(collection, where, group=False)
        request, _ = query.count(alias="n").sum(field, alias="sum")._prep_stream()
        (answer,) = self._ask("run_aggregation_query", request)
        found = answer.result.aggregate_fields
        return int(found["n"].integer_value), int(found["sum"].integer_value)

    def _send(self, method: str, request: dict[str, Any], seconds: float) -> Iterator[Any]:
        ask = getattr(self._client._firestore_api, method)
        metadata = self._client._rpc_metadata
        answers: Iterator[Any] = ask(
            request=request, metadata=metadata, retry=None, timeout=seconds
        )
        return answers

    def _ask(
        self, method: str, request: dict[str, Any], begun: Sequence[Iterator[Any]] = ()
    ) -> list[Any]:
        """All messages of a streamed response; a stream that breaks off is requested again.
        `begun`: the stream, if the request has been sent."""
        sent = list(begun)

        def attempt(seconds: float) -> list[Any]:
            answers = sent.pop() if sent else self._send(method, request, seconds)
            return [answer._pb for answer in answers]

        try:
            return self._call(attempt, _READ_AGAIN)
        except exceptions.FailedPrecondition as error:
            raise IndexMissing(error.message) from error

    def _call(
        self, attempt: Callable[[float], T], again: tuple[type[exceptions.GoogleAPICallError], ...]
    ) -> T:
        """Runs `attempt(timeout)`, and retries it after the errors `again`. The client's own
        retries give each attempt the whole time. Raises Unavailable."""
        ends = time.monotonic() + seconds_left(self._patience)
        with outages():
            return retry(
                lambda: attempt(max(_LEAST_TIMEOUT, ends - time.monotonic())),
                after(*again),
                _jitter(0.1, 2.0),
                deadline=ends,
            )

    def _document(self, message: Any) -> Document:
        return Document(
            path=message.name.partition("/documents/")[2],
            data=decode_fields(message.fields, self._client),
            exists=True,
            update_time=decode_time(message.update_time),
        )

    def due(
        self,
        collection: str,
        limit: int,
        *,
        field: str = "dueAt",
        where: Iterable[tuple[str, str, Any]] = (),
        select: Sequence[str] | None = None,
        group: bool = False,
    ) -> list[Document]:
        """At most `limit` documents whose time in `field` has passed, earliest first. Raises
        IndexMissing."""
        return self.find(
            collection,
            where=[*where, (field, "<=", now())],
            order=[(field, False)],
            limit=limit,
            select=select,
            group=group,
        )

    def delete_all(self, paths: Sequence[str]) -> None:
        """Deletes documents in several commits: a failure may leave some of them."""
        for start in range(0, len(paths), COMMIT_WRITES):
            self.commit(*(Delete(path) for path in paths[start : start + COMMIT_WRITES]))

    def clear(self, collection: str) -> int:
        """Deletes all documents of a collection, in several commits; returns their number."""
        deleted = 0
        while True:
            found = self.find(collection, limit=COMMIT_WRITES, select=[])
            self.delete_all([document.path for document in found])
            deleted += len(found)
            if len(found) < COMMIT_WRITES:
                return deleted

    def _query(
        self, collection: str, where: Iterable[tuple[str, str, Any]], *, group: bool = False
    ) -> firestore.Query:
        source = self._client.collection_group if group else self._client.collection
        query: Any = source(collection)
        for name, op, value in where:
            query = query.where(filter=FieldFilter(name, op, value))
        return cast(firestore.Query, query)


@lru_cache(maxsize=64)
def _projection(fields: tuple[str, ...]) -> StructuredQuery.Projection:
    """What `Query.select` makes anew for each query, which takes longer than the rest of it."""
    return StructuredQuery.Projection(
        fields=[StructuredQuery.FieldReference(field_path=name) for name in fields]
    )


def contend(
    attempt: Callable[[], T], *, on: str | None = None, seconds: float = CONTENTION_SECONDS
) -> T:
    """Runs `attempt` (a read and a commit) until it does not raise Stale, with full jitter between
    attempts. Raises Stale after `seconds`.

    `on`: the path of a contended document. After the first conflict, callers in this process queue
    for it instead of invalidating each other. `attempt` must not call `contend` with `on` itself.
    """
    deadline = time.monotonic() + seconds
    if on is None:
        return retry(attempt, after(Stale), _jitter(), deadline=deadline)
    try:
        return attempt()
    except Stale:
        lock = _LOCKS[hash(on) % len(_LOCKS)]
        if not lock.acquire(timeout=seconds):
            raise
    try:
        return retry(attempt, after(Stale), _jitter(), deadline=deadline)
    finally:
        lock.release()


def _jitter(most: float = 0.02, longest: float = 0.5) -> Iterator[float]:
    """Endless random waits, whose upper bound grows from `most` to `longest` seconds. The defaults
    are for contention: a commit takes about 10 ms."""
    while True:
        yield _spread.uniform(0, most)
        most = min(most * 1.5, longest)

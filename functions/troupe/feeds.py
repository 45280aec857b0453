"""What happens somewhere, read once a second for all streams of this instance that follow it.

Nothing runs in the background: of the streams that wait, one reads for the others. A stream starts
where its cursor says and can be continued by any instance.
"""

from __future__ import annotations

import base64
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

from troupe.accounts.errors import AccountSuspended
from troupe.accounts.records import AccountCaller, UserRecord
from troupe.accounts.sessions import live_session
from troupe.accounts.writes import user_path
from troupe.adapters.firestore import Database, Document
from troupe.paging import BadCursor
from troupe.tokens import TokenInvalid

S = TypeVar("S")
E = TypeVar("E")
B = TypeVar("B")
C = TypeVar("C", bound=BaseModel)

# The database's time of a document is that of processing, so an earlier one can appear later.
OVERLAP = timedelta(seconds=5)
QUIET_SECONDS = 15.0  # after which a stream says that it is alive
_EVERY = 1.0  # seconds
# In a cursor, which is a header. Where more happens, what is late is not waited for.
_MOST_SENT = 150
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_CURSOR = 16_384  # bytes, unpacked


class Feed(Generic[S]):
    """One thing that is followed. `read` makes the next snapshot from the one before."""

    def __init__(self, read: Callable[[S | None], S]) -> None:
        self._read = read
        self._changed = threading.Condition()
        self._reading = False
        self._next = 0.0
        self._version = 0
        self._snapshot: S | None = None
        self.streams = 0

    def after(self, version: int, seconds: float) -> tuple[int, S] | None:
        """A later snapshot than `version`, which counts the reads, with its version; None if there
        is none within the time."""
        ends = time.monotonic() + seconds
        while True:
            with self._changed:
                if self._snapshot is not None and self._version > version:
                    return self._version, self._snapshot
                at = time.monotonic()
                if at >= ends:
                    return None
                if self._reading or at < self._next:
                    wait = ends - at if self._reading else min(ends, self._next) - at
                    self._changed.wait(wait)
                    continue
                self._reading = True
            try:
                snapshot = self._read(self._snapshot)
            except BaseException:
                with self._changed:
                    self._done()  # another one tries
                raise
            with self._changed:
                self._snapshot, self._version = snapshot, self._version + 1
                self._done()

    def _done(self) -> None:
        self._next = time.monotonic() + _EVERY
        self._reading = False
        self._changed.notify_all()


class Feeds(Generic[S]):
    """All that are followed here. `reader`: makes the `read` of a feed from its id. Thread-safe."""

    def __init__(self, reader: Callable[[str], Callable[[S | None], S]]) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._feeds: dict[str, Feed[S]] = {}

    @contextmanager
    def follow(self, followed: str) -> Iterator[Feed[S]]:
        with self._lock:
            if followed not in self._feeds:
                self._feeds[followed] = Feed(self._reader(followed))
            feed = self._feeds[followed]
            feed.streams += 1
        try:
            yield feed
        finally:
            with self._lock:
                feed.streams -= 1
                if not feed.streams:
                    del self._feeds[followed]


def batches(
    feed: Feed[S],
    *,
    earlier: Iterable[list[E]],
    later: Callable[[S], list[E] | None],
    sent: Callable[[list[E]], B | None],
    ends: float,
    once: bool,
) -> Iterator[B | None]:
    """Batches of events until the monotonic time `ends`; None when nothing has happened for long.
    `once`: ends with the first batch.

    `earlier`: what came before the stream. `later`: the events of a snapshot, None if there is
    nothing left to follow. `sent`: makes a batch, None if the reader may read no longer; it is
    called after the events were read, so that nothing is sent that was written after a removal.
    """
    for events in earlier:
        if events:
            batch = sent(events)
            if batch is None:
                return
            yield batch
            if once:
                return
        if time.monotonic() >= ends:
            return
    version, quiet_at = 0, time.monotonic() + QUIET_SECONDS
    while (left := ends - time.monotonic()) > 0:
        found = feed.after(version, min(left, quiet_at - time.monotonic()))
        events = []
        if found is not None:
            version, snapshot = found
            happened = later(snapshot)
            if happened is None:
                return
            events = happened
        if not events and time.monotonic() < quiet_at:
            continue
        batch = sent(events)
        if batch is None:
            return
        yield batch if events else None
        if once and events:
            return
        quiet_at = time.monotonic() + QUIET_SECONDS


def may_follow(
    db: Database, caller: AccountCaller, membership: str, is_in: Callable[[Document], bool]
) -> bool:
    """Whether the caller is still where the document `membership` (a path) says, and the session
    has not ended."""
    user, document = db.get_all([user_path(caller.uid), membership])
    if not user.exists or not document.exists or not is_in(document):
        return False
    try:
        live_session(UserRecord.of(user), caller.session_id)
    except (TokenInvalid, AccountSuspended):
        return False
    return True


class StoredSent(BaseModel):
    """`Sent` in a cursor."""

    t: int = Field(ge=0, le=2**53)
    s: dict[str, int] = Field(default_factory=dict, max_length=2000)
    f: tuple[int, str] | None = None

    def sent(self) -> Sent:
        """Raises BadCursor."""
        keys = {key: moment(self.t - age) for key, age in self.s.items()}
        return Sent(moment(self.t), keys, self.f and (moment(self.f[0]), self.f[1]))


@dataclass(slots=True)
class Sent:
    """What a client has been sent. `at`: the time of the last of it; `keys`: those whose time is
    shortly before that, with the time; `floor`: all up to it were sent, too."""

    at: datetime
    keys: dict[str, datetime] = field(default_factory=dict)
    floor: tuple[datetime, str] | None = None

    def misses(self, at: datetime, key: str) -> bool:
        """Whether it was not sent yet. What is older than the overlap counts as sent."""
        old = at <= self.at - OVERLAP or (self.floor is not None and (at, key) <= self.floor)
        return not old and key not in self.keys

    def add(self, at: datetime, key: str) -> None:
        self.keys[key] = at

    def trim(self) -> None:
        """After what was found together has been added."""
        self.at = max([self.at, *self.keys.values()])
        known = sorted((at, key) for key, at in self.keys.items() if at > self.at - OVERLAP)
        if len(known) > _MOST_SENT:
            self.floor = known[-_MOST_SENT - 1]
        self.keys = {key: at for at, key in known[-_MOST_SENT:]}

    def stored(self) -> dict[str, Any]:
        """The fields of a StoredSent."""
        return {
            "t": micros(self.at),
            "s": {key: (self.at - at) // _MICROSECOND for key, at in self.keys.items()},
            "f": self.floor and (micros(self.floor[0]), self.floor[1]),
        }


def packed(stored: BaseModel) -> str:
    """A cursor, which is a header."""
    data = zlib.compress(stored.model_dump_json().encode(), 9)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpacked(kind: type[C], cursor: str) -> C:
    """Raises BadCursor."""
    try:
        data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        text = zlib.decompressobj().decompress(data, _MOST_CURSOR)
        return kind.model_validate_json(text)
    except (ValueError, zlib.error) as error:
        raise BadCursor from error


def time_of(cursor: str) -> datetime | None:
    """The time that a client sent as a cursor; None if it is another one. Raises BadCursor."""
    try:
        at = datetime.fromisoformat(cursor)
    except ValueError:
        return None
    if at.tzinfo is None or not _EPOCH <= at < _LATEST:
        raise BadCursor
    return at


def micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def moment(micros: int) -> datetime:
    """Raises BadCursor."""
    try:
        return _EPOCH + micros * _MICROSECOND
    except OverflowError as error:
        raise BadCursor from error

"""Who is in a room right now.

Nobody listens to the document of the beats. What others see is a document of its own, which is
written when somebody comes, goes or does something else. Each beat removes those who have stopped,
so neither a schedule nor an open connection is needed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import Field

from troupe.adapters.firestore import (
    DELETE_FIELD,
    Database,
    Delete,
    Document,
    Merge,
    Missing,
    Update,
    Write,
    field_path,
    now,
)
from troupe.caller import Caller
from troupe.records import Record
from troupe.rooms.errors import RoomNotFound
from troupe.rooms.records import Member
from troupe.rooms.standing import standing
from troupe.rooms.writes import beats_path, presence_path, room_path

State = Literal["active", "away", "typing", "speaking"]
Beaten = Literal["active", "away", "typing", "speaking", "gone"]
BEAT_SECONDS, TTL_SECONDS = 60, 150  # browsers let hidden tabs run once a minute
# So many are shown, and beat: a document takes about one write a second.
MOST_SHOWN = 50
_TTL = timedelta(seconds=TTL_SECONDS)
# Somebody who types or speaks is shown as `active` after this time.
PASSING = timedelta(seconds=10)
_PAUSE = timedelta(seconds=3)  # between two writes that say so
_LEAST = timedelta(seconds=5)  # between two beats that are written
# What a member can make others see.
_MOST_CHANGES, _WINDOW = 30, timedelta(seconds=60)


class Online(Record):
    """Somebody who is there, as others see it. `reads`: the languages of the member. `until`: when
    `typing` and `speaking` end."""

    name: str
    reads: list[str] = Field(default_factory=list)
    since: datetime
    state: State
    until: datetime | None = None

    def at(self, time: datetime) -> Self:
        """What is left of it."""
        if self.until is None or self.until > time:
            return self
        return self.model_copy(update={"state": "active", "until": None})


class _Beat(Record):
    """`shown_at`: when others were last told; `changes` since `window`."""

    at: datetime
    shown_at: datetime | None = None
    window: datetime
    changes: int = 0


class _Presence(Record):
    """`rooms/{id}/state/presence`."""

    online: dict[str, Online] = Field(default_factory=dict)


class _Beats(Record):
    """`beats/{roomId}`."""

    p: dict[str, _Beat] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """Both documents, as read."""

    online: dict[str, Online]
    beats: dict[str, _Beat]

    @classmethod
    def of(cls, presence: Document, beats: Document) -> Self:
        shown = _Presence.of(presence) if presence.exists else _Presence()
        beaten = _Beats.of(beats) if beats.exists else _Beats()
        return cls(shown.online, beaten.p)

    def stopped(self, at: datetime) -> set[str]:
        """Those who have not been heard of for long."""
        old = {uid for uid, beat in self.beats.items() if at - beat.at > _TTL}
        return old | (self.online.keys() - self.beats.keys())

    def there(self, at: datetime) -> dict[str, Online]:
        gone = self.stopped(at)
        return {uid: each.at(at) for uid, each in self.online.items() if uid not in gone}


class Presence:
    def __init__(self, db: Database) -> None:
        self._db = db

    def beat(self, caller: Caller, room_id: str, state: Beaten) -> dict[str, Online]:
        """Notes that the caller is there, and what they do; returns who is there. One read, and at
        most one write if nothing changes for the others. Raises RoomNotFound."""
        paths = [presence_path(room_id), beats_path(room_id)]
        here = standing(self._db, room_id, caller.uid, paths)
        seen, at, uid = Seen.of(*(here.documents[path] for path in paths)), now(), caller.uid
        there = seen.there(at)
        before, beat = there.get(uid), seen.beats.get(uid) or _Beat(at=at, window=at)
        wanted = _wanted(here.member, state, before, at)
        if before is None and len(there) >= MOST_SHOWN:
            wanted = None
        change = _differs(wanted, before) and _may(beat, before, wanted, at)
        online: dict[str, Any] = dict.fromkeys(seen.stopped(at) & seen.online.keys(), DELETE_FIELD)
        beats: dict[str, Any] = dict.fromkeys(seen.stopped(at) & seen.beats.keys(), DELETE_FIELD)
        if change:
            online[uid] = DELETE_FIELD if wanted is None else wanted.stored()
            beats[uid] = _changed(beat, at).stored()
            there = {key: each for key, each in there.items() if key != uid}
            there |= {uid: wanted} if wanted else {}
        elif uid in there and at - beat.at >= _LEAST:
            # All of it: somebody may have just cleared it away.
            beats[uid] = beat.model_copy(update={"at": at}).stored()
        writes: list[Write] = []
        # An update fails if the room was deleted meanwhile, and this document with it.
        fenced = bool(beats) and here.documents[paths[1]].exists
        if fenced:
            fields = {field_path("p", key): each for key, each in beats.items()}
            writes.append(Update(paths[1], fields))
        elif beats:
            writes.append(Merge(paths[1], {"p": beats}))
        if online:
            writes.append(Merge(paths[0], {"online": online}))
        if writes:
            self._commit(room_id, writes, fenced=fenced)
        return there

    def _commit(self, room_id: str, writes: list[Write], *, fenced: bool) -> None:
        """Raises RoomNotFound, if the room was deleted meanwhile; nothing stays of it then."""
        try:
            self._db.commit(*writes)
        except Missing:
            raise RoomNotFound from None
        if not fenced and not self._db.get(room_path(room_id)).exists:
            self._db.commit(Delete(beats_path(room_id)), Delete(presence_path(room_id)))
            raise RoomNotFound

    def online(self, room_id: str) -> dict[str, Online]:
        """Who is there, by user id. Does not check who asks."""
        paths = [presence_path(room_id), beats_path(room_id)]
        return Seen.of(*self._db.get_all(paths)).there(now())


def languages_there(presence: Document, uid: str) -> dict[str, int] | None:
    """How many of those who are there with `uid` read each language. None if that is not known:
    `uid` is not shown, nobody else is, or there may be more people than are shown.

    The beats are not looked at, which would be another read: while `uid` is there, their own beats
    remove those who have stopped."""
    online = _Presence.of(presence).online if presence.exists else {}
    others = [each for key, each in online.items() if key != uid]
    if uid not in online or not others or len(online) >= MOST_SHOWN:
        return None
    if not all(each.reads for each in others):  # written by an earlier version
        return None
    return dict(Counter(code for each in others for code in each.reads))


def absence(room_id: str, uid: str) -> list[Write]:
    """The writes by which somebody is no longer there, for the commit that ends a membership."""
    return [
        Merge(presence_path(room_id), {"online": {uid: DELETE_FIELD}}),
        Merge(beats_path(room_id), {"p": {uid: DELETE_FIELD}}),
    ]


def _wanted(member: Member, state: Beaten, before: Online | None, at: datetime) -> Online | None:
    if state == "gone":
        return None
    until = at + PASSING if state in ("typing", "speaking") else None
    since = before.since if before else at
    return Online(name=member.name, reads=member.reads, since=since, state=state, until=until)


def _differs(wanted: Online | None, before: Online | None) -> bool:
    """Whether others have to be told. `before`: without what has ended by itself, which need not be
    written."""
    if wanted is None or before is None:
        return wanted is not before
    same = all(
        getattr(wanted, each) == getattr(before, each) for each in ("name", "reads", "state")
    )
    return not same or wanted.until is not None


def _may(beat: _Beat, before: Online | None, wanted: Online | None, at: datetime) -> bool:
    """Whether the member may tell others now. Otherwise they are shown as before until a later
    beat: every beat compares what is shown with what is true."""
    passing = [each for each in (before, wanted) if each is not None and each.until is not None]
    if len(passing) == 2 and beat.shown_at is not None and at - beat.shown_at < _PAUSE:
        return False
    return at - beat.window >= _WINDOW or beat.changes < _MOST_CHANGES


def _changed(beat: _Beat, at: datetime) -> _Beat:
    fresh = at - beat.window >= _WINDOW
    window, changes = (at, 1) if fresh else (beat.window, beat.changes + 1)
    return _Beat(at=at, shown_at=at, window=window, changes=changes)

"""The minutes of a call: reserved on its tab ahead of time, and counted from the heartbeats.

Only the seconds that heartbeats have stored are counted, so nothing that a provider reports, late
or twice, costs anything. While more can be reserved, a call goes on; once it cannot, everybody sees
when it ends, at least a minute before. More than was reserved is never charged.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from troupe.adapters.firestore import Stale, Write
from troupe.calls.attendance import Attendance
from troupe.calls.errors import CallUnpaid
from troupe.calls.records import Call, ReservedMinutes
from troupe.calls.tabs import CallTabs, reason_of
from troupe.logs import log
from troupe.tabs.service import Reserved

# Seconds for each participant. The longest that can be paid for is reserved, before less than
# SOON is left, which is so long that a warning comes a minute before the end.
STRETCHES, SOON = (900, 120, 20), 75
WARNED_FOR = timedelta(minutes=1)
_FEWEST = 2  # participants that are reserved for, also before they are there


def _new_id() -> str:
    return secrets.token_hex(8)


def _stretches(here: Attendance) -> list[int]:
    """In milliseconds of all participants."""
    people = max(_FEWEST, len(here.inside))
    return [1000 * seconds * people for seconds in STRETCHES]


def _used(reserved: ReservedMinutes, counted: int) -> int:
    """The milliseconds that were used of a reservation. No more is counted than it has."""
    return min(1000 * max(0, counted - reserved.since), reserved.milliseconds)


@dataclass(slots=True)
class Ahead:
    """What an operation has reserved, from one attempt to commit it to the next. `id`: that of the
    reservation in the call, which tells whether an attempt has succeeded. `late`: for what was used
    of a tab that has been closed. `gone`: the tabs that were taken out by attempts that then
    had to be repeated."""

    id: str = field(default_factory=_new_id)
    reserved: Reserved | None = None
    late: Reserved | None = None
    gone: list[str] = field(default_factory=list)

    def committed(self) -> None:
        """The call has it now."""
        self.id, self.reserved, self.late = _new_id(), None, None


class CallMinutes:
    def __init__(self, tabs: CallTabs) -> None:
        self._tabs = tabs

    @contextmanager
    def ahead(self) -> Iterator[Ahead]:
        """For an operation that may reserve time. Gives back what it did not need, unless it fails:
        then a commit may have succeeded all the same."""
        ahead = Ahead()
        yield ahead
        for each in (ahead.reserved, ahead.late):
            if each is not None:
                self._tabs.give_back(each)

    def open(self, here: Attendance, ahead: Ahead) -> None:
        """Reserves the first minutes of a call that starts, for the commit that starts it. Raises
        CallUnpaid."""
        if self._costs(here.call):
            self._put(here, ahead, self._reserve(here, ahead))

    def found(self, here: Attendance, ahead: Ahead) -> None:
        """Keeps what the call has already: it was committed, and the response was lost."""
        if here.call.reserved is not None and here.call.reserved.id == ahead.id:
            ahead.committed()

    def go_on(self, here: Attendance, ahead: Ahead) -> bool:
        """Reserves more if it is needed soon, or says when the call ends; returns whether the call
        has changed, which the caller commits. Raises Stale."""
        call = here.call
        if not self._costs(call) or not call.is_live:
            return False
        self.found(here, ahead)
        left = self._left(here)
        if left >= SOON:
            here.change(ends_at=None)
            return call.ends_at is not None
        if ahead.reserved is None and self._lengthen(here, ahead):
            return True
        try:
            reserved = self._reserve(here, ahead)
        except CallUnpaid as error:
            if call.ends_at is not None:
                return False
            here.change(ends_at=here.at + max(WARNED_FOR, timedelta(seconds=left)))
            log.info("call_ends_soon", callId=here.id, reason=reason_of(error))
            return True
        self._count(here, ahead)
        self._put(here, ahead, reserved)
        return True

    def settle(self, here: Attendance) -> None:
        """Counts the last minutes of a call that is over; the caller commits it, and closes."""
        self._count(here, Ahead())
        here.change(reserved=None, ends_at=None)

    def close(self, call: Call) -> None:
        """Charges what was counted, now and not after the hour of the tab."""
        self._tabs.close(call, "minutes")

    def _costs(self, call: Call) -> bool:
        return self._tabs.token_seconds(call, "minutes") > 0

    def _left(self, here: Attendance) -> float:
        """Seconds until what is reserved is used up, if all stay who are there."""
        reserved = here.call.reserved
        if reserved is None:
            return 0
        spent = here.counted_seconds() + here.uncounted_seconds() - reserved.since
        rest = reserved.milliseconds / 1000 - spent
        return max(0.0, rest) / max(1, len(here.inside))

    def _reserve(self, here: Attendance, ahead: Ahead) -> Reserved:
        """Raises CallUnpaid. Raises Stale after it has counted what was used: a tab with too little
        left is closed, which charges what was counted by then."""
        if ahead.reserved is not None and self._tabs.is_open(ahead.reserved):
            return ahead.reserved
        before = here.call.reserved
        if before is not None and here.counted_seconds() > before.since:
            self._count(here, ahead)
            here.commit()
            ahead.committed()
            ahead.gone += here.gone
            raise Stale
        *longer, shortest = _stretches(here)
        for milliseconds in longer:
            with suppress(CallUnpaid):
                ahead.reserved = self._tabs.reserve(here.call, "minutes", milliseconds)
                return ahead.reserved
        ahead.reserved = self._tabs.reserve(here.call, "minutes", shortest)
        return ahead.reserved

    def _lengthen(self, here: Attendance, ahead: Ahead) -> bool:
        """Counts what was used, and reserves more of the same tab, by the commit alone; returns
        whether it has so much left."""
        before, counted = here.call.reserved, here.counted_seconds()
        if before is None:
            return False
        more, used = _stretches(here)[0], _used(before, counted)
        write = self._tabs.use_and_reserve(before.tab_id, used, more)
        if write is None:
            return False
        rest = before.milliseconds - used + more
        after = {"id": ahead.id, "milliseconds": rest, "since": counted}
        here.change(reserved=before.model_copy(update=after), ends_at=None)
        self._add(here, before.tab_id, used, write)
        return True

    def _put(self, here: Attendance, ahead: Ahead, reserved: Reserved) -> None:
        """Adds it to what the call has of the same tab."""
        before = here.call.reserved
        same = before is not None and before.tab_id == reserved.tab_id
        rest = before.milliseconds if before is not None and same else 0
        after = ReservedMinutes(
            id=ahead.id,
            tab_id=reserved.tab_id,
            milliseconds=rest + reserved.milliseconds,
            since=here.counted_seconds(),
        )
        here.change(reserved=after, ends_at=None)

    def _count(self, here: Attendance, ahead: Ahead) -> None:
        """Counts what was used of the call's reservation so far; the rest stays reserved."""
        before, counted = here.call.reserved, here.counted_seconds()
        if before is None:
            return
        used = _used(before, counted)
        rest = before.milliseconds - used
        after = {"id": ahead.id, "milliseconds": rest, "since": counted}
        here.change(reserved=before.model_copy(update=after))
        if not used:
            return
        reserved = Reserved(before.tab_id, before.milliseconds)
        if self._tabs.is_open(reserved):
            write = reserved.use_some(used)
        else:
            late = self._late(here, ahead, used)
            if late is None:
                return
            reserved, used = late, min(used, late.milliseconds)
            write = late.use(used)
        self._add(here, reserved.tab_id, used, write)

    def _add(self, here: Attendance, tab_id: str, used: int, write: Write) -> None:
        """`write`: of the tab, which counts the same."""
        here.add(write)
        total = here.call.used.get(tab_id, 0) + used
        here.change(used={**here.call.used, tab_id: total})

    def _late(self, here: Attendance, ahead: Ahead, used: int) -> Reserved | None:
        """The time again, in another tab: its own was closed after its hour. None if nobody can pay
        for it."""
        if ahead.late is None or not self._tabs.is_open(ahead.late):
            ahead.late = None
            try:
                ahead.late = self._tabs.reserve(here.call, "minutes", used)
            except CallUnpaid as error:
                log.warning("call_minutes_lost", callId=here.id, reason=reason_of(error))
        return ahead.late

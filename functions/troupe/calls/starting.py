"""Starts a call: with its own operation, or when its host comes in."""

from __future__ import annotations

from datetime import datetime, timedelta

from troupe.adapters.firestore import Database
from troupe.calls.attendance import Attendance
from troupe.calls.hosting import hosting, hosting_paths
from troupe.calls.records import CallStatus
from troupe.calls.states import Action, after
from troupe.dashboards.days import day_writes

RINGS_FOR = timedelta(minutes=10)
LOOKED_AT = timedelta(minutes=30)  # how often the sweep looks whether anybody is left in a call


def start(db: Database, attendance: Attendance) -> bool:
    """Makes a call ring that has not started, and counts it; returns whether it was one. Raises
    CallEnded, CallLimitReached, and as `hosting`."""
    call, at = attendance.call, attendance.at
    status = after(call, Action.START)
    if status is call.status:
        return False
    paths = hosting_paths(call.company_id, call.host_uid)
    found = {each.path: each for each in db.get_all(paths)}
    license = hosting(db, found, call.company_id, call.host_uid, at)
    attendance.add(
        *license.start_writes(at),
        *day_writes(call.company_id, at, member=call.host_uid, callsStarted=1),
    )
    attendance.change(
        status=status,
        started_at=at,
        license_id=license.license.id,
        due_at=rings_until(call.scheduled_at, at),
    )
    return True


def rings_until(scheduled_at: datetime | None, at: datetime) -> datetime:
    """A host may be there before the time."""
    return max(at, scheduled_at or at) + RINGS_FOR


def meet(attendance: Attendance) -> None:
    """Says that somebody has come in: the call is active once two people are there. Raises
    CallEnded, NotOpenYet."""
    call, at = attendance.call, attendance.at
    people = {each.uid for each in attendance.inside}
    status = after(call, Action.MEET if len(people) > 1 else Action.WAIT)
    if status is CallStatus.ACTIVE and call.status is not CallStatus.ACTIVE:
        started = call.started_at or at
        attendance.change(
            active_at=at,
            response_seconds=max(0, int((at - started).total_seconds())),
            due_at=at + LOOKED_AT,
        )
    elif status is CallStatus.ACTIVE and len(attendance.inside) == 1:  # it was empty
        attendance.change(due_at=at + LOOKED_AT)
    attendance.change(status=status)

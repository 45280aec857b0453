"""Deletes what was said in a room up to a time.

The commit that asks for it sets the room's `cleared_before`: from then on, lists leave out what is
older, and those who follow the room are told. A job deletes the messages and their files. If
the job stops early, because its owner's account is deleted or because of a bug, the sweep finishes
the work.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from troupe.adapters.firestore import (
    COMMIT_WRITES,
    SERVER_TIME,
    Database,
    Stale,
    Update,
    contend,
    now,
)
from troupe.feeds import OVERLAP
from troupe.idempotency import keyed_id, request_hash
from troupe.jobs.errors import InputChanged
from troupe.logs import log
from troupe.orphans import OrphanedFiles
from troupe.rooms.attachments import FILE_FIELDS
from troupe.rooms.clearing_records import ClearingInput
from troupe.rooms.clearing_specs import ROOM_CLEARING
from troupe.rooms.messages import remove
from troupe.rooms.records import COLLECTION, Room
from troupe.rooms.standing import standing
from troupe.rooms.writes import messages_path, room_path

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.jobs.records import Job
    from troupe.jobs.service import JobService

_PATIENCE = timedelta(minutes=10)  # after which the sweep does what the job has not done
_SWEEP_SECONDS = 60.0  # for all rooms of one run
_PAUSE = 0.2  # seconds, if messages change while they are deleted


class _Enough(Exception):
    """The sweep has other things to do."""


class RoomClearing:
    def __init__(
        self, db: Database, orphans: OrphanedFiles, jobs: Callable[[], JobService]
    ) -> None:
        self._db = db
        self._orphans = orphans
        self._jobs = jobs

    def start(
        self, caller: Caller, room_id: str, before: datetime | None = None, key: str | None = None
    ) -> Job:
        """Deletes all messages that were sent up to `before`, for everybody; None for all that were
        sent so far. Messages that are sent after this call stay. Only for the owner. Repeats with
        the same `key` start one job.

        Raises RoomNotFound, RoomRoleRequired, KeyReused, TooManyJobs.
        """
        named = {"room": room_id, "before": before and before.isoformat()}

        def attempt() -> Job:
            here = standing(self._db, room_id, caller.uid)
            here.require_owner()
            at = now()
            job = ROOM_CLEARING.job(
                id=keyed_id(caller.uid, key),
                uid=caller.uid,
                subject=here.room_document.path,
                given=ClearingInput(room_id=room_id),
                request_hash=request_hash("clearMessages", named),
                at=at,
            )
            fields = _cleared(here.room, before if before and before < at else None)
            fields |= {"clearedAt": SERVER_TIME, "clearDueAt": at + _PATIENCE}
            room = here.room_document
            try:
                return self._jobs().submit(
                    job,
                    None,
                    [Update(room.path, fields, seen=room)],
                    keyed=key is not None,
                    watched=[room],
                )
            except InputChanged as error:
                raise Stale from error

        return contend(attempt)

    def delete(
        self,
        room_id: str,
        check: Callable[[], None],
        report: Callable[[float], None] = lambda share: None,
    ) -> int:
        """Deletes the messages of a room that was cleared; returns how many. Calls `check` between
        two commits, and `report` with the share that is done."""
        removed = 0
        while True:
            check()
            document = self._db.get(room_path(room_id))
            room = Room.of(document) if document.exists else None
            if room is None or room.cleared_before is None or room.cleared_at is None:
                return removed
            removed += self._delete(room_id, room.cleared_before, check, report)
            wait = (room.cleared_at + OVERLAP - now()).total_seconds()
            if wait > 0:
                time.sleep(min(wait, 1.0))
                continue
            fields: dict[str, Any] = {"clearDueAt": None}
            if room.last_message is not None and room.last_message.at <= room.cleared_before:
                fields["lastMessage"] = None
            try:
                self._db.commit_or_stale(Update(document.path, fields, seen=document))
                return removed
            except Stale:  # maybe it was cleared again
                continue

    def resume_due(self, limit: int) -> int:
        """Goes on with what jobs have left; returns the number of rooms."""
        until = time.monotonic() + _SWEEP_SECONDS

        def check() -> None:
            if time.monotonic() > until:
                raise _Enough

        due = self._db.due(COLLECTION, limit, field="clearDueAt", select=[])
        for document in due:
            try:
                self.delete(document.id, check)
            except _Enough:  # they stay due
                break
            except Exception as error:  # one room must not block the others
                log.error("room_not_cleared", error, roomId=document.id)
        return len(due)

    def _delete(
        self,
        room_id: str,
        before: datetime,
        check: Callable[[], None],
        report: Callable[[float], None],
    ) -> int:
        where = [("createdAt", "<=", before)]
        total = removed = 0
        while True:
            check()
            found = self._db.find(
                messages_path(room_id),
                where=where,
                order=[("createdAt", False)],
                limit=COMMIT_WRITES,
                select=FILE_FIELDS,
            )
            if not found:
                return removed
            if not total:
                total = self._db.count(messages_path(room_id), where=where)
            done = remove(self._db, self._orphans, found)
            removed += done
            report(min(removed / max(total, 1), 1.0))
            if not done:
                time.sleep(_PAUSE)


def _cleared(room: Room, before: datetime | None) -> dict[str, Any]:
    """The fields of a room whose history is deleted up to `before`, None for now. What was cleared
    does not come back."""
    fields: dict[str, Any] = {}
    if before is None or room.cleared_before is None or before > room.cleared_before:
        fields["clearedBefore"] = before or SERVER_TIME
    last = room.last_message
    if last is not None and (before is None or last.at <= before):
        fields["lastMessage"] = None
    return fields

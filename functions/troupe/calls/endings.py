"""How calls end: a host ends them, their time is up, or everybody has gone; and what is left of
them is forgotten in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from troupe import logs
from troupe.access import member_of
from troupe.adapters.firestore import (
    Database,
    Delete,
    Document,
    Increment,
    Update,
    Write,
    contend,
    now,
)
from troupe.caller import Caller
from troupe.calls import quality
from troupe.calls.after_calls import after_call_writes
from troupe.calls.attendance import EMPTY_FOR, Attendance
from troupe.calls.errors import CallNotFound
from troupe.calls.invitation_lifecycle import erase_of_call
from troupe.calls.minutes import CallMinutes
from troupe.calls.notices import missed_readers, missed_writes
from troupe.calls.providers.choice import CallProviders
from troupe.calls.records import (
    ACCESS,
    COLLECTION,
    PARTICIPANTS,
    QUALITY,
    SIGNALS,
    STATES,
    Call,
    CallStatus,
    EndReason,
    named_after,
)
from troupe.calls.standing import run_call
from troupe.calls.starting import LOOKED_AT
from troupe.calls.states import Action, after
from troupe.calls.writes import (
    beats_path,
    call_path,
    code_path,
    counters_path,
    slug_path,
    slugs_path,
)
from troupe.companies.records import Company
from troupe.companies.writes import company_path, license_path
from troupe.dashboards.days import day_writes, duration_counter
from troupe.ended_subjects import ending_write
from troupe.logs import log
from troupe.orphans import OrphanedFiles, OrphanRecord, orphan_record
from troupe.rooms.service import deletion, invitation_deletes
from troupe.rooms.writes import room_path
from troupe.tabs.records import COLLECTION as TABS

_FAILURES = 3  # in a row, after which a sweep tells a provider no more
CODE_KEPT = timedelta(days=1)  # after a call is over: long enough for a review
_PARTS = (ACCESS, PARTICIPANTS, SIGNALS, QUALITY, STATES, TABS)
_DEFAULT_REASON: dict[Action, EndReason] = {
    Action.END: "host_ended",
    Action.CANCEL: "cancelled",
    Action.EXPIRE: "timeout",
}
_COUNTERS = {
    CallStatus.ENDED: "callsEnded",
    CallStatus.MISSED: "callsMissed",
    CallStatus.FAILED: "callsFailed",
    CallStatus.CANCELLED: "callsCancelled",
}


class CallEndings:
    def __init__(
        self,
        db: Database,
        orphans: OrphanedFiles,
        minutes: CallMinutes,
        providers: CallProviders,
        erase_recordings: Callable[[str], None],
    ) -> None:
        """`erase_recordings`: deletes those of a call."""
        self._db = db
        self._orphans = orphans
        self._minutes = minutes
        self._providers = providers
        self._erase_recordings = erase_recordings

    def end(
        self,
        caller: Caller,
        call_id: str,
        reason: EndReason | None = None,
        outcome: dict[str, Any] | None = None,
    ) -> Call:
        """Ends a call for everybody. `outcome`: the given fields of Outcome. Repeating it changes
        the outcome alone. Raises CallNotFound, CallRoleRequired, CallNotStarted."""

        def attempt() -> Call:
            here = Attendance(self._db, call_id, [caller.uid])
            _require_end(here, caller)
            over = here.call.is_over
            if outcome:
                change_outcome(here, outcome)
            if not over:
                finish(self._db, here, Action.END, reason)
            elif not outcome:
                return here.call
            here.commit()
            if not over:
                self._providers.told(here)
            return here.call

        call = contend(attempt)
        if call.reserved is not None:
            self._try_to_settle(call_id)
        return call

    def sweep(self, limit: int) -> int:
        """Ends the calls whose time is up, and forgets old ones; returns how many it looked at."""
        due = self._db.due(COLLECTION, limit, select=["status"])
        failures = 0
        for document in due:
            try:
                changed = contend(partial(self._due, document.id))
                if changed is not None and failures < _FAILURES:
                    failures = 0 if self._providers.told(changed) else failures + 1
            except Exception as error:  # one call must not block the others
                log.error("call_not_swept", error, callId=document.id)
        return len(due)

    def erase(self, call_id: str) -> None:
        """Deletes a call that is over, with its room and everything else. Raises CallNotFound,
        CallActive, CallNotStarted."""
        records: list[OrphanRecord] = []
        self._settle(call_id)

        def attempt() -> None:
            document, room = self._db.get_all([call_path(call_id), room_path(call_id)])
            if not document.exists:
                if records:
                    return  # our own commit, whose response was lost
                raise CallNotFound
            call = Call.of(document)
            after(call, Action.ERASE)
            records[:], writes = self._rest(call, room)
            self._db.commit_or_stale(
                Delete(document.path, seen=document), *writes, *self._place_deletes(call)
            )

        contend(attempt)
        for record in records:
            self._orphans.clean(record)
        log.info("call_deleted", callId=call_id)

    def erase_all(self, company_id: str, limit: int) -> int:
        """Deletes up to `limit` calls of a company that is deleted; returns how many, and 0 when
        nothing of its calls is left."""
        where = [("companyId", "==", company_id)]
        found = self._db.find(COLLECTION, where=where, limit=limit, select=["status"])
        for document in found:
            self._providers.told(contend(partial(self._close, document.id)))
            self.erase(document.id)
        if not found:
            self._db.clear(slugs_path(company_id))
            self._db.commit(Delete(counters_path(company_id)))
        return len(found)

    def _close(self, call_id: str) -> Attendance:
        """Ends or cancels a call whose company is deleted."""
        here = Attendance(self._db, call_id)
        if not here.call.is_over:
            action = Action.END if here.call.is_live else Action.CANCEL
            finish(self._db, here, action, "cancelled")
            here.commit()
        return here

    def _try_to_settle(self, call_id: str) -> None:
        """The sweep does it otherwise."""
        try:
            self._settle(call_id)
        except Exception as error:
            log.error("call_not_settled", error, callId=call_id)

    def _settle(self, call_id: str) -> bool:
        """Whether the last minutes of a call that is over had to be counted, and were."""

        def attempt() -> Call | None:
            here = Attendance(self._db, call_id)
            if not here.document.exists or not here.call.is_over or not here.call.reserved:
                return None
            self._minutes.settle(here)
            here.change(due_at=(here.call.ended_at or here.at) + CODE_KEPT)
            here.commit()
            return here.call

        call = contend(attempt)
        if call is not None:
            self._minutes.close(call)
        return call is not None

    def _due(self, call_id: str) -> Attendance | None:
        """The call if its end, or who is in it, is to be told to its provider."""
        logs.bind(callId=call_id)
        here = Attendance(self._db, call_id)
        call, at = here.call, here.at
        if call.due_at is None or call.due_at > at:
            return None
        if call.is_over:
            if not self._settle(call_id):
                self._forget(here)
            return None
        if call.status is CallStatus.ACTIVE:
            here.clear_away()
            call = here.call
            empty_since = call.empty_since
            if empty_since is None or at - empty_since < EMPTY_FOR:
                due_at = at + LOOKED_AT if empty_since is None else empty_since + EMPTY_FOR
                here.change(due_at=due_at)
                here.commit()
                return here
            finish(self._db, here, Action.EXPIRE, "completed", ended_at=empty_since)
        else:
            finish(self._db, here, Action.EXPIRE, "timeout")
        here.commit()
        log.info("call_expired", callId=call_id, status=here.call.status)
        return here

    def _forget(self, here: Attendance) -> None:
        """First the code, which is free again; after the time that the company keeps calls, also
        who was there, what was said, and how to reach whom."""
        call = here.call
        days = self._db.get(company_path(call.company_id)).data.get("settings", {})
        kept = timedelta(days=int(days.get("retentionDays", 90)))
        forget_at = (call.ended_at or call.updated_at) + kept
        if forget_at > here.at:
            here.change(due_at=forget_at)
            here.add(*self._place_deletes(call))
            here.commit()
            return
        records, writes = self._rest(call, here.found(room_path(call.id)))
        here.change(
            due_at=None,
            invitees=[],
            **named_after(call, ""),
            outcome=call.outcome.model_copy(update={"note": ""}),
        )
        here.add(*self._place_deletes(call), *writes)
        here.commit()
        for record in records:
            self._orphans.clean(record)
        log.info("call_forgotten", callId=call.id)

    def _rest(self, call: Call, room: Document) -> tuple[list[OrphanRecord], list[Write]]:
        """The records and writes that delete everything of a call but its document."""
        due_at = now()
        self._erase_recordings(call.id)
        erase_of_call(self._db, call.id)  # its numbers and addresses first, whatever happens
        records = [
            orphan_record([], collection=f"{call_path(call.id)}/{each}", due_at=due_at)
            for each in _PARTS
        ]
        writes: list[Write] = [each.create_write() for each in records]
        writes += [Delete(beats_path(call.id)), ending_write("call", call.id)]
        if room.exists:
            more, deletes = deletion(room)
            records += more
            writes += [*deletes, *invitation_deletes(self._db, room.id)]
        return records, writes

    def _place_deletes(self, call: Call) -> list[Write]:
        """Frees the code, and the slug unless a later call has it."""
        deletes: list[Write] = [Delete(code_path(call.code))]
        if call.slug:
            place = self._db.get(slug_path(call.company_id, call.slug))
            if place.data.get("callId") == call.id:
                deletes.append(Delete(place.path, seen=place))
        return deletes


def finish(
    db: Database,
    here: Attendance,
    action: Action,
    reason: EndReason | None,
    *,
    ended_at: datetime | None = None,
) -> None:
    """Changes a call that is not over into one that is, with all that follows from it; the caller
    commits. Raises CallStateError."""
    before, at = here.call, here.at
    after(before, action)
    # Together, so that nobody is left with a way in.
    here.take_out(here.present, "left")
    ended_at = ended_at or at
    met = before.active_at is not None
    silent = here.call.connected_at is None and here.call.silent_joins > 0
    if met and silent and action is not Action.CANCEL:
        action, reason = Action.FAIL, reason or "technical_issue"
    status = after(before, action)
    reports = quality.reports_of(db, here.id) if met else []
    here.change(
        status=status,
        end_reason=reason or _DEFAULT_REASON.get(action),
        ended_at=ended_at,
        due_at=at if before.reserved else at + CODE_KEPT,  # its last minutes are counted first
        empty_since=None,
        quality=quality.summed(reports),
    )
    here.archive_room()
    here.add(*_told_writes(db, here.call, at))
    here.add(*_ended_writes(db, here.call, quality.counted(here.call.quality, reports)))
    log.info("call_ended", callId=here.id, status=status, reason=here.call.end_reason)


def change_outcome(here: Attendance, given: dict[str, Any]) -> None:
    """Changes the given fields of the outcome, and counts anew whether it is solved."""
    before = here.call
    here.change(outcome=before.outcome.model_copy(update=given))
    if before.is_forgotten and given.get("note"):
        here.change(due_at=here.at + CODE_KEPT)  # a note is forgotten, too
    if before.status is CallStatus.ENDED and before.ended_at is not None:
        here.add(*solved_writes(before, before.solved, here.call.solved))


def solved_writes(call: Call, before: bool | None, after_: bool | None) -> list[Write]:
    """Counts another answer to whether a call that has ended was solved. Nothing if it is the
    same."""
    if before is after_ or call.ended_at is None:
        return []
    solved, unsolved = (int(after_ is each) - int(before is each) for each in (True, False))
    writes = day_writes(
        call.company_id, call.ended_at, member=call.host_uid, solved=solved, unsolved=unsolved
    )
    if solved:
        totals = {"totals.solved": Increment(solved)}
        writes.append(Update(company_path(call.company_id), totals))
    return writes


def _told_writes(db: Database, call: Call, at: datetime) -> list[Write]:
    """What those who were expected, and guests, are told of a call that is over."""
    if call.status not in (CallStatus.MISSED, CallStatus.ENDED):
        return []
    readers = missed_readers(call) if call.status is CallStatus.MISSED else []
    document, *found = db.get_all([company_path(call.company_id), *readers])
    if not document.exists:
        return []
    company = Company.of(document)
    if call.status is CallStatus.MISSED:
        return missed_writes(call, company.name, found, at)
    return after_call_writes(call, company, at)


def _ended_writes(db: Database, call: Call, counters: dict[str, int]) -> list[Write]:
    """What a call that is over adds to the days, the company and the license."""
    ended_at = call.ended_at or call.updated_at
    counters = {**counters, _COUNTERS[call.status]: 1}
    totals: dict[str, Any] = {"totals.calls": Increment(1)}
    if call.active_at is not None:
        spent = max(0, int((ended_at - call.active_at).total_seconds()))
        counters |= {
            "participantSeconds": call.seconds,
            "waitingSeconds": call.waiting_seconds,
            "responseSeconds": call.response_seconds or 0,
            "reconnects": call.reconnects,
            "joins": call.join_seq,
            "failedJoins": call.silent_joins,
            "callSeconds": spent,
        }
        totals["totals.seconds"] = Increment(spent)
    if call.status is CallStatus.ENDED:
        counters[duration_counter(counters["callSeconds"])] = 1
        if call.solved is not None:
            counters["solved" if call.solved else "unsolved"] = 1
        if call.solved:
            totals["totals.solved"] = Increment(1)
    writes = day_writes(call.company_id, ended_at, member=call.host_uid, **counters)
    if call.license_id is None:
        return writes
    # Both may have been deleted meanwhile.
    paths = [company_path(call.company_id), license_path(call.license_id)]
    company, license = db.get_all(paths, select=["status"])
    if company.exists:
        writes.append(Update(company.path, totals))
    if license.exists and "totals.seconds" in totals:
        writes.append(Update(license.path, {"totalSeconds": totals["totals.seconds"]}))
    return writes


def _require_end(here: Attendance, caller: Caller) -> None:
    """Raises CallNotFound, CallRoleRequired. Whoever was made a host ends calls, too."""
    if not here.document.exists:
        member_of("", caller, CallNotFound)
    access = here.access(caller.uid)
    if access is not None and access.role == "host" and access.is_in:
        member_of(here.call.company_id, caller, CallNotFound)
        return
    run_call(here.document, caller)

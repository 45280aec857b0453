"""Takes those who have lost their company out of its running calls."""

from __future__ import annotations

from functools import partial

from troupe.adapters.firestore import Database, Delete, Document, Stale, contend
from troupe.calls.attendance import Attendance
from troupe.calls.providers.choice import CallProviders
from troupe.calls.records import ACCESS
from troupe.companies.departures import COLLECTION, Departure, departure_path
from troupe.logs import log
from troupe.wallet.budgets import member_path

_MOST = 100  # running calls of one person; more are found the next time


class CallDepartures:
    def __init__(self, db: Database, providers: CallProviders) -> None:
        self._db = db
        self._providers = providers

    def leave(self, company_id: str, uid: str) -> None:
        """Ends the presence of somebody in the calls of a company to which they belong no longer.
        Never raises: what fails is done by the sweep."""
        try:
            document = self._db.get(departure_path(company_id, uid))
            if document.exists:
                self._leave(Departure.of(document))
        except Exception as error:  # the membership has ended all the same
            log.error("calls_not_left", error, companyId=company_id, memberId=uid)

    def sweep(self, limit: int) -> int:
        """Does what is left to do, also for those who came into a call while they lost the company;
        returns for how many."""
        due = self._db.due(COLLECTION, limit)
        for document in due:
            try:
                self._leave(Departure.of(document), but_admitted=True)
                self._forget(document)
            except Exception as error:  # one must not block the others
                log.error("calls_not_left", error, departure=document.id)
        return len(due)

    def _leave(self, note: Departure, *, but_admitted: bool = False) -> None:
        """`but_admitted`: leaves those in a call whom it has let in again, as outsiders."""
        member = self._db.get(member_path(note.company_id, note.uid))
        if member.exists and member.data.get("status") != "suspended":
            return
        where = [("uid", "==", note.uid), ("companyId", "==", note.company_id)]
        running = [*where, ("active", "==", True)]
        for access in self._db.find(ACCESS, where=running, limit=_MOST, group=True):
            call_id = access.data["callId"]
            contend(partial(self._take_out, call_id, note.uid, but_admitted=but_admitted))

    def _forget(self, document: Document) -> None:
        try:
            self._db.commit(Delete(document.path, seen=document))
        except Stale:  # they have come back and left again
            log.info("departure_repeated", departure=document.id)

    def _take_out(self, call_id: str, uid: str, *, but_admitted: bool) -> None:
        """From then on, outsiders wait in the lobby: whoever has gone may know the code."""
        here = Attendance(self._db, call_id, [uid])
        if not here.document.exists or here.call.is_over:
            return
        access = here.access(uid)
        if but_admitted and access is not None and access.admitted:
            return
        mine = [each for each in here.present if each.uid == uid]
        if mine:
            here.take_out(mine, "left")
            here.change(lobby=True)
            here.commit()
            self._providers.told(here)
            log.info("call_left_with_company", callId=call_id)

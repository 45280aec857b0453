"""What somebody is in a call: the checks that every operation in a call makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from troupe import logs
from troupe.access import hosted, keeper, member_of, party
from troupe.adapters.firestore import Database, Document
from troupe.caller import Caller
from troupe.calls.errors import (
    CallEnded,
    CallNotFound,
    CallRoleRequired,
    NotInCall,
    Removed,
)
from troupe.calls.records import Access, Call
from troupe.calls.writes import access_path, call_path
from troupe.errors import TroupeError


@dataclass(frozen=True, slots=True)
class Standing:
    """A call and the access of one person. `documents`: these two, and what was read with them, as
    read, by path; for the preconditions of a commit."""

    call: Call
    access: Access
    documents: dict[str, Document]

    @property
    def call_document(self) -> Document:
        return self.documents[call_path(self.call.id)]

    @property
    def access_document(self) -> Document:
        return self.documents[access_path(self.call.id, self.access.uid)]

    def require_host(self, caller: Caller) -> None:
        """Raises CallRoleRequired, also for a host who has left the company since."""
        hosts = self.access.role == "host" and self.call.company_id in caller.companies
        keeper(self.access_document, caller.uid, None if hosts else CallRoleRequired)


def standing(
    db: Database, call_id: str, uid: str, also: Sequence[str] = (), *, waiting: bool = False
) -> Standing:
    """The call, the access of `uid`, and the documents `also` (paths), in one call. `waiting`:
    admits those in the lobby, too. Raises as `admitted`."""
    logs.bind(callId=call_id)
    paths = [call_path(call_id), access_path(call_id, uid), *also]
    found = dict(zip(paths, db.get_all(paths), strict=True))
    call, access = admitted(found[paths[0]], found[paths[1]], uid, waiting=waiting)
    return Standing(call, access, found)


def admitted(
    call_document: Document, entry: Document, uid: str, *, waiting: bool = False
) -> tuple[Call, Access]:
    """The call and the access of somebody who is in it now. Raises CallNotFound for strangers, and
    for those who have been there Removed, CallEnded and NotInCall."""
    call = Call.of(call_document) if call_document.exists else None
    access = Access.of(entry) if entry.exists else None
    there = call is not None and access is not None
    if call is None or access is None or not there:
        party(entry, uid, admitted=False, missing=CallNotFound)
        raise CallNotFound
    allowed = ("in", "waiting") if waiting else ("in",)
    party(entry, uid, access.state in allowed, _refusal(call, access))
    return call, access


def _refusal(call: Call, access: Access) -> TroupeError:
    if access.state == "removed":
        return Removed()
    if call.is_over:
        return CallEnded.of(call.status)
    return NotInCall()


def company_call(db: Database, call_id: str, caller: Caller) -> tuple[Call, Document]:
    """A call for its host, and for those who manage its company; and its document. Raises
    CallNotFound for strangers, and Forbidden for other members of the company."""
    logs.bind(callId=call_id)
    document = db.get(call_path(call_id))
    return hosted_call(document, caller), document


def hosted_call(document: Document, caller: Caller) -> Call:
    """The call of a document, as `company_call`."""
    call = Call.of(document) if document.exists else None
    hosted(call.company_id if call else "", call.host_uid if call else "", caller, CallNotFound)
    if call is None:
        raise CallNotFound
    return call


def run_call(document: Document, caller: Caller) -> Call:
    """The call of a document, for the member of its company who starts and ends it: its host, and
    whoever manages the company. Raises CallNotFound for strangers, and CallRoleRequired for other
    members."""
    call = Call.of(document) if document.exists else None
    role = member_of(call.company_id if call else "", caller, CallNotFound)
    if call is None:
        raise CallNotFound
    if call.host_uid != caller.uid and role == "member":
        raise CallRoleRequired
    return call

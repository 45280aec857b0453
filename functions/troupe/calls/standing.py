"""What somebody is in a call: the checks that every operation in a call makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from troupe import logs
from troupe.access import hosted, keeper, member, party
from troupe.adapters.firestore import Database, Document
from troupe.caller import Caller
from troupe.calls.errors import CallNotFound, CallRoleRequired
from troupe.calls.records import Access, Call
from troupe.calls.writes import access_path, call_path


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

    @property
    def hosts(self) -> bool:
        return self.access.role == "host"

    def require_host(self) -> None:
        """Raises CallRoleRequired."""
        keeper(self.access_document, self.access.uid, None if self.hosts else CallRoleRequired)


def standing(
    db: Database, call_id: str, uid: str, also: Sequence[str] = (), *, waiting: bool = False
) -> Standing:
    """The call, the access of `uid`, and the documents `also` (paths), in one call. `waiting`:
    admits those in the lobby, too. Raises CallNotFound for everybody who is not in the call now."""
    logs.bind(callId=call_id)
    paths = [call_path(call_id), access_path(call_id, uid), *also]
    found = dict(zip(paths, db.get_all(paths), strict=True))
    call, entry = found[paths[0]], found[paths[1]]
    if waiting:
        party(entry, uid, entry.data.get("state") in ("waiting", "in"), CallNotFound)
    else:
        member(entry, uid, CallNotFound)
    if not call.exists:  # being deleted
        raise CallNotFound
    return Standing(Call.of(call), Access.of(entry), found)


def company_call(db: Database, call_id: str, caller: Caller) -> tuple[Call, Document]:
    """A call for its host, and for those who manage its company; and its document. Raises
    CallNotFound for strangers, and Forbidden for other members of the company."""
    logs.bind(callId=call_id)
    document = db.get(call_path(call_id))
    call = Call.of(document) if document.exists else None
    company_id, host_uid = (call.company_id, call.host_uid) if call else ("", "")
    hosted(company_id, host_uid, caller, CallNotFound)
    if call is None:
        raise CallNotFound
    return call, document

"""Calls that took place, for tests of what people say about them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.support.companies import Firm, Person, a_firm, a_person, client
from troupe.adapters.firestore import Create, Database, Update, Write, now
from troupe.calls.records import (
    Access,
    AccessState,
    Call,
    CallRole,
    CallStatus,
    Invitee,
    Participant,
)
from troupe.calls.writes import CODE_LENGTH, access_path, call_path, participant_path
from troupe.codes import new_code
from troupe.companies.records import Totals
from troupe.dashboards.days import days_path


def ask(person: Person | None, method: str, path: str, **given: Any) -> Any:
    """Of the function `calls`; with a JSON body where one may be expected."""
    if method in ("POST", "PUT"):
        given.setdefault("json", {})
    headers = (person.headers if person else {}) | given.pop("headers", {})
    return client("calls").open(path, method=method, headers=headers, **given)


def data(person: Person, method: str, path: str, **given: Any) -> Any:
    answer = ask(person, method, path, **given)
    assert answer.status_code < 300, answer.text
    return answer.json.get("data")


@dataclass(frozen=True)
class Held:
    """A call that has taken place."""

    db: Database
    firm: Firm
    host: Person
    id: str

    @property
    def record(self) -> Call:
        return Call.of(self.db.get(call_path(self.id)))

    def set(self, **fields: Any) -> None:
        self.db.commit(Update(call_path(self.id), fields))

    def admit(
        self,
        person: Person | None = None,
        state: AccessState = "left",
        *,
        entered: bool = True,
        role: CallRole | None = None,
    ) -> Person:
        """Somebody who was in the call, a guest by default. `entered`: not only in its lobby."""
        person = person or a_guest(self.db)
        guest = person.user.guest
        self.db.commit(*_seat(self.record, person, state, entered, role, guest=guest))
        return person

    def review(self, person: Person, **body: Any) -> Any:
        """The review, as it is shown."""
        given = {"subjectKind": "call", "subjectId": self.id, "rating": 5, **body}
        return data(person, "POST", "/api/reviews", json=given)["review"]

    def comment(self, person: Person, text: str = "Well done.", **body: Any) -> Any:
        """The comment, as it is shown."""
        given = {"subjectKind": "call", "subjectId": self.id, "text": text, **body}
        return data(person, "POST", "/api/comments", json=given)["comment"]


def a_guest(db: Database) -> Person:
    return a_person(db, guest=True, email_verified=False, name="Kari")


def a_past_call(
    db: Database,
    firm: Firm | None = None,
    host: Person | None = None,
    ended_at: datetime | None = None,
    **fields: Any,
) -> Held:
    """With its host alone. It ended an hour ago."""
    firm = firm or a_firm(db)
    host = host or firm.join()
    at = now()
    call_id = secrets.token_hex(16)
    call = Call(
        id=call_id,
        company_id=firm.id,
        host_uid=host.uid,
        creator_uid=host.uid,
        number=1,
        code=new_code(CODE_LENGTH),
        title="Broken router",
        status=fields.pop("status", CallStatus.ENDED),
        started_at=at - timedelta(hours=2),
        ended_at=ended_at or at - timedelta(hours=1),
        due_at=at + timedelta(days=90),
        room_id=call_id,
        invitees=fields.pop("invitees", []),
        created_at=at - timedelta(hours=2),
        updated_at=at,
        **fields,
    )
    seat = _seat(call, host, "left", True, "host", guest=False)
    db.commit(Create(call_path(call.id), call.stored()), *seat)
    return Held(db, firm, host, call.id)


def invitee(person: Person) -> Invitee:
    return Invitee(id=secrets.token_hex(8), name="Ola", uid=person.uid)


def _seat(
    call: Call,
    person: Person,
    state: AccessState,
    entered: bool,
    role: CallRole | None,
    *,
    guest: bool,
) -> list[Write]:
    at = now()
    role = role or ("guest" if guest else "participant")
    tab = Participant(
        id=secrets.token_hex(16),
        uid=person.uid,
        call_id=call.id,
        guest=guest,
        role=role,
        state=state,
        joined_at=at,
        entered_at=at if entered else None,
        had_media=entered,
    )
    access = Access(
        id=person.uid,
        uid=person.uid,
        call_id=call.id,
        company_id=call.company_id,
        role=role,
        state=state,
        participant_ids=[tab.id],
        updated_at=at,
    )
    return [
        Create(access_path(call.id, person.uid), access.stored()),
        Create(participant_path(call.id, tab.id), tab.stored()),
    ]


def totals(firm: Firm) -> Totals:
    return firm.record.totals


def days(db: Database, firm: Firm) -> dict[str, dict[str, int]]:
    """The counters of a company by member, over all days, shards and hours; without zeros, and
    without its new members."""
    found: dict[str, dict[str, int]] = {}
    for document in db.find(days_path(firm.id), limit=100):
        for member, counters in document.data["counts"].items():
            for name, quarters in counters.items():
                sums = found.setdefault(member, {})
                sums[name] = sums.get(name, 0) + sum(quarters.values())
    kept = {
        member: {name: count for name, count in sums.items() if count and name != "newMembers"}
        for member, sums in found.items()
    }
    return {member: sums for member, sums in kept.items() if sums}

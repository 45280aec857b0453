"""Calls for tests, made over HTTP."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.companies import Firm, Person, a_firm
from tests.support.rooms import ask, data
from tests.support.wiring import services
from troupe.adapters.firestore import Database, Document, Merge, now
from troupe.calls import attendance
from troupe.calls.records import Access, Call, Participant
from troupe.calls.writes import access_path, call_path, participant_path
from troupe.companies.records import License
from troupe.wallet.budgets import member_path


@dataclass(frozen=True)
class Tab:
    """One tab of somebody in a call. `entered`: what entering it returned."""

    call: Desk
    person: Person
    entered: dict[str, Any]

    @property
    def tab(self) -> str:
        return str(self.entered["participant"]["id"])

    @property
    def record(self) -> Participant:
        return Participant.of(self.call.db.get(participant_path(self.call.id, self.tab)))

    @property
    def access(self) -> Access:
        return Access.of(self.call.db.get(access_path(self.call.id, self.person.uid)))

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Within the call, with the id of the tab."""
        given = {"json": {"participantId": self.tab, **body}}
        return ask(self.person, method, self.call.inside + path, "calls", **given)

    def beat(self, **body: Any) -> Any:
        return self.ask("POST", "/beat", **body)

    def leave(self) -> Any:
        return self.ask("POST", "/leave")

    def moderate(self, other: Tab, action: str) -> Any:
        path = f"{self.call.inside}/participants/{other.tab}"
        return ask(self.person, "PUT", path, "calls", json={"action": action})


@dataclass(frozen=True)
class Desk:
    """A call with its company and its host."""

    db: Database
    id: str
    code: str
    firm: Firm
    host: Person

    @property
    def path(self) -> str:
        return f"/api/videocalls/{self.id}"

    @property
    def inside(self) -> str:
        return f"/api/calls/{self.id}"

    @property
    def record(self) -> Call:
        return Call.of(self.db.get(call_path(self.id)))

    def ask(self, person: Person | None, method: str, path: str = "", **given: Any) -> Any:
        return ask(person, method, self.path + path, "calls", **given)

    def data(self, person: Person, method: str, path: str = "", **given: Any) -> Any:
        return data(person, method, self.path + path, function="calls", **given)

    def try_enter(self, person: Person, key: str | None = None, **body: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return ask(person, "POST", f"{self.inside}/join", "calls", json=body, headers=headers)

    def enter(self, person: Person, **body: Any) -> Tab:
        answer = self.try_enter(person, **body)
        assert answer.status_code == 200, answer.text
        return Tab(self, person, answer.json["data"])

    def try_guest(self, **body: Any) -> Any:
        given = {"name": "Grace", "code": self.code, **body}
        return ask(None, "POST", f"{self.inside}/guest", "calls", json=given)

    def guest(self, **body: Any) -> Tab:
        answer = self.try_guest(**body)
        assert answer.status_code == 201, answer.text
        entered = answer.json["data"]
        uid = entered["participant"]["userId"]
        headers = {"Authorization": f"Bearer {entered['callToken']}"}
        return Tab(self, Person(self.db, uid, headers), entered)

    def end(self, **body: Any) -> Any:
        return self.ask(self.host, "PUT", "/end", json=body)

    def due(self) -> None:
        """Lets the sweep look at the call now."""
        self.db.commit(Merge(call_path(self.id), {"dueAt": now() - timedelta(hours=1)}))
        services().call_endings.sweep(1000)


def license_of(firm: Firm, person: Person) -> License:
    """The license of a member, who gets one if they have none."""
    found = firm.db.get(member_path(firm.id, person.uid)).data.get("licenseId")
    if found is None:
        (found,) = firm.licenses(1)
        services().licenses.assign(firm.owner.caller, found, person.uid)
    return firm.license(found)


def a_call(db: Database, firm: Firm | None = None, host: Person | None = None, **body: Any) -> Desk:
    firm = firm or a_firm(db)
    host = host or firm.owner
    license_of(firm, host)
    given = {"title": "Router setup", "companyId": firm.id, **body}
    made = data(host, "POST", "/api/videocalls", function="calls", json=given)
    return Desk(db, made["call"]["id"], made["code"], firm, host)


class Clock:
    """The time of whoever is in a call, which stands still otherwise."""

    def __init__(self) -> None:
        self.at = now() + timedelta(minutes=1)  # after all that a test has made so far

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(attendance, "now", clock)
    return clock


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Counts documents read (at least one for a query), writes (without deletions) and deletions
    of whatever is done in the block."""
    found: Counter[str] = Counter()
    get_all, find, commit = Database.get_all, Database.find, Database._commit

    def read(self: Database, paths: Any, **more: Any) -> list[Document]:
        found["reads"] += len(set(paths))
        return get_all(self, paths, **more)

    def queried(self: Database, *args: Any, **more: Any) -> list[Document]:
        documents = find(self, *args, **more)
        found["reads"] += max(1, len(documents))
        return documents

    def committed(self: Database, writes: Any, again: Any) -> Any:
        deletes = sum(type(each).__name__ == "Delete" for each in writes)
        found["writes"] += len(writes) - deletes
        found["deletes"] += deletes
        return commit(self, writes, again)

    with monkeypatch.context() as patched:
        patched.setattr(Database, "get_all", read)
        patched.setattr(Database, "find", queried)
        patched.setattr(Database, "_commit", committed)
        yield found


def unknown_id() -> str:
    return secrets.token_hex(16)

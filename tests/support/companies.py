"""Companies for tests: people with roles, made by the services."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from tests.support.factories import test_settings
from tests.support.wiring import app_for, services
from troupe.accounts.records import AccountCaller, UserRecord
from troupe.accounts.sessions import open_session
from troupe.accounts.writes import create_writes
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.caller import Caller, CompanyRole, Device, Role
from troupe.companies.founding import CompanyRequest
from troupe.companies.records import Company, License, Member
from troupe.companies.writes import company_path, license_id_of, license_path
from troupe.wallet.budgets import member_path
from troupe.wallet.ledger import opening_writes
from troupe.wallet.records import Owner


@dataclass(frozen=True)
class Person:
    """A signed-in user with a verified address."""

    db: Database
    uid: str
    headers: dict[str, str]

    @property
    def email(self) -> str:
        return f"{self.uid}@example.com"

    @property
    def user(self) -> UserRecord:
        return UserRecord.of(self.db.get(f"users/{self.uid}"))

    @property
    def caller(self) -> Caller:
        user = self.user
        return Caller(
            uid=self.uid, role=user.role, guest=user.guest, email=user.email, companies=user.roles
        )

    @property
    def account(self) -> AccountCaller:
        return AccountCaller.of(self.user, "pytest")

    def ask(self, method: str, path: str, **given: Any) -> Any:
        """Of the function `companies`; with a JSON body where one may be expected."""
        if method in ("POST", "PUT", "DELETE") and "data" not in given:
            given.setdefault("json", {})
        headers = self.headers | given.pop("headers", {})
        return client().open(path, method=method, headers=headers, **given)

    def data(self, method: str, path: str, **given: Any) -> Any:
        answer = self.ask(method, path, **given)
        assert answer.status_code < 300, answer.text
        return answer.json.get("data")


def client(function: str = "companies") -> FlaskClient:
    return app_for(function).test_client()


def a_person(db: Database, role: Role = "user", **fields: Any) -> Person:
    uid, at = secrets.token_hex(10), now()
    opened = open_session(uid, Device("pytest"), test_settings(), at)
    user = UserRecord(
        id=uid,
        name=fields.pop("name", "Ada"),
        email=f"{uid}@example.com",
        email_verified=fields.pop("email_verified", True),
        role=role,
        sessions={opened.session_id: opened.session},
        created_at=at,
        updated_at=at,
        **fields,
    )
    db.commit(*create_writes(user), *opening_writes(Owner.user(uid), 0, at))
    return Person(db, uid, {"Authorization": f"Bearer {opened.pair.access_token}"})


@dataclass(frozen=True)
class Firm:
    """A company with its owner."""

    db: Database
    id: str
    owner: Person

    @property
    def path(self) -> str:
        return f"/api/companies/{self.id}"

    @property
    def record(self) -> Company:
        return Company.of(self.db.get(company_path(self.id)))

    def member(self, person: Person) -> Member | None:
        document = self.db.get(member_path(self.id, person.uid))
        return Member.of(document) if document.exists else None

    def join(self, role: CompanyRole = "member", **fields: Any) -> Person:
        """Adds a person, as an accepted invitation does."""
        person = a_person(self.db, **fields)
        at, company = now(), self.record
        member = Member(
            id=person.uid,
            company_id=self.id,
            role=role,
            name=person.user.name,
            email=person.email,
            joined_at=at,
            updated_at=at,
        )
        count = {"memberCount": company.member_count + 1}
        self.db.commit(
            Create(member_path(self.id, person.uid), member.stored()),
            Update(f"users/{person.uid}", {f"companies.{self.id}": role}),
            Update(company_path(self.id), count),
        )
        return person

    def licenses(self, count: int) -> list[str]:
        """Adds free licenses."""
        at, seats = now(), self.record.seats
        cause = secrets.token_hex(8)
        made = [
            License(
                id=license_id_of(self.id, cause, number),
                company_id=self.id,
                type="standard",
                valid_from=at,
                created_at=at,
                updated_at=at,
            )
            for number in range(count)
        ]
        self.db.commit(
            *(Create(license_path(each.id), each.stored()) for each in made),
            Update(company_path(self.id), {"seats.total": seats.total + count}),
        )
        return [each.id for each in made]

    def license(self, license_id: str) -> License:
        return License.of(self.db.get(license_path(license_id)))


def a_firm(db: Database, name: str = "Fjord Telecom", owner: Person | None = None) -> Firm:
    owner = owner or a_person(db)
    made = services().company_founding.create(owner.caller, CompanyRequest(name))
    return Firm(db, made.id, owner)


def token_of(invited: Any) -> str:
    """The token in the answer of an invitation."""
    return str(invited["link"].partition("#")[2])

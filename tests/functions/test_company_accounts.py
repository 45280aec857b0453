"""Companies and accounts: registering with a company, and leaving with the account."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.companies import Firm, Person, a_firm, a_person, client
from tests.support.factories import code
from tests.support.firebase_client import PASSWORD, mailed_codes, new_email
from tests.support.wiring import command, rewired, services
from troupe.accounts.errors import OwnsCompany
from troupe.adapters.firestore import Create, Database, Delete, Update, Write
from troupe.adapters.identity import Identity
from troupe.commands.company_audit import audit_companies, audit_company
from troupe.companies.errors import MemberNotFound
from troupe.companies.writes import license_path, number_path
from troupe.settings import settings
from troupe.wallet.budgets import member_path


def number() -> str:
    return f"{secrets.randbelow(10**9):09}"


def register(**body: Any) -> Any:
    given = {"email": new_email(), "password": PASSWORD}
    return client("auth").post("/api/auth/register", json=given | body)


def test_a_registration_creates_the_company_in_the_same_commit(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    commit = Database.commit

    def counted(self: Database, *writes: Any) -> Any:
        if any(write.path.startswith(("users/", "companies/")) for write in writes):
            commits.append(len(writes))
        return commit(self, *writes)

    monkeypatch.setattr(Database, "commit", counted)
    made = register(
        firstName="Grace",
        lastName="Hopper",
        phone="+47 12 34 56 78",
        companyName="Fjord Telecom",
        orgNumber=number(),
        country="NO",
    ).json["data"]
    assert len(commits) == 1
    user = made["user"]
    assert (user["name"], user["phone"]) == ("Grace Hopper", "+4712345678")
    ((company),) = user["companies"]
    assert (company["name"], company["role"]) == ("Fjord Telecom", "owner")
    person = Person(db, user["id"], {"Authorization": f"Bearer {made['accessToken']}"})
    shown = person.data("GET", f"/api/companies/{company['id']}")["company"]
    assert (shown["ownerId"], shown["country"]) == (user["id"], "NO")
    assert audit_company(db, company["id"]) == []


def test_a_taken_number_leaves_no_account(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    org, email = number(), new_email()
    company = {"companyName": "Fjord", "orgNumber": org, "country": "NO"}
    assert register(**company).status_code == 201
    assert code(register(email=email, **company)) == (409, "org_number_taken")
    # Also if somebody takes it between the check and the commit.
    other, create = number(), Identity.create

    def overtaken(self: Identity, *given: Any, **more: Any) -> Any:
        db.commit(Create(number_path("NO", other), {"companyId": "another"}))
        return create(self, *given, **more)

    monkeypatch.setattr(Identity, "create", overtaken)
    refused = register(email=email, **company | {"orgNumber": other})
    assert code(refused) == (409, "org_number_taken")
    monkeypatch.undo()
    assert register(email=email, companyName="Fjord").status_code == 201


def test_registrations_with_one_name_get_different_slugs(db: Database) -> None:
    name = f"Fjord {secrets.token_hex(4)}"
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: register(companyName=name), range(5)))
    assert [answer.status_code for answer in answers] == [201] * 5
    slugs = {answer.json["data"]["user"]["companies"][0]["slug"] for answer in answers}
    assert len(slugs) == 5


def test_where_addresses_are_hidden_a_company_comes_later(db: Database) -> None:
    hidden = settings().model_copy(update={"email_enumeration": "hidden"})
    email = new_email()
    with rewired(settings=hidden):
        assert code(register(email=email, companyName="Fjord")) == (422, "not_offered")
    assert mailed_codes(email, "PASSWORD_RESET") == []


def test_whoever_owns_a_company_hands_it_over_before_leaving(db: Database) -> None:
    firm = a_firm(db)
    heir, admin = firm.join(), a_person(db, role="admin")
    with pytest.raises(OwnsCompany):
        services().deletions.begin(firm.owner.uid)
    path = f"/api/admin/users/{firm.owner.uid}"
    refused = client("admin").delete(path, headers=admin.headers)
    assert code(refused)[1] in ("owns_company", "recent_sign_in_required")
    firm.owner.data("POST", f"{firm.path}/transfer", json={"userId": heir.uid})
    services().deletions.begin(firm.owner.uid)
    assert services().erasers["companies"](firm.owner.uid, 50) == 1
    assert firm.record.member_count == 1
    assert audit_company(db, firm.id) == []


def test_an_account_that_leaves_frees_its_licenses(db: Database) -> None:
    firms = [a_firm(db) for _ in range(3)]
    grace = a_person(db)
    for firm in firms:
        body = {"email": grace.email, "withSeat": True}
        firm.licenses(1)
        link = firm.owner.data("POST", f"{firm.path}/invitations", json=body)["link"]
        grace.data("POST", "/api/invitations/accept", json={"token": link.partition("#")[2]})
    handed = list(services().exporters["companies"](grace.uid))
    assert len(handed) == 6
    assert {each.data.get("email") for each in handed if not isinstance(each, str)} == {
        grace.email,
        None,
    }
    services().deletions.begin(grace.uid)
    firms[2].owner.data("DELETE", firms[2].path, json={"confirm": "Fjord Telecom"})
    erase = services().erasers["companies"]
    # The deleted company has let everybody go at once.
    assert [erase(grace.uid, 2), erase(grace.uid, 2)] == [2, 0]
    for firm in firms[:2]:
        seats = firm.record.seats
        assert (seats.free, firm.record.member_count) == (1, 1)
        assert firm.owner.data("GET", f"{firm.path}/invitations")["invitations"] == []
        assert audit_company(db, firm.id) == []


def test_nobody_owns_a_company_while_leaving(db: Database) -> None:
    """Of a transfer and the heir's deletion at the same time, one is refused."""
    for _ in range(8):
        firm = a_firm(db)
        heir = firm.join()

        def transfer(firm: Firm = firm, heir: Person = heir) -> bool:
            try:
                services().members.transfer(firm.owner.caller, firm.id, heir.uid)
            except MemberNotFound:
                return False
            return True

        def leave(heir: Person = heir) -> bool:
            try:
                services().deletions.begin(heir.uid)
            except OwnsCompany:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(transfer), pool.submit(leave)]
        assert [each.result() for each in done].count(True) == 1
        assert audit_company(db, firm.id) == []


# What breaks, and what the audit says of it.
FAULTS = {
    "member": "names",
    "entry": "is member, the user's document says None",
    "role": "the members with that role are",
    "count": "and counts 9",
    "seats": "its licenses add up to",
    "holder": "who does not have it",
    "type": "which it is not",
    "token": "could still be used",
    "accepted": "somebody who is no member",
    "held": "is held for an invitation that is not pending",
}


def test_the_audit_finds_each_disagreement(own_db: Database, capsys: Any) -> None:
    with rewired(database=own_db):
        for fault, told in FAULTS.items():
            firm = a_firm(own_db)
            grace = firm.join()
            (license_id,) = firm.licenses(1)
            firm.owner.data("PUT", f"/api/licenses/{license_id}/assign", json={"userId": grace.uid})
            made = firm.owner.data("POST", f"{firm.path}/invitations", json={"email": "a@b.no"})
            invitation = f"companies/{firm.id}/invitations/{made['invitation']['id']}"
            member, company = member_path(firm.id, grace.uid), f"companies/{firm.id}"
            assert audit_companies(own_db).findings == [], fault
            broken: dict[str, Write] = {
                "member": Delete(member),
                "entry": Update(f"users/{grace.uid}", {"companies": {}}),
                "role": Update(member, {"role": "owner"}),
                "count": Update(company, {"memberCount": 9}),
                "seats": Update(company, {"seats.assigned": 0}),
                "holder": Update(license_path(license_id), {"userId": firm.owner.uid}),
                "type": Update(member, {"licenseType": "premium"}),
                "token": Update(invitation, {"status": "revoked"}),
                "accepted": Update(invitation, {"status": "accepted", "acceptedBy": "x"}),
                "held": Update(license_path(license_id), {"heldFor": "x"}),
            }
            own_db.commit(broken[fault])
            assert command(["audit"]) == 1
            assert told in capsys.readouterr().err, fault
            for path in (invitation, member, license_path(license_id), company):
                own_db.commit(Delete(path))
            own_db.commit(
                Delete(member_path(firm.id, firm.owner.uid)),
                Update(f"users/{firm.owner.uid}", {"companies": {}}),
                Update(f"users/{grace.uid}", {"companies": {}}),
            )

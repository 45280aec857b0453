"""Licenses: created by administrators, assigned by companies, one per member."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.companies import Firm, Person, a_firm, a_person, client
from tests.support.factories import code
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.commands.company_audit import audit_company
from troupe.companies.writes import license_path


@pytest.fixture
def firm(db: Database) -> Firm:
    return a_firm(db)


@pytest.fixture
def admin(db: Database) -> Person:
    return a_person(db, role="admin")


def assign(firm: Firm, license_id: str, person: Person) -> Any:
    path = f"/api/licenses/{license_id}/assign"
    return firm.owner.ask("PUT", path, json={"userId": person.uid})


def test_only_administrators_create_change_and_delete_licenses(firm: Firm, admin: Person) -> None:
    body = {"type": "premium", "count": 2, "companyId": firm.id, "callsPerMonth": 100}
    assert code(firm.owner.ask("POST", "/api/licenses", json=body)) == (409, "use_portal")
    made = admin.data("POST", "/api/licenses", json=body)["licenses"]
    path = f"/api/licenses/{made[0]['id']}"
    shown = firm.owner.data("GET", path)["license"]
    assert (shown["type"], shown["callsPerMonth"], shown["assigned"]) == ("premium", 100, False)
    assert code(firm.owner.ask("PUT", path, json={"type": "standard"})) == (409, "use_portal")
    assert code(firm.owner.ask("DELETE", path)) == (409, "use_portal")
    changed = admin.data("PUT", path, json={"type": "standard", "callsPerMonth": None})["license"]
    assert (changed["type"], changed["callsPerMonth"]) == ("standard", None)
    admin.data("DELETE", path)
    assert code(admin.ask("GET", path)) == (404, "license_not_found")
    assert firm.record.seats.total == 1
    entries = firm.db.find("audit", where=[("target", "==", license_path(made[0]["id"]))], limit=9)
    assert {entry.data["operation"] for entry in entries} == {
        "createLicense",
        "updateLicense",
        "deleteLicense",
    }
    assert audit_company(firm.db, firm.id) == []


def test_a_repeated_creation_with_one_key_creates_no_more(firm: Firm, admin: Person) -> None:
    body = {"type": "standard", "count": 3, "companyId": firm.id}
    key = {"Idempotency-Key": secrets.token_hex(8)}
    made = [admin.data("POST", "/api/licenses", json=body, headers=key) for _ in range(2)]
    assert made[0] == made[1]
    for other in ({"count": 4}, {"count": 2}, {"type": "premium"}):
        answer = admin.ask("POST", "/api/licenses", json=body | other, headers=key)
        assert code(answer) == (409, "idempotency_key_reused")
    assert firm.record.seats.total == 3
    first = made[0]["license"]["id"]
    admin.data("DELETE", f"/api/licenses/{first}")
    admin.data("POST", "/api/licenses", json=body, headers=key)
    assert firm.record.seats.total == 2  # the repeat does not bring it back


def test_a_license_is_assigned_by_three_paths(firm: Firm) -> None:
    grace, alan = firm.join(), firm.join()
    first, second = firm.licenses(2)
    made = assign(firm, first, grace).json["data"]["license"]
    assert (made["userId"], made["assigned"]) == (grace.uid, True)
    member = firm.member(grace)
    assert member is not None
    assert (member.license_id, member.license_type) == (first, "standard")
    me = client("auth").get("/api/auth/me", headers=grace.headers).json["data"]["user"]
    assert me["companies"][0]["licenseType"] == "standard"
    assert assign(firm, first, grace).status_code == 200
    assert code(assign(firm, first, alan)) == (409, "license_taken")
    by_user = f"/api/users/{grace.uid}/assign-license"
    refused = firm.owner.ask("PUT", by_user, json={"licenseId": second})
    assert code(refused) == (409, "has_license")
    for _ in range(2):
        freed = firm.owner.data("PUT", f"/api/licenses/{first}/unassign")["license"]
        assert (freed["userId"], len(freed["history"])) == (None, 1)
    assert freed["history"][0]["reason"] == "unassigned"
    assert firm.owner.data("PUT", by_user, json={"licenseId": second})["license"]["assigned"]
    assert firm.record.seats.assigned == 1
    outsider = a_person(firm.db)
    assert code(assign(firm, first, outsider)) == (409, "not_a_member")
    assert audit_company(firm.db, firm.id) == []


def test_twenty_at_once_give_a_license_to_one_and_one_to_a_member(firm: Firm) -> None:
    people = [firm.join() for _ in range(20)]
    (license_id,) = firm.licenses(1)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda person: assign(firm, license_id, person), people))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    (winner,) = (p for p in people if p.uid == firm.license(license_id).user_id)
    loser = next(person for person in people if person is not winner)
    more = firm.licenses(20)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda each: assign(firm, each, loser), more))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert {code(answer)[1] for answer in answers if answer.status_code == 409} == {"has_license"}
    assert firm.record.seats.assigned == 2
    assert audit_company(firm.db, firm.id) == []


def test_twenty_of_the_same_assignment_are_one(firm: Firm) -> None:
    grace = firm.join()
    (license_id,) = firm.licenses(1)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: assign(firm, license_id, grace).status_code, range(20)))
    assert answers == [200] * 20
    assert len(firm.license(license_id).history) == 1
    assert firm.record.seats.assigned == 1


def test_whoever_is_removed_leaves_the_license(firm: Firm) -> None:
    grace = firm.join()
    (license_id,) = firm.licenses(1)
    assign(firm, license_id, grace)
    firm.owner.data("DELETE", f"{firm.path}/members/{grace.uid}")
    assert firm.license(license_id).user_id is None
    assert firm.record.seats.free == 1
    assert audit_company(firm.db, firm.id) == []


def test_a_license_that_is_not_active_gives_no_rights_and_no_seat(
    firm: Firm, admin: Person
) -> None:
    grace, alan = firm.join(), firm.join()
    first, second = firm.licenses(2)
    assign(firm, first, grace)
    path = f"/api/licenses/{first}"
    admin.data("PUT", path, json={"status": "suspended"})
    member = firm.member(grace)
    assert member is not None
    assert (member.license_id, member.license_type) == (first, None)
    assert firm.record.seats.model_dump() == {"total": 1, "assigned": 0, "held": 0}
    assert audit_company(firm.db, firm.id) == []
    admin.data("PUT", path, json={"status": "active"})
    assert firm.record.seats.assigned == 1
    admin.data("PUT", f"/api/licenses/{second}", json={"validFrom": "2999-01-01T00:00:00Z"})
    assert code(assign(firm, second, alan)) == (409, "license_not_active")


def test_an_invitation_holds_its_license(firm: Firm, admin: Person) -> None:
    (license_id,) = firm.licenses(1)
    body = {"email": "grace@example.com", "licenseId": license_id}
    firm.owner.data("POST", "/api/users", json=body)
    assert code(assign(firm, license_id, firm.join())) == (409, "license_taken")
    for method, change in (("PUT", {"status": "inactive"}), ("DELETE", {})):
        held = admin.ask(method, f"/api/licenses/{license_id}", json=change)
        assert code(held) == (409, "license_taken")
    foreign = a_firm(firm.db).licenses(1)[0]
    other = firm.owner.ask("POST", "/api/users", json=body | {"licenseId": foreign})
    assert code(other) == (404, "license_not_found")


def test_licenses_are_filtered(firm: Firm, admin: Person) -> None:
    grace = firm.join()
    first, second, third = firm.licenses(3)
    assign(firm, first, grace)
    soon = (now() + timedelta(days=10)).isoformat()
    admin.data("PUT", f"/api/licenses/{second}", json={"type": "premium", "expiresAt": soon})
    admin.data("PUT", f"/api/licenses/{third}", json={"status": "inactive"})

    def listed(**query: Any) -> set[str]:
        data = firm.owner.data("GET", "/api/licenses", query_string=query)
        return {each["id"] for each in data["licenses"]}

    assert listed() == {first, second, third}
    assert listed(assigned="true") == listed(userId=grace.uid) == {first}
    assert listed(assigned="false", status="active") == {second}
    assert listed(type="premium") == listed(expiring="true") == {second}
    each = {"status": "active", "type": "standard", "assigned": "true", "userId": grace.uid}
    for name, value in each.items():
        assert listed(**{name: value}, expiring="true") <= {second}
    assert code(admin.ask("GET", "/api/licenses")) == (422, "company_required")
    assert admin.data("GET", f"/api/licenses?companyId={firm.id}&limit=1")["licenses"]


def test_the_sweep_ends_licenses_whose_time_has_passed(own_db: Database) -> None:
    with rewired(database=own_db):
        firm = a_firm(own_db)
        grace = firm.join()
        (license_id,) = firm.licenses(1)
        assign(firm, license_id, grace)
        past = now() - timedelta(seconds=1)
        own_db.commit(Update(license_path(license_id), {"expiresAt": past, "lapsesAt": past}))
        assert services().licenses.expire(10) == 1
        license, member = firm.license(license_id), firm.member(grace)
        assert member is not None
        assert (license.status, license.user_id, member.license_type) == (
            "expired",
            grace.uid,
            None,
        )
        assert firm.record.seats.total == 0
        assert services().licenses.expire(10) == 0
        assert audit_company(own_db, firm.id) == []

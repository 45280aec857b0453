"""Invitations: bound to an address, valid once, and as good as whoever invited."""

from __future__ import annotations

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.companies import Firm, Person, a_firm, a_person, client, token_of
from tests.support.factories import code
from tests.support.stores import everything
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.commands.company_audit import audit_company
from troupe.companies.writes import invitation_id_of, invitation_path, license_path

GONE = (404, "invitation_not_found")


@pytest.fixture
def firm(db: Database) -> Firm:
    return a_firm(db)


def invite(by: Person, firm: Firm, email: str, **body: Any) -> Any:
    return by.data("POST", f"{firm.path}/invitations", json={"email": email} | body)


def accept(person: Person, token: str) -> Any:
    return person.ask("POST", "/api/invitations/accept", json={"token": token})


def look(token: str) -> Any:
    return client().post("/api/invitations/look", json={"token": token})


def pending(firm: Firm, email: str) -> str:
    """The path of an invitation."""
    return invitation_path(firm.id, invitation_id_of(email))


def test_the_owner_of_the_address_joins_with_the_role_of_the_invitation(firm: Firm) -> None:
    grace = a_person(firm.db, name="Grace")
    made = invite(firm.owner, firm, grace.email.upper(), role="admin")
    assert (made["invitation"]["status"], made["invitation"]["email"]) == ("pending", grace.email)
    token = token_of(made)
    shown = look(token).json["data"]
    assert shown == {
        "company": {"name": "Fjord Telecom", "slug": firm.record.slug, "logoUrl": ""},
        "role": "admin",
        "address": f"{grace.email[0]}***@e***.com",
    }
    company = accept(grace, token).json["data"]["company"]
    assert (company["id"], company["role"], company["licenseType"]) == (firm.id, "admin", "")
    assert grace.user.companies == {firm.id: "admin"}
    assert firm.record.member_count == 2
    assert code(accept(grace, token)) == GONE
    assert code(look(token)) == GONE
    (listed,) = firm.owner.data("GET", f"{firm.path}/invitations")["invitations"]
    assert (listed["status"], listed["accepterId"]) == ("accepted", grace.uid)
    assert audit_company(firm.db, firm.id) == []


def test_nobody_else_can_use_it_and_a_refusal_does_not_use_it_up(firm: Firm) -> None:
    grace = a_person(firm.db, email_verified=False)
    eve, guest = a_person(firm.db), a_person(firm.db, guest=True)
    (license_id,) = firm.licenses(1)
    token = token_of(invite(firm.owner, firm, grace.email, withSeat=True))
    assert code(accept(eve, token)) == (403, "invitation_for_other_address")
    assert code(accept(guest, token)) == (403, "guest_not_allowed")
    assert code(accept(grace, token)) == (403, "address_not_verified")
    assert firm.license(license_id).held_for == invitation_id_of(grace.email)
    firm.db.commit(Update(f"users/{grace.uid}", {"emailVerified": True}))
    assert accept(grace, token).json["data"]["company"]["licenseType"] == "standard"
    assert firm.license(license_id).user_id == grace.uid


def test_unknown_used_expired_revoked_and_superseded_ones_look_the_same(firm: Firm) -> None:
    people = {name: a_person(firm.db) for name in ("used", "expired", "revoked", "superseded")}
    tokens = {
        name: token_of(invite(firm.owner, firm, person.email)) for name, person in people.items()
    }
    accept(people["used"], tokens["used"])
    past = {"expiresAt": now() - timedelta(seconds=1)}
    firm.db.commit(Update(pending(firm, people["expired"].email), past))
    revoked = invitation_id_of(people["revoked"].email)
    firm.owner.data("DELETE", f"{firm.path}/invitations/{revoked}")
    again = token_of(invite(firm.owner, firm, people["superseded"].email))
    valid = again[:-3] + "AAA"
    strange = [valid, "", "inv_", f"inv_{'0' * 40}_{'A' * 43}", "x" * 200, f"{again}\n"]
    answers = [
        (people["revoked"], token) for token in strange if token.strip() and token != f"{again}\n"
    ]
    answers += [(people[name], token) for name, token in tokens.items()]
    bodies = {accept(person, token).text for person, token in answers}
    assert len(bodies) == 1
    assert {look(token).text for _, token in answers} == bodies
    assert code(accept(*answers[0])) == GONE
    assert accept(people["superseded"], again).status_code == 200


def test_one_of_twenty_acceptances_at_once_counts(firm: Firm) -> None:
    grace = a_person(firm.db)
    token = token_of(invite(firm.owner, firm, grace.email))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: accept(grace, token).status_code, range(20)))
    assert sorted(answers) == [200] + [404] * 19
    assert firm.record.member_count == 2
    assert audit_company(firm.db, firm.id) == []


def test_an_invitation_is_as_good_as_whoever_invited(firm: Firm) -> None:
    """Somebody who has lost the right to invite, invites nobody any longer."""
    admin, second = firm.join("admin"), firm.join("admin")
    assert code(
        admin.ask("POST", f"{firm.path}/invitations", json={"email": "a@b.no", "role": "admin"})
    ) == (403, "forbidden")
    grace, alan, joan = (a_person(firm.db) for _ in range(3))
    by_admin = token_of(invite(admin, firm, grace.email))
    by_second = token_of(invite(second, firm, alan.email))
    by_owner = token_of(invite(firm.owner, firm, joan.email, role="admin"))
    firm.owner.data("PUT", f"{firm.path}/members/{admin.uid}", json={"role": "member"})
    firm.owner.data("DELETE", f"{firm.path}/members/{second.uid}")
    heir = firm.join("admin")
    firm.owner.data("POST", f"{firm.path}/transfer", json={"userId": heir.uid})
    # The former owner is an administrator now, who cannot make others administrators.
    for person, token in ((grace, by_admin), (alan, by_second), (joan, by_owner)):
        assert code(accept(person, token)) == GONE
        assert person.user.companies == {}


def test_seats_are_held_and_a_fourth_is_refused(firm: Firm) -> None:
    path = f"{firm.path}/invitations"
    people = [a_person(firm.db) for _ in range(4)]
    firm.licenses(3)
    tokens = [
        token_of(invite(firm.owner, firm, person.email, withSeat=True)) for person in people[:3]
    ]
    fourth = {"email": people[3].email, "withSeat": True}
    assert code(firm.owner.ask("POST", path, json=fourth)) == (409, "no_free_license")
    assert firm.record.seats.held == 3
    # A second invitation of an address holds the same one.
    tokens[0] = token_of(invite(firm.owner, firm, people[0].email, withSeat=True))
    firm.owner.data("DELETE", f"{path}/{invitation_id_of(people[1].email)}")
    assert firm.record.seats.free == 1
    token = token_of(firm.owner.data("POST", path, json=fourth))
    for person, its in ((people[0], tokens[0]), (people[2], tokens[2]), (people[3], token)):
        assert accept(person, its).json["data"]["company"]["licenseType"] == "standard"
    assert firm.record.seats.model_dump() == {"total": 3, "assigned": 3, "held": 0}
    without = token_of(invite(firm.owner, firm, people[1].email))
    assert accept(people[1], without).json["data"]["company"]["licenseType"] == ""
    assert audit_company(firm.db, firm.id) == []


def test_one_whose_license_has_just_ended_joins_without_it(firm: Firm) -> None:
    """The sweep, which ends licenses, comes by later."""
    grace = a_person(firm.db)
    (license_id,) = firm.licenses(1)
    token = token_of(invite(firm.owner, firm, grace.email, withSeat=True))
    firm.db.commit(Update(license_path(license_id), {"expiresAt": now(), "lapsesAt": now()}))
    assert accept(grace, token).json["data"]["company"]["licenseType"] == ""
    assert firm.license(license_id).held_for is None
    assert audit_company(firm.db, firm.id) == []


def test_a_license_that_came_back_is_kept_for_who_holds_it_now(own_db: Database) -> None:
    """It ended while the first invitation held it, and was made active again for the second."""
    with rewired(database=own_db):
        firm, first, second = a_firm(own_db), a_person(own_db), a_person(own_db)
        (license_id,) = firm.licenses(1)
        invite(firm.owner, firm, first.email, withSeat=True)
        own_db.commit(Update(license_path(license_id), {"expiresAt": now(), "lapsesAt": now()}))
        assert services().licenses.expire(10) == 1
        admin = a_person(own_db, role="admin")
        again = {"status": "active", "expiresAt": None}
        admin.data("PUT", f"/api/licenses/{license_id}", json=again)
        token = token_of(invite(firm.owner, firm, second.email, withSeat=True))
        revoked = invitation_id_of(first.email)
        firm.owner.data("DELETE", f"{firm.path}/invitations/{revoked}")
        assert firm.license(license_id).held_for == invitation_id_of(second.email)
        assert accept(second, token).json["data"]["company"]["licenseType"] == "standard"


def test_twenty_invitations_at_once_hold_three_seats(firm: Firm) -> None:
    firm.licenses(3)
    path = f"{firm.path}/invitations"

    def one(number: int) -> int:
        body = {"email": f"{secrets.token_hex(6)}@example.com", "withSeat": True}
        return int(firm.owner.ask("POST", path, json=body).status_code)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(one, range(20)))
    assert sorted(answers) == [201] * 3 + [409] * 17
    assert audit_company(firm.db, firm.id) == []


def test_members_are_not_invited_again_and_domains_are_kept_to(firm: Firm) -> None:
    member = firm.join()
    path = f"{firm.path}/invitations"
    assert code(firm.owner.ask("POST", path, json={"email": member.email})) == (
        409,
        "already_member",
    )
    settings = {"settings": {"domains": ["fjord.example"], "invitationDays": 2}}
    firm.owner.data("PUT", f"{firm.path}/settings", json=settings)
    other = firm.owner.ask("POST", path, json={"email": "eve@fjord.example.com"})
    assert code(other) == (422, "domain_not_allowed")
    made = invite(firm.owner, firm, "grace@fjord.example")["invitation"]
    assert made["expiresAt"][:10] == (now() + timedelta(days=2)).isoformat()[:10]


def test_tokens_are_not_stored(own_db: Database) -> None:
    with rewired(database=own_db):
        firm = a_firm(own_db)
        token = token_of(invite(firm.owner, firm, "grace@example.com"))
        stored = " ".join(path + data for path, data in everything(own_db))
        assert token.split("_", 2)[2] not in stored
        assert hashlib.sha256(token.encode()).hexdigest() in stored


def test_the_sweep_ends_invitations_and_later_forgets_them(own_db: Database) -> None:
    with rewired(database=own_db):
        firm = a_firm(own_db)
        (license_id,) = firm.licenses(1)
        invite(firm.owner, firm, "grace@example.com", withSeat=True)
        path = pending(firm, "grace@example.com")
        sweep = services().invitations.expire
        assert sweep(10) == 0
        past = now() - timedelta(seconds=1)
        own_db.commit(Update(path, {"expiresAt": past, "lapsesAt": past}))
        assert sweep(10) == 1
        assert own_db.get(path).data["status"] == "expired"
        assert firm.license(license_id).held_for is None
        assert audit_company(own_db, firm.id) == []
        assert sweep(10) == 0
        own_db.commit(Update(path, {"lapsesAt": past}))
        assert sweep(10) == 1
        assert not own_db.get(path).exists


def test_invitations_of_a_deleted_company_are_void(firm: Firm) -> None:
    grace = a_person(firm.db)
    token = token_of(invite(firm.owner, firm, grace.email))
    firm.owner.data("DELETE", firm.path, json={})
    assert code(accept(grace, token)) == GONE
    assert code(look(token)) == GONE


def own(person: Person, whose: Person | None = None) -> list[Any]:
    path = f"/api/users/{(whose or person).uid}/invitations"
    found: list[Any] = person.data("GET", path)["invitations"]
    return found


def answer(person: Person, firm: Firm, what: str) -> Any:
    return person.ask("POST", f"/api/invitations/{what}", json={"companyId": firm.id})


def test_one_sees_the_invitations_of_ones_verified_address_alone(firm: Firm, db: Database) -> None:
    grace, eve = a_person(db), a_person(db)
    unverified = a_person(db, email_verified=False)
    other = a_firm(db, "Nordlys")
    firm.licenses(1)
    for person in (grace, unverified):
        invite(firm.owner, firm, person.email, withSeat=person is grace)
    invite(other.owner, other, grace.email, role="admin")
    found = own(grace)
    assert [(each["company"]["name"], each["role"], each["withLicense"]) for each in found] == [
        ("Nordlys", "admin", False),
        ("Fjord Telecom", "member", True),
    ]
    assert all(set(each) & {"id", "email", "token"} == set() for each in found)
    assert own(eve) == own(unverified) == []
    assert code(eve.ask("GET", f"/api/users/{grace.uid}/invitations")) == (403, "forbidden")
    # An address that nobody has confirmed learns nothing about its invitations.
    for company in (firm, other):
        for what in ("accept", "decline"):
            assert code(answer(unverified, company, what)) == (403, "address_not_verified")
            assert code(answer(eve, company, what)) == GONE
    admin = a_person(db, "admin")
    assert len(own(admin, grace)) == 2
    read = db.find("audit", where=[("uid", "==", admin.uid)], limit=10)
    assert [entry.data["operation"] for entry in read] == ["userInvitations"]


def test_what_cannot_be_accepted_is_not_shown(firm: Firm, db: Database) -> None:
    people = {name: a_person(db) for name in ("revoked", "expired", "powerless", "joined")}
    admin = firm.join("admin")
    for name, person in people.items():
        invite(admin if name == "powerless" else firm.owner, firm, person.email)
        assert len(own(person)) == 1
    revoked = invitation_id_of(people["revoked"].email)
    firm.owner.data("DELETE", f"{firm.path}/invitations/{revoked}")
    past = {"expiresAt": now() - timedelta(seconds=1)}
    db.commit(Update(pending(firm, people["expired"].email), past))
    firm.owner.data("PUT", f"{firm.path}/members/{admin.uid}", json={"role": "member"})
    assert answer(people["joined"], firm, "accept").json["data"]["company"]["id"] == firm.id
    for person in people.values():
        assert own(person) == []
        assert code(answer(person, firm, "accept")) == GONE
    closed = a_firm(db)
    grace = a_person(db)
    invite(closed.owner, closed, grace.email)
    closed.owner.data("DELETE", closed.path, json={})
    assert own(grace) == []


def test_a_declined_invitation_has_ended_and_frees_its_license(firm: Firm, db: Database) -> None:
    grace, eve = a_person(db), a_person(db)
    (license_id,) = firm.licenses(1)
    token = token_of(invite(firm.owner, firm, grace.email, withSeat=True))
    assert code(eve.ask("POST", "/api/invitations/decline", json={"token": token})) == (
        403,
        "invitation_for_other_address",
    )
    assert firm.license(license_id).held_for is not None
    for given in ({}, {"token": token, "companyId": firm.id}):
        assert code(grace.ask("POST", "/api/invitations/decline", json=given))[0] == 422
    for given in ({"token": token}, {"companyId": firm.id}):  # the second time, it is declined
        assert grace.ask("POST", "/api/invitations/decline", json=given).status_code == 200
    assert firm.license(license_id).held_for is None
    assert own(grace) == []
    assert code(accept(grace, token)) == code(answer(grace, firm, "accept")) == GONE
    (listed,) = firm.owner.data("GET", f"{firm.path}/invitations")["invitations"]
    assert listed["status"] == "declined"
    assert grace.user.companies == {}
    invite(firm.owner, firm, grace.email)  # they may be asked again
    assert len(own(grace)) == 1
    assert audit_company(db, firm.id) == []


def test_of_an_acceptance_and_a_refusal_at_once_one_counts(firm: Firm, db: Database) -> None:
    grace = a_person(db)
    (license_id,) = firm.licenses(1)
    invite(firm.owner, firm, grace.email, withSeat=True)
    with ThreadPoolExecutor(8) as pool:
        asked = ["accept", "decline"] * 4
        answers = list(pool.map(lambda what: answer(grace, firm, what).status_code, asked))
    joined = firm.member(grace) is not None
    accepted = [status for what, status in zip(asked, answers, strict=True) if what == "accept"]
    assert accepted.count(200) == int(joined)
    assert (firm.license(license_id).user_id == grace.uid) is joined
    assert firm.license(license_id).held_for is None
    assert audit_company(db, firm.id) == []

"""Members: roles, removal, leaving, transfer; and the users of a company."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.companies import Firm, Person, a_firm, a_person, client, token_of
from tests.support.factories import code
from tests.support.firebase_client import mailed_codes, new_email
from troupe.adapters.firestore import Database, Update
from troupe.commands.company_audit import audit_company


@pytest.fixture
def firm(db: Database) -> Firm:
    return a_firm(db)


def test_only_the_owner_makes_and_unmakes_administrators(firm: Firm) -> None:
    admin, member = firm.join("admin"), firm.join()
    path = f"{firm.path}/members/{member.uid}"
    assert code(admin.ask("PUT", path, json={"role": "admin"})) == (403, "forbidden")
    changed = firm.owner.data("PUT", path, json={"role": "admin"})["member"]
    assert (changed["role"], member.user.companies) == ("admin", {firm.id: "admin"})
    assert code(admin.ask("DELETE", path)) == (403, "forbidden")
    assert code(admin.ask("PUT", path, json={"role": "member"})) == (403, "forbidden")
    # A cap is no matter of roles.
    capped = admin.data("PUT", path, json={"cap": {"tokens": 10}})["member"]
    assert capped["cap"] == {"tokens": 10, "voiceSeconds": None}
    assert admin.data("PUT", path, json={"cap": None})["member"]["cap"] is None
    firm.owner.data("PUT", path, json={"role": "member"})
    admin.data("DELETE", path)
    assert member.user.companies == {}
    assert audit_company(firm.db, firm.id) == []


def test_there_is_always_one_owner(firm: Firm) -> None:
    admin = firm.join("admin")
    path = f"{firm.path}/members/{firm.owner.uid}"
    for person in (firm.owner, admin):
        assert code(person.ask("DELETE", path)) == (409, "last_owner")
        assert code(person.ask("PUT", path, json={"role": "member"})) == (409, "last_owner")
    suspended = {"status": "suspended"}
    user_path = f"/api/users/{firm.owner.uid}"
    assert code(admin.ask("PUT", user_path, json=suspended)) == (409, "last_owner")
    assert code(firm.owner.ask("POST", f"{firm.path}/leave")) == (409, "owner_cannot_leave")
    assert firm.owner.ask("PUT", path, json={"role": "owner"}).status_code == 422
    gone = client("auth").delete("/api/auth/account", json={}, headers=firm.owner.headers)
    assert code(gone) in ((409, "owns_company"), (403, "recent_sign_in_required"))


def test_a_transfer_changes_both_members_at_once(firm: Firm) -> None:
    heir, outsider = firm.join(), a_person(firm.db)
    path = f"{firm.path}/transfer"
    assert code(heir.ask("POST", path, json={"userId": heir.uid})) == (403, "forbidden")
    unknown = firm.owner.ask("POST", path, json={"userId": outsider.uid})
    assert code(unknown) == (404, "member_not_found")
    made = firm.owner.data("POST", path, json={"userId": heir.uid})["member"]
    assert (made["role"], firm.record.owner_uid) == ("owner", heir.uid)
    assert firm.owner.user.companies == {firm.id: "admin"}
    assert heir.user.companies == {firm.id: "owner"}
    assert code(firm.owner.ask("POST", path, json={"userId": heir.uid})) == (403, "forbidden")
    firm.owner.data("POST", f"{firm.path}/leave")
    assert audit_company(firm.db, firm.id) == []


def test_of_transfers_at_once_one_wins(firm: Firm) -> None:
    """The others find that they act for somebody who does not own the company any longer."""
    heirs = [firm.join() for _ in range(8)]

    def give(heir: Person) -> Any:
        return firm.owner.ask("POST", f"{firm.path}/transfer", json={"userId": heir.uid})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(give, heirs))
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * 7
    assert audit_company(firm.db, firm.id) == []


def test_removals_and_departures_at_once_are_counted(firm: Firm) -> None:
    people = [firm.join() for _ in range(10)]

    def end(number: int) -> int:
        person = people[number // 2]
        if number % 2:
            return int(person.ask("POST", f"{firm.path}/leave").status_code)
        path = f"{firm.path}/members/{person.uid}"
        return int(firm.owner.ask("DELETE", path).status_code)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(end, range(20)))
    assert set(answers) <= {200, 404}
    assert answers.count(200) == 10
    assert firm.record.member_count == 1
    assert audit_company(firm.db, firm.id) == []


def test_a_member_who_was_removed_is_an_outsider(firm: Firm) -> None:
    admin = firm.join("admin")
    firm.owner.data("DELETE", f"/api/users/{admin.uid}")
    answer = admin.ask("GET", f"{firm.path}/members")
    assert code(answer) == (404, "company_not_found")
    assert code(admin.ask("POST", f"{firm.path}/leave")) == (404, "company_not_found")
    again = firm.owner.ask("DELETE", f"/api/users/{admin.uid}")
    assert code(again) == (404, "user_not_found")


def test_members_are_listed_by_name_role_and_license(firm: Firm) -> None:
    mark = secrets.token_hex(3)
    people = {name: firm.join(name=f"{name} {mark}") for name in ("Grace", "Alan", "Barbara")}
    firm.owner.data("PUT", f"/api/users/{people['Alan'].uid}", json={"role": "admin"})
    (license_id,) = firm.licenses(1)
    firm.owner.data(
        "PUT", f"/api/licenses/{license_id}/assign", json={"userId": people["Grace"].uid}
    )

    def listed(path: str = f"{firm.path}/members", **query: Any) -> list[str]:
        data = firm.owner.data("GET", path, query_string=query)
        return [each["name"].split()[0] for each in data.get("members") or data["users"]]

    assert listed() == ["Barbara", "Alan", "Grace", "Ada"]
    assert listed(sort="name") == ["Ada", "Alan", "Barbara", "Grace"]
    assert listed(search="GR") == ["Grace"]
    assert listed(search=mark, sort="name") == ["Alan", "Barbara", "Grace"]
    assert listed(search=people["Alan"].email[:12]) == ["Alan"]
    assert listed(role="admin") == ["Alan"]
    assert listed(license="standard") == ["Grace"]
    for number in range(32):  # each filter goes with all others
        wanted = {"role": "member", "status": "active", "license": "none", "search": mark}
        query = {name: each for bit, (name, each) in enumerate(wanted.items()) if number >> bit & 1}
        found = listed(**query, sort="name" if number & 16 else "newest")
        assert ("Alan" in found) is ("role" not in query)
        assert ("Grace" in found) is ("license" not in query)
    users = "/api/users"
    assert listed(users, license="none", sort="name") == ["Ada", "Alan", "Barbara"]
    assert listed(users, role="member", status="active", search="bar", sort="name") == ["Barbara"]
    pages = [listed(users, sort="name", limit=2, page=page) for page in (1, 2)]
    assert pages == [["Ada", "Alan"], ["Barbara", "Grace"]]


def test_a_company_changes_its_own_entry_and_not_the_account(firm: Firm) -> None:
    member = firm.join(name="Grace")
    path = f"/api/users/{member.uid}"
    change = {"firstName": "Grace", "lastName": "Hopper", "phone": "+4712345678", "language": "nb"}
    user = firm.owner.data("PUT", path, json=change)["user"]
    assert (user["name"], user["phone"], user["language"]) == ("Grace Hopper", "+4712345678", "nb")
    assert firm.owner.data("GET", path)["user"] == user
    assert (member.user.name, member.user.phone) == ("Grace", "")
    assert "password" not in str(user)


def test_a_suspended_member_has_no_access_and_keeps_the_license(firm: Firm) -> None:
    member = firm.join("admin")
    (license_id,) = firm.licenses(1)
    firm.owner.data("PUT", f"/api/users/{member.uid}", json={"licenseId": license_id})
    path = f"/api/users/{member.uid}"
    user = firm.owner.data("PUT", path, json={"status": "suspended"})["user"]
    assert (user["status"], user["licenseId"]) == ("suspended", license_id)
    assert code(member.ask("GET", firm.path)) == (404, "company_not_found")
    assert code(member.ask("POST", f"{firm.path}/leave")) == (404, "company_not_found")
    assert member.data("GET", "/api/companies")["companies"] == []
    suspended = firm.owner.ask("POST", f"{firm.path}/transfer", json={"userId": member.uid})
    assert code(suspended) == (409, "member_suspended")
    assert audit_company(firm.db, firm.id) == []
    firm.owner.data("PUT", path, json={"status": "active"})
    assert member.ask("GET", firm.path).status_code == 200


def test_a_created_user_is_invited_and_sets_the_password(firm: Firm) -> None:
    email = new_email()
    made = firm.owner.data("POST", "/api/users", json={"email": email, "name": "Grace"})
    user = made["user"]
    assert (user["id"], user["status"], user["email"]) == (None, "invited", email)
    assert "password" not in str(made).lower()
    assert len(mailed_codes(email, "PASSWORD_RESET")) == 1
    look = client().post("/api/invitations/look", json={"token": token_of(made)}).json["data"]
    assert look["company"]["name"] == "Fjord Telecom"


def test_the_company_is_chosen_by_query_body_or_header(firm: Firm) -> None:
    other = a_firm(firm.db, "Fell", firm.owner)
    member = other.join()
    path = f"/api/users/{member.uid}"
    assert code(firm.owner.ask("GET", path)) == (422, "company_required")
    chosen = {"X-Troupe-Company": other.id}
    assert firm.owner.data("GET", path, headers=chosen)["user"]["id"] == member.uid
    assert firm.owner.data("GET", f"{path}?companyId={other.id}")["user"]["id"] == member.uid
    assert code(firm.owner.ask("GET", f"{path}?companyId={firm.id}")) == (404, "user_not_found")
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    asked["Access-Control-Request-Headers"] = "x-troupe-company"
    preflight = client().options("/api/users", headers=asked)
    assert "x-troupe-company" in preflight.headers["Access-Control-Allow-Headers"].lower()
    both = firm.owner.ask("GET", f"{path}?companyId={firm.id}", headers=chosen)
    assert code(both) == (422, "company_differs")


def test_a_user_sees_the_own_activity_and_the_company_does_not(firm: Firm) -> None:
    member = firm.join()
    path = f"/api/users/{member.uid}/activity"
    assert member.data("GET", path) == {"activities": []}
    assert code(firm.owner.ask("GET", path)) == (403, "forbidden")


def test_an_administrator_helps_a_company_whose_owner_is_gone(firm: Firm) -> None:
    heir, admin = firm.join(), a_person(firm.db, role="admin")
    firm.db.commit(Update(f"users/{firm.owner.uid}", {"suspended": True}))
    admin.data("POST", f"{firm.path}/transfer", json={"userId": heir.uid})
    assert heir.user.companies == {firm.id: "owner"}
    entries = firm.db.find(
        "audit", where=[("target", "==", f"companies/{firm.id}/members/{heir.uid}")], limit=9
    )
    assert [entry.data["operation"] for entry in entries] == ["transferCompany"]
    read = admin.data("GET", f"{firm.path}/members")["members"]
    seen = firm.db.find("audit", where=[("target", "==", f"companies/{firm.id}/members")], limit=9)
    assert {len(read), len(seen[0].data["about"])} == {2}

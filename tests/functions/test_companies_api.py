"""Companies: create, show, list, change, delete."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.characters import PICTURE
from tests.support.companies import Firm, a_firm, a_person, client
from tests.support.factories import CountingDatabase, code
from tests.support.forms import multipart
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Update
from troupe.companies import endings
from troupe.companies.records import CompanySettings
from troupe.companies.roster import MOST_COMPANIES
from troupe.errors import Unavailable


def number() -> str:
    """A Norwegian register number."""
    return f"{secrets.randbelow(10**9):09}"


def test_a_company_belongs_to_the_user_who_created_it(db: Database) -> None:
    ada = a_person(db)
    body = {
        "name": "Fjord Telecom",
        "orgNumber": number(),
        "country": "no",
        "phone": "+47 123-45 678",
    }
    company = ada.data("POST", "/api/companies", json=body)["company"]
    firm = Firm(db, company["id"], ada)
    assert (company["ownerId"], company["memberCount"], company["status"]) == (ada.uid, 1, "active")
    assert (company["slug"][:13], company["country"], company["phone"]) == (
        "fjord-telecom",
        "NO",
        "+4712345678",
    )
    assert ada.user.companies == {firm.id: "owner"}
    member = firm.member(ada)
    assert member is not None
    assert (member.role, member.email) == ("owner", ada.email)
    assert ada.data("GET", firm.path)["company"] == company
    me = client("auth").get("/api/auth/me", headers=ada.headers).json["data"]["user"]
    assert me["companies"] == [
        {
            "id": firm.id,
            "name": "Fjord Telecom",
            "slug": company["slug"],
            "logoUrl": "",
            "role": "owner",
            "licenseType": "",
        }
    ]


def test_guests_and_users_with_many_companies_cannot_create_one(db: Database) -> None:
    guest = a_person(db, guest=True)
    assert code(guest.ask("POST", "/api/companies", json={"name": "Fjord"})) == (
        403,
        "guest_not_allowed",
    )
    full = a_person(db, companies={f"co{n:020}": "member" for n in range(MOST_COMPANIES)})
    assert code(full.ask("POST", "/api/companies", json={"name": "Fjord"})) == (
        409,
        "too_many_companies",
    )


def test_a_number_and_a_slug_have_one_company_even_among_twenty_requests(db: Database) -> None:
    people = [a_person(db) for _ in range(20)]
    slug = f"fjord-{secrets.token_hex(4)}"
    body = {"name": "Fjord", "slug": slug, "orgNumber": number(), "country": "NO"}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda p: p.ask("POST", "/api/companies", json=body), people))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    refused = {code(answer)[1] for answer in answers if answer.status_code == 409}
    assert refused <= {"org_number_taken", "slug_taken"}
    assert sum(len(person.user.companies) for person in people) == 1
    again = a_person(db).ask("POST", "/api/companies", json=body | {"orgNumber": number()})
    assert code(again) == (409, "slug_taken")


def test_a_repeated_request_with_one_key_creates_one_company(db: Database) -> None:
    ada, key = a_person(db), {"Idempotency-Key": secrets.token_hex(8)}
    first, second = (
        ada.data("POST", "/api/companies", json={"name": "Fjord"}, headers=key)["company"]
        for _ in range(2)
    )
    assert first == second
    assert len(ada.user.companies) == 1
    other = ada.ask("POST", "/api/companies", json={"name": "Fell"}, headers=key)
    assert code(other) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    "body",
    [
        {"orgNumber": "123456789"},
        {"orgNumber": "12345678", "country": "NO"},
        {"orgNumber": "12/../x?", "country": "DE"},
        {"slug": "../etc"},
        {"slug": "admin"},
        {"website": "javascript:alert(1)"},
        {"country": "Norway"},
        {"timezone": "Mars/Olympus"},
        {"brandColors": {"primary": "red;}"}},
        {"industry": "magic"},
    ],
    ids=str,
)
def test_malformed_companies_are_422(db: Database, body: dict[str, Any]) -> None:
    answer = a_person(db).ask("POST", "/api/companies", json={"name": "Fjord"} | body)
    assert answer.status_code == 422, answer.text


def test_a_change_moves_what_was_reserved(db: Database) -> None:
    firm = a_firm(db)
    slug, org = f"fell-{secrets.token_hex(4)}", number()
    change = {"slug": slug, "orgNumber": org, "country": "NO", "name": "Fell", "size": "small"}
    company = firm.owner.data("PUT", firm.path, json=change)["company"]
    assert {name: company[name] for name in change} == change
    rival = a_person(db)
    taken = {"name": "Fell", "orgNumber": org, "country": "NO"}
    assert code(rival.ask("POST", "/api/companies", json=taken)) == (409, "org_number_taken")
    firm.owner.data("PUT", firm.path, json={"orgNumber": "", "slug": f"{slug}-2"})
    assert rival.data("POST", "/api/companies", json=taken | {"slug": slug})["company"]
    assert code(firm.owner.ask("PUT", firm.path, json={"slug": slug})) == (409, "slug_taken")


def test_another_country_must_suit_the_number(db: Database) -> None:
    firm, org = a_firm(db), number()
    firm.owner.data("PUT", firm.path, json={"orgNumber": org, "country": "NO"})
    refused = firm.owner.ask("PUT", firm.path, json={"country": "SE"})
    assert code(refused) == (422, "invalid_input")
    (wrong,) = refused.json["error"]["details"]["fields"]
    assert (wrong["field"], wrong["type"]) == ("country", "org_number")
    assert "10 digits in SE" in wrong["message"]
    assert (firm.record.country, firm.record.org_number) == ("NO", org)
    # One of nine digits may exist there.
    moved = firm.owner.data("PUT", firm.path, json={"country": "GB"})["company"]
    assert (moved["country"], moved["orgNumber"]) == ("GB", org)
    rival = {"name": "Fell", "orgNumber": org, "country": "NO"}
    assert a_person(db).data("POST", "/api/companies", json=rival)["company"]


def test_settings_are_changed_one_by_one_and_null_restores_the_default(db: Database) -> None:
    firm = a_firm(db)
    path = f"{firm.path}/settings"
    hours = {"start": "08:00", "end": "16:30", "days": [5, 1, 1]}
    given = {
        "workingHours": hours,
        "afterCall": {"enabled": True, "channel": "sms", "text": "Thank you. {review link}"},
        "callLimits": {"perDay": 50},
        "costPerSolvedCall": 1500,
        "domains": ["Fjord.example"],
        "timezone": "Europe/Oslo",
        "brandColors": {"primary": "#004488"},
        "onboarding": {"step": 3},
    }
    made = firm.owner.data("PUT", path, json={"settings": given})["company"]
    shown = made["settings"]
    assert shown["workingHours"] == hours | {"days": [1, 5]}
    assert shown["callLimits"] == {"perDay": 50, "perMonth": None}
    assert (shown["domains"], shown["onboarding"]) == (["fjord.example"], {"step": 3})
    assert (made["timezone"], made["brandColors"]["primary"]) == ("Europe/Oslo", "#004488")
    changes = {"settings": {"lobby": True, "costPerSolvedCall": None, "afterCall": None}}
    shown = firm.owner.data("PUT", path, json=changes)["company"]["settings"]
    assert (shown["lobby"], shown["workingHours"]["start"]) == (True, "08:00")
    assert shown["costPerSolvedCall"] == CompanySettings().cost_per_solved_call
    assert shown["afterCall"] == {"enabled": False, "channel": "email", "text": ""}
    for wrong in (
        {"workingHours": {"start": "25:00", "end": "16:00", "days": [1]}},
        {"domains": ["@"]},
    ):
        assert firm.owner.ask("PUT", path, json={"settings": wrong}).status_code == 422


def test_a_logo_is_public_and_replaces_the_one_before(db: Database) -> None:
    firm = a_firm(db)
    urls = [
        firm.owner.data("POST", f"{firm.path}/logo", **multipart(logo=PICTURE))["company"][
            "logoUrl"
        ]
        for _ in range(2)
    ]
    characters = client("characters")
    assert [characters.get(url).status_code for url in urls] == [404, 200]
    not_a_picture = firm.owner.ask("POST", f"{firm.path}/logo", **multipart(logo=b"<svg/>"))
    assert not_a_picture.status_code == 415


def test_users_list_their_own_companies_and_administrators_all(db: Database) -> None:
    mark = secrets.token_hex(4)
    ada, admin = a_person(db), a_person(db, role="admin")
    firms = [a_firm(db, f"{word} {mark}", ada) for word in ("Fell", "Fjord", "Brook")]
    a_firm(db, f"Glen {mark}")

    def listed(person: Any, **query: Any) -> list[str]:
        data = person.data("GET", "/api/companies", query_string=query)
        return [each["name"].split()[0] for each in data["companies"]]

    assert listed(ada) == ["Brook", "Fjord", "Fell"]
    assert listed(ada, sort="name", limit=2) == ["Brook", "Fell"]
    assert listed(ada, search="FJ") == ["Fjord"]
    assert listed(ada, status="trial") == []
    assert listed(admin, search=mark, sort="name") == ["Brook", "Fell", "Fjord", "Glen"]
    member = firms[0].join()
    for status in ("", "active", "closed"):
        for sort in ("newest", "name", "members"):
            for words in ("", mark):
                query = {"status": status, "sort": sort, "search": words, "limit": "1"}
                listed(admin, **{name: each for name, each in query.items() if each})
    assert listed(admin, search=mark, status="closed") == []
    (mine,) = member.data("GET", "/api/companies")["companies"]
    assert (mine["role"], mine["memberCount"], mine["seats"]) == ("member", None, None)
    assert code(member.ask("GET", firms[0].path)) == (403, "forbidden")


def test_a_company_that_others_use_is_deleted_only_by_its_name(db: Database) -> None:
    firm = a_firm(db)
    admin, member = firm.join("admin"), firm.join()
    firm.licenses(1)
    assert code(admin.ask("DELETE", firm.path, json={"confirm": "Fjord Telecom"})) == (
        403,
        "forbidden",
    )
    refused = firm.owner.ask("DELETE", firm.path)
    assert code(refused) == (409, "company_in_use")
    assert refused.json["error"]["details"] == {"members": 3, "licenses": 1, "plan": None}
    firm.owner.data("DELETE", firm.path, json={"confirm": "Fjord Telecom"})
    for person in (firm.owner, admin, member):
        assert code(person.ask("GET", firm.path)) == (404, "company_not_found")
        assert person.data("GET", "/api/companies")["companies"] == []
        assert person.user.companies == {}


def test_a_company_is_deleted_even_if_its_members_cannot_be_dismissed_at_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = a_firm(db)
    admin = firm.join("admin")

    def fails(self: endings.Endings, company_id: str) -> bool:
        raise Unavailable(retry_after=1)

    monkeypatch.setattr(endings.Endings, "_erase_members", fails)
    firm.owner.data("DELETE", firm.path, json={"confirm": "Fjord Telecom"})
    assert admin.user.companies == {firm.id: "admin"}
    assert code(admin.ask("GET", firm.path)) == (404, "company_not_found")


def test_the_sweep_erases_what_a_deleted_company_leaves(
    own_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "BATCH", 2)
    with rewired(database=own_db):
        firm = a_firm(own_db)
        slug = firm.record.slug
        people = [firm.join() for _ in range(5)]
        firm.licenses(3)
        firm.owner.data("POST", f"{firm.path}/invitations", json={"email": "grace@example.com"})
        monkeypatch.setattr(endings, "STEPS", 2)
        firm.owner.data("DELETE", firm.path, json={"confirm": "Fjord Telecom"})
        assert [person.user.companies for person in people].count({}) == 4  # two at a time
        sweep = services().company_endings.sweep
        rounds = 0
        while sweep(10):
            rounds += 1
        assert 2 < rounds < 10
        assert [person.user.companies for person in people] == [{}] * 5
        for kind in ("members", "licences", "invitations"):
            assert own_db.find(f"companies/{firm.id}/{kind}", limit=9) == []
        left = own_db.get(f"companies/{firm.id}").data
        assert {"name", "deletedAt"} <= left.keys()
        assert not {"email", "phone", "settings", "starts", "dueAt"} & left.keys()
        assert (left["ownerUid"], left["slug"]) == ("", "")
        closed = a_person(own_db, role="admin").data("GET", "/api/companies?status=closed")
        assert [each["id"] for each in closed["companies"]] == [firm.id]
        assert not own_db.get(f"companySlugs/{slug}").exists


def test_requests_of_members_read_one_document_for_their_rights(counting: CountingDatabase) -> None:
    firm = a_firm(counting)
    with rewired(database=counting):
        counting.calls.clear()
        outsider = a_person(counting)
        counting.calls.clear()
        assert outsider.ask("GET", firm.path).status_code == 404
        assert dict(counting.calls) == {"batch_get_documents": 1}
        counting.calls.clear()
        assert firm.owner.ask("GET", firm.path).status_code == 200
        assert dict(counting.calls) == {"batch_get_documents": 2}


def test_an_administrator_who_changes_a_company_leaves_an_entry(db: Database) -> None:
    firm, admin = a_firm(db), a_person(db, role="admin")
    admin.data("PUT", firm.path, json={"name": "Fell"})
    firm.owner.data("PUT", firm.path, json={"name": "Brook"})
    entries = db.find("audit", where=[("target", "==", f"companies/{firm.id}")], limit=9)
    (entry,) = entries
    assert (entry.data["before"]["name"], entry.data["after"]["name"]) == ("Fjord Telecom", "Fell")
    db.commit(Update(f"users/{admin.uid}", {"role": "user"}))
    assert code(admin.ask("PUT", firm.path, json={"name": "x"})) == (404, "company_not_found")

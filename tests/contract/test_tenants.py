"""Tenant isolation: every operation of the function `companies` that names something of a company,
and those on a company's plan, by everybody who must not have it, with the real ids of another
company.

Built from the routes: an operation that is added is covered, and one whose ids or bodies this file
cannot make fails.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from tests.contract.examples import request_of
from tests.contract.operations import Operation, served
from tests.support.companies import Firm, Person, a_firm, a_person, client
from tests.support.plans import Shop
from tests.support.wiring import services
from troupe.adapters.firestore import Create, Database, now
from troupe.companies.writes import invitation_id_of
from troupe.company_exports.records import CompanyExport, Format, Table
from troupe.company_exports.writes import export_path
from troupe.web.caller import Auth

FUNCTION = "companies"
HEADER = "X-Troupe-Company"
# Ids that say which company an operation is about, by where they stand.
IDS = {"companyId", "userId", "licenseId", "invitationId", "exportId", "subscriptionId"}
# Of the function `plans`. Administrators alone may call the others that name a subscription.
PLANS = {"listSubscriptions", "getSubscription"}
# Of the caller's own, whatever the company.
SELF = {"userAvatar", "userActivity", "getBulk", "userInvitations"}
SELF |= {"acceptInvitation", "declineInvitation"}


@dataclass(frozen=True)
class Tenant:
    """A company with one of everything, and people in every role."""

    firm: Firm
    people: Mapping[str, Person]
    ids: Mapping[str, str]


@dataclass(frozen=True)
class Way:
    """How a request names the company: by the ids in path and body, and by a query or header where
    the operation takes one."""

    operation: Operation
    choice: str = ""  # "", "query" or "header"

    def __str__(self) -> str:
        return f"{self.operation.id}-{self.choice}" if self.choice else self.operation.id


def fields(operation: Operation, part: str) -> set[str]:
    model = operation.route.parts.get(part)
    return set() if model is None else set(model.model_json_schema()["properties"])


def named(operation: Operation) -> set[str]:
    """The ids in the path and the body."""
    return (operation.names | fields(operation, "body")) & IDS


def filters(operation: Operation) -> set[str]:
    """The ids in the query, besides the company's."""
    return fields(operation, "query") & (IDS - {"companyId"})


def chooses(operation: Operation) -> list[str]:
    choices = []
    if "companyId" in fields(operation, "query"):
        choices.append("query")
    if operation.route.parts.get("header") and HEADER in fields(operation, "header"):
        choices.append("header")
    return choices


@cache
def ways() -> list[Way]:
    """Every operation that is about a company, in each way to name it."""
    found = []
    for operation in served():
        if operation.route.alias_of or operation.id in SELF:
            continue
        if operation.function != FUNCTION and operation.id not in PLANS:
            continue
        choices = chooses(operation)
        if choices:
            found += [Way(operation, choice) for choice in choices]
            if "companyId" in fields(operation, "body"):
                found.append(Way(operation))
        elif named(operation):
            found.append(Way(operation))
    return found


def test_the_matrix_has_every_operation_with_an_id() -> None:
    covered = {way.operation.id for way in ways()} | SELF
    mine = [
        each
        for each in served()
        if each.function == FUNCTION
        and not each.route.alias_of
        and not each.path.startswith("/api/notifications")  # the caller's own
    ]
    left = {each.id for each in mine} - covered
    assert left == {"listCompanies", "createCompany", "lookInvitation"}
    assert covered >= PLANS
    admitted = {
        way.operation.id: way.operation.route.auth
        for way in ways()
        if way.operation.route.auth not in (Auth.COMPANY, Auth.MEMBER)
    }
    assert admitted == {"listSubscriptions": Auth.USER}  # without a company, one's own
    assert all(each.names <= IDS | {"view"} for each in mine if each.id not in SELF)


def ask(way: Way, ids: Mapping[str, str], person: Person, filtered: Collection[str] = ()) -> Any:
    """`filtered`: the ids of `filters` to send."""
    operation = way.operation
    path, headers = operation.filled(ids), dict(person.headers)
    body = request_of(operation.route, {})
    if "json" in body:
        body["json"] = dict(body["json"])
        for name in fields(operation, "body") & IDS:
            if name != "companyId" or not way.choice:
                body["json"][name] = ids[name]
        if "email" in body["json"]:
            body["json"]["email"] = f"{secrets.token_hex(6)}@example.com"
    query = {name: ids[name] for name in filters(operation).intersection(filtered)}
    if way.choice == "query":
        query["companyId"] = ids["companyId"]
    if way.choice == "header":
        headers[HEADER] = ids["companyId"]
    return client(operation.function).open(
        path, method=operation.method, headers=headers, query_string=query, **body
    )


@pytest.fixture(scope="module")
def tenants(file_db: Database) -> tuple[Tenant, Tenant]:
    return tenant(file_db), tenant(file_db)


def tenant(db: Database) -> Tenant:
    firm = a_firm(db)
    target, removed = firm.join(), firm.join("admin")
    people = {
        "owner": firm.owner,
        "admin": firm.join("admin"),
        "member": firm.join(),
        "suspended": firm.join("admin"),
        "removed": removed,
        "outsider": a_person(db),
    }
    firm.owner.data("DELETE", f"/api/users/{removed.uid}")
    path = f"/api/users/{people['suspended'].uid}"
    firm.owner.data("PUT", path, json={"status": "suspended"})
    (license_id,) = firm.licenses(1)
    invited = {"email": f"{target.uid}@invited.example"}
    firm.owner.data("POST", f"{firm.path}/invitations", json=invited)
    ids = {
        "companyId": firm.id,
        "userId": target.uid,
        "licenseId": license_id,
        "invitationId": invitation_id_of(invited["email"]),
        "exportId": an_export(firm),
        "subscriptionId": firm.id,
        "view": "overview",
    }
    services().subscriptions.create(firm.id, Shop(db).plan().id)
    return Tenant(firm, people, ids)


def an_export(firm: Firm) -> str:
    """Without a file: nobody but the firm's own learns even that."""
    at = now()
    made = CompanyExport(
        id=secrets.token_hex(16),
        company_id=firm.id,
        table=Table.USERS,
        format=Format.CSV,
        due_at=at + timedelta(days=7),
        created_at=at,
    )
    firm.db.commit(Create(export_path(made.id), made.stored()))
    return made.id


def nonsense(ids: Mapping[str, str]) -> dict[str, str]:
    """Ids of the same form that do not exist."""
    return {
        name: re.sub(r"[0-9a-f]{20,}", lambda found: secrets.token_hex(32)[: len(found[0])], value)
        for name, value in ids.items()
    }


def stored(db: Database, firm: Firm) -> list[tuple[str, str]]:
    """Everything of a company, as it is stored."""
    paths = [f"companies/{firm.id}", f"subscriptions/{firm.id}"]
    found = [(path, str(db.get(path).data)) for path in paths]
    for kind in ("members", "licences", "invitations"):
        for document in db.find(f"companies/{firm.id}/{kind}", limit=100):
            found.append((document.path, str(document.data)))
    return found


OUTSIDE = ("owner", "admin", "member", "removed", "outsider")


@pytest.mark.parametrize("way", ways(), ids=str)
def test_what_is_of_another_company_looks_like_nonsense(
    tenants: tuple[Tenant, Tenant], db: Database, way: Way
) -> None:
    mine, theirs = tenants
    before = stored(db, theirs.firm)
    wrong: dict[str, tuple[Any, ...]] = {}
    for name in OUTSIDE:
        person = mine.people[name]
        answer = ask(way, theirs.ids, person)
        unknown = ask(way, nonsense(theirs.ids), person)
        if answer.status_code != 404 or answer.text != unknown.text:
            wrong[name] = (answer.status_code, answer.text, unknown.text)
    for name in ("removed", "suspended"):
        answer = ask(way, theirs.ids, theirs.people[name])
        if answer.status_code != 404:
            wrong[f"their {name}"] = (answer.status_code, answer.text)
    assert not wrong
    assert stored(db, theirs.firm) == before


def of_several_ids() -> list[Way]:
    return [way for way in ways() if len(used(way)) > 1]


def used(way: Way) -> set[str]:
    chosen = {"companyId"} if way.choice else set()
    return named(way.operation) | filters(way.operation) | chosen


@pytest.mark.parametrize("way", of_several_ids(), ids=str)
def test_ids_of_two_companies_do_not_mix(
    tenants: tuple[Tenant, Tenant], db: Database, way: Way
) -> None:
    """One id at a time is the other company's, and the rest the caller's own."""
    mine, theirs = tenants
    before = stored(db, mine.firm), stored(db, theirs.firm)
    for name in sorted(used(way)):
        swapped = {**mine.ids, name: theirs.ids[name]}
        unknown = {**mine.ids, name: nonsense(theirs.ids)[name]}
        answer = ask(way, swapped, mine.firm.owner, [name])
        refused = (200,) if name in filters(way.operation) else (404, 409)
        assert answer.status_code in refused, (name, answer.text)
        assert answer.text == ask(way, unknown, mine.firm.owner, [name]).text, name
    assert (stored(db, mine.firm), stored(db, theirs.firm)) == before


def for_managers() -> list[Way]:
    return [way for way in ways() if way.operation.route.auth is Auth.COMPANY]


@pytest.mark.parametrize("way", for_managers(), ids=str)
def test_a_member_without_the_right_is_told_so(
    tenants: tuple[Tenant, Tenant], db: Database, way: Way
) -> None:
    mine, _ = tenants
    before = stored(db, mine.firm)
    answer = ask(way, mine.ids, mine.people["member"])
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "forbidden")
    assert stored(db, mine.firm) == before


def test_lists_do_not_mix(tenants: tuple[Tenant, Tenant]) -> None:
    mine, theirs = tenants
    for way in ways():
        if way.operation.method == "GET" and not way.operation.names - {"companyId"}:
            answer = ask(way, mine.ids, mine.firm.owner)
            assert answer.status_code == 200
            foreign = {*theirs.ids.values(), *(each.uid for each in theirs.people.values())}
            assert not [value for value in foreign if value in answer.text], str(way)

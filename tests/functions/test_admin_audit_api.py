"""The audit log over HTTP, and the entries that reading personal data makes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.contract import contract, is_planned
from tests.support.admins import Admin, a_user, new_admin
from tests.support.companies import Person, a_firm
from tests.support.factories import HeldQueue, code, signed_in
from tests.support.plans import Shop
from tests.support.wiring import app_for, rewired, services
from troupe.activities.service import activity_write
from troupe.adapters.firestore import Committed, Create, Database, Write, now
from troupe.calls.invitation_records import CallInvitation
from troupe.calls.records import Call
from troupe.debugging.records import DebugLine
from troupe.errors import Unavailable
from troupe.reports.records import SubjectKind

# Operations that show administrators what belongs to people.
READS: dict[str, Callable[[Admin, str], Any]] = {
    "adminListUsers": lambda admin, uid: admin.ask("GET", "/users?limit=100"),
    "searchUsers": lambda admin, uid: admin.ask("GET", f"/search-users?search={uid}"),
    "adminGetUser": lambda admin, uid: admin.ask("GET", f"/users/{uid}"),
    "listRecentActivity": lambda admin, uid: admin.ask("GET", "/recent-activity?limit=100"),
    "listContacts": lambda admin, uid: admin.ask("GET", "/contacts?limit=100"),
    "adminJobs": lambda admin, uid: admin.ask("GET", f"/jobs?userId={uid}"),
    "adminReports": lambda admin, uid: admin.ask("GET", "/reports?limit=100"),
    "debugLogs": lambda admin, uid: admin.ask("GET", f"/debug-logs?scope=user:{uid}"),
    "usage": lambda admin, uid: admin.ask("GET", f"/usage?userId={uid}"),
    "adminAudit": lambda admin, uid: admin.ask("GET", f"/audit?target=users/{uid}"),
    "getUserSubscription": lambda admin, uid: plans(admin, f"/api/subscriptions/user/{uid}"),
    "getSubscription": lambda admin, uid: plans(admin, f"/api/subscriptions/{uid}"),
    "getTokenUsage": lambda admin, uid: plans(admin, f"/api/tokens/usage/{uid}"),
    "userRooms": lambda admin, uid: (
        app_for("rooms").test_client().get(f"/api/user-chatrooms/{uid}", headers=admin.headers)
    ),
    "userActivity": lambda admin, uid: company(admin, uid, "/api/users/{uid}/activity"),
    "userInvitations": lambda admin, uid: company(admin, uid, "/api/users/{uid}/invitations"),
    "members": lambda admin, uid: company(admin, uid, "/api/companies/{id}/members"),
    "invitations": lambda admin, uid: company(admin, uid, "/api/companies/{id}/invitations"),
    "listCompanyUsers": lambda admin, uid: company(admin, uid, "/api/users?companyId={id}"),
    "getCompanyUser": lambda admin, uid: company(admin, uid, "/api/users/{uid}?companyId={id}"),
    "search": lambda admin, uid: company(admin, uid, "/api/search?q=very&companyId={id}"),
    "dashboards": lambda admin, uid: company(admin, uid, "/api/dashboard/calls/{id}"),
    "analytics": lambda admin, uid: company(admin, uid, "/api/analytics?companyId={id}"),
    "getCall": lambda admin, uid: call(admin, uid, ""),
    "callInvitations": lambda admin, uid: call(admin, uid, "/invitations"),
}
# All others that administrators may call, and why they make no entry.
OTHERS = {
    "adminVerify": "the administrator",
    "adminListPlans": "plans",
    "getPlan": "plans",
    "getAdminStats": "counts",
    "statsSeries": "counts",
    "metrics": "counts",
    "adminListFaq": "published",
    "getFaq": "published",
    "getCompany": "a company",
    "companyFeatures": "a company",
    "getCompanyLedger": "ids and amounts",
    "getCompanyExport": "the state of a job",
    "downloadCompanyExport": "recorded: see test_company_exports_api.py",
    "getCompanyUsage": "ids and amounts",
    "adminRevenue": "sums",
    "listLicenses": "licenses",
    "getLicense": "licenses",
    "recordings": "refused",
    "recordingFile": "refused",
}


# Recorded as what was read of the company.
OF_A_COMPANY = {"search", "dashboards", "analytics"}


def plans(admin: Admin, path: str) -> Any:
    return app_for("plans").test_client().get(path, headers=admin.headers)


def company(admin: Admin, uid: str, path: str) -> Any:
    """Of the user's company."""
    (company_id,) = admin.db.get(f"users/{uid}").data["companies"]
    asked = path.format(id=company_id, uid=uid)
    return app_for("companies").test_client().get(asked, headers=admin.headers)


def call(admin: Admin, uid: str, path: str) -> Any:
    """Of the call that the user hosts, whose id is the user's."""
    asked = f"/api/videocalls/{uid}{path}"
    return app_for("calls").test_client().get(asked, headers=admin.headers)


def entries(db: Database, **fields: str) -> list[dict[str, Any]]:
    where = [(name, "==", value) for name, value in fields.items()]
    return [document.data for document in db.find("audit", where=where, limit=100)]


@pytest.fixture
def whose(db: Database, queue: HeldQueue) -> str:
    """A user with something of everything, whose name and address must not get into the log."""
    uid = a_user(db, name="Very Private")
    services().exports.start(uid)
    firm = a_firm(db, owner=Person(db, uid, {}))
    services().invitations.invite(firm.owner.caller, firm.id, "secret@example.com")
    services().reports.add(a_user(db), SubjectKind.USER, uid, "A secret reason.")
    services().subscriptions.create(uid, Shop(db).plan(tokens=0).id)
    called = Call(
        id=uid,
        company_id=firm.id,
        host_uid=uid,
        creator_uid=uid,
        number=1,
        code=uid[:10],
        title="Very Private",
        room_id=uid,
        created_at=now(),
        updated_at=now(),
    )
    invited = CallInvitation(
        id=uid,
        call_id=uid,
        company_id=firm.id,
        invited_by=uid,
        channel="email",
        name="Very Private",
        email="secret@example.com",
        created_at=now(),
    )
    text = "Voice generation started"
    line = DebugLine(
        id=uid,
        at=now(),
        level="info",
        event="request",
        function="rooms",
        uid=uid,
        scopes=[f"user:{uid}"],
        expires_at=now(),
    )
    db.commit(
        activity_write(uid, "voice_generation_started", text, generationId="x"),
        Create(f"debugLogs/{uid}", line.stored()),
        Create(f"calls/{uid}", called.stored()),
        Create(f"callInvitations/{uid}", invited.stored()),
    )
    return uid


def test_every_operation_that_reads_for_administrators_is_known() -> None:
    reading = {
        line["op"]
        for line in contract()
        if line["auth"] in ("admin", "self", "company")
        and line["http"].startswith("GET ")
        and not is_planned(line)
    }
    assert reading == set(READS) | set(OTHERS)


class Unwritable(Database):
    """Its audit log cannot be written."""

    def commit(self, *writes: Write) -> Committed:
        if any(isinstance(w, Create) and w.path.startswith("audit/") for w in writes):
            raise Unavailable(retry_after=1)
        return super().commit(*writes)


@pytest.mark.parametrize("operation", READS)
def test_reading_is_recorded_with_the_ids_alone_or_refused(
    db: Database, admin: Admin, whose: str, operation: str
) -> None:
    contact = services().contacts.add(
        name="Very Private", email=f"{whose}@example.com", subject="Hi", message="A secret."
    )
    with rewired(database=Unwritable(db._client)):
        refused = READS[operation](admin, whose)
    assert code(refused) == (503, "unavailable")
    assert whose not in refused.text

    answer = READS[operation](admin, whose)
    assert answer.status_code == 200, answer.text
    (entry,) = entries(db, uid=admin.uid)
    assert (entry["operation"], entry["email"]) == (operation, admin.email)
    about = f"contacts/{contact.id}" if operation == "listContacts" else f"users/{whose}"
    about = f"calls/{whose}" if operation == "callInvitations" else about
    if operation in OF_A_COMPANY:
        (about,) = (f"companies/{each}" for each in db.get(f"users/{whose}").data["companies"])
    assert about in entry["about"] or operation == "invitations"
    assert (entry["before"], entry["after"]) == ({}, {})
    assert entry["requestId"]
    told = json.dumps({**entry, "email": ""}, default=str)
    assert "Very Private" not in told and "@example.com" not in told and "secret" not in told


def test_reading_ones_own_data_makes_none(db: Database) -> None:
    uid, headers = signed_in(db)
    client = app_for("plans").test_client()
    for path in (f"/api/subscriptions/user/{uid}", f"/api/tokens/usage/{uid}"):
        assert client.get(path, headers=headers).status_code == 200
    assert entries(db, uid=uid) == []


def test_an_empty_list_makes_none(db: Database, admin: Admin) -> None:
    admin.data("GET", "/search-users?search=nobody-has-this-name")
    assert entries(db, uid=admin.uid) == []


class TestAudit:
    def test_changes_and_reading_are_listed_newest_first(
        self, db: Database, admin: Admin, whose: str
    ) -> None:
        admin.data("PUT", f"/users/{whose}", json={"tokens": 50})
        admin.data("GET", f"/users/{whose}")
        admin.data("GET", f"/search-users?search={whose}")
        (*_, read, change) = listed = admin.data("GET", f"/audit?target=users/{whose}")["entries"]
        assert [entry["operation"] for entry in listed] == [
            "adminAudit",
            "searchUsers",
            "adminGetUser",
            "adminUpdateUser",
        ]
        assert (change["before"], change["after"]) == ({"tokens": 20}, {"tokens": 50})
        assert change["actorId"] == admin.uid and change["actorEmail"] == admin.email
        assert (read["target"], read["about"]) == (f"users/{whose}", [f"users/{whose}"])

    def test_entries_are_selected_by_administrator(
        self, db: Database, admin: Admin, whose: str
    ) -> None:
        other = new_admin(db)
        for each in (admin, other):
            each.data("GET", f"/users/{whose}")
        for path, operations in (
            (f"/audit?actor={other.uid}", {"adminGetUser"}),
            (f"/audit?actor={other.uid}&target=users/{whose}", {"adminGetUser"}),
        ):
            found = admin.data("GET", path)["entries"]
            assert {entry["operation"] for entry in found} == operations
            assert {entry["actorId"] for entry in found} == {other.uid}

    def test_it_is_paged(self, db: Database, admin: Admin) -> None:
        uids = [a_user(db) for _ in range(3)]
        for uid in uids:
            admin.data("GET", f"/users/{uid}")
        first = admin.ask("GET", f"/audit?actor={admin.uid}&limit=2").json
        assert first["meta"]["total"] == 4  # with the entry of this request
        cursor = first["meta"]["nextCursor"]
        second = admin.ask("GET", f"/audit?actor={admin.uid}&limit=2&cursor={cursor}").json
        targets = [entry["target"] for entry in second["data"]["entries"]]
        assert targets == [f"users/{uid}" for uid in reversed(uids[:2])]

    @pytest.mark.parametrize(
        "query", ["target=users", "target=../x", "target=users/a/b", "actor=a/b"]
    )
    def test_only_paths_and_ids_are_accepted(self, admin: Admin, query: str) -> None:
        assert admin.ask("GET", f"/audit?{query}").status_code == 422

    def test_an_entry_of_the_first_version_is_shown(self, db: Database, admin: Admin) -> None:
        old = {
            "uid": admin.uid,
            "email": None,
            "operation": "createPlan",
            "target": "plans/old",
            "before": {},
            "after": {"name": "Old"},
            "at": db.get(f"users/{admin.uid}").data["createdAt"],
            "requestId": None,
        }
        db.commit(Create(f"audit/old-{admin.uid}", old))
        found = admin.data("GET", f"/audit?actor={admin.uid}")["entries"]
        assert found[-1]["operation"] == "createPlan"
        assert (found[-1]["about"], found[-1]["actorEmail"]) == ([], "")

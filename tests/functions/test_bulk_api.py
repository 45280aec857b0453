"""Bulk operations: the single operations, item by item."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest

from tests.support.companies import Firm, Person, a_firm, a_person, client
from tests.support.deliveries import Killed, Saboteur
from tests.support.factories import HeldQueue, code, test_settings
from tests.support.jobs import given_to
from tests.support.wiring import deliver, rewired, services
from troupe.accounts.passwords import Passwords
from troupe.adapters.firestore import Create, Database, Stale, Update, now
from troupe.commands.company_audit import audit_company
from troupe.companies.licenses import Licenses
from troupe.companies.members import Members
from troupe.companies.records import License, LicenseStatus, Member, MemberStatus
from troupe.companies.writes import (
    company_path,
    invitation_id_of,
    invitations_path,
    license_id_of,
    license_path,
)
from troupe.jobs.records import JobStatus
from troupe.wallet.budgets import member_path

BULK = "/api/users/bulk"
LICENSES = "/api/licenses/bulk"


@pytest.fixture
def firm(db: Database, queue: HeldQueue) -> Firm:
    return a_firm(db)


@pytest.fixture
def introduced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that would get accounts, which takes 1.5 s each."""
    found: list[str] = []
    monkeypatch.setattr(Passwords, "introduce", lambda self, email, name: found.append(email))
    return found


def bulk(person: Person, path: str = BULK, key: str | None = None, **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    function = "admin" if path.startswith("/api/admin") else "companies"
    return client(function).post(path, json=body, headers=person.headers | headers)


def codes(answer: Any) -> dict[str, str | None]:
    assert answer.status_code in (200, 202), answer.text
    results = answer.json["data"]["results"]
    assert all(each["ok"] == (each["code"] == "") for each in results)
    return {each["id"]: each["code"] or None for each in results}


def state(firm: Firm) -> list[Any]:
    """Everything of a company, as it is stored."""
    found = [(company_path(firm.id), firm.db.get(company_path(firm.id)).data)]
    for kind in ("members", "licences", "invitations"):
        path = f"{company_path(firm.id)}/{kind}"
        found += [(each.path, each.data) for each in firm.db.find(path, limit=1000)]
    return found


def crowd(firm: Firm, count: int, suspended: int = 0) -> list[str]:
    """Adds members without accounts, in one commit. `suspended`: how many of them are already."""
    at, uids = now(), [secrets.token_hex(10) for _ in range(count)]
    members = [
        Member(
            id=uid,
            company_id=firm.id,
            role="member",
            status="suspended" if number >= count - suspended else "active",
            joined_at=at,
            updated_at=at,
        )
        for number, uid in enumerate(uids)
    ]
    firm.db.commit(
        *(Create(member_path(firm.id, each.id), each.stored()) for each in members),
        Update(company_path(firm.id), {"memberCount": firm.record.member_count + count}),
    )
    return uids


@pytest.mark.slow
def test_500_items_of_which_7_are_wrong_with_a_worker_that_is_killed(
    firm: Firm, queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    uids = crowd(firm, 493, suspended=393)
    wrong = [*(secrets.token_hex(10) for _ in range(6)), firm.owner.uid]
    ids = list(uids)
    for number, each in enumerate(wrong):
        ids.insert(70 * number + 3, each)
    assert len(ids) == 500
    started = bulk(firm.owner, userIds=ids, action="suspend")
    assert started.status_code == 202
    assert started.json["data"]["results"] == []
    path = started.headers["Location"]
    update, killed = Members.update, list[str]()

    def killing(self: Any, *args: Any, **given: Any) -> Any:
        made = update(self, *args, **given)
        if not killed and args[2] == uids[60]:
            killed.append(args[2])
            raise Killed
        return made

    monkeypatch.setattr(Members, "update", killing)
    delivered: list[dict[str, Any]] = []
    while tasks := queue.take():
        assert len(tasks) == 1  # one part after the other
        delivered += tasks
        for task in tasks:
            run = (task["jobId"], task.get("part"), task.get("uid"))
            try:
                services().runner.run(*run)
            except Killed:
                seen = firm.owner.data("GET", path)
                assert len(seen["results"]) in (50, 75)  # of the parts before
                services().runner.run(*run)
    assert killed
    answer = firm.owner.ask("GET", path)
    refused = {name: why for name, why in codes(answer).items() if why}
    assert list(codes(answer)) == ids
    assert refused == {firm.owner.uid: "last_owner"} | dict.fromkeys(wrong[:6], "user_not_found")
    assert answer.json["data"]["job"]["status"] == "completed"
    members = firm.db.find(f"companies/{firm.id}/members", limit=999)
    statuses = [each.data["status"] for each in members]
    assert statuses.count("suspended") == 493
    assert given_to(firm.db, path.rpartition("/")[2]) == {}
    before = state(firm)
    for task in delivered:  # each a second time
        services().runner.run(task["jobId"], task.get("part"), task.get("uid"))
    deliver(queue)
    assert state(firm) == before
    assert codes(firm.owner.ask("GET", path)) == codes(answer)


def test_few_items_are_done_at_once_and_a_repeat_with_the_key_does_nothing(
    firm: Firm, queue: HeldQueue
) -> None:
    gone, other = firm.join(), a_person(firm.db)
    body: dict[str, Any] = {"userIds": [gone.uid, other.uid, firm.owner.uid], "action": "remove"}
    key = secrets.token_hex(8)
    first = bulk(firm.owner, key=key, **body)
    assert first.status_code == 200
    assert codes(first) == {
        gone.uid: None,
        other.uid: "user_not_found",
        firm.owner.uid: "last_owner",
    }
    assert firm.member(gone) is None
    again = bulk(firm.owner, key=key, **body)
    assert again.json["data"] == first.json["data"]
    assert code(bulk(firm.owner, key=key, **body | {"action": "suspend"})) == (
        409,
        "idempotency_key_reused",
    )
    assert queue.take() == []


def test_a_removal_that_is_delivered_twice_is_a_success(
    firm: Firm, queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request dies after the removal, before the result is recorded; a task repeats it."""
    gone = firm.join()
    killer = Saboteur(1, after=True)
    killer.around(services().bulk_worker, "run_part")
    with pytest.raises(Killed):
        bulk(firm.owner, userIds=[gone.uid, "nobody"], action="remove")
    assert firm.member(gone) is None
    del services().bulk_worker.run_part
    (job,) = firm.db.find("jobs", where=[("uid", "==", firm.owner.uid)], limit=2)
    firm.db.commit(Update(job.path, {"leaseUntil": None}))
    services().runner.run(job.id, uid=firm.owner.uid)
    answer = firm.owner.ask("GET", f"/api/bulk/{job.id}")
    assert codes(answer) == {gone.uid: None, "nobody": "user_not_found"}


@pytest.mark.parametrize(
    "body",
    [
        {"action": "suspend"},
        {"action": "remove"},
        {"action": "setRole", "params": {"role": "admin"}},
        {"action": "assignLicense"},
    ],
    ids=lambda body: body["action"],
)
def test_a_dry_run_says_what_would_happen_and_changes_nothing(
    firm: Firm, body: dict[str, Any]
) -> None:
    grace = firm.join()
    firm.licenses(1)
    before = state(firm)
    asked = body | {"userIds": [grace.uid, "nobody"]}
    dry = codes(bulk(firm.owner, dryRun=True, **asked))
    assert state(firm) == before
    assert dry == {grace.uid: None, "nobody": "user_not_found"}
    assert codes(bulk(firm.owner, **asked)) == dry
    assert state(firm) != before


@pytest.mark.parametrize("count", [10, 60])
def test_a_dry_run_of_more_users_than_licenses_says_so_for_the_last(
    firm: Firm, queue: HeldQueue, count: int
) -> None:
    """60 are a job."""
    uids, free = crowd(firm, count), count // 2
    firm.licenses(free)
    before = state(firm)

    def results(**more: Any) -> dict[str, str | None]:
        answer = bulk(firm.owner, userIds=uids, action="assignLicense", **more)
        if answer.status_code == 202:
            deliver(queue)
            answer = firm.owner.ask("GET", answer.headers["Location"])
        assert answer.json["data"]["job"]["status"] == "completed"
        return codes(answer)

    dry = results(dryRun=True)
    assert list(dry.values()) == [None] * free + ["no_free_license"] * (count - free)
    assert state(firm) == before
    assert results() == dry


@pytest.mark.parametrize("fails", ["assign", "read"])
def test_a_license_that_an_item_failed_to_get_is_for_the_next(
    firm: Firm, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    grace, alan = firm.join(), firm.join()
    (license_id,) = firm.licenses(1)
    broken, name = {"assign": (Licenses, "assign"), "read": (Database, "walk")}[fails]
    real, calls = getattr(broken, name), list[object]()

    def once(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise Stale
        return real(*args, **kwargs)

    monkeypatch.setattr(broken, name, once)
    asked: dict[str, Any] = {"userIds": [grace.uid, alan.uid], "action": "assignLicense"}
    assert codes(bulk(firm.owner, **asked)) == {grace.uid: Stale.code, alan.uid: None}
    assert firm.db.get(license_path(license_id)).data["userId"] == alan.uid


def test_a_dry_run_sees_what_the_items_before_would_have_done(firm: Firm) -> None:
    grace, alan = firm.join(), firm.join()
    ids = firm.licenses(3)
    before = state(firm)
    asked: dict[str, Any] = {
        "action": "assign",
        "params": {"userIds": [grace.uid, grace.uid, alan.uid]},
    }
    dry = codes(bulk(firm.owner, LICENSES, licenseIds=ids, dryRun=True, **asked))
    assert dry == dict(zip(ids, [None, "has_license", None], strict=True))
    assert state(firm) == before
    assert codes(bulk(firm.owner, LICENSES, licenseIds=ids, **asked)) == dry


def test_licenses_that_cannot_be_assigned_do_not_hide_those_that_can(firm: Firm) -> None:
    later = now() + timedelta(days=1)
    for license_id in firm.licenses(30):
        firm.db.commit(Update(license_path(license_id), {"validFrom": later}))
    grace = firm.join()
    asked: dict[str, Any] = {"userIds": [grace.uid], "action": "assignLicense"}
    assert codes(bulk(firm.owner, **asked)) == {grace.uid: "no_free_license"}
    invited = {"email": "alan@fjord.example", "withSeat": True}
    path = f"{firm.path}/invitations"
    assert code(firm.owner.ask("POST", path, json=invited)) == (409, "no_free_license")
    # As the last of them all: ids are random, and read in their order.
    last = license_id_of(firm.id, "last", 0)[:22] + "f" * 12
    for each in (last, f"{last[:-1]}e"):
        at = now()
        license = License(
            id=each,
            company_id=firm.id,
            type="standard",
            valid_from=at,
            created_at=at,
            updated_at=at,
        )
        firm.db.commit(Create(license_path(each), license.stored()))
    firm.db.commit(Update(company_path(firm.id), {"seats.total": 32}))
    assert codes(bulk(firm.owner, **asked)) == {grace.uid: None}
    held = firm.owner.data("POST", path, json=invited)["invitation"]
    assert held["status"] == "pending"
    assert firm.record.seats.held == firm.record.seats.assigned == 1
    assert audit_company(firm.db, firm.id) == []


def test_people_are_invited_by_rows(firm: Firm, introduced: list[str]) -> None:
    grace = a_person(firm.db)
    rows = [
        {"email": grace.email.upper(), "name": "Grace", "phone": "+4712345678"},
        {"email": "not an address"},
        {"email": firm.owner.email},
        {"email": "ada@fjord.example", "role": "admin"},
    ]
    names = [grace.email, "not an address", firm.owner.email, "ada@fjord.example"]
    wanted = dict(zip(names, [None, "invalid_email", "already_member", None], strict=True))
    dry = bulk(firm.owner, action="invite", params={"rows": rows}, dryRun=True)
    assert codes(dry) == wanted
    assert (introduced, firm.db.find(invitations_path(firm.id), limit=9)) == ([], [])
    key = secrets.token_hex(8)
    answer = bulk(firm.owner, key=key, action="invite", params={"rows": rows})
    assert codes(answer) == wanted
    assert sorted(introduced) == sorted([grace.email, "ada@fjord.example"])
    again = bulk(firm.owner, key=key, action="invite", params={"rows": rows})
    assert again.json["data"]["results"] == answer.json["data"]["results"]  # with the links
    token = answer.json["data"]["results"][0]["link"].partition("#")[2]
    grace.data("POST", "/api/invitations/accept", json={"token": token})
    member = firm.member(grace)
    assert member is not None
    assert (member.name, member.phone) == ("Grace", "+4712345678")
    stored = str(firm.db.find("jobs", where=[("uid", "==", firm.owner.uid)], limit=9))
    assert token not in stored and grace.email not in stored


def test_an_invitation_that_is_delivered_twice_keeps_its_link(
    firm: Firm, introduced: list[str]
) -> None:
    killer = Saboteur(1, after=True)
    killer.around(services().bulk_worker, "run_part")
    with pytest.raises(Killed):
        bulk(firm.owner, action="invite", params={"rows": [{"email": "grace@x.example"}]})
    del services().bulk_worker.run_part
    path = f"{invitations_path(firm.id)}/{invitation_id_of('grace@x.example')}"
    before = firm.db.get(path)
    (job,) = firm.db.find("jobs", where=[("uid", "==", firm.owner.uid)], limit=2)
    firm.db.commit(Update(job.path, {"leaseUntil": None}))
    services().runner.run(job.id, uid=firm.owner.uid)
    assert firm.db.get(path).update_time == before.update_time
    (result,) = firm.owner.data("GET", f"/api/bulk/{job.id}")["results"]
    token = {"token": result["link"].partition("#")[2]}
    assert client().post("/api/invitations/look", json=token).status_code == 200


def test_a_filter_instead_of_ids(firm: Firm) -> None:
    members = [firm.join() for _ in range(2)]
    firm.join("admin")
    answer = bulk(firm.owner, filter={"role": "member"}, action="suspend")
    assert codes(answer) == {each.uid: None for each in members}
    assert code(bulk(firm.owner, filter={"search": "nobody"}, action="suspend")) == (
        422,
        "nothing_found",
    )


def test_free_licenses_are_given_to_users_and_licenses_to_whom_they_are_for(
    firm: Firm,
) -> None:
    people = [firm.join() for _ in range(3)]
    ids, licenses = [each.uid for each in people], firm.licenses(2)
    first = codes(bulk(firm.owner, userIds=ids, action="assignLicense"))
    assert list(first.values()) == [None, None, "no_free_license"]
    assert codes(bulk(firm.owner, userIds=ids, action="assignLicense")) == first
    premium: dict[str, Any] = {"params": {"licenseType": "premium"}, "userIds": ids}
    typed = codes(bulk(firm.owner, **premium, action="assignLicense"))
    assert list(typed.values()) == ["has_license", "has_license", "no_free_license"]
    both: dict[str, Any] = {"licenseIds": licenses}
    path = "/api/licenses/bulk"
    assert codes(bulk(firm.owner, path, **both, action="unassign")) == dict.fromkeys(licenses)
    pairs = {"userIds": [ids[0], ids[0]]}
    assert codes(bulk(firm.owner, path, **both, action="assign", params=pairs)) == {
        licenses[0]: None,
        licenses[1]: "has_license",
    }
    assert firm.license(licenses[0]).user_id == ids[0]
    assert audit_company(firm.db, firm.id) == []


def test_administrators_suspend_and_renew_licenses(firm: Firm) -> None:
    admin, (license_id,) = a_person(firm.db, role="admin"), firm.licenses(1)
    foreign = a_firm(firm.db).licenses(1)[0]
    body: dict[str, Any] = {
        "licenseIds": [license_id, foreign],
        "companyId": firm.id,
        "action": "suspend",
    }
    path = "/api/licenses/bulk"
    wanted = {license_id: "use_portal", foreign: "license_not_found"}
    assert codes(bulk(firm.owner, path, **body)) == wanted
    assert codes(bulk(admin, path, **body)) == wanted | {license_id: None}
    assert firm.license(license_id).status is LicenseStatus.SUSPENDED
    until = now() + timedelta(days=30)
    renewal = body | {"action": "renew", "params": {"expiresAt": until.isoformat()}}
    assert codes(bulk(admin, path, **renewal)) == wanted | {license_id: None}
    renewed = firm.license(license_id)
    assert (renewed.status, renewed.expires_at) == (LicenseStatus.ACTIVE, until)


def test_rights_are_those_at_the_time_of_the_work(firm: Firm, queue: HeldQueue) -> None:
    boss, uids = firm.join("admin"), crowd(firm, 51)
    path = bulk(boss, userIds=uids, action="suspend").headers["Location"]
    firm.owner.data("PUT", f"/api/users/{boss.uid}", json={"role": "member"})
    deliver(queue)
    assert set(codes(boss.ask("GET", path)).values()) == {"forbidden"}
    member = Member.of(firm.db.get(member_path(firm.id, uids[0])))
    assert member.status is MemberStatus.ACTIVE


def test_items_of_another_company_are_unknown_and_results_are_their_makers(firm: Firm) -> None:
    other = a_firm(firm.db)
    theirs, member = other.join(), firm.join()
    before = state(other)
    answer = bulk(firm.owner, userIds=[theirs.uid], action="remove")
    assert codes(answer) == {theirs.uid: "user_not_found"}
    assert state(other) == before
    for person in (member, firm.join("admin"), other.owner):
        found = person.ask("GET", answer.headers["Location"])
        assert code(found) == (404, "bulk_not_found")


def test_with_no_room_for_another_job_it_waits(firm: Firm, queue: HeldQueue) -> None:
    uids = crowd(firm, 51)
    with rewired(queue=queue, settings=test_settings(JOB_SHARES="guest=1x1, none=1x1, paid=1x1")):
        bulk(firm.owner, userIds=uids, action="suspend")
        waiting = bulk(firm.owner, userIds=uids[:1], action="activate")
        assert waiting.status_code == 202
        assert waiting.json["data"]["job"]["waiting"]


@pytest.mark.parametrize(
    "body",
    [
        {"action": "suspend"},
        {"action": "suspend", "userIds": ["a"], "filter": {}},
        {"action": "suspend", "userIds": [str(number) for number in range(501)]},
        {"action": "invite", "userIds": ["a"]},
        {"action": "setRole", "userIds": ["a"]},
        {"action": "setRole", "userIds": ["a"], "params": {"role": "owner"}},
        {"action": "delete", "userIds": ["a"]},
    ],
)
def test_an_incomplete_request_is_refused(firm: Firm, body: dict[str, Any]) -> None:
    assert bulk(firm.owner, **body).status_code == 422


def test_administrators_suspend_reactivate_and_delete_accounts(firm: Firm) -> None:
    admin, ada, grace = (a_person(firm.db, role=role) for role in ("admin", "user", "user"))
    path, ids = "/api/admin/users/bulk", [ada.uid, grace.uid, admin.uid, firm.owner.uid, "nobody"]
    only: dict[str, Any] = {"userIds": ids[:2]}
    refused = {admin.uid: "own_account", "nobody": "user_not_found"}
    answer = bulk(admin, path, userIds=ids, action="suspend")
    assert codes(answer) == {**dict.fromkeys(ids), **refused}
    assert ada.user.suspended and not admin.user.suspended
    assert ada.ask("GET", "/api/companies").status_code in (401, 403)
    assert codes(bulk(admin, path, **only, action="activate")) == dict.fromkeys(ids[:2])
    assert not ada.user.suspended
    answer = bulk(admin, path, userIds=[ada.uid, firm.owner.uid], action="delete")
    assert codes(answer) == {ada.uid: None, firm.owner.uid: "owns_company"}
    assert firm.db.get(f"users/{ada.uid}").data.get("deletedAt")
    assert bulk(grace, path, **only, action="suspend").status_code in (401, 403)
    job = services().bulk.get(admin.uid, answer.json["data"]["job"]["jobId"]).job
    assert job.status is JobStatus.COMPLETED

"""Exports of companies: what is in the file, who gets it, and when it is gone."""

from __future__ import annotations

import csv
import io
import json
import secrets
from datetime import timedelta
from typing import Any

import pytest

from tests.support.companies import Firm, Person, a_firm, a_person, client
from tests.support.factories import HeldQueue, code
from tests.support.wiring import deliver, services
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.calls.records import Call, CallReview, CallStatus, Invitee, Outcome
from troupe.calls.writes import call_path
from troupe.comments.records import Comment, CommentedKind, comment_path
from troupe.companies.records import Member
from troupe.companies.writes import company_path
from troupe.company_exports.writes import export_path, files_prefix
from troupe.payments.records import Payment, PaymentKind, payment_path
from troupe.reviews.records import Aspects, Response, Review, ReviewedKind
from troupe.reviews.writes import review_path
from troupe.wallet.budgets import Budget, Spent, budgets_path, member_path
from troupe.wallet.records import OwnerKind


@pytest.fixture
def firm(db: Database, queue: HeldQueue) -> Firm:
    return a_firm(db, name="Fjord & Sønn")


def start(person: Person, firm: Firm, **body: Any) -> Any:
    return person.ask("POST", f"{firm.path}/exports", json=body)


def exported(firm: Firm, queue: HeldQueue, **body: Any) -> dict[str, Any]:
    answer = start(firm.owner, firm, **body)
    assert answer.status_code == 202, answer.text
    deliver(queue)
    data: dict[str, Any] = firm.owner.data("GET", answer.headers["Location"])
    assert data["job"]["status"] == data["export"]["status"] == "completed"
    export: dict[str, Any] = data["export"]
    return export


def table(export: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of a CSV file, downloaded by its link."""
    answer = client().get(export["url"])
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert len(answer.data) == export["size"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode(), newline="")))
    assert len(rows) == export["rows"]
    return rows


def a_payment(firm: Firm, amount: int, days: int) -> str:
    at = now() - timedelta(days=days)
    made = Payment(
        id=f"in_{secrets.token_hex(8)}",
        owner_kind=OwnerKind.COMPANY,
        owner_id=firm.id,
        kind=next(iter(PaymentKind)),
        description='Plan "Plus", yearly',
        amount=amount,
        currency="nok",
        issued_at=at,
        created_at=at,
        updated_at=at,
    )
    firm.db.commit(Create(payment_path(made.id), made.stored()))
    return made.id


def test_a_csv_file_says_what_is_stored(firm: Firm, queue: HeldQueue) -> None:
    names = {
        firm.join(name="Ærlig, «Ola»\nNordmann").uid: "Ærlig, «Ola»\nNordmann",
        firm.join(name='=HYPERLINK("x")').uid: '\'=HYPERLINK("x")',
        firm.join(name="+47 1").uid: "'+47 1",
        firm.join(name="-1").uid: "'-1",
        firm.join(name="@SUM(A1)").uid: "'@SUM(A1)",
        firm.join(name="a=b").uid: "a=b",
    }
    rows = {row["id"]: row for row in table(exported(firm, queue, kind="users"))}
    assert rows.keys() == {*names, firm.owner.uid}
    for uid, name in names.items():
        document = firm.db.get(member_path(firm.id, uid))
        member = Member.of(document)
        assert rows[uid]["name"] == name
        assert rows[uid]["email"] == member.email
        assert rows[uid]["joinedAt"] == member.joined_at.isoformat().replace("+00:00", "Z")
        assert rows[uid]["licenseId"] == ""
    assert rows[firm.owner.uid]["role"] == "owner"


@pytest.mark.parametrize(("seconds", "told"), [(0, []), (90, ["Your export is ready"])])
def test_whoever_waited_long_is_told_where_it_is(
    firm: Firm, queue: HeldQueue, seconds: int, told: list[str]
) -> None:
    answer = start(firm.owner, firm, kind="users")
    begun = {"createdAt": now() - timedelta(seconds=seconds)}
    firm.db.commit(Update(f"jobs/{answer.json['data']['job']['jobId']}", begun))
    deliver(queue)
    found = firm.owner.data("GET", "/api/notifications")["notifications"]
    assert [each["title"] for each in found] == told
    for each in found:
        assert each["link"] == answer.headers["Location"]
        assert firm.owner.data("GET", each["link"])["export"]["status"] == "completed"


def test_a_json_file_says_the_same(firm: Firm, queue: HeldQueue) -> None:
    firm.join(name="=1+1")
    firm.licenses(2)
    for kind, count in (("users", 2), ("licenses", 2), ("usage", 0)):
        export = exported(firm, queue, kind=kind, format="json")
        answer = client().get(export["url"])
        assert answer.mimetype == "application/json"
        rows = json.loads(answer.data)
        assert len(rows) == export["rows"] == count
        if kind == "users":
            assert "=1+1" in {row["name"] for row in rows}
        if kind == "licenses":
            assert {row["autoRenew"] for row in rows} == {False}


def test_times_and_filters(firm: Firm, queue: HeldQueue) -> None:
    a_payment(a_firm(firm.db), 7, 3)
    old, new = a_payment(firm, -100, 40), a_payment(firm, 200, 3)
    found = table(exported(firm, queue, kind="payments"))
    assert {row["id"]: row["amount"] for row in found} == {old: "-100", new: "200"}  # numbers
    since = (now() - timedelta(days=10)).isoformat()
    assert [
        row["id"] for row in table(exported(firm, queue, kind="payments", **{"from": since}))
    ] == [new]
    assert [row["id"] for row in table(exported(firm, queue, kind="payments", to=since))] == [old]
    for month in ("2026-01", "2026-02", "2026-03"):
        budget = Budget(id=f"ada-{month}", uid="ada", month=month, tokens=Spent(used=5, held=1))
        firm.db.commit(Create(f"{budgets_path(firm.id)}/{budget.id}", budget.stored()))
    months = {"from": "2026-02-10T00:00:00Z", "to": "2026-02-20T00:00:00Z"}
    (row,) = table(exported(firm, queue, kind="usage", **months))
    assert (row["month"], row["userId"], row["tokens"], row["tokensHeld"]) == (
        *("2026-02", "ada"),
        *("5", "1"),
    )
    admins = table(exported(firm, queue, kind="users", filter={"role": "owner"}))
    assert [row["id"] for row in admins] == [firm.owner.uid]


def test_the_file_is_named_and_supports_ranges(firm: Firm, queue: HeldQueue) -> None:
    url = exported(firm, queue, kind="users")["url"]
    answer = client().get(url, headers={"Range": "bytes=0-6"})
    assert (answer.status_code, answer.data) == (206, b"id,name")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert "filename*=UTF-8''Fjord%20%26%20S%C3%B8nn%20users%20" in disposition
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_who_manages_the_company_gets_it_and_nobody_else(firm: Firm, queue: HeldQueue) -> None:
    export = exported(firm, queue, kind="users")
    path = f"{firm.path}/exports/{export['id']}"
    boss, admin = firm.join("admin"), a_person(firm.db, role="admin")
    for person in (boss, admin):
        assert person.ask("GET", f"{path}/file").status_code == 200
    target = export_path(export["id"])
    (entry,) = firm.db.find("audit", where=[("target", "==", target)], limit=9)
    assert entry.data["uid"] == admin.uid
    assert code(firm.join().ask("GET", f"{path}/file")) == (403, "forbidden")
    other = a_firm(firm.db)
    assert code(other.owner.ask("GET", f"{path}/file")) == (404, "company_not_found")
    elsewhere = f"{other.path}/exports/{export['id']}"
    assert code(other.owner.ask("GET", elsewhere)) == (404, "export_not_found")
    boss_link = boss.data("GET", path)["export"]["url"]
    firm.owner.data("DELETE", f"/api/users/{boss.uid}")
    assert client().get(boss_link).status_code == 404


def test_calls_are_exported_with_what_was_said_of_them(firm: Firm, queue: HeldQueue) -> None:
    other = a_firm(firm.db)
    call = Call(
        id=secrets.token_hex(16),
        company_id=firm.id,
        host_uid=firm.owner.uid,
        host_name="Ada",
        creator_uid=firm.owner.uid,
        number=17,
        code="X",
        title="=About the invoice",
        status=CallStatus.ENDED,
        room_id="x",
        invitees=[Invitee(id="1", name="Grace", phone="+4712345678")],
        guest_name="Grace",
        seconds=120,
        outcome=Outcome(note="Called back", billable=True),
        review=CallReview(rating=4, solved=True),
        created_at=now(),
        updated_at=now(),
    )
    ids = {"id": secrets.token_hex(16), "company_id": other.id}
    for made in (call, call.model_copy(update=ids)):
        firm.db.commit(Create(call_path(made.id), made.stored()))
    (row,) = table(exported(firm, queue, kind="calls", filter={"status": "ended"}))
    shown = ("id", "number", "title", "guestPhone", "solved", "note", "billable", "rating")
    assert [row[name] for name in shown] == [
        *(call.id, "17", "'=About the invoice", "'+4712345678"),
        *("true", "Called back", "true", "4"),
    ]
    assert table(exported(firm, queue, kind="calls", filter={"status": "missed"})) == []


def test_reviews_and_comments_are_exported(firm: Firm, queue: HeldQueue) -> None:
    about = {"subject_id": "x", "company_id": firm.id, "uid": "guest", "name": "Grace"}
    times = {"created_at": now(), "updated_at": now()}
    review = Review(
        id=secrets.token_hex(16),
        subject_kind=ReviewedKind.CALL,
        rating=5,
        ratings=Aspects(service=4, host=5),
        text="Solved, thanks",
        tags=["quick", "friendly"],
        host_uid=firm.owner.uid,
        response=Response(text="You are welcome", by=firm.owner.uid, at=now()),
        **about,
        **times,
    )
    comments = [
        Comment(
            id=secrets.token_hex(16),
            subject_kind=CommentedKind.CALL,
            text=text,
            internal=True,
            deleted_at=deleted_at,
            **about,
            **times,
        )
        for text, deleted_at in (("Called twice", None), ("", now()))
    ]
    firm.db.commit(
        Create(review_path(review.id), review.stored()),
        *(Create(comment_path(each.id), each.stored()) for each in comments),
    )
    (row,) = table(exported(firm, queue, kind="reviews", filter={"rating": "5"}))
    shown = ("serviceRating", "hostRating", "tags", "response", "userId")
    assert [row[name] for name in shown] == [
        "4",
        "5",
        "quick, friendly",
        "You are welcome",
        "guest",
    ]
    export = exported(firm, queue, kind="comments", format="json")
    (made,) = json.loads(client().get(export["url"]).data)
    assert (made["id"], made["internal"], made["tags"]) == (comments[0].id, True, [])
    outside = a_person(firm.db, role="admin")
    assert code(start(outside, firm, kind="comments")) == (403, "forbidden")
    file = f"{firm.path}/exports/{export['id']}/file"
    assert code(outside.ask("GET", file)) == (403, "forbidden")


def test_a_table_has_only_its_own_filters(firm: Firm, queue: HeldQueue) -> None:
    assert code(start(firm.owner, firm, kind="secrets")) == (422, "invalid_input")
    wrong = start(firm.owner, firm, kind="users", filter={"email": "a@b.no"})
    assert code(wrong) == (422, "not_offered")
    assert queue.take() == []


def test_rights_are_those_at_the_time_of_the_work(firm: Firm, queue: HeldQueue) -> None:
    boss = firm.join("admin")
    path = start(boss, firm, kind="users").headers["Location"]
    firm.owner.data("PUT", f"/api/users/{boss.uid}", json={"role": "member"})
    deliver(queue)
    data = firm.owner.data("GET", path)
    assert (data["export"]["status"], data["job"]["error"]["code"]) == ("failed", "forbidden")
    assert code(firm.owner.ask("GET", f"{path}/file")) == (409, "export_not_ready")
    assert services().files.list(files_prefix(firm.id)) == []


def test_a_repeat_with_the_key_starts_no_other(firm: Firm, queue: HeldQueue) -> None:
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    path = f"{firm.path}/exports"
    both = [
        firm.owner.data("POST", path, json={"kind": "users"}, headers=headers) for _ in range(2)
    ]
    assert both[0]["job"]["jobId"] == both[1]["job"]["jobId"]
    assert len(queue.take()) == 1


def test_a_worker_that_dies_leaves_one_file(
    firm: Firm, queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies when the file is stored, but not recorded."""
    path = start(firm.owner, firm, kind="users").headers["Location"]
    files, (task,) = services().files, queue.take()
    with monkeypatch.context() as patch:
        patch.setattr(files, "stat", _dying)
        with pytest.raises(KeyboardInterrupt):
            services().runner.run(task["jobId"], uid=task["uid"])
    firm.db.commit(Update(f"jobs/{task['jobId']}", {"leaseUntil": None}))
    for _ in range(2):
        services().runner.run(task["jobId"], uid=task["uid"])
    assert firm.owner.data("GET", path)["export"]["rows"] == 1
    assert len(files.list(files_prefix(firm.id))) == 1


def _dying(path: str) -> Any:
    raise KeyboardInterrupt


def test_it_expires_and_goes_with_the_company(firm: Firm, queue: HeldQueue) -> None:
    files, exports = services().files, services().company_exports
    first, second = (exported(firm, queue, kind="users")["id"] for _ in range(2))
    earlier = now() - timedelta(days=400)  # before those of other tests
    firm.db.commit(Update(export_path(first), {"dueAt": earlier}))
    assert exports.expire(1) == 1
    assert code(firm.owner.ask("GET", f"{firm.path}/exports/{first}")) == (404, "export_not_found")
    assert len(files.list(files_prefix(firm.id))) == 1
    running = start(firm.owner, firm, kind="users").json["data"]["job"]["jobId"]
    firm.owner.data("DELETE", firm.path)
    assert firm.db.get(export_path(second)).exists
    endings = services().company_endings
    while not endings._finish(firm.db.get(company_path(firm.id))):
        pass
    deliver(queue)
    assert not firm.db.get(export_path(second)).exists
    assert not firm.db.get(export_path(running)).exists
    assert firm.db.get(f"jobs/{running}").data["status"] == "cancelled"
    assert files.list(files_prefix(firm.id)) == []

"""What users and companies used, as an administrator sees it: recounted from the documents."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.admins import Admin
from tests.support.companies import Person, a_firm
from tests.support.factories import CountingDatabase, HeldQueue, QuickEngine, code
from tests.support.rooms import a_room
from tests.support.wiring import app_for, deliver, rewired
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.app.domains import job_specs
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Entry, EntryKind, Meter, Owner

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = tuple(job_specs())


class Spenders:
    """A company with two members, one of whom is also in another company, and random ledgers of a
    year, which have every kind of entry."""

    def __init__(self, db: Database) -> None:
        self.db = db
        firm, other = a_firm(db), a_firm(db)
        self.member, self.colleague = firm.join(), firm.join()
        self.company, self.other = firm.id, other.id
        choose = random.Random(1)
        writes = []
        for number in range(600):
            payer = choose.choice([self.company, self.other, self.member.uid, self.colleague.uid])
            of_company = payer in (self.company, self.other)
            entry = Entry(
                id=f"e{number}",
                kind=choose.choice(list(EntryKind)),
                meter=choose.choice(list(Meter)),
                used=0,
                reason=choose.choice(KINDS),
                by=choose.choice([self.member.uid, self.colleague.uid]) if of_company else None,
                at=FIRST + timedelta(minutes=choose.randrange(365 * 24 * 60)),
            )
            if entry.kind in (EntryKind.SETTLE, EntryKind.CONSUME):
                entry = entry.model_copy(update={"used": choose.randrange(50)})
            writes.append(Create(f"wallets/{payer}/ledger/{entry.id}", entry.stored()))
        for at in ("2026-02-01T00:00:00", "2026-01-31T23:59:59.999999"):  # the borders of a day
            entry = Entry(
                id=f"at{at[:10]}",
                kind=EntryKind.CONSUME,
                meter=Meter.TOKENS,
                used=7,
                reason="Something private",
                at=datetime.fromisoformat(at).replace(tzinfo=UTC),
            )
            path = f"wallets/{self.member.uid}/ledger/{entry.id}"
            writes.append(Create(path, entry.stored()))
        for reason in ("cancelled", "engine_failed"):  # jobs that ended without a result
            job = f"job-{reason}"
            common = {"meter": Meter.TOKENS, "job_id": job, "at": FIRST + timedelta(days=20)}
            held = Entry(id=f"{job}-hold", kind=EntryKind.HOLD, reason=KINDS[0], **common)
            ended = Entry(
                id=f"{job}-settle", kind=EntryKind.SETTLE, used=2, reason=reason, **common
            )
            path = f"wallets/{self.member.uid}/ledger"
            writes += [Create(f"{path}/{each.id}", each.stored()) for each in (held, ended)]
        db.commit(*writes)

    def recounted(self, first: str, last: str, length: int, **of: str) -> dict[str, Counter[Any]]:
        """From all documents: by period, the sums by payer, kind and meter."""
        found: dict[str, Counter[Any]] = {}
        uid, company = of.get("userId"), of.get("companyId")
        for payer in (self.company, self.other, self.member.uid, self.colleague.uid):
            for document in self.db.walk(f"wallets/{payer}/ledger"):
                data = document.data
                day = data["at"].astimezone(UTC).date().isoformat()
                mine = payer == company if company else payer == uid or data.get("by") == uid
                if company and uid:
                    mine = mine and data.get("by") == uid
                if not mine or not first <= day <= last:
                    continue
                if data["kind"] not in ("settle", "consume"):
                    assert data["used"] == 0
                    continue
                consumed = data["kind"] == "consume"
                kind = "consume" if consumed else data["reason"]
                if document.id in ("job-cancelled-settle", "job-engine_failed-settle"):
                    kind = KINDS[0]
                by = None if payer == uid else payer
                sums = found.setdefault(day[:length], Counter())
                sums[by, kind, data["meter"]] += data["used"]
                sums[by, kind, "jobs"] += not consumed
        return found


def sums(view: dict[str, Any]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for each in view["byKind"]:
        for field in ("tokens", "voiceSeconds", "jobs"):
            found[each["companyId"], each["kind"], field] = each[field]
            view[field] -= each[field]
    assert [view[field] for field in ("tokens", "voiceSeconds", "jobs")] == [0, 0, 0]
    return +found


@pytest.fixture
def spenders(db: Database) -> Spenders:
    return Spenders(db)


def test_usage_is_exactly_what_the_ledgers_say(
    spenders: Spenders, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("troupe.admin.usage._BATCH", 40)  # many pages
    uid, company = spenders.member.uid, spenders.company
    for of in ({"userId": uid}, {"companyId": company}, {"userId": uid, "companyId": company}):
        for first, last, by in (
            ("2026-01-01", "2026-12-31", "month"),
            ("2026-01-15", "2026-03-02", "day"),
            ("2026-01-31", "2026-01-31", "day"),
            ("2026-02-01", "2026-02-01", "month"),
        ):
            query = {"from": first, "to": last, "by": by, **of}
            usage = admin.data("GET", "/usage", query_string=query)["usage"]
            wanted = spenders.recounted(first, last, 7 if by == "month" else 10, **of)
            shown = {each["period"]: sums(each) for each in usage["periods"]}
            assert {name: each for name, each in shown.items() if each} == {
                name: +each for name, each in wanted.items() if +each
            }
            assert sums(usage["totals"]) == sum(wanted.values(), Counter())
            assert len(shown) == {"2026-12-31": 12, "2026-03-02": 47}.get(last, 1)
            assert "private" not in str(usage)
        about = [f"users/{uid}"] if "userId" in of else []
        about += [f"companies/{company}"] if "companyId" in of else []
        entries = spenders.db.find("audit", where=[("uid", "==", admin.uid)], limit=100)
        assert about in [each.data["about"] for each in entries]


def test_what_jobs_cost_and_messages_are_there_at_once(
    db: Database, admin: Admin, queue: HeldQueue
) -> None:
    """Through the API: a job that the user pays for, one that a company pays for, tokens spent at
    once, and messages."""
    firm = a_firm(db)
    person = firm.join()
    for owner in (Owner.company(firm.id), Owner.user(person.uid)):
        db.commit(*grant_writes(owner, "gift", Meter.TOKENS, 9, "operator", now()))
    for company in ({}, {"companyId": firm.id}):
        body = {"text": "Good evening.", "language": "en-US", **company}
        assert ask("voice", person, "/api/voice/generate", body).status_code == 202
    with rewired(engines=lambda name: QuickEngine()):
        deliver(queue)
    spent = ask(
        "plans", person, "/api/tokens/consume", {"tokensToConsume": 3, "action": "A secret"}
    )
    assert spent.status_code == 200
    room = a_room(db)
    room.join(person)
    for text in ("one", "two"):
        message = room.say(person, text)
    old = f"rooms/{room.id}/messages/{message['id']}"
    db.commit(Update(old, {"createdAt": now() - timedelta(days=1)}))
    usage = admin.data("GET", f"/usage?userId={person.uid}")["usage"]
    assert [each["messages"] for each in usage["periods"]] == [0] * 28 + [1, 1]
    totals = usage["totals"]
    assert (totals["tokens"], totals["jobs"], totals["messages"]) == (5, 2, 2)
    assert [(e["kind"], e["companyId"], e["tokens"]) for e in totals["byKind"]] == [
        ("consume", None, 3),
        ("voice", None, 1),
        ("voice", firm.id, 1),
    ]
    ofcompany = admin.data("GET", f"/usage?companyId={firm.id}")["usage"]["totals"]
    assert (ofcompany["tokens"], ofcompany["messages"]) == (1, None)


def ask(function: str, person: Person, path: str, body: dict[str, Any]) -> Any:
    client = app_for(function).test_client()
    return client.post(path, json=body, headers=person.headers)


def test_a_month_of_a_user_costs_few_calls(
    counting: CountingDatabase, spenders: Spenders, admin: Admin
) -> None:
    with rewired(database=counting):
        admin.data("GET", f"/usage?userId={spenders.member.uid}&from=2026-01-01&to=2026-01-31")
    # The administrator, the wallet, two queries, the holds of jobs that ended without a result,
    # and a count for each day.
    assert dict(counting.calls) == {
        "batch_get_documents": 3,
        "run_query": 2,
        "run_aggregation_query": 31,
        "commit": 1,  # the audit log
    }


def test_too_much_is_refused_rather_than_cut(
    spenders: Spenders, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("troupe.admin.usage.MOST_CHARGES", 5)
    query = f"companyId={spenders.company}&from=2026-01-01&to=2026-12-31&by=month"
    assert code(admin.ask("GET", f"/usage?{query}")) == (422, "too_much_usage")


WRONG = {
    "nobody": ("", 422, "Send `userId`, `companyId`, or both"),
    "unknown user": ("userId=nobody", 404, "User not found"),
    "unknown company": ("companyId=none", 404, "no company"),
    "a company as a user": ("userId={company}", 404, "User not found"),
    "a user as a company": ("companyId={uid}", 404, "no company"),
    "the wrong way": ("userId={uid}&from=2026-02-01&to=2026-01-01", 422, "not be before `from`"),
    "too long by day": ("userId={uid}&from=2026-01-01&to=2026-12-31", 422, "not exceed 92 days"),
    "too long by month": (
        "userId={uid}&from=2025-01-01&to=2026-12-31&by=month",
        422,
        "not exceed 366 days",
    ),
    "another step": ("userId={uid}&by=week", 422, "by: must be 'day' or 'month'"),
    "no date": ("userId={uid}&from=2026-13-01", 422, "from: must be a date"),
    "no year": ("userId={uid}&from=0001-01-01&to=0001-01-02", 422, "between the years 2000"),
    "no id": ("userId=a/b", 422, "userId: has the wrong format"),
}


@pytest.mark.parametrize(("query", "status", "told"), WRONG.values(), ids=WRONG.keys())
def test_bad_input_is_told_what_would_be_right(
    db: Database, admin: Admin, query: str, status: int, told: str
) -> None:
    firm = a_firm(db)
    answer = admin.ask("GET", "/usage?" + query.format(company=firm.id, uid=firm.owner.uid))
    assert answer.status_code == status, answer.text
    assert told in answer.json["message"]

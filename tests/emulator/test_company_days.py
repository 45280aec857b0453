"""What is counted of companies by day: dashboards are equal to a recount from the documents,
whatever is sent again, and however much of it has been folded."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from troupe.adapters.firestore import (
    AlreadyExists,
    Committed,
    Create,
    Database,
    Delete,
    Increment,
    Merge,
    Stale,
    Update,
    Write,
    connect,
    now,
)
from troupe.analytics.periods import Period
from troupe.analytics.views import Views
from troupe.calls.records import Call, CallStatus, Outcome
from troupe.calls.writes import call_path
from troupe.companies.records import Company
from troupe.companies.writes import company_path
from troupe.dashboards.counts import read, slot_of
from troupe.dashboards.days import day_writes, days_path, duration_counter
from troupe.dashboards.folding import DayFolding

ZONES = ("UTC", "Europe/Oslo", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati")
# The clocks of Oslo change on 25 October.
FIRST, LAST = datetime(2025, 10, 20, tzinfo=UTC), datetime(2025, 11, 5, tzinfo=UTC)
_ENDS = {
    CallStatus.ENDED: "callsEnded",
    CallStatus.MISSED: "callsMissed",
    CallStatus.FAILED: "callsFailed",
}


@pytest.fixture(scope="module")
def days_db(emulators: object) -> Iterator[Database]:
    """A project of its own: folding is for all companies at once."""
    client = connect(f"demo-{secrets.token_hex(6)}")
    yield Database(client)
    client.close()


@dataclass(frozen=True)
class Event:
    """A call, and what happens to its commit: `resent` after its answer was lost, or followed by a
    fold."""

    at: datetime
    host: str
    seconds: int
    status: CallStatus
    solved: bool | None
    resent: bool
    folded: bool


def events() -> st.SearchStrategy[Event]:
    span = int((LAST - FIRST).total_seconds())
    return st.builds(
        Event,
        at=st.integers(0, span).map(lambda seconds: FIRST + timedelta(seconds=seconds)),
        host=st.sampled_from(["ada", "ben", "eve"]),
        seconds=st.integers(0, 5000),
        status=st.sampled_from(list(_ENDS)),
        solved=st.sampled_from([True, False, None]),
        resent=st.booleans(),
        folded=st.sampled_from([False, False, True]),
    )


def happens(db: Database, company_id: str, number: int, event: Event) -> None:
    """A call starts and ends: each in a commit with what it counts."""
    call = Call(
        id=secrets.token_hex(16),
        company_id=company_id,
        host_uid=event.host,
        creator_uid=event.host,
        number=number,
        code="X",
        title="",
        status=CallStatus.RINGING,
        room_id="x",
        seconds=2 * event.seconds,
        started_at=event.at,
        created_at=event.at,
        updated_at=event.at,
    )
    started = day_writes(company_id, event.at, member=event.host, callsStarted=1)
    commit(db, event, Create(call_path(call.id), call.stored()), *started)
    ended_at = event.at + timedelta(seconds=event.seconds)
    counted = Counter({_ENDS[event.status]: 1})
    if event.status is CallStatus.ENDED:
        counted.update(callSeconds=event.seconds, participantSeconds=call.seconds)
        counted[duration_counter(event.seconds)] += 1
        if event.solved is not None:
            counted["solved" if event.solved else "unsolved"] += 1
    seen = db.get(call_path(call.id))
    fields = {
        "status": event.status,
        "endedAt": ended_at,
        "outcome": Outcome(solved=event.solved).stored(),
    }
    ended = day_writes(company_id, ended_at, member=event.host, **counted)
    commit(db, event, Update(seen.path, fields, seen=seen), *ended)
    if event.folded:
        DayFolding(db).fold(100)


def commit(db: Database, event: Event, *writes: Write) -> None:
    db.commit(*writes)
    if event.resent:
        with pytest.raises((AlreadyExists, Stale)):
            db.commit(*writes)


def calls_of(db: Database, company_id: str) -> list[Call]:
    found = db.find("calls", where=[("companyId", "==", company_id)], limit=1000)
    return [Call.of(each) for each in found]


def recounted(calls: list[Call], period: Period) -> dict[str, Any]:
    """From the documents alone, and without the code that is tested."""
    started = [call for call in calls if within(call.started_at, period)]
    over = [call for call in calls if within(call.ended_at, period)]
    ended = [call for call in over if call.status is CallStatus.ENDED]
    met = sum(call.status in (CallStatus.ENDED, CallStatus.FAILED) for call in over)
    lengths = [length(call) for call in ended]
    solved = sum(call.outcome.solved is True for call in ended)
    times = [local(call.started_at, period) for call in started]
    bounds = (300, 900, 1800, 3600)
    classes = Counter(sum(each > bound for bound in bounds) for each in lengths)
    return {
        "totals": {
            "calls": len(started),
            "ended": len(ended),
            "missed": sum(call.status is CallStatus.MISSED for call in over),
            "failed": sum(call.status is CallStatus.FAILED for call in over),
            "solved": solved,
            "unsolved": sum(call.outcome.solved is False for call in ended),
            "saved": 2000 * solved,
            "minutes": round(sum(call.seconds for call in ended) / 60, 1),
            "averageSeconds": round(sum(lengths) / met, 1) if met else None,
        },
        "byHour": dict(Counter(str(each.hour) for each in times)),
        "byWeekday": dict(Counter(str(each.isoweekday()) for each in times)),
        "days": dict(Counter(each.date() for each in times)),
        "durations": [classes[number] for number in range(5)],
        "hosts": dict(Counter(call.host_uid for call in started)),
        "active": {call.host_uid for call in (*started, *ended)},
    }


def local(at: datetime | None, period: Period) -> datetime:
    assert at is not None
    return at.astimezone(period.zone)


def within(at: datetime | None, period: Period) -> bool:
    return period.first <= local(at, period).date() <= period.last


def length(call: Call) -> int:
    assert call.started_at is not None
    assert call.ended_at is not None
    return round((call.ended_at - call.started_at).total_seconds())


@given(
    made=st.lists(events(), max_size=5),
    zone=st.sampled_from(ZONES),
    first=st.integers(-2, 16),
    days=st.integers(1, 20),
    granularity=st.sampled_from(["day", "week", "month"]),
)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_dashboard_is_equal_to_a_recount(
    days_db: Database, made: list[Event], zone: str, first: int, days: int, granularity: Any
) -> None:
    db = days_db
    company = a_company(db)
    for number, event in enumerate(made):
        happens(db, company.id, number, event)
    begin = FIRST.date() + timedelta(days=first)
    period = Period(begin, begin + timedelta(days=days - 1), ZoneInfo(zone))
    calls = calls_of(db, company.id)
    assert len(calls) == len(made)
    shown = Views(db).of(company, "calls", period, granularity)
    wanted = recounted(calls, period)
    assert {name: shown.totals[name] for name in wanted["totals"]} == wanted["totals"]
    earlier = recounted(calls, period.before)["totals"]
    assert {name: shown.previous[name] for name in earlier} == earlier
    for name in ("byHour", "byWeekday"):
        assert {key: n for key, n in shown.parts[name].items() if n} == wanted[name]
    assert list(shown.parts["durations"].values()) == wanted["durations"]
    hosts = {each.uid: each.values["calls"] for each in shown.members if each.values["calls"]}
    assert hosts == wanted["hosts"]
    stepped: Counter[date] = Counter()
    for day, number in wanted["days"].items():
        stepped[max(step.day for step in shown.series if step.day <= day)] += number
    in_steps = {step.day: step.values["calls"] for step in shown.series if step.values["calls"]}
    assert in_steps == stepped
    users = Views(db).of(company, "users", period, granularity)
    assert users.totals["activeMembers"] == len(wanted["active"])


def a_company(db: Database) -> Company:
    at = now()
    made = Company(
        id=f"co{secrets.token_hex(10)}",
        name="Fjord",
        slug="fjord",
        owner_uid="ada",
        created_at=at,
        updated_at=at,
    )
    db.commit(Create(company_path(made.id), made.stored()))
    return made


def count(
    db: Database, company_id: str, at: datetime, member: str = "ada", number: int = 1
) -> None:
    """Some calls, in a commit that cannot be made twice."""
    cause = Create(f"causes/{secrets.token_hex(8)}", {})
    db.commit(cause, *day_writes(company_id, at, member=member, callsStarted=number))


def total(db: Database, company_id: str) -> int:
    since, until = slot_of(FIRST), slot_of(LAST)
    return read(db, company_id, since, until, members=False).sums(since, until)["callsStarted"]


def documents(db: Database, company_id: str) -> list[str]:
    found = db.find(days_path(company_id), limit=1000, select=[])
    return sorted(each.id for each in found)


def test_past_days_become_a_few_documents(own_db: Database) -> None:
    company = a_company(own_db)
    for day in range(16):
        count(own_db, company.id, FIRST + timedelta(days=day), number=day)
    folding = DayFolding(own_db)
    while folding.fold(5):
        assert total(own_db, company.id) == sum(range(16))
    assert documents(own_db, company.id) == ["202510-0", "202511-0"]
    count(own_db, company.id, FIRST)  # a late one
    assert total(own_db, company.id) == sum(range(16)) + 1
    assert folding.fold(100) == 1
    assert folding.fold(100) == 0
    assert total(own_db, company.id) == sum(range(16)) + 1
    by_member = read(own_db, company.id, slot_of(FIRST), slot_of(LAST), members=True)
    found = by_member.by_member(slot_of(FIRST), slot_of(LAST))
    assert found == {"ada": {"callsStarted": sum(range(16)) + 1}}


def test_what_is_counted_today_is_not_folded_yet(own_db: Database) -> None:
    company = a_company(own_db)
    count(own_db, company.id, now() - timedelta(days=1))
    assert DayFolding(own_db).fold(100) == 0


def test_an_increment_during_a_fold_is_kept(own_db: Database) -> None:
    company = a_company(own_db)
    count(own_db, company.id, FIRST, number=3)

    class Late(Database):
        """Counts more of the same document just before it is folded."""

        def commit_or_stale(self, *writes: Write) -> Committed:
            fold = next(write for write in writes if isinstance(write, Delete))
            quarter = {"callsStarted": {"0": Increment(4)}}
            fields = {"day": "20251020", "counts": {"ada": quarter}}
            super().commit(Merge(fold.path, fields))
            return super().commit_or_stale(*writes)

    assert DayFolding(Late(own_db._client)).fold(100) == 0  # the next sweep does it
    assert total(own_db, company.id) == 7
    assert DayFolding(own_db).fold(100) == 1
    assert total(own_db, company.id) == 7


def test_two_folds_at_once_count_once(own_db: Database) -> None:
    company = a_company(own_db)
    for day in range(4):
        count(own_db, company.id, FIRST + timedelta(days=day))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: DayFolding(own_db).fold(100), range(2)))
    while DayFolding(own_db).fold(100):
        pass
    assert total(own_db, company.id) == 4
    assert documents(own_db, company.id) == ["202510-0"]


def test_a_full_pack_is_followed_by_another(
    own_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("troupe.dashboards.folding.MOST_PACK", 1)
    company = a_company(own_db)
    for day in range(6):
        at = FIRST + timedelta(days=day)
        count(own_db, company.id, at, member="a member with a long name " * 3)
        DayFolding(own_db).fold(100)
    assert len(documents(own_db, company.id)) > 1
    assert total(own_db, company.id) == 6


def test_nothing_is_left_of_a_deleted_company(own_db: Database) -> None:
    company = a_company(own_db)
    count(own_db, company.id, FIRST)
    own_db.commit(Update(company_path(company.id), {"deletedAt": now()}))
    assert DayFolding(own_db).fold(100) == 1
    assert documents(own_db, company.id) == []

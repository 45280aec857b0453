"""With 5000 users, no listing reads more documents than it shows plus one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.factories import CountingDatabase
from tests.support.plans import Shop
from troupe.accounts.directory import Directory, UserFilter, UserStatus
from troupe.accounts.records import UserRecord
from troupe.activities.service import Activities
from troupe.adapters.firestore import Create, Database, Document, Write, connect
from troupe.admin.stats import Statistics
from troupe.paging import PageRequest
from troupe.web.schema import Page

USERS = 5000
BATCH = 500  # writes per commit
WORD = secrets.token_hex(4)
PLAN = f"plan-{WORD}"
LIMIT = 20
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Reads(CountingDatabase):
    """Also counts the documents that are read."""

    documents = 0

    def find(self, *args: Any, **query: Any) -> list[Document]:
        found = super().find(*args, **query)
        self.documents += len(found)
        return found

    def get_all(self, *args: Any, **query: Any) -> list[Document]:
        found = super().get_all(*args, **query)
        self.documents += len(found)
        return found

    def get(self, path: str) -> Document:
        self.documents += 1
        return super().get(path)


@dataclass
class Crowd:
    db: Reads
    uids: list[str] = field(default_factory=list)

    @property
    def directory(self) -> Directory:
        return Directory(self.db)

    def reads(self, ask: Callable[[], Any]) -> tuple[Any, int, int]:
        """The result of `ask`, the number of documents it read, and its number of calls."""
        self.db.documents = 0
        self.db.calls.clear()
        return ask(), self.db.documents, self.db.total


def _crowd(db: Database) -> list[str]:
    at, uids = LONG_AGO, []
    writes: list[Write] = []
    for number in range(USERS):
        user = UserRecord(
            id=f"{WORD}{number:04}",
            name=f"{WORD} Number {number:04}",
            email=f"{WORD}.{number:04}@example.com",
            suspended=number % 10 == 0,
            plan_status="expired" if number % 4 == 1 else "active",
            created_at=at + timedelta(seconds=number),
            updated_at=at,
        )
        summary = {"planId": PLAN, "name": "A", "status": "active", "startedAt": at, "endsAt": at}
        writes.append(Create(f"users/{user.id}", user.stored() | {"subscription": summary}))
        uids.append(user.id)
    for start in range(0, USERS, BATCH):
        db.commit(*writes[start : start + BATCH])
    return uids


@pytest.fixture(scope="module")
def crowd(emulators: object) -> Iterator[Crowd]:
    client = connect(f"demo-{WORD}")  # other tests read whole collections
    db = Reads(client)
    yield Crowd(db, _crowd(db))
    client.close()


def everybody(request: PageRequest) -> Callable[[Directory], Any]:
    return lambda directory: directory.page(request, UserFilter(plan_id=PLAN))


def test_a_page_reads_one_document_more_than_it_shows(crowd: Crowd) -> None:
    ask = everybody(Page(limit=LIMIT))
    (users, found), documents, calls = crowd.reads(lambda: ask(crowd.directory))
    assert [user.id for user in users] == crowd.uids[-1 : -LIMIT - 1 : -1]
    assert (found.total, documents, calls) == (USERS, LIMIT + 1, 2)


def test_the_last_page_by_cursor_reads_no_more_than_the_first(crowd: Crowd) -> None:
    ask = everybody(Page(page=USERS // 100 - 1, limit=100))
    _, found = ask(crowd.directory)
    ask = everybody(Page(limit=100, cursor=found.next_cursor))
    (users, found), documents, calls = crowd.reads(lambda: ask(crowd.directory))
    assert [user.id for user in users] == crowd.uids[99::-1]
    assert (found.next_cursor, documents, calls) == (None, 100, 2)


@pytest.mark.parametrize(
    ("status", "total"), [(UserStatus.SUSPENDED, 500), (UserStatus.EXPIRED, 1250), (None, 5000)]
)
def test_a_filtered_page_reads_no_more(crowd: Crowd, status: UserStatus | None, total: int) -> None:
    wanted = UserFilter(status, PLAN)
    ask = Page(limit=LIMIT)
    (_, found), documents, _ = crowd.reads(lambda: crowd.directory.page(ask, wanted))
    assert (found.total, documents) == (total, LIMIT + 1)


def test_a_search_reads_two_documents_per_row_and_counts_the_rest(crowd: Crowd) -> None:
    ask = (WORD, UserFilter(), LIMIT)
    (users, total), documents, calls = crowd.reads(lambda: crowd.directory.search(*ask))
    assert (len(users), total) == (LIMIT, USERS)
    assert (documents, calls) == (2 * LIMIT, 5)


def test_a_search_with_exactly_a_page_of_matches_has_the_right_total(crowd: Crowd) -> None:
    ask = (f"{WORD}.004", UserFilter(), 10)
    (users, total), _, _ = crowd.reads(lambda: crowd.directory.search(*ask))
    assert ([user.id for user in users], total) == (crowd.uids[40:50], 10)


def test_a_search_with_less_than_a_page_of_matches_runs_no_count(crowd: Crowd) -> None:
    ask = (f"{WORD}.0042", UserFilter(), LIMIT)
    (users, total), documents, calls = crowd.reads(lambda: crowd.directory.search(*ask))
    assert ([user.id for user in users], total) == ([crowd.uids[42]], 1)
    assert (documents, calls) == (1, 2)


@pytest.mark.parametrize("plan", [None, PLAN], ids=["any", "plan"])
@pytest.mark.parametrize("status", [None, *UserStatus])
def test_lists_and_searches_accept_every_filter(
    crowd: Crowd, status: UserStatus | None, plan: str | None
) -> None:
    """Each query is checked against firestore.indexes.json: see tests/support/queries.py."""
    wanted = UserFilter(status, plan)
    _, page = crowd.directory.page(Page(limit=LIMIT), wanted)
    users, total = crowd.directory.search(WORD, wanted, 1)
    assert total == page.total
    assert len(users) == min(1, total)


def test_totals_read_no_document(crowd: Crowd) -> None:
    totals, documents, calls = crowd.reads(crowd.directory.totals)
    assert (totals.users, totals.suspended) == (USERS, USERS // 10)
    assert (documents, calls) == (0, 4)


def test_statistics_read_only_the_plans(crowd: Crowd) -> None:
    Shop(crowd.db).plan()
    activities = Activities(crowd.db, timedelta(0))
    statistics = Statistics(crowd.db, Shop(crowd.db).plans, crowd.directory, activities)
    found, documents, calls = crowd.reads(statistics.stats)
    plans = len(found.by_plan)
    assert (documents, calls) == (plans, plans + 5)


def test_recent_activity_reads_its_page_and_the_users(crowd: Crowd) -> None:
    uids = crowd.uids[:300]
    activity = {"type": "voice_made", "category": "voice", "message": "Made", "timestamp": LONG_AGO}
    crowd.db.commit(*(Create(f"users/{uid}/activities/one", activity) for uid in uids))
    activities = Activities(crowd.db, timedelta(0))
    statistics = Statistics(crowd.db, Shop(crowd.db).plans, crowd.directory, activities)
    found, documents, calls = crowd.reads(lambda: statistics.recent(LIMIT))
    assert (len(found), calls) == (LIMIT, 2)
    assert documents <= 2 * LIMIT

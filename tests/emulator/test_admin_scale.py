"""Five thousand users: no listing reads more documents than it shows, whatever is asked for."""

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
from troupe.admin.users import AdminUsers
from troupe.paging import PageRequest
from troupe.web.schema import Page

USERS = 5000
ROUND = 500  # writes in a commit
WORD = secrets.token_hex(4)
PLAN = f"plan-{WORD}"
LIMIT = 20
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Reads(CountingDatabase):
    """Counts the documents that come back besides the calls."""

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

    @property
    def users(self) -> AdminUsers:
        shop, nothing = Shop(self.db), None
        services: Any = (nothing, shop.subscriptions, shop.plans, nothing)
        return AdminUsers(self.db, self.directory, *services)

    def reads(self, ask: Callable[[], Any]) -> tuple[Any, int, int]:
        """What comes of it, the documents that were read for it, and the calls."""
        self.db.documents = 0
        self.db.calls.clear()
        return ask(), self.db.documents, self.db.total


def _crowd(db: Database) -> list[str]:
    at, uids = LONG_AGO, []  # behind what other tests look for
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
    for start in range(0, USERS, ROUND):
        db.commit(*writes[start : start + ROUND])
    return uids


@pytest.fixture(scope="module")
def crowd(emulators: object) -> Iterator[Crowd]:
    client = connect(f"demo-{WORD}")  # other tests read whole collections
    db = Reads(client)
    yield Crowd(db, _crowd(db))
    client.close()


def everybody(request: PageRequest) -> Callable[[Directory], Any]:
    return lambda directory: directory.page(request, UserFilter(plan_id=PLAN))


def test_a_page_reads_what_it_shows_and_one_more(crowd: Crowd) -> None:
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
def test_a_filter_reads_no_more_either(crowd: Crowd, status: UserStatus | None, total: int) -> None:
    wanted = UserFilter(status, PLAN)
    ask = Page(limit=LIMIT)
    (_, found), documents, _ = crowd.reads(lambda: crowd.directory.page(ask, wanted))
    assert (found.total, documents) == (total, LIMIT + 1)


def test_a_listing_reads_no_wallet_and_no_subscription(crowd: Crowd) -> None:
    ask = Page(limit=LIMIT)
    (users, _), documents, calls = crowd.reads(
        lambda: crowd.users.page(ask, UserFilter(None, PLAN))
    )
    assert len(users) == LIMIT
    assert (documents, calls) == (LIMIT + 1, 2)


def test_a_search_reads_two_documents_for_each_row_and_counts_the_rest(crowd: Crowd) -> None:
    ask = (WORD, UserFilter(), LIMIT)
    (users, total), documents, calls = crowd.reads(lambda: crowd.users.search(*ask))
    assert (len(users), total) == (LIMIT, USERS)
    assert (documents, calls) == (2 * LIMIT, 5)


def test_a_search_that_finds_as_many_as_it_shows_knows_their_number(crowd: Crowd) -> None:
    ask = (f"{WORD}.004", UserFilter(), 10)
    (users, total), _, _ = crowd.reads(lambda: crowd.users.search(*ask))
    assert ([user.id for user in users], total) == (crowd.uids[40:50], 10)


def test_a_search_that_finds_little_counts_nothing(crowd: Crowd) -> None:
    ask = (f"{WORD}.0042", UserFilter(), LIMIT)
    (users, total), documents, calls = crowd.reads(lambda: crowd.directory.search(*ask))
    assert ([user.id for user in users], total) == ([crowd.uids[42]], 1)
    assert (documents, calls) == (1, 2)


@pytest.mark.parametrize("plan", [None, PLAN], ids=["any", "plan"])
@pytest.mark.parametrize("status", [None, *UserStatus])
def test_lists_and_searches_take_every_filter(
    crowd: Crowd, status: UserStatus | None, plan: str | None
) -> None:
    """By each of which firestore.indexes.json is proven: see tests/support/queries.py."""
    wanted = UserFilter(status, plan)
    _, page = crowd.directory.page(Page(limit=LIMIT), wanted)
    users, total = crowd.directory.search(WORD, wanted, 1)
    assert total == page.total
    assert len(users) == min(1, total)


def test_totals_read_no_document(crowd: Crowd) -> None:
    totals, documents, calls = crowd.reads(crowd.directory.totals)
    assert (totals.users >= USERS, totals.suspended >= USERS // 10) == (True, True)
    assert (documents, calls) == (0, 4)


def test_statistics_read_the_plans_alone(crowd: Crowd) -> None:
    Shop(crowd.db).plan()
    statistics = Statistics(Shop(crowd.db).plans, crowd.directory, Activities(crowd.db))
    found, documents, calls = crowd.reads(statistics.stats)
    plans = len(found.by_plan)
    assert (documents, calls) == (plans, plans + 5)


def test_recent_activity_reads_its_page_and_whose_it_is(crowd: Crowd) -> None:
    uids = crowd.uids[:300]
    told = {"type": "voice_made", "category": "voice", "message": "Made", "timestamp": LONG_AGO}
    crowd.db.commit(*(Create(f"users/{uid}/activities/one", told) for uid in uids))
    statistics = Statistics(Shop(crowd.db).plans, crowd.directory, Activities(crowd.db))
    found, documents, calls = crowd.reads(lambda: statistics.recent(LIMIT))
    assert (len(found), calls) == (LIMIT, 2)
    assert documents <= 2 * LIMIT

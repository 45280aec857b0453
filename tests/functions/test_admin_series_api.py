"""Charts for administrators: what was created on each day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.admins import Admin, a_user
from tests.support.factories import code, signed_in
from troupe.adapters.firestore import Create, Database
from troupe.admin.stats import METRICS

# A year that no other test uses.
DAY = datetime(2003, 5, 10, tzinfo=UTC)


def shown(admin: Admin, metric: str, since: str, until: str) -> dict[str, Any]:
    query = {"metric": metric, "from": since, "to": until}
    series: dict[str, Any] = admin.data("GET", "/stats/series", query_string=query)["series"]
    return series


def test_each_day_counts_what_was_created_on_it(db: Database, admin: Admin) -> None:
    at = [DAY, DAY + timedelta(hours=23, minutes=59), DAY + timedelta(days=2)]
    at += [DAY - timedelta(seconds=1), DAY + timedelta(days=3)]
    for number, created in enumerate(at):
        path = f"dubbings/series-{admin.uid}-{number}"
        db.commit(Create(path, {"createdAt": created}))
    series = shown(admin, "dubbings", "2003-05-10", "2003-05-12")
    assert series == {
        "metric": "dubbings",
        "points": [
            {"date": "2003-05-10", "count": 2},
            {"date": "2003-05-11", "count": 0},
            {"date": "2003-05-12", "count": 1},
        ],
        "total": 3,
    }
    db.delete_all([f"dubbings/series-{admin.uid}-{number}" for number in range(len(at))])


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_counted(admin: Admin, metric: str) -> None:
    series = shown(admin, metric, "2001-01-01", "2001-01-01")
    assert series["points"] == [{"date": "2001-01-01", "count": 0}]


def test_new_users_are_in_the_last_of_thirty_days(db: Database, admin: Admin) -> None:
    before = admin.data("GET", "/stats/series", query_string={"metric": "users"})["series"]
    assert len(before["points"]) == 30
    a_user(db)
    after = admin.data("GET", "/stats/series", query_string={"metric": "users"})["series"]
    assert after["total"] > before["total"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"metric": "users", "from": "2003-05-10", "to": "2003-05-09"},
        {"metric": "users", "from": "2003-01-01", "to": "2003-04-03"},
        {"metric": "users", "from": "yesterday"},
    ],
)
def test_a_bad_range_is_refused(admin: Admin, query: dict[str, str]) -> None:
    assert code(admin.ask("GET", "/stats/series", query_string=query)) == (422, "invalid_input")


def test_an_unknown_metric_lists_what_there_is(admin: Admin) -> None:
    answer = admin.ask("GET", "/stats/series", query_string={"metric": "wallets"})
    assert code(answer) == (422, "unknown_choice")
    assert answer.json["error"]["details"]["fields"][0]["allowed"] == list(METRICS)


def test_only_administrators_see_it(db: Database, admin: Admin) -> None:
    _, headers = signed_in(db)
    answer = admin.client.get("/api/admin/stats/series?metric=users", headers=headers)
    assert code(answer) == (403, "forbidden")

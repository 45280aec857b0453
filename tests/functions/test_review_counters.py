"""What is counted of reviews equals a recount of the documents, whatever happens in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.companies import Firm, Person, a_firm
from tests.support.factories import test_settings
from tests.support.reviews import Held, a_guest, a_past_call, ask, days, totals
from tests.support.wiring import rewired
from troupe.adapters.firestore import Database, Delete
from troupe.ended_subjects import ended_path
from troupe.reviews.records import RatingTotals, Review
from troupe.reviews.writes import ratings_path

THREADS = 20


@pytest.fixture(autouse=True)
def unlimited(emulators: object) -> Iterator[None]:
    with rewired(settings=test_settings(REVIEW_LIMIT="0, 0")):
        yield


@dataclass(frozen=True)
class Setting:
    """A company with two calls, and people who were in both."""

    db: Database
    firm: Firm
    calls: list[Held]
    people: list[Person]

    @property
    def subjects(self) -> list[tuple[str, str]]:
        return [("call", each.id) for each in self.calls] + [("company", self.firm.id)]


def a_setting(db: Database, people: int) -> Setting:
    firm = a_firm(db)
    calls = [a_past_call(db, firm) for _ in range(2)]
    guests = [a_guest(db) for _ in range(people)]
    for call in calls:
        for guest in guests:
            call.admit(guest)
    return Setting(db, firm, calls, guests)


def stored(setting: Setting) -> list[Review]:
    where = [("companyId", "==", setting.firm.id)]
    return [Review.of(each) for each in setting.db.find("reviews", where=where, limit=100)]


def check(setting: Setting) -> None:
    """Every counter against the documents."""
    reviews = stored(setting)
    company = totals(setting.firm)
    assert company.rating_count == len(reviews)
    assert company.rating_sum == sum(each.rating for each in reviews)
    for kind, subject_id in setting.subjects:
        mine = [each for each in reviews if each.subject_id == subject_id]
        document = setting.db.get(ratings_path(f"{kind}-{subject_id}"))
        counted = RatingTotals.of(document)
        assert counted.rating_count == len(mine)
        assert counted.rating_sum == sum(each.rating for each in mine)
        stars = {star: count for star, count in counted.by_rating.items() if count}
        assert stars == Counter(str(each.rating) for each in mine)
        query = f"?subjectKind={kind}&subjectId={subject_id}"
        assert statistics(setting, query) == recounted(mine)
    for rating in range(1, 6):
        some = [each for each in reviews if each.rating == rating]
        assert statistics(setting, f"?rating={rating}") == recounted(some)
    assert statistics(setting, "") == recounted(reviews)
    solved = 0
    for call in setting.calls:
        mine = [each for each in reviews if each.subject_id == call.id]
        words = {each.solved for each in mine} - {None}
        copy = call.record.review
        if not mine:
            assert copy is None
            continue
        assert copy is not None
        assert copy.solved == (False if False in words else True if words else None)
        assert abs(copy.rating - sum(each.rating for each in mine) / len(mine)) <= 0.5
        solved += copy.solved is True
    assert company.solved == solved
    found = Counter[str]()
    for sums in days(setting.db, setting.firm).values():
        found.update(sums)
    rated = {f"ratings{each.rating}": 0 for each in reviews}
    for each in reviews:
        rated[f"ratings{each.rating}"] += 1
    hosts = [each.ratings.host for each in reviews if each.ratings.host]
    expected = {"ratings": len(reviews), "ratingSum": company.rating_sum, "solved": solved}
    expected |= {"hostRatings": len(hosts), "hostRatingSum": sum(hosts), **rated}
    assert {name: found[name] for name in expected} == expected


def statistics(setting: Setting, query: str) -> Any:
    answer = ask(setting.firm.owner, "GET", f"/api/reviews{query}")
    assert answer.status_code == 200, answer.text
    return answer.json["meta"]["statistics"]


def recounted(reviews: Iterable[Review]) -> dict[str, Any]:
    ratings = [each.rating for each in reviews]
    average = round(sum(ratings) / len(ratings), 2) if ratings else None
    by_rating = {str(star): ratings.count(star) for star in range(1, 6)}
    return {"average": average, "count": len(ratings), "byRating": by_rating}


def test_twenty_people_at_once_are_all_counted(db: Database) -> None:
    setting = a_setting(db, THREADS)

    def write(number: int) -> int:
        person, call = setting.people[number], setting.calls[0]
        body: dict[str, Any] = {"rating": number % 5 + 1, "solved": number % 2 == 0}
        subjects = [("call", call.id), ("company", setting.firm.id)]
        for kind, subject_id in subjects:
            given = {"subjectKind": kind, "subjectId": subject_id, **body}
            answer = ask(person, "POST", "/api/reviews", json=given)
            if answer.status_code != 201:
                return int(answer.status_code)
        if number % 3 == 0:
            review = ask(person, "GET", "/api/reviews?mine=true").json["data"]["reviews"][0]
            path = f"/api/reviews/{review['id']}"
            changed = ask(person, "PUT", path, json={"rating": 1, "ratings": {"host": 2}})
            return int(changed.status_code)
        return 200

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(write, range(THREADS))) == [200] * THREADS
    check(setting)
    mine = [each for each in stored(setting) if each.subject_id == setting.calls[0].id]

    def remove(review: Review) -> int:
        author = next(each for each in setting.people if each.uid == review.uid)
        return int(ask(author, "DELETE", f"/api/reviews/{review.id}").status_code)

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(remove, mine)) == [200] * THREADS
    check(setting)
    assert setting.calls[0].record.review is None


STARS = st.integers(1, 5)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "rating": STARS,
        "ratings": st.fixed_dictionaries({}, optional={"host": STARS, "service": STARS}),
        "solved": st.sampled_from([None, True, False]),
    },
)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # who
        st.integers(0, 2),  # about what
        st.sampled_from(["POST", "POST", "PUT", "DELETE"]),
        FIELDS,
    ),
    min_size=5,
    max_size=12,
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_counters_and_statistics_equal_a_recount(file_db: Database, steps: list[Any]) -> None:
    setting = a_setting(file_db, 3)
    ids: dict[tuple[int, int], str] = {}
    for who, what, method, fields in steps:
        person = setting.people[who]
        if method == "POST":
            kind, subject_id = setting.subjects[what]
            body = {"subjectKind": kind, "subjectId": subject_id, **fields}
            answer = ask(person, "POST", "/api/reviews", json=body)
            rated = "rating" in fields or bool(fields.get("ratings"))
            expected = 422 if not rated else 409 if (who, what) in ids else 201
            assert answer.status_code == expected, answer.text
            if expected == 201:
                ids[who, what] = answer.json["data"]["review"]["id"]
        elif (who, what) in ids:
            path = f"/api/reviews/{ids[who, what]}"
            assert ask(person, method, path, json=fields).status_code == 200
            if method == "DELETE":
                file_db.commit(Delete(ended_path("review", ids.pop((who, what)))))  # as the sweep
    check(setting)

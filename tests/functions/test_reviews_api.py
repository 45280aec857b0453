"""Reviews: who may write and read them, and that each counts once."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support import rooms
from tests.support.calls import a_call
from tests.support.companies import Person, a_firm, a_person
from tests.support.factories import code, new_character, test_settings
from tests.support.lost import lost_answer
from tests.support.reviews import Held, a_guest, a_past_call, ask, data, days, invitee, totals
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Delete, Update, now
from troupe.calls.writes import call_path
from troupe.companies.founding import CompanyRequest
from troupe.ended_subjects import COLLECTION as ENDED
from troupe.ended_subjects import ending_write
from troupe.reviews.records import ReviewedKind
from troupe.reviews.writes import ratings_path, review_id_of, review_path

STARS = ("1", "2", "3", "4", "5")


@pytest.fixture
def call(db: Database) -> Held:
    return a_past_call(db)


@pytest.fixture
def guest(call: Held) -> Person:
    return call.admit()


def about(call: Held, **body: Any) -> dict[str, Any]:
    return {"subjectKind": "call", "subjectId": call.id, "rating": 5, **body}


def listed(person: Person, query: str = "", **given: Any) -> list[str]:
    answer = data(person, "GET", f"/api/reviews{query}", **given)
    return [each["id"] for each in answer["reviews"]]


def statistics(person: Person, query: str) -> Any:
    answer = ask(person, "GET", f"/api/reviews{query}")
    assert answer.status_code == 200, answer.text
    return answer.json["meta"]["statistics"]


def by_rating(**counts: int) -> dict[str, int]:
    return dict.fromkeys(STARS, 0) | {name[1:]: count for name, count in counts.items()}


class TestWriting:
    def test_a_guest_reviews_the_call_with_the_session_of_the_call(
        self, call: Held, guest: Person, db: Database
    ) -> None:
        ratings = {"service": 5, "host": 4}
        tags = ["fast", "friendly", "fast"]
        body = {"ratings": ratings, "rating": None, "title": "Thanks", "text": "Works again."}
        review = call.review(guest, solved=True, tags=tags, **body)
        assert {
            "subjectKind": "call",
            "subjectId": call.id,
            "companyId": call.firm.id,
            "hostId": call.host.uid,
            "userId": guest.uid,
            "name": "Kari",
            "guest": True,
            "rating": 5,  # the mean of 4 and 5
            "ratings": ratings,
            "solved": True,
            "tags": ["fast", "friendly"],
            "verified": True,
            "response": None,
            "revision": 1,
        }.items() <= review.items()
        shown = call.record.review
        assert shown is not None
        assert (shown.rating, shown.solved) == (5, True)
        path = f"/api/videocalls?companyId={call.firm.id}&solved=true"
        found = rooms.data(call.firm.owner, "GET", path, function="calls")["calls"]
        assert [each["id"] for each in found] == [call.id]
        counted = {"ratings": 1, "ratingSum": 5, "ratings5": 1, "solved": 1}
        counted |= {"hostRatings": 1, "hostRatingSum": 4}
        counted |= {"serviceRatings": 1, "serviceRatingSum": 5}
        assert days(db, call.firm) == {call.host.uid: counted}
        assert (totals(call.firm).rating_sum, totals(call.firm).rating_count) == (5, 1)
        assert totals(call.firm).solved == 1

    def test_from_the_lobby_to_the_review(self, db: Database) -> None:
        """With nothing but what the operations on calls return."""
        desk = a_call(db, lobby=True)
        host = desk.enter(desk.host)
        guest, refused = desk.guest(), desk.guest()
        body = {"subjectKind": "call", "subjectId": desk.id, "rating": 4}
        assert code(ask(guest.person, "POST", "/api/reviews", json=body)) == (403, "was_not_there")
        assert host.moderate(guest, "admit").status_code == 200
        assert host.moderate(refused, "deny").status_code == 200
        assert guest.beat(media={"audio": True}, connection="connected").status_code == 200
        assert desk.end().status_code == 200
        made = data(guest.person, "POST", "/api/reviews", json=body)["review"]
        assert (made["name"], made["verified"], made["hostId"]) == ("Grace", True, desk.host.uid)
        assert code(ask(refused.person, "POST", "/api/reviews", json=body))[1] == "was_not_there"
        shown = desk.data(desk.host, "GET")["call"]
        assert shown["review"]["rating"] == 4
        note = {**body, "text": "Slow line."}
        internal = data(desk.host, "POST", "/api/comments", json=note)["comment"]
        assert internal["internal"] is True
        path = f"/api/comments?subjectKind=call&subjectId={desk.id}"
        assert data(guest.person, "GET", path)["comments"] == []

    def test_fields_of_existing_clients_are_accepted(self, call: Held, guest: Person) -> None:
        body = {"videoCallId": call.id, "rating": 3, "content": "So-so."}
        review = data(guest, "POST", "/api/reviews", json=body)["review"]
        assert (review["subjectKind"], review["subjectId"]) == ("call", call.id)
        assert review["text"] == "So-so."

    @pytest.mark.parametrize(
        "wrong",
        [
            {"rating": None},
            {"rating": 0},
            {"rating": 6},
            {"rating": None, "ratings": {}},
            {"ratings": {"host": 6}},
            {"text": "x" * 2001},
            {"tags": list("abcdef")},
            {"subjectKind": "weather"},
            {"subjectId": "a/b"},
        ],
    )
    def test_what_is_wrong_is_refused(self, call: Held, guest: Person, wrong: Any) -> None:
        answer = ask(guest, "POST", "/api/reviews", json=about(call, **wrong))
        assert code(answer) == (422, "invalid_input")

    def test_who_was_not_there(self, call: Held, db: Database) -> None:
        invited, other = a_person(db), a_past_call(db)
        call.set(invitees=[invitee(invited).model_dump(by_alias=True)])
        refused = {
            "stranger": (a_person(db), 404),
            "admin": (a_person(db, "admin"), 404),
            "host of another call": (other.host, 404),
            "guest of another call": (other.admit(), 404),
            "invited": (invited, 403),
            "manager": (call.firm.owner, 403),
            "in the lobby": (call.admit(state="waiting", entered=False), 403),
            "turned away": (call.admit(state="removed", entered=False), 403),
            "left the lobby": (call.admit(entered=False), 403),
        }
        nonsense = {"subjectKind": "call", "subjectId": secrets.token_hex(16), "rating": 5}
        for who, (person, status) in refused.items():
            answer = ask(person, "POST", "/api/reviews", json=about(call))
            named = "call_not_found" if status == 404 else "was_not_there"
            assert code(answer) == (status, named), who
            if status == 404:  # no trace of the call
                assert answer.text == ask(person, "POST", "/api/reviews", json=nonsense).text
        assert ask(None, "POST", "/api/reviews", json=about(call)).status_code == 401
        assert call.record.review is None

    def test_the_host_does_not_review_the_call(self, call: Held) -> None:
        answer = ask(call.host, "POST", "/api/reviews", json=about(call))
        assert code(answer) == (403, "own_subject")

    def test_who_was_removed_was_there(self, call: Held) -> None:
        """A host must not be able to choose who reviews."""
        assert call.review(call.admit(state="removed"), rating=1)["rating"] == 1

    def test_guests_have_a_day_and_users_have_longer(self, db: Database) -> None:
        call = a_past_call(db, ended_at=now() - timedelta(hours=23, minutes=59))
        guest, late, user = call.admit(), call.admit(), call.admit(a_person(db))
        review = call.review(guest)
        call.set(endedAt=now() - timedelta(hours=24, minutes=1))
        assert code(ask(late, "POST", "/api/reviews", json=about(call))) == (403, "guest_too_late")
        path = f"/api/reviews/{review['id']}"
        answer = ask(guest, "PUT", path, json={"rating": 1})
        assert code(answer) == (403, "guest_too_late")
        assert ask(guest, "DELETE", path).status_code == 200
        assert call.review(user)["guest"] is False

    def test_a_company_is_reviewed_by_those_who_had_a_call_with_it(
        self, call: Held, guest: Person, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body = {"subjectKind": "company", "subjectId": call.firm.id, "rating": 4}
        review = data(guest, "POST", "/api/reviews", json=body)["review"]
        assert (review["companyId"], review["hostId"], review["verified"]) == (
            call.firm.id,
            None,
            True,
        )
        assert call.record.review is None
        assert days(db, call.firm) == {"-": {"ratings": 1, "ratingSum": 4, "ratings4": 1}}
        lobby = call.admit(state="waiting", entered=False)
        member = call.firm.join()
        call.admit(member)
        late = call.admit()
        call.set(endedAt=now() - timedelta(days=2))
        refused = [(a_person(db), 404, "company_not_found"), (lobby, 403, "was_not_there")]
        refused += [(member, 403, "own_subject"), (call.firm.owner, 403, "own_subject")]
        refused += [
            (late, 403, "guest_too_late"),
            (a_past_call(db).admit(), 404, "company_not_found"),
        ]
        for person, status, name in refused:
            assert code(ask(person, "POST", "/api/reviews", json=body)) == (status, name)
        monkeypatch.setattr("troupe.reviews.subjects._MOST_CALLS", 0)  # only so many are read
        assert code(ask(late, "POST", "/api/reviews", json=body))[1] == "company_not_found"

    def test_a_character_is_reviewed_by_users_who_see_it(self, db: Database) -> None:
        owner, user = a_person(db), a_person(db)
        public = new_character(db, owner.uid, "Ada")
        unlisted = new_character(db, owner.uid, "Ben", visibility="unlisted")
        hidden = new_character(db, owner.uid, "Eve", visibility="private")

        def review(person: Person, character: str) -> Any:
            body = {"subjectKind": "character", "subjectId": character, "rating": 2}
            return ask(person, "POST", "/api/reviews", json=body)

        for character in (public, unlisted):
            made = review(user, character)
            assert made.status_code == 201
            assert made.json["data"]["review"]["verified"] is False
        assert code(review(user, hidden)) == (404, "character_not_found")
        assert code(review(owner, public)) == (403, "own_subject")
        assert code(review(owner, hidden)) == (403, "own_subject")
        assert code(review(a_guest(db), public)) == (403, "guest_not_allowed")
        query = f"?subjectKind=character&subjectId={public}"
        for reader in (owner, user, a_person(db), a_guest(db)):
            assert len(listed(reader, query)) == 1
        db.commit(Update(f"characters/{public}", {"visibility": "private"}))
        assert code(ask(a_person(db), "GET", f"/api/reviews{query}"))[0] == 404
        assert len(listed(owner, query)) == 1

    def test_reviews_and_their_changes_are_limited(self, call: Held, guest: Person) -> None:
        with rewired(settings=test_settings(REVIEW_LIMIT="2/86400, 0")):
            path = f"/api/reviews/{call.review(guest)['id']}"
            assert ask(guest, "PUT", path, json={"rating": 4}).status_code == 200
            assert ask(guest, "PUT", path, json={"rating": 3}).status_code == 429

    def test_a_text_that_is_not_allowed_is_not_stored(self, call: Held, guest: Person) -> None:
        moderated = test_settings(MODERATION="blocklist", MODERATION_BLOCKLIST="weasel")
        with rewired(settings=moderated):
            answer = ask(guest, "POST", "/api/reviews", json=about(call, title="A weasel."))
            assert code(answer) == (422, "content_refused")
        assert call.record.review is None


class TestOnce:
    def test_a_second_review_is_refused_and_names_the_first(
        self, call: Held, guest: Person
    ) -> None:
        review = call.review(guest)
        answer = ask(guest, "POST", "/api/reviews", json=about(call, rating=1))
        assert code(answer) == (409, "already_reviewed")
        assert answer.json["error"]["details"] == {"reviewId": review["id"]}
        assert totals(call.firm).rating_count == 1

    def test_many_at_once_make_one(self, call: Held, guest: Person, db: Database) -> None:
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: ask(guest, "POST", "/api/reviews", json=about(call)), range(8))
            )
        assert Counter(each.status_code for each in answers) == {201: 1, 409: 7}
        assert days(db, call.firm)[call.host.uid]["ratings"] == 1

    @pytest.mark.parametrize("kind", ["call", "company"])
    def test_lost_answers_count_once(
        self, call: Held, guest: Person, db: Database, kind: str
    ) -> None:
        subject = call.id if kind == "call" else call.firm.id
        body = {"subjectKind": kind, "subjectId": subject, "rating": 4}
        database = services().database

        def asked(method: str, path: str, **given: Any) -> Any:
            with lost_answer(database, review_path(review_id)) as lost:
                answer = ask(guest, method, path, **given)
                assert lost
            return answer

        review_id = review_id_of(ReviewedKind(kind), subject, guest.uid)
        path = f"/api/reviews/{review_id}"
        assert asked("POST", "/api/reviews", json=body).status_code == 201
        assert (totals(call.firm).rating_sum, totals(call.firm).rating_count) == (4, 1)
        changed = asked("PUT", path, json={"rating": 2, "revision": 1})
        assert changed.json["data"]["review"]["revision"] == 2
        assert (totals(call.firm).rating_sum, totals(call.firm).rating_count) == (2, 1)
        assert asked("DELETE", path).status_code == 200
        assert (totals(call.firm).rating_sum, totals(call.firm).rating_count) == (0, 0)
        assert days(db, call.firm) == {}


class TestChanging:
    def test_a_change_moves_what_was_counted(self, call: Held, guest: Person, db: Database) -> None:
        review = call.review(guest, ratings={"host": 5}, rating=5, solved=True)
        path = f"/api/reviews/{review['id']}"
        body = {"ratings": {"host": 1, "service": 2}, "solved": False, "text": "It broke again."}
        after = data(guest, "PUT", path, json=body)["review"]
        assert (after["rating"], after["revision"], after["solved"]) == (2, 2, False)
        counted = {"ratings": 1, "ratingSum": 2, "ratings2": 1, "unsolved": 1}
        counted |= {"hostRatings": 1, "hostRatingSum": 1}
        counted |= {"serviceRatings": 1, "serviceRatingSum": 2}
        assert days(db, call.firm) == {call.host.uid: counted}
        assert totals(call.firm).solved == 0
        copy = call.record.review
        assert copy is not None
        assert (copy.rating, copy.solved) == (2, False)
        data(guest, "PUT", path, json={"solved": None})
        copy = call.record.review
        assert copy is not None
        assert copy.solved is None

    def test_the_hosts_word_on_solved_counts_first(
        self, call: Held, guest: Person, db: Database
    ) -> None:
        call.set(outcome={"solved": False})
        call.review(guest, solved=True)
        assert "solved" not in days(db, call.firm)[call.host.uid]

    def test_repeats_change_nothing_and_old_revisions_are_refused(
        self, call: Held, guest: Person, db: Database
    ) -> None:
        path = f"/api/reviews/{call.review(guest)['id']}"
        change = {"rating": 3, "revision": 1}
        first, again = (data(guest, "PUT", path, json=change)["review"] for _ in range(2))
        assert first == again
        assert first["revision"] == 2
        answer = ask(guest, "PUT", path, json={"rating": 2, "revision": 1})
        assert code(answer) == (409, "changed_since")
        assert answer.json["error"]["details"] == {"revision": 2}
        assert totals(call.firm).rating_sum == 3

    def test_two_changes_and_two_deletions_at_once(
        self, call: Held, guest: Person, db: Database
    ) -> None:
        path = f"/api/reviews/{call.review(guest)['id']}"

        def change(rating: int) -> int:
            return int(ask(guest, "PUT", path, json={"rating": rating}).status_code)

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(change, [1, 2, 3, 4])) == [200] * 4
        (counted,) = days(db, call.firm).values()
        rating = data(guest, "GET", path)["review"]["rating"]
        assert counted == {"ratings": 1, "ratingSum": rating, f"ratings{rating}": 1}
        with ThreadPoolExecutor(4) as pool:
            deletions = list(pool.map(lambda _: ask(guest, "DELETE", path), range(4)))
        assert {each.status_code for each in deletions} <= {200, 404}
        assert code(ask(guest, "DELETE", path)) == (404, "review_not_found")
        assert days(db, call.firm) == {}
        assert totals(call.firm).rating_count == 0
        assert call.record.review is None
        answer = ask(guest, "POST", "/api/reviews", json=about(call))
        assert code(answer) == (409, "review_being_deleted")  # until it is swept

    def test_nobody_changes_a_review_of_somebody_else(self, call: Held, guest: Person) -> None:
        path = f"/api/reviews/{call.review(guest)['id']}"
        others = (call.admit(), call.host, call.firm.owner)
        for other in others:
            assert code(ask(other, "PUT", path, json={"rating": 5}))[0] == 404
            assert code(ask(other, "DELETE", path))[0] == 404


class TestReading:
    def test_who_reads_a_review(self, call: Held, guest: Person, db: Database) -> None:
        path = f"/api/reviews/{call.review(guest)['id']}"
        gone = call.firm.join()
        former = a_past_call(db, call.firm, host=gone)
        left = f"/api/reviews/{former.review(former.admit())['id']}"
        call.firm.owner.data("DELETE", f"/api/users/{gone.uid}")
        readers = (guest, call.host, call.firm.owner, call.firm.join("admin"))
        for reader in (*readers, a_person(db, "admin")):
            assert data(reader, "GET", path)["review"]["text"] == ""
        nonsense = ask(guest, "GET", f"/api/reviews/{secrets.token_hex(16)}")
        others = [(call.admit(), path), (call.firm.join(), path), (a_person(db), path)]
        for person, of in [*others, (a_firm(db).owner, path), (gone, left)]:
            answer = ask(person, "GET", of)
            assert (answer.status_code, answer.text) == (404, nonsense.text)

    def test_lists_of_a_company(self, call: Held, db: Database) -> None:
        firm, member = call.firm, call.firm.join()
        other = a_past_call(db, firm, host=member)
        first = call.review(call.admit(), rating=5, solved=True)["id"]
        second = other.review(other.admit(), rating=2, solved=False)["id"]
        customer = other.admit(a_person(db))
        body = {"subjectKind": "company", "subjectId": firm.id, "rating": 4}
        third = data(customer, "POST", "/api/reviews", json=body)["review"]["id"]
        foreign = a_past_call(db)
        foreign.review(foreign.admit())
        owner = firm.owner

        assert listed(owner) == [third, second, first]
        assert statistics(owner, "") == {
            "average": 3.67,
            "count": 3,
            "byRating": by_rating(_2=1, _4=1, _5=1),
        }
        assert listed(owner, f"?hostId={call.host.uid}") == [first]
        assert listed(owner, "?solved=false") == [second]
        assert listed(owner, "?rating=4") == [third]
        assert statistics(owner, "?rating=4")["count"] == 1
        assert listed(owner, "?subjectKind=call") == [second, first]
        assert listed(owner, f"?subjectKind=call&subjectId={call.id}") == [first]
        assert listed(owner, f"?subjectKind=company&subjectId={firm.id}&rating=4") == [third]
        hour = (now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert listed(owner, f"?from={hour}&rating=5&solved=true") == [first]
        mine = f"?from={hour}&hostId={call.host.uid}&subjectKind=call"
        assert listed(owner, mine) == listed(call.host, f"?from={hour}") == [first]
        of_call = f"?from={hour}&subjectKind=call&subjectId={call.id}"
        assert listed(owner, of_call) == [first]
        assert listed(customer, f"?from={hour}&mine=true") == [third]
        assert listed(owner, f"?to={hour}") == []
        assert statistics(owner, f"?to={hour}") == {
            "average": None,
            "count": 0,
            "byRating": by_rating(),
        }
        page = ask(owner, "GET", "/api/reviews?limit=2").json
        assert (page["meta"]["total"], page["meta"]["statistics"]["count"]) == (3, 3)
        more = f"?limit=2&cursor={page['meta']['nextCursor']}"
        assert listed(owner, more) == [first]

        # Other members see the reviews of the calls that they have hosted.
        assert listed(call.host) == [first]
        assert listed(call.host, f"?subjectKind=call&subjectId={call.id}") == [first]
        refused = [f"?hostId={member.uid}", f"?subjectKind=call&subjectId={other.id}"]
        refused.append(f"?subjectKind=company&subjectId={firm.id}")
        for query in refused:
            assert code(ask(call.host, "GET", f"/api/reviews{query}")) == (403, "forbidden")
        assert listed(customer) == listed(customer, "?mine=true") == [third]
        assert listed(owner, "?mine=true") == []

    def test_strangers_learn_nothing_from_lists(self, call: Held, db: Database) -> None:
        call.review(call.admit())
        strangers = (a_person(db), a_firm(db).owner, call.admit())
        for person in strangers:
            for query in (
                f"?subjectKind=call&subjectId={call.id}",
                f"?subjectKind=company&subjectId={call.firm.id}",
                f"?companyId={call.firm.id}",
            ):
                assert code(ask(person, "GET", f"/api/reviews{query}"))[0] == 404, query
            headers = {"X-Troupe-Company": call.firm.id}
            assert code(ask(person, "GET", "/api/reviews", headers=headers))[0] == 404
            assert listed(person) == []

    @pytest.mark.parametrize(
        "query",
        [
            "?subjectId=a",
            "?subjectKind=call&subjectId=a&mine=true",
            "?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
            "?from=2026-02-01",
            "?from=0001-01-01T00:00:00%2B14:00",
            "?rating=6",
        ],
    )
    def test_a_query_that_makes_no_sense(self, db: Database, query: str) -> None:
        assert code(ask(a_person(db), "GET", f"/api/reviews{query}")) == (422, "invalid_input")


class TestResponse:
    def test_managers_answer(self, call: Held, guest: Person) -> None:
        path = f"/api/reviews/{call.review(guest)['id']}"
        owner = call.firm.owner
        first, again = (
            data(owner, "PUT", f"{path}/response", json={"text": "Thank you!"})["review"]
            for _ in range(2)
        )
        assert first == again == data(guest, "GET", path)["review"]
        assert (first["response"]["text"], first["response"]["by"]) == ("Thank you!", owner.uid)
        admin = call.firm.join("admin")
        changed = data(admin, "PUT", f"{path}/response", json={"text": "Thanks!"})["review"]
        assert changed["response"]["by"] == admin.uid
        assert changed["revision"] == 1  # of what the author says
        assert data(guest, "PUT", path, json={"rating": 4})["review"]["response"] is not None

    def test_nobody_else_answers(self, call: Held, guest: Person, db: Database) -> None:
        path = f"/api/reviews/{call.review(guest)['id']}/response"
        for person, status in (
            (guest, 404),
            (a_person(db), 404),
            (a_firm(db).owner, 404),
            (call.host, 403),
        ):
            assert ask(person, "PUT", path, json={"text": "Ha!"}).status_code == status
        owner, user = a_person(db), a_person(db)
        character = new_character(db, owner.uid, "Ada")
        body = {"subjectKind": "character", "subjectId": character, "rating": 1}
        review = data(user, "POST", "/api/reviews", json=body)["review"]
        answer = ask(owner, "PUT", f"/api/reviews/{review['id']}/response", json={"text": "No!"})
        assert code(answer) == (404, "review_not_found")

    def test_an_administrators_answer_is_in_the_audit_log(
        self, call: Held, guest: Person, db: Database
    ) -> None:
        review = call.review(guest)
        admin = a_person(db, "admin")
        data(admin, "PUT", f"/api/reviews/{review['id']}/response", json={"text": "Hello."})
        (entry,) = db.find("audit", where=[("uid", "==", admin.uid)], limit=5)
        assert entry.data["operation"] == "respondReview"


class TestEnding:
    def test_an_erased_user_leaves_the_numbers(
        self, call: Held, guest: Person, db: Database
    ) -> None:
        review = call.review(guest, rating=2, title="Hm", text="Kari was here.", tags=["slow"])
        path = f"/api/reviews/{review['id']}"
        admin = call.firm.join("admin")
        data(admin, "PUT", f"{path}/response", json={"text": "Sorry!"})
        exported = [each.data for each in exported_of(guest)]
        assert [each["text"] for each in exported] == ["Kari was here."]
        (answered,) = exported_of(admin)
        assert "text" not in answered.data
        assert answered.data["response"]["text"] == "Sorry!"
        erase = services().erasers["reviews"]
        for person in (guest, admin, call.host):
            assert (erase(person.uid, 10), erase(person.uid, 10)) == (1, 0)
        left = data(call.firm.owner, "GET", path)["review"]
        said = ("userId", "name", "title", "text")
        assert [left[name] for name in said] == [""] * 4
        assert (left["tags"], left["rating"], left["response"]["by"]) == ([], 2, "")
        stored = str(db.get(review_path(review["id"])).data)
        assert not [each for each in (guest, admin, call.host) if each.uid in stored]
        assert totals(call.firm).rating_count == 1
        assert ask(guest, "GET", path).status_code == 404

    def test_the_reviews_of_a_deleted_character_go_with_it(self, own_db: Database) -> None:
        db = own_db
        with rewired(database=db):
            owner, user = a_person(db), a_person(db)
            character = new_character(db, owner.uid, "Ada")
            body = {"subjectKind": "character", "subjectId": character, "rating": 1}
            review = data(user, "POST", "/api/reviews", json=body)["review"]
            body = {"subjectKind": "review", "subjectId": review["id"], "text": "Why?"}
            data(owner, "POST", "/api/comments", json=body)
            services().characters.delete(owner.account, character)
            sweep_now(db)
            assert not db.get(review_path(review["id"])).exists
            assert not db.get(ratings_path(f"character-{character}")).exists
            assert db.find("comments", limit=1) == []
            assert db.find(ENDED, limit=1) == []

    def test_a_deleted_company_leaves_nothing_that_was_said(self, own_db: Database) -> None:
        db = own_db
        with rewired(database=db):
            kept, call = a_past_call(db), a_past_call(db)
            guest = call.admit()
            call.review(guest)
            call.comment(call.host)
            body = {"subjectKind": "company", "subjectId": call.firm.id, "rating": 3}
            data(guest, "POST", "/api/reviews", json=body)
            kept.review(kept.admit())
            name = call.firm.record.name
            services().companies.delete(call.firm.owner.caller, call.firm.id, name)
            late = call.admit()
            sweep_now(db)
            call.review(late)  # the sweep of companies has not erased the call yet
            db.commit(Delete(call_path(call.id)))
            assert services().chores["ended_subjects"](10) == 0
            sweep_now(db)
            assert db.find(ENDED, limit=1) == []
            assert [each.data["companyId"] for each in db.find("reviews", limit=9)] == [
                kept.firm.id
            ]
            assert len(db.find("ratings", limit=9)) == 1
            assert db.find("comments", limit=1) == []


def exported_of(person: Person) -> Iterator[Any]:
    return services().exporters["reviews"](person.uid)


def sweep_now(db: Database) -> None:
    due = now() - timedelta(seconds=1)
    db.commit(*(Update(each.path, {"dueAt": due}) for each in db.find(ENDED, limit=10)))
    assert services().chores["ended_subjects"](10) == 1


def test_a_subject_that_is_still_in_use_is_not_swept_at_once(own_db: Database) -> None:
    with rewired(database=own_db):
        own_db.commit(ending_write("review", "a"))
        assert services().chores["ended_subjects"](10) == 0


def test_a_member_of_two_companies_says_which_one(db: Database) -> None:
    call, other = a_past_call(db), a_firm(db)
    review = call.review(call.admit())
    owner = call.firm.owner
    services().company_founding.create(owner.caller, CompanyRequest("A second one"))
    assert code(ask(owner, "GET", "/api/reviews")) == (422, "company_required")
    query = f"?companyId={call.firm.id}"
    assert listed(owner, query) == [review["id"]]
    headers = {"X-Troupe-Company": other.id}
    answer = ask(owner, "GET", f"/api/reviews{query}", headers=headers)
    assert code(answer) == (422, "company_differs")

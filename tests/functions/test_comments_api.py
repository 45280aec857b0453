"""Comments: who writes and reads them, and that no guest ever sees what is internal."""

from __future__ import annotations

import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.companies import Person, a_firm, a_person
from tests.support.factories import code, new_character, test_settings
from tests.support.lost import lost_answer
from tests.support.reviews import Held, a_guest, a_past_call, ask, data, invitee
from tests.support.scenes import new_scene
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database, Delete, Update, now
from troupe.calls.writes import access_path
from troupe.comments.records import comment_path
from troupe.ended_subjects import COLLECTION as ENDED
from troupe.idempotency import keyed_id

NOBODY = "comment_not_found"


@pytest.fixture
def call(db: Database) -> Held:
    return a_past_call(db)


@pytest.fixture
def guest(call: Held) -> Person:
    return call.admit()


def about(call: Held, **body: Any) -> dict[str, Any]:
    return {"subjectKind": "call", "subjectId": call.id, "text": "Hello.", **body}


def place(kind: str, subject_id: str) -> str:
    return f"/api/comments?subjectKind={kind}&subjectId={subject_id}"


def on(call: Held) -> str:
    return place("call", call.id)


def texts(person: Person, path: str) -> list[str]:
    return [each["text"] for each in data(person, "GET", path)["comments"]]


class TestWriting:
    def test_the_company_writes_for_itself_unless_it_says_otherwise(
        self, call: Held, guest: Person
    ) -> None:
        body = {"kind": "resolution", "tags": ["router", "router"], "atSeconds": 12.5}
        mine = call.comment(call.host, "Restarted.", **body)
        assert {
            "subjectKind": "call",
            "subjectId": call.id,
            "companyId": call.firm.id,
            "userId": call.host.uid,
            "kind": "resolution",
            "tags": ["router"],
            "atSeconds": 12.5,
            "internal": True,
            "parentId": None,
            "revision": 1,
            "deletedAt": None,
        }.items() <= mine.items()
        assert call.comment(call.host, internal=False)["internal"] is False
        assert call.comment(call.firm.owner)["internal"] is True
        theirs = call.comment(guest)
        assert (theirs["internal"], theirs["guest"], theirs["kind"]) == (False, True, "general")

    def test_content_is_text(self, call: Held, guest: Person) -> None:
        body = {"subjectKind": "call", "subjectId": call.id, "content": "Hi."}
        assert data(guest, "POST", "/api/comments", json=body)["comment"]["text"] == "Hi."

    @pytest.mark.parametrize(
        "wrong",
        [
            {"text": " "},
            {"text": "x" * 2001},
            {"tags": list("abcdef")},
            {"kind": "gossip"},
            {"atSeconds": -1},
            {"subjectKind": "weather"},
        ],
    )
    def test_what_is_wrong_is_refused(self, call: Held, guest: Person, wrong: Any) -> None:
        answer = ask(guest, "POST", "/api/comments", json=about(call, **wrong))
        assert code(answer) == (422, "invalid_input")

    def test_an_unknown_recording(self, call: Held) -> None:
        body = about(call, subjectKind="recording")
        answer = ask(call.host, "POST", "/api/comments", json=body)
        assert code(answer) == (404, "recording_not_found")
        path = place("recording", call.id)
        assert code(ask(call.host, "GET", path)) == (404, "recording_not_found")

    def test_who_was_not_in_the_call_neither_reads_nor_writes(
        self, call: Held, db: Database
    ) -> None:
        invited, other = a_person(db), a_past_call(db)
        call.set(invitees=[invitee(invited).model_dump(by_alias=True)])
        call.comment(call.admit())
        strangers = {
            "stranger": a_person(db),
            "admin": a_person(db, "admin"),
            "another company": other.host,
            "guest of another call": other.admit(),
            "invited": invited,
            "colleague": call.firm.join(),
            "in the lobby": call.admit(state="waiting", entered=False),
            "left the lobby": call.admit(entered=False),
            "removed": call.admit(state="removed"),
        }
        nonsense = ask(call.host, "GET", place("call", secrets.token_hex(16)))
        assert code(nonsense) == (404, "call_not_found")
        for who, person in strangers.items():
            for answer in (
                ask(person, "GET", on(call)),
                ask(person, "POST", "/api/comments", json=about(call)),
            ):
                assert (answer.status_code, answer.text) == (404, nonsense.text), who

    def test_guests_have_a_day(self, call: Held, guest: Person) -> None:
        path = f"/api/comments/{call.comment(guest)['id']}"
        call.set(endedAt=now() - timedelta(hours=24, minutes=1))
        late = (403, "guest_too_late")
        assert code(ask(guest, "POST", "/api/comments", json=about(call))) == late
        assert code(ask(guest, "PUT", path, json={"text": "Hm."})) == late
        assert texts(guest, on(call)) == ["Well done."]
        assert ask(guest, "DELETE", path).status_code == 200

    def test_comments_and_their_changes_are_limited(self, call: Held, guest: Person) -> None:
        with rewired(settings=test_settings(COMMENT_LIMIT="2/86400, 0")):
            path = f"/api/comments/{call.comment(guest)['id']}"
            assert ask(guest, "PUT", path, json={"text": "Hm."}).status_code == 200
            assert ask(guest, "POST", "/api/comments", json=about(call)).status_code == 429

    def test_a_text_that_is_not_allowed_is_not_stored(self, call: Held, guest: Person) -> None:
        moderated = test_settings(MODERATION="blocklist", MODERATION_BLOCKLIST="weasel")
        with rewired(settings=moderated):
            answer = ask(guest, "POST", "/api/comments", json=about(call, text="You weasel!"))
            assert code(answer) == (422, "content_refused")
        assert texts(guest, on(call)) == []


class TestOnce:
    def test_a_key_makes_one_comment_also_at_once(self, call: Held, guest: Person) -> None:
        key = {"Idempotency-Key": secrets.token_hex(8)}

        def send(_: int) -> Any:
            return ask(guest, "POST", "/api/comments", json=about(call), headers=key)

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(send, range(6)))
        assert Counter(each.status_code for each in answers) == {201: 6}
        assert len({each.json["data"]["comment"]["id"] for each in answers}) == 1
        assert texts(guest, on(call)) == ["Hello."]
        answer = ask(guest, "POST", "/api/comments", json=about(call, text="No."), headers=key)
        assert code(answer) == (409, "idempotency_key_reused")

    def test_lost_answers(self, call: Held, guest: Person, db: Database) -> None:
        key = secrets.token_hex(8)
        comment_id = keyed_id(guest.uid, key)
        path = f"/api/comments/{comment_id}"
        for method, where, given in (
            ("POST", "/api/comments", {"json": about(call), "headers": {"Idempotency-Key": key}}),
            ("PUT", path, {"json": {"text": "Hm.", "revision": 1}}),
            ("DELETE", path, {}),
        ):
            with lost_answer(services().database, comment_path(comment_id)) as lost:
                assert ask(guest, method, where, **given).status_code in (200, 201), method
                assert lost
        assert db.get(comment_path(comment_id)).data["revision"] == 2


class TestInternal:
    @pytest.fixture
    def secret(self, call: Held) -> Any:
        return call.comment(call.host, "The customer is difficult.")

    def test_nobody_outside_the_company_ever_gets_it(
        self, call: Held, guest: Person, secret: Any, db: Database
    ) -> None:
        user, former = call.admit(a_person(db)), call.admit(call.firm.join())
        call.comment(former, "He is.", parentId=secret["id"])
        call.firm.owner.data("DELETE", f"/api/users/{former.uid}")
        suspended = call.admit(call.firm.join())
        path = f"/api/users/{suspended.uid}"
        call.firm.owner.data("PUT", path, json={"status": "suspended"})
        public = call.comment(guest, "Thank you.")
        nothing = secrets.token_hex(16)
        for person in (guest, user, former, suspended):
            for query in ("", "&internal=false", "&kind=general", "&search=k"):
                answer = ask(person, "GET", on(call) + query)
                assert [each["id"] for each in answer.json["data"]["comments"]] == [public["id"]]
                assert answer.json["meta"]["total"] == 1
                assert "difficult" not in answer.text
            for query in ("&internal=true", "&search=difficult", "&internal=true&search=he"):
                answer = ask(person, "GET", on(call) + query)
                assert (answer.json["data"]["comments"], answer.json["meta"]["total"]) == ([], 0)
            for method, body in (("GET", {}), ("PUT", {"json": {"text": "x"}}), ("DELETE", {})):
                of, missing = (
                    ask(person, method, f"/api/comments/{each}", **body)
                    for each in (secret["id"], nothing)
                )
                assert (of.status_code, of.text) == (404, missing.text)
                assert code(of) == (404, NOBODY)
            of, missing = (
                ask(person, "POST", "/api/comments", json=about(call, parentId=each))
                for each in (secret["id"], nothing)
            )
            assert (of.status_code, of.text) == (404, missing.text)
            answer = ask(person, "POST", "/api/comments", json=about(call, internal=True))
            assert code(answer) == (403, "internal_for_company")
        assert len(texts(call.host, on(call))) == 3

    def test_the_company_reads_it(
        self, call: Held, guest: Person, secret: Any, db: Database
    ) -> None:
        call.comment(guest, "Thank you.")
        colleague = call.admit(call.firm.join())
        for person in (call.host, call.firm.owner, call.firm.join("admin"), colleague):
            assert texts(person, on(call)) == ["Thank you.", secret["text"]]
            assert texts(person, on(call) + "&internal=true") == [secret["text"]]
            assert texts(person, on(call) + "&internal=false") == ["Thank you."]
            assert data(person, "GET", f"/api/comments/{secret['id']}")["comment"] == secret

    def test_it_stays_internal(self, call: Held, guest: Person, secret: Any) -> None:
        path = f"/api/comments/{secret['id']}"
        changed = data(call.host, "PUT", path, json={"text": "Hm.", "internal": False})["comment"]
        assert changed["internal"] is True
        answers = [
            ask(call.host, "POST", "/api/comments", json=about(call, parentId=secret["id"], **body))
            for body in ({"internal": False}, {})
        ]
        assert code(answers[0]) == (422, "parent_is_internal")
        assert answers[1].json["data"]["comment"]["internal"] is True
        assert ask(call.host, "DELETE", path).status_code == 200
        assert texts(guest, on(call)) == []

    def test_an_author_who_has_left_the_company_keeps_no_hand_on_it(
        self, call: Held, db: Database
    ) -> None:
        former = call.admit(call.firm.join())
        mine, open_ = call.comment(former), call.comment(former, internal=False)
        call.firm.owner.data("DELETE", f"/api/users/{former.uid}")
        for method, body in (("PUT", {"json": {"text": "Ha!"}}), ("DELETE", {})):
            answer = ask(former, method, f"/api/comments/{mine['id']}", **body)
            assert code(answer) == (404, NOBODY)
        db.commit(Delete(access_path(call.id, former.uid)))
        assert ask(former, "DELETE", f"/api/comments/{open_['id']}").status_code == 200

    def test_comments_on_a_review(self, call: Held, guest: Person, db: Database) -> None:
        """Its author reads what is not internal."""
        review = call.review(guest, rating=1)
        body = {"subjectKind": "review", "subjectId": review["id"]}
        path = place("review", review["id"])

        def say(person: Person, text: str, **more: Any) -> Any:
            return ask(person, "POST", "/api/comments", json={**body, "text": text, **more})

        owner = call.firm.owner
        assert say(owner, "Call her.").json["data"]["comment"]["internal"] is True
        assert say(owner, "We are sorry.", internal=False).status_code == 201
        assert say(guest, "All right.").json["data"]["comment"]["internal"] is False
        assert texts(guest, path) == ["All right.", "We are sorry."]
        assert texts(call.host, path) == ["All right.", "We are sorry.", "Call her."]
        assert code(say(guest, "x", internal=True)) == (403, "internal_for_company")
        for person in (a_person(db), call.admit(), call.firm.join(), a_firm(db).owner):
            assert code(ask(person, "GET", path)) == (404, "review_not_found")
            assert code(say(person, "x")) == (404, "review_not_found")

    def test_a_review_of_a_character_has_nothing_internal(self, db: Database) -> None:
        owner, user = a_person(db), a_person(db)
        character = new_character(db, owner.uid, "Ada")
        body = {"subjectKind": "character", "subjectId": character, "rating": 1}
        review = data(user, "POST", "/api/reviews", json=body)["review"]
        body = {"subjectKind": "review", "subjectId": review["id"], "text": "Why?"}
        made = data(owner, "POST", "/api/comments", json=body)["comment"]
        assert (made["internal"], made["companyId"]) == (False, None)
        assert texts(a_guest(db), place("review", review["id"])) == ["Why?"]
        answer = ask(owner, "POST", "/api/comments", json={**body, "internal": True})
        assert code(answer) == (403, "internal_for_company")


class TestReading:
    def test_filters_and_search(self, call: Held) -> None:
        call.comment(call.host, "The ROUTER was old.", kind="technical", tags=["Fibre"])
        call.comment(call.host, "She was glad.", kind="feedback", internal=False)
        call.comment(call.host, "A new router.", kind="resolution")
        assert texts(call.host, on(call) + "&search=router") == [
            "A new router.",
            "The ROUTER was old.",
        ]
        assert texts(call.host, on(call) + "&search=fibre") == ["The ROUTER was old."]
        assert texts(call.host, on(call) + "&search=router&kind=resolution") == ["A new router."]
        assert texts(call.host, on(call) + "&kind=feedback&internal=false") == ["She was glad."]
        page = ask(call.host, "GET", on(call) + "&search=router&limit=1&page=2").json
        assert [each["text"] for each in page["data"]["comments"]] == ["The ROUTER was old."]
        assert (page["meta"]["total"], page["meta"]["totalPages"]) == (2, 2)
        page = ask(call.host, "GET", on(call) + "&limit=2").json
        assert page["meta"]["total"] == 3
        cursor = page["meta"]["nextCursor"]
        assert texts(call.host, on(call) + f"&limit=2&cursor={cursor}") == ["The ROUTER was old."]

    def test_an_answer_names_a_comment_of_the_same_subject(
        self, call: Held, guest: Person, db: Database
    ) -> None:
        first = call.comment(guest)
        assert call.comment(guest, parentId=first["id"])["parentId"] == first["id"]
        other = a_past_call(db, call.firm, host=call.host)
        answer = ask(call.host, "POST", "/api/comments", json=about(other, parentId=first["id"]))
        assert code(answer) == (404, NOBODY)
        ask(guest, "DELETE", f"/api/comments/{first['id']}")
        answer = ask(guest, "POST", "/api/comments", json=about(call, parentId=first["id"]))
        assert code(answer) == (404, NOBODY)

    def test_a_script_has_comments_of_its_owner(self, db: Database) -> None:
        scene = new_scene(app_for("scripts").test_client(), db)
        owner = Person(db, scene.uid, scene.headers)
        body = {"subjectKind": "script", "subjectId": scene.id, "text": "Louder.", "atSeconds": 3}
        made = data(owner, "POST", "/api/comments", json=body)["comment"]
        assert texts(owner, place("script", scene.id)) == ["Louder."]
        stranger = a_person(db)
        assert code(ask(stranger, "POST", "/api/comments", json=body)) == (404, "script_not_found")
        answer = ask(stranger, "GET", f"/api/comments/{made['id']}")
        assert code(answer) == (404, NOBODY)


class TestChanging:
    def test_an_edit_and_its_revision(self, call: Held, guest: Person) -> None:
        path = f"/api/comments/{call.comment(guest, atSeconds=3)['id']}"
        change = {"text": "Better.", "kind": "feedback", "atSeconds": None, "revision": 1}
        first, again = (data(guest, "PUT", path, json=change)["comment"] for _ in range(2))
        assert first == again
        assert (first["text"], first["kind"], first["atSeconds"]) == ("Better.", "feedback", None)
        assert first["revision"] == 2
        answer = ask(guest, "PUT", path, json={"text": "Worse.", "revision": 1})
        assert code(answer) == (409, "changed_since")
        assert answer.json["error"]["details"] == {"revision": 2}

    def test_a_deleted_comment_keeps_its_place(self, call: Held, guest: Person) -> None:
        first = call.comment(guest, tags=["a"])
        call.comment(call.host, "Answer.", parentId=first["id"], internal=False)
        path = f"/api/comments/{first['id']}"
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: ask(guest, "DELETE", path), range(4)))
        assert Counter(each.status_code for each in answers) == {200: 1, 404: 3}
        left = data(guest, "GET", on(call))["comments"][-1]
        assert (left["id"], left["text"], left["tags"]) == (first["id"], "", [])
        assert left["deletedAt"] is not None
        for method, body in (("GET", {}), ("PUT", {"json": {"text": "x"}}), ("DELETE", {})):
            assert code(ask(guest, method, path, **body)) == (404, NOBODY)

    def test_managers_delete_and_nobody_else(self, call: Held, guest: Person) -> None:
        path = f"/api/comments/{call.comment(guest, 'Rude words.')['id']}"
        for person in (call.admit(), call.host):
            assert code(ask(person, "DELETE", path)) == (404, NOBODY)
        answer = ask(call.firm.owner, "PUT", path, json={"text": "Kind words."})
        assert code(answer) == (404, NOBODY)
        assert ask(call.firm.owner, "DELETE", path).status_code == 200
        assert texts(guest, on(call)) == [""]


class TestEnding:
    def test_an_erased_user_leaves_empty_places(
        self, call: Held, guest: Person, db: Database
    ) -> None:
        first = call.comment(guest, "Kari was here.")
        call.comment(call.host, "Yes.", parentId=first["id"], internal=False)
        exported = map(str, services().exporters["comments"](guest.uid))
        assert ["Kari was here." in each for each in exported] == [True]
        erase = services().erasers["comments"]
        assert (erase(guest.uid, 10), erase(guest.uid, 10)) == (1, 0)
        stored = str(db.get(comment_path(first["id"])).data)
        assert guest.uid not in stored
        assert "Kari" not in stored
        assert texts(call.host, on(call)) == ["Yes.", ""]

    def test_the_comments_on_a_deleted_review_go_with_it(self, own_db: Database) -> None:
        db = own_db
        with rewired(database=db):
            call = a_past_call(db)
            guest = call.admit()
            review = call.review(guest)
            kept = call.comment(guest)
            body = {"subjectKind": "review", "subjectId": review["id"], "text": "Sorry."}
            data(call.host, "POST", "/api/comments", json=body)
            data(guest, "DELETE", f"/api/reviews/{review['id']}")
            again = {"subjectKind": "call", "subjectId": call.id, "rating": 1}
            refused = ask(guest, "POST", "/api/reviews", json=again)
            assert code(refused) == (409, "review_being_deleted")
            assert int(refused.headers["Retry-After"]) > 0
            due = now() - timedelta(seconds=1)
            db.commit(*(Update(each.path, {"dueAt": due}) for each in db.find(ENDED, limit=9)))
            assert services().chores["ended_subjects"](10) == 1
            assert [each.id for each in db.find("comments", limit=9)] == [kept["id"]]
            assert data(guest, "POST", "/api/reviews", json=again)["review"]["id"] == review["id"]

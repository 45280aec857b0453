"""Debug logs: what is logged about a scope while it is switched on, for administrators."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from tests.support.admins import Admin, a_user, new_admin
from tests.support.factories import CountingDatabase, code, moment, signed_in
from tests.support.rooms import Place, a_room
from tests.support.silent import silent_services
from tests.support.wiring import app_for, rewired, services
from troupe import logs
from troupe.adapters.firestore import Create, Database, now
from troupe.debugging.capture import MOST_STORED, DebugCapture
from troupe.debugging.cleaning import cleaned
from troupe.debugging.records import KEPT
from troupe.debugging.service import MOST_SCOPES
from troupe.logs import log


class Instance:
    """The capture of an instance of the function `rooms`, whose clock is later than the real one
    by `later` seconds."""

    def __init__(self, db: Database) -> None:
        self.later = 0.0
        self.capture = DebugCapture(lambda: db, "rooms", self._clock)

    def _clock(self) -> float:
        return now().timestamp() + self.later

    def run(self, closing: bool = False) -> None:
        """In a thread of its own, as in an instance."""
        thread = threading.Thread(target=self.capture.run, args=[closing])
        thread.start()
        thread.join()


@pytest.fixture
def instance(db: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """Gets what this process logs."""
    made = Instance(db)
    monkeypatch.setattr(logs, "_tees", [])
    made.capture.begin()
    logs.begin()
    yield made
    logs.begin()


def switch(admin: Admin, scope: str, status: int = 200, **body: Any) -> Any:
    return admin.data("PUT", f"/debug-logs/{scope}", status, json={"enabled": True, **body})


def listed(admin: Admin, scope: str | None = None, **query: Any) -> list[Any]:
    given = {"limit": 100, **query} | ({"scope": scope} if scope else {})
    return list(admin.data("GET", "/debug-logs", query_string=given)["logs"])


def events(admin: Admin, scope: str, **query: Any) -> list[str]:
    return [each["event"] for each in listed(admin, scope, **query)][::-1]


@pytest.fixture
def room(db: Database) -> Place:
    return a_room(db)


def test_what_is_logged_about_a_user_or_a_room_is_stored_without_what_they_say(
    db: Database, admin: Admin, instance: Instance, room: Place
) -> None:
    guest, other = room.join(), a_room(db)
    scopes = (f"user:{guest.uid}", f"room:{room.id}")
    for scope in scopes:
        switch(admin, scope)
    room.say(guest, "My password is hunter2")
    room.say(room.owner, "Nobody reads this")
    other.say(other.owner, "Nor this")
    answer = room.ask(guest, "GET", "/messages?token=hunter2", headers={"X-Request-Id": "call-me"})
    assert answer.headers["X-Request-Id"] == "call-me"
    logs.begin()
    log.error("message_not_translated", ValueError("hunter2 is wrong"), roomId=room.id)
    instance.run()
    assert events(admin, scopes[0]) == ["request", "request"]
    found = listed(admin, scopes[1])
    assert [each["userId"] for each in found] == [None, guest.uid, room.owner.uid, guest.uid]
    assert [each["level"] for each in found] == ["error", "info", "info", "info"]
    assert {each["function"] for each in found} == {"rooms"}
    raised, last = found[:2]
    assert raised["fields"] == {"raised": "ValueError", "stack": []}
    assert last["requestId"] == "call-me"
    assert last["fields"]["route"] == "/api/rooms/<roomId>/messages"
    assert (last["fields"]["method"], last["fields"]["status"]) == ("GET", 200)
    assert last["roomId"] == room.id
    assert sorted(last["scopes"]) == sorted(scopes)
    stored = db.find("debugLogs", where=[("roomId", "==", room.id)], limit=100)
    told = json.dumps([each.data for each in stored], default=str)
    secrets = ["hunter2", "reads this", "@example.com", guest.headers["Authorization"][7:]]
    assert not [word for word in secrets if word in told]
    assert all(each.data["expiresAt"] - each.data["at"] == KEPT for each in stored)


def test_it_ends_by_itself(admin: Admin, instance: Instance, db: Database) -> None:
    uid = a_user(db)
    scope = f"user:{uid}"
    log.info("before", uid=uid)
    until = moment(switch(admin, scope, minutes=5)["scope"]["until"])
    assert timedelta(minutes=4) < until - now() <= timedelta(minutes=5)
    log.info("during", uid=uid)
    instance.later = 270
    log.info("at_last", uid=uid)
    instance.later = 301
    log.info("after", uid=uid)
    instance.run()
    assert events(admin, scope) == ["during", "at_last"]
    assert scope in [each["scope"] for each in active(admin)]


def active(admin: Admin) -> list[Any]:
    return list(admin.data("GET", "/debug-logs?limit=1")["scopes"])


def test_it_is_prolonged_and_ended_and_audited(
    db: Database, admin: Admin, instance: Instance
) -> None:
    uid = a_user(db)
    scope = f"user:{uid}"
    switch(admin, scope, minutes=5)
    log.info("one", uid=uid)
    longer = switch(admin, scope, minutes=240)
    assert switch(admin, scope, enabled=False)["enabled"] is False
    log.info("two", uid=uid)
    assert switch(admin, scope, enabled=False)["enabled"] is False
    instance.run()
    assert events(admin, scope) == ["one"]
    assert scope not in [each["scope"] for each in active(admin)]
    entries = admin.log(f"users/{uid}")
    assert [(e.operation, sorted(e.before), sorted(e.after)) for e in entries[:3]] == [
        ("setDebug", [], ["debugUntil"]),
        ("setDebug", ["debugUntil"], ["debugUntil"]),
        ("setDebug", ["debugUntil"], []),
    ]
    assert entries[1].after["debugUntil"] == moment(longer["scope"]["until"])
    assert len(entries) == 3


def test_requests_read_nothing_and_an_instance_one_document_in_30_seconds(
    db: Database, counting: CountingDatabase, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = Instance(counting)
    monkeypatch.setattr(logs, "_tees", [quiet.capture.offer])
    for _ in range(5):
        quiet.run()
    assert counting.total == 0  # nothing is logged
    _, headers = signed_in(db)
    for seconds in range(0, 75, 3):
        quiet.later = seconds
        app_for("auth").test_client().get("/api/me", headers=headers)
        quiet.run()
    assert dict(counting.calls) == {"batch_get_documents": 3}


def test_a_client_cannot_fill_the_database(db: Database, admin: Admin, instance: Instance) -> None:
    uid = a_user(db)
    scope, silent = f"user:{uid}", f"user:{a_user(db)}"
    switch(admin, scope)
    switch(admin, silent)
    instance.later = 60 - now().timestamp() % 60  # the beginning of a minute
    for number in range(1000):
        log.info("spam", uid=uid, number=number)
        if number % 100 == 99:
            instance.run()
    where = [("scopes", "array_contains", scope)]
    assert db.count("debugLogs", where=where) == MOST_STORED
    instance.later += 60
    log.info("later", uid=uid)
    instance.run()
    assert [(each["event"], each["fields"]) for each in listed(admin, scope, limit=2)] == [
        ("debug_logs_dropped", {"dropped": 1000 - MOST_STORED}),
        ("later", {}),
    ]
    for number in range(900):  # faster than the thread looks
        log.info("spam", uid=uid, number=number)
    instance.run()
    instance.later += 60
    instance.run()
    (told,) = listed(admin, scope, limit=1)
    assert told["fields"]["dropped"] == 900 - (MOST_STORED - 1)
    assert listed(admin, silent) == []
    assert db.count("debugLogs", where=where) == 2 * MOST_STORED + 2


def test_when_the_database_does_not_answer_requests_go_on(
    db: Database, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, headers = signed_in(db)
    with silent_services() as silent:
        broken = Instance(silent.database)
        monkeypatch.setattr(logs, "_tees", [broken.capture.offer])
        working = threading.Thread(target=broken.capture.run, args=[False])
        log.info("before")
        working.start()
        answer = app_for("auth").test_client().get("/api/me", headers=headers)
        assert answer.status_code == 200
        assert working.is_alive()  # nobody waited for it
        working.join()
        broken.run()  # tries again in 30 seconds
    monkeypatch.setattr(logs, "_tees", [lambda *line: 1 / 0])
    log.info("anything")


def test_lines_are_chosen_by_scope_level_request_and_time(own_db: Database) -> None:
    first = now().replace(microsecond=0) - timedelta(minutes=30)
    lines: list[dict[str, Any]] = [
        {
            "at": first + timedelta(minutes=number),
            "level": level,
            "event": "e",
            "function": "rooms",
            "requestId": request,
            "scopes": [scope],
            "expiresAt": first + KEPT,
        }
        for number, (scope, level, request) in enumerate(
            product(["user:ada", "room:one"], ["info", "error"], ["a", "b"])
        )
    ]
    own_db.commit(*(Create(f"debugLogs/{n}", line) for n, line in enumerate(lines)))
    since = first + timedelta(minutes=3)
    with rewired(database=own_db):
        admin = new_admin(own_db)
        for scope, level, request, late in product(
            [None, "user:ada"], [None, "error"], [None, "a"], [None, since]
        ):
            query = {"level": level, "requestId": request, "from": late and late.isoformat()}
            found = listed(admin, scope, **{name: each for name, each in query.items() if each})
            assert [moment(each["at"]) for each in found] == [
                line["at"]
                for line in reversed(lines)
                if (scope is None or scope in line["scopes"])
                and level in (None, line["level"])
                and request in (None, line["requestId"])
                and (late is None or line["at"] >= late)
            ]
        page = admin.ask("GET", "/debug-logs?scope=user:ada&limit=3").json
        assert page["meta"]["total"] == 4
        last = listed(admin, "user:ada", limit=3, cursor=page["meta"]["nextCursor"])
        assert [moment(each["at"]) for each in last] == [first]


WRONG = {
    "no kind": ("cats:1", {"enabled": True}, 422, "`user:ID`, `room:ID`, `call:ID`"),
    "no id": ("user:", {"enabled": True}, 422, "`user:ID`"),
    "a path": ("user:a.b", {"enabled": True}, 422, "`user:ID`"),
    "a reserved id": ("user:__x__", {"enabled": True}, 422, "`user:ID`"),
    "unknown function": ("function:cats", {"enabled": True}, 422, "function:rooms"),
    "unknown user": ("user:nobody", {"enabled": True}, 404, "no user or room"),
    "unknown room": ("room:none", {"enabled": True}, 404, "no user or room"),
    "too long": ("function:rooms", {"enabled": True, "minutes": 241}, 422, "at most 240"),
    "no time": ("function:rooms", {"enabled": True, "minutes": 0}, 422, "at least 1"),
    "neither on nor off": ("function:rooms", {}, 422, "enabled: is required"),
}


@pytest.mark.parametrize(("scope", "body", "status", "told"), WRONG.values(), ids=WRONG.keys())
def test_bad_input_is_told_what_would_be_right(
    admin: Admin, scope: str, body: dict[str, Any], status: int, told: str
) -> None:
    answer = admin.ask("PUT", f"/debug-logs/{scope}", json=body)
    assert answer.status_code == status, answer.text
    assert told in answer.text
    if status == 422 and "kind" in told:
        assert admin.ask("GET", f"/debug-logs?scope={scope}").status_code == 422


def test_only_so_many_are_on_at_once(own_db: Database) -> None:
    with rewired(database=own_db):
        admin = new_admin(own_db)
        own_db.commit(*(Create(f"rooms/{n}", {}) for n in range(MOST_SCOPES + 1)))
        for number in range(MOST_SCOPES):
            switch(admin, f"room:{number}")
        refused = admin.ask("PUT", f"/debug-logs/room:{MOST_SCOPES}", json={"enabled": True})
        assert code(refused) == (409, "too_many_scopes")
        switch(admin, "room:3", minutes=10)
        switch(admin, "room:3", enabled=False)
        switch(admin, f"room:{MOST_SCOPES}")


def test_old_lines_are_deleted(own_db: Database) -> None:
    for name, days in (("old", -1), ("new", 1)):
        own_db.commit(Create(f"debugLogs/{name}", {"expiresAt": now() + timedelta(days=days)}))
    with rewired(database=own_db):
        assert services().chores["debug_logs"](10) == 1
    assert [each.id for each in own_db.find("debugLogs", limit=10)] == ["new"]


def test_nothing_of_the_message_of_an_exception_is_kept(
    admin: Admin, instance: Instance, db: Database
) -> None:
    uid = a_user(db)
    switch(admin, f"user:{uid}")
    try:
        raise ValueError('first\n  File "a/b.py", line 1, in hunter2\nhunter2')
    except ValueError as error:
        log.error("odd", error, uid=uid)
    instance.run()
    (line,) = listed(admin, f"user:{uid}")
    assert line["fields"]["raised"] == "ValueError"
    (place,) = line["fields"]["stack"]
    assert place.startswith("functions/test_debug_logs_api.py:")
    assert "hunter2" not in json.dumps(line)


def test_only_numbers_and_identifiers_of_a_line_are_kept() -> None:
    given: dict[str, Any] = {
        "jobId": "0123abcd",
        "ms": 41.5,
        "guest": False,
        "route": "/api/rooms/<roomId>",
        "reason": "KeyError",
        "numbers": [1, 2],
        "messageId": "m-1",
        "tokens": 3,
        "logging.googleapis.com/trace": "projects/x/traces/1",
        "stack_trace": "ValueError: hunter2",
    }
    hostile = {
        "password": "hunter2",
        "accessToken": "abc",
        "email": "x",
        "note": "eyJhbGciOi",
        "owner": "ada@example.com",
        "said": "two words",
        "long": "x" * 65,
        "line": "a\nb",
        "many": list(range(21)),
        "nested": {"a": "b"},
        "lists": [["a"]],
        "words": ["fine", "not fine"],
        "huge": 2**70,
        "voiceName": "Ada",
        "other": object(),
    }
    assert cleaned({**given, **hostile}) == {
        **{name: given[name] for name in list(given)[:8]},
        "omitted": list(hostile),
    }
    assert len(cleaned({f"n{n}": n for n in range(1000)})) == 21

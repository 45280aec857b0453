"""Events of calls over HTTP: no signal is lost, and nobody gets those of others."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.support.companies import Person, a_person
from tests.support.factories import code
from tests.support.served_rooms import served
from tests.support.talks import Talk, a_talk
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.calls.writes import call_path, participant_path, signals_path


@pytest.fixture
def talk(db: Database) -> Talk:
    return a_talk(db)


def wait(talk: Talk, person: Person, after: str = "", seconds: int = 20) -> tuple[list[Any], str]:
    """The events of one answer as JSON, and the id to go on with."""
    query = {"wait": seconds, **({"after": after} if after else {})}
    answer = talk.ask(person, "GET", "/events", function="live", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json["events"], answer.json["lastEventId"]


def names(events: list[Any]) -> list[str]:
    return [each["event"] for each in events]


def ids(events: list[Any]) -> list[int]:
    """Of what was signalled, as the payload says."""
    return [each["signal"]["payload"]["n"] for each in events if each["signal"]]


def say(talk: Talk, person: Person, to: Person, *numbers: int) -> None:
    batch = [
        {"to": talk.participant(to), "id": str(n), "type": "offer", "payload": {"n": n}}
        for n in numbers
    ]
    assert talk.signal(person, to, signals=batch).status_code == 200


def begin(talk: Talk, person: Person) -> str:
    """The id to go on with, after who is there has been told."""
    found, after = wait(talk, person)
    assert set(names(found)) <= {"participant_joined", "signal"}
    return after


def test_signals_arrive_once_and_in_their_order(talk: Talk) -> None:
    ada, bob = talk.come(), talk.come()
    after = begin(talk, bob)
    say(talk, ada, bob, *range(20))
    found, after = wait(talk, bob, after)
    assert ids(found) == list(range(20))
    first = found[0]["signal"]
    assert (first["from"], first["to"]) == (talk.participant(ada), talk.participant(bob))
    assert first["type"] == "offer"
    assert first["id"]
    say(talk, ada, bob, 20)
    found, after = wait(talk, bob, after)
    assert ids(found) == [20]
    assert wait(talk, bob, after, 1) == ([], after)


def test_what_came_before_the_stream_is_not_lost(talk: Talk) -> None:
    """From the time at which the participant has come."""
    bob, joined = talk.come(), now() - timedelta(seconds=1)
    ada = talk.come()
    say(talk, ada, bob, 1, 2)
    assert ids(wait(talk, bob, joined.isoformat())[0]) == [1, 2]


def test_nobody_gets_the_signals_of_others(talk: Talk) -> None:
    ada, bob, eve = talk.come(), talk.come(), talk.come()
    after = begin(talk, eve)
    say(talk, ada, bob, 1)
    assert wait(talk, eve, after, 2)[0] == []
    begun = (now() - timedelta(minutes=1)).isoformat()
    assert ids(wait(talk, eve, begun, 2)[0]) == []


def test_a_late_signal_is_not_lost(talk: Talk) -> None:
    """Its time is that of its processing: another one with a later time can be seen first."""
    ada, bob = talk.come(), talk.come()
    after = begin(talk, bob)
    say(talk, ada, bob, 1)
    found, after = wait(talk, bob, after)
    assert ids(found) == [1]
    (stored,) = talk.signals()
    fields = stored.stored() | {"payload": '{"n": 0}', "at": stored.at - timedelta(seconds=2)}
    talk.db.commit(Create(f"{signals_path(talk.id)}/late", fields))
    found, after = wait(talk, bob, after)
    assert ids(found) == [0]
    assert wait(talk, bob, after, 1)[0] == []


def test_people_come_change_and_go(talk: Talk) -> None:
    ada, bob = talk.come(), talk.come()
    after = begin(talk, bob)
    eve = talk.come()
    found, after = wait(talk, bob, after)
    assert names(found) == ["participant_joined"]
    assert found[0]["participant"]["id"] == found[0]["participantId"] == talk.participant(eve)
    assert found[0]["participant"]["userId"] == eve.uid
    path = participant_path(talk.id, talk.participant(eve))
    talk.db.commit(Update(path, {"media": {"audio": True, "video": False, "screen": True}}))
    found, after = wait(talk, bob, after)
    assert names(found) == ["participant_changed"]
    assert found[0]["participant"]["media"]["screen"] is True
    talk.go(eve)
    found, after = wait(talk, bob, after)
    assert [(each["event"], each["participantId"]) for each in found] == [
        ("participant_left", talk.participant(eve))
    ]
    assert wait(talk, ada)[0] != []


def test_who_waits_is_there_and_not_in_the_call_yet(talk: Talk) -> None:
    bob = talk.come()
    after = begin(talk, bob)
    eve = talk.come(state="waiting")
    found, after = wait(talk, bob, after)
    assert [(each["event"], each["participant"]["state"]) for each in found] == [
        ("participant_joined", "waiting")
    ]
    talk.go(eve, "in")
    found, after = wait(talk, bob, after)
    assert [(each["event"], each["participant"]["state"]) for each in found] == [
        ("participant_changed", "in")
    ]


def test_what_changes_of_the_call_is_told_without_the_notes(talk: Talk) -> None:
    bob = talk.come()
    after = begin(talk, bob)
    talk.db.commit(Update(call_path(talk.id), {"outcome.note": "rude", "participantCount": 7}))
    assert wait(talk, bob, after, 2)[0] == []
    talk.db.commit(Update(call_path(talk.id), {"title": "Modem setup"}))
    found, after = wait(talk, bob, after)
    assert names(found) == ["call_changed"]
    assert found[0]["call"]["title"] == "Modem setup"
    assert set(found[0]["call"]) == {
        *("id", "status", "endReason", "title", "media", "startedAt", "endedAt"),
        *("endsAt", "recording"),
    }


def test_strangers_and_who_waits_follow_nothing(talk: Talk) -> None:
    waiting, removed = talk.come(state="waiting"), talk.come()
    talk.go(removed, "removed")
    for person, wanted in (
        (a_person(talk.db), (404, "call_not_found")),
        (waiting, (409, "not_in_call")),
        (removed, (403, "removed")),
    ):
        answer = talk.ask(person, "GET", "/events", function="live", query_string={"wait": 1})
        assert code(answer) == wanted


@pytest.mark.parametrize("after", ["x", "2026-01-01T00:00:00", "0001-01-01T00:00:00Z", "A" * 5000])
def test_a_cursor_that_is_none_is_refused(talk: Talk, after: str) -> None:
    query = {"wait": 1, "after": after}
    answer = talk.ask(talk.come(), "GET", "/events", function="live", query_string=query)
    assert answer.status_code == 422


def test_a_cursor_stays_a_header_in_a_busy_call(talk: Talk) -> None:
    people = [talk.come() for _ in range(4)]
    bob, after, found = people[0], begin(talk, people[0]), list[Any]()
    for start in range(0, 256, 32):
        say(talk, people[1], bob, *range(start, start + 32))
    while len(ids(found)) < 256:
        events, after = wait(talk, bob, after)
        assert events
        found += events
        assert len(after) < 6000
    assert sorted(ids(found)) == list(range(256))


def test_a_stream_ends_when_its_reader_is_removed(talk: Talk) -> None:
    """Nothing is sent that was signalled after it."""
    ada, bob = talk.come(), talk.come()
    lines: list[str] = []
    with served(lambda path: "live") as address:
        response = requests.get(
            f"{address}/api/calls/{talk.id}/events",
            params={"stream": "1"},
            headers=bob.headers,
            stream=True,
            timeout=30,
        )

        def read() -> None:
            with suppress(requests.exceptions.RequestException):
                lines.extend(each.decode() for each in response.iter_lines(chunk_size=1))

        reader = threading.Thread(target=read)
        reader.start()
        say(talk, ada, bob, 1)
        ends = time.monotonic() + 30
        while not any('"n":1' in each for each in lines) and time.monotonic() < ends:
            time.sleep(0.02)
        assert any('"n":1' in each for each in lines)
        talk.db.commit(
            Update(f"calls/{talk.id}/access/{bob.uid}", {"state": "removed", "active": False})
        )
        say(talk, ada, bob, 2)
        reader.join(30)
    assert not reader.is_alive()
    assert not any('"n":2' in each for each in lines)


def test_two_streams_of_one_call_read_it_together(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [talk.come() for _ in range(3)]
    cursors = [begin(talk, each) for each in people]
    found: list[str] = []
    find = Database.find

    def counted(self: Database, *args: Any, **more: Any) -> Any:
        found.append(args[0])
        return find(self, *args, **more)

    monkeypatch.setattr(Database, "find", counted)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda one, after: wait(talk, one, after, 4), people, cursors))
    monkeypatch.undo()
    own = 3  # what each has missed
    assert 1 <= found.count(signals_path(talk.id)) - own <= 6  # a busy machine reads less often

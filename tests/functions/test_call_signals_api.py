"""Signals of calls: each reaches one participant, once, and only those in the call send any."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.companies import Person, a_person
from tests.support.factories import code, test_settings
from tests.support.talks import Talk, a_talk
from tests.support.wiring import rewired, services
from troupe import rate_limits
from troupe.adapters.firestore import Database, Update, now
from troupe.calls.writes import signals_path
from troupe.settings import Settings


@pytest.fixture
def talk(db: Database) -> Talk:
    return a_talk(db)


def one(to: str, **more: Any) -> dict[str, Any]:
    given = {"id": secrets.token_hex(4), "to": to, "type": "candidates", "payload": []}
    return given | more


def test_a_signal_is_for_one_participant(talk: Talk) -> None:
    ada, bob = talk.come(), talk.come()
    payload: Any = {"sdp": "v=0\r\n…", "deep": [[1, None, {"a": []}]]}
    answer = talk.signal(ada, bob, id="1", payload=payload)
    assert answer.status_code == 200, answer.text
    assert answer.json["data"] == {"accepted": ["1"], "gone": []}
    (stored,) = talk.signals()
    assert (stored.sender, stored.to) == (talk.participant(ada), talk.participant(bob))
    assert (stored.to_uid, stored.type, stored.content) == (bob.uid, "offer", payload)
    assert abs(stored.at - now()) < timedelta(seconds=60)
    assert abs(stored.expires_at - stored.at - timedelta(minutes=10)) < timedelta(seconds=10)


def test_one_request_takes_32_in_their_order(talk: Talk) -> None:
    ada, bob = talk.come(), talk.come()
    batch = [one(talk.participant(bob), id=str(n), payload="x" * 60_000) for n in range(32)]
    answer = talk.signal(ada, bob, signals=batch)
    assert answer.json["data"]["accepted"] == [str(n) for n in range(32)]
    stored = sorted(talk.signals(), key=lambda each: each.seq)
    assert [each.seq for each in stored] == list(range(32))
    assert len({each.at for each in stored}) == 1
    refused = talk.signal(ada, bob, signals=[*batch, one(talk.participant(bob))])
    assert code(refused) == (422, "invalid_input")


def test_a_repeat_is_not_a_second_signal(talk: Talk) -> None:
    """Also as a part of another request, and with another content."""
    ada, bob, eve = talk.come(), talk.come(), talk.come()
    to = talk.participant(bob)
    talk.signal(ada, bob, id="1")
    batch = [one(to, id="1"), one(to, id="2"), one(to, id="2", type="bye")]
    for _ in range(2):
        answer = talk.signal(ada, bob, signals=batch)
        assert answer.json["data"]["accepted"] == ["1", "2"]
    assert sorted(each.type for each in talk.signals()) == ["candidates", "offer"]
    talk.signal(eve, bob, id="1")  # of somebody else
    assert len(talk.signals()) == 3


def test_of_repeats_at_the_same_time_one_is_sent(talk: Talk) -> None:
    ada, bob = talk.come(), talk.come()
    batch = [one(talk.participant(bob)) for _ in range(3)]

    def send(number: int) -> Any:
        return talk.signal(ada, bob, signals=batch[: number % 3 + 1]).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(send, range(6))) == {200}
    assert len(talk.signals()) == 3


def test_who_has_left_gets_none_and_the_others_do(talk: Talk) -> None:
    ada, bob, eve, waiting = talk.come(), talk.come(), talk.come(), talk.come(state="waiting")
    talk.go(eve)
    people = (bob, eve, waiting)
    batch = [one(talk.participant(each), id=str(n)) for n, each in enumerate(people)]
    answer = talk.signal(ada, bob, signals=batch)
    gone = [talk.participant(eve), talk.participant(waiting)]
    assert answer.json["data"] == {"accepted": ["0"], "gone": gone}
    assert [each.to_uid for each in talk.signals()] == [bob.uid]


def refusals(talk: Talk) -> dict[str, tuple[Any, tuple[int, str]]]:
    """What is refused, with the expected answer."""
    ada, bob = talk.come(), talk.come()
    other = a_talk(talk.db)
    carl = other.come()
    left, removed = talk.come(), talk.come()
    talk.go(left)
    talk.go(removed, "removed")
    waiting, stranger = talk.come(state="waiting"), a_person(talk.db)

    def sent(person: Person, **body: Any) -> Any:
        given = {"from": talk.participant(ada), "to": talk.participant(bob), "type": "bye"}
        return talk.ask(person, "POST", "/signal", json=given | body)

    missing, unknown = (404, "call_not_found"), (404, "participant_not_found")
    return {
        "a stranger": (sent(stranger), missing),
        "in another call": (sent(carl, **{"from": other.participant(carl)}), missing),
        "has left": (sent(left, **{"from": talk.participant(left)}), (409, "not_in_call")),
        "was removed": (sent(removed, **{"from": talk.participant(removed)}), (403, "removed")),
        "waits": (sent(waiting, **{"from": talk.participant(waiting)}), (409, "not_in_call")),
        "as another": (sent(bob), unknown),
        "from nobody": (sent(ada, **{"from": "x"}), unknown),
        "to nobody": (sent(ada, to="x"), unknown),
        "to another call": (sent(ada, to=other.participant(carl)), unknown),
        "no addressee": (sent(ada, to=None), (422, "invalid_input")),
        "an unknown type": (sent(ada, type="hello"), (422, "invalid_input")),
        "both forms": (sent(ada, signals=[one("x")]), (422, "invalid_input")),
    }


def test_nobody_else_sends_signals_and_to_nobody_else(talk: Talk) -> None:
    for what, (answer, wanted) in refusals(talk).items():
        assert code(answer) == wanted, what
    assert talk.signals() == []


def test_an_old_tab_sends_nothing(talk: Talk) -> None:
    ada, bob = talk.come(), talk.come()
    old = talk.participant(ada)
    talk.db.commit(Update(f"calls/{talk.id}/participants/{old}", {"state": "left"}))
    talk.come(ada)
    assert code(talk.signal(ada, bob, **{"from": old})) == (409, "not_in_call")
    assert talk.signal(ada, bob).status_code == 200


def test_a_payload_has_64_kilobytes(talk: Talk) -> None:
    """In UTF-8, whatever escapes the request has used."""
    ada, bob = talk.come(), talk.come()
    assert talk.signal(ada, bob, payload="x" * (64 * 1024 - 2)).status_code == 200
    for payload in ("x" * (64 * 1024 - 1), "é" * (32 * 1024), ["x" * 64 * 1024]):
        answer = talk.signal(ada, bob, payload=payload)
        assert code(answer) == (413, "signal_too_large")
        assert answer.json["error"]["details"]["maximum"] == 64 * 1024
    small_and_large = [one(talk.participant(bob)), one(talk.participant(bob), payload="x" * 70_000)]
    assert code(talk.signal(ada, bob, signals=small_and_large)) == (413, "signal_too_large")
    assert len(talk.signals()) == 1


def test_three_hundred_signals_a_minute(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "_seconds", lambda: 1_800_000_000)  # within one minute
    ada, bob = talk.come(), talk.come()
    to = talk.participant(bob)
    for _ in range(9):
        assert talk.signal(ada, bob, signals=[one(to) for _ in range(32)]).status_code == 200
    assert talk.signal(ada, bob, signals=[one(to) for _ in range(13)]).status_code == 429
    assert talk.signal(ada, bob, signals=[one(to) for _ in range(12)]).status_code == 200
    assert talk.signal(ada, bob).status_code == 429
    assert talk.signal(bob, ada).status_code == 200  # others have their own


def test_signals_expire(talk: Talk) -> None:
    ada, bob = talk.come(), talk.come()
    talk.signal(ada, bob)
    (old,) = talk.signals()
    talk.signal(ada, bob)
    past = {"expiresAt": now() - timedelta(seconds=1)}
    talk.db.commit(Update(f"{signals_path(talk.id)}/{old.id}", past))
    services().chores["call_signals"](500)
    (new,) = talk.signals()
    assert new.id != old.id


TURN = {"TURN_URLS": "turn:t.example.com:3478, turns:t.example.com:5349", "TURN_SECRET": "s3cret"}


def test_credentials_are_what_a_turn_server_expects(talk: Talk) -> None:
    ada = talk.come()
    old = talk.participant(ada)
    talk.come(ada)
    with rewired(settings=test_settings(**TURN, STUN_URLS="stun:s.example.com")):
        found = talk.ask(ada, "GET", "/ice").json["data"]
        tab = talk.ask(ada, "GET", f"/ice?participantId={old}").json["data"]
    stun, turn = found["iceServers"]
    assert stun == {"urls": ["stun:s.example.com"], "username": "", "credential": ""}
    assert turn["urls"] == ["turn:t.example.com:3478", "turns:t.example.com:5349"]
    expires, _, of = turn["username"].partition(":")
    assert of == f"{talk.id}.{talk.participant(ada)}"
    assert abs(int(expires) - now().timestamp() - 3600) < 60
    assert found["ttlSeconds"] == 3600
    digest = hmac.digest(b"s3cret", turn["username"].encode(), hashlib.sha1)
    assert base64.b64decode(turn["credential"]) == digest
    assert tab["iceServers"][1]["username"].endswith(f":{talk.id}.{old}")


def test_without_a_turn_server_there_are_no_credentials(talk: Talk) -> None:
    with rewired(settings=test_settings()):
        found = talk.ask(talk.come(), "GET", "/ice").json["data"]
    assert found == {"iceServers": [], "expiresAt": None, "ttlSeconds": None, "livekit": None}


def test_credentials_are_for_those_in_the_call(talk: Talk) -> None:
    ada, bob, waiting = talk.come(), talk.come(), talk.come(state="waiting")
    with rewired(settings=test_settings(**TURN)):
        answer = talk.ask(bob, "GET", f"/ice?participantId={talk.participant(ada)}")
        assert code(answer) == (404, "participant_not_found")
        assert code(talk.ask(a_person(talk.db), "GET", "/ice")) == (404, "call_not_found")
        assert code(talk.ask(waiting, "GET", "/ice")) == (409, "not_in_call")


@pytest.mark.parametrize(
    "urls",
    [
        "turn.example.com",
        "https://t.example.com",
        "turn:",
        "turn:t.example.com:3478?x=y",
        "turn:a b",
    ],
)
def test_a_url_that_browsers_refuse_is_refused(urls: str) -> None:
    with pytest.raises(ValueError, match="is not a URL"):
        test_settings(TURN_URLS=urls, TURN_SECRET="x")


def test_only_the_function_of_calls_needs_the_secret() -> None:
    config: Settings = test_settings(TURN_URLS="turn:t.example.com")
    config.check_function("live")
    with pytest.raises(ValueError, match="TURN_SECRET"):
        config.check_function("calls")
    test_settings(**TURN).check_function("calls")

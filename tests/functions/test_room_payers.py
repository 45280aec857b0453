"""Who pays for what others do in a room: nobody without having agreed to it, and nobody without
bound."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.openai_server import KEY, openai_server
from tests.fakes.told_translator import ToldTranslator
from tests.functions.test_message_speech import SENTENCE, given, listening, paying, speak, used
from tests.functions.test_room_captions import caption
from tests.support.companies import a_person
from tests.support.factories import HeldQueue, code, test_settings
from tests.support.rooms import a_room
from tests.support.speeches import noise
from tests.support.wiring import deliver, rewired, services
from troupe.adapters.firestore import Database


@pytest.fixture
def rewire(queue: HeldQueue) -> Any:
    with rewired(translator=ToldTranslator()):
        yield


@pytest.mark.parametrize("end", ["leaves", "is deleted"])
def test_who_gets_a_room_pays_for_nothing_until_they_say_so(
    db: Database, queue: HeldQueue, end: str
) -> None:
    room, victim = a_room(db), given(a_person(db))
    room.join(victim)
    sent = room.say(victim, SENTENCE)
    if end == "leaves":
        room.data(room.owner, "POST", "/leave", json={"transferTo": victim.uid})
    else:
        services().erasers["rooms"](room.owner.uid, 10)
    assert (room.record.owner_uid, room.record.settings.payer) == (victim.uid, "none")
    stranger = a_person(db)
    room.data(stranger, "POST", "/join")
    with openai_server() as fake:
        settings = test_settings(
            TRANSCRIBER="openai", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=fake.base_url
        )
        with rewired(settings=settings, translator=ToldTranslator()):
            refused = speak(room, stranger, sent)
            assert code(refused) == (402, "room_cannot_pay")
            assert refused.json["error"]["details"] == {"payer": "none"}
            refused = caption(room, stranger, noise(2))
            assert code(refused) == (402, "captions_paused")
            assert refused.json["error"]["details"] == {"code": "room_cannot_pay"}
            assert used(db, victim.uid) == (0, 0) and not queue.tasks
            paying_now = {"settings": {"payer": "owner"}}
            room.data(victim, "PUT", json=paying_now)
            assert speak(room, stranger, sent).status_code == 202
            assert caption(room, stranger, noise(2)).status_code == 200


def test_senders_pay_for_speech_only_if_they_ask_for_it(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room, bob = a_room(db, settings={"payer": "sender", "autoSpeak": True}), given(a_person(db))
    room.join(bob, language="en")
    listening(room, room.owner)
    assert room.say(bob, SENTENCE)["speech"] == {}  # as a client that knows nothing of speech
    assert set(room.say(bob, SENTENCE, speak=True)["speech"]) == {"de"}
    deliver(queue)
    assert used(db, bob.uid) == (1, 0)
    paying(room, "owner")
    given(room.owner)
    assert set(room.say(bob, SENTENCE)["speech"]) == {"de"}


def test_an_owner_decides_who_has_messages_spoken(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room, bob, eve = a_room(db, given(a_person(db))), given(a_person(db)), a_person(db)
    room.join(bob, language="en")
    room.join(eve, language="en")
    room.data(room.owner, "PUT", f"/members/{eve.uid}", json={"role": "moderator"})
    listening(room, room.owner)
    sent = room.say(room.owner, SENTENCE)
    refused = (403, "speech_not_allowed")
    room.data(room.owner, "PUT", json={"settings": {"speech": "moderators", "autoSpeak": True}})
    assert code(speak(room, bob, sent)) == refused
    assert room.say(bob, SENTENCE, speak=True)["speech"] == {}
    assert speak(room, eve, sent).status_code == 202
    assert set(room.say(eve, SENTENCE)["speech"]) == {"de"}
    deliver(queue)
    paying(room, "sender")  # it is their own
    assert speak(room, bob, sent, "en").status_code == 202
    room.data(room.owner, "PUT", json={"settings": {"speech": "off", "payer": "owner"}})
    assert code(speak(room, room.owner, sent, "fr")) == refused
    assert room.say(room.owner, SENTENCE, speak=True)["speech"] == {}
    assert speak(room, bob, sent).status_code == 200  # what is there costs nothing


def test_others_spend_so_much_in_a_day_together(
    db: Database, rewire: None, queue: HeldQueue
) -> None:
    room = a_room(db)
    bob, eve = room.join(), room.join()
    one, two, long = (room.say(room.owner, each * SENTENCE) for each in (1, 2, 60))
    with rewired(settings=test_settings(ROOM_SPEECH_TOTAL_LIMIT="2/86400, 0")):
        for _ in range(3):  # nothing was spent
            assert code(speak(room, bob, one)) == (402, "room_cannot_pay")
        given(room.owner)
        assert speak(room, bob, one).status_code == 202
        assert speak(room, eve, one).status_code == 202  # the same
        refused = speak(room, bob, long)  # as three
        assert code(refused) == (429, "too_many_requests") and "Retry-After" in refused.headers
        assert speak(room, eve, two).status_code == 202
        assert code(speak(room, bob, two, "en")) == (429, "too_many_requests")
        assert speak(room, room.owner, long).status_code == 202

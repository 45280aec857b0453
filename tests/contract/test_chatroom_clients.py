"""Clients of chat servers with sockets: each operation and event that they know, by the name and
the path that they know it by, has one here. Each is called once, in both spellings of its path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from flask.testing import FlaskClient

from tests.contract.contract import contract, is_planned, places
from tests.fakes.google_oauth import FakeGoogle
from tests.fakes.told_translator import ToldTranslator
from tests.functions.test_google_redirect import browser, get, google, landed
from tests.functions.test_payments_api import Person as Payer
from tests.functions.test_payments_api import shop
from tests.functions.test_room_events_api import begin, wait
from tests.support.billing import Till
from tests.support.companies import a_person
from tests.support.firebase_client import PASSWORD, new_email
from tests.support.forms import multipart
from tests.support.media_files import picture
from tests.support.rooms import Place, a_room, ask, data
from tests.support.wiring import app_for, rewired
from troupe.adapters.firestore import Database
from troupe.rooms.events import EventName

__all__ = ["browser", "google", "shop"]

# By the area whose paths begin with /api/AREA/ in the second spelling: operations by method and
# rest of the path.
AUTH = {
    "POST register": "register",
    "POST login": "login",
    "POST logout": "logout",
    "GET auth/google": "googleRedirect",
    "GET auth/google/callback": "googleCallback",
}
USER = {
    "POST delete-account": "deleteAccount",
    "POST update-username": "updateProfile",
    "POST change-password": "changePassword",
    "POST upload-avatar": "uploadAvatar",
    "GET user-chatrooms/{userId}": "userRooms",
}
CHATROOM = {
    "POST create-chatroom": "createRoom",
    "POST join-chatroom": "joinNamedRoom",
    "POST leave-chatroom": "leaveNamedRoom",
    "POST get-chatroom-messages": "listNamedMessages",
}
PAYMENT = {
    "POST create-checkout-session": "checkout",
    "POST verify-payment": "verifyPayment",
    "POST check-subscription-status": "subscriptionStatus",
    "POST cancel-subscription": "cancelSubscription",
}
AREAS = {"auth": AUTH, "user": USER, "chatroom": CHATROOM, "payment": PAYMENT}
# Of the socket: what a client emits, and the operations that stand for it.
EMITTED = {
    "join_room": ("joinRoom", "presence"),
    "leave_room": ("leaveRoom",),
    "send_message": ("sendMessage",),
    "audio_stream": ("sendCaption",),
    "request_translation": ("requestTranslation",),
}
# What it hears, which the events of a room have the same names for.
HEARD = ("user_joined", "user_left", "new_message", "translation_result", "audio_transcription")

LINES = {line["op"]: line for line in contract()}
# Until captions are served, they are a line of the contract, and nobody hears them.
CAPTIONS_PLANNED = is_planned(LINES["sendCaption"])


def spellings(area: str, rest: str) -> list[str]:
    """The two paths of an operation, without /api/AREA and with it; one if it has that anyway."""
    paths = [f"/api/{rest}", f"/api/{area}/{rest}"]
    return paths[:1] if rest.startswith(f"{area}/") else paths


@pytest.mark.parametrize("area", AREAS)
def test_every_path_is_served_in_both_spellings(area: str) -> None:
    for written, op in AREAS[area].items():
        method, rest = written.split(" ")
        served = places(LINES[op])
        for path in spellings(area, rest):
            assert (method, path) in served, (op, path)
        assert not is_planned(LINES[op])


def test_every_event_has_an_operation_or_an_event() -> None:
    late = {"sendCaption", "audio_transcription"} if CAPTIONS_PLANNED else set()
    ops = {op for several in EMITTED.values() for op in several}
    assert {op for op in ops if is_planned(LINES[op])} == late & ops
    assert set(HEARD) - set(get_args(EventName)) == late - ops


class Calls:
    """Makes requests to an area, and remembers which."""

    def __init__(self, area: str) -> None:
        self.area, self.made = area, set[str]()

    def paths(self, written: str, **ids: str) -> Iterator[str]:
        """The paths of an operation, one after the other."""
        self.made.add(written)
        rest = written.split(" ")[1]
        for path in spellings(self.area, rest):
            yield re.sub(r"\{(\w+)\}", lambda name: ids[name[1]], path)

    def check(self) -> None:
        assert self.made == AREAS[self.area].keys()


def test_accounts(browser: FlaskClient, google: FakeGoogle, db: Database) -> None:
    auth, user = Calls("auth"), Calls("user")
    client = app_for("auth").test_client()
    email = new_email()

    def post(path: str, token: str = "", **given: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = client.post(path, headers=headers, **given)
        assert answer.status_code in (200, 201), answer.text
        return (answer.json or {}).get("data")

    for number, path in enumerate(auth.paths("POST register")):
        post(path, json={"email": f"{number}{email}", "password": PASSWORD})
    password = PASSWORD
    for path in auth.paths("POST login"):
        token = post(path, json={"email": f"0{email}", "password": password})["accessToken"]
    for number, path in enumerate(user.paths("POST update-username")):
        name = f"u{number}.{email[:8]}"
        assert post(path, token, json={"username": name})["user"]["username"] == name
    for path in user.paths("POST upload-avatar"):
        assert post(path, token, **multipart(avatar=picture()))["user"]["profilePicture"]
    for number, path in enumerate(user.paths("POST change-password")):
        new = f"a better horse {number}"
        post(path, token, json={"currentPassword": password, "newPassword": new})
        password = new
    person = a_person(db)
    for path in user.paths("GET user-chatrooms/{userId}", userId=person.uid):
        assert data(person, "GET", path) == {"rooms": []}
    for path in auth.paths("POST logout"):
        signed_in = post("/api/login", json={"email": f"0{email}", "password": password})
        post(path, signed_in["accessToken"])
    for number, path in enumerate(user.paths("POST delete-account")):
        sent = {"email": f"{number}{email}", "password": PASSWORD if number else password}
        token = post("/api/login", json=sent)["accessToken"]
        post(path, token, json={"password": sent["password"]})
    (start,), (end,) = auth.paths("GET auth/google"), auth.paths("GET auth/google/callback")
    there = get(browser, start).headers["Location"]
    _, outcome = landed(get(browser, end, **google.consent(there, new_email())))
    assert list(outcome) == ["refreshToken"]
    auth.check()
    user.check()


def test_rooms(db: Database) -> None:
    calls = Calls("chatroom")
    ada, bob = a_person(db), a_person(db)
    for path in calls.paths("POST create-chatroom"):
        made = data(ada, "POST", path, json={"chatroomName": "Lobby"})["room"]
    body = {"chatroomId": made["id"]}
    Place(db, made["id"], ada).say(ada, "Hello!")
    joins, leaves = calls.paths("POST join-chatroom"), calls.paths("POST leave-chatroom")
    for join, leave in zip(joins, leaves, strict=True):
        assert data(bob, "POST", join, json=body)["room"]["id"] == made["id"]
        for path in calls.paths("POST get-chatroom-messages"):
            (message,) = data(bob, "POST", path, json=body)["messages"]
            assert message["text"] == "Hello!"
        data(bob, "POST", leave, json=body)
    assert ask(bob, "POST", "/api/get-chatroom-messages", json=body).status_code == 404
    calls.check()


def test_payments(shop: Till) -> None:
    calls = Calls("payment")
    plan, _ = shop.plan()
    payer = Payer(shop)
    for path in calls.paths("POST create-checkout-session"):
        session = payer.data("POST", path, {"planId": plan.id})["sessionId"]
    shop.server.pay(session)
    for path in calls.paths("POST verify-payment"):
        assert payer.data("POST", path, {"sessionId": session})["paid"] is True
    for path in calls.paths("POST check-subscription-status"):
        assert payer.data("POST", path, {})["billing"]["status"] == "active"
    for path in calls.paths("POST cancel-subscription"):
        assert payer.data("POST", path, {})["subscription"]["status"] == "active"
    calls.check()


class Ears:
    """Somebody in a room who listens to its events."""

    def __init__(self, room: Place) -> None:
        self.room, self.person = room, room.join(language="en")
        self.after = begin(room, self.person)
        self.heard: set[str] = set()

    def until(self, name: str) -> Any:
        """The first event of this name since the last call."""
        for _ in range(10):
            found, self.after = wait(self.room, self.person, self.after)
            for each in found:
                self.heard.add(each["event"])
                if each["event"] == name:
                    return each
        raise AssertionError(f"no {name}, but {self.heard}")


def test_what_a_client_emits_is_heard_by_the_others(db: Database) -> None:
    room = a_room(db)
    with rewired(translator=ToldTranslator()):
        ears, bob = Ears(room), a_person(db)
        invitation = room.data(room.owner, "POST", "/invitations")["token"]
        # join_room
        room.data(bob, "POST", "/join", json={"invitation": invitation})
        room.data(bob, "POST", "/presence", json={"state": "active"})
        assert ears.until("user_joined")["userId"] == bob.uid
        # send_message
        sent = room.say(bob, "Guten Morgen, wie geht es dir?", language="de", clientId="1")
        assert ears.until("new_message")["message"]["id"] == sent["id"]
        # request_translation
        path = f"/messages/{sent['id']}/translations"
        asked = room.data(bob, "POST", path, json={"targetLanguage": "fr"})
        assert asked["text"] == f"[fr] {sent['text']}"
        told = ears.until("translation_result")["message"]["translations"]
        assert told["fr"]["text"] == asked["text"]
        # leave_room
        room.data(bob, "POST", "/presence", json={"state": "gone"})
        assert ears.until("user_left")["userId"] == bob.uid
        room.data(bob, "POST", "/leave")
    assert {*HEARD} - ears.heard == {"audio_transcription"}


@pytest.mark.skipif(CAPTIONS_PLANNED, reason="captions are planned: see contract/api.yaml")
def test_sound_that_a_client_emits_is_heard_as_text(db: Database) -> None:
    room, function = a_room(db), LINES["sendCaption"]["function"]
    with rewired(translator=ToldTranslator()):
        ears, bob = Ears(room), room.join()
        # audio_stream, whose sound the client has recognised itself
        spoken = multipart(text="Good morning!", stream="microphone", seq="0", language="en")
        room.data(bob, "POST", "/captions", function=function, **spoken)
        assert ears.until("audio_transcription")["message"]["text"] == "Good morning!"

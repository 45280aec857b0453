"""A client that was written for a document gets its answer to every request under `/as/...`."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage

from tests.fakes.openai_server import KEY, openai_server
from tests.support.admins import a_member, new_admin
from tests.support.characters import CONSENT, PICTURE, SOUND
from tests.support.documents import Follower, examples
from tests.support.factories import HeldQueue
from tests.support.firebase_client import PASSWORD, new_email
from tests.support.forms import multipart
from tests.support.plans import Shop
from tests.support.scenes import Scene
from tests.support.sounds import recording
from tests.support.wiring import app_for, deliver, rewired
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.llm import LanguageModel
from troupe.adapters.storage import Files


@pytest.fixture(autouse=True)
def all_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests leave behind more plans than a list has."""
    monkeypatch.setattr("troupe.plans.service.MOST_PLANS", 1000)


def an_address() -> dict[str, Any]:
    return {"email": new_email(), "password": PASSWORD}


@dataclass
class Prompt(HeldQueue):
    """Runs each task in a thread as soon as it is enqueued, as Cloud Tasks does."""

    threads: list[threading.Thread] = field(default_factory=list)

    def enqueue(self, *task: Any) -> None:
        super().enqueue(*task)
        self.threads.append(threading.Thread(target=deliver, args=(self,)))
        self.threads[-1].start()


@pytest.fixture
def prompt(emulators: object) -> Iterator[Prompt]:
    queue = Prompt()
    with rewired(queue=queue):
        yield queue
        for thread in queue.threads:
            thread.join()


def test_every_example_of_raket(db: Database, prompt: Prompt) -> None:
    raket, me = Follower("raket"), an_address()
    uid = raket.follow("POST /api/auth/register", body=me | {"name": "Ada"})["user_id"]
    signed = raket.follow("POST /api/auth/login", body=me)
    assert signed["user_data"].keys() == {"id", "name", "email", "created_at"}
    assert (signed["user_data"]["id"], signed["user_data"]["email"]) == (uid, me["email"])
    raket.sign_in(signed["token"])
    verified = raket.follow("GET /api/auth/verify-token")
    assert verified == {"valid": True, "user_data": signed["user_data"]}

    speech = {"text": "Good evening.", "language": "en-US", "voice_type": "kids"}
    body = speech | {"voice_style": "neutral", "user_id": uid}
    spoken = raket.follow("POST /api/voice/generate", body=body)
    assert (spoken["tokens_used"], spoken["remaining_tokens"]) == (1, 19)
    (heard,) = raket.follow("GET /api/user/voice-history")["history"]
    # A media link opens without a bearer token, also below the base address of the client.
    audio = Follower("raket").open("GET", spoken["audio_url"])
    assert audio.mimetype == "audio/mpeg"
    download = raket.follow("POST /api/user/download-audio", body={"audio_id": heard["id"]})
    assert download.data == audio.data
    assert len(download.data) > 1_000
    raket.follow("GET /api/voice/languages")
    raket.follow("GET /api/voice/styles")

    form = multipart(file=recording())
    file = raket.follow("POST /api/files/upload", **form)
    sent = raket.follow("GET /api/files/download/{file_id}", file["file_id"])
    assert sent.data == recording()
    part = raket.open("GET", file["file_url"], headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.data) == (206, recording()[:10])

    use = {"user_id": uid, "tokens_to_consume": 5, "action": "voice_generation"}
    assert raket.follow("POST /api/tokens/consume", body=use)["remaining_tokens"] == 14
    usage = raket.follow("GET /api/tokens/usage/{user_id}", uid)
    assert usage == {"used_tokens": 6, "total_tokens": 20, "usage_percentage": 30}

    follow_as_administrator(raket, db, uid, me["email"])

    profile = raket.follow("GET /api/user/profile")
    assert (profile["tokens_remaining"], profile["subscription_info"]["tokens"]) == (500, 500)
    message = {"name": "Ada", "email": me["email"], "subject": "Hi", "message": "Hello"}
    raket.follow("POST /api/contact/submit", body=message)
    demo = raket.follow("GET /api/demo/token-usage")["demo_data"]
    assert demo["used_tokens"] + demo["remaining_tokens"] == demo["total_tokens"]
    raket.follow("POST /api/auth/logout")
    assert raket.open("GET", "/api/auth/verify-token").json.keys() == {"success", "message"}
    assert raket.left == set()


def follow_as_administrator(raket: Follower, db: Database, uid: str, email: str) -> None:
    own, admin, plan = raket.headers, a_member(), Shop(db).plan(features=["Video"])
    db.commit(Update(f"users/{admin.uid}", {"role": "admin"}))
    body = {"email": admin.email, "password": PASSWORD}
    raket.sign_in(raket.follow("POST /api/admin/login", body=body)["admin_token"])
    verified = raket.follow("GET /api/admin/verify")
    assert (verified["valid"], verified["admin_data"]["role"]) == (True, "admin")
    dates = {"start_date": "2026-01-01", "expiry_date": "2199-01-01"}
    terms = {"email": email, "plan_type": plan.id, "tokens": 486, **dates}
    assert raket.follow("POST /api/subscriptions/create", body=terms)["subscription_id"] == uid
    listed = raket.follow("GET /api/subscriptions/plans")["plans"]
    assert [each["features"] for each in listed if each["id"] == plan.id] == [["Video"]]
    raket.follow("GET /api/admin/stats")
    raket.follow("GET /api/admin/recent-activity")
    query = {"page": "1", "limit": "50", "status": "active", "plan": plan.id}
    (row,) = raket.follow("GET /api/admin/users", query_string=query)["users"]
    assert (row["id"], row["tokens"], row["status"]) == (uid, 500, "active")
    query = {"search": email, "status": "active", "plan": plan.id}
    found = raket.follow("GET /api/admin/search-users", query_string=query)
    assert found == {"users": [row], "total_count": 1}
    change = {"email": email, "plan": plan.id, "tokens": 500, "status": "active", **dates}
    raket.follow("PUT /api/admin/users/{user_id}", uid, body=change)
    raket.headers, administrators = own, raket.headers
    mine = raket.follow("GET /api/subscriptions/user/{user_id}", uid)
    assert mine["subscription_data"] == {
        "id": uid,
        "user_id": uid,
        "plan_type": plan.id,
        "tokens": 500,
        "start_date": "2026-01-01T00:00:00Z",
        "expiry_date": "2199-01-01T00:00:00Z",
        "status": "active",
    }
    other = a_member().uid
    raket.headers = administrators
    raket.follow("DELETE /api/admin/users/{user_id}", other)
    raket.headers = own


def test_every_example_of_selftalk(db: Database, shop: Shop) -> None:
    selftalk, me = Follower("selftalk"), an_address()
    given = {"username": f"user_{secrets.token_hex(4)}", "profilePicture": ""}
    registered = selftalk.follow("POST /api/auth/register", body=me | given)
    uid = registered["data"]["user"]["_id"]
    signed = selftalk.follow("POST /api/auth/login", body=me)
    assert signed["data"]["user"] == registered["data"]["user"]
    selftalk.sign_in(signed["data"]["accessToken"])
    plan = shop.plan(name=f"Premium {uid}", billing_period="yearly", voice_minutes=50)
    selftalk.follow("GET /api/subscriptions/plans")
    body = {"plan_id": plan.id}
    mine = selftalk.follow("POST /api/subscriptions/subscribe", body=body)
    assert mine["data"]["user_subscription"]["current_plan"]["voice_minutes"] == 50
    selftalk.follow("GET /api/subscriptions/my-subscription")
    added = selftalk.follow("POST /api/subscriptions/add-minutes")["data"]
    assert added == {"added_minutes": 10, "total_minutes": 60, "available_minutes": 60}
    stranger = selftalk.open("GET", "/api/admin/users")
    assert stranger.status_code == stranger.json["statusCode"] == 403
    assert stranger.json.keys() == {"success", "statusCode", "message"}

    selftalk.headers = new_admin(db).headers
    made = selftalk.follow("POST /api/admin/plans", body={"name": f"Enterprise {uid}"})
    own = made["data"]["plan"]["_id"]
    place = "/api/admin/plans/{id}"
    assert selftalk.follow(f"GET {place}", own)["data"] == made["data"]
    assert selftalk.follow(f"PUT {place}", own)["data"]["plan"]["is_popular"] is True
    selftalk.follow("GET /api/admin/plans", query_string={"status": "Active"})
    users = "Cannot delete plan. 1 user is currently subscribed to this plan"
    assert selftalk.refused(f"DELETE {place}", plan.id) == users
    selftalk.follow(f"DELETE {place}", own)
    listed = selftalk.follow("GET /api/admin/users", query_string={"plan": plan.id})
    (user,) = listed["data"]["users"]
    assert (user["_id"], user["total_minutes"], listed["meta"]["total"]) == (uid, 60, 1)
    suspend = "PUT /api/admin/users/suspension/{id}"
    assert selftalk.follow(suspend, uid)["data"]["user"]["is_suspended"] is True
    assert selftalk.refused(suspend, new_admin(db).uid) == "Cannot suspend admin users"

    faq = selftalk.follow("POST /api/admin/faq")["data"]["faq"]["_id"]
    selftalk.follow("GET /api/admin/faq", query_string={"category": "General"})
    place = "/api/admin/faq/{id}"
    selftalk.follow(f"GET {place}", faq)
    selftalk.follow(f"PUT {place}", faq)
    selftalk.follow(f"DELETE {place}", faq)
    assert selftalk.refused(f"DELETE {place}", faq) == "FAQ not found"
    assert selftalk.left == set()


@pytest.fixture
def writer(queue: HeldQueue) -> Iterator[None]:
    """A language model that writes scripts."""
    with openai_server() as fake:
        model = LanguageModel(KEY, fake.base_url, "gpt-5.4-mini")
        with rewired(language_model=lambda: model):
            yield
        model.close()


@pytest.mark.usefixtures("writer")
def test_every_example_of_cloning(db: Database, files: Files) -> None:
    cloning, me = Follower("cloning"), an_address()
    new = cloning.follow("POST /api/signup", body=me)
    cloning.sign_in(cloning.follow("POST /api/login", body=me)["token"])
    uid = new["user"]["id"]
    assert cloning.follow("GET /api/me") == new["user"]
    cloning.sign_in(cloning.follow("POST /api/refresh-token")["token"])

    form = examples("cloning")["POST /api/characters/complete"]["form"]
    made = [
        cloning.follow(
            "POST /api/characters/complete",
            **multipart(
                **form,
                audioFile=SOUND,
                imageFiles=[FileStorage(BytesIO(PICTURE), "a.png") for _ in range(3)],
                consent=CONSENT,
            ),
        )
        for _ in range(2)
    ]
    one, two = (each["id"] for each in made)
    assert (made[0]["displayName"], made[0]["config"]["speed"]) == (form["displayName"], 1.2)
    cloning.follow("GET /api/characters")
    assert [each["id"] for each in cloning.follow("GET /api/my-characters")] == [two, one]
    for url in (made[0]["audioFile"], made[0]["images"]["0"]):
        assert cloning.open("GET", url).mimetype.partition("/")[0] in ("audio", "image")
    change = multipart(**examples("cloning")["PUT /api/characters/{character_id}"]["form"])
    changed = cloning.follow("PUT /api/characters/{character_id}", one, **change).json
    assert (changed["config"]["speed"], [*changed["images"]]) == (1.1, ["1"])
    assert changed.keys() == made[0].keys()
    place = "/api/characters/{character_id}/star"
    assert cloning.follow(f"POST {place}", one)["starred"] == 1
    assert cloning.follow(f"DELETE {place}", one)["isStarred"] is False

    body: dict[str, Any] = {"selectedCharacters": [one, two]}
    script = cloning.follow("POST /api/scripts/generate", body=body)["id"]
    body = {"dialogue": [{"speaker": one, "text": text, "audioFile": ""} for text in "abc"]}
    updated = cloning.follow("PUT /api/scripts/{script_id}", script, body=body).json
    assert [line["text"] for line in updated["dialogue"]] == ["a", "b", "c"]
    place = "/api/scripts/{script_id}/generate-video"
    started = cloning.follow(f"POST {place}", script, body={"backgroundVideo": "#203040"})
    job = started["job"]["jobId"]
    cloning.follow("GET /api/scripts/{script_id}/video-status", script)
    assert cloning.follow("GET /api/video-jobs/{job_id}", job) == started["job"]
    client = app_for("scripts").test_client()
    Scene(client, db, uid, cloning.headers, [one, two], {"id": script}).performed(files)
    done = {"status": "completed", "startedAt": now(), "completedAt": now()}
    db.commit(Update(f"jobs/{job}", done), Update(f"scripts/{script}", {"activeJobId": None}))
    (listed,) = cloning.follow("GET /api/my-scripts")["scripts"]
    assert listed["videoJobStatus"] == "completed"
    assert cloning.open("GET", listed["finalVideoPath"]).data == b"the video"
    assert cloning.open("GET", listed["dialogue"][1]["audioFile"]).data == b"line 1"
    assert cloning.follow("DELETE /api/scripts/{script_id}", script)["deletedMediaFiles"]
    assert cloning.follow("DELETE /api/characters/{character_id}", two)["deletedFiles"]

    assert cloning.follow("GET /api/my-activities")["limit"] == 50
    assert cloning.follow("GET /api/my-activity-stats")["characterActivities"] > 0
    cloning.follow("DELETE /api/my-activities")
    assert cloning.left == set()

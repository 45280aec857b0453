"""Hostile requests under `/as/...`, and those that no document has."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client

from tests.support.characters import SOUND
from tests.support.documents import NAMES, Follower, examples
from tests.support.factories import HeldQueue, signed_in, test_settings
from tests.support.firebase_client import PASSWORD, new_email
from tests.support.forms import multipart
from tests.support.scenes import new_scene
from tests.support.sounds import recording
from tests.support.wiring import app_for, rewired
from troupe.adapters.app_check import AppChecks
from troupe.adapters.firestore import Database
from troupe.app.compat import Compat
from troupe.app.container import Container
from troupe.app.functions import make_app
from troupe.waiters import WAITERS, places_of
from troupe.web.body import JSON_LIMIT


def an_address() -> dict[str, Any]:
    return {"email": new_email(), "password": PASSWORD}


def test_no_rule_gives_consent(db: Database) -> None:
    cloning = Follower("cloning")
    _, cloning.headers = signed_in(db)
    form = examples("cloning")["POST /api/characters/complete"]["form"]
    refused = cloning.open("POST", "/api/characters/complete", **multipart(**form, audioFile=SOUND))
    assert refused.status_code == 422
    assert refused.json.keys() == {"detail"}
    assert cloning.open("GET", "/api/my-characters").json == []


def test_things_of_strangers_are_not_found(db: Database, queue: HeldQueue) -> None:
    own, stranger = Follower("raket"), Follower("raket")
    uid, own.headers = signed_in(db)
    _, stranger.headers = signed_in(db)
    file = own.follow("POST /api/files/upload", **multipart(file=recording()))
    found = stranger.open("GET", f"/api/files/download/{file['file_id']}")
    assert (found.status_code, found.json.keys()) == (404, {"success", "message"})
    for path in (f"/api/tokens/usage/{uid}", f"/api/subscriptions/user/{uid}"):
        assert own.open("GET", path).status_code == 200
        assert stranger.open("GET", path).status_code in (403, 404)
    body = {"user_id": uid, "tokens_to_consume": 5, "action": "x"}
    assert stranger.ask("POST /api/tokens/consume", body=body).status_code in (403, 404)
    assert own.open("GET", f"/api/tokens/usage/{uid}").json["used_tokens"] == 0
    # A media link opens its own file and nothing else.
    link = file["file_url"].partition("?")[2]
    nobody = Follower("raket")
    assert nobody.open("GET", file["file_url"]).status_code == 200
    assert nobody.open("GET", f"/api/user/profile?{link}").status_code == 401


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("raket", {"success", "message"}),
        ("selftalk", {"success", "statusCode", "message"}),
        ("cloning", {"detail"}),
    ],
)
def test_other_paths_are_not_found_in_the_shape_of_the_document(name: str, failure: Any) -> None:
    follower = Follower(name)
    for method, path in (
        ("GET", "/api/no/such/place"),
        ("GET", "/api/health"),  # an operation, but not one of the document
        ("PATCH", "/api/login"),
        ("DELETE", "/api/auth/register"),
        ("GET", "/api/../api/me"),
        ("POST", "//api/auth/login"),
        ("GET", "/api/files/download/..%2f..%2fuser%2fprofile"),
        ("GET", "/api/subscriptions/plans/"),
        ("GET", "/api/subscriptions/plans%0a"),
        ("get", "/api/subscriptions/plans"),
        ("TRACE", "/api/subscriptions/plans"),
        ("GET", f"/as/{name}/api/subscriptions/plans"),
        ("GET", "/"),
    ):
        answer = follower.open(method, path)
        assert (answer.status_code, answer.json.keys()) == (404, failure), path


@pytest.mark.parametrize("name", [*NAMES, "nobody", "..", ""])
def test_while_it_is_off_nothing_is_served(name: str) -> None:
    follower = Follower(name, on=False)
    for method, path in (
        ("POST", "/api/auth/register"),
        ("POST", "/api/login"),
        ("GET", "/api/subscriptions/plans"),
        ("OPTIONS", "/api/me"),
    ):
        answer = follower.open(method, path, json={} if method == "POST" else None)
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("on", [True, False])
def test_its_own_address_serves_nothing_else(on: bool) -> None:
    """Not even the operations of the function that answers unknown paths."""
    client = Client(Compat(app_for, on=on))
    for path in ("/api/faq", "/faq", "/api/contact/submit", "/as", "/as/", "/as/raket", "/"):
        for method in ("GET", "POST"):
            answer: Any = client.open(path, method=method, json={})
            assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found"), path


def test_it_is_on_by_default_only_on_the_emulators() -> None:
    deployed = {"FUNCTIONS_EMULATOR": "false", "JWT_SECRET": "x" * 48}
    assert test_settings().compatibility == "on"
    assert test_settings(COMPATIBILITY="off").compatibility == "off"
    assert test_settings(**deployed).compatibility == "off"
    assert test_settings(**deployed, COMPATIBILITY="on").compatibility == "on"


def test_the_limits_and_the_checks_of_bodies_are_those_of_the_operation(db: Database) -> None:
    cloning = Follower("cloning")
    large = b'{"email": "' + b"a" * JSON_LIMIT + b'"}'
    answer = cloning.open("POST", "/api/login", data=large, content_type="application/json")
    assert (answer.status_code, answer.json.keys()) == (413, {"detail"})
    answer = cloning.open("POST", "/api/login", data=b"[" * 9999, content_type="application/json")
    assert (answer.status_code, answer.json.keys()) == (400, {"detail"})
    for data, kind, status in (
        (b"", "", 422),
        (b"[]", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"--x", "multipart/form-data; boundary=x", 415),
    ):
        answer = cloning.open("POST", "/api/login", data=data, content_type=kind)
        assert (answer.status_code, answer.json.keys()) == (status, {"detail"}), data
    answer = cloning.open("POST", "/api/signup", json={"email": "no address", "password": PASSWORD})
    assert (answer.status_code, answer.json["detail"].partition(":")[0]) == (422, "email")


def test_rate_limits_and_headers_are_those_of_the_operation(emulators: object) -> None:
    client: FlaskClient = app_for("auth").test_client()
    own = client.post("/api/login", json=an_address())
    given = Follower("cloning").open("POST", "/api/login", json=an_address())
    assert own.status_code == given.status_code
    dropped = {"Content-Length", "X-Request-Id"}
    assert set(own.headers.keys()) - dropped == set(given.headers.keys()) - dropped
    assert own.headers["RateLimit-Policy"] == given.headers["RateLimit-Policy"]
    origin = {"Origin": "https://example.com", "Access-Control-Request-Method": "PUT"}
    preflight = Follower("cloning").open("OPTIONS", "/api/scripts/x", headers=origin)
    assert (preflight.status_code, preflight.data) == (200, b"")
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]


def test_a_request_counts_for_its_address_in_both_ways(emulators: object) -> None:
    from_there = {"REMOTE_ADDR": f"198.18.{secrets.randbelow(256)}.{secrets.randbelow(256)}"}
    message = {"name": "Ada", "subject": "Hi", "message": "Hello"}
    client, raket = app_for("support").test_client(), Follower("raket")
    found = []
    with rewired(settings=test_settings(CONTACT_LIMIT="0, 2/86400")):
        for send in (client.post, partial(raket.open, "POST"), partial(raket.open, "POST")):
            body = message | {"email": new_email()}
            answer = send("/api/contact/submit", json=body, environ_base=from_there)
            found.append((answer.status_code, answer.headers["RateLimit-Remaining"]))
    assert found == [(201, "1"), (201, "0"), (429, "0")]


def test_api_keys_have_their_scopes_and_networks(db: Database, queue: HeldQueue) -> None:
    _, headers = signed_in(db)
    body = {"name": "Blog", "scopes": ["speech"], "ipAllow": ["203.0.113.0/24"]}
    made = app_for("developers").test_client().post("/api/keys", json=body, headers=headers)
    raket = Follower("raket")
    raket.sign_in(made.json["data"]["secret"])

    def status(method: str, path: str, address: str, **given: Any) -> int:
        from_there = {"REMOTE_ADDR": address}
        return int(raket.open(method, path, environ_base=from_there, **given).status_code)

    speech = {"text": "Good evening.", "language": "en-US"}
    at_once = {"json": speech, "headers": {"Prefer": "respond-async"}}
    assert status("POST", "/api/voice/generate", "203.0.113.7", **at_once) == 202
    assert status("POST", "/api/voice/generate", "198.51.100.7", **at_once) == 403
    assert status("GET", "/api/user/profile", "203.0.113.7") == 403


def test_a_retry_with_the_same_key_spends_once_whichever_address_it_goes_to(db: Database) -> None:
    uid, headers = signed_in(db)
    raket = Follower("raket")
    raket.headers = headers | {"Idempotency-Key": secrets.token_hex(8)}
    body = {"user_id": uid, "tokens_to_consume": 5, "action": "x"}
    client = app_for("plans").test_client()
    own = client.post("/api/tokens/consume", json=body, headers=raket.headers)
    assert own.json["data"]["remainingTokens"] == 15
    again = raket.ask("POST /api/tokens/consume", body=body)
    assert again.json == {"success": True, "remaining_tokens": 15}


def test_app_check_is_enforced(emulators: object) -> None:
    """`X` is not a token at all, so no public key is fetched to refuse it."""
    settings = test_settings(APP_CHECK="enforce")
    checks = AppChecks("demo-troupe", "http://127.0.0.1:9/keys")
    container = Container(settings, app_checks=checks, health_checks={})
    client = Client(Compat(lambda name: make_app(name, container), on=True))
    for headers in ({}, {"X-Firebase-AppCheck": "X"}):
        answer: Any = client.get("/as/selftalk/api/subscriptions/plans", headers=headers)
        assert (answer.status_code, answer.json["statusCode"]) == (401, 401)
        assert answer.json.keys() == {"success", "statusCode", "message"}


def test_an_instance_keeps_a_request_free_of_those_that_wait(
    db: Database, queue: HeldQueue
) -> None:
    """Nobody delivers the job, so a request that waits does so until its time is over."""
    raket = Follower("raket")
    _, raket.headers = signed_in(db, 100)
    body = {"text": "Good evening.", "language": "en-US"}
    headers = {"Prefer": "wait=1"}
    with ExitStack() as others:
        places = map(WAITERS.place, map(str, range(places_of(""))))
        assert all(map(others.enter_context, places))
        for given in ({}, headers):
            answer = raket.open("POST", "/api/voice/generate", json=body, headers=given)
            assert (answer.status_code, answer.json["audio_url"]) == (202, None)
            assert "Preference-Applied" not in answer.headers
    answer = raket.open("POST", "/api/voice/generate", json=body, headers=headers)
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert WAITERS.taken == 0


def test_too_few_tokens_for_a_video_are_status_400_as_the_document_says(
    db: Database, queue: HeldQueue
) -> None:
    client = app_for("scripts").test_client()
    scene, cloning = new_scene(client, db, tokens=0), Follower("cloning")
    cloning.headers = scene.headers
    answer = cloning.open("POST", f"/api/scripts/{scene.id}/generate-video", json={})
    assert (answer.status_code, answer.json.keys()) == (400, {"detail"})
    own = scene.post("/generate-video")
    assert (own.status_code, own.json["message"]) == (402, answer.json["detail"])


def test_a_head_request_has_the_headers_of_a_get(db: Database) -> None:
    raket = Follower("raket")
    head, got = (raket.open(method, "/api/voice/styles") for method in ("HEAD", "GET"))
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.data))


def test_a_limit_that_the_client_sends_is_used(db: Database, queue: HeldQueue) -> None:
    raket = Follower("raket")
    _, raket.headers = signed_in(db)
    assert raket.open("GET", "/api/user/voice-history?limit=0").status_code == 422
    assert raket.open("GET", "/api/user/voice-history?language=en-US").json == {"history": []}


def test_a_field_without_a_value_is_null(db: Database) -> None:
    selftalk = Follower("selftalk")
    _, selftalk.headers = signed_in(db)
    mine = selftalk.open("GET", "/api/subscriptions/my-subscription").json["data"]
    assert mine["user_subscription"]["current_plan"] is None

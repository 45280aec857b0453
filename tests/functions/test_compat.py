"""Requests below `/as/...` that no document has, and those of people who may not send them."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.characters import SOUND
from tests.support.documents import NAMES, Follower, examples
from tests.support.factories import HeldQueue, signed_in, test_settings
from tests.support.firebase_client import PASSWORD, new_email
from tests.support.forms import multipart
from tests.support.sounds import recording
from tests.support.wiring import app_for
from troupe.adapters.firestore import Database
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
    # A link opens one file, also here.
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
        ("GET", "/"),
    ):
        answer = follower.open(method, path)
        assert (answer.status_code, answer.json.keys()) == (404, failure), path


@pytest.mark.parametrize("name", [*NAMES, "nobody", "..", ""])
def test_while_it_is_off_nothing_is_there(name: str) -> None:
    follower = Follower(name, on=False)
    for method, path in (
        ("POST", "/api/auth/register"),
        ("POST", "/api/login"),
        ("GET", "/api/subscriptions/plans"),
        ("OPTIONS", "/api/me"),
    ):
        answer = follower.open(method, path, json={} if method == "POST" else None)
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")


def test_it_is_on_at_the_emulators_and_elsewhere_when_chosen() -> None:
    deployed = {"FUNCTIONS_EMULATOR": "false", "JWT_SECRET": "x" * 48}
    assert test_settings().compatibility == "on"
    assert test_settings(COMPATIBILITY="off").compatibility == "off"
    assert test_settings(**deployed).compatibility == "off"
    assert test_settings(**deployed, COMPATIBILITY="on").compatibility == "on"


def test_bodies_have_the_limits_and_the_checks_of_the_operation(db: Database) -> None:
    cloning = Follower("cloning")
    large = b'{"email": "' + b"a" * JSON_LIMIT + b'"}'
    answer = cloning.open("POST", "/api/login", data=large, content_type="application/json")
    assert (answer.status_code, answer.json.keys()) == (413, {"detail"})
    answer = cloning.open("POST", "/api/login", data=b"[" * 9999, content_type="application/json")
    assert (answer.status_code, answer.json.keys()) == (400, {"detail"})
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


def test_a_head_request_has_the_headers_of_a_get(db: Database) -> None:
    raket = Follower("raket")
    head, got = (raket.open(method, "/api/voice/styles") for method in ("HEAD", "GET"))
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.data))


def test_a_client_that_sends_a_limit_gets_that(db: Database, queue: HeldQueue) -> None:
    raket = Follower("raket")
    _, raket.headers = signed_in(db)
    assert raket.open("GET", "/api/user/voice-history?limit=0").status_code == 422
    assert raket.open("GET", "/api/user/voice-history?language=en-US").json == {"history": []}


def test_what_is_not_there_is_null(db: Database) -> None:
    selftalk = Follower("selftalk")
    _, selftalk.headers = signed_in(db)
    mine = selftalk.open("GET", "/api/subscriptions/my-subscription").json["data"]
    assert mine["user_subscription"]["current_plan"] is None

"""Forged and misused bearer tokens, sent to the auth function."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient

from tests.support import firebase_client
from tests.support.firebase_client import PASSWORD, new_email
from tests.support.wiring import app_for
from troupe import tokens


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("auth").test_client()


@pytest.fixture
def signed_in(client: FlaskClient) -> dict[str, Any]:
    answer = client.post("/api/register", json={"email": new_email(), "password": PASSWORD})
    found: dict[str, Any] = answer.get_json()["data"]
    return found


def unsigned(claims: Any, **header: Any) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none", **header}, claims))
    return ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts) + "."


def claims_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def firebase_claims(**changes: Any) -> dict[str, Any]:
    """The emulator's ID tokens are unsigned, so only their claims are checked."""
    return claims_of(firebase_client.sign_up()["idToken"]) | changes


Attack = Callable[[dict[str, Any]], str]
ATTACKS: dict[str, tuple[Attack, str]] = {
    "garbage": (lambda s: "abc", "token_invalid"),
    "not ascii": (lambda s: "\xe9.\xe9.\xe9", "token_invalid"),
    "nul": (lambda s: "a.\\x00.c", "token_invalid"),
    "very long": (lambda s: "a" * 6000, "token_invalid"),
    "refresh as access": (lambda s: s["refreshToken"], "token_invalid"),
    "our claims with alg none": (
        lambda s: unsigned(claims_of(s["accessToken"])),
        "token_invalid",
    ),
    "signature cut off": (lambda s: s["accessToken"].rsplit(".", 1)[0] + ".", "token_invalid"),
    "another secret": (
        lambda s: jwt.encode(claims_of(s["accessToken"]), "x" * 40, algorithm="HS256"),
        "token_invalid",
    ),
    "no session": (
        lambda s: tokens.encode(purpose="access", subject=s["user"]["id"], ttl=60),
        "token_invalid",
    ),
    "somebody else's session": (
        lambda s: tokens.encode(purpose="access", subject=s["user"]["id"], ttl=60, session_id="s0"),
        "token_invalid",
    ),
    "unknown user": (
        lambda s: tokens.encode(purpose="access", subject="nobody", ttl=60, session_id="s0"),
        "token_invalid",
    ),
    "a task's token": (
        lambda s: tokens.encode(purpose="task", subject=s["user"]["id"], ttl=60),
        "token_invalid",
    ),
    "expired": (
        lambda s: tokens.encode(purpose="access", subject=s["user"]["id"], ttl=-60),
        "token_expired",
    ),
    "firebase: expired": (
        lambda s: unsigned(firebase_claims(exp=int(time.time()) - 60)),
        "token_expired",
    ),
    "firebase: another project": (
        lambda s: unsigned(firebase_claims(aud="another")),
        "token_invalid",
    ),
    "firebase: another issuer": (
        lambda s: unsigned(firebase_claims(iss="https://securetoken.google.com/another")),
        "token_invalid",
    ),
    "firebase: nobody": (lambda s: unsigned(firebase_claims(sub="")), "token_invalid"),
    "firebase: a path as user": (
        lambda s: unsigned(firebase_claims(sub="ada/activities/1")),
        "token_invalid",
    ),
    "firebase: no document id": (lambda s: unsigned(firebase_claims(sub="..")), "token_invalid"),
    "firebase: nul": (lambda s: unsigned(firebase_claims(sub="a\0b")), "token_invalid"),
    "firebase: no expiry": (lambda s: unsigned(firebase_claims(exp=None)), "token_invalid"),
    "firebase: claims are a list": (lambda s: unsigned([1]), "token_invalid"),
    "firebase: claims are null": (lambda s: unsigned(None), "token_invalid"),
}


@pytest.mark.parametrize(("attack", "code"), ATTACKS.values(), ids=ATTACKS.keys())
def test_every_attack_is_rejected(
    client: FlaskClient, signed_in: dict[str, Any], attack: Attack, code: str
) -> None:
    answer = client.get("/api/auth/me", headers={"Authorization": f"Bearer {attack(signed_in)}"})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_the_token_that_the_attacks_modify_is_valid(client: FlaskClient) -> None:
    answer = client.get(
        "/api/auth/me", headers={"Authorization": f"Bearer {unsigned(firebase_claims())}"}
    )
    assert answer.status_code == 200

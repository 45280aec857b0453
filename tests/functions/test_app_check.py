"""App Check: while it is enforced, operations require a token of one of the project's apps."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient

from tests.contract.contract import routes
from tests.support.factories import code, signed_in, test_settings
from tests.support.media_files import sent
from tests.support.sounds import recording
from tests.support.wiring import services
from troupe.adapters.app_check import ISSUER, AppChecks
from troupe.adapters.firestore import Database
from troupe.app.container import Container
from troupe.app.functions import make_app
from troupe.errors import AppCheckFailed, Unavailable

PROJECT = "demo-troupe"


def number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Authority:
    """A server of App Check's public keys, and the private key that signs tokens."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    url: str = ""
    asked: int = 0

    def token(self, *, kid: str = "k1", key: Any = None, alg: str = "RS256", **claims: Any) -> str:
        at = int(time.time())
        known = {
            "iss": f"{ISSUER}123456",
            "aud": ["projects/123456", f"projects/{PROJECT}"],
            "sub": "1:123456:web:abcdef",
            "iat": at,
            "exp": at + 600,
        }
        given = {name: each for name, each in (known | claims).items() if each is not None}
        return jwt.encode(given, key or self.key, alg, headers={"kid": kid})

    def keys(self) -> bytes:
        public = self.key.public_key().public_numbers()
        found = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1"}
        return json.dumps(
            {"keys": [found | {"n": number(public.n), "e": number(public.e)}]}
        ).encode()


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    held = Authority()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.asked += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(held.keys())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    held.url = f"http://127.0.0.1:{server.server_port}/jwks"
    yield held
    server.shutdown()
    server.server_close()


@pytest.fixture
def checks(authority: Authority) -> AppChecks:
    return AppChecks(PROJECT, authority.url)


@pytest.fixture
def enforcing(db: Database, checks: AppChecks) -> Container:
    enforced = test_settings(APP_CHECK="enforce")
    return Container(enforced, database=db, app_checks=checks, health_checks={})


def client_of(function: str, container: Container) -> FlaskClient:
    return make_app(function, container).test_client()


def test_a_token_names_its_app(authority: Authority, checks: AppChecks) -> None:
    assert checks.verify(authority.token()) == "1:123456:web:abcdef"


def hour_ago() -> int:
    return int(time.time()) - 3600


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": hour_ago()},
        {"exp": None},
        {"aud": ["projects/another"]},
        {"aud": None},
        {"iss": "https://securetoken.google.com/demo-troupe"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"kid": "unknown"},
        {"key": rsa.generate_private_key(65537, 2048)},
        {"key": "a shared secret that is long enough!", "alg": "HS256"},
    ],
)
def test_other_tokens_are_refused(
    authority: Authority, checks: AppChecks, claims: dict[str, Any]
) -> None:
    with pytest.raises(AppCheckFailed):
        checks.verify(authority.token(**claims))


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "é" * 40, "x" * 100_000])
def test_malformed_tokens_are_refused(checks: AppChecks, token: str | None) -> None:
    with pytest.raises(AppCheckFailed):
        checks.verify(token)


def test_unknown_keys_are_not_looked_up_again_and_again(
    authority: Authority, checks: AppChecks
) -> None:
    checks.verify(authority.token())
    before = authority.asked
    for kid in ("a", "b", "c", "d"):
        with pytest.raises(AppCheckFailed):
            checks.verify(authority.token(kid=kid))
    assert authority.asked <= before + 1


def test_it_is_unavailable_while_its_keys_are(authority: Authority) -> None:
    with pytest.raises(Unavailable):
        AppChecks(PROJECT, "http://127.0.0.1:9/jwks").verify(authority.token())


@pytest.mark.slow
def test_every_operation_requires_a_token(enforcing: Container) -> None:
    clients = {function: client_of(function, enforcing) for function, _ in routes()}
    for function, route in routes():
        path = route.path.replace("<", "").replace(">", "")
        with clients[function].open(path, method=route.method) as answer:
            if route.open_to_all_apps:
                assert answer.status_code != 401, path
            else:
                assert code(answer) == (401, "app_check_failed"), path


def test_only_what_browsers_and_services_send_by_themselves_is_open_to_all_apps() -> None:
    assert {route.path for _, route in routes() if route.open_to_all_apps} == {
        "/api/auth/google",
        "/api/auth/google/callback",
        "/api/calls/livekit",
        "/api/calls/sms",
        "/api/docs",
        "/api/docs/assets/<name>",
        "/api/health",
        "/api/openapi.json",
        "/api/payments/webhook",
        "/api/static/<kind>/<name>",
        "/api/voice/voices/<voiceId>/preview",
        "/v1/audio/models",
        "/v1/audio/voices",
        "/v1/models",
        "/v1/models/<model>",
    }


def test_a_media_link_is_enough(db: Database, enforcing: Container, authority: Authority) -> None:
    uid, headers = signed_in(db)
    client, data = client_of("files", enforcing), recording()
    file = services().user_files.add(uid, "a.wav", sent(data))
    proven = headers | {"X-Firebase-AppCheck": authority.token()}
    listed = client.get("/api/files", headers=proven)
    assert listed.status_code == 200, listed.text
    (url,) = [each["url"] for each in listed.json["data"]["files"] if each["id"] == file.id]
    assert client.get(url).status_code == 200
    assert client.get(url.partition("?")[0], headers=headers).status_code == 401


def test_browsers_may_send_the_header(enforcing: Container) -> None:
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-firebase-appcheck",
    }
    answer = client_of("auth", enforcing).options("/api/auth/guest", headers=asked)
    assert answer.headers["Access-Control-Allow-Headers"].lower() == "x-firebase-appcheck"

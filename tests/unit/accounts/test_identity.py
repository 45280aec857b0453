"""Errors of the Identity Toolkit, sent over a real socket by a stub with the same protocol.

The Auth emulator cannot be made to fail; its real responses are tested in tests/emulator.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest

from troupe.accounts.passwords import Passwords
from troupe.adapters import identity_errors
from troupe.adapters.firebase import firebase_app
from troupe.adapters.identity import Identity
from troupe.errors import Unavailable

ID_TOKEN = jwt.encode(
    {
        "sub": "ada",
        "iat": 1,
        "auth_time": 2,
        "email": "ada@example.com",
        "firebase": {"sign_in_provider": "password"},
    },
    "x" * 32,
)


class Stub(ThreadingHTTPServer):
    """Responds with the scripted (status, body) pairs in order, then repeats the last."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[tuple[int, Any]] = []
        self.requested: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Stub

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requested.append(self.path)
        script = self.server.script
        status, body = script.pop(0) if len(script) > 1 else script[0]
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with Stub() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", f"127.0.0.1:{server.server_address[1]}")
        yield server
        server.shutdown()


@pytest.fixture
def toolkit(stub: Stub) -> Iterator[Identity]:
    identity_client = Identity(firebase_app("demo-stub"), "", emulated=True)
    yield identity_client
    identity_client.close()


def error_body(error_code: str) -> dict[str, Any]:
    return {"error": {"code": 400, "message": error_code}}


@pytest.mark.parametrize(
    ("error_code", "kind"),
    [
        ("INVALID_LOGIN_CREDENTIALS", identity_errors.WrongCredentials),
        ("EMAIL_NOT_FOUND", identity_errors.WrongCredentials),
        ("INVALID_PASSWORD", identity_errors.WrongCredentials),
        ("USER_DISABLED", identity_errors.AccountDisabled),
        (
            "TOO_MANY_ATTEMPTS_TRY_LATER : Access is disabled for now.",
            identity_errors.TooManyAttempts,
        ),
        ("INVALID_OOB_CODE", identity_errors.CodeInvalid),
        ("EXPIRED_OOB_CODE", identity_errors.CodeInvalid),
        (
            "WEAK_PASSWORD : Password should be at least 6 characters",
            identity_errors.InvalidDetails,
        ),
        ("OPERATION_NOT_ALLOWED", identity_errors.IdentityUnavailable),
        ("API key not valid.", identity_errors.IdentityUnavailable),
    ],
)
def test_error_codes_map_to_exceptions(
    stub: Stub, toolkit: Identity, error_code: str, kind: type[Exception]
) -> None:
    stub.script = [(400, error_body(error_code))]
    with pytest.raises(kind):
        toolkit.sign_in("ada@example.com", "abc123")
    assert len(stub.requested) == 1


def test_sign_in_is_retried_after_a_temporary_failure(stub: Stub, toolkit: Identity) -> None:
    stub.script = [(503, b"busy"), (500, {}), (200, {"idToken": ID_TOKEN})]
    person = toolkit.sign_in("ada@example.com", "abc123")
    assert (person.uid, person.email, person.signed_in_at) == ("ada", "ada@example.com", 2)
    assert len(stub.requested) == 3


def test_a_second_factor_is_respected(stub: Stub, toolkit: Identity) -> None:
    stub.script = [(200, {"localId": "ada", "mfaPendingCredential": "x", "mfaInfo": [{}]})]
    with pytest.raises(identity_errors.SecondFactorRequired):
        toolkit.sign_in("ada@example.com", "abc123")


def test_retries_are_bounded(stub: Stub, toolkit: Identity) -> None:
    stub.script = [(503, b"busy")]
    with pytest.raises(identity_errors.IdentityUnavailable):
        toolkit.sign_in("ada@example.com", "abc123")
    assert len(stub.requested) == 3


def test_creating_a_guest_is_not_retried_because_it_is_not_idempotent(
    stub: Stub, toolkit: Identity
) -> None:
    stub.script = [(503, b"busy")]
    with pytest.raises(identity_errors.IdentityUnavailable):
        toolkit.sign_up_guest()
    assert len(stub.requested) == 1


def test_a_refused_connection_is_an_outage(stub: Stub, toolkit: Identity) -> None:
    stub.shutdown()
    stub.server_close()
    with pytest.raises(identity_errors.IdentityUnavailable) as outage:
        toolkit.sign_in("ada@example.com", "abc123")
    assert "key" not in str(outage.value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_an_error_that_is_not_json_is_an_outage(stub: Stub, toolkit: Identity, body: bytes) -> None:
    stub.script = [(400, body)]
    with pytest.raises(identity_errors.IdentityUnavailable):
        toolkit.sign_in("ada@example.com", "abc123")


def test_unsigned_tokens_are_accepted_only_with_the_emulators(stub: Stub) -> None:
    with pytest.raises(RuntimeError, match="FIREBASE_AUTH_EMULATOR_HOST"):
        Identity(firebase_app("demo-stub"), "key", emulated=False)


@pytest.mark.parametrize(
    "error_code",
    ["EMAIL_NOT_FOUND", "USER_DISABLED", "RESET_PASSWORD_EXCEED_LIMIT", "INVALID_EMAIL"],
)
def test_errors_of_a_reset_mail_do_not_reveal_whether_an_account_exists(
    stub: Stub, toolkit: Identity, monkeypatch: pytest.MonkeyPatch, error_code: str
) -> None:
    monkeypatch.setattr("troupe.accounts.passwords.FORGOT_SECONDS", 0.0)
    stub.script = [(400, error_body(error_code))]
    passwords_with(toolkit).forgot("ada@example.com")
    assert len(stub.requested) == 1


def test_a_reset_mail_that_cannot_be_sent_is_an_outage(stub: Stub, toolkit: Identity) -> None:
    stub.script = [(503, b"busy")]
    with pytest.raises(Unavailable):
        passwords_with(toolkit).forgot("ada@example.com")
    assert len(stub.requested) == 1  # a second mail would void the code of the first


def test_a_code_of_another_kind_cannot_reset_a_password(stub: Stub, toolkit: Identity) -> None:
    stub.script = [(200, {"requestType": "VERIFY_EMAIL", "email": "ada@example.com"})]
    with pytest.raises(identity_errors.CodeInvalid):
        toolkit.address_of("a-code", "PASSWORD_RESET")


def passwords_with(toolkit: Identity) -> Passwords:
    """Passwords for `forgot`, which uses neither the database nor the limiter."""
    nothing: Any = None
    return Passwords(nothing, toolkit, nothing)

"""Google's authorization server on a real socket: consent, and the exchange of codes with PKCE.

Its ID tokens are unsigned: the Auth emulator, which gets them, does not verify signatures.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

CLIENT = {"client_id": "fake-client", "client_secret": "fake-client-secret"}
REDIRECT_URL = "https://app.example.com/api/auth/google/callback"


@dataclass
class FakeGoogle:
    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)  # replace those of the ID token
    _codes: dict[str, tuple[dict[str, str], str]] = field(default_factory=dict)

    def consent(self, place: str, email: str) -> dict[str, str]:
        """A person signs in at the authorization endpoint `place`; returns the query with which
        Google sends the browser back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}
        assert asked["client_id"] == CLIENT["client_id"]
        assert asked["redirect_uri"] == REDIRECT_URL
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert asked["scope"].split()[0] == "openid"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked, email
        return {"state": asked["state"], "code": code}

    def exchange(self, form: dict[str, str]) -> tuple[int, Any]:
        if {name: form.get(name) for name in CLIENT} != CLIENT:
            return 401, {"error": "invalid_client"}
        asked, email = self._codes.pop(form["code"], ({}, ""))
        challenge = asked.get("code_challenge")
        if _s256(form["code_verifier"]) != challenge or form["redirect_uri"] != REDIRECT_URL:
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": "https://accounts.google.com",
            "aud": CLIENT["client_id"],
            "sub": f"google-{email}",
            "email": email,
            "email_verified": True,
            "name": "Ada",
            "nonce": asked["nonce"],
        }
        return 200, {"id_token": jwt.encode(claims | self.claims, "", algorithm="none")}


def _s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class _Handler(BaseHTTPRequestHandler):
    fake: FakeGoogle

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: values[0] for name, values in parse_qs(sent).items()}
        status, answer = self.fake.exchange(form)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def google_server() -> Iterator[FakeGoogle]:
    fake = FakeGoogle()
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""Every kind of answer has the headers that tell browsers what it may do."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from tests.support.factories import HeldQueue, signed_in, test_settings
from tests.support.media_files import picture, sent
from tests.support.sounds import recording
from tests.support.wiring import app_for, deliver, rewired, services
from troupe.adapters.firestore import Database
from troupe.app.functions import make_app
from troupe.web import files as web_files
from troupe.web.app import build
from troupe.web.caller import Auth
from troupe.web.events import Event
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Nothing

ORIGIN = {"Origin": "https://app.example.com"}
NOWHERE = "default-src 'none'; frame-ancestors 'none'"
Kinds = dict[str, Callable[[], Any]]


@pytest.fixture
def api() -> Api:
    """Kinds of answers that no operation has at present."""
    made = Api("kinds", "Kinds")

    @made.get("/api/kinds/events", auth=Auth.PUBLIC, produces="text/event-stream")
    def events() -> Any:
        yield Event(data=Nothing())

    @made.get("/api/kinds/bug", auth=Auth.PUBLIC)
    def bug() -> Reply:
        raise ZeroDivisionError

    return made


@pytest.fixture
def kinds(db: Database, queue: HeldQueue, api: Api) -> Kinds:
    """A request for each kind of answer."""
    uid, headers = signed_in(db)
    voice, files = app_for("voice").test_client(), app_for("files").test_client()
    support, auth = app_for("support").test_client(), app_for("auth").test_client()
    others = build("kinds", [api], services()).test_client()
    speak = {"text": "Good evening.", "language": "en-US"}
    place = voice.post("/api/voice/generate", json=speak, headers=headers).headers["Location"]
    deliver(queue)
    file = services().user_files.add(uid, "a.wav", sent(recording()))
    download = f"/api/files/download/{file.id}"
    avatar = {"avatar": (io.BytesIO(picture()), "a.png")}
    etag = voice.get(f"{place}/audio", headers=headers).headers["ETag"]
    return {
        "json": lambda: auth.get("/api/auth/me", headers=headers),
        "head": lambda: auth.head("/api/auth/me", headers=headers),
        "created": lambda: auth.post("/api/auth/avatar", data=avatar, headers=headers),
        "400": lambda: auth.post("/api/auth/login", data="{", content_type="application/json"),
        "401": lambda: auth.get("/api/auth/me"),
        "404": lambda: voice.get("/api/voice/generations/none", headers=headers),
        "404 of no operation": lambda: support.get("/api/" + "x" * 4000),
        "405": lambda: auth.delete("/api/auth/me", headers=headers),
        "413": lambda: auth.post("/api/auth/login", data="x" * 300_000),
        "415": lambda: auth.post("/api/auth/login", data="x"),
        "422": lambda: auth.post("/api/auth/login", json={}),
        "500": lambda: others.get("/api/kinds/bug"),
        "preflight": lambda: auth.options(
            "/api/auth/me", headers={**ORIGIN, "Access-Control-Request-Method": "GET"}
        ),
        "options": lambda: auth.options("/api/auth/me"),
        "events": lambda: others.get("/api/kinds/events"),
        "file": lambda: voice.get(f"{place}/audio", headers=headers),
        "attachment": lambda: files.get(download, headers=headers),
        "range": lambda: voice.get(f"{place}/audio", headers={**headers, "Range": "bytes=0-9"}),
        "304": lambda: voice.get(f"{place}/audio", headers={**headers, "If-None-Match": etag}),
        "416": lambda: voice.get(f"{place}/audio", headers={**headers, "Range": "bytes=9999999-"}),
        "captions": lambda: voice.get(f"{place}/captions", headers=headers),
        "docs page": lambda: support.get("/api/docs"),
        "asset": lambda: support.get("/api/docs/assets/swagger-ui.css"),
        "openapi": lambda: support.get("/api/openapi.json"),
        "redirect": lambda: redirected(place, headers),
    }


def redirected(place: str, headers: dict[str, str]) -> Any:
    """A large file of a deployment, for which Cloud Storage answers."""

    class Signing:
        can_sign = True

        def signed_url(self, path: str, **_: Any) -> str:
            return "https://storage.googleapis.com/signed"

    with pytest.MonkeyPatch.context() as patch, rewired(files=Signing()):
        patch.setattr(web_files, "STREAMED_BYTES", 0)
        return app_for("voice").test_client().get(f"{place}/audio", headers=headers)


FILES = {"file", "attachment", "range", "304", "captions", "redirect"}
# May be stored: for everybody, or (files) by the caller's browser alone.
STORED = {"asset", "openapi"}


def test_every_kind_of_answer_is_secured(kinds: Kinds) -> None:
    statuses: set[int] = set()
    for kind, ask in kinds.items():
        with ask() as answer:
            headers, statuses = answer.headers, statuses | {answer.status_code}
        assert headers["X-Content-Type-Options"] == "nosniff", kind
        assert headers["Referrer-Policy"] == "no-referrer", kind
        assert "microphone=()" in headers["Permissions-Policy"], kind
        assert "X-Request-Id" in headers, kind
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'"), kind
        assert "frame-ancestors 'none'" in policy, kind
        shared = headers["Cross-Origin-Resource-Policy"]
        if kind in FILES:
            assert policy.endswith("; sandbox"), kind
            assert "script-src" not in policy, kind
            assert shared == "cross-origin", kind
            assert "private" in headers["Cache-Control"] or kind == "redirect"
        else:
            assert shared == "same-origin", kind
            assert ("no-store" in headers["Cache-Control"]) is (kind not in STORED), kind
            assert policy == NOWHERE or kind == "docs page", kind
        assert len(headers.getlist("Content-Security-Policy")) == 1, kind
        assert "Strict-Transport-Security" not in headers, kind
    assert statuses == {200, 206, 302, 304, 400, 401, 404, 405, 413, 415, 416, 422, 500}


def test_a_file_has_a_name_and_a_redirect_no_body(kinds: Kinds) -> None:
    for kind in ("file", "attachment", "range", "captions"):
        with kinds[kind]() as answer:
            disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("attachment" if kind == "attachment" else "inline"), kind
        assert "filename=" in disposition
    assert kinds["redirect"]().data == b""


def test_a_deployment_insists_on_https(emulators: object) -> None:
    config = test_settings(FUNCTIONS_EMULATOR="false", JWT_SECRET="x" * 48, PAYMENTS="stripe")

    class Deployed:
        settings = config

        def __dir__(self) -> list[str]:
            return dir(services())

        def __getattr__(self, name: str) -> Any:
            return getattr(services(), name)

    answer = make_app("support", Deployed()).test_client().get("/api/faq?limit=0")  # type: ignore[arg-type]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_static_pages_of_hosting_have_the_headers_too() -> None:
    config = json.loads((Path(__file__).parents[2] / "firebase.json").read_text())
    entry, assets, call = config["hosting"]["headers"]
    assert entry["source"] == "!/@(api|as|v1|v2)/**"  # the functions set their own
    headers = {each["key"]: each["value"] for each in entry["headers"]}
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'; style-src 'self'; " in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "microphone=(self)" in headers["Permissions-Policy"]
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert assets["source"] == "/assets/**"
    scripts = {
        f"{name}.mjs" for name in ("call", "call-page", "captions", "live", "peer", "recorder")
    }
    pages = {each.name for each in (Path(__file__).parents[2] / "public").iterdir()}
    assert pages == {"call.html", *scripts}
    # Comes later and so decides: it asks only the API, and nobody learns the code in its URL.
    assert call["source"] == "/call.html"
    headers = {each["key"]: each["value"] for each in call["headers"]}
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "script-src 'self'; " in headers["Content-Security-Policy"]
    assert "connect-src 'self'; " in headers["Content-Security-Policy"]
    assert "camera=(self)" in headers["Permissions-Policy"]
    assert "geolocation=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("name", ["a\r\nb", "é" * 300, 'a"b', "\\", "a;b", "🎭"])
def test_a_file_name_cannot_break_its_header(name: str) -> None:
    header = web_files.content_disposition(name, attachment=True)
    assert header.isascii()
    assert header.isprintable()
    response = Flask("x").make_response(Response(headers={"Content-Disposition": header}))
    assert response.headers["Content-Disposition"] == header


@pytest.mark.parametrize("origin", ["https://app.example.com", "null", "x" * 3000, "a\tb"])
def test_only_a_known_origin_is_repeated(emulators: object, origin: str) -> None:
    client: FlaskClient = build(
        "support", [], services(), origins=["https://app.example.com"]
    ).test_client()
    answer = client.get("/api/nothing", headers={"Origin": origin})
    told = answer.headers.get("Access-Control-Allow-Origin")
    assert told == (origin if origin == "https://app.example.com" else None)
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x" * 3000}
    preflight = client.options("/api/nothing", headers={"Origin": origin, **asked})
    assert "xxx" not in str(preflight.headers)

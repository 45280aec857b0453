"""File URLs in responses, opened like a player does: without a bearer token."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from tests.support.factories import (
    CountingDatabase,
    HeldQueue,
    code,
    moment,
    new_character,
    signed_in,
)
from tests.support.firebase_client import sign_up
from tests.support.media_files import sent
from tests.support.scenes import Scene
from tests.support.sounds import recording
from tests.support.wiring import app_for, deliver, rewired, services
from troupe.accounts.links import link_times
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.storage import Files

LINKS = "/api/media-links"
SPEAK = {"text": "Good evening.", "language": "en-US"}


@pytest.fixture
def client(queue: HeldQueue) -> FlaskClient:
    return app_for("voice").test_client()


@pytest.fixture
def support(emulators: object) -> FlaskClient:
    return app_for("support").test_client()


def spoken(client: FlaskClient, queue: HeldQueue, headers: dict[str, str]) -> dict[str, Any]:
    place = client.post("/api/voice/generate", json=SPEAK, headers=headers).headers["Location"]
    deliver(queue)
    generation: dict[str, Any] = client.get(place, headers=headers).json["data"]["generation"]
    return generation


def performed(db: Database, files: Files) -> tuple[Scene, dict[str, Any]]:
    uid, headers = signed_in(db)
    cast = [new_character(db, uid, name) for name in ("Anna", "Ben")]
    scene = Scene(app_for("scripts").test_client(), db, uid, headers, cast, {})
    made = scene.post("/api/scripts", selectedCharacters=cast, dialogue=scene.dialogue())
    scene.script = made.json["data"]["script"]
    scene.performed(files)
    return scene, scene.get("").json["data"]["script"]


def test_a_generation_plays_by_the_url_in_its_response(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    generation = spoken(client, queue, headers)
    audio = client.get(generation["audioUrl"])
    assert (audio.status_code, audio.mimetype) == (200, "audio/mpeg")
    assert audio.headers["Referrer-Policy"] == "no-referrer"
    assert audio.headers["Cache-Control"].startswith("private")
    part = client.get(generation["audioUrl"], headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.data) == (206, audio.data[:10])
    assert client.head(generation["audioUrl"]).status_code == 200
    captions = client.get(generation["captionsUrl"])
    assert captions.text.startswith("WEBVTT")
    assert captions.headers["Cache-Control"].startswith("private")
    assert client.get(f"{generation['captionsUrl']}&format=srt").text.startswith("1\n")
    (item,) = client.get("/api/user/voice-history", headers=headers).json["data"]["history"]
    assert client.get(item["audioUrl"]).data == audio.data


def test_the_functions_own_url_takes_a_link(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    url = spoken(client, queue, signed_in(db)[1])["audioUrl"]
    assert client.get(url.removeprefix("/api/voice")).status_code == 200


def test_every_file_of_a_script_plays(emulators: object, db: Database, files: Files) -> None:
    scene, script = performed(db, files)
    lines = [line["audioFile"] for line in script["dialogue"]]
    urls = [script["audioUrl"], script["captionsUrl"], script["finalVideoPath"], *lines]
    assert [scene.client.get(url).status_code for url in urls] == [200] * len(urls)
    assert scene.client.get(lines[1]).data == b"line 1"
    (listed,) = scene.get("/api/my-scripts").json["data"]["scripts"]
    assert listed["dialogue"] == script["dialogue"]


def test_a_recording_plays(emulators: object, db: Database) -> None:
    uid, headers = signed_in(db)
    data = recording()
    services().user_files.add(uid, "a.wav", sent(data))
    client = app_for("files").test_client()
    (file,) = client.get("/api/files", headers=headers).json["data"]["files"]
    assert client.get(file["url"]).data == data


def test_a_client_that_asks_again_gets_the_same_url(
    client: FlaskClient, queue: HeldQueue, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A player restarts when its URL changes."""
    began = int(time.time()) // 900 * 900
    monkeypatch.setattr("troupe.accounts.links.time", lambda: began)
    _, headers = signed_in(db)
    first = spoken(client, queue, headers)
    monkeypatch.setattr("troupe.accounts.links.time", lambda: began + 899)
    place = f"/api/voice/generations/{first['id']}"
    assert client.get(place, headers=headers).json["data"]["generation"] == first
    monkeypatch.setattr("troupe.accounts.links.time", lambda: began + 900)
    assert client.get(place, headers=headers).json["data"]["generation"] != first


@pytest.mark.parametrize("at", [0, 1, 899, 900, 3599])
def test_a_link_lives_for_at_least_three_quarters_of_its_time(
    at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("troupe.accounts.links.time", lambda: 1_800_000_000 + at)
    issued_at, expires_at = link_times(3600)
    assert issued_at <= 1_800_000_000 + at
    assert 2700 < expires_at - (1_800_000_000 + at) <= 3600


def test_a_link_opens_nothing_else(client: FlaskClient, queue: HeldQueue, db: Database) -> None:
    _, headers = signed_in(db)
    first, second = (spoken(client, queue, headers) for _ in range(2))
    token = parse_qs(urlsplit(first["audioUrl"]).query)["token"][0]
    place = f"/api/voice/generations/{first['id']}"
    refused = [
        client.get(f"{place}/captions?token={token}"),
        client.get(f"/api/voice/generations/{second['id']}/audio?token={token}"),
        client.get(f"{place}/audio?token={token[:-2]}"),
        client.get(f"{place}/audio?token="),
        client.get(f"{place}/audio", headers={"Authorization": f"Bearer {token}"}),
    ]
    assert [code(answer) for answer in refused] == [(401, "token_invalid")] * len(refused)
    access = headers["Authorization"].removeprefix("Bearer ")
    assert code(client.get(f"{place}/audio?token={access}")) == (401, "token_invalid")
    # Only routes that serve media look at `token`.
    for method, path in (("GET", place), ("DELETE", place), ("GET", "/api/user/voice-history")):
        caller = services().accounts.authenticate(headers["Authorization"])
        link = services().media_links.make(caller, path).url
        assert code(client.open(link, method=method)) == (401, "unauthorized")
    assert client.get(place, headers=headers).status_code == 200


def test_a_link_expires(
    client: FlaskClient, queue: HeldQueue, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, headers = signed_in(db)
    began = time.time()
    monkeypatch.setattr("troupe.accounts.links.time", lambda: began - 3610)
    url = spoken(client, queue, headers)["audioUrl"]
    assert code(client.get(url)) == (401, "token_expired")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"suspended": True}, (403, "account_suspended")),
        ({"sessions": {}}, (401, "token_invalid")),
        ({"deletedAt": now()}, (401, "token_invalid")),
    ],
)
def test_a_link_ends_with_its_session_or_user(
    client: FlaskClient,
    queue: HeldQueue,
    db: Database,
    change: dict[str, Any],
    refusal: tuple[int, str],
) -> None:
    uid, headers = signed_in(db)
    url = spoken(client, queue, headers)["audioUrl"]
    db.commit(Update(f"users/{uid}", change))
    assert code(client.get(url)) == refusal


def test_a_link_of_a_firebase_sign_in_ends_with_it(client: FlaskClient, queue: HeldQueue) -> None:
    headers = {"Authorization": f"Bearer {sign_up()['idToken']}"}
    url = spoken(client, queue, headers)["audioUrl"]
    assert client.get(url).status_code == 200
    assert app_for("auth").test_client().post("/api/logout", headers=headers).status_code == 200
    assert code(client.get(url)) == (401, "token_invalid")


def test_opening_a_link_reads_one_document_more_than_the_file_does(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    generation = spoken(client, queue, headers)
    counting = CountingDatabase(db._client)
    place = f"/api/voice/generations/{generation['id']}/audio"
    with rewired(database=counting):
        assert client.get(place, headers=headers).status_code == 200
        by_bearer = sum(counting.calls.values())
        counting.calls.clear()
        assert client.get(generation["audioUrl"]).status_code == 200
    assert sum(counting.calls.values()) == by_bearer == 2


def test_tokens_of_links_are_not_logged(
    client: FlaskClient, queue: HeldQueue, db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    url = spoken(client, queue, signed_in(db)[1])["audioUrl"]
    token = parse_qs(urlsplit(url).query)["token"][0]
    client.get(url)
    client.get(f"{url}x")
    out = capsys.readouterr().out
    assert json.loads(out.splitlines()[-1])["status"] == 401
    assert token not in out


def test_a_link_is_made_for_a_path(
    client: FlaskClient, support: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    generation = spoken(client, queue, headers)
    place = f"/api/voice/generations/{generation['id']}/captions"
    for path in (f"{place}?format=srt", f"{generation['captionsUrl']}&format=srt"):
        answer = support.post(LINKS, json={"path": path}, headers=headers)
        assert answer.status_code == 201
        link = answer.json["data"]
        assert link["url"].startswith(f"{place}?format=srt&token=")
        assert client.get(link["url"]).text.startswith("1\n")
        assert moment(link["expiresAt"]) > now()


def test_a_link_to_another_users_file_opens_nothing(
    client: FlaskClient, support: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    generation = spoken(client, queue, signed_in(db)[1])
    _, ben = signed_in(db)
    path = f"/api/voice/generations/{generation['id']}/audio"
    link = support.post(LINKS, json={"path": path}, headers=ben).json["data"]
    assert code(client.get(link["url"])) == (404, "generation_not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/api/auth/me",
        "/api/voice/generations/abc",
        "/api/voice/generations/abc/../audio/x",
        "//evil.example/api/videos/a.mp4",
        "https://evil.example/api/videos/a.mp4",
        "/api/characters/abc",
    ],
)
def test_only_file_paths_get_a_link(support: FlaskClient, db: Database, path: str) -> None:
    _, headers = signed_in(db)
    answer = support.post(LINKS, json={"path": path}, headers=headers)
    assert code(answer) == (404, "no_media")


def test_a_link_needs_a_caller_and_a_path(support: FlaskClient, db: Database) -> None:
    assert code(support.post(LINKS, json={"path": "/api/videos/a_b.mp4"})) == (401, "unauthorized")
    answer = support.post(LINKS, json={}, headers=signed_in(db)[1])
    assert (answer.status_code, answer.json["message"]) == (422, "path: is required")

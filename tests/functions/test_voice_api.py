"""The voice operations over HTTP: good and bad requests."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import HeldQueue, new_user, signed_in
from tests.support.wiring import app_for, deliver
from troupe.adapters.firestore import Database

TEXT = "Good evening, and welcome. The curtain rises in a minute."
GENERATE = "/api/voice/generate"


@pytest.fixture
def client(queue: HeldQueue) -> FlaskClient:
    return app_for("voice").test_client()


def body(**changes: Any) -> dict[str, Any]:
    return {"text": TEXT, "language": "en-US"} | changes


def test_speech_from_request_to_bytes(client: FlaskClient, queue: HeldQueue, db: Database) -> None:
    _, headers = signed_in(db)
    answer = client.post(GENERATE, json=body(voiceType="kids"), headers=headers)
    assert answer.status_code == 202
    data = answer.json["data"]
    assert (data["tokensReserved"], data["remainingTokens"]) == (1, 19)
    assert (data["audioUrl"], data["tokensUsed"]) == (None, None)
    place = answer.headers["Location"]
    assert client.get(f"{place}/audio", headers=headers).status_code == 409
    deliver(queue)
    data = client.get(place, headers=headers).json["data"]
    assert data["generation"]["status"] == data["job"]["status"] == "completed"
    assert data["job"]["overallProgress"] == 100
    assert [step["status"] for step in data["job"]["steps"]] == ["completed"] * 2
    assert data["generation"]["tokensUsed"] == 1
    audio = client.get(data["generation"]["audioUrl"], headers=headers)
    assert (audio.status_code, audio.mimetype) == (200, "audio/mpeg")
    assert len(audio.data) == data["generation"]["size"] > 10_000
    captions = client.get(data["generation"]["captionsUrl"], headers=headers)
    assert captions.mimetype == "text/vtt"
    assert captions.text.startswith("WEBVTT")
    srt = client.get(f"{place}/captions?format=srt", headers=headers)
    for cue in client.get(f"{place}/captions?format=json", headers=headers).json["cues"]:
        assert [word["text"] for word in cue["words"]] == cue["text"].split()
        assert (cue["speaker"], cue["line"]) == (None, None)
        assert cue["start"] == cue["words"][0]["start"] < cue["end"]
    assert re.match(r"1\n00:00:00,\d{3} --> ", srt.text)
    (item,) = client.get("/api/user/voice-history", headers=headers).json["data"]["history"]
    assert (item["id"], item["tokens"]) == (data["generation"]["id"], 1)
    download = client.post(
        "/api/user/download-audio", json={"audio_id": item["id"]}, headers=headers
    )
    assert download.data == audio.data
    assert download.headers["Content-Disposition"].startswith("attachment; filename=")


@pytest.mark.parametrize(
    ("asked", "status", "first", "length"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, None),
        ("bytes=-7", 206, -7, 7),
        ("bytes=99999999-", 416, 0, 0),
        ("lines=1-2", 200, 0, None),
    ],
)
def test_byte_ranges(
    client: FlaskClient,
    queue: HeldQueue,
    db: Database,
    asked: str,
    status: int,
    first: int,
    length: int | None,
) -> None:
    _, headers = signed_in(db)
    place = client.post(GENERATE, json=body(), headers=headers).headers["Location"]
    deliver(queue)
    whole = client.get(f"{place}/audio", headers=headers).data
    answer = client.get(f"{place}/audio", headers=headers | {"Range": asked})
    assert answer.status_code == status
    if status == 206:
        wanted = whole[first:] if length is None else whole[first:][:length]
        assert answer.data == wanted
        start = first % len(whole)
        assert answer.headers["Content-Range"] == (
            f"bytes {start}-{start + len(wanted) - 1}/{len(whole)}"
        )
    elif status == 416:
        assert answer.json["success"] is False
        assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"


def test_an_unchanged_file_is_not_sent_again(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    place = client.post(GENERATE, json=body(), headers=headers).headers["Location"]
    deliver(queue)
    etag = client.get(f"{place}/audio", headers=headers).headers["ETag"]
    again = client.get(f"{place}/audio", headers=headers | {"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("field", "value", "exists"),
    [
        ("language", "tlh", "en-US"),
        ("language", "", "de"),
        ("voiceType", "robot", "kids"),
        ("voiceStyle", "sarcastic", "neutral"),
        ("format", "aiff", "flac"),
    ],
)
def test_an_unknown_choice_lists_what_exists(
    client: FlaskClient, db: Database, field: str, value: str, exists: str
) -> None:
    _, headers = signed_in(db)
    answer = client.post(GENERATE, json=body(**{field: value}), headers=headers)
    assert answer.status_code == 422
    (wrong,) = answer.json["error"]["details"]["fields"]
    assert wrong["field"] == field
    assert exists in wrong["allowed"]


@pytest.mark.parametrize(
    "changes",
    [
        {"text": ""},
        {"text": " \n\t "},
        {"text": "x" * 200_001},
        {"text": "a\x00b"},
        {"text": "a\x07b"},
        {"text": None},
        {"text": 5},
        {"text": ["a"]},
        {"speed": 0.1},
        {"speed": 3},
        {"speed": "fast"},
        {"language": None},
        {"language": 7},
    ],
)
def test_invalid_fields_are_422_and_cost_nothing(
    client: FlaskClient, queue: HeldQueue, db: Database, changes: dict[str, Any]
) -> None:
    uid, headers = signed_in(db)
    answer = client.post(GENERATE, json=body(**changes), headers=headers)
    assert answer.status_code == 422
    assert answer.json["success"] is False
    assert queue.tasks == []
    assert db.get(f"wallets/{uid}").data["tokens"] == {"granted": 20, "used": 0, "held": 0}


@pytest.mark.parametrize(
    ("raw", "kind", "statuses"),
    [
        (b"{", "application/json", {400}),
        (b"\xff\xfe", "application/json", {400}),
        (b"[" * 100_000, "application/json", {400}),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", {400}),
        (b'{"text": "a", "language": "en", "speed": NaN}', "application/json", {400}),
        (b'{"text": "\\ud800", "language": "en"}', "application/json", {400, 422}),
        (b'{"text": "a\\u0000", "language": "en"}', "application/json", {422}),
        (b'["text"]', "application/json", {422}),
        (b'"text"', "application/json", {422}),
        (b"null", "application/json", {422}),
        (b"", "application/json", {422}),
        (b'{"text": "a", "language": "en"}', "text/plain", {415}),
        (b"text=a&language=en", "application/x-www-form-urlencoded", {415}),
        (b'{"text": "' + b"a" * 5_000_000 + b'"}', "application/json", {413}),
    ],
)
def test_malformed_bodies_are_rejected(
    client: FlaskClient, db: Database, raw: bytes, kind: str, statuses: set[int]
) -> None:
    _, headers = signed_in(db)
    answer = client.post(GENERATE, data=raw, content_type=kind, headers=headers)
    assert answer.status_code in statuses
    assert answer.json["error"]["code"]


def test_without_tokens_nothing_is_started(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db, tokens=2)
    answer = client.post(GENERATE, json=body(text="word " * 500), headers=headers)
    assert answer.status_code == 402
    assert answer.json["error"] == {
        "code": "not_enough_tokens",
        "details": {"meter": "tokens", "needed": 3, "available": 2},
    }
    assert queue.tasks == []
    assert db.count("jobs", where=[("uid", "==", uid)]) == 0
    assert db.count("generations", where=[("uid", "==", uid)]) == 0


def test_another_users_generation_is_404(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, ada = signed_in(db)
    _, ben = signed_in(db)
    place = client.post(GENERATE, json=body(), headers=ada).headers["Location"]
    deliver(queue)
    generation_id = place.rsplit("/", 1)[-1]
    answers = [
        client.get(place, headers=ben),
        client.get(f"{place}/audio", headers=ben),
        client.get(f"{place}/captions", headers=ben),
        client.post(f"{place}/cancel", headers=ben),
        client.delete(place, headers=ben),
        client.post("/api/user/download-audio", json={"audioId": generation_id}, headers=ben),
        client.get("/api/voice/generations/no-such-thing", headers=ada),
        client.get("/api/voice/generations/__x__", headers=ada),
        client.get("/api/voice/generations/..%2F..", headers=ada),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert client.get(f"{place}/audio", headers=ada).status_code == 200


def test_the_same_key_gets_the_same_answer(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    keyed = headers | {"Idempotency-Key": "k1"}
    first = client.post(GENERATE, json=body(), headers=keyed)
    again = client.post(GENERATE, json=body(), headers=keyed)
    assert again.status_code == 202
    assert again.json == first.json
    assert len(queue.tasks) == 1
    other = client.post(GENERATE, json=body(speed=1.5), headers=keyed)
    assert (other.status_code, other.json["error"]["code"]) == (409, "idempotency_key_reused")
    assert db.get(f"wallets/{uid}").data["tokens"]["held"] == 1


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_of_invalid_length_is_422(client: FlaskClient, db: Database, key: str) -> None:
    _, headers = signed_in(db)
    answer = client.post(GENERATE, json=body(), headers=headers | {"Idempotency-Key": key})
    assert answer.status_code == 422


def test_cancelling_and_deleting_twice_is_harmless(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    place = client.post(GENERATE, json=body(), headers=headers).headers["Location"]
    for _ in range(2):
        answer = client.post(f"{place}/cancel", headers=headers)
        assert (answer.status_code, answer.json["data"]["job"]["status"]) == (200, "cancelled")
    assert db.get(f"wallets/{uid}").data["tokens"]["held"] == 0
    assert client.delete(place, headers=headers).status_code == 200
    assert client.delete(place, headers=headers).status_code == 404


@pytest.mark.parametrize("page", [{"page": 0}, {"limit": 0}, {"cursor": "x"}])
def test_invalid_pages_are_422(client: FlaskClient, db: Database, page: dict[str, Any]) -> None:
    _, headers = signed_in(db)
    answer = client.get("/api/user/voice-history", query_string=page, headers=headers)
    assert answer.status_code == 422


def test_a_limit_above_the_maximum_is_lowered_and_reported(
    client: FlaskClient, db: Database
) -> None:
    _, headers = signed_in(db)
    answer = client.get("/api/user/voice-history?limit=500", headers=headers)
    assert (answer.status_code, answer.json["meta"]["limit"]) == (200, 100)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"speed": 3}, "speed: must be at most 2"),
        ({"speed": 0.1}, "speed: must be at least 0.5"),
        ({"speed": "a secret"}, "speed: must be a number"),
        ({"text": ""}, "text: must not be empty"),
        ({"text": " "}, "text: must not be blank"),
        ({"text": 5}, "text: must be a string"),
        ({"format": "a secret"}, "format: must be 'mp3', 'wav', 'ogg' or 'flac'"),
        ({"language": "a secret"}, "language: must be an available language"),
    ],
)
def test_the_message_names_the_first_invalid_field(
    client: FlaskClient, db: Database, changes: dict[str, Any], message: str
) -> None:
    _, headers = signed_in(db)
    answer = client.post(GENERATE, json=body(**changes), headers=headers)
    assert (answer.status_code, answer.json["message"]) == (422, message)
    assert "a secret" not in answer.text


@pytest.mark.parametrize("path", [GENERATE, "/voice/generate", "/generate"])
def test_every_form_of_the_path_works(client: FlaskClient, db: Database, path: str) -> None:
    _, headers = signed_in(db)
    assert client.post(path, json=body(), headers=headers).status_code == 202


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic dTpw"}]
)
def test_generating_requires_signing_in(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post(GENERATE, json=body(), headers=headers).status_code == 401


def test_languages_and_styles_are_public(client: FlaskClient) -> None:
    languages = client.get("/api/voice/languages").json["data"]["languages"]
    assert len(languages) > 100
    american = {"code": "en-US", "name": "English (United States)", "flag": "🇺🇸"}
    assert american | {"engines": [{"engine": "espeak", "voices": 3}]} in languages
    styles = client.get("/api/voice/styles").json["data"]["styles"]
    assert "neutral" in {style["id"] for style in styles}
    assert all(style["description"] for style in styles)


def test_the_history_has_only_the_users_own_generations_newest_first(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    new_user(db)
    made = [
        client.post(GENERATE, json=body(text=f"Number {n}."), headers=headers).json["data"][
            "generation"
        ]["id"]
        for n in range(3)
    ]
    answer = client.get("/api/user/voice-history?limit=2", headers=headers).json
    assert [item["id"] for item in answer["data"]["history"]] == [made[2], made[1]]
    assert answer["meta"]["total"] == 3
    cursor = answer["meta"]["nextCursor"]
    rest = client.get(f"/api/user/voice-history?limit=2&cursor={cursor}", headers=headers).json
    assert [item["id"] for item in rest["data"]["history"]] == [made[0]]


def test_few_requests_of_a_user_wait_and_others_are_answered(
    queue: HeldQueue, db: Database
) -> None:
    """41 repeats of one keyed request, on the forty threads of an instance."""
    _, headers = signed_in(db)
    headers |= {"Idempotency-Key": "again", "Prefer": "wait=30"}
    app = app_for("voice")

    def ask(_: int) -> tuple[int, bool]:
        answer = app.test_client().post(GENERATE, json=body(), headers=headers)
        return answer.status_code, "Preference-Applied" in answer.headers

    with ThreadPoolExecutor(40) as instance:
        answers = [instance.submit(ask, number) for number in range(41)]
        at_once = list(islice(as_completed(answers), 39))
        other = instance.submit(app.test_client().get, "/api/voice/languages").result(20)
        waiting = [each for each in answers if not each.done()]
        deliver(queue)
    assert {each.result() for each in at_once} == {(202, False)}
    assert other.status_code == 200
    assert [each.result() for each in waiting] == [(200, True)] * 2

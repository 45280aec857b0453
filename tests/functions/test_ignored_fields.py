"""Unknown fields of a request: clients that pay are told that the fields had no effect."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.characters import CONSENT, SOUND
from tests.support.factories import HeldQueue, new_character, signed_in
from tests.support.forms import multipart
from tests.support.wiring import app_for
from troupe.adapters.firestore import Database

GENERATE = "/api/voice/generate"
SPEAK = {"text": "Good evening.", "language": "en-US"}
MESSAGE = "Unknown field, ignored."


@pytest.fixture
def client(queue: HeldQueue) -> FlaskClient:
    return app_for("voice").test_client()


def told(answer: Any) -> list[str]:
    """The fields in the warnings of a response."""
    warnings = answer.json.get("warnings", [])
    assert all(each | {"field": ""} == warning("") for each in warnings)
    return [each["field"] for each in warnings]


def warning(field: str) -> dict[str, str]:
    return {"field": field, "code": "ignored", "message": MESSAGE}


def test_unknown_fields_are_reported(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    body = SPEAK | {"voice_model": "turbo", "pitch": 0, "voice_type": "kids"}
    answer = client.post(GENERATE, json=body, headers=headers)
    assert answer.status_code == 202
    assert answer.json["warnings"] == [warning("pitch"), warning("voice_model")]
    assert answer.json["data"]["generation"]["voiceType"] == "kids"


def test_known_and_empty_fields_are_not_reported(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    body: dict[str, Any] = SPEAK | {"voiceId": None, "pauses": "", "dictionary": [], "options": {}}
    answer: Any = client.post(GENERATE, json=body, headers=headers)
    assert "warnings" not in answer.json


def test_a_repeat_under_a_key_warns_again(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    keyed = headers | {"Idempotency-Key": "k1"}
    first, again = (
        client.post(GENERATE, json=SPEAK | {"voice_model": "x"}, headers=keyed) for _ in range(2)
    )
    assert first.json == again.json
    assert told(again) == ["voice_model"]


def test_warnings_are_few_and_short_and_repeat_no_value(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    strange = {"<script>": 1, "a b": 1, "naïve": 1, "x\u0000": 1, "": 1}
    many = {f"wish{n}": "a secret" for n in range(30)}
    answer = client.post(GENERATE, json=SPEAK | strange | {"n" * 900: 1} | many, headers=headers)
    fields = told(answer)
    assert fields == ["n" * 64, *sorted(many)[:19]]
    assert "a secret" not in answer.text


def test_forms_warn_too(emulators: object, db: Database) -> None:
    _, headers = signed_in(db)
    client = app_for("characters").test_client()

    def sent(method: str, path: str, **fields: Any) -> Any:
        return client.open(path, method=method, headers=headers, **multipart(**fields))

    made = sent(
        *("POST", "/api/characters/complete"),
        displayName="Ada",
        consent=CONSENT,
        audioFile=SOUND,
        pitch="high",
        mood="",
    )
    assert (made.status_code, told(made)) == (201, ["pitch"])
    place = f"/api/characters/{made.json['data']['character']['id']}"
    assert told(sent("PUT", place, displayName="Ben", accent="Welsh")) == ["accent"]


def test_scripts_and_their_audio_and_video_warn_too(queue: HeldQueue, db: Database) -> None:
    uid, headers = signed_in(db)
    client = app_for("scripts").test_client()
    ada = new_character(db, uid, "Ada")
    body = {"selectedCharacters": [ada], "screenplay": "ADA: Good evening.", "mood": "sad"}
    made = client.post("/api/scripts", json=body, headers=headers)
    assert told(made) == ["mood"]
    place = f"/api/scripts/{made.json['data']['script']['id']}"
    audio = client.post(f"{place}/generate-audio", json={"bitrate": 320}, headers=headers)
    assert (audio.status_code, told(audio)) == (202, ["bitrate"])
    job = audio.json["data"]["job"]["jobId"]
    client.post(f"/api/video-jobs/{job}/cancel", headers=headers)
    film = client.post(f"{place}/generate-video", json={"fps": 60}, headers=headers)
    assert (film.status_code, told(film)) == (202, ["fps"])

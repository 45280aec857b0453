"""The list of voices, and speech in a voice that is named."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import HeldQueue, new_character, signed_in
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database
from troupe.characters.records import Config
from troupe.settings import settings

VOICES, GENERATE = "/api/voice/voices", "/api/voice/generate"


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("voice").test_client()


def ask(client: FlaskClient, headers: dict[str, str], **changes: Any) -> Any:
    body = {"text": "Good evening.", "language": "en-us", **changes}
    return client.post(GENERATE, json=body, headers=headers)


def test_voices_are_listed_by_page_to_everybody(client: FlaskClient) -> None:
    answer = client.get(VOICES, query_string={"language": "en-gb", "limit": 2})
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.json["meta"] == {"total": 3, "limit": 2, "totalPages": 2, "currentPage": 1}
    first = answer.json["data"]["voices"][0]
    assert first | {"description": "", "styles": []} == {
        "id": "espeak-en-gb-female",
        "name": "English (United Kingdom), woman",
        "engine": "espeak",
        "languages": ["en-GB"],
        "type": "female",
        "styles": [],
        "description": "",
        "licence": "GPL-3.0-or-later",
        "cloned": False,
        "sampleRate": 22050,
        "costFactor": 1.0,
    }
    assert "whisper" in first["styles"]
    second = client.get(VOICES, query_string={"language": "en-gb", "limit": 2, "page": 2})
    assert [voice["type"] for voice in second.json["data"]["voices"]] == ["kids"]


@pytest.mark.parametrize("query", [{"type": "robot"}, {"search": "x" * 101}, {"limit": 0}])
def test_a_wrong_filter_is_refused(client: FlaskClient, query: dict[str, Any]) -> None:
    assert client.get(VOICES, query_string=query).status_code == 422


def test_a_named_voice_speaks(client: FlaskClient, queue: HeldQueue, db: Database) -> None:
    _, headers = signed_in(db)
    answer = ask(client, headers, voiceId="espeak-en-us-kids", voiceType="male")
    generation = answer.json["data"]["generation"]
    assert (generation["voiceId"], generation["voiceType"], generation["engine"]) == (
        "espeak-en-us-kids",
        "kids",
        "espeak",
    )
    (task,) = queue.take()
    services().runner.run(task["jobId"])
    done = client.get(f"/api/voice/generations/{generation['id']}", headers=headers)
    assert done.json["data"]["generation"]["status"] == "completed"


def test_a_voice_of_another_language_is_refused_and_nothing_is_held(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    answer = ask(client, headers, voiceId="espeak-de-kids")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "unknown_choice")
    (field,) = answer.json["error"]["details"]["fields"]
    assert field["field"] == "voiceId"
    assert "espeak-en-us-kids" in field["allowed"]
    assert queue.take() == []


def test_the_voice_that_a_character_names_speaks_for_it(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    config = Config(voice_id="espeak-en-us-male")
    character_id = new_character(db, uid, "Ezra", voice_type="kids", config=config)

    def chosen(**changes: Any) -> tuple[str | None, str]:
        answer = ask(client, headers, characterId=character_id, **changes)
        generation = answer.json["data"]["generation"]
        return generation["voiceId"], generation["voiceType"]

    assert chosen()[1] == "male"
    assert chosen(voiceType="female")[1] == "female"
    assert chosen(voiceId="espeak-en-us-female") == ("espeak-en-us-female", "female")
    # In a language that its voice does not speak, one of its type does.
    assert chosen(language="de")[1] == "kids"


def test_the_voice_of_the_profile_speaks_where_a_request_names_none(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    profile = app_for("auth").test_client()

    def set_voice(voice_id: str) -> Any:
        return profile.put("/api/auth/profile", json={"voiceId": voice_id}, headers=headers)

    def spoken(**changes: Any) -> str:
        type_: str = ask(client, headers, **changes).json["data"]["generation"]["voiceType"]
        return type_

    refused = set_voice("espeak-en-us-robot")
    assert refused.json["error"]["code"] == "unknown_choice"
    assert set_voice("espeak-en-us-kids").json["data"]["user"]["voiceId"] == "espeak-en-us-kids"
    assert spoken() == "kids"
    assert spoken(voiceType="male") == "male"
    assert spoken(voiceId="espeak-en-us-male") == "male"
    assert spoken(language="de") == "female", "it does not speak German"
    character_id = new_character(db, uid, "Ezra", voice_type="male")
    assert spoken(characterId=character_id) == "male"
    assert set_voice("").json["data"]["user"]["voiceId"] == ""
    assert spoken() == "female"


def test_each_language_is_spoken_by_the_first_engine_that_has_it(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    several = settings().model_copy(update={"speech_engines": ("elevenlabs", "espeak")})
    with rewired(settings=several):
        engines = {
            language: ask(client, headers, language=language).json["data"]["generation"]["engine"]
            for language in ("de", "sw")
        }
        languages = client.get("/api/voice/languages").json["data"]["languages"]
    assert engines == {"de": "elevenlabs", "sw": "espeak"}
    assert {"en", "en-US", "sw"} <= {each["code"] for each in languages}

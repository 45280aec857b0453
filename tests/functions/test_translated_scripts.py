"""Scripts in another language, with the embedded translator."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fakes.openai_server import KEY, openai_server
from tests.support.factories import HeldQueue, code, test_settings
from tests.support.jobs import given_to
from tests.support.scenes import Scene, new_scene
from tests.support.wiring import app_for, deliver, rewired
from troupe.adapters.firestore import Database, Update

SCREENPLAY = """ANNA: (laughs) Did you hear the bell, Ben?

(A door opens.)

BEN: There is no bell in this town. [sighs] Write to @anna."""


@pytest.fixture
def client(queue: HeldQueue) -> FlaskClient:
    return app_for("scripts").test_client()


@pytest.fixture
def scene(client: FlaskClient, db: Database) -> Scene:
    return new_scene(client, db)


def translated(scene: Scene, target: str = "pt-BR", **fields: Any) -> Any:
    return scene.post("/translate", targetLanguage=target, **fields)


def test_a_script_in_another_language(scene: Scene, db: Database) -> None:
    body = {"selectedCharacters": scene.cast, "screenplay": SCREENPLAY, "title": "The old house"}
    written = scene.client.post("/api/scripts", json=body, headers=scene.headers)
    source = written.json["data"]["script"]
    place = f"/api/scripts/{source['id']}"
    answer = scene.post(f"{place}/translate", targetLanguage="pt", glossary={"town": "vila"})
    assert answer.status_code == 201, answer.text
    assert "warnings" not in answer.json
    assert answer.headers["RateLimit-Remaining"] == "295"
    script = scene.get(answer.headers["Location"]).json["data"]["script"]
    assert (script["title"], script["language"]) == ("A antiga casa", "pt")
    assert script["sourceScriptId"] == source["id"]
    assert script["selectedCharacters"] == source["selectedCharacters"]
    assert [
        (line["speakerName"], line["text"], line["directions"]) for line in script["dialogue"]
    ] == [
        ("Anna", "(laughs) Você ouviu o sino, Ben?", ""),
        ("Ben", "Não há sino neste vila. [sighs] Escrever para @anna.", "(A door opens.)"),
    ]
    assert scene.get(place).json["data"]["script"] == source
    again = scene.post(f"/api/scripts/{script['id']}/translate", targetLanguage="en")
    assert "bell" in again.json["data"]["script"]["dialogue"][0]["text"]


def test_the_cast_speaks_the_language_of_a_translated_script(
    scene: Scene, db: Database, queue: HeldQueue
) -> None:
    place = translated(scene, "pt").headers["Location"]
    spoken = []
    for path in (place, f"/api/scripts/{scene.id}"):
        job = scene.post(f"{path}/generate-audio").json["data"]["job"]["jobId"]
        performers = given_to(db, job)["performers"]
        spoken.append({each["language"] for each in performers.values()})
    assert spoken == [{"pt"}, {"en-US"}]
    deliver(queue)
    captions = scene.get(f"{place}/captions?format=srt").text
    assert "sino" in captions and "bell" not in captions


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"targetLanguage": "en-GB"}, "same_language"),
        ({"targetLanguage": "tlh"}, "unknown_choice"),
        ({"targetLanguage": "pt", "sourceLanguage": "sv"}, "unknown_choice"),
        ({"targetLanguage": "pt", "style": "formal"}, "style_not_offered"),
        ({}, "invalid_input"),
    ],
)
def test_what_cannot_be_translated_stores_nothing(
    scene: Scene, db: Database, fields: dict[str, str], error: str
) -> None:
    assert code(scene.post("/translate", **fields)) == (422, error)
    assert db.count("scripts", where=[("uid", "==", scene.uid)]) == 1


def test_an_empty_script_is_not_translated(scene: Scene) -> None:
    assert scene.put("", dialogue=[]).status_code == 200
    assert code(translated(scene)) == (422, "script_empty")


def test_the_script_of_another_user_is_not_found(scene: Scene, db: Database) -> None:
    assert code(translated(scene.as_another(db))) == (404, "script_not_found")


def test_the_translation_is_moderated(scene: Scene) -> None:
    settings = test_settings(MODERATION="blocklist", MODERATION_BLOCKLIST="sino")
    with rewired(settings=settings):
        assert code(translated(scene)) == (422, "content_refused")


def test_without_a_translator(scene: Scene) -> None:
    with rewired(settings=test_settings(TRANSLATOR="off")):
        assert code(translated(scene)) == (503, "translator_not_configured")


def test_voices_that_do_not_speak_the_language_are_reported(scene: Scene, db: Database) -> None:
    """Anna has a voice that speaks only English, Ben any voice of his type."""
    document = db.get(f"characters/{scene.cast[0]}")
    db.commit(Update(document.path, {"config.voiceId": "af_heart"}))
    with rewired(settings=test_settings(SPEECH_ENGINES="espeak,kokoro")):
        answer = translated(scene)
    assert answer.status_code == 201, answer.text
    (warning,) = answer.json["warnings"]
    assert (warning["field"], warning["code"]) == ("targetLanguage", "voice_replaced")
    assert "for Anna: their own" in warning["message"]


def test_a_language_that_no_engine_speaks_is_reported(scene: Scene) -> None:
    with openai_server() as fake:
        services = {"OPENAI_BASE_URL": fake.base_url, "OPENAI_API_KEY": KEY}
        settings = test_settings(TRANSLATOR="openai", SPEECH_ENGINES="kokoro", **services)
        with rewired(settings=settings):
            answer = translated(scene, "de")
    assert [each["code"] for each in answer.json["warnings"]] == ["language_not_spoken"]
    script = answer.json["data"]["script"]
    assert (script["language"], script["dialogue"][2]["text"]) == ("de", "THERE IS NOW.")

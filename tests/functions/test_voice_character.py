"""Speech in the voice of a character."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import HeldQueue, new_character, new_user, signed_in
from tests.support.jobs import given_to
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.characters.records import Consent
from troupe.settings import settings

GENERATE = "/api/voice/generate"


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("voice").test_client()


def ask(client: FlaskClient, headers: dict[str, str], **changes: Any) -> Any:
    body = {"text": "Good evening.", "language": "en-us", **changes}
    return client.post(GENERATE, json=body, headers=headers)


def a_character(db: Database, **changes: Any) -> str:
    return new_character(db, new_user(db), "Ezra", voice_type="kids", **changes)


def test_a_character_speaks_with_its_voice_type_when_not_cloned(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    character_id = a_character(db)
    generation = ask(client, headers, characterId=character_id).json["data"]["generation"]
    assert generation["voiceType"] == "kids"
    assert (generation["characterId"], generation["voiceCloned"]) == (character_id, False)
    (task,) = queue.take()
    services().runner.run(task["jobId"])
    done = client.get(f"/api/voice/generations/{generation['id']}", headers=headers)
    assert done.json["data"]["generation"]["status"] == "completed"


def test_the_request_overrides_the_character(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    answer = ask(client, headers, characterId=a_character(db), voiceType="male", speed=1.5)
    generation = answer.json["data"]["generation"]
    assert (generation["voiceType"], generation["speed"]) == ("male", 1.5)


def test_an_unknown_character_is_404(client: FlaskClient, queue: HeldQueue, db: Database) -> None:
    _, headers = signed_in(db)
    answer = ask(client, headers, characterId="0123456789abcdef")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "character_not_found")
    assert queue.take() == []


@pytest.mark.parametrize("consented", [True, False])
def test_a_cloning_engine_gets_the_recording_only_with_consent(
    client: FlaskClient,
    queue: HeldQueue,
    db: Database,
    consented: bool,
) -> None:
    cloning = settings().model_copy(update={"speech_engines": ("elevenlabs",)})
    consent = Consent(statement="Yes.", at=now(), sample_sha256="0" * 64) if consented else None
    uid, headers = signed_in(db)
    with rewired(settings=cloning):
        answer = ask(client, headers, characterId=new_character(db, uid, "Ezra", consent=consent))
    generation = answer.json["data"]["generation"]
    assert generation["voiceCloned"] is consented
    assert (given_to(db, generation["id"])["samplePath"] is not None) is consented


def test_a_repeat_under_a_key_is_the_same_after_the_character_changed(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    character_id = a_character(db)
    keyed = headers | {"Idempotency-Key": "one"}
    first = ask(client, keyed, characterId=character_id).json["data"]["generation"]
    db.commit(Update(f"characters/{character_id}", {"voiceType": "male"}))
    again = ask(client, keyed, characterId=character_id)
    assert again.status_code == 202
    assert again.json["data"]["generation"]["id"] == first["id"]

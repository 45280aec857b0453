"""The text of a character's recording, which a job transcribes if the user sent none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.functions.test_characters_api import create, made, part
from tests.support.characters import CONSENT
from tests.support.factories import HeldQueue, signed_in, test_settings
from tests.support.forms import multipart
from tests.support.jobs import given_to
from tests.support.speeches import noise, wav
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database
from troupe.errors import Unavailable
from troupe.jobs.service import JobService

SAID = "The weather is good today."
SPEECH = wav(noise(2))


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with openai_server() as fake:
        fake.ear.says = SAID
        yield fake


@pytest.fixture
def client(emulators: object, server: FakeOpenAI) -> Iterator[FlaskClient]:
    """With an engine that clones, which needs to know what is said."""
    settings = test_settings(
        SPEECH_ENGINES="f5tts,espeak",
        TRANSCRIBER="openai",
        OPENAI_API_KEY=KEY,
        OPENAI_BASE_URL=server.base_url,
    )
    with rewired(settings=settings):
        yield app_for("characters").test_client()


def text_of(client: FlaskClient, headers: dict[str, str], character_id: str) -> str:
    answer = client.get(f"/api/characters/{character_id}", headers=headers)
    text: str = answer.json["data"]["character"]["sampleText"]
    return text


def run(task: dict[str, Any]) -> None:
    services().runner.run(task["jobId"], task.get("part"), task.get("uid"))


def test_a_recording_without_a_text_gets_one(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    character = made(client, headers, audioFile=part(SPEECH, "ada.wav"))
    assert character["sampleText"] == ""
    (task,) = queue.take()
    run(task)
    assert text_of(client, headers, character["id"]) == SAID
    run(task)  # delivered again
    assert text_of(client, headers, character["id"]) == SAID
    # Nothing of the recording is left where deleting the character does not reach it.
    assert given_to(db, task["jobId"]) == {}
    assert db.count(f"jobs/{task['jobId']}/parts") == 0


def test_a_text_that_was_written_meanwhile_stays(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    character = made(client, headers, audioFile=part(SPEECH, "ada.wav"))
    path = f"/api/characters/{character['id']}"
    client.put(path, headers=headers, **multipart(sampleText="Mine."))
    (task,) = queue.take()
    run(task)
    assert text_of(client, headers, character["id"]) == "Mine."


def test_a_new_recording_is_heard_and_not_the_old_one(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    first = {"audioFile": part(SPEECH, "ada.wav")}
    character = made(client, headers, **first, sampleText="Something else.")
    assert queue.take() == []
    changed = made_again(client, headers, character["id"], wav(noise(3)))
    assert changed["sampleText"] == ""
    (task,) = queue.take()
    run(task)
    assert text_of(client, headers, character["id"]) == SAID


def made_again(
    client: FlaskClient, headers: dict[str, str], character_id: str, sound: bytes
) -> dict[str, Any]:
    form = multipart(audioFile=part(sound, "again.wav"), consent=CONSENT)
    answer = client.put(f"/api/characters/{character_id}", headers=headers, **form)
    assert answer.status_code == 200, answer.text
    character: dict[str, Any] = answer.json["data"]["character"]
    return character


def test_a_character_is_made_without_its_job_too(
    client: FlaskClient, queue: HeldQueue, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outage(*arguments: Any, **options: Any) -> None:
        raise Unavailable

    monkeypatch.setattr(JobService, "submit", outage)
    _, headers = signed_in(db)
    assert made(client, headers, audioFile=part(SPEECH, "ada.wav"))["sampleText"] == ""
    assert queue.take() == []


def test_nobody_listens_where_no_engine_clones(
    emulators: object, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    answer = create(app_for("characters").test_client(), headers)
    assert answer.status_code == 201
    assert queue.take() == []

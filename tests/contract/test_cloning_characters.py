"""The examples of the document on voice cloning that concern characters, sent as they are written
there: each answer has the example's fields inside `data`, of the same types."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.characters import CONSENT, PICTURE, SOUND
from tests.support.factories import signed_in
from tests.support.wiring import app_for
from troupe.adapters.firestore import Database

SEED = Path(__file__).parents[3] / "shared" / "seeds" / "cloning.md"


def example(operation: str) -> Any:
    """The answer that the document shows for an operation; what it leaves out (`{ ... }`) is an
    empty object."""
    if not SEED.exists():
        pytest.skip("the document lies beside the project, not in it")
    text = SEED.read_text().split(f"### {operation}\n", 1)[1].split("\n### ", 1)[0]
    block = text.split("**Response:**", 1)[1].split("```json\n", 1)[1].split("```", 1)[0]
    return json.loads(re.sub(r"\{ \.\.\. \}", "{}", block))


def form_example(operation: str) -> dict[str, str]:
    """The text fields of the form that the document shows."""
    if not SEED.exists():
        pytest.skip("the document lies beside the project, not in it")
    text = SEED.read_text().split(f"### {operation}\n", 1)[1].split("```\n", 1)[1]
    lines = [line.split(": ", 1) for line in text.split("```", 1)[0].strip().splitlines()]
    return {name: value.strip('"') for name, value in lines if not value.startswith("[")}


def alike(answer: Any, shown: Any, where: str = "data") -> None:
    """Every field that is shown is there, with a value of the same kind."""
    if isinstance(shown, dict):
        assert isinstance(answer, dict), where
        # The keys of `images` are not fields: how many there are is the character's.
        names = () if where.endswith(".images") else shown
        for name in names:
            assert name in answer, f"{where}.{name}"
            alike(answer[name], shown[name], f"{where}.{name}")
    elif isinstance(shown, list):
        assert isinstance(answer, list), where
        assert answer, where
        for item in answer:
            alike(item, shown[0], f"{where}[]")
    elif isinstance(shown, float):
        assert isinstance(answer, int | float), where
    else:
        assert type(answer) is type(shown), where
    if isinstance(shown, str) and re.match(r"\d{4}-\d\d-\d\dT", shown):
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", answer), where


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("characters").test_client()


def create(client: FlaskClient, headers: dict[str, str], **fields: str) -> dict[str, Any]:
    sent: dict[str, Any] = {"displayName": "Ada", "consent": CONSENT} | fields
    sent["audioFile"] = (_stream(SOUND), "voice.wav")
    sent["imageFiles"] = [(_stream(PICTURE), "a.png"), (_stream(PICTURE), "b.png")]
    answer = client.post("/api/characters/complete", data=sent, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json["success"] is True
    character: dict[str, Any] = answer.json["data"]["character"]
    return character


def _stream(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)


def test_create(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    shown = example("POST /api/characters/complete")
    fields = form_example("POST /api/characters/complete")
    character = create(client, headers, **fields)
    alike(character, shown)
    # What follows from the request is not only of the same kind, but the same.
    for name in ("config", "hasAudio", "imageCount", "isOwner", "starred", "isStarred"):
        assert character[name] == shown[name]
    assert character["displayName"] == fields["displayName"]
    assert set(character["images"]) == set(shown["images"])
    for url in (character["audioFile"], *character["images"].values()):
        folder = url.rsplit("/", 1)[0]
        assert folder in ("/api/static/audio_files", "/api/static/images")


@pytest.mark.parametrize("path", ["/api/characters", "/api/my-characters"])
def test_lists(client: FlaskClient, db: Database, path: str) -> None:
    _, headers = signed_in(db)
    create(client, headers)
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    alike(answer.json["data"]["characters"], example(f"GET {path}"))


def test_update(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    character = create(client, headers)
    place = f"/api/characters/{character['id']}"
    add = {"newImageFiles": [(_stream(PICTURE), "c.png")]}
    client.put(place, data=add, headers=headers)  # so that there is a key "2" to remove
    fields: dict[str, Any] = form_example("PUT /api/characters/{character_id}")
    assert fields == {"displayName": "Updated Character Name", "speed": "1.1"} | {
        "removeImageKeys": "0,2"
    }
    fields["newImageFiles"] = [(_stream(PICTURE), "d.png")]
    answer = client.put(place, data=fields, headers=headers)
    assert answer.status_code == 200, answer.text
    updated = answer.json["data"]["character"]
    alike(updated, example("POST /api/characters/complete"))
    assert (updated["displayName"], updated["config"]["speed"]) == ("Updated Character Name", 1.1)
    assert set(updated["images"]) == {"1", "3"}


def test_delete(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    character = create(client, headers)
    answer = client.delete(f"/api/characters/{character['id']}", headers=headers)
    shown = example("DELETE /api/characters/{character_id}")
    assert answer.json["message"] == shown.pop("message").replace("character_123", character["id"])
    alike(answer.json["data"], shown)
    assert len(answer.json["data"]["deletedFiles"]) == 3


@pytest.mark.parametrize(("method", "starred"), [("POST", 1), ("DELETE", 0)])
def test_stars(client: FlaskClient, db: Database, method: str, starred: int) -> None:
    _, headers = signed_in(db)
    place = f"/api/characters/{create(client, headers)['id']}/star"
    client.post(place, headers=headers)
    answer = client.open(place, method=method, headers=headers)
    shown = example(f"{method} /api/characters/{{character_id}}/star")
    assert answer.json["success"] is shown.pop("success")
    assert answer.json["message"] == shown.pop("message")
    alike(answer.json["data"], shown)
    assert answer.json["data"]["starred"] == starred
    assert answer.json["data"]["isStarred"] is shown["isStarred"]

"""Characters as clients use them: `data` has every documented field, of the right type."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.characters import CONSENT, PICTURE, SOUND
from tests.support.factories import signed_in
from tests.support.likeness import assert_like
from tests.support.wiring import app_for
from troupe.adapters.firestore import Database

TIME = "2024-01-01T00:00:00Z"
FORM = {
    "displayName": "My New Character",
    "speed": "1.2",
    "nfeSteps": "28",
    "crossFadeDuration": "0.2",
    "removeSilences": "true",
}
CONFIG = {
    "speed": 1.2,
    "nfeSteps": 28,
    "crossFadeDuration": 0.2,
    "removeSilences": True,
    "dictionaryId": None,
    "voiceId": None,
}
CHARACTER = {
    "id": "character_new",
    "displayName": "My New Character",
    "audioFile": "/api/static/audio_files/character_new.wav",
    "config": CONFIG,
    "images": {},  # by key; any number
    "outputPrefix": "character_new",
    "createdAt": TIME,
    "updatedAt": TIME,
    "hasAudio": True,
    "imageCount": 2,
    "createdBy": "user_123",
    "createdByName": "John Doe",
    "isOwner": True,
    "starred": 0,
    "isStarred": False,
}
STARRED = {"characterId": "character_123", "starred": 26, "isStarred": True}


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
    character = create(client, headers, **FORM)
    assert_like(character, CHARACTER)
    # Values that follow from the request are compared, not only their types.
    for name in (
        "displayName",
        "config",
        "hasAudio",
        "imageCount",
        "isOwner",
        "starred",
        "isStarred",
    ):
        assert character[name] == CHARACTER[name]
    assert set(character["images"]) == {"0", "1"}
    for url in (character["audioFile"], *character["images"].values()):
        folder = url.partition("?")[0].rsplit("/", 1)[0]
        assert folder in ("/api/static/audio_files", "/api/static/images")


@pytest.mark.parametrize("path", ["/api/characters", "/api/my-characters"])
def test_lists(client: FlaskClient, db: Database, path: str) -> None:
    _, headers = signed_in(db)
    created = create(client, headers)
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    # Other tests make characters at the same time, some with what the document shows as null.
    (listed,) = (each for each in answer.json["data"]["characters"] if each["id"] == created["id"])
    assert_like(listed, CHARACTER)


def test_update(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    character = create(client, headers)
    place = f"/api/characters/{character['id']}"
    add = {"newImageFiles": [(_stream(PICTURE), "c.png")]}
    client.put(place, data=add, headers=headers)  # creates the key "2", removed below
    fields: dict[str, Any] = {
        "displayName": "Updated Character Name",
        "speed": "1.1",
        "removeImageKeys": "0,2",
        "newImageFiles": [(_stream(PICTURE), "d.png")],
    }
    answer = client.put(place, data=fields, headers=headers)
    assert answer.status_code == 200, answer.text
    updated = answer.json["data"]["character"]
    assert_like(updated, CHARACTER)
    assert (updated["displayName"], updated["config"]["speed"]) == ("Updated Character Name", 1.1)
    assert set(updated["images"]) == {"1", "3"}


def test_delete(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    character = create(client, headers)
    answer = client.delete(f"/api/characters/{character['id']}", headers=headers)
    assert answer.json["message"] == f"Character '{character['id']}' deleted successfully"
    assert_like(answer.json["data"], {"deletedFiles": ["data/audio_files/character_123.wav"]})
    assert len(answer.json["data"]["deletedFiles"]) == 3


@pytest.mark.parametrize(
    ("method", "message", "starred"),
    [
        ("POST", "Character starred successfully", 1),
        ("DELETE", "Character unstarred successfully", 0),
    ],
)
def test_stars(client: FlaskClient, db: Database, method: str, message: str, starred: int) -> None:
    _, headers = signed_in(db)
    place = f"/api/characters/{create(client, headers)['id']}/star"
    client.post(place, headers=headers)
    answer = client.open(place, method=method, headers=headers)
    assert (answer.json["success"], answer.json["message"]) == (True, message)
    data = answer.json["data"]
    assert_like(data, STARRED)
    assert (data["starred"], data["isStarred"]) == (starred, bool(starred))

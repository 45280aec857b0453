"""Moderation of every text that is sent: what is refused leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.support.characters import CONSENT, SOUND
from tests.support.factories import HeldQueue, code, new_character, test_settings
from tests.support.forms import multipart
from tests.support.scenes import Scene, new_scene
from tests.support.wiring import app_for, rewired
from troupe.adapters import openai_calls
from troupe.adapters.firestore import Database
from troupe.adapters.llm import LanguageModel

BAD = "weasel"
COLLECTIONS = ("jobs", "generations", "scripts", "characters")


@pytest.fixture
def scene(queue: HeldQueue, db: Database) -> Scene:
    """A user with a script that was stored before its words were refused."""
    scene = new_scene(app_for("scripts").test_client(), db)
    assert scene.put("", dialogue=dialogue(scene, f"A {BAD} said so.")).status_code == 200
    return scene


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_calls, "_WAITS", (0.02, 0.04))


def voice(scene: Scene, text: str = f"Hello, {BAD}.") -> Any:
    client = app_for("voice").test_client()
    body = {"text": text, "language": "en-us"}
    return client.post("/api/voice/generate", json=body, headers=scene.headers)


def create(scene: Scene, **fields: Any) -> Any:
    return scene.post("/api/scripts", selectedCharacters=scene.cast, **fields)


def dialogue(scene: Scene, text: str) -> list[dict[str, str]]:
    return [{"speaker": scene.cast[0], "text": text}]


def new(scene: Scene, **fields: Any) -> Any:
    form = {"displayName": "Ada", "consent": CONSENT, "audioFile": SOUND} | fields
    client = app_for("characters").test_client()
    return client.post("/api/characters/complete", headers=scene.headers, **multipart(**form))


def update_character(scene: Scene, **fields: Any) -> Any:
    client = app_for("characters").test_client()
    path = f"/api/characters/{scene.cast[0]}"
    return client.put(path, headers=scene.headers, **multipart(**fields))


def generate(scene: Scene, prompt: str) -> Any:
    return scene.post("/api/scripts/generate", selectedCharacters=scene.cast, prompt=prompt)


def job(scene: Scene, what: str) -> Any:
    return scene.post(f"/api/scripts/{scene.id}/{what}")


DOORS: dict[str, Callable[[Scene], Any]] = {
    "voice": voice,
    "Markdown": lambda scene: voice(scene, f"Hello, {BAD[:3]}**{BAD[3:]}**."),
    "dialogue": lambda scene: create(scene, dialogue=dialogue(scene, f"The {BAD}!")),
    "screenplay": lambda scene: create(scene, screenplay=f"ANNA: The {BAD}!"),
    "title": lambda scene: create(scene, title=BAD, dialogue=dialogue(scene, "Hello.")),
    "edit": lambda scene: scene.put("", dialogue=dialogue(scene, f"That {BAD}.")),
    "prompt": lambda scene: generate(scene, f"A {BAD} speaks."),
    "written by the model": lambda scene: generate(scene, "A scene."),
    "audio": lambda scene: job(scene, "generate-audio"),
    "video": lambda scene: job(scene, "generate-video"),
    "name": lambda scene: new(scene, displayName=f"The {BAD}"),
    "sample text": lambda scene: new(scene, sampleText=f"I am a {BAD}."),
    "another name": lambda scene: update_character(scene, displayName=BAD),
    "another sample text": lambda scene: update_character(scene, sampleText=BAD),
}


def stored(db: Database, uid: str) -> dict[str, Any]:
    """Everything of the user."""
    found = {
        document.path: document.data
        for collection in COLLECTIONS
        for document in db.find(collection, where=[("uid", "==", uid)], limit=100)
    }
    for path in (f"wallets/{uid}/ledger", f"users/{uid}/activities"):
        found |= {document.path: document.data for document in db.find(path, limit=100)}
    return found | {"wallet": db.get(f"wallets/{uid}").data}


@contextmanager
def moderated(model: FakeOpenAI, **settings: Any) -> Iterator[None]:
    writer = LanguageModel(KEY, model.base_url, "gpt-5.4-mini")
    with rewired(settings=test_settings(**settings), language_model=lambda: writer):
        yield
    writer.close()


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with openai_server() as fake:
        yield fake


def judge(server: FakeOpenAI, kind: str) -> dict[str, str]:
    """Settings that refuse BAD, and lines like those of the fake model ("This is Anna")."""
    server.flagged = dict.fromkeys((BAD, f"{BAD[:3]}**", "This is"), "violence")
    return {
        "MODERATION": kind,
        "MODERATION_BLOCKLIST": f"{BAD}, this is",
        "MODERATION_BASE_URL": server.base_url,
        "OPENAI_API_KEY": KEY,
    }


@pytest.fixture
def moderation(server: FakeOpenAI) -> Iterator[None]:
    with moderated(server, **judge(server, "blocklist")):
        yield


@pytest.mark.parametrize("door", DOORS)
def test_what_is_refused_or_cannot_be_checked_leaves_nothing_and_costs_nothing(
    scene: Scene, db: Database, server: FakeOpenAI, door: str, capsys: Any
) -> None:
    before = stored(db, scene.uid)
    for kind, category in (("blocklist", "blocklist"), ("openai", "violence")):
        capsys.readouterr()
        with moderated(server, **judge(server, kind)):
            refused = DOORS[door](scene)
        assert code(refused) == (422, "content_refused")
        assert refused.json["error"]["details"] == {"categories": [category]}
        assert stored(db, scene.uid) == before
        logged = capsys.readouterr().out
        assert "content_refused" in logged
        assert BAD not in logged + refused.text

    with moderated(server, MODERATION="openai", MODERATION_BASE_URL="http://127.0.0.1:9/v1"):
        unchecked = DOORS[door](scene)
    assert code(unchecked) == (503, "moderation_unavailable")
    assert int(unchecked.headers["Retry-After"]) > 0
    assert stored(db, scene.uid) == before

    with moderated(server):
        accepted = DOORS[door](scene)
    assert accepted.status_code in (200, 201, 202), accepted.text


def test_what_is_allowed_passes(scene: Scene, moderation: None) -> None:
    assert voice(scene, "Hello, stoat.").status_code == 202
    assert create(scene, dialogue=dialogue(scene, "Hello.")).status_code == 201
    assert scene.put("", dialogue=dialogue(scene, "Better.")).status_code == 200
    assert job(scene, "generate-audio").status_code == 202
    assert new(scene, sampleText="I am a stoat.").status_code == 201


def test_an_edit_that_changes_nothing_is_not_checked(scene: Scene, moderation: None) -> None:
    unchanged = [{"speaker": scene.cast[0], "text": f"A {BAD} said so."}]
    assert scene.put("", dialogue=unchanged).status_code == 200


def test_the_same_key_after_a_refusal_is_a_new_request(scene: Scene, moderation: None) -> None:
    client = app_for("voice").test_client()
    headers = scene.headers | {"Idempotency-Key": f"key-of-{scene.uid}"}
    for text, status in ((f"A {BAD}.", 422), ("A stoat.", 202), ("A stoat.", 202)):
        body = {"text": text, "language": "en-us"}
        assert client.post("/api/voice/generate", json=body, headers=headers).status_code == status


def test_a_stored_name_is_not_checked_again(scene: Scene, db: Database, moderation: None) -> None:
    old = new_character(db, scene.uid, f"Old {BAD}")
    client = app_for("voice").test_client()
    body = {"text": "Hello.", "language": "en-us", "characterId": old}
    answer = client.post("/api/voice/generate", json=body, headers=scene.headers)
    assert answer.status_code == 202

"""A browser's own players, which send no bearer, with the addresses out of answers."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from local.client import Client
from tests.conftest import Running
from tests.support.browser import browse, needs_browser
from tests.support.characters import CONSENT
from tests.support.sounds import recording

pytestmark = needs_browser
SENTENCE = "Good evening, and welcome. The curtain rises in a minute, so please find your seats. "


@pytest.fixture(scope="module")
def made(stack: Running) -> dict[str, Any]:
    """A generation, a script with its audio and its video, a link and a recording."""
    body = {"email": f"{secrets.token_hex(6)}@example.com", "password": "secret-123"}
    signed_up = Client(stack.base_url).data("POST", "/api/auth/register", json=body)
    with Client(stack.base_url, signed_up["accessToken"]) as client:
        generation = client.speak(text=SENTENCE * 4, language="en-US")["generation"]
        character = client.data(
            *("POST", "/api/characters/complete"),
            data={"displayName": "Anna", "consent": CONSENT},
            files={"audioFile": ("a.wav", recording(seconds=8))},
        )["character"]
        script = client.data(
            *("POST", "/api/scripts"),
            json={"selectedCharacters": [character["id"]], "screenplay": f"ANNA: {SENTENCE}"},
        )["script"]
        client.perform(script["id"], "audio")
        job = client.perform(script["id"], "video", backgroundVideo="#203040")
        file = client.data("POST", "/api/files/upload", files={"file": ("a.wav", recording())})
        path = f"/api/scripts/{script['id']}/audio"
        return {
            "generation": generation,
            "script": client.data("GET", f"/api/scripts/{script['id']}")["script"],
            "job": job,
            "file": file,
            "link": client.data("POST", "/api/media-links", json={"path": path}),
        }


def test_players_play_what_answers_name(stack: Running, made: dict[str, Any]) -> None:
    script = made["script"]
    sources = [
        ("audio", made["generation"]["audioUrl"], made["generation"]["seconds"]),
        ("audio", script["audioUrl"], script["audioDuration"]),
        ("audio", script["dialogue"][0]["audioFile"], script["audioDuration"]),
        ("audio", made["link"]["url"], script["audioDuration"]),
        ("audio", made["file"]["fileUrl"], made["file"]["file"]["seconds"]),
        ("video", made["job"]["finalVideoPath"], script["videoDuration"]),
    ]
    played = browse(
        Path(__file__).with_name("players.mjs"),
        *(f"{kind}={stack.base_url}{url}" for kind, url, _ in sources),
    )
    assert [each.get("error") for each in played] == [None] * len(sources)
    for each, (kind, _, seconds) in zip(played, sources, strict=True):
        assert each["kind"] == kind
        assert each["seconds"] == pytest.approx(seconds, abs=1)
        assert each["at"] == pytest.approx(each["seconds"] * 0.8, abs=1)
    assert played[-1]["width"] == 1280


def test_a_player_gets_nothing_without_a_link(stack: Running, made: dict[str, Any]) -> None:
    plain = made["generation"]["audioUrl"].partition("?")[0]
    script = Path(__file__).with_name("players.mjs")
    (played,) = browse(script, f"audio={stack.base_url}{plain}")
    assert "error" in played

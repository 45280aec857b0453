"""What a client can ask before anybody signs in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.factories import signed_in, test_settings
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database
from troupe.settings import settings


def configuration(**changes: Any) -> dict[str, Any]:
    with rewired(settings=test_settings(**changes) if changes else settings()):
        answer = app_for("support").test_client().get("/api/config")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    data: dict[str, Any] = answer.json["data"]
    return data


def test_prices_and_limits_are_those_that_apply(emulators: object, db: Database) -> None:
    config = services().settings
    data = configuration()
    assert data["projectId"] == config.project_id
    assert data["prices"] == {
        "charactersPerToken": config.prices.characters_per_token,
        "tokensPerVideo": config.prices.tokens_per_video,
        "videoIncludedCharacters": config.video_included_characters,
        "transcribedSecondsPerToken": config.prices.transcribed_seconds_per_token,
        "dubbedCharactersPerSecond": 25,
        "tokensOfNewAccount": config.tokens_to_give,
        "tokensOfGuest": config.guest_tokens_to_give,
    }
    _, headers = signed_in(db)
    most = data["limits"]["textCharacters"]
    body = {"text": "a" * (most + 1), "language": "en-US"}
    answer = app_for("voice").test_client().post("/api/voice/quote", json=body, headers=headers)
    assert answer.json["error"]["code"] == "text_too_long"


def test_the_addresses_of_the_emulators_are_those_that_the_server_uses(emulators: object) -> None:
    shown = configuration(FIREBASE_AUTH_EMULATOR_HOST="127.0.0.1:1", FIRESTORE_EMULATOR_HOST="x:2")
    assert shown["emulators"] == {"auth": "127.0.0.1:1", "firestore": "x:2"}


@pytest.mark.parametrize(
    ("changes", "feature", "on"),
    [
        ({}, "scriptWriter", False),
        ({"SCRIPT_WRITER": "openai"}, "scriptWriter", True),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:1"}, "scriptWriter", True),
        ({"TRANSLATOR": "off"}, "translation", False),
        ({"TRANSLATOR": "firefox"}, "translation", True),
        ({"TRANSCRIBER": "off"}, "transcription", False),
        ({"EMAIL_ENUMERATION": "hidden"}, "emailEnumeration", False),
    ],
)
def test_features_follow_the_settings(
    emulators: object, changes: dict[str, str], feature: str, on: bool
) -> None:
    assert configuration(**changes)["features"][feature] is on


def test_engines_are_listed_in_their_order(emulators: object) -> None:
    engines = configuration(SPEECH_ENGINES="espeak,elevenlabs")["engines"]
    assert [each["name"] for each in engines] == ["espeak", "elevenlabs"]
    assert [each["cloning"] for each in engines] == [False, True]
    assert "whisper" in engines[0]["styles"]


def test_a_secret_is_never_shown(emulators: object) -> None:
    secret = "sk-" + "x" * 40
    data = configuration(OPENAI_API_KEY=secret, JWT_SECRET=secret, GOOGLE_CLIENT_SECRET=secret)
    assert secret not in str(data)

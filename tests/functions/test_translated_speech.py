"""Speech in a language other than the text's, with the embedded translator and espeak-ng."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import HeldQueue, code, signed_in, test_settings
from tests.support.wiring import app_for, deliver, rewired, services
from troupe.adapters.firestore import Database

VOICE = "/api/voice"
TEXT = "Good morning! The house is close to the sea."
SAID = "Bom dia! A casa é perto do mar."


@pytest.fixture
def client(queue: HeldQueue) -> FlaskClient:
    return app_for("voice").test_client()


@pytest.fixture
def headers(db: Database) -> dict[str, str]:
    return signed_in(db)[1]


@pytest.fixture
def without_translator() -> Iterator[None]:
    with rewired(settings=test_settings(TRANSLATOR="off")):
        yield


def ask(client: FlaskClient, headers: dict[str, str], to: str = "generate", **changes: Any) -> Any:
    body = {"text": TEXT, "targetLanguage": "pt-BR", **changes}
    return client.post(f"{VOICE}/{to}", json=body, headers=headers)


def test_a_text_is_translated_spoken_and_kept(
    client: FlaskClient, queue: HeldQueue, headers: dict[str, str]
) -> None:
    terms = [{"term": "casa", "alias": "caza"}]
    written = {"name": "Terms", "language": "pt-BR", "entries": terms}
    kept = client.post(f"{VOICE}/dictionaries", json=written, headers=headers)
    dictionary = kept.json["data"]["dictionary"]["id"]
    answer = ask(client, headers, dictionaryId=dictionary, voiceType="male")
    assert answer.status_code == 202, answer.text
    assert answer.headers["RateLimit-Remaining"] == "299"
    deliver(queue)
    place = answer.headers["Location"]
    generation = client.get(place, headers=headers).json["data"]["generation"]
    assert generation["translation"] == {
        "text": TEXT,
        "translatedText": SAID,
        "sourceLanguage": "en",
        "engine": "firefox",
    }
    assert (generation["status"], generation["language"]) == ("completed", "pt-BR")
    assert (generation["voiceType"], generation["characters"]) == ("male", len(SAID))
    assert generation["dictionary"]["id"] == dictionary
    captions = client.get(f"{place}/captions?format=srt", headers=headers).text
    assert "A casa é perto do mar." in captions
    (item,) = client.get("/api/user/voice-history", headers=headers).json["data"]["history"]
    assert item["translation"] == generation["translation"]


def test_what_is_spoken_is_paid_for(client: FlaskClient, headers: dict[str, str]) -> None:
    text = "A chave está na cozinha, e o jardim fica em frente à casa. " * 16
    asked = {"text": text, "language": "pt", "targetLanguage": "en-us"}
    started = ask(client, headers, **asked).json["data"]
    spoken = len(started["generation"]["translation"]["translatedText"])
    assert len(text) < 1_000 < spoken
    quoted = ask(client, headers, "quote", **asked).json["data"]
    assert started["tokensReserved"] == quoted["tokens"] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"language": "en-us", "targetLanguage": "en-gb"},
        {"targetLanguage": "en-gb"},  # detected
        {"language": "sv", "targetLanguage": "sv"},  # which the translator does not have
        {"text": "12 345", "targetLanguage": "en-gb"},
    ],
)
def test_a_text_in_the_language_is_spoken_as_it_is(
    client: FlaskClient, headers: dict[str, str], changes: dict[str, Any]
) -> None:
    answer = ask(client, headers, **changes)
    assert answer.status_code == 202, answer.text
    generation = answer.json["data"]["generation"]
    assert generation["translation"] is None
    assert generation["language"].lower() == changes["targetLanguage"]
    assert generation["characters"] == len(changes.get("text", TEXT))


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"targetLanguage": "tlh"}, "unknown_choice", "targetLanguage"),  # no voice
        ({"targetLanguage": "sv"}, "unknown_choice", "targetLanguage"),  # no model
        ({"language": "sv"}, "unknown_choice", "language"),
        ({"text": "Wann öffnet das Geschäft morgen früh?"}, "unknown_choice", "language"),
        ({"voiceStyle": "sarcastic"}, "unknown_choice", "voiceStyle"),
        ({"text": "<speak>Hi.</speak>", "textType": "ssml"}, "not_offered", "targetLanguage"),
        ({"targetLanguage": None}, "invalid_input", "language"),
        ({"text": "a b " * 2_501}, "text_too_long", None),
    ],
)
def test_what_cannot_be_translated_and_spoken_costs_nothing(
    client: FlaskClient,
    queue: HeldQueue,
    db: Database,
    changes: dict[str, Any],
    error: str,
    field: str | None,
) -> None:
    uid, headers = signed_in(db)
    answer = ask(client, headers, **changes)
    assert code(answer) == (422, error)
    if field:
        assert answer.json["error"]["details"]["fields"][0]["field"] == field
    assert queue.tasks == []
    assert services().wallet.balance(uid).tokens.held == 0


@pytest.mark.parametrize("name", ["targetLanguage", "target_language"])
def test_without_a_translator_it_is_not_offered(
    client: FlaskClient, headers: dict[str, str], without_translator: None, name: str
) -> None:
    body = {"text": TEXT, "language": "en-us"}
    answer = client.post(f"{VOICE}/generate", json=body | {name: "pt"}, headers=headers)
    assert code(answer) == (422, "not_offered")
    assert answer.json["message"].startswith("targetLanguage: this server does not translate")
    answer = client.post(f"{VOICE}/generate", json=body | {name: ""}, headers=headers)
    assert answer.status_code == 202


def test_a_repeat_under_a_key_is_not_translated_again(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    keyed = headers | {"Idempotency-Key": "k1"}
    first = ask(client, keyed).json["data"]["generation"]
    with rewired(settings=test_settings(TRANSLATOR="off")):
        assert ask(client, keyed).json["data"]["generation"] == first
        other = ask(client, keyed, text="Good evening!")
    assert code(other) == (409, "idempotency_key_reused")


def test_texts_are_moderated_in_both_languages(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    for word in ("house", "casa"):
        settings = test_settings(MODERATION="blocklist", MODERATION_BLOCKLIST=word)
        with rewired(settings=settings):
            assert code(ask(client, headers)) == (422, "content_refused")


def test_a_translation_is_streamed(queue: HeldQueue, headers: dict[str, str]) -> None:
    stream = app_for("stream").test_client()
    answer = ask(stream, headers, "stream")
    assert (answer.status_code, answer.mimetype) == (200, "audio/mpeg")
    assert len(answer.data) > 10_000
    place = answer.headers["Location"]
    voice = app_for("voice").test_client()
    generation = voice.get(place, headers=headers).json["data"]["generation"]
    assert generation["translation"]["translatedText"] == SAID


def test_only_translated_speech_counts_as_a_translation(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    with rewired(settings=test_settings(TRANSLATION_LIMIT="1/86400, 0")):
        plain = {"language": "en-us", "targetLanguage": None}
        asked: list[dict[str, Any]] = [{}, plain, {}, plain]
        statuses = [ask(client, headers, "quote", **each).status_code for each in asked]
    assert statuses == [200, 200, 429, 200]

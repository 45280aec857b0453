"""Translation, detection and the list of languages over HTTP, with the embedded translator."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from string import ascii_letters
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.support.factories import code, signed_in, test_settings
from tests.support.machine import slack
from tests.support.wiring import app_for, rewired
from troupe.adapters import openai_calls
from troupe.adapters.firestore import Database, Update
from troupe.translation.service import MAX_CHARACTERS

PATH = "/api/translation"


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("language").test_client()


@pytest.fixture
def headers(db: Database) -> dict[str, str]:
    return signed_in(db)[1]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    monkeypatch.setattr(openai_calls, "_WAITS", (0.02, 0.04))
    with openai_server() as fake:
        settings = {"OPENAI_BASE_URL": fake.base_url, "OPENAI_API_KEY": KEY}
        with rewired(settings=test_settings(TRANSLATOR="openai", **settings)):
            yield fake


def translate(
    client: FlaskClient,
    headers: dict[str, str],
    text: str,
    target: str | None = "pt",
    **fields: Any,
) -> Any:
    body = {"text": text, "targetLanguage": target, **fields}
    return client.post(f"{PATH}/translate", json=body, headers=headers)


def detect(client: FlaskClient, headers: dict[str, str], text: str, **fields: Any) -> Any:
    return client.post(f"{PATH}/detect", json={"text": text, **fields}, headers=headers)


def test_a_text_is_translated(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = translate(client, headers, "Good morning, @anna! See https://example.com/a?b=c 😀")
    assert answer.status_code == 200, answer.text
    assert answer.json["data"] == {
        "text": "Bom dia, @anna! Ver https://example.com/a?b=c 😀",
        "translations": [],
        "sourceLanguage": "en",
        "engine": "firefox",
    }
    assert "warnings" not in answer.json
    back = translate(client, headers, "A casa fica perto do mar.", "en-GB", sourceLanguage="pt-BR")
    assert "sea" in back.json["data"]["text"]


def test_a_glossary_is_followed(client: FlaskClient, headers: dict[str, str]) -> None:
    terms = {"rocket board": "Prancha Foguete"}
    answer = translate(client, headers, "The Rocket Board is here.", glossary=terms)
    assert "Prancha Foguete" in answer.json["data"]["text"]


@pytest.mark.parametrize(
    ("text", "source", "target"),
    [
        ("Olá!", "pt", "pt-BR"),
        ("12:30 😀", "pt", "pt"),
        ("12:30 😀", None, "en"),
        ("ok", "en", "en"),
    ],
)
def test_nothing_to_translate_comes_back(
    client: FlaskClient, headers: dict[str, str], text: str, source: str | None, target: str
) -> None:
    data = translate(client, headers, text, target, sourceLanguage=source).json["data"]
    assert (data["text"], data["sourceLanguage"]) == (text, source or target)
    assert data["engine"] == ""


def test_a_text_is_translated_into_several_languages(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    several = ["en-GB", "pt-BR"]
    answer = translate(client, headers, "Good morning!", None, targetLanguages=several)
    assert answer.json["data"] == {
        "text": "",
        "translations": [
            {"targetLanguage": "en-GB", "text": "Good morning!"},
            {"targetLanguage": "pt-BR", "text": "Bom dia!"},
        ],
        "sourceLanguage": "en",
        "engine": "firefox",
    }
    assert answer.headers["RateLimit-Remaining"] == "298"


def test_of_several_languages_all_must_be_offered(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    several = ["pt", "tlh", "xx"]
    answer = translate(client, headers, "Good morning!", None, targetLanguages=several)
    assert code(answer) == (422, "unknown_choice")
    assert "`tlh`, `xx`" in answer.json["message"]
    (wrong,) = answer.json["error"]["details"]["fields"]
    assert (wrong["field"], wrong["allowed"]) == ("targetLanguages", ["en", "pt"])


def test_an_unknown_language_is_told_what_there_is(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    for field in ("targetLanguage", "sourceLanguage"):
        answer = translate(client, headers, "Hello.", **{"target": "pt", field: "tlh"})
        assert code(answer) == (422, "unknown_choice")
        (wrong,) = answer.json["error"]["details"]["fields"]
        assert (wrong["field"], wrong["allowed"]) == (field, ["en", "pt"])


def test_a_text_in_another_language_is_not_taken_for_one_that_there_is(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = translate(client, headers, "Wann öffnet das Geschäft morgen früh?")
    assert code(answer) == (422, "unknown_choice")
    assert "`de`" in answer.json["message"]
    assert "Geschäft" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"targetLanguage": "pt"},
        {"text": "Hello."},
        {"text": "", "targetLanguage": "pt"},
        {"text": " \n\t ", "targetLanguage": "pt"},
        {"text": "a\u0000b", "targetLanguage": "pt"},
        {"text": "a" * (MAX_CHARACTERS + 1), "targetLanguage": "pt"},
        {"text": "Hello.", "targetLanguage": "p"},
        {"text": "Hello.", "targetLanguage": "pt; drop"},
        {"text": "Hello.", "targetLanguage": "pt", "targetLanguages": ["pt"]},
        {"text": "Hello.", "targetLanguages": []},
        {"text": "Hello.", "targetLanguages": ["pt", "PT"]},
        {"text": "Hello.", "targetLanguages": [f"e{letter}" for letter in ascii_letters[:21]]},
        {"text": "a" * (MAX_CHARACTERS // 2 + 1), "targetLanguages": ["en", "pt"]},
        {"text": "Hello.", "targetLanguage": "pt", "glossary": {"": "x"}},
        {"text": "Hello.", "targetLanguage": "pt", "glossary": {"x": ""}},
        {"text": "Hello.", "targetLanguage": "pt", "glossary": {f"t{n}": "x" for n in range(101)}},
        {"text": "Hello.", "targetLanguage": "pt", "style": "x" * 81},
    ],
)
def test_bad_input(client: FlaskClient, headers: dict[str, str], body: dict[str, Any]) -> None:
    answer = client.post(f"{PATH}/translate", json=body, headers=headers)
    assert code(answer) == (422, "invalid_input")


@pytest.mark.slow
def test_the_longest_texts_are_translated_in_time(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    text = ("The house is close to the sea. " * 400)[:MAX_CHARACTERS].strip()
    far = "\U00020000" * MAX_CHARACTERS  # 40 kB, and 120 kB as it is sent
    for each in (text, far):
        started = time.monotonic()
        answer = translate(client, headers, each, sourceLanguage="en")
        assert answer.status_code == 200, answer.text
        assert time.monotonic() - started < 40 * slack()
    assert answer.json["data"]["text"] == far


def test_a_larger_body_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = translate(client, headers, "a" * 300_000)
    assert code(answer) == (413, "payload_too_large")


def test_a_style_needs_a_translator_that_takes_one(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = translate(client, headers, "Hello.", style="formal")
    assert code(answer) == (422, "style_not_offered")


def test_a_language_model_translates(
    client: FlaskClient, headers: dict[str, str], server: FakeOpenAI
) -> None:
    text = "Write to anna@example.com, please."
    data = translate(client, headers, text, "de", style="formal").json["data"]
    assert data["text"] == "WRITE TO anna@example.com, PLEASE."
    assert data["engine"] == "openai"
    assert "anna@example.com" not in json.dumps(server.requests)


@pytest.mark.parametrize(
    ("steps", "status", "error"),
    [
        (["503"] * 3, 503, "translator_unavailable"),
        (["429"] * 3, 429, "translator_busy"),
        (["401"], 503, "translator_not_configured"),
        (["html"], 503, "translator_unavailable"),
        (["refusal"], 422, "translation_failed"),
    ],
)
def test_failures_of_a_service(
    client: FlaskClient,
    headers: dict[str, str],
    server: FakeOpenAI,
    capsys: pytest.CaptureFixture[str],
    steps: list[str],
    status: int,
    error: str,
) -> None:
    server.script(*steps)
    answer = translate(client, headers, "A secret text.", "de")
    assert code(answer) == (status, error)
    assert "secret" not in answer.text + capsys.readouterr().out


def test_what_stays_as_it_was_is_told(
    client: FlaskClient, headers: dict[str, str], server: FakeOpenAI
) -> None:
    server.script(*["empty"] * 9)
    answer = translate(client, headers, "Good morning to you.", "de")
    assert answer.json["data"]["text"] == "Good morning to you."
    assert [each["code"] for each in answer.json["warnings"]] == ["partly_translated"]


def test_texts_are_moderated_before_they_are_translated(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    settings = test_settings(MODERATION="blocklist", MODERATION_BLOCKLIST="weasel, doninha")
    with rewired(settings=settings):
        answer = translate(client, headers, "The weasel is here.")
        assert code(answer) == (422, "content_refused")
        answer = translate(client, headers, "The cat is here.", glossary={"cat": "doninha"})
        assert code(answer) == (422, "content_refused")
        assert translate(client, headers, "The cat is here.").status_code == 200


def test_without_a_translator(client: FlaskClient, headers: dict[str, str]) -> None:
    with rewired(settings=test_settings(TRANSLATOR="off")):
        answer = translate(client, headers, "Hello.")
        assert code(answer) == (503, "translator_not_configured")
        assert client.get(f"{PATH}/languages").json["data"] == {"languages": []}
        assert detect(client, headers, "Good morning to you.").status_code == 200


def test_a_translator_without_its_key(
    client: FlaskClient, headers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with rewired(settings=test_settings(TRANSLATOR="deepl")):
        assert code(translate(client, headers, "Hello.")) == (503, "translator_not_configured")
    assert "DEEPL_API_KEY" in capsys.readouterr().out


def test_a_missing_model_is_named(
    client: FlaskClient,
    headers: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("troupe.adapters.models.files.DEPLOYED", tmp_path / "deployed")
    with rewired(settings=test_settings(MODELS_DIR=str(tmp_path))):
        answer = translate(client, headers, "Hello.", sourceLanguage="en")
        assert code(answer) == (503, "translator_not_configured")
        assert "firefox/enpt" in answer.json["message"]
        assert str(tmp_path) not in answer.text
        answer = detect(client, headers, "Good morning to you.")
        assert code(answer) == (503, "model_missing")
    told = capsys.readouterr().out
    assert "models fetch firefox/enpt" in told and "models fetch lid/" in told


def test_the_language_of_a_text_is_told(client: FlaskClient, headers: dict[str, str]) -> None:
    data = detect(client, headers, "Wann öffnet das Geschäft morgen früh?").json["data"]
    assert data["language"] == "de" and data["confidence"] > 0.9
    data = detect(client, headers, "Bom dia!", candidates=["en-GB", "pt-BR"]).json["data"]
    assert data["language"] == "pt-BR" and 0.5 < data["confidence"] <= 1
    assert detect(client, headers, "12:30 😀").json["data"] == {"language": "", "confidence": 0.0}
    assert detect(client, headers, "Hello", candidates=["?"]).status_code == 422
    assert detect(client, headers, "Hello", candidates=["en"] * 51).status_code == 422


def test_the_languages_are_public_and_may_be_cached(client: FlaskClient) -> None:
    answer = client.get(f"{PATH}/languages")
    assert answer.json["data"]["languages"] == [
        {"code": "en", "name": "English", "source": True, "target": True},
        {"code": "pt", "name": "Portuguese", "source": True, "target": True},
    ]
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_guests_may_translate_less(client: FlaskClient, db: Database) -> None:
    _uid, headers = signed_in(db)
    limits = {"TRANSLATION_LIMIT": "3/86400, 0", "GUEST_TRANSLATION_LIMIT": "1/86400, 0"}
    with rewired(settings=test_settings(**limits)):
        asked = [["en", "pt"], ["en", "pt"], ["en"], ["en"]]
        statuses = [
            translate(client, headers, "12:30", None, targetLanguages=each).status_code
            for each in asked
        ]
        assert statuses == [200, 429, 200, 429]  # each language counts
        guest = as_guest(db)
        statuses = [translate(client, guest, "ok", "en").status_code for _ in range(2)]
        assert statuses == [200, 429]


def as_guest(db: Database) -> dict[str, str]:
    uid, headers = signed_in(db)
    document = db.get(f"users/{uid}")
    db.commit(Update(document.path, {"guest": True}))
    return headers

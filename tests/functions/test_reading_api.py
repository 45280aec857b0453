"""What a request can say about how its text is read."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import HeldQueue, signed_in
from tests.support.wiring import app_for, deliver
from troupe.adapters.firestore import Database

GENERATE, QUOTE = "/api/voice/generate", "/api/voice/quote"


@pytest.fixture
def client(queue: HeldQueue) -> FlaskClient:
    return app_for("voice").test_client()


def body(text: str, **changes: Any) -> dict[str, Any]:
    return {"text": text, "language": "en-US"} | changes


@pytest.mark.parametrize(
    ("sent", "code", "details"),
    [
        (body("<speak>Hi</p>", textType="ssml"), "invalid_ssml", {"line": 1, "column": 10}),
        (
            body("<speak>\n<brake/></speak>", textType="ssml"),
            "invalid_ssml",
            {"line": 2, "column": 1},
        ),
        (body("<!DOCTYPE speak><speak>x</speak>", textType="ssml"), "invalid_ssml", {"line": 1}),
        (body("私は昨日東京へ行きました", language="ja"), "unreadable_text", {"languages": []}),
        (body("Привет, как дела?"), "unreadable_text", {"share": 1.0}),
        (body("..."), "nothing_to_speak", None),
        (body("# \n\n***\n\n[pause 1s]"), "nothing_to_speak", None),
        (body("<speak><break/></speak>", textType="ssml"), "nothing_to_speak", None),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_before_anything_is_held(
    sent: dict[str, Any],
    code: str,
    details: dict[str, Any] | None,
    client: FlaskClient,
    queue: HeldQueue,
    db: Database,
) -> None:
    _, headers = signed_in(db)
    for path in (GENERATE, QUOTE):
        answer = client.post(path, json=sent, headers=headers)
        error = answer.json["error"]
        assert (answer.status_code, error["code"]) == (422, code)
        if details is not None:
            assert details.items() <= error["details"].items()
    assert client.get("/api/user/voice-history", headers=headers).json["data"]["history"] == []


def test_other_languages_are_told_for_an_unreadable_text(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    error = client.post(GENERATE, json=body("Привет, как дела?"), headers=headers).json["error"]
    assert {"ru", "uk", "bg"} <= set(error["details"]["languages"])


@pytest.mark.parametrize(
    ("sent", "field", "kind"),
    [
        ({"pauses": {"paragraph": 10_001}}, "pauses.paragraph", "less_than_equal"),
        ({"pauses": {"paragraph": -1}}, "pauses.paragraph", "greater_than_equal"),
        ({"textType": "html"}, "textType", "enum"),
    ],
)
def test_wrong_options_are_named(
    sent: dict[str, Any], field: str, kind: str, client: FlaskClient, db: Database
) -> None:
    _, headers = signed_in(db)
    answer = client.post(GENERATE, json=body("Hello.") | sent, headers=headers)
    (wrong,) = answer.json["error"]["details"]["fields"]
    assert (answer.status_code, wrong["field"], wrong["type"]) == (422, field, kind)


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        (body("Hello [pause 5 bananas] there."), ["unknown_mark"]),
        (body("I said Привет to " + "all of " * 12 + "them."), ["unreadable_letters"]),
        (
            body(
                "<speak><emphasis>Hi</emphasis> <audio src='x'>y</audio></speak>", textType="ssml"
            ),
            ["ssml_ignored", "mark_unsupported"],
        ),
        (body("Hello there.", voice_model="x"), ["ignored"]),
    ],
)
def test_what_is_not_read_as_written_is_told(
    sent: dict[str, Any], codes: list[str], client: FlaskClient, db: Database
) -> None:
    _, headers = signed_in(db)
    answer = client.post(GENERATE, json=sent, headers=headers)
    assert answer.status_code == 202
    assert [each["code"] for each in answer.json["warnings"]] == codes


def spoken(
    client: FlaskClient, queue: HeldQueue, headers: dict[str, str], sent: dict[str, Any]
) -> tuple[float, str]:
    """The length of the audio, and the captions."""
    place = client.post(GENERATE, json=sent, headers=headers).headers["Location"]
    deliver(queue)
    found = client.get(place, headers=headers).json["data"]["generation"]
    assert found["status"] == "completed"
    captions = client.get(f"{place}/captions?format=srt", headers=headers).text
    return found["seconds"], captions


def test_marks_and_pauses_are_heard_and_captions_show_the_source(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    plain, _ = spoken(client, queue, headers, body("It cost $5.30.\n\nNo."))
    longer, captions = spoken(
        client, queue, headers, body("It cost $5.30.\n\nNo.", pauses={"paragraph": 2650})
    )
    assert longer - plain == pytest.approx(2.0, abs=0.01)
    marked, _ = spoken(client, queue, headers, body("It cost $5.30.\n\n[pause 1s] No."))
    assert marked - plain == pytest.approx(0.35, abs=0.01)
    assert "$5.30" in captions
    ssml = "<speak>It cost <sub alias='five'>$5.30</sub>.<break time='3s'/></speak>"
    seconds, captions = spoken(client, queue, headers, body(ssml, textType="ssml"))
    assert seconds > 3.5
    assert "It cost $5.30." in captions


def test_normal_forms_of_a_text_sound_and_look_the_same(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    text = "Mañana el señor Muñoz celebrará su cumpleaños."
    decomposed = unicodedata.normalize("NFD", text)
    assert decomposed != text
    spanish = {"language": "es"}
    assert spoken(client, queue, headers, body(text) | spanish) == spoken(
        client, queue, headers, body(decomposed) | spanish
    )


def test_pauses_that_marks_ask_for_are_held_and_charged(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    prices = [
        client.post(QUOTE, json=body(text), headers=headers).json["data"]
        for text in ("Hello.", "Hello. " + "[pause 10s]" * 6 + " Go.")
    ]
    assert prices[1]["voiceSecondsAtMost"] - prices[0]["voiceSecondsAtMost"] >= 60

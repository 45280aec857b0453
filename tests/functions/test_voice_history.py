"""The history of speech: filters, search, favourites, names, texts, waveforms, bulk deletion."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.factories import HeldQueue, code, new_character, signed_in
from tests.support.wiring import app_for, deliver, services
from troupe.adapters.firestore import Database, Update
from troupe.adapters.storage import Files

Headers = dict[str, str]
HISTORY = "/api/user/voice-history"


@pytest.fixture
def client(queue: HeldQueue) -> FlaskClient:
    return app_for("voice").test_client()


def spoken(client: FlaskClient, headers: Headers, text: str, **more: Any) -> str:
    body = {"text": text, "language": "en-US"} | more
    answer = client.post("/api/voice/generate", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json["data"]["generation"]["id"])


def listed(client: FlaskClient, headers: Headers, **query: Any) -> list[str]:
    answer = client.get(HISTORY, query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    ids = [item["id"] for item in answer.json["data"]["history"]]
    assert answer.json["meta"]["total"] == len(ids)
    return ids


def put(client: FlaskClient, headers: Headers, generation: str, **body: Any) -> Any:
    return client.put(f"/api/voice/generations/{generation}", json=body, headers=headers)


def test_filters_combine(client: FlaskClient, queue: HeldQueue, db: Database) -> None:
    uid, headers = signed_in(db)
    anna = new_character(db, uid, "Anna")
    done = spoken(client, headers, "Good evening.")
    deliver(queue)
    german = spoken(client, headers, "Guten Abend.", language="de")
    hers = spoken(client, headers, "I am Anna.", characterId=anna)
    put(client, headers, german, favourite=True)
    put(client, headers, done, favourite=True)
    assert listed(client, headers) == [hers, german, done]
    assert listed(client, headers, status="completed") == [done]
    assert listed(client, headers, status="queued") == [hers, german]
    assert listed(client, headers, language="de") == [german]
    assert listed(client, headers, characterId=anna) == [hers]
    assert listed(client, headers, favourite=True) == [german, done]
    assert listed(client, headers, favourite=True, status="completed") == [done]
    assert listed(client, headers, favourite=True, language="de", status="failed") == []
    put(client, headers, german, favourite=False)
    assert listed(client, headers, favourite=True) == [done]


def test_items_say_how_they_were_spoken(client: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db)
    anna = new_character(db, uid, "Anna")
    spoken(client, headers, "Hello.", characterId=anna, format="flac", voiceStyle="calm", speed=1.5)
    (item,) = client.get(HISTORY, headers=headers).json["data"]["history"]
    shown = {name: item[name] for name in ("characterId", "format", "voiceStyle", "speed")}
    assert shown == {"characterId": anna, "format": "flac", "voiceStyle": "calm", "speed": 1.5}
    assert (item["characters"], item["favourite"], item["error"]) == (6, False, None)


def test_a_search_finds_beginnings_of_words(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    _, others = signed_in(db)
    spoken(client, others, "The bell of somebody else.")
    bell = spoken(client, headers, "The Bell rang twice.")
    ship = spoken(client, headers, "A ship was seen.")
    assert listed(client, headers, search="bel") == [bell]
    assert listed(client, headers, search="  THE b") == [bell]
    assert listed(client, headers, search="ell") == []
    assert put(client, headers, ship, title="Bells").status_code == 200
    assert listed(client, headers, search="bell") == [ship, bell]
    assert listed(client, headers, search="ship") == []


def test_a_search_stands_alone(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    answer = client.get(f"{HISTORY}?search=a&favourite=true", headers=headers)
    assert code(answer) == (422, "invalid_input")


def test_a_title_names_the_file(client: FlaskClient, queue: HeldQueue, db: Database) -> None:
    _, headers = signed_in(db)
    generation = spoken(client, headers, "Good evening.")
    deliver(queue)
    answer = put(client, headers, generation, title="  The welcome ")
    assert answer.json["data"]["generation"]["title"] == "The welcome"
    place = f"/api/voice/generations/{generation}"
    assert client.get(place, headers=headers).json["data"]["generation"]["title"] == "The welcome"
    sound = client.post("/api/user/download-audio", json={"audioId": generation}, headers=headers)
    assert 'filename="The welcome.mp3"' in sound.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"title": None}, {"title": ""}, {"title": "a\nb"}, {"title": "x" * 121}),
        {"favourite": "perhaps"},
    ],
)
def test_a_bad_change_is_refused(client: FlaskClient, db: Database, body: dict[str, Any]) -> None:
    _, headers = signed_in(db)
    generation = spoken(client, headers, "Good evening.")
    assert code(put(client, headers, generation, **body)) == (422, "invalid_input")


def test_nothing_of_others_is_changed_or_read(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    _, stranger = signed_in(db)
    generation = spoken(client, headers, "Good evening.")
    place = f"/api/voice/generations/{generation}"
    assert code(put(client, stranger, generation, title="Mine")) == (404, "generation_not_found")
    for path in (f"{place}/text", f"{place}/waveform"):
        assert code(client.get(path, headers=stranger)) == (404, "generation_not_found")
    answer = client.post(
        "/api/voice/generations/delete", json={"ids": [generation]}, headers=stranger
    )
    assert answer.json["data"] == {"deleted": [], "missing": [generation]}
    assert listed(client, headers) == [generation]


def test_the_text_is_as_it_was_sent(client: FlaskClient, queue: HeldQueue, db: Database) -> None:
    _, headers = signed_in(db)
    ssml = "<speak>Good <break time='1s'/> evening.</speak>"
    sent = {"textType": "ssml", "pauses": {"sentence": 700}}
    place = f"/api/voice/generations/{spoken(client, headers, ssml, **sent)}/text"
    wanted = {"text": ssml, "textType": "ssml", "pauses": {"sentence": 700}}
    assert client.get(place, headers=headers).json["data"] == wanted
    deliver(queue)
    assert client.get(place, headers=headers).json["data"] == wanted


def test_the_text_of_translated_speech_is_the_one_that_was_sent(
    client: FlaskClient, db: Database
) -> None:
    _, headers = signed_in(db)
    generation = spoken(client, headers, "Guten Abend.", language="de")
    translation = {
        **{"text": "Good evening.", "translatedText": "Guten Abend."},
        **{"sourceLanguage": "en", "engine": "firefox"},
    }
    db.commit(Update(f"generations/{generation}", {"translation": translation}))
    place = f"/api/voice/generations/{generation}/text"
    assert client.get(place, headers=headers).json["data"]["text"] == "Good evening."


def test_several_are_deleted_at_once(
    client: FlaskClient, queue: HeldQueue, db: Database, files: Files
) -> None:
    uid, headers = signed_in(db)
    first = spoken(client, headers, "One.")
    deliver(queue)
    queued, kept = spoken(client, headers, "Two."), spoken(client, headers, "Three.")
    body = {"ids": [first, queued, first, "nobody"]}
    answer = client.post("/api/voice/generations/delete", json=body, headers=headers)
    assert answer.json["data"] == {"deleted": [first, queued], "missing": ["nobody"]}
    assert listed(client, headers) == [kept]
    assert files.list(f"generations/{uid}/") == []
    assert db.get(f"jobs/{queued}").data["status"] == "cancelled"
    again = client.post("/api/voice/generations/delete", json=body, headers=headers)
    assert again.json["data"] == {"deleted": [], "missing": [first, queued, "nobody"]}


@pytest.mark.parametrize("ids", [[], ["x"] * 51, ["a/b"], None])
def test_ids_are_checked(client: FlaskClient, db: Database, ids: Any) -> None:
    _, headers = signed_in(db)
    answer = client.post("/api/voice/generations/delete", json={"ids": ids}, headers=headers)
    assert code(answer) == (422, "invalid_input")


def test_a_waveform_is_kept_with_the_audio(
    client: FlaskClient, queue: HeldQueue, db: Database, files: Files
) -> None:
    uid, headers = signed_in(db)
    generation = spoken(client, headers, "Good evening, and welcome.")
    place = f"/api/voice/generations/{generation}"
    assert code(client.get(f"{place}/waveform", headers=headers)) == (409, "audio_not_ready")
    deliver(queue)
    shown = client.get(place, headers=headers).json["data"]["generation"]
    waveform = client.get(f"{place}/waveform", headers=headers).json["data"]
    assert waveform["seconds"] == shown["seconds"]
    assert len(waveform["low"]) == len(waveform["high"])
    assert len(waveform["low"]) == pytest.approx(50 * shown["seconds"], abs=1)
    assert min(waveform["low"]) < -10, "somebody speaks"
    assert max(waveform["high"]) > 10
    client.delete(place, headers=headers)
    assert files.list(f"generations/{uid}/") == []


def test_older_audio_has_no_waveform(client: FlaskClient, queue: HeldQueue, db: Database) -> None:
    _, headers = signed_in(db)
    generation = spoken(client, headers, "Good evening.")
    deliver(queue)
    db.commit(Update(f"generations/{generation}", {"audio.peaksPath": None}))
    answer = client.get(f"/api/voice/generations/{generation}/waveform", headers=headers)
    assert code(answer) == (404, "no_waveform")


def test_a_change_of_what_was_deleted_meanwhile_creates_nothing(
    client: FlaskClient, db: Database
) -> None:
    uid, headers = signed_in(db)
    generation = spoken(client, headers, "Good evening.")
    services().generations.delete(uid, generation)
    assert code(put(client, headers, generation, title="Gone")) == (404, "generation_not_found")
    assert not db.get(f"generations/{generation}").exists

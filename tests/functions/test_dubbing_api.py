"""Dubbing over HTTP: what is refused and charged, what another attempt keeps, and what is left."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.functions.test_api_keys_api import Owner as KeyOwner
from tests.functions.test_api_keys_api import bearer
from tests.functions.test_dubbing import sound_of
from tests.support.factories import (
    HeldQueue,
    ScriptedEngine,
    code,
    signed_in,
    test_settings,
)
from tests.support.film import write_film
from tests.support.forms import multipart
from tests.support.speeches import noise, silence, wav
from tests.support.wiring import app_for, deliver, rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.storage import Files
from troupe.dubbing.lines import LineTranslation
from troupe.dubbing.worker import DubbingWorker
from troupe.jobs.errors import TryAgain
from troupe.media.audio import AudioWriter
from troupe.media.formats import AudioFormat
from troupe.moderation.service import Moderation
from troupe.recognition.energy import audible_span
from troupe.speech.engine import Speech, SpeechRequest, TimingSource, WordTiming
from troupe.speech.engines.espeak import EspeakEngine
from troupe.transcriptions.worker import TranscriptionWorker
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter, Owner

DUB = "/api/dubbing"
SAID = "Good evening. And welcome, all of you!"


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with openai_server() as fake:
        fake.ear.says = SAID
        yield fake


@pytest.fixture
def held() -> HeldQueue:
    return HeldQueue()


@pytest.fixture
def client(emulators: object, server: FakeOpenAI, held: HeldQueue) -> Iterator[FlaskClient]:
    settings = test_settings(
        TRANSCRIBER="openai", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=server.base_url, MAX_ATTEMPTS=3
    )
    with rewired(settings=settings, queue=held):
        yield app_for("language").test_client()


def send(client: FlaskClient, headers: dict[str, str], data: bytes | None, **fields: Any) -> Any:
    if data is not None:
        fields["media"] = FileStorage(io.BytesIO(data), "a.wav")
    return client.post(DUB, headers=headers, **multipart(**{"targetLanguage": "pt"} | fields))


def got(client: FlaskClient, headers: dict[str, str], answer: Any) -> Any:
    assert answer.status_code == 202, answer.json
    return client.get(answer.headers["Location"], headers=headers).json["data"]


def left(db: Database, files: Files, uid: str) -> tuple[int, list[str]]:
    """The number of dubbings, and the files, of a user."""
    many = db.count("dubbings", where=[("uid", "==", uid)])
    return many, files.list(f"dubbings/{uid}/")


def tokens(uid: str) -> tuple[int, int]:
    balance = services().wallet.balance(uid).tokens
    return balance.used, balance.held


@pytest.mark.parametrize(
    ("fields", "error", "named"),
    [
        ({"targetLanguage": "tlh"}, "unknown_choice", ("targetLanguage", {"en", "pt"})),
        ({"sourceLanguage": "tlh"}, "unknown_choice", ("sourceLanguage", {"en", "pt"})),
        ({"voiceId": "nobody"}, "unknown_choice", ("voiceId", {"espeak-pt-female"})),
        ({"sourceLanguage": "pt-BR"}, "same_language", None),
        ({"keepVoice": "true"}, "not_offered", ("keepVoice", set())),
        ({"fileId": "0" * 32}, "invalid_input", None),
    ],
)
def test_what_cannot_be_dubbed_is_refused(
    client: FlaskClient, db: Database, files: Files, fields: Any, error: str, named: Any
) -> None:
    uid, headers = signed_in(db)
    answer = send(client, headers, wav(noise(1)), **fields)
    assert code(answer) == (422, error)
    if named is not None:
        (field,) = answer.json["error"]["details"]["fields"]
        assert field["field"] == named[0]
        assert named[1] <= {*field.get("allowed", ())}
    assert left(db, files, uid) == (0, [])
    assert tokens(uid) == (0, 0)


def test_an_api_key_pays_for_a_dubbing(client: FlaskClient, db: Database) -> None:
    owner = KeyOwner(db)
    key_id, key = owner.key("transcribe", cap={"tokens": 9})
    answer = send(client, bearer(key), wav(noise(1)))
    assert answer.status_code == 202, answer.text
    assert services().jobs.get(answer.json["data"]["job"]["jobId"])[0].key_id == key_id


def test_other_media_are_refused(
    client: FlaskClient, db: Database, files: Files, tmp_path: Path
) -> None:
    uid, headers = signed_in(db)
    long = tmp_path / "long.flac"
    with AudioWriter(long, AudioFormat.FLAC, 8_000) as writer:
        writer.write_silence(1801)
    too_long = send(client, headers, long.read_bytes())
    assert code(too_long) == (422, "recording_too_long")
    assert too_long.json["error"]["details"] == {"maximumSeconds": 1800}
    assert code(send(client, headers, None)) == (422, "invalid_input")
    assert code(send(client, headers, None, scriptId="0" * 32)) == (422, "not_offered")
    assert code(send(client, headers, None, fileId="0" * 32)) == (404, "file_not_found")
    assert code(send(client, headers, b"%PDF-1.7" + bytes(999))) == (415, "unsupported_media_type")
    poor, poor_headers = signed_in(db, tokens=2)
    assert code(send(client, poor_headers, wav(noise(61)))) == (402, "not_enough_tokens")
    assert left(db, files, uid) == left(db, files, poor) == (0, [])


def test_an_uploaded_recording_is_dubbed_and_stays(
    client: FlaskClient, db: Database, files: Files, held: HeldQueue
) -> None:
    uid, headers = signed_in(db)
    sent = FileStorage(io.BytesIO(wav(noise(4))), "Talk.wav")
    file = services().user_files.add(uid, "Talk.wav", _Sent(sent))
    answer = send(client, headers, None, fileId=file.id)
    deliver(held)
    dubbing = got(client, headers, answer)["dubbing"]
    assert (dubbing["status"], dubbing["name"]) == ("completed", "Talk.wav")
    assert (dubbing["sourceLanguage"], dubbing["targetLanguage"]) == ("en", "pt")
    media = client.get(f"{answer.headers['Location']}/media", headers=headers)
    assert media.mimetype == "audio/mpeg"
    vtt = client.get(f"{answer.headers['Location']}/media?kind=captions", headers=headers)
    assert "Boa noite." in vtt.text
    no_video = client.get(f"{answer.headers['Location']}/media?kind=video", headers=headers)
    assert code(no_video) == (404, "no_video")
    files.stat(file.path)


class _Sent:
    def __init__(self, file: FileStorage) -> None:
        self.stream: Any = file.stream
        self.size = len(file.stream.read())


@pytest.mark.slow
def test_only_original_and_new_speech_are_charged(
    client: FlaskClient, db: Database, held: HeldQueue, server: FakeOpenAI
) -> None:
    server.ear.until = 4
    uid, headers = signed_in(db)
    sound = wav(np.concatenate([noise(4), silence(56)]))
    keyed = headers | {"Idempotency-Key": "one"}
    first = send(client, keyed, sound)
    assert tokens(uid) == (0, 3)
    deliver(held)
    assert tokens(uid) == (2, 0)
    # A repeat costs nothing more.
    again = send(client, keyed, sound)
    assert got(client, headers, again) == got(client, headers, first)
    assert len(held.names) == 1
    assert code(send(client, keyed, wav(noise(3)))) == (409, "idempotency_key_reused")

    db.commit(*grant_writes(Owner.user(uid), "minutes", Meter.VOICE_SECONDS, 200, "test", now()))
    paid = send(client, headers, sound)
    deliver(held)
    made = got(client, headers, paid)
    dubbing = made["dubbing"]
    seconds = dubbing["speechSeconds"] + dubbing["spokenSeconds"]
    assert made["job"]["charge"]["held"] == 120
    assert made["job"]["charge"]["charged"] == -(-seconds // 1)
    assert 4 < seconds < 9


@pytest.mark.parametrize("says", ["", "Boa noite."])
def test_a_dubbing_without_a_result_costs_nothing(
    client: FlaskClient, db: Database, files: Files, held: HeldQueue, server: FakeOpenAI, says: str
) -> None:
    """Because nobody speaks, or the recording is already in the target language."""
    server.ear.says = says
    uid, headers = signed_in(db)
    answer = send(client, headers, wav(noise(2) if says else silence(2)), targetLanguage="en-US")
    deliver(held)
    made = got(client, headers, answer)
    expected = "same_language" if says else "nothing_said"
    assert made["dubbing"]["error"]["code"] == expected
    assert tokens(uid) == (0, 0)
    assert left(db, files, uid) == (1, [])
    captions = client.get(f"{answer.headers['Location']}/media?kind=captions", headers=headers)
    assert code(captions) == (409, "dubbing_not_ready")


def test_refused_content_is_not_spoken(
    client: FlaskClient, db: Database, files: Files, held: HeldQueue
) -> None:
    uid, headers = signed_in(db)
    moderation = Moderation(lambda: lambda texts: {"hate"} if "Boa noite." in texts else set())
    with rewired(moderation=moderation):
        answer = send(client, headers, wav(noise(4)))
        deliver(held)
    error = got(client, headers, answer)["dubbing"]["error"]
    assert (error["code"], error["retryable"]) == ("content_refused", False)
    assert tokens(uid) == (0, 0)
    assert left(db, files, uid) == (1, [])


def test_another_attempt_speaks_only_what_is_missing(
    client: FlaskClient, db: Database, files: Files, held: HeldQueue, server: FakeOpenAI
) -> None:
    spoken: list[int] = []

    def before(number: int) -> None:
        spoken.append(number)
        if len(spoken) == 2:
            raise OSError("the worker died")

    uid, headers = signed_in(db)
    engine = ScriptedEngine(before)
    with rewired(engines=lambda _: engine) as made:
        answer = send(client, headers, wav(noise(8)))
        (task,) = held.take()
        with pytest.raises(TryAgain):
            made.runner.run(task["jobId"], None, task["uid"])
        made.runner.run(task["jobId"], None, task["uid"])
        made.runner.run(task["jobId"], None, task["uid"])  # delivered again
    assert got(client, headers, answer)["dubbing"]["lines"] == 2
    assert len(spoken) == 3  # the first line once, the second one twice
    assert len(server.ear.seconds) == 1
    assert len(left(db, files, uid)[1]) == 2


class _Hum(EspeakEngine):
    """A second of sound for every text, at twice the usual rate."""

    def synthesize(self, request: SpeechRequest) -> Speech:
        hum = 9000 * np.sin(2 * np.pi * 220 * np.arange(44_100) / 44_100)
        words = (WordTiming(request.text, 0.0, 1.0),)
        return Speech(hum.astype(np.int16), 44_100, words, TimingSource.ENGINE)


def test_a_first_line_without_words_does_not_slow_down_the_others(
    client: FlaskClient, db: Database, held: HeldQueue, server: FakeOpenAI
) -> None:
    """It has no sound, and so no rate of the engine."""
    server.ear.says = "… And welcome, all of you!"
    _, headers = signed_in(db)
    with rewired(engines=lambda _: _Hum()):
        answer = send(client, headers, wav(noise(8)))
        deliver(held)
    dubbing = got(client, headers, answer)["dubbing"]
    assert (dubbing["status"], dubbing["lines"]) == ("completed", 2)
    media = client.get(f"{answer.headers['Location']}/media", headers=headers)
    start, end = audible_span(sound_of(media.data)) or (0.0, 0.0)
    assert end - start == pytest.approx(dubbing["spokenSeconds"], abs=0.05)


@pytest.mark.slow
def test_a_long_recording_is_heard_in_parts_and_dubbed_as_a_whole(
    client: FlaskClient, db: Database, files: Files, held: HeldQueue, server: FakeOpenAI
) -> None:
    uid, headers = signed_in(db)
    made = services()
    listening = TranscriptionWorker(
        lambda: made.transcriber, 60, files, made.decoders.stretch, made.settings.prices
    )
    worker = DubbingWorker(
        listening,
        LineTranslation(lambda: made.translator, made.moderation),
        made.engines,
        files,
        made.decoders.with_sound,
        made.settings.pauses,
        made.settings.prices,
    )
    with rewired(dubbing_worker=worker):
        answer = send(client, headers, wav(noise(90)))
        deliver(held)
    assert {*held.names} == {"dub"}
    assert len(held.names) == 1 + 2 + 1  # the job, its parts, and what follows them
    assert len(server.ear.seconds) == 2
    dubbing = got(client, headers, answer)["dubbing"]
    assert (dubbing["status"], dubbing["lines"]) == ("completed", 6)
    assert len(left(db, files, uid)[1]) == 2


def test_a_film_whose_picture_cannot_be_copied_fails_and_costs_nothing(
    client: FlaskClient, db: Database, files: Files, held: HeldQueue, tmp_path: Path
) -> None:
    uid, headers = signed_in(db)
    film = bytearray(write_film(tmp_path / "a.mp4", noise(4), 16_000).read_bytes())
    # The times of the picture go backwards.
    at = film.index(b"stts") + 12
    film[at : at + 8] = b"\0\0\0\x64\x80\0\0\0"
    answer = send(client, headers, bytes(film))
    deliver(held)
    made = got(client, headers, answer)["dubbing"]
    assert (made["film"], made["status"]) == (True, "failed")
    assert made["error"]["code"] == "broken_film"
    assert tokens(uid) == (0, 0)
    assert left(db, files, uid) == (1, [])
    webm = b"\x1a\x45\xdf\xa3" + bytes(2000)
    assert code(send(client, headers, webm)) == (422, "broken_audio")


@pytest.mark.slow
def test_dubbings_are_listed_exported_deleted_and_erased(
    client: FlaskClient, db: Database, files: Files, held: HeldQueue
) -> None:
    uid, headers = signed_in(db)
    paths = [send(client, headers, wav(noise(2))).headers["Location"] for _ in range(3)]
    (first, second, _) = (task for task in held.take())
    for task in (first, second):
        services().runner.run(task["jobId"], None, task["uid"])
    answer = client.get(DUB, headers=headers).json
    assert [each["status"] for each in answer["data"]["dubbings"]] == ["queued", *["completed"] * 2]
    assert len(list(services().exporters["dubbings"](uid))) == 3 + 2 * 2 + 1

    assert client.delete(paths[0], headers=headers).status_code == 200
    assert code(client.get(paths[0], headers=headers)) == (404, "dubbing_not_found")
    db.commit(Update(paths[1].replace("/api/dubbing", "dubbings"), {"expiresAt": now()}))
    assert services().chores["dubbings"](10) >= 1
    many, kept = left(db, files, uid)
    assert (many, len(kept)) == (1, 1)
    erase = services().erasers["dubbings"]
    files.upload(f"dubbings/{uid}/stray/a.json", b"{}", "application/json")
    assert [erase(uid, 10), erase(uid, 10), erase(uid, 10)] == [1, 1, 0]
    assert left(db, files, uid) == (0, [])
    assert tokens(uid)[1] == 0

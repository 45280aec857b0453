"""Speech that is heard while it is made, and previews of voices."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av
import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.support.audits import audit_user
from tests.support.factories import HeldQueue, ScriptedEngine, signed_in
from tests.support.wiring import app_for, rewired, services
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files
from troupe.jobs.records import JobStatus
from troupe.settings import settings
from troupe.speech.errors import SpeechError

STREAM = "/api/voice/stream"
TEXT = "The harbour was quiet. A boat came in."
TOLD = ("Tokens-Charged", "Tokens-Remaining", "Budget-Remaining", "Payer")


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("stream").test_client()


def body(**changes: Any) -> dict[str, Any]:
    return {"text": TEXT, "language": "en-us", **changes}


def ask(client: FlaskClient, headers: dict[str, str], **changes: Any) -> Any:
    return client.post(STREAM, json=body(**changes), headers=headers)


def generation_of(answer: Any, headers: dict[str, str]) -> dict[str, Any]:
    voice = app_for("voice").test_client()
    found = voice.get(answer.headers["Location"], headers=headers)
    return dict(found.json["data"]["generation"])


def used_and_held(uid: str) -> tuple[int, int]:
    balance = services().wallet.balance(uid).tokens
    return balance.used, balance.held


def seconds(data: bytes) -> float:
    with av.open(io.BytesIO(data), "r") as container:
        frames = list(container.decode(audio=0))
    return float(sum(frame.samples for frame in frames) / frames[0].sample_rate)


@contextmanager
def speaking_with(engine: ScriptedEngine) -> Iterator[None]:
    with rewired(engines=lambda _: engine):
        yield


@pytest.mark.parametrize(
    ("form", "mime"),
    [("mp3", "audio/mpeg"), ("ogg", "audio/ogg"), ("aac", "audio/aac"), ("pcm", "audio/pcm")],
)
def test_the_audio_is_the_answer_and_is_kept(
    client: FlaskClient, queue: HeldQueue, db: Database, form: str, mime: str
) -> None:
    uid, headers = signed_in(db)
    answer = ask(client, headers, format=form)
    assert (answer.status_code, answer.mimetype) == (200, mime)
    heard = len(answer.data) / 2 / 22050 if form == "pcm" else seconds(answer.data)
    told = {name: answer.headers.get(f"X-Troupe-{name}") for name in TOLD}
    assert told == {
        "Tokens-Charged": "1",
        "Tokens-Remaining": "19",
        "Budget-Remaining": None,
        "Payer": f"user:{uid}",
    }
    generation = generation_of(answer, headers)
    assert generation["status"] == "completed"
    assert generation["format"] == ("wav" if form in ("aac", "pcm") else form)
    assert generation["tokensUsed"] == 1
    assert heard == pytest.approx(generation["seconds"], abs=0.1)
    assert queue.take() == []
    assert audit_user(db, uid) == []


def test_the_first_sentence_is_sent_before_the_second_is_spoken(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    listened = threading.Event()

    def before(number: int) -> None:
        if number == 2:
            assert listened.wait(20)

    with speaking_with(ScriptedEngine(before)):
        answer = ask(app_for("stream").test_client(), headers)
        chunks = answer.iter_encoded()
        assert len(next(chunks)) > 1000
        listened.set()
        rest = b"".join(chunks)
    assert len(rest) > 1000
    assert audit_user(db, uid) == []


def test_a_client_that_goes_away_changes_nothing(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    gone = threading.Event()

    def before(number: int) -> None:
        if number == 2:
            assert gone.wait(20)

    with speaking_with(ScriptedEngine(before)):
        answer = ask(app_for("stream").test_client(), headers)
        next(answer.iter_encoded())
        answer.close()
        gone.set()
        _, job_id = answer.headers["Location"].rsplit("/", 1)
        (speaking,) = [each for each in threading.enumerate() if each.name == f"stream-{job_id}"]
        speaking.join(20)
        assert services().jobs.get(job_id)[0].status is JobStatus.COMPLETED
    assert audit_user(db, uid) == []


def test_a_failure_before_the_first_sound_is_an_ordinary_error(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)

    def before(number: int) -> None:
        raise SpeechError("engine_bad_audio", "The engine sent no audio.", retryable=False)

    with speaking_with(ScriptedEngine(before)):
        answer = ask(app_for("stream").test_client(), headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "speech_failed")
    assert answer.json["message"] == "The engine sent no audio."
    assert used_and_held(uid) == (0, 0)
    assert audit_user(db, uid) == []


def test_a_passing_failure_goes_on_in_the_queue(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)

    def before(number: int) -> None:
        if number == 1:
            raise SpeechError("engine_timeout", "The engine is slow.", retryable=True)

    with speaking_with(ScriptedEngine(before)):
        answer = ask(app_for("stream").test_client(), headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (503, "still_speaking")
        assert answer.headers["Retry-After"] == "10"
        (task,) = queue.take()
        services().runner.run(task["jobId"], uid=uid)
    assert services().jobs.get(task["jobId"])[0].status is JobStatus.COMPLETED
    assert audit_user(db, uid) == []


def test_a_repeat_gets_the_stored_audio_and_is_charged_once(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    keyed = headers | {"Idempotency-Key": "one"}
    first = ask(client, keyed)
    heard = seconds(first.data)
    again = ask(client, keyed)
    assert first.headers["Location"] == again.headers["Location"]
    assert seconds(again.data) == pytest.approx(heard, abs=0.1)
    assert used_and_held(uid) == (1, 0)


def test_the_same_words_are_heard_again_from_storage(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    engine = ScriptedEngine()
    with speaking_with(engine):
        first = ask(app_for("stream").test_client(), headers, format="pcm").data
        spoken = engine.calls
        again = ask(app_for("stream").test_client(), headers, format="pcm").data
    assert engine.calls == spoken
    assert np.array_equal(np.frombuffer(first, "<i2"), np.frombuffer(again, "<i2"))


def test_a_long_text_is_sent_to_the_queue_by_its_sender(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    uid, headers = signed_in(db)
    answer = ask(client, headers, text="word " * 900)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "text_too_long")
    assert answer.json["error"]["details"] == {"characters": 4500, "maximum": 4096}
    assert "POST /api/voice/generate" in answer.json["message"]
    assert used_and_held(uid) == (0, 0)


def test_without_room_for_another_job_nothing_is_held(queue: HeldQueue, db: Database) -> None:
    uid, headers = signed_in(db)
    app_for("voice").test_client().post("/api/voice/generate", json=body(), headers=headers)
    answer = ask(app_for("stream").test_client(), headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (429, "too_many_jobs")
    assert answer.headers["Retry-After"] == "5"
    assert used_and_held(uid) == (0, 1)  # by the job that runs


def test_without_a_language_the_voice_speaks_its_own(
    client: FlaskClient, queue: HeldQueue, db: Database
) -> None:
    _, headers = signed_in(db)
    answer = client.post(
        STREAM, json={"text": "Guten Abend.", "voiceId": "espeak-de-male"}, headers=headers
    )
    assert len(answer.data) > 1000
    assert generation_of(answer, headers)["language"] == "de"
    answer = client.post(STREAM, json={"text": "Good evening."}, headers=headers)
    assert generation_of(answer, headers)["language"] == "en-US"


def test_warnings_are_in_a_header(client: FlaskClient, queue: HeldQueue, db: Database) -> None:
    _, headers = signed_in(db)
    answer = ask(client, headers, voice_model="x")
    assert json.loads(answer.headers["X-Warnings"]) == [
        {"field": "voice_model", "code": "ignored", "message": "Unknown field, ignored."}
    ]


@pytest.mark.parametrize("changes", [{"format": "wav"}, {"text": " "}, {"voiceId": "nobody"}])
def test_wrong_requests_are_refused(
    client: FlaskClient, queue: HeldQueue, db: Database, changes: dict[str, Any]
) -> None:
    _, headers = signed_in(db)
    assert ask(client, headers, **changes).status_code == 422


def test_a_preview_is_made_once_and_heard_by_everybody(
    emulators: object, files: Files, db: Database
) -> None:
    engine = ScriptedEngine()
    config = settings().model_copy(update={"speech_engines": ("espeak",)})
    path = "/api/voice/voices/espeak-pt-br-kids/preview"
    with rewired(settings=config, engines=lambda _: engine):
        client = app_for("stream").test_client()
        for path_stored in files.list("previews/"):
            files.delete([path_stored])
        answers = [client.get(path) for _ in range(2)]
        part = client.get(path, headers={"Range": "bytes=0-99"})
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["Cache-Control"] == "public, max-age=86400"
    assert answers[0].data == answers[1].data
    assert 1 < seconds(answers[0].data) < 8
    assert engine.calls == 1
    assert (part.status_code, len(part.data)) == (206, 100)


def test_a_voice_that_does_not_exist_or_does_not_speak_has_no_preview(
    client: FlaskClient, files: Files
) -> None:
    unknown = client.get("/api/voice/voices/espeak-tlh-male/preview")
    assert (unknown.status_code, unknown.json["error"]["code"]) == (404, "voice_not_found")

    def before(number: int) -> None:
        raise SpeechError("engine_down", "x", retryable=True)

    with speaking_with(ScriptedEngine(before)):
        silent = app_for("stream").test_client().get("/api/voice/voices/espeak-ia-male/preview")
    assert (silent.status_code, silent.json["error"]["code"]) == (503, "no_preview")

"""Transcription over HTTP: what is answered and charged, what is refused, and what is left."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import av
import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.support.factories import HeldQueue, code, signed_in, test_settings
from tests.support.forms import multipart
from tests.support.media_files import sent, sound
from tests.support.speeches import noise, silence, wav
from tests.support.voice_jobs import ledger_kinds
from tests.support.wiring import app_for, deliver, held_queue, rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.storage import Files
from troupe.files.records import UserFile
from troupe.jobs.errors import TryAgain
from troupe.transcriptions.worker import TranscriptionWorker
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter, Owner

TRANSCRIBE = "/api/audio/transcribe"
SAID = "Good evening. And welcome, all of you!"


class PromptQueue(HeldQueue):
    """Runs each task as soon as it is enqueued, as a free worker does."""

    def enqueue(
        self,
        queue: str,
        payload: Mapping[str, Any],
        headers: Mapping[str, str],
        delay: timedelta | None = None,
    ) -> None:
        super().enqueue(queue, payload, headers)
        deliver(self)


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with openai_server() as fake:
        fake.ear.says = SAID
        yield fake


@pytest.fixture
def client(emulators: object, server: FakeOpenAI) -> Iterator[FlaskClient]:
    settings = test_settings(
        TRANSCRIBER="openai", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=server.base_url, MAX_ATTEMPTS=2
    )
    with rewired(settings=settings, queue=PromptQueue()):
        yield app_for("language").test_client()


def send(
    client: FlaskClient,
    headers: dict[str, str],
    data: bytes,
    name: str = "a.wav",
    **fields: Any,
) -> Any:
    form = multipart(audio=FileStorage(io.BytesIO(data), name), **fields)
    return client.post(TRANSCRIBE, headers=headers, **form)


def left(db: Database, files: Files, uid: str) -> tuple[int, list[str]]:
    """The number of transcriptions, and the files, of a user."""
    many = db.count("transcriptions", where=[("uid", "==", uid)])
    return many, files.list(f"transcriptions/{uid}/")


def tokens(uid: str) -> tuple[int, int]:
    balance = services().wallet.balance(uid).tokens
    return balance.used, balance.held


def test_short_sound_is_answered_with_its_text(
    client: FlaskClient, db: Database, files: Files, server: FakeOpenAI
) -> None:
    uid, headers = signed_in(db)
    answer = send(client, headers, wav(noise(4)), "Interview 1.wav", language="en-GB")
    data = answer.json["data"]
    assert answer.status_code == 200
    assert data["text"] == SAID
    assert data["language"] == "en"
    assert data["transcription"]["name"] == "Interview 1.wav"
    assert data["transcription"]["seconds"] == 4
    assert data["transcription"]["speechSeconds"] == pytest.approx(3.9, abs=0.1)
    words = [word for segment in data["segments"] for word in segment["words"]]
    assert [word["text"] for word in words] == SAID.split()
    assert all(word["start"] <= word["end"] <= 4 for word in words)
    assert server.ear.fields[0]["language"] == "en"
    # Charged for a started minute, and kept without the sound.
    assert tokens(uid) == (1, 0)
    assert data["transcription"]["tokensUsed"] == 1
    assert ledger_kinds(db, uid) == ["grant", "hold", "settle"]
    many, paths = left(db, files, uid)
    assert many == 1
    assert all(path.endswith(".json") for path in paths)
    path = answer.headers["Location"]
    again = client.get(path, headers=headers).json["data"]
    assert again == data | {"transcription": again["transcription"]}


def test_captions_are_those_of_the_words(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    send(client, headers, wav(noise(4)))
    path = send(client, headers, wav(noise(4))).headers["Location"] + "/captions"
    vtt = client.get(path, headers=headers)
    assert vtt.text.startswith("WEBVTT\n\n00:00:00.0")
    assert "Good evening." in vtt.text
    assert "00:00:0" in client.get(f"{path}?format=srt", headers=headers).text
    cues = client.get(f"{path}?format=json", headers=headers).json["cues"]
    assert [word["text"] for cue in cues for word in cue["words"]] == SAID.split()


@pytest.mark.parametrize("sound", [silence(3), silence(0.2), noise(0.2)])
def test_where_nobody_speaks_nothing_is_written_and_nothing_charged(
    client: FlaskClient, db: Database, server: FakeOpenAI, sound: Any
) -> None:
    server.ear.says = ""
    uid, headers = signed_in(db)
    answer = send(client, headers, wav(sound))
    data = answer.json["data"]
    assert (answer.status_code, data["text"], data["language"]) == (200, "", "")
    assert data["segments"] == []
    assert data["transcription"]["speechSeconds"] == 0
    assert tokens(uid) == (0, 0)
    captions = client.get(answer.headers["Location"] + "/captions", headers=headers)
    assert captions.text.strip() == "WEBVTT"


def test_long_sound_is_a_job_of_parts_cut_at_pauses(
    client: FlaskClient, db: Database, files: Files, server: FakeOpenAI
) -> None:
    uid, headers = signed_in(db)
    pauses = (44.0, 96.0)  # of half a second; the equal cuts are at 46.7 and 93.3
    whole = noise(140)
    for at in pauses:
        whole[round(at * 16_000) : round((at + 0.5) * 16_000)] = 0
    held = HeldQueue()
    made = services()
    worker = TranscriptionWorker(
        lambda: made.transcriber, 60, files, made.decoders.stretch, made.settings.prices
    )
    with rewired(queue=held, transcription_worker=worker):
        answer = send(client, headers, wav(whole))
        data = answer.json["data"]
        assert answer.status_code == 202
        assert data["text"] == ""
        assert data["segments"] is None
        assert data["job"]["status"] == "queued"
        assert tokens(uid) == (0, 3)
        deliver(held)
        path = answer.headers["Location"]
        done = client.get(path, headers=headers).json["data"]
    # The parts are those between the pauses.
    assert sorted(server.ear.seconds) == pytest.approx([43.75, 44.25, 51.75], abs=0.3)
    assert done["text"] == " ".join([SAID] * 3)
    times = [w[at] for s in done["segments"] for w in s["words"] for at in ("start", "end")]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= 140
    starts = [s["start"] for s in done["segments"]]
    assert starts == pytest.approx([0, 44.5, 96.5], abs=0.3)
    assert done["job"]["status"] == "completed"
    assert tokens(uid) == (3, 0)


def test_voice_seconds_pay_for_what_is_heard(
    client: FlaskClient, db: Database, server: FakeOpenAI
) -> None:
    server.ear.until = 2
    uid, headers = signed_in(db)
    db.commit(*grant_writes(Owner.user(uid), "minutes", Meter.VOICE_SECONDS, 100, "test", now()))
    spoken = np.concatenate([noise(2), silence(20)])
    data = send(client, headers, wav(spoken)).json["data"]
    assert data["job"]["charge"] == {"meter": "voiceSeconds", "held": 22, "charged": 2}
    balance = services().wallet.balance(uid).voice_seconds
    assert (balance.used, balance.held) == (2, 0)
    assert data["transcription"]["voiceSecondsUsed"] == 2


def test_a_repeat_gets_the_same_answer_and_costs_nothing_more(
    client: FlaskClient, db: Database, files: Files, server: FakeOpenAI
) -> None:
    uid, headers = signed_in(db)
    keyed = headers | {"Idempotency-Key": "one"}
    first = send(client, keyed, wav(noise(2)))
    again = send(client, keyed, wav(noise(2)))
    assert again.status_code == 200
    assert again.json["data"]["text"] == first.json["data"]["text"]
    assert again.headers["Location"] == first.headers["Location"]
    assert len(server.ear.seconds) == 1
    assert tokens(uid) == (1, 0)
    many, paths = left(db, files, uid)
    assert (many, len(paths)) == (1, 2)
    other = send(client, keyed, wav(noise(3)))
    assert code(other) == (409, "idempotency_key_reused")
    assert len(left(db, files, uid)[1]) == 2


def test_what_cannot_be_paid_is_refused_without_a_trace(
    client: FlaskClient, db: Database, files: Files
) -> None:
    uid, headers = signed_in(db, tokens=1)
    assert code(send(client, headers, wav(noise(61)))) == (402, "not_enough_tokens")
    dear = send(client, headers, wav(noise(2)), maxTokens="0")
    assert code(dear) == (409, "cost_above_max")
    assert left(db, files, uid) == (0, [])
    assert tokens(uid) == (0, 0)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%PDF-1.7 " + bytes(1000), (415, "unsupported_media_type")),
        (b"", (422, "invalid_input")),
        (sound("mp3")[:300], (422, "broken_audio")),
        (wav(noise(2))[:20_000], (422, "broken_audio")),
    ],
    ids=["pdf", "nothing", "a stub", "cut"],
)
def test_what_is_no_sound_is_refused(
    client: FlaskClient, db: Database, files: Files, data: bytes, expected: tuple[int, str]
) -> None:
    uid, headers = signed_in(db)
    assert code(send(client, headers, data, "" if not data else "a.wav")) == expected
    assert left(db, files, uid) == (0, [])


def test_three_hours_are_refused(client: FlaskClient, db: Database, files: Files) -> None:
    uid, headers = signed_in(db, tokens=1000)
    answer = send(client, headers, hours(3))
    assert code(answer) == (422, "recording_too_long")
    assert answer.json["error"]["details"] == {"maximumSeconds": 7200}
    assert left(db, files, uid) == (0, [])


@cache
def hours(many: int) -> bytes:
    """Silence in FLAC, which has next to no bytes."""
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as output:
        stream = output.add_stream("flac", 8_000, layout="mono")
        minute = np.zeros((1, 8_000 * 60), np.int16)
        for _ in range(60 * many):
            frame = av.AudioFrame.from_ndarray(minute, format="s16", layout="mono")
            frame.sample_rate = 8_000
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def test_an_unknown_language_is_refused_with_those_that_exist(
    client: FlaskClient, db: Database
) -> None:
    _, headers = signed_in(db)
    answer = send(client, headers, wav(noise(1)), language="tlh")
    assert code(answer) == (422, "unknown_choice")
    (field,) = answer.json["error"]["details"]["fields"]
    assert field["field"] == "language"
    assert {"en", "pt", "zh"} <= {*field["allowed"]}


def test_a_server_without_a_transcriber_says_so(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    with rewired(settings=test_settings(TRANSCRIBER="off")):
        assert code(send(client, headers, wav(noise(1)))) == (503, "transcriber_not_configured")


def test_a_client_that_does_not_want_to_wait_gets_the_job(
    client: FlaskClient, db: Database
) -> None:
    _, headers = signed_in(db)
    held = HeldQueue()
    with rewired(queue=held):
        answer = send(client, headers | {"Prefer": "respond-async"}, wav(noise(1)))
        assert answer.status_code == 202
        captions = client.get(answer.headers["Location"] + "/captions", headers=headers)
        assert code(captions) == (409, "transcript_not_ready")
        deliver(held)
    assert client.get(answer.headers["Location"], headers=headers).json["data"]["text"] == SAID


def test_a_transcription_that_fails_costs_nothing(
    client: FlaskClient, db: Database, files: Files, server: FakeOpenAI
) -> None:
    uid, headers = signed_in(db)
    server.script("400")
    answer = send(client, headers, wav(noise(2)))
    data = answer.json["data"]
    assert answer.status_code == 202
    assert data["transcription"]["status"] == "failed"
    assert data["transcription"]["error"]["code"] == "engine_refused"
    assert tokens(uid) == (0, 0)
    assert left(db, files, uid) == (1, [])  # the sound is deleted


def test_a_service_that_fails_for_a_while_is_asked_again(
    client: FlaskClient, db: Database, server: FakeOpenAI
) -> None:
    _, headers = signed_in(db)
    held = HeldQueue()
    server.script("html")
    with rewired(queue=held):
        path = send(client, headers | {"Prefer": "respond-async"}, wav(noise(2))).headers[
            "Location"
        ]
        (task,) = held.take()
        with pytest.raises(TryAgain):
            services().runner.run(task["jobId"], None, task["uid"])
        services().runner.run(task["jobId"], None, task["uid"])
    assert client.get(path, headers=headers).json["data"]["text"] == SAID


def test_deleting_leaves_nothing_and_stops_the_work(
    client: FlaskClient, db: Database, files: Files
) -> None:
    uid, headers = signed_in(db)
    done = send(client, headers, wav(noise(2))).headers["Location"]
    with rewired(queue=HeldQueue()):
        waiting = send(client, headers | {"Prefer": "respond-async"}, wav(noise(2)))
        for path in (done, waiting.headers["Location"]):
            assert client.delete(path, headers=headers).status_code == 200
            assert code(client.get(path, headers=headers)) == (404, "transcription_not_found")
    assert left(db, files, uid) == (0, [])
    assert tokens(uid) == (1, 0)


def _uploaded(uid: str, seconds: float) -> UserFile:
    return services().user_files.add(uid, "Talk.wav", sent(wav(noise(seconds))))


def test_an_uploaded_recording_is_transcribed_and_stays(
    client: FlaskClient, db: Database, files: Files
) -> None:
    uid, headers = signed_in(db)
    file = _uploaded(uid, 4)
    send(client, headers, wav(noise(1)))
    keyed = headers | {"Idempotency-Key": "one"}
    answer = client.post(TRANSCRIBE, headers=keyed, **multipart(fileId=file.id))
    assert answer.json["data"]["text"] == SAID
    made = answer.json["data"]["transcription"]
    assert (made["name"], made["seconds"], made["fileId"]) == ("Talk.wav", 4, file.id)
    again = client.post(TRANSCRIBE, headers=keyed, **multipart(fileId=file.id))
    assert again.json["data"]["transcription"]["id"] == made["id"]
    assert tokens(uid) == (2, 0)
    found = client.get(f"/api/audio/transcriptions?fileId={file.id}", headers=headers).json
    assert [each["id"] for each in found["data"]["transcriptions"]] == [made["id"]]
    client.delete(answer.headers["Location"], headers=headers)
    files.stat(file.path)


def test_a_stranger_transcribes_and_finds_nothing_of_the_recording(
    client: FlaskClient, db: Database, files: Files
) -> None:
    owner, headers = signed_in(db)
    file = _uploaded(owner, 1)
    client.post(TRANSCRIBE, headers=headers, **multipart(fileId=file.id))
    stranger, other = signed_in(db)
    refused = client.post(TRANSCRIBE, headers=other, **multipart(fileId=file.id))
    assert code(refused) == (404, "file_not_found")
    found = client.get(f"/api/audio/transcriptions?fileId={file.id}", headers=other).json
    assert found["data"]["transcriptions"] == []
    both = send(client, headers, wav(noise(1)), fileId=file.id)
    assert code(both) == (422, "invalid_input")
    assert code(client.post(TRANSCRIBE, headers=headers, **multipart())) == (422, "invalid_input")
    assert left(db, files, stranger) == (0, [])


def test_a_recording_that_is_deleted_before_it_is_heard_costs_nothing(
    client: FlaskClient, db: Database
) -> None:
    uid, headers = signed_in(db)
    file = _uploaded(uid, 1)
    with held_queue() as held:
        waiting = headers | {"Prefer": "respond-async"}
        answer = client.post(TRANSCRIBE, headers=waiting, **multipart(fileId=file.id))
        services().user_files.delete(uid, file.id)
        deliver(held)
        found = client.get(answer.headers["Location"], headers=headers).json["data"]
    assert found["transcription"]["error"]["code"] == "sound_missing"
    assert tokens(uid) == (0, 0)


def test_transcriptions_are_listed_newest_first(client: FlaskClient, db: Database) -> None:
    _, headers = signed_in(db)
    for name in ("one.wav", "two.wav"):
        send(client, headers, wav(noise(1)), name)
    answer = client.get("/api/audio/transcriptions", headers=headers).json
    assert [each["name"] for each in answer["data"]["transcriptions"]] == ["two.wav", "one.wav"]
    assert answer["meta"]["total"] == 2


def test_what_is_kept_is_exported_erased_and_expires(
    client: FlaskClient, db: Database, files: Files
) -> None:
    uid, headers = signed_in(db)
    for _ in range(2):
        path = send(client, headers, wav(noise(1))).headers["Location"]
    exported = list(services().exporters["transcriptions"](uid))
    assert len(exported) == 2 + 4
    old = path.replace("/api/audio", "").strip("/")
    db.commit(Update(old, {"expiresAt": now() - timedelta(days=1)}))
    assert services().chores["transcriptions"](10) >= 1
    many, paths = left(db, files, uid)
    assert (many, len(paths)) == (1, 2)
    erase = services().erasers["transcriptions"]
    files.upload(f"transcriptions/{uid}/stray/a.json", b"{}", "application/json")
    assert [erase(uid, 10), erase(uid, 10), erase(uid, 10)] == [1, 1, 0]
    assert left(db, files, uid) == (0, [])

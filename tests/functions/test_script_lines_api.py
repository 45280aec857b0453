"""Lines of a script over HTTP: spoken one by one, again, at their own speed, after their own pause;
and edits that do not overwrite each other."""

from __future__ import annotations

import io
import itertools
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.audits import audit_user
from tests.support.factories import (
    HeldQueue,
    QuickEngine,
    ScriptedEngine,
    code,
    new_character,
)
from tests.support.plans import give_seconds
from tests.support.scenes import SCENE, Scene, new_scene
from tests.support.wiring import app_for, deliver, rewired, services
from troupe.adapters.firestore import Database, Delete, Update
from troupe.adapters.storage import Files
from troupe.errors import WorkError
from troupe.speech.engines.espeak import EspeakEngine


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(engine=QuickEngine())


@pytest.fixture
def client(queue: HeldQueue, engine: ScriptedEngine) -> Iterator[FlaskClient]:
    with rewired(engines=lambda name: engine):
        yield app_for("scripts").test_client()


@pytest.fixture
def scene(client: FlaskClient, db: Database) -> Scene:
    return new_scene(client, db)


def read(scene: Scene) -> dict[str, Any]:
    script: dict[str, Any] = scene.get("").json["data"]["script"]
    return script


def speak(scene: Scene, queue: HeldQueue, line: int, **body: Any) -> dict[str, Any]:
    """Has a line spoken; returns the job as it has ended."""
    answer = scene.post(f"/lines/{line}/speak", **body)
    assert answer.status_code == 202, answer.text
    deliver(queue)
    job: dict[str, Any] = scene.get(answer.headers["Location"]).json["data"]["job"]
    return job


def whole(scene: Scene, queue: HeldQueue) -> None:
    assert scene.post("/generate-audio", format="wav").status_code == 202
    deliver(queue)
    assert read(scene)["audioUrl"]


def test_one_line_is_spoken(scene: Scene, queue: HeldQueue, db: Database, files: Files) -> None:
    job = speak(scene, queue, 1)
    assert (job["kind"], job["status"], job["scriptId"]) == ("script_line", "completed", scene.id)
    assert job["charge"] == {"meter": "tokens", "held": 1, "charged": 1}
    script = read(scene)
    assert [bool(line["audioFile"]) for line in script["dialogue"]] == [False, True, False]
    assert (script["audioCount"], script["revision"], script["activeJobId"]) == (1, 1, None)
    line = script["dialogue"][1]
    assert (line["take"], line["start"]) == (0, None)
    sound = scene.sound(1)
    assert sound.data[:4] == b"RIFF"
    with wave.open(io.BytesIO(sound.data)) as heard:
        seconds = heard.getnframes() / heard.getframerate()
    assert line["seconds"] == pytest.approx(seconds, abs=0.001)
    assert scene.stored(files) == scene.referenced()
    assert audit_user(db, scene.uid) == []


def test_the_whole_audio_does_not_speak_the_line_again(
    scene: Scene, queue: HeldQueue, engine: ScriptedEngine
) -> None:
    speak(scene, queue, 1)
    assert engine.calls == 1
    whole(scene, queue)
    assert engine.calls == 3


def test_another_take_is_spoken_anew(
    scene: Scene, queue: HeldQueue, engine: ScriptedEngine, db: Database, files: Files
) -> None:
    whole(scene, queue)
    before = scene.record()
    assert speak(scene, queue, 0, take=1)["status"] == "completed"
    assert engine.calls == 4
    after = scene.record()
    assert [line.take for line in after.dialogue] == [1, 0, 0]
    assert after.dialogue[0].audio != before.dialogue[0].audio
    assert after.dialogue[1:] == before.dialogue[1:]
    script = read(scene)
    assert (script["audioUrl"], script["revision"]) == (None, 2), "it has the take from before"
    assert scene.stored(files) == scene.referenced(), "the take from before is deleted"
    whole(scene, queue)
    assert read(scene)["dialogue"][0]["take"] == 1
    assert audit_user(db, scene.uid) == []


def test_a_take_that_is_there_is_not_paid_for_again(scene: Scene, queue: HeldQueue) -> None:
    speak(scene, queue, 0)
    bodies: list[dict[str, Any]] = [{}, {"take": 0}]
    for body in bodies:
        answer = scene.post("/lines/0/speak", **body)
        assert code(answer) == (409, "line_spoken")
        assert answer.json["error"]["details"] == {"take": 1}
    assert read(scene)["activeJobId"] is None
    assert queue.take() == []


def test_a_line_whose_voice_has_changed_is_spoken_in_the_new_one(
    scene: Scene, queue: HeldQueue, db: Database
) -> None:
    whole(scene, queue)
    db.commit(Update(f"characters/{scene.cast[0]}", {"voiceType": "male"}))
    assert speak(scene, queue, 0)["status"] == "completed"
    assert read(scene)["audioUrl"] is None
    assert code(scene.post("/lines/0/speak")) == (409, "line_spoken")


def test_a_take_that_fails_leaves_the_line_as_it_is(
    scene: Scene, queue: HeldQueue, engine: ScriptedEngine, db: Database, files: Files
) -> None:
    whole(scene, queue)
    before = scene.record()

    def fail(number: int) -> None:
        raise WorkError("engine_refused", "No.", retryable=False)

    engine.before = fail
    assert speak(scene, queue, 0, take=1)["status"] == "failed"
    after = scene.record()
    assert after.dialogue == before.dialogue
    assert (after.audio, after.revision) == (before.audio, 1)
    assert scene.stored(files) == scene.referenced()
    assert audit_user(db, scene.uid) == []


def test_a_take_that_is_cancelled_leaves_the_line_as_it_is(
    scene: Scene, queue: HeldQueue, db: Database, files: Files
) -> None:
    whole(scene, queue)
    before = scene.record()
    place = scene.post("/lines/0/speak", take=1).headers["Location"]
    assert scene.post(f"{place}/cancel").json["data"]["job"]["status"] == "cancelled"
    deliver(queue)
    after = scene.record()
    assert (after.dialogue, after.audio) == (before.dialogue, before.audio)
    assert after.active_job_id is None
    assert scene.stored(files) == scene.referenced()


def test_a_second_delivery_does_nothing(scene: Scene, queue: HeldQueue, db: Database) -> None:
    answer = scene.post("/lines/2/speak", take=5)
    (task,) = queue.take()
    for _ in range(2):
        services().runner.run(task["jobId"], None, task["uid"])
    job = scene.get(answer.headers["Location"]).json["data"]["job"]
    assert (job["status"], job["attempt"]) == ("completed", 1)
    assert [line.take for line in scene.record().dialogue] == [0, 0, 5]
    assert audit_user(db, scene.uid) == []


def test_two_requests_at_once_speak_one_take(scene: Scene, queue: HeldQueue) -> None:
    def ask(key: str | None) -> int:
        client = app_for("scripts").test_client()
        headers = scene.headers | ({"Idempotency-Key": key} if key else {})
        url = f"/api/scripts/{scene.id}/lines/0/speak"
        return client.post(url, json={}, headers=headers).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, (None, None))) == [202, 409]
    deliver(queue)
    with ThreadPoolExecutor(2) as pool:
        statuses = set(pool.map(ask, ("same", "same")))
    assert statuses == {409}, "it is spoken by now"


def test_a_repeat_gets_the_first_job(scene: Scene, queue: HeldQueue) -> None:
    first = scene.post("/lines/0/speak", key="k", take=1).json["data"]["job"]["jobId"]
    assert scene.post("/lines/0/speak", key="k", take=1).json["data"]["job"]["jobId"] == first
    deliver(queue)
    again = scene.post("/lines/0/speak", key="k", take=1)
    assert (again.status_code, again.json["data"]["job"]["jobId"]) == (202, first)
    for line, take in ((1, 1), (0, 2)):
        answer = scene.post(f"/lines/{line}/speak", key="k", take=take)
        assert code(answer) == (409, "idempotency_key_reused")


@pytest.mark.parametrize("line", ["3", "499"])
def test_a_line_that_does_not_exist_is_404(scene: Scene, line: str) -> None:
    answer = scene.post(f"/lines/{line}/speak")
    assert code(answer) == (404, "line_not_found")
    assert answer.json["error"]["details"] == {"lines": 3}


@pytest.mark.parametrize("line", ["-1", "500", "one", "1.5"])
def test_a_number_that_no_line_can_have_is_404(scene: Scene, line: str) -> None:
    assert code(scene.post(f"/lines/{line}/speak")) == (404, "not_found")


@pytest.mark.parametrize("take", [-1, 100, "new", 1.5])
def test_a_bad_take_is_422(scene: Scene, take: Any) -> None:
    assert code(scene.post("/lines/0/speak", take=take)) == (422, "invalid_input")


def test_a_stranger_speaks_nothing(scene: Scene, db: Database) -> None:
    stranger = scene.as_another(db)
    assert code(stranger.post("/lines/0/speak")) == (404, "script_not_found")
    quote = stranger.post("/quote", operation="line", line=0)
    assert code(quote) == (404, "script_not_found")


def test_a_line_of_somebody_who_is_there_can_be_spoken_without_the_others(
    scene: Scene, queue: HeldQueue, db: Database
) -> None:
    db.commit(Delete(f"characters/{scene.cast[1]}"))
    assert speak(scene, queue, 0)["status"] == "completed"
    assert code(scene.post("/lines/1/speak")) == (422, "character_gone")


def test_a_busy_script_speaks_nothing_else(scene: Scene) -> None:
    scene.post("/lines/0/speak")
    assert code(scene.post("/lines/1/speak")) == (409, "script_busy")
    assert code(scene.put("", dialogue=[])) == (409, "script_busy")
    assert code(scene.put("", selectedCharacters=scene.cast)) == (409, "script_busy")


def test_a_title_changes_while_a_line_is_spoken(scene: Scene, queue: HeldQueue) -> None:
    scene.post("/lines/0/speak")
    assert scene.put("", title="Other").json["data"]["script"]["title"] == "Other"
    deliver(queue)
    script = read(scene)
    assert (script["title"], script["audioCount"]) == ("Other", 1)


def test_the_price_of_a_line_is_quoted(scene: Scene, queue: HeldQueue, db: Database) -> None:
    assert scene.post("/quote", operation="line", line=0).json["data"]["tokens"] == 1
    give_seconds(db, scene.uid, 1000)
    price = scene.post("/quote", operation="line", line=0).json["data"]
    assert (price["meter"], price["tokens"]) == ("voiceSeconds", 0)
    job = speak(scene, queue, 0)
    assert 1 <= job["charge"]["charged"] <= price["voiceSecondsAtMost"] == job["charge"]["held"]
    assert code(scene.post("/quote", operation="line", line=0)) == (409, "line_spoken")
    assert scene.post("/quote", operation="line", line=0, take=1).status_code == 200
    assert audit_user(db, scene.uid) == []


@pytest.mark.parametrize("body", [{"operation": "line"}, {"operation": "audio", "line": 0}])
def test_a_line_is_quoted_with_its_number_alone(scene: Scene, body: dict[str, Any]) -> None:
    assert code(scene.post("/quote", **body)) == (422, "invalid_input")


def test_a_line_has_its_own_speed(
    scene: Scene, queue: HeldQueue, engine: ScriptedEngine, files: Files
) -> None:
    engine.engine = EspeakEngine()
    whole(scene, queue)
    usual = read(scene)
    dialogue = scene.dialogue()
    slow = scene.put("", dialogue=[dialogue[0] | {"speed": 0.5}, *dialogue[1:]])
    script = slow.json["data"]["script"]
    assert [line["speed"] for line in script["dialogue"]] == [0.5, None, None]
    assert [bool(line["audioFile"]) for line in script["dialogue"]] == [False, True, True]
    engine.calls = 0
    whole(scene, queue)
    assert engine.calls == 1
    slowed = read(scene)["dialogue"]
    assert slowed[0]["seconds"] > 1.5 * usual["dialogue"][0]["seconds"]
    assert slowed[1]["seconds"] == usual["dialogue"][1]["seconds"]
    assert scene.put("", dialogue=slowed).json["data"]["script"]["revision"] == 2, "as it was"
    assert scene.stored(files) == scene.referenced()


def test_a_pause_moves_what_follows_without_speaking_again(
    scene: Scene, queue: HeldQueue, engine: ScriptedEngine, db: Database
) -> None:
    whole(scene, queue)
    usual = read(scene)["dialogue"]
    changed = [usual[0] | {"pause": 9000}, usual[1] | {"pause": 2000}, usual[2] | {"pause": 0}]
    script = scene.put("", dialogue=changed).json["data"]["script"]
    assert all(line["audioFile"] for line in script["dialogue"])
    assert script["audioUrl"] is None
    engine.calls = 0
    whole(scene, queue)
    assert engine.calls == 0
    paused = read(scene)["dialogue"]
    assert [line["pause"] for line in paused] == [9000, 2000, 0]
    assert paused[0]["start"] == 0, "the first line begins at once"
    gaps = [
        after["start"] - before["start"] - before["seconds"]
        for before, after in itertools.pairwise(paused)
    ]
    assert gaps == pytest.approx([2.0, 0.0], abs=0.01)
    assert audit_user(db, scene.uid) == []


def test_long_pauses_are_within_the_hold(scene: Scene, queue: HeldQueue, db: Database) -> None:
    give_seconds(db, scene.uid, 1000)
    scene.put("", dialogue=[line | {"pause": 10_000} for line in scene.dialogue()])
    place = scene.post("/generate-audio").headers["Location"]
    deliver(queue)
    job = scene.get(place).json["data"]["job"]
    assert job["status"] == "completed"
    assert 20 < job["charge"]["charged"] <= job["charge"]["held"]
    assert audit_user(db, scene.uid) == []


@pytest.mark.parametrize(
    "manner", [{"speed": 0.4}, {"speed": 2.1}, {"speed": "fast"}, {"pause": -1}, {"pause": 10_001}]
)
def test_a_bad_speed_or_pause_is_422(scene: Scene, manner: dict[str, Any]) -> None:
    dialogue = [scene.dialogue()[0] | manner]
    assert code(scene.put("", dialogue=dialogue)) == (422, "invalid_input")


def test_a_new_script_has_speeds_and_pauses(scene: Scene) -> None:
    manner = {"speed": 1.5, "pause": 700}
    lines = [scene.dialogue()[0] | manner, scene.dialogue()[1]]
    answer = scene.post("/api/scripts", selectedCharacters=scene.cast, dialogue=lines)
    first, second = answer.json["data"]["script"]["dialogue"]
    assert {name: first[name] for name in manner} == manner
    assert (second["speed"], second["pause"]) == (None, None)


def test_equal_lines_keep_their_own_takes(scene: Scene, queue: HeldQueue) -> None:
    one = scene.dialogue()[0]
    scene.put("", dialogue=[one, one])
    speak(scene, queue, 0)
    assert speak(scene, queue, 1, take=1)["status"] == "completed"
    before = scene.record().dialogue
    assert [line.take for line in before] == [0, 1]
    assert before[0].audio != before[1].audio
    scene.put("", dialogue=[one, one, scene.dialogue()[1]])
    assert scene.record().dialogue[:2] == before


def test_a_title_and_a_cast_are_changed(scene: Scene, queue: HeldQueue, db: Database) -> None:
    whole(scene, queue)
    cleo = new_character(db, scene.uid, "Cleo")
    answer = scene.put("", title="The Bell", selectedCharacters=[cleo, *scene.cast])
    script = answer.json["data"]["script"]
    assert (script["title"], script["revision"]) == ("The Bell", 1)
    assert script["selectedCharacters"] == [cleo, *scene.cast]
    assert script["audioUrl"], "the dialogue is as it was"
    assert read(scene) == script
    line = {"speaker": cleo, "text": "I rang it."}
    script = scene.put("", dialogue=[*scene.dialogue(), line]).json["data"]["script"]
    assert script["dialogue"][-1]["speakerName"] == "Cleo"


def test_a_member_of_the_cast_with_lines_stays(scene: Scene) -> None:
    answer = scene.put("", selectedCharacters=scene.cast[:1])
    assert code(answer) == (422, "invalid_dialogue")
    assert [each["line"] for each in answer.json["error"]["details"]["lines"]] == [2]
    lines = [scene.dialogue()[0], scene.dialogue()[2]]
    both = scene.put("", selectedCharacters=scene.cast[:1], dialogue=lines)
    assert both.json["data"]["script"]["selectedCharacters"] == scene.cast[:1]


def test_a_cast_is_of_characters_that_one_may_cast(scene: Scene, db: Database) -> None:
    private = new_character(db, "somebody", "Hidden", visibility="private")
    for stranger in (private, "nobody"):
        answer = scene.put("", selectedCharacters=[*scene.cast, stranger])
        assert code(answer) == (404, "character_not_found")
    assert read(scene)["selectedCharacters"] == scene.cast


def test_somebody_who_was_deleted_stays_in_the_cast(scene: Scene, db: Database) -> None:
    db.commit(Delete(f"characters/{scene.cast[1]}"))
    answer = scene.put("", selectedCharacters=scene.cast[::-1])
    assert answer.status_code == 200, answer.text
    assert [line["speakerName"] for line in read(scene)["dialogue"]] == ["Anna", "Ben", "Anna"]


@pytest.mark.parametrize(
    "body", [{}, {"title": ""}, {"title": "x" * 121}, {"selectedCharacters": []}]
)
def test_an_empty_change_is_422(scene: Scene, body: dict[str, Any]) -> None:
    assert code(scene.put("", **body)) == (422, "invalid_input")


def edit(scene: Scene, revision: str, text: str) -> Any:
    headers = scene.headers | {"If-Match": revision}
    lines = [scene.dialogue()[0] | {"text": text}]
    url = f"/api/scripts/{scene.id}"
    return scene.client.put(url, json={"dialogue": lines}, headers=headers)


def test_an_edit_of_an_earlier_revision_changes_nothing(scene: Scene) -> None:
    assert edit(scene, "1", "From one tab.").status_code == 200
    for revision in ("1", '"1"', "3"):
        answer = edit(scene, revision, "From the other.")
        assert code(answer) == (409, "script_changed")
        assert answer.json["error"]["details"] == {"revision": 2}
    assert [line["text"] for line in read(scene)["dialogue"]] == ["From one tab."]
    assert edit(scene, '"2"', "From the other.").status_code == 200
    assert edit(scene, "*", "From whichever.").status_code == 200


def test_an_edit_whose_response_was_lost_can_be_sent_again(scene: Scene) -> None:
    first = edit(scene, "1", "From one tab.")
    again = edit(scene, "1", "From one tab.")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json["data"]["script"] == first.json["data"]["script"]
    for changed in ({"title": "Another"}, {"dialogue": [{"speaker": "x", "text": "Hello."}]}):
        body = {"dialogue": [scene.dialogue()[0] | {"text": "From one tab."}], **changed}
        headers = scene.headers | {"If-Match": "1"}
        other = scene.client.put(f"/api/scripts/{scene.id}", json=body, headers=headers)
        assert code(other) == (409, "script_changed")
    assert read(scene) == first.json["data"]["script"]


def test_of_two_tabs_at_once_one_wins(scene: Scene) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: edit(scene, "1", f"From tab {n}."), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert read(scene)["revision"] == 2


@pytest.mark.parametrize("revision", ["W/1", "one", "-1", '"1', "1" * 30])
def test_a_bad_revision_is_422(scene: Scene, revision: str) -> None:
    assert code(edit(scene, revision, "Never.")) == (422, "invalid_input")
    assert [line["text"] for line in read(scene)["dialogue"]] == [text for _, text in SCENE]


def test_a_summary_has_no_lines(scene: Scene, queue: HeldQueue) -> None:
    whole(scene, queue)
    (full,) = scene.get("/api/my-scripts").json["data"]["scripts"]
    (short,) = scene.get("/api/my-scripts?view=summary").json["data"]["scripts"]
    assert (full["lineCount"], len(full["dialogue"]), full["audioCount"]) == (3, 3, 3)
    assert short["dialogue"] == []
    assert short | {"dialogue": full["dialogue"]} == full
    assert code(scene.get("/api/my-scripts?view=long")) == (422, "invalid_input")


def test_a_waveform_of_the_dialogue(
    scene: Scene, queue: HeldQueue, engine: ScriptedEngine, files: Files
) -> None:
    engine.engine = EspeakEngine()
    assert code(scene.get("/waveform")) == (409, "audio_not_ready")
    whole(scene, queue)
    waveform = scene.get("/waveform").json["data"]
    assert waveform["seconds"] == read(scene)["audioDuration"]
    second = read(scene)["dialogue"][1]["start"]
    silent = round((second - 0.2) * len(waveform["low"]) / waveform["seconds"])
    assert abs(waveform["low"][silent]) <= 1, "the pause before the second line"
    assert max(waveform["high"]) > 10
    assert scene.stored(files) == scene.referenced()
    scene.put("", dialogue=scene.dialogue()[:1])
    assert scene.stored(files) == scene.referenced()
    assert code(scene.get("/waveform")) == (409, "audio_not_ready")

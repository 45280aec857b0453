"""The script endpoints over HTTP: responses to valid and invalid requests."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from math import ceil
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.support.factories import (
    HeldQueue,
    code,
    new_character,
    new_user,
    signed_in,
    test_settings,
)
from tests.support.jobs import given_to
from tests.support.media_files import silent_video
from tests.support.scenes import SCENE, Scene, new_scene
from tests.support.wiring import app_for, deliver, rewired
from troupe.adapters.firestore import AlreadyExists, Database, Delete, Update, now
from troupe.adapters.llm import LanguageModel
from troupe.adapters.storage import Files
from troupe.characters.records import Config
from troupe.scripts.backgrounds import (
    Background,
    background_path,
    create_write,
    poster_path,
)
from troupe.scripts.writes import files_prefix
from troupe.speech.estimate import pause_seconds, seconds_at_most


@pytest.fixture
def client(queue: HeldQueue) -> FlaskClient:
    return app_for("scripts").test_client()


@pytest.fixture
def scene(client: FlaskClient, db: Database) -> Scene:
    return new_scene(client, db)


@pytest.fixture
def server(client: FlaskClient) -> Iterator[FakeOpenAI]:
    with openai_server() as fake:
        model = LanguageModel(KEY, fake.base_url, "gpt-5.4-mini")
        with rewired(language_model=lambda: model):
            yield fake
        model.close()


@pytest.fixture
def clips(db: Database) -> list[str]:
    names = ["clip_a.mp4", "clip_b.mp4"]
    for name in names:
        clip = Background(
            id=name, title=name, seconds=8, width=1280, height=720, size=1000, created_at=now()
        )
        with suppress(AlreadyExists):  # created by another test
            db.commit(create_write(clip))
    return names


def scripts_of(db: Database, uid: str) -> int:
    return db.count("scripts", where=[("uid", "==", uid)])


def activities_of(db: Database, uid: str) -> set[tuple[str, str | None]]:
    documents = db.find(f"users/{uid}/activities", limit=100)
    return {(document.data["type"], document.data["scriptId"]) for document in documents}


def test_a_dialogue_is_stored_unchanged(scene: Scene, db: Database) -> None:
    script = scene.script
    assert [(line["speakerName"], line["text"]) for line in script["dialogue"]] == SCENE
    assert {line["audioFile"] for line in script["dialogue"]} == {""}
    assert script["selectedCharacters"] == scene.cast
    assert (script["title"], script["revision"]) == (SCENE[0][1], 1)
    answer = scene.get("")
    assert answer.status_code == 200
    assert answer.json["data"]["script"] == script
    assert activities_of(db, scene.uid) == {("script_created", scene.id)}


def test_a_screenplay_becomes_a_dialogue(scene: Scene) -> None:
    text = "INT. TOWER - NIGHT\n\nANNA: Who is\nthere?\n(steps)\n\n**Ben:** Nobody.\n"
    answer = scene.post("/api/scripts", selectedCharacters=scene.cast, screenplay=text)
    assert answer.status_code == 201
    script = answer.json["data"]["script"]
    utterances = [(line["speaker"], line["text"]) for line in script["dialogue"]]
    said = [(scene.cast[0], "Who is\nthere?\n(steps)"), (scene.cast[1], "Nobody.")]
    assert utterances == said
    assert [line["directions"] for line in script["dialogue"]] == ["INT. TOWER - NIGHT", ""]
    assert answer.headers["Location"] == f"/api/scripts/{script['id']}"


@pytest.mark.parametrize(
    "body", [{}, {"dialogue": [], "screenplay": "ANNA: Hi."}, {"dialogue": None}]
)
def test_exactly_one_of_dialogue_and_screenplay_is_required(
    scene: Scene, body: dict[str, Any]
) -> None:
    answer = scene.post("/api/scripts", selectedCharacters=scene.cast, **body)
    assert answer.status_code == 422
    assert "either dialogue or screenplay" in answer.text


@pytest.mark.parametrize(
    "chosen", [[], None, "x", ["__x__"], ["a/b"], [5], ["x"] * 21, ["../users"]]
)
def test_the_cast_is_a_list_of_ids(scene: Scene, db: Database, chosen: Any) -> None:
    answer = scene.post("/api/scripts", selectedCharacters=chosen, dialogue=[])
    assert answer.status_code == 422
    assert scripts_of(db, scene.uid) == 1


def test_unknown_characters_are_reported(scene: Scene, db: Database) -> None:
    answer = scene.post("/api/scripts", selectedCharacters=[*scene.cast, "nobody"], dialogue=[])
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "character_not_found")
    assert answer.json["error"]["details"] == {"missing": ["nobody"]}
    assert scripts_of(db, scene.uid) == 1


@pytest.mark.parametrize(
    ("screenplay", "line"),
    [
        ("ANNA: Hi.\nZED: Ho.", 2),
        ("It was dark.", 1),
        ("ANNA: Hi.\n\nBEN:\n", 3),
        ("ANNA: Hi.\n" * 2000, 501),
        ("", 1),
    ],
)
def test_an_invalid_line_of_a_screenplay_is_reported(
    scene: Scene, db: Database, screenplay: str, line: int
) -> None:
    answer = scene.post("/api/scripts", selectedCharacters=scene.cast, screenplay=screenplay)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_dialogue")
    assert answer.json["error"]["details"]["lines"][0]["line"] == line
    assert scripts_of(db, scene.uid) == 1


@pytest.mark.parametrize(
    ("index", "changes"), [(1, {"text": ""}), (0, {"text": " \n"}), (2, {"speaker": "stranger"})]
)
def test_an_invalid_line_of_a_dialogue_is_reported(
    scene: Scene, index: int, changes: dict[str, str]
) -> None:
    dialogue = scene.dialogue()
    dialogue[index] |= changes
    answer = scene.put("", dialogue=dialogue)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_dialogue")
    assert [each["line"] for each in answer.json["error"]["details"]["lines"]] == [index + 1]
    assert scene.get("").json["data"]["script"] == scene.script


def test_two_thousand_lines_are_too_many(scene: Scene) -> None:
    answer = scene.put("", dialogue=[scene.dialogue()[0]] * 2000)
    assert code(answer) == (422, "invalid_input")
    (field,) = answer.json["error"]["details"]["fields"]
    assert field["field"] == "dialogue"


@pytest.mark.parametrize("dialogue", [None, "x", [5], [{}], [{"speaker": "a"}], [{"text": "b"}]])
def test_a_malformed_dialogue_is_422(scene: Scene, dialogue: Any) -> None:
    assert scene.put("", dialogue=dialogue).status_code == 422


def test_the_model_writes_a_script(scene: Scene, server: FakeOpenAI, db: Database) -> None:
    answer = scene.post(
        "/api/scripts/generate",
        selectedCharacters=scene.cast,
        prompt="Two keepers quarrel.",
        lines=3,
        language="de-AT",
    )
    assert answer.status_code == 201
    script = answer.json["data"]["script"]
    assert [line["speaker"] for line in script["dialogue"]] == [*scene.cast, scene.cast[0]]
    assert script["originalPrompt"] == "Two keepers quarrel."
    assert (script["title"], script["language"]) == ("A test of voices", "de")
    assert '"German"' in server.requests[0]["messages"][1]["content"]
    assert ("script_generated", script["id"]) in activities_of(db, scene.uid)
    assert db.get(f"wallets/{scene.uid}").data["tokens"] == {"granted": 20, "used": 0, "held": 0}


def test_the_language_is_the_one_the_model_reports(scene: Scene, server: FakeOpenAI) -> None:
    answer = scene.post("/api/scripts/generate", selectedCharacters=scene.cast, prompt="Hello")
    assert answer.json["data"]["script"]["language"] == "en-US"


@pytest.mark.parametrize(
    ("steps", "status", "code"),
    [
        (("refusal",), 422, "script_refused"),
        (("rubbish", "stranger"), 503, "script_writer_failed"),
        (("401",), 503, "script_writer_not_configured"),
        (("500", "500", "500"), 503, "script_writer_unavailable"),
        (("429",), 429, "script_writer_busy"),
    ],
)
def test_a_writer_failure_stores_nothing(
    scene: Scene,
    server: FakeOpenAI,
    db: Database,
    steps: tuple[str, ...],
    status: int,
    code: str,
) -> None:
    server.script(*steps)
    server.retry_after = "77" if status == 429 else "0"
    answer = scene.post("/api/scripts/generate", selectedCharacters=scene.cast, prompt="Hello")
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    if code in ("script_writer_busy", "script_writer_unavailable"):
        assert int(answer.headers["Retry-After"]) == (77 if status == 429 else 30)
    assert scripts_of(db, scene.uid) == 1


def test_without_a_model_generating_is_not_configured(scene: Scene) -> None:
    answer = scene.post("/api/scripts/generate", selectedCharacters=scene.cast, prompt="Hello")
    assert (answer.status_code, answer.json["error"]["code"]) == (
        503,
        "script_writer_not_configured",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": ""},
        {"prompt": " "},
        {"prompt": "x" * 4_001},
        {"prompt": None},
        {"lines": 0},
        {"lines": 61},
        {"lines": "many"},
        {"language": "tlh"},
        {"selectedCharacters": []},
    ],
)
def test_invalid_generation_requests_are_422(
    scene: Scene, server: FakeOpenAI, changes: dict[str, Any]
) -> None:
    body = {"selectedCharacters": scene.cast, "prompt": "Hello"} | changes
    assert scene.post("/api/scripts/generate", **body).status_code == 422
    assert server.requests == []


def test_a_screenplay_becomes_audio(scene: Scene, queue: HeldQueue, files: Files) -> None:
    text = "ANNA (softly): Good evening.\n(thunder)\nBEN: Is it? *laughs*\n"
    answer = scene.post("/api/scripts", selectedCharacters=scene.cast, screenplay=text)
    place = answer.headers["Location"]
    job = scene.post(f"{place}/generate-audio", format="ogg").json["data"]["job"]
    deliver(queue)
    job = scene.get(f"/api/video-jobs/{job['jobId']}").json["data"]["job"]
    assert (job["status"], job["overallProgress"], job["errorMessage"]) == ("completed", 100, None)
    script = scene.get(place).json["data"]["script"]
    assert (script["audioCount"], script["activeJobId"]) == (2, None)
    assert scene.get(script["audioUrl"]).data.startswith(b"OggS")
    assert scene.get(script["dialogue"][1]["audioFile"]).data.startswith(b"RIFF")
    captions = scene.get(script["captionsUrl"]).text
    assert captions.index("<v Anna>Good evening.") < captions.index("<v Ben>Is it?")
    assert not any(word in captions for word in ("softly", "thunder", "laughs"))


def test_a_script_becomes_a_video(scene: Scene, queue: HeldQueue, db: Database) -> None:
    scene.put("", dialogue=scene.dialogue()[2:])
    job = scene.post("/generate-video", backgroundVideo="#203040").json["data"]["job"]
    deliver(queue)
    job = scene.get(f"/api/video-jobs/{job['jobId']}").json["data"]["job"]
    assert job["status"] == "completed", job
    script = scene.get("").json["data"]["script"]
    assert job["finalVideoPath"] == script["finalVideoPath"]
    assert (job["videoSize"], job["videoDuration"]) == (
        script["videoSize"],
        script["videoDuration"],
    )
    status = scene.get("/video-status").json["data"]
    assert (status["finalVideoPath"], status["progress"]) == (script["finalVideoPath"], 100)
    video = scene.get(script["finalVideoPath"])
    assert len(video.data) == script["videoSize"]
    assert video.data[4:8] == b"ftyp"
    wallet = db.get(f"wallets/{scene.uid}").data["tokens"]
    assert wallet == {"granted": 20, "used": 1, "held": 0}
    # A second job that is cancelled makes no video and leaves the first one unchanged.
    second = scene.post("/generate-video").json["data"]["job"]["jobId"]
    scene.post(f"/api/video-jobs/{second}/cancel")
    assert scene.get("/video-status").json["data"]["finalVideoPath"] is None
    assert scene.get(f"/api/video-jobs/{job['jobId']}").json["data"]["job"] == job


def test_a_new_video_replaces_the_old_one(scene: Scene, queue: HeldQueue) -> None:
    jobs, paths = [], []
    scene.put("", dialogue=scene.dialogue()[2:])
    for colour in ("#203040", "#403020"):
        answer = scene.post("/generate-video", backgroundVideo=colour)
        jobs.append(f"/api/video-jobs/{answer.json['data']['job']['jobId']}")
        deliver(queue)
        paths.append(scene.get("").json["data"]["script"]["finalVideoPath"])
    job_paths = [scene.get(job).json["data"]["job"]["finalVideoPath"] for job in jobs]
    assert job_paths[0] is None
    assert job_paths[1].partition("?")[0] == paths[1].partition("?")[0]
    assert [scene.get(path).status_code for path in paths] == [404, 200]


def test_an_edit_keeps_the_audio_of_unchanged_lines(
    scene: Scene, db: Database, files: Files
) -> None:
    scene.performed(files)
    before = scene.get("").json["data"]["script"]
    dialogue = before["dialogue"]  # with its audioFile fields, as in the response
    dialogue[1]["text"] = "Something else."
    after = scene.put("", dialogue=dialogue).json["data"]["script"]
    assert [bool(line["audioFile"]) for line in after["dialogue"]] == [True, False, True]
    assert (after["audioCount"], after["audioUrl"]) == (2, None)
    assert (after["revision"], after["videoRevision"]) == (2, 1)
    assert after["finalVideoPath"] == before["finalVideoPath"]
    # The captions are now those of the video, which shows the earlier revision.
    (cue,) = scene.get(f"{after['captionsUrl']}&format=json").json["cues"]
    assert cue["end"] == 1.2
    assert ("script_updated", scene.id) in activities_of(db, scene.uid)


def test_an_edit_keeps_the_directions_before_unchanged_lines(scene: Scene) -> None:
    text = "SFX: wind\nANNA: Hi.\n\n(pause)\n\nBEN: Hi.\nSFX: rain\nANNA: Hi."
    answer = scene.post("/api/scripts", selectedCharacters=scene.cast, screenplay=text)
    place, script = answer.headers["Location"], answer.json["data"]["script"]
    assert [line["directions"] for line in script["dialogue"]] == [
        "SFX: wind",
        "(pause)",
        "SFX: rain",
    ]
    assert scene.put(place, dialogue=script["dialogue"]).json["data"]["script"] == script
    lines = [*script["dialogue"][:2], {"speaker": scene.cast[0], "text": "Ho."}]
    edited = scene.put(place, dialogue=lines).json["data"]["script"]["dialogue"]
    assert [line["directions"] for line in edited] == ["SFX: wind", "(pause)", ""]


def test_edits_of_a_script_are_one_activity_an_hour(scene: Scene, db: Database) -> None:
    start = now()
    for lines in (2, 1, 2):
        assert scene.put("", dialogue=scene.dialogue()[:lines]).status_code == 200
    rows = db.find(
        f"users/{scene.uid}/activities", where=[("type", "==", "script_updated")], limit=9
    )
    assert 1 <= len(rows) <= (1 if now().hour == start.hour else 2)
    updated = datetime.fromisoformat(scene.get("").json["data"]["script"]["updatedAt"])
    assert max(row.data["timestamp"] for row in rows) == updated


def test_an_edit_deletes_unused_files(scene: Scene, files: Files) -> None:
    scene.performed(files)
    assert scene.stored(files) == scene.referenced()
    scene.put("", dialogue=scene.dialogue()[:1])
    assert scene.stored(files) == scene.referenced()
    # A line, its word timings, and the video with its captions.
    assert len(scene.stored(files)) == 4


def test_moved_lines_keep_their_audio(scene: Scene, files: Files) -> None:
    scene.performed(files)
    texts = [scene.sound(line).data for line in range(3)]
    scene.put("", dialogue=list(reversed(scene.dialogue())))
    assert [scene.sound(line).data for line in range(3)] == texts[::-1]


def test_an_edit_without_changes_has_no_effect(scene: Scene, db: Database, files: Files) -> None:
    scene.performed(files)
    before = scene.get("").json["data"]["script"]
    assert scene.put("", dialogue=before["dialogue"]).json["data"]["script"] == before
    assert ("script_updated", scene.id) not in activities_of(db, scene.uid)


def test_starting_audio_holds_tokens_by_length(
    scene: Scene, queue: HeldQueue, db: Database
) -> None:
    answer = scene.post("/generate-audio", format="ogg")
    assert answer.status_code == 202
    job = answer.json["data"]["job"]
    assert (job["kind"], job["status"], job["scriptId"]) == ("script_audio", "queued", scene.id)
    assert answer.headers["Location"] == f"/api/video-jobs/{job['jobId']}"
    assert queue.take() == [{"jobId": job["jobId"], "uid": scene.uid}]
    stored = db.get(f"jobs/{job['jobId']}").data
    characters = sum(len(text) for _, text in SCENE)
    expected = {"meter": "tokens", "held": 1, "charged": None, "characters": characters}
    assert expected.items() <= stored["charge"].items()
    assert stored["charge"]["remainingTokens"] == 19
    assert given_to(db, job["jobId"])["format"] == "ogg"
    script = scene.get("").json["data"]["script"]
    assert script["activeJobId"] == script["audioJobId"] == job["jobId"]
    assert (script["audioJobStatus"], script["audioJobProgress"]) == ("queued", 0)
    assert ("script_audio_started", scene.id) in activities_of(db, scene.uid)


def test_a_job_gets_a_snapshot_of_the_script(scene: Scene, db: Database) -> None:
    job_id = scene.post("/generate-audio").json["data"]["job"]["jobId"]
    given = given_to(db, job_id)
    anna = given["performers"][scene.cast[0]]
    assert (anna["name"], anna["language"], anna["voiceType"]) == ("Anna", "en-US", "female")
    assert anna["samplePath"] == f"static/audio_files/{scene.cast[0]}.wav"
    assert anna["images"] == [f"static/images/{scene.cast[0]}-{n}.png" for n in range(2)]
    assert [line["text"] for line in given["lines"]] == [text for _, text in SCENE]
    assert given["revision"] == 1


def test_pictures_are_ordered_by_key(scene: Scene, db: Database) -> None:
    many = new_character(db, scene.uid, "Many", images=12)
    script = scene.post(
        "/api/scripts", selectedCharacters=[many], dialogue=[{"speaker": many, "text": "Hi."}]
    )
    place = script.headers["Location"]
    job_id = scene.post(f"{place}/generate-video").json["data"]["job"]["jobId"]
    images = given_to(db, job_id)["performers"][many]["images"]
    assert images == [f"static/images/{many}-{n}.png" for n in range(12)]


def test_a_voice_without_consent_is_not_cloned(scene: Scene, db: Database) -> None:
    db.commit(Update(f"characters/{scene.cast[0]}", {"consent": None}))
    job_id = scene.post("/generate-audio").json["data"]["job"]["jobId"]
    performers = given_to(db, job_id)["performers"]
    assert performers[scene.cast[0]]["samplePath"] is None
    assert performers[scene.cast[1]]["samplePath"] is not None


def test_voice_minutes_are_held_by_the_speed_of_each_voice(scene: Scene, db: Database) -> None:
    db.commit(
        Update(f"wallets/{scene.uid}", {"voiceSeconds.granted": 1000}),
        Update(f"characters/{scene.cast[1]}", {"config": Config(speed=0.5).stored()}),
    )
    job_id = scene.post("/generate-audio").json["data"]["job"]["jobId"]
    speeds = {"Anna": 1.0, "Ben": 0.5}
    pauses = test_settings().pauses
    speech = sum(
        seconds_at_most(text, "en-us", speeds[name]) + pause_seconds(text, pauses) / speeds[name]
        for name, text in SCENE
    )
    charge = db.get(f"jobs/{job_id}").data["charge"]
    assert (charge["meter"], charge["held"]) == ("voiceSeconds", ceil(speech + len(SCENE)))


def test_a_video_costs_a_token_despite_voice_minutes(
    scene: Scene, queue: HeldQueue, db: Database
) -> None:
    db.commit(Update(f"wallets/{scene.uid}", {"voiceSeconds.granted": 1000}))
    answer = scene.post("/generate-video", resolution="720x1280", captions=False)
    assert answer.status_code == 202
    job = answer.json["data"]["job"]
    assert answer.json["message"].endswith(job["jobId"])
    stored = db.get(f"jobs/{job['jobId']}").data
    assert (stored["charge"]["meter"], stored["charge"]["held"]) == ("tokens", 1)
    given = given_to(db, job["jobId"])
    assert (given["resolution"], given["captions"]) == ("720x1280", False)
    assert ("video_generation_started", scene.id) in activities_of(db, scene.uid)


@pytest.mark.parametrize(
    ("requested", "status", "chosen"),
    [
        ("clip_b.mp4", 202, "clip_b.mp4"),
        ("#FFaa00", 202, "#ffaa00"),
        ("clip_z.mp4", 422, None),
        ("../clip_a.mp4", 422, None),
        ("#ffaa0", 422, None),
        ("red", 422, None),
    ],
)
def test_backgrounds_are_clips_or_colours(
    scene: Scene,
    db: Database,
    clips: list[str],
    requested: str | None,
    status: int,
    chosen: str | None,
) -> None:
    answer = scene.post("/generate-video", backgroundVideo=requested)
    assert answer.status_code == status
    if status == 202:
        job_id = answer.json["data"]["job"]["jobId"]
        assert given_to(db, job_id)["background"] == chosen
    else:
        assert answer.json["error"]["code"] == "unknown_background"
        assert set(clips) <= set(answer.json["error"]["details"]["allowed"])
        assert scene.get("").json["data"]["script"]["activeJobId"] is None


def test_a_background_is_seen_and_played(scene: Scene, db: Database, files: Files) -> None:
    name = f"zz-{secrets.token_hex(4)}.mp4"  # the last one: others are the default
    film = silent_video()  # a real one, in case it is the only one
    clip = Background(
        id=name,
        title="Rain",
        seconds=2,
        width=64,
        height=64,
        size=len(film),
        poster_size=7,
        created_at=now(),
    )
    files.upload(background_path(name), film, "video/mp4")
    files.upload(poster_path(name), b"a frame", "image/jpeg")
    db.commit(create_write(clip))
    listed = scene.get("/api/videos/backgrounds").json["data"]["backgrounds"]
    (shown,) = [each for each in listed if each["name"] == name]
    for url, data, kind in (
        (shown["url"], film, "video/mp4"),
        (shown["posterUrl"], b"a frame", "image/jpeg"),
    ):
        answer = scene.client.get(url)  # as players do: without a bearer token
        assert (answer.status_code, answer.data, answer.mimetype) == (200, data, kind)
        assert scene.client.get(url.partition("?")[0]).status_code == 401
    part = scene.get(shown["url"], Range="bytes=4-")
    assert (part.status_code, part.data) == (206, film[4:])
    db.delete_all([f"backgrounds/{name}"])
    for url in (shown["url"], shown["posterUrl"]):
        assert code(scene.get(url)) == (404, "background_not_found")


@pytest.mark.parametrize("name", ["clip_b.jpg", "x.mp4", "x.jpg"])
def test_a_background_without_a_picture_has_none(scene: Scene, clips: list[str], name: str) -> None:
    answer = scene.get(f"/api/videos/backgrounds/{name}")
    assert code(answer) == (404, "background_not_found")


def test_a_video_has_a_picture(scene: Scene, db: Database, files: Files) -> None:
    scene.performed(files)
    assert scene.get("").json["data"]["script"]["posterUrl"] is None, "an older video"
    name = scene.get("").json["data"]["script"]["finalVideoPath"].partition("?")[0]
    picture = name.replace(".mp4", ".jpg")
    assert code(scene.get(picture)) == (404, "video_not_found")
    path = f"{files_prefix(scene.id)}video-1.jpg"
    files.upload(path, b"a frame", "image/jpeg")
    db.commit(Update(f"scripts/{scene.id}", {"video.posterPath": path}))
    url = scene.get("").json["data"]["script"]["posterUrl"]
    answer = scene.client.get(url)
    assert (answer.data, answer.mimetype) == (b"a frame", "image/jpeg")
    assert code(scene.as_another(db).get(picture)) == (404, "video_not_found")


def test_backgrounds_are_listed_and_the_first_is_the_default(
    scene: Scene, db: Database, clips: list[str]
) -> None:
    listed = scene.get("/api/videos/backgrounds").json["data"]["backgrounds"]
    ours = [clip for clip in listed if clip["name"] in clips]
    assert [clip["name"] for clip in ours] == clips
    place = "/api/videos/backgrounds/clip_a.mp4"
    assert ours[0].pop("url").partition("?token=")[0] == place
    assert ours[0] == {
        "name": "clip_a.mp4",
        "title": "clip_a.mp4",
        "seconds": 8,
        "width": 1280,
        "height": 720,
        "size": 1000,
        "posterUrl": None,
    }
    job_id = scene.post("/generate-video").json["data"]["job"]["jobId"]
    assert given_to(db, job_id)["background"] == listed[0]["name"]


@pytest.mark.parametrize("operation", ["/generate-audio", "/generate-video"])
def test_an_empty_script_cannot_become_audio_or_video(
    scene: Scene, queue: HeldQueue, operation: str
) -> None:
    assert scene.put("", dialogue=[]).status_code == 200
    answer = scene.post(operation)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "script_empty")
    assert queue.tasks == []


@pytest.mark.parametrize("operation", ["/generate-audio", "/generate-video"])
def test_a_deleted_character_is_reported(
    scene: Scene, queue: HeldQueue, db: Database, operation: str
) -> None:
    db.commit(Delete(f"characters/{scene.cast[1]}"))
    answer = scene.post(operation)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "character_gone")
    gone = [{"id": scene.cast[1], "name": "Ben"}]
    assert answer.json["error"]["details"] == {"characters": gone}
    assert "Ben" in answer.json["message"]
    assert scene.get("").json["data"]["script"] == scene.script
    assert queue.tasks == []


def test_a_silent_character_can_be_deleted(scene: Scene, db: Database) -> None:
    scene.put("", dialogue=scene.dialogue()[:1])
    db.commit(Delete(f"characters/{scene.cast[1]}"))
    assert scene.post("/generate-audio").status_code == 202


def test_an_unsupported_language_is_reported_at_once(
    scene: Scene, queue: HeldQueue, db: Database
) -> None:
    db.commit(Update(f"characters/{scene.cast[1]}", {"language": "tlh"}))
    answer = scene.post("/generate-audio")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "unknown_choice")
    assert "Ben" in answer.json["message"]
    assert queue.tasks == []


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("/generate-audio", {"format": "aiff"}),
        ("/generate-video", {"resolution": "1x1"}),
        ("/generate-video", {"captions": "perhaps"}),
        ("/generate-video", {"backgroundVideo": 5}),
    ],
)
def test_invalid_options_are_422(
    scene: Scene, queue: HeldQueue, operation: str, body: dict[str, Any]
) -> None:
    assert scene.post(operation, **body).status_code == 422
    assert queue.tasks == []


def test_without_tokens_nothing_starts(client: FlaskClient, queue: HeldQueue, db: Database) -> None:
    scene = new_scene(client, db, tokens=0)
    answer = scene.post("/generate-video")
    assert (answer.status_code, answer.json["error"]["code"]) == (402, "not_enough_tokens")
    assert scene.get("").json["data"]["script"]["videoJobId"] is None
    assert queue.tasks == []


def test_one_job_at_a_time(scene: Scene, queue: HeldQueue) -> None:
    job_id = scene.post("/generate-video").json["data"]["job"]["jobId"]
    answers = [
        scene.post("/generate-video"),
        scene.post("/generate-audio"),
        scene.put("", dialogue=[]),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "script_busy")
        assert answer.json["error"]["details"] == {"jobId": job_id, "kind": "video"}
    assert len(queue.tasks) == 1
    assert scene.post(f"/api/video-jobs/{job_id}/cancel").status_code == 200
    assert scene.put("", dialogue=[]).status_code == 200


@pytest.mark.parametrize("operation", ["/generate-audio", "/generate-video"])
def test_the_same_key_gets_the_same_answer(
    scene: Scene, queue: HeldQueue, db: Database, operation: str
) -> None:
    first = scene.post(operation, key="k1")
    again = scene.post(operation, key="k1")
    assert (again.status_code, again.json) == (202, first.json)
    assert len(queue.tasks) == 1
    body = {"format": "wav"} if operation == "/generate-audio" else {"captions": False}
    other = scene.post(operation, key="k1", **body)
    assert (other.status_code, other.json["error"]["code"]) == (409, "idempotency_key_reused")
    assert db.get(f"wallets/{scene.uid}").data["tokens"]["held"] == 1


def test_an_idempotency_key_is_valid_for_one_script(scene: Scene) -> None:
    scene.post("/generate-audio", key="k1")
    second = scene.post("/api/scripts", selectedCharacters=scene.cast, dialogue=scene.dialogue())
    answer = scene.post(f"{second.headers['Location']}/generate-audio", key="k1")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "idempotency_key_reused")


def test_the_status_of_a_video_is_reported(scene: Scene) -> None:
    status = scene.get("/video-status").json["data"]
    assert (status["status"], status["progress"]) == ("not_started", 0)
    job = scene.post("/generate-video").json["data"]["job"]
    status = scene.get("/video-status").json["data"]
    assert (status["status"], status["progress"], status["stage"]) == ("queued", 0, "")
    fetched = scene.get(f"/api/video-jobs/{job['jobId']}").json["data"]["job"]
    assert fetched == job
    assert [step["stepName"] for step in fetched["steps"]] == [
        "audio_validation",
        "audio_generation",
        "video_generation",
        "video_assembly",
        "upload",
    ]
    scene.post(f"/api/video-jobs/{job['jobId']}/cancel")
    assert scene.get("/video-status").json["data"]["status"] == "cancelled"


def test_cancelling_twice_is_harmless(scene: Scene, db: Database) -> None:
    job_id = scene.post("/generate-video").json["data"]["job"]["jobId"]
    for _ in range(2):
        answer = scene.post(f"/api/video-jobs/{job_id}/cancel")
        assert (answer.status_code, answer.json["data"]["job"]["status"]) == (200, "cancelled")
    assert db.get(f"wallets/{scene.uid}").data["tokens"]["held"] == 0
    assert scene.get("").json["data"]["script"]["activeJobId"] is None


def test_audio_captions_and_video_are_served(scene: Scene, files: Files) -> None:
    scene.performed(files)
    script = scene.get("").json["data"]["script"]
    assert (script["hasAudio"], script["audioCount"]) == (True, 3)
    audio = scene.get(script["audioUrl"])
    assert (audio.status_code, audio.mimetype, audio.data) == (200, "audio/mpeg", b"the dialogue")
    for line in range(3):
        sound = scene.get(script["dialogue"][line]["audioFile"])
        assert (sound.mimetype, sound.data) == ("audio/wav", f"line {line}".encode())
    captions = scene.get(script["captionsUrl"])
    assert captions.mimetype == "text/vtt"
    assert "<v Anna>Hello & goodbye" in captions.text.replace("&amp;", "&")
    srt = scene.get("/captions?format=srt")
    assert "Anna: Hello & goodbye" in srt.text
    data = scene.get("/captions?format=json")
    assert data.mimetype == "application/json"
    assert data.json["cues"][0] == {
        **{"start": 0, "end": 1, "text": "Hello & goodbye", "speaker": "Anna"},
        **{"line": None, "words": []},
    }
    refused = scene.get("/captions?format=ass")
    assert (refused.status_code, "vtt" in refused.text) == (422, True)
    video = scene.get(script["finalVideoPath"])
    assert (video.mimetype, video.data) == ("video/mp4", b"the video")
    assert (script["videoDuration"], script["videoSize"]) == (45.2, 9)


@pytest.mark.parametrize(("asked", "status"), [("bytes=4-7", 206), ("bytes=99-", 416)])
def test_byte_ranges(scene: Scene, files: Files, asked: str, status: int) -> None:
    scene.performed(files)
    path = scene.get("").json["data"]["script"]["finalVideoPath"]
    for place in (path, f"/api/scripts/{scene.id}/audio"):
        answer = scene.get(place, Range=asked)
        assert answer.status_code == status
        if status == 206:
            assert answer.data == (b"vide" if place == path else b"dial")


@pytest.mark.parametrize(("line", "status"), [(0, 409), (2, 409), (3, 404), (-1, 422), ("x", 422)])
def test_lines_without_audio(scene: Scene, line: object, status: int) -> None:
    assert scene.get(f"/audio?line={line}").status_code == status


def test_missing_audio_is_409(scene: Scene) -> None:
    for place in ("/audio", "/captions"):
        answer = scene.get(place)
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "audio_not_ready")


def test_another_users_script_is_404(scene: Scene, files: Files, db: Database) -> None:
    scene.performed(files)
    path = scene.get("").json["data"]["script"]["finalVideoPath"]
    job_id = scene.post("/generate-video").json["data"]["job"]["jobId"]
    ben = scene.as_another(db)
    answers = [
        *(ben.get(place) for place in ("", "/audio", "/audio?line=0", "/captions")),
        ben.get("/video-status"),
        ben.put("", dialogue=[]),
        ben.delete(""),
        ben.post("/generate-audio"),
        ben.post("/generate-video"),
        ben.get(f"/api/video-jobs/{job_id}"),
        ben.post(f"/api/video-jobs/{job_id}/cancel"),
        ben.get(path),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert scene.get("").json["data"]["script"]["activeJobId"] == job_id
    assert ben.get("/api/my-scripts").json["data"]["scripts"] == []
    assert scene.get(path).status_code == 200


def test_an_admin_cannot_read_another_users_script(scene: Scene, db: Database) -> None:
    admin = scene.as_another(db)
    db.commit(Update(f"users/{admin.uid}", {"role": "admin"}))
    assert admin.get("").status_code == 404


def test_unknown_names_are_404(scene: Scene, files: Files) -> None:
    scene.performed(files)
    name = scene.get("").json["data"]["script"]["finalVideoPath"]
    name = name.partition("?")[0].rsplit("/", 1)[-1]
    names = [
        f"..%2F{name}",
        f"../{name}",
        f"x/{name}",
        f"{name}x",
        name.removesuffix(".mp4"),
        f"{scene.id}_.mp4",
        f"{scene.id}_other_final.mp4",
        "_x.mp4",
        "nobody_final.mp4",
        f"{scene.id}.mp4",
        "__x___final.mp4",
        "%00_a.mp4",
        "..%2F..%2Fusers_a.mp4",
    ]
    answers = {wrong: scene.get(f"/api/videos/{wrong}").status_code for wrong in names}
    assert set(answers.values()) == {404}, answers
    for wrong in ("no-such-script", "__x__", "..%2F..", "%2e%2e"):
        assert scene.get(f"/api/scripts/{wrong}").status_code == 404


def test_a_voice_job_is_not_a_script_job(scene: Scene) -> None:
    voice = app_for("voice").test_client()
    body = {"text": "Hello", "language": "en-us"}
    job = voice.post("/api/voice/generate", json=body, headers=scene.headers).json["data"]["job"]
    answer = scene.get(f"/api/video-jobs/{job['jobId']}")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "job_not_found")


def test_deleting_a_script_deletes_everything(scene: Scene, files: Files, db: Database) -> None:
    scene.performed(files)
    old = scene.post("/generate-audio").json["data"]["job"]["jobId"]
    scene.post(f"/api/video-jobs/{old}/cancel")
    running = scene.post("/generate-video").json["data"]["job"]["jobId"]
    stored = scene.stored(files)
    answer = scene.delete("")
    assert answer.status_code == 200
    data = answer.json["data"]
    assert set(data["deletedMediaFiles"]) == stored
    assert data["deletedCount"] == len(stored) == 11
    assert scene.stored(files) == set()
    assert scene.delete("").status_code == 404
    for job_id in (old, running):
        job = db.get(f"jobs/{job_id}").data
        assert job["status"] == "cancelled"
        assert given_to(db, job_id) == {}
    assert db.get(f"wallets/{scene.uid}").data["tokens"] == {"granted": 20, "used": 0, "held": 0}
    assert ("script_deleted", scene.id) in activities_of(db, scene.uid)


def test_my_scripts_are_listed_newest_first(scene: Scene, db: Database) -> None:
    new_user(db)
    job_id = scene.post("/generate-video").json["data"]["job"]["jobId"]
    ids = [scene.id]
    for number in range(2):
        dialogue = [{"speaker": scene.cast[0], "text": f"Number {number}."}]
        answer = scene.post("/api/scripts", selectedCharacters=scene.cast, dialogue=dialogue)
        ids.append(answer.json["data"]["script"]["id"])
    first = scene.get("/api/my-scripts?limit=2").json
    assert [script["id"] for script in first["data"]["scripts"]] == [ids[2], ids[1]]
    assert (first["meta"]["total"], first["data"]["userTokens"]) == (3, 20)
    cursor = first["meta"]["nextCursor"]
    (last,) = scene.get(f"/api/my-scripts?limit=2&cursor={cursor}").json["data"]["scripts"]
    assert (last["id"], last["videoJobId"], last["videoJobStatus"]) == (ids[0], job_id, "queued")


@pytest.mark.parametrize("page", ["page=0", "limit=0", "cursor=x"])
def test_invalid_pages_are_422(scene: Scene, page: str) -> None:
    assert scene.get(f"/api/my-scripts?{page}").status_code == 422


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.get("/api/my-scripts"),
        lambda client: client.post("/api/scripts", json={}),
        lambda client: client.post("/api/scripts/generate", json={}),
        lambda client: client.get("/api/videos/backgrounds"),
        lambda client: client.get("/api/videos/abc_final.mp4"),
    ],
)
def test_signing_in_is_required(client: FlaskClient, call: Callable[[FlaskClient], Any]) -> None:
    assert call(client).status_code == 401


def test_both_path_prefixes_and_field_spellings_work(client: FlaskClient, db: Database) -> None:
    uid, headers = signed_in(db)
    character = new_character(db, uid, "Anna")
    body = {"selected_characters": [character], "screenplay": "anna: Hi."}
    for path in ("/api/scripts", "/scripts"):
        assert client.post(path, json=body, headers=headers).status_code == 201

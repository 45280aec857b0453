"""Scripts and videos as clients use them: each answer has every field that is promised, with a
value of its kind, in `data`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.support.factories import HeldQueue
from tests.support.likeness import assert_like
from tests.support.scenes import Scene, put_on
from tests.support.wiring import app_for, rewired
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.llm import LanguageModel
from troupe.adapters.storage import Files
from troupe.jobs.records import StepState

TIME = "2024-01-01T00:00:00Z"
PROMPT = (
    "Create a conversation about climate change between two political leaders discussing "
    "renewable energy solutions."
)
LINE = {"speaker": "character_123", "text": "Climate change is one of…", "audioFile": ""}
SCRIPT = {
    "id": "script_789",
    "selectedCharacters": ["character_123", "character_456"],
    "originalPrompt": "Create a conversation about climate change...",
    "dialogue": [LINE],
    "createdAt": TIME,
    "updatedAt": TIME,
    "hasAudio": False,
    "audioCount": 0,
    "finalVideoPath": None,
    "videoDuration": None,
}
FINISHED = SCRIPT | {
    "hasAudio": True,
    "audioCount": 8,
    "finalVideoPath": "/api/videos/script_789_final.mp4",
    "videoDuration": 45.2,
    "videoSize": 8543210,
    "videoJobId": "job_123",
    "videoJobStatus": "completed",
    "videoJobProgress": 100.0,
    "videoJobCurrentStep": "completed",
    "videoJobStartedAt": TIME,
    "videoJobCompletedAt": TIME,
    "videoJobErrorMessage": None,
}
STEP = {
    "stepName": "audio_validation",
    "status": "pending",
    "progress": 0.0,
    "message": "",
    "startedAt": None,
    "completedAt": None,
    "errorMessage": None,
}
JOB = {
    "jobId": "job_456",
    "scriptId": "script_123",
    "userId": "user_123",
    "status": "queued",
    "overallProgress": 0.0,
    "currentStep": "",
    "steps": [STEP],
    "totalSteps": 5,
    "completedSteps": 0,
    "createdAt": TIME,
    "startedAt": None,
    "completedAt": None,
    "finalVideoPath": None,
    "videoDuration": None,
    "videoSize": None,
    "errorMessage": None,
}


@pytest.fixture
def scene(emulators: object, queue: HeldQueue, db: Database) -> Scene:
    return put_on(app_for("scripts").test_client(), db)


@pytest.fixture
def server(scene: Scene) -> Iterator[FakeOpenAI]:
    with openai_server() as fake:
        model = LanguageModel(KEY, fake.base_url, "gpt-5.4-mini")
        with rewired(language_model=lambda: model):
            yield fake
        model.close()


def test_generate_script(scene: Scene, server: FakeOpenAI) -> None:
    answer = scene.post("/api/scripts/generate", selectedCharacters=scene.cast, prompt=PROMPT)
    assert answer.status_code == 201
    script = answer.json["data"]["script"]
    assert_like(script, SCRIPT)
    assert (script["selectedCharacters"], script["originalPrompt"]) == (scene.cast, PROMPT)


def test_my_scripts(scene: Scene, db: Database, files: Files) -> None:
    job_id = scene.post("/generate-video").json["data"]["job"]["jobId"]
    scene.performed(files)
    at = now()
    done = {"status": "completed", "startedAt": at, "completedAt": at}
    db.commit(
        Update(f"jobs/{job_id}", done),
        Update(f"scripts/{scene.id}", {"activeJobId": None, "originalPrompt": PROMPT}),
    )
    data = scene.get("/api/my-scripts").json["data"]
    assert_like(data, {"scripts": [FINISHED | {"dialogue": [LINE]}], "userTokens": 15})
    (script,) = data["scripts"]
    assert (script["videoJobStatus"], script["videoJobProgress"]) == ("completed", 100)
    assert script["videoJobCurrentStep"] == "completed"
    assert script["finalVideoPath"].startswith(f"/api/videos/{scene.id}_")
    assert script["finalVideoPath"].partition("?")[0].endswith("_final.mp4")


def test_update_script(scene: Scene) -> None:
    text = "Updated dialogue text here."
    line = {"speaker": scene.cast[0], "text": text, "audioFile": ""}
    answer = scene.put("", dialogue=[line])
    assert answer.status_code == 200
    script = answer.json["data"]["script"]
    assert_like(script, SCRIPT | {"originalPrompt": ""})
    assert [each["text"] for each in script["dialogue"]] == [text]


def test_delete_script(scene: Scene, files: Files) -> None:
    scene.performed(files)
    answer = scene.delete("")
    assert answer.json["message"] == f"Script '{scene.id}' deleted successfully"
    data = answer.json["data"]
    assert_like(data, {"deletedMediaFiles": ["data/audio_files/x.wav"], "deletedCount": 2})
    assert data["deletedCount"] == len(data["deletedMediaFiles"])


def test_generate_video(scene: Scene) -> None:
    answer = scene.post("/generate-video", backgroundVideo="#203040")
    job = answer.json["data"]["job"]
    assert_like(answer.json["data"], {"job": JOB})
    started = "Video generation started successfully! Job ID: "
    assert answer.json["message"] == started + job["jobId"]
    assert (job["scriptId"], job["userId"]) == (scene.id, scene.uid)


def test_video_status(scene: Scene, db: Database) -> None:
    underway(scene, db)
    status = scene.get("/video-status").json["data"]
    assert_like(
        status,
        {
            "scriptId": "script_123",
            "status": "in_progress",
            "stage": "audio_generation",
            "progress": 45.0,
            "message": "Generating audio files... (3/8 completed)",
            "startedAt": TIME,
            "completedAt": None,
            "errorMessage": None,
            "finalVideoPath": None,
        },
    )
    assert (status["status"], status["stage"]) == ("in_progress", "audio_generation")
    assert status["message"] == "Generating audio files... (1/3 completed)"
    assert 0 < status["progress"] < 100


def test_video_job(scene: Scene, db: Database) -> None:
    job_id = underway(scene, db)
    job = scene.get(f"/api/video-jobs/{job_id}").json["data"]["job"]
    running = JOB | {"startedAt": TIME, "steps": [STEP | {"status": "completed"}]}
    steps = job.pop("steps")
    running.pop("steps")
    assert_like(job, running)
    assert_like(steps[0], STEP | {"startedAt": TIME, "completedAt": TIME})
    assert_like(steps[1], STEP | {"startedAt": TIME})
    assert [step["status"] for step in steps] == [
        *("completed", "in_progress", "pending", "pending", "pending"),
    ]
    assert (job["currentStep"], job["completedSteps"], job["totalSteps"]) == (
        *("audio_generation", 1, 5),
    )


def underway(scene: Scene, db: Database) -> str:
    """A video job as its worker leaves it after the first of three lines."""
    job_id: str = scene.post("/generate-video").json["data"]["job"]["jobId"]
    at = now()
    found = StepState(started_at=at, completed_at=at, progress=100, message="Found 0/3 audio files")
    fields = {
        "status": "in_progress",
        "startedAt": at,
        "cuts": [0, 1, 3],
        "units": 3,
        "unitsDone": 1,
        "partsDone": 1,
        "steps.audio_validation": found.stored(),
        "steps.audio_generation.startedAt": at,
    }
    db.commit(Update(f"jobs/{job_id}", fields))
    return job_id

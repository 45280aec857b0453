"""Script jobs on the emulators: speaking, joining, retries, killed workers, and cleanup."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tests.support.audits import audit_user
from tests.support.deliveries import Killed, Saboteur
from tests.support.factories import PROJECT, ScriptedEngine, new_user, test_settings
from tests.support.scripts import ADA, BEN, SCENE, CloningEngine, Stage
from troupe.adapters.firestore import Database, Delete, Document, Update, now
from troupe.adapters.storage import Files
from troupe.jobs.progress import StepProgress, steps_of
from troupe.jobs.records import Job, JobStatus
from troupe.jobs.specs import JobSpec
from troupe.media.captions import Cue, cues_from_json
from troupe.scripts.specs import AUDIO, SPECS, VIDEO
from troupe.scripts.writes import files_prefix
from troupe.speech.errors import SpeechError

# Nine lines make two parts: a part has eight lines.
LONG = [(ADA if n % 2 else BEN, f"This is line number {n}.") for n in range(9)]


def steps(job: Job) -> list[StepProgress]:
    return steps_of(job, SPECS[job.kind])


def settles(stage: Stage, uid: str) -> int:
    entries = stage.db.find(f"wallets/{uid}/ledger", limit=100)
    return sum(entry.data["kind"] == "settle" for entry in entries)


def seconds_of(files: Files, path: str) -> float:
    with av.open(io.BytesIO(files.read(path)), "r") as container:
        frames = list(container.decode(audio=0))
    return sum(frame.samples for frame in frames) / frames[0].sample_rate


def test_lines_are_spoken_and_joined(db: Database, files: Files) -> None:
    stage = Stage(db, files)
    uid = new_user(db)
    script_id = stage.script(uid)
    job_id = stage.start(script_id, AUDIO)
    stage.deliver_all()
    assert stage.job(job_id).status is JobStatus.COMPLETED
    script = stage.read(script_id)
    assert script.audio is not None
    assert script.active_job_id is None
    assert all(line.audio for line in script.dialogue)
    assert seconds_of(files, script.audio.path) == pytest.approx(script.audio.seconds, abs=0.01)
    together = sum(line.audio.samples / line.audio.rate for line in script.dialogue if line.audio)
    assert together < script.audio.seconds < together + 1, "there are pauses between the lines"
    assert stage.stored_files(script_id) == stage.wanted_files(script_id)
    assert settles(stage, uid) == 1
    assert audit_user(db, uid) == []


def texts_of(cues: Sequence[Cue]) -> dict[int | None, str]:
    """The captions of each line, joined."""
    return {
        line: " ".join(" ".join(cue.text.split()) for cue in shown)
        for line, shown in itertools.groupby(cues, key=lambda cue: cue.line)
    }


def test_captions_name_the_speaker_and_follow_the_lines(db: Database, files: Files) -> None:
    stage = Stage(db, files)
    script_id = stage.script(new_user(db))
    stage.start(script_id, AUDIO)
    stage.deliver_all()
    audio = stage.read(script_id).audio
    assert audio is not None
    cues = cues_from_json(files.read(audio.cues_path))
    assert texts_of(cues) == {0: SCENE[0][1], 1: SCENE[1][1], 2: SCENE[2][1]}
    assert {(cue.line, cue.speaker) for cue in cues} == {(0, "Ada"), (1, "Ben"), (2, "Ada")}
    starts = {cue.line: cue.start for cue in reversed(cues)}
    assert [starts[line] for line in range(3)] == pytest.approx(audio.starts, abs=0.2)
    assert cues[-1].end == pytest.approx(audio.seconds, abs=0.3)


def test_many_lines_fan_out_and_are_counted(db: Database, files: Files) -> None:
    stage = Stage(db, files)
    script_id = stage.script(new_user(db), LONG)
    job_id = stage.start(script_id, AUDIO)
    stage.deliver(stage.queue.take()[0])
    first, second = stage.queue.take()
    stage.deliver(second)
    (speech, _) = steps(stage.job(job_id))
    assert (speech.progress, speech.message) == (11, "Speaking the lines... (1/9 completed)")
    stage.deliver(first)
    stage.deliver_all()
    script = stage.read(script_id)
    assert script.audio is not None
    cues = cues_from_json(files.read(script.audio.cues_path))
    assert [cue.text for cue in cues] == [text for _, text in LONG]


def test_only_an_edited_line_is_spoken_again(db: Database, files: Files) -> None:
    engine = ScriptedEngine()
    stage = Stage(db, files, engine)
    script_id = stage.script(new_user(db), LONG)
    stage.start(script_id, AUDIO)
    stage.deliver_all()
    assert engine.calls == len(LONG)
    stage.edit(script_id, 4, "This line is another one now.")
    stage.start(script_id, AUDIO)
    stage.deliver_all()
    assert engine.calls == len(LONG) + 1
    assert stage.stored_files(script_id) == stage.wanted_files(script_id)


def test_a_video_reuses_the_audio(db: Database, files: Files) -> None:
    engine = ScriptedEngine()
    stage = Stage(db, files, engine)
    script_id = stage.script(new_user(db))
    stage.start(script_id, AUDIO)
    stage.deliver_all()
    calls = engine.calls
    job_id = stage.start(script_id, VIDEO)
    stage.deliver_all()
    assert engine.calls == calls
    validation = steps(stage.job(job_id))[0]
    assert validation.message == "Found 3/3 audio files"


def test_a_video_is_as_long_as_its_dialogue(db: Database, files: Files) -> None:
    stage = Stage(db, files)
    uid = new_user(db)
    script_id = stage.script(uid)
    job_id = stage.start(script_id, VIDEO)
    stage.deliver_all()
    job, script = stage.job(job_id), stage.read(script_id)
    assert job.status is JobStatus.COMPLETED
    assert [step.status for step in steps(job)] == ["completed"] * 5
    assert script.video is not None
    with av.open(io.BytesIO(files.read(script.video.path)), "r") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height) == (1280, 720)
        length = float(container.duration or 0) / av.time_base
    assert length == pytest.approx(script.video.seconds, abs=0.2)
    assert script.video.cues_path is not None
    cues = cues_from_json(files.read(script.video.cues_path))
    assert texts_of(cues) == {0: SCENE[0][1], 1: SCENE[1][1], 2: SCENE[2][1]}
    assert cues[-1].end == pytest.approx(script.video.seconds, abs=0.3)
    assert script.video.poster_path is not None
    with Image.open(io.BytesIO(files.read(script.video.poster_path))) as image:
        assert (image.format, image.size) == ("JPEG", (640, 360))
        near = image.getpixel((5, 5))
    assert near == pytest.approx((0x20, 0x30, 0x40), abs=8), "the background"
    assert stage.stored_files(script_id) == stage.wanted_files(script_id)
    assert settles(stage, uid) == 1
    assert audit_user(db, uid) == []


def test_the_steps_of_a_video_only_advance(db: Database, files: Files, tmp_path: Path) -> None:
    seen: list[list[int]] = []

    def look(number: int) -> None:
        seen.append([step.progress for step in steps(stage.job(job_id))])

    stage = Stage(db, files, ScriptedEngine(look))
    script_id = stage.script(new_user(db), LONG)
    job_id = stage.start(script_id, VIDEO)
    stage.deliver_all()
    seen.append([step.progress for step in steps(stage.job(job_id))])
    assert all(x <= y for a, b in itertools.pairwise(seen) for x, y in zip(a, b, strict=True))
    assert seen[0][0] == 100, "validation completes before anything is spoken"
    assert seen[-1] == [100] * 5


def test_a_new_video_replaces_the_old_one(db: Database, files: Files) -> None:
    stage = Stage(db, files)
    script_id = stage.script(new_user(db))
    stage.start(script_id, VIDEO)
    stage.deliver_all()
    first = stage.read(script_id).video
    stage.start(script_id, VIDEO, resolution="720x1280", captions=False)
    stage.deliver_all()
    second = stage.read(script_id).video
    assert first is not None
    assert second is not None
    assert first.name != second.name
    assert None is not second.cues_path != first.cues_path, "captions come without being burnt in"
    assert stage.stored_files(script_id) == stage.wanted_files(script_id)


def own_files() -> Files:
    """A separate client whose methods can be replaced."""
    return Files.connect(PROJECT, test_settings().bucket, can_sign=False)


# A kill before a call finds the same state as a kill after the previous call. Videos render slowly,
# so for them only the latter is tested.
@pytest.mark.parametrize(
    ("spec", "after"),
    [(AUDIO, False), (AUDIO, True), (VIDEO, True)],
    ids=["audio, before", "audio, after", "video, after"],
)
@pytest.mark.slow
def test_a_job_killed_at_any_step_completes_once(
    db: Database, spec: JobSpec[Any, Any], after: bool
) -> None:
    """The worker dies at its first write, its second, … its last; each time the queue redelivers
    the unfinished task."""
    number, survived = 0, False
    while not survived:
        number += 1
        files, saboteur = own_files(), Saboteur(number, after=after)
        stage = Stage(db, files)
        uid = new_user(db)
        script_id = stage.script(uid, [(ADA, "Yes?"), (BEN, "No.")])
        job_id = stage.start(script_id, spec)
        for name in ("upload", "delete"):
            saboteur.around(files, name)
        commit = db.commit
        saboteur.around(db, "commit")
        try:
            while tasks := stage.queue.take():
                for task in tasks:
                    stage.deliver_through_kills(task)
        finally:
            db.commit = commit  # type: ignore[method-assign]
        survived = saboteur.calls < number
        assert stage.job(job_id).status is JobStatus.COMPLETED, f"killed at call {number}"
        assert settles(stage, uid) == 1
        assert stage.stored_files(script_id) == stage.wanted_files(script_id), number
        assert audit_user(db, uid) == []
    assert number > 5, "nothing was killed"


def test_killed_parts_reuse_their_spoken_lines(db: Database, files: Files) -> None:
    def die(number: int) -> None:
        if number in (3, 6, 9):
            raise Killed

    engine = ScriptedEngine(die)
    stage = Stage(db, files, engine)
    uid = new_user(db)
    script_id = stage.script(uid, LONG)
    job_id = stage.start(script_id, AUDIO)
    while tasks := stage.queue.take():
        for task in tasks:
            stage.deliver_through_kills(task)
    assert stage.job(job_id).status is JobStatus.COMPLETED
    assert engine.calls == len(LONG) + 3, "lines spoken before a kill are reused"
    assert settles(stage, uid) == 1
    assert stage.stored_files(script_id) == stage.wanted_files(script_id)


def test_a_cancelled_job_leaves_no_file_and_no_hold(db: Database, files: Files) -> None:
    def cancel(number: int) -> None:
        if number == 2:
            stage.jobs.cancel(job_id)

    stage = Stage(db, files, ScriptedEngine(cancel), LEASE_SECONDS=3)
    uid = new_user(db)
    script_id = stage.script(uid)
    job_id = stage.start(script_id, VIDEO)
    stage.deliver_all()
    assert stage.job(job_id).status is JobStatus.CANCELLED
    assert stage.stored_files(script_id) == set()
    assert stage.read(script_id).active_job_id is None
    balance = stage.wallet.balance(uid).tokens
    assert (balance.used, balance.held) == (0, 0)
    assert audit_user(db, uid) == []


@pytest.mark.parametrize("lines", [SCENE, LONG], ids=["one part", "parts"])
def test_a_worker_of_a_deleted_user_leaves_nothing(
    db: Database, files: Files, lines: list[tuple[str, str]]
) -> None:
    def erase(number: int) -> None:
        if number == 3:
            db.commit(Delete(f"jobs/{job_id}"), Delete(f"scripts/{script_id}"))

    stage = Stage(db, files, ScriptedEngine(erase))
    script_id = stage.script(new_user(db), lines)
    job_id = stage.start(script_id, AUDIO)
    stage.deliver_all()
    assert stage.stored_files(script_id) == set()


def test_tidying_leaves_the_files_of_a_job_that_starts_meanwhile(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(db, files)
    script_id = stage.script(new_user(db))
    job_id = stage.start(script_id, AUDIO)
    stage.deliver_all()
    job, get = stage.job(job_id), db.get
    path = f"{files_prefix(script_id)}lines/new.wav"

    def get_then_store(document: str) -> Document:
        found = get(document)
        files.upload(path, b"of the next job", "audio/wav")
        return found

    monkeypatch.setattr(db, "get", get_then_store)
    AUDIO.cleanup(stage.services).tidy(job)
    assert files.read(path) == b"of the next job"


def test_a_permanent_provider_failure_ends_the_job(db: Database, files: Files) -> None:
    def fail(number: int) -> None:
        raise SpeechError("speech_unavailable", "The speech server fails.", retryable=True)

    stage = Stage(db, files, ScriptedEngine(fail), MAX_ATTEMPTS=2)
    uid = new_user(db)
    script_id = stage.script(uid)
    job_id = stage.start(script_id, VIDEO)
    stage.deliver_all()
    job = stage.job(job_id)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code == "speech_unavailable"
    assert stage.wallet.balance(uid).tokens.held == 0
    assert stage.read(script_id).active_job_id is None


def test_a_failure_at_the_last_line_keeps_the_spoken_lines(db: Database, files: Files) -> None:
    def fail(number: int) -> None:
        if number == len(LONG):
            raise SpeechError("refused", "No.", retryable=False)

    engine = ScriptedEngine(fail)
    stage = Stage(db, files, engine)
    script_id = stage.script(new_user(db), LONG)
    stage.start(script_id, AUDIO)
    stage.deliver_all()
    kept = len(stage.stored_files(script_id))
    assert kept == 16, "eight lines with their word timings"
    job_id = stage.start(script_id, AUDIO)
    stage.deliver_all()
    assert stage.job(job_id).status is JobStatus.COMPLETED
    assert engine.calls == len(LONG) + 1


def test_the_script_keeps_its_lines_when_parts_expire(own_db: Database, files: Files) -> None:
    stage = Stage(own_db, files)
    script_id = stage.script(new_user(own_db), LONG)
    job_id = stage.start(script_id, AUDIO)
    stage.deliver_all()
    before = stage.stored_files(script_id)
    for number in (0, 1):
        own_db.commit(Update(f"jobs/{job_id}/parts/{number}", {"expiresAt": now()}))
    stage.sweeper.run()
    assert stage.jobs.parts(stage.job(job_id)) == []
    assert stage.stored_files(script_id) == before


def test_lines_of_only_punctuation_are_silent(db: Database, files: Files) -> None:
    stage = Stage(db, files)
    script_id = stage.script(new_user(db), [(ADA, "..."), (BEN, "Well?")])
    job_id = stage.start(script_id, AUDIO)
    stage.deliver_all()
    assert stage.job(job_id).status is JobStatus.COMPLETED


def test_a_dialogue_of_only_punctuation_fails(db: Database, files: Files) -> None:
    stage = Stage(db, files)
    uid = new_user(db)
    script_id = stage.script(uid, [(ADA, "..."), (BEN, "!!!")])
    job_id = stage.start(script_id, VIDEO)
    stage.deliver_all()
    error = stage.job(job_id).error
    assert error is not None
    assert error.code == "nothing_to_speak"
    assert files.list(files_prefix(script_id)) == []
    assert stage.wallet.balance(uid).tokens.held == 0


def sampled(files: Files, name: str, audio: bytes) -> dict[str, str]:
    path = f"static/audio_files/{name}-{len(audio)}.wav"
    files.upload(path, audio, "audio/wav")
    sha256 = hashlib.sha256(audio).hexdigest()
    return {"sample_path": path, "sample_sha256": sha256, "sample_text": f"I am {name}."}


def test_each_character_speaks_with_its_own_recording(db: Database, files: Files) -> None:
    engine = CloningEngine()
    stage = Stage(db, files, engine)
    script_id = stage.script(new_user(db))
    samples = {ADA: sampled(files, ADA, b"RIFF ada"), BEN: sampled(files, BEN, b"RIFF ben's")}
    stage.start(script_id, AUDIO, samples=samples)
    stage.deliver_all()
    spoken = [(r.audio, r.text) for r in engine.references if r]
    assert set(spoken[:1] + spoken[-1:]) == {(b"RIFF ada", "I am ada.")}
    assert (b"RIFF ben's", "I am ben.") in spoken


def test_lines_are_spoken_again_with_a_new_recording(db: Database, files: Files) -> None:
    engine = CloningEngine()
    stage = Stage(db, files, engine)
    script_id = stage.script(new_user(db), SCENE[:1])
    for audio in (b"RIFF one", b"RIFF one", b"RIFF another"):
        stage.start(script_id, AUDIO, samples={ADA: sampled(files, ADA, audio)})
        stage.deliver_all()
    assert [r.audio for r in engine.references if r] == [b"RIFF one", b"RIFF another"]


def test_a_missing_recording_fails_the_job(db: Database, files: Files) -> None:
    stage = Stage(db, files, CloningEngine())
    uid = new_user(db)
    script_id = stage.script(uid)
    gone = {"sample_path": "static/audio_files/gone.wav", "sample_sha256": "0"}
    job_id = stage.start(script_id, AUDIO, samples={ADA: gone})
    stage.deliver_all()
    error = stage.job(job_id).error
    assert error is not None
    assert (error.code, error.retryable) == ("reference_missing", False)
    assert stage.wallet.balance(uid).tokens.held == 0

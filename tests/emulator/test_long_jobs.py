"""Long audio and long videos: limits in seconds, files sent while they are made, and videos whose
parts are rendered apart. The sizes at which these begin are lowered to keep the tests quick."""

from __future__ import annotations

import io
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.support.audits import audit_user
from tests.support.factories import ScriptedEngine, Troupe, new_user
from tests.support.scripts import ADA, BEN, Stage
from tests.support.voice_jobs import LONG, SHORT, decoded_seconds, ledger_kinds, used_and_held
from troupe.adapters import storage
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files
from troupe.generations.specs import VOICE
from troupe.generations.writes import files_prefix
from troupe.jobs.records import JobStatus
from troupe.media.captions import cues_from_json
from troupe.recording import join
from troupe.scripts import film, worker
from troupe.scripts.length import OTHER_SPEAKER_SECONDS, SAME_SPEAKER_SECONDS
from troupe.scripts.specs import VIDEO
from troupe.speech import request
from troupe.speech.engine import Speech, SpeechRequest
from troupe.speech.errors import SpeechTooLong

ROOT = Path(__file__).parents[2]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results above 100 kB are sent in chunks of 256 kB while they are made."""
    monkeypatch.setattr(join, "LOCAL_BYTES", 100_000)
    monkeypatch.setattr(storage, "_SENT_CHUNK", 256 * 1024)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("form", ["wav", "flac", "mp3", "ogg"])
def test_a_large_file_is_sent_while_it_is_made(db: Database, files: Files, form: str) -> None:
    troupe = Troupe(db, files, PART_CHARACTERS=800)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG, format=form)
    troupe.deliver_all()
    speaking = troupe.generations.get(uid, generation_id)
    assert speaking.job.status is JobStatus.COMPLETED
    audio = speaking.generation.audio
    assert audio is not None
    assert audio.size == files.stat(audio.path).size == len(files.read(audio.path)) > 100_000
    assert files.stat(audio.path).content_type.startswith("audio/")
    assert decoded_seconds(troupe, uid, generation_id) == pytest.approx(audio.seconds, abs=0.1)
    sounds = [
        sound for part in troupe.jobs.parts(speaking.job) for sound in VOICE.payload_of(part).sounds
    ]
    assert len(sounds) > 3
    spoken = sum(sound.samples / sound.rate for sound in sounds)
    assert audio.seconds == pytest.approx(spoken, abs=0.01)


@pytest.mark.usefixtures("small")
def test_a_part_that_is_gone_is_spoken_again_before_the_header_is_sent(
    db: Database, files: Files
) -> None:
    troupe = Troupe(db, files, PART_CHARACTERS=800)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG, format="wav")
    (start,) = troupe.queue.take()
    assert troupe.deliver(start)
    for task in troupe.queue.take():
        assert troupe.deliver(task)
    job = troupe.jobs.get(generation_id)[0]
    sound = VOICE.payload_of(troupe.jobs.parts(job)[1]).sounds[0]
    files.delete(sound.files)
    troupe.deliver_all()
    speaking = troupe.generations.get(uid, generation_id)
    assert speaking.job.status is JobStatus.COMPLETED
    assert speaking.generation.audio is not None
    assert decoded_seconds(troupe, uid, generation_id) == pytest.approx(
        speaking.generation.audio.seconds, abs=0.01
    )


@pytest.mark.usefixtures("small")
def test_a_failure_while_a_file_is_sent_leaves_none(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    troupe = Troupe(db, files, PART_CHARACTERS=800, MAX_ATTEMPTS=1)
    uid = new_user(db)
    generation_id = troupe.speak(uid, LONG, format="wav")
    (start,) = troupe.queue.take()
    assert troupe.deliver(start)
    for task in troupe.queue.take():
        assert troupe.deliver(task)
    whole = join.write_takes

    def broken(*arguments: Any) -> Any:
        whole(*arguments)
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(join, "write_takes", broken)
    troupe.deliver_all()
    assert troupe.jobs.get(generation_id)[0].status is JobStatus.FAILED
    assert files.list(files_prefix(uid, generation_id)) == []
    assert used_and_held(troupe, uid)[1] == 0


def test_too_long_a_text_is_refused_before_anything_is_held(db: Database, files: Files) -> None:
    troupe = Troupe(db, files, MAX_AUDIO_SECONDS=60)
    uid = new_user(db)
    with pytest.raises(SpeechTooLong) as refused:
        troupe.speak(uid, LONG)
    details: Any = refused.value.details
    assert details["maximum"] == 60
    assert 60 < details["secondsAbout"] < 600
    assert "Send less text" in str(refused.value)
    assert ledger_kinds(db, uid) == ["grant"]
    assert used_and_held(troupe, uid) == (0, 0)
    troupe.speak(uid, SHORT)


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_the_limit_counts_the_speed_and_the_script(
    db: Database, files: Files, speed: float
) -> None:
    troupe = Troupe(db, files, MAX_AUDIO_SECONDS=200)
    english, chinese = "The bell rings. " * 100, "人人生而自由平等。" * 177
    assert len(english) == 1600
    assert len(chinese) == 1593
    troupe.speak(new_user(db), english, speed=speed)
    with pytest.raises(SpeechTooLong):
        troupe.speak(new_user(db), chinese, speed=speed, language="cmn")


def test_speech_longer_than_allowed_fails_and_costs_nothing_beyond_the_hold(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The estimate said a second; the text takes several."""
    monkeypatch.setattr(request, "seconds_about", lambda *_: 1.0)
    troupe = Troupe(db, files, MAX_AUDIO_SECONDS=2)
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    troupe.deliver_all()
    job = troupe.jobs.get(generation_id)[0]
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert (job.error.code, job.error.retryable) == ("speech_too_long", False)
    assert used_and_held(troupe, uid)[1] == 0
    assert files.list(files_prefix(uid, generation_id)) == []
    assert audit_user(db, uid) == []


class Endless(ScriptedEngine):
    """Never gets to the end of a sentence."""

    def synthesize(self, request: SpeechRequest) -> Speech:
        speech = self.engine.synthesize(request)
        loud = np.tile(np.array([5000, -5000], np.int16), 30 * 22050)
        return Speech(loud, 22050, speech.words, speech.timing_source)


def test_an_engine_that_does_not_stop_is_stopped(db: Database, files: Files) -> None:
    troupe = Troupe(db, files, Endless())
    uid = new_user(db)
    generation_id = troupe.speak(uid, SHORT)
    troupe.deliver_all()
    error = troupe.jobs.get(generation_id)[0].error
    assert error is not None
    assert error.code == "speech_too_long"


def heard_in(video: bytes, rate: int = 22050) -> np.ndarray:
    with av.open(io.BytesIO(video), "r") as container:
        resampler = av.AudioResampler("s16", "mono", rate)
        frames = [*container.decode(audio=0), None]
        return np.concatenate(
            [part.to_ndarray()[0] for frame in frames for part in resampler.resample(frame)]
        ).astype(float)


def test_a_long_video_is_rendered_in_parts(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film, "SHORT_SECONDS", 0.0)
    monkeypatch.setattr(worker, "PART_SECONDS", 3.0)
    stage = Stage(db, files)
    uid = new_user(db)
    lines = [(ADA if n % 3 else BEN, f"This is line number {n} of the play.") for n in range(6)]
    script_id = stage.script(uid, lines)
    job_id = stage.start(script_id, VIDEO)
    (start,) = stage.queue.take()
    assert stage.deliver(start)
    for task in stage.queue.take():
        assert stage.deliver(task)
    job = stage.job(job_id)
    parts = [VIDEO.payload_of(part) for part in stage.jobs.parts(job)]
    assert len(parts) == job.parts_total > 2
    segments = [part.segment for part in parts]
    stage.deliver_all()
    assert stage.job(job_id).status is JobStatus.COMPLETED
    video = stage.read(script_id).video
    assert video is not None
    frames = sum(segment.frames for segment in segments if segment)
    assert video.seconds == frames / 25
    data = files.read(video.path)
    with av.open(io.BytesIO(data), "r") as container:
        assert len([frame.pts for frame in container.decode(video=0)]) == frames
    # The captions are those of all parts, at their places in the whole.
    cues = cues_from_json(files.read(video.cues_path or ""))
    assert [" ".join(cue.text.split()) for cue in cues] == [text for _, text in lines]
    starts = list(itertools.accumulate((s.frames / 25 for s in segments if s), initial=0.0))
    firsts = itertools.accumulate((len(part.sounds) for part in parts), initial=0)
    for first, begun in zip(list(firsts)[:-1], starts, strict=False):
        assert begun <= cues[first].start < begun + 0.6
    # The sound of each part starts with its picture.
    heard, at = heard_in(data), 0.0
    for number, part in enumerate(parts):
        sound = part.sounds[0]
        with av.open(io.BytesIO(files.read(sound.path)), "r") as container:
            meant = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
        pause = SAME_SPEAKER_SECONDS if lines_alike(lines, parts, number) else OTHER_SPEAKER_SECONDS
        begin = round((at + (pause if number else 0.0)) * 22050)
        window = meant[2000:13000].astype(float)
        best = max(
            range(-400, 401, 10),
            key=lambda s: float(np.dot(window, heard[begin + 2000 + s : begin + 13000 + s])),
        )
        assert abs(best) <= 110, f"part {number} is {best / 22.05:.0f} ms off"
        assert part.segment is not None
        at += part.segment.frames / 25
    assert stage.stored_files(script_id) == stage.wanted_files(script_id), "segments are deleted"
    assert audit_user(db, uid) == []


def lines_alike(lines: list[tuple[str, str]], parts: list[Any], number: int) -> bool:
    """Whether the first line of a part continues the speaker before it."""
    first = sum(len(part.sounds) for part in parts[:number])
    return lines[first - 1][0] == lines[first][0]


def test_a_video_longer_than_allowed_fails(
    db: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shortest in (0.0, 600.0):
        monkeypatch.setattr(film, "SHORT_SECONDS", shortest)
        stage = Stage(db, files, MAX_VIDEO_SECONDS=2)
        script_id = stage.script(new_user(db))
        job_id = stage.start(script_id, VIDEO)
        stage.deliver_all()
        error = stage.job(job_id).error
        assert error is not None
        assert error.code == "speech_too_long"
        assert stage.stored_files(script_id) <= stage.wanted_files(script_id) | {
            path
            for part in stage.jobs.parts(stage.job(job_id))
            for path in VIDEO.payload_of(part).files
        }


def measured(*arguments: str) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "functions")}
    command = [sys.executable, "-m", "tests.support.long_work", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    print(arguments, result)
    return result


@pytest.mark.slow
def test_memory_does_not_grow_with_the_audio() -> None:
    """200,000 Japanese characters are 24 hours and 3.8 GB of WAV; here are a 32nd and an eighth."""
    small, large = (measured("audio", "wav", str(86_000 // share)) for share in (32, 8))
    assert large["bytes"] > 2.9 * small["bytes"] > 3e8
    assert large["peak"] < 300
    assert large["peak"] - small["peak"] < 20
    assert large["local"] < 100


@pytest.mark.slow
def test_memory_does_not_grow_with_the_video() -> None:
    """Here are a few minutes in short parts, of which those of one length share a picture."""
    small, large = (measured("video", "#203040", str(s), "10") for s in (50, 150))
    assert large["parts"] > 2.9 * small["parts"]
    assert large["peak"] < 400
    assert large["peak"] - small["peak"] < 40
    # The finished file and its sound.
    assert large["local"] < 3.2 * small["local"] < 60

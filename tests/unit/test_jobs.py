"""The status changes of jobs, and how the API shows their progress."""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.jobs import COUNT, Sum
from troupe.adapters.firestore import Database, Document, Update, now
from troupe.app.domains import DOMAINS, job_specs
from troupe.errors import Unavailable
from troupe.generations.specs import VOICE
from troupe.jobs import lease
from troupe.jobs.errors import IllegalTransition
from troupe.jobs.progress import overall_progress, steps_of
from troupe.jobs.records import TRANSITIONS, Charge, Job, JobStatus, Part, StepState
from troupe.jobs.specs import Step, registry
from troupe.jobs.writes import ended_writes, move_write
from troupe.scripts.specs import VIDEO
from troupe.speech.catalogue import DEFAULT_STYLE
from troupe.wallet.records import Meter

AT = now()
ALLOWED = {
    ("queued", "in_progress"),
    ("queued", "failed"),
    ("queued", "cancelled"),
    ("in_progress", "in_progress"),
    ("in_progress", "completed"),
    ("in_progress", "failed"),
    ("in_progress", "cancelled"),
}


def job(**changes: Any) -> Job:
    base = {
        "id": "a",
        "kind": VOICE.kind,
        "uid": "u",
        "subject": "generations/a",
        "request_hash": "h",
        "created_at": AT,
        "updated_at": AT,
    }
    return Job(**(base | changes))


def test_a_part_goes_on_if_its_job_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Down:
        def get_all(self, *_: Any, **__: Any) -> Any:
            raise Unavailable

    monkeypatch.setattr(lease, "PART_CHECK", timedelta(-1))
    watch = lease.PartWatch(cast(Database, Down()), "a")
    watch.check()


@pytest.mark.parametrize(("before", "after"), list(itertools.product(JobStatus, JobStatus)))
def test_every_status_change_is_allowed_or_rejected(before: JobStatus, after: JobStatus) -> None:
    seen = Document("jobs/a", job(status=before).stored(), True, AT)
    if (before, after) in ALLOWED:
        write = move_write(job(status=before), VOICE, seen, after, AT, {})
        assert (write.data["status"], write.seen) == (after, seen)
    else:
        with pytest.raises(IllegalTransition):
            move_write(job(status=before), VOICE, seen, after, AT, {})


def test_statuses_without_a_next_status_have_ended() -> None:
    assert {status for status in JobStatus if status.ended} == {"completed", "failed", "cancelled"}
    assert set(TRANSITIONS) == set(JobStatus)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"steps": (Step("reading", 10), Step("adding", 60))}, "must add up to 100"),
        ({"parts_step": "result"}, "must follow its parts step, result"),
        ({"parts_step": "speech"}, "must follow its parts step, speech"),
    ],
)
def test_an_invalid_spec_is_rejected(changes: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        replace(COUNT, **changes)


def test_a_kind_has_only_one_spec() -> None:
    with pytest.raises(ValueError, match="the same kind"):
        registry(COUNT, VOICE, replace(COUNT, queue="another"))


def test_the_registered_kinds_and_queues() -> None:
    assert set(job_specs()) == {
        *("voice", "script_audio", "script_line", "video"),
        *("export", "transcription", "bulk", "company_export", "dubbing", "sample_text", "tab"),
        *("message_speech", "message_transcript", "room_clearing", "call_message"),
        "call_recording",
    }
    assert all(spec.kind == kind for kind, spec in job_specs().items())
    assert sum(len(domain.job_specs) for domain in DOMAINS) == len(job_specs())
    assert {spec.queue for spec in job_specs().values()} == {"generate", "listen", "dub", "relay"}


def test_jobs_import_no_domain_of_their_kinds() -> None:
    """Neither speech nor anything else that only some kinds of job need."""
    code = (
        "import sys\n"
        "from troupe.jobs import lifecycle, runner, schemas, service, sweep\n"
        "known = 'speech media recognition recording generations scripts characters'.split()\n"
        "known += ['transcriptions', 'dubbing']\n"
        "print([m for m in sys.modules for k in known if m.startswith(f'troupe.{k}')])"
    )
    functions = Path(__file__).parents[2] / "functions"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=functions, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_a_part_stores_the_payload_of_its_kind() -> None:
    stored = {"payload": {"total": 7}, "units": 3, "expiresAt": AT}
    part = Part.of(Document("jobs/a/parts/2", stored, True, AT))
    assert (part.id, part.units) == ("2", 3)
    assert COUNT.payload_of(part) == Sum(total=7)
    assert part.stored() == stored


def test_a_part_in_the_old_format_is_read() -> None:
    sound = {"path": "speech/u/1.wav", "samples": 9, "rate": 22050, "timingSource": "engine"}
    stored = {"sounds": [sound | {"words": "[]"}], "units": 8, "subject": None, "expiresAt": AT}
    part = Part.of(Document("jobs/a/parts/0", stored, True, AT))
    assert (part.id, part.units, part.expires_at) == ("0", 8, AT)
    (found,) = VOICE.payload_of(part).sounds
    assert found.files == ["speech/u/1.wav", "speech/u/1.wav.json"]
    assert (found.samples, found.words) == (9, "[]")
    assert Part.of(Document("jobs/a/parts/0", part.stored(), True, AT)) == part


def test_the_input_of_a_voice_job_in_the_old_format_is_read() -> None:
    before = {
        "text": "Good evening.",
        "language": "en-us",
        "voice_type": "female",
        "voice_style": "neutral",
        "character_id": "abc",
        "speed": 1.5,
        "format": "mp3",
    }
    given = VOICE.input_of(job(input=before))
    assert (given.text, given.voice_type, given.speed) == ("Good evening.", "female", 1.5)
    assert given.sample_path is None
    character = {
        "sample_path": "static/audio_files/abc.wav",
        "sample_sha256": "0" * 64,
        "sample_text": "I am Ada.",
        "nfe_steps": 16,
        "cross_fade_duration": 0.5,
        "remove_silences": True,
    }
    given = VOICE.input_of(job(input=before | {"character": character}))
    assert given.model_dump(include=set(character)) == character
    assert (given.speed, given.language) == (1.5, "en-us")
    assert VOICE.input_of(job(input=given.stored())) == given


def test_the_input_of_a_script_job_in_the_old_format_is_read() -> None:
    performer = {
        "id": "ada",
        "name": "Ada",
        "language": "en-us",
        "voiceType": "female",
        "speed": 1.1,
        "nfeSteps": 32,
        "crossFadeDuration": 0.15,
        "removeSilences": False,
        "samplePath": None,
        "sampleSha256": None,
        "sampleText": "",
        "dictionaryId": None,
        "dictionaryVersion": None,
        "dictionarySha256": None,
        "images": ["a.png"],
    }
    before = {
        "scriptId": "s",
        "revision": 2,
        "title": "The Bell",
        "lines": [{"speaker": "ada", "text": "Yes?", "audio": None}],
        "performers": {"ada": performer},
    }
    given = VIDEO.input_of(job(kind=VIDEO.kind, input=before))
    ada = given.performers["ada"]
    assert (ada.id, ada.voice_type, ada.voice_style) == ("ada", "female", DEFAULT_STYLE)
    kept = {name: value for name, value in performer.items() if name != "id"}
    assert ada.stored() == kept | {"voiceStyle": DEFAULT_STYLE, "engine": "", "voiceId": ""}


def test_progress_never_decreases_and_ends_at_100() -> None:
    parts = 7
    cuts = list(range(parts + 1))
    started = {"speech": StepState(started_at=AT)}
    spoken = {
        "speech": StepState(started_at=AT, completed_at=AT),
        "assembly": StepState(started_at=AT),
    }
    running: dict[str, Any] = {"status": JobStatus.IN_PROGRESS, "cuts": cuts, "fanned_out": True}
    life = [
        job(),
        *(job(**running, steps=started, parts_done=done) for done in range(parts + 1)),
        job(**running, steps=spoken, parts_done=parts),
        job(status=JobStatus.COMPLETED, cuts=cuts, steps=spoken, parts_done=parts),
    ]
    progress = [overall_progress(each, VOICE) for each in life]
    assert progress == sorted(progress)
    assert (progress[0], progress[-1]) == (0, 100)
    assert all(each < 100 for each in progress[:-1])


def test_steps_show_status_progress_and_message() -> None:
    running = job(
        status=JobStatus.IN_PROGRESS,
        cuts=[0, 1, 2, 3],
        parts_done=1,
        steps={"speech": StepState(started_at=AT)},
    )
    speech, assembly = steps_of(running, VOICE)
    assert (speech.status, speech.progress) == ("in_progress", 33)
    assert speech.message == "Speaking the text (1/3 parts completed)"
    assert (assembly.status, assembly.progress) == ("pending", 0)


def test_a_step_shows_its_default_message_until_the_worker_reports_one() -> None:
    said = [
        steps_of(job(kind="count", steps={"result": StepState(started_at=AT, message=m)}), COUNT)
        for m in ("", "Nearly there")
    ]
    assert [steps[-1].message for steps in said] == ["Adding the sums", "Nearly there"]


def test_seconds_are_rounded_up_and_charged_up_to_the_hold() -> None:
    minutes = Charge(meter=Meter.VOICE_SECONDS, held=10, remaining_tokens=0)
    assert [minutes.of_seconds(seconds) for seconds in (2.1, 10.0, 11.5)] == [3, 10, 10]
    assert Charge(meter=Meter.TOKENS, held=4, remaining_tokens=0).of_seconds(2.1) == 4


def test_ending_a_job_without_a_hold_does_not_touch_the_wallet() -> None:
    seen = Document("jobs/a", job().stored(), True, AT)
    (write,) = ended_writes(job(), VOICE, seen, JobStatus.CANCELLED, AT)
    assert isinstance(write, Update)
    assert write.path == "jobs/a"
    assert not any(name.startswith("charge") for name in write.data)

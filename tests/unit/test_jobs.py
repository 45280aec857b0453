"""The states of a job, and what people see of its progress."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from troupe.adapters.firestore import Document, now
from troupe.jobs.records import (
    STEPS,
    TRANSITIONS,
    Charge,
    Job,
    JobKind,
    JobStatus,
    StepState,
    overall_progress,
    view_steps,
)
from troupe.jobs.writes import IllegalTransition, move_write
from troupe.wallet.records import Meter

AT = now()
LEGAL = {
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
        "kind": JobKind.VOICE,
        "uid": "u",
        "subject": "generations/a",
        "request_hash": "h",
        "charge": Charge(meter=Meter.TOKENS, held=1, remaining_tokens=1),
        "created_at": AT,
        "updated_at": AT,
    }
    return Job(**(base | changes))


@pytest.mark.parametrize(("before", "after"), list(itertools.product(JobStatus, JobStatus)))
def test_every_pair_of_states_is_legal_or_refused(before: JobStatus, after: JobStatus) -> None:
    seen = Document("jobs/a", {}, True, AT)
    if (before, after) in LEGAL:
        write = move_write(job(status=before), seen, after, AT, {})
        assert (write.data["status"], write.seen) == (after, seen)
    else:
        with pytest.raises(IllegalTransition):
            move_write(job(status=before), seen, after, AT, {})


def test_states_without_a_way_out_have_ended() -> None:
    assert {status for status in JobStatus if status.ended} == {"completed", "failed", "cancelled"}
    assert set(TRANSITIONS) == set(JobStatus)


def test_weights_of_the_steps_are_the_whole() -> None:
    for steps in STEPS.values():
        assert sum(weight for _, weight in steps) == 100


def test_progress_only_grows_and_ends_at_a_hundred() -> None:
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
    progress = [overall_progress(each) for each in life]
    assert progress == sorted(progress)
    assert (progress[0], progress[-1]) == (0, 100)
    assert all(each < 100 for each in progress[:-1])


def test_steps_say_what_is_going_on() -> None:
    running = job(
        status=JobStatus.IN_PROGRESS,
        cuts=[0, 1, 2, 3],
        parts_done=1,
        steps={"speech": StepState(started_at=AT)},
    )
    speech, assembly = view_steps(running)
    assert (speech.status, speech.progress) == ("in_progress", 33)
    assert speech.message == "Speaking the text (1/3 parts completed)"
    assert (assembly.status, assembly.progress) == ("pending", 0)

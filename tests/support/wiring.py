"""The app's own wiring, with the queue in the test's hands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.factories import HeldQueue
from troupe import wiring
from troupe.jobs.service import TaskSender


@contextmanager
def held_queue() -> Iterator[HeldQueue]:
    """Tasks of the wired services wait in the queue that this gives."""
    held = HeldQueue()
    cached = (wiring.jobs, wiring.voice, wiring.scripts, wiring.script_jobs, wiring.runner)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "sender", lambda: TaskSender(held, wiring.job_specs()))
        for service in cached:
            service.cache_clear()
        yield held
    for service in cached:
        service.cache_clear()


@pytest.fixture
def queue(emulators: object) -> Iterator[HeldQueue]:
    with held_queue() as held:
        yield held


def deliver(queue: HeldQueue) -> None:
    """Does the work that waits, and what comes of it."""
    while tasks := queue.take():
        for task in tasks:
            wiring.runner().run(task["jobId"], task.get("part"))

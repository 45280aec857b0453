"""The app's own wiring on the emulators, but for the queue, whose deliveries the test makes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import HeldQueue
from troupe import wiring
from troupe.jobs.service import TaskSender


@pytest.fixture
def queue(emulators: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldQueue]:
    held = HeldQueue()
    cached = (wiring.jobs, wiring.voice, wiring.scripts, wiring.performances, wiring.runner)
    monkeypatch.setattr(wiring, "sender", lambda: TaskSender(held))
    for service in cached:
        service.cache_clear()
    yield held
    for service in cached:
        service.cache_clear()

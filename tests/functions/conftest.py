"""The app's own wiring on the emulators, but for the queue, whose deliveries the test makes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import HeldQueue
from tests.wired import held_queue


@pytest.fixture
def queue(emulators: object) -> Iterator[HeldQueue]:
    with held_queue() as held:
        yield held

"""The job that deletes the history of a room."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan
from troupe.rooms.clearing import RoomClearing
from troupe.rooms.clearing_records import Cleared, ClearingInput


class RoomClearingWorker:
    def __init__(self, clearing: RoomClearing) -> None:
        self._clearing = clearing

    def plan(self, job: Job, given: ClearingInput) -> WorkPlan:
        return WorkPlan([0, 1])

    def run_part(
        self, job: Job, given: ClearingInput, number: int, folder: Path, watch: Watch
    ) -> Cleared:
        report = partial(watch.report, "messages")
        return Cleared(messages=self._clearing.delete(given.room_id, watch.check, report))

    def assemble(
        self,
        job: Job,
        given: ClearingInput,
        done: Sequence[Cleared],
        folder: Path,
        watch: Watch,
    ) -> Outcome:
        return Outcome([])

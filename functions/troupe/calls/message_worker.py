"""The job that sends a message about a call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from troupe.calls.invitation_records import MessageInput, Sent
from troupe.calls.messages import CallMessages
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan


class CallMessageWorker:
    def __init__(self, messages: CallMessages) -> None:
        self._messages = messages

    def plan(self, job: Job, given: MessageInput) -> WorkPlan:
        return WorkPlan([0, 1])

    def run_part(
        self, job: Job, given: MessageInput, number: int, folder: Path, watch: Watch
    ) -> Sent:
        """Raises WorkError."""
        watch.check()
        return Sent(sent_as=self._messages.send(given.message_id))

    def assemble(
        self, job: Job, given: MessageInput, done: Sequence[Sent], folder: Path, watch: Watch
    ) -> Outcome:
        return Outcome([])

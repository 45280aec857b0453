"""The kind of job that sends a message about a call. It is free."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from troupe.calls.invitation_records import MessageInput, Sent
from troupe.jobs.cleanup import Cleanup
from troupe.jobs.records import Job
from troupe.jobs.specs import JobSpec, Step
from troupe.rooms.queue import QUEUE


class MessageCleanup(Cleanup):
    def __init__(self, settle: Callable[[Job], None]) -> None:
        """`settle`: see CallMessages."""
        self._settle = settle

    def tidy(self, job: Job) -> None:
        self._settle(job)


def _cleanup(services: Any) -> Cleanup:
    return MessageCleanup(services.call_messages.settle)


CALL_MESSAGE = JobSpec(
    kind="call_message",
    steps=(Step("delivery", 99), Step("record", 1)),
    parts_step="delivery",
    parts_message="Sending the message",
    input=MessageInput,
    payload=Sent,
    worker=attrgetter("call_message_worker"),
    cleanup=_cleanup,
    queue=QUEUE,
    prompt=True,
    caused=True,
)

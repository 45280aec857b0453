"""The kind of job that deletes the history of a room. It is free."""

from __future__ import annotations

from operator import attrgetter

from troupe.jobs.specs import JobSpec, Step
from troupe.rooms.clearing_records import Cleared, ClearingInput
from troupe.rooms.queue import QUEUE

ROOM_CLEARING = JobSpec(
    kind="room_clearing",
    steps=(Step("messages", 99), Step("history", 1)),
    parts_step="messages",
    parts_message="Deleting messages",
    input=ClearingInput,
    payload=Cleared,
    worker=attrgetter("room_clearing_worker"),
    queue=QUEUE,
    prompt=True,
)

"""Recordings of calls as they are stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from troupe.calls.records import RECORDINGS, RecordingEnd
from troupe.records import Record

COLLECTION = RECORDINGS
PARTS = "parts"
KIND = "call_recording"

MOST_SECONDS = 3600
MOST_BYTES = 256 * 1024 * 1024  # of all parts together
MOST_PART_BYTES = 16 * 1024 * 1024
MOST_PARTS = 2_000


class RecordingState(StrEnum):
    """`stopping`: the rest may still arrive. `processing`: its job makes the file. Each state but
    the last two has a time after which the sweep ends it, so none blocks another recording."""

    REQUESTED = "requested"
    STARTING = "starting"
    RECORDING = "recording"
    STOPPING = "stopping"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"

    @property
    def takes_parts(self) -> bool:
        return self in (self.STARTING, self.RECORDING, self.STOPPING)

    @property
    def is_final(self) -> bool:
        return self in (self.READY, self.FAILED)


class RecordingFile(Record):
    """An MP4 in Cloud Storage. `size` in bytes."""

    path: str
    size: int
    seconds: float
    width: int
    height: int


class CallRecording(Record):
    """`callRecordings/{id}`. `uid`: whose browser records, and sends the parts. `source`: `parts`
    of a browser, or `egress` of a media server. `consented`: the users who have agreed. `parts`,
    `size` (bytes): what has arrived. `milliseconds`: how long it was recorded, by the clock, which
    is what was paid; `counted_at`: up to when; `used`: the same, by tab. `paused_at`: since when
    nothing may be recorded. `end_reason`: why it ended; `error`: why there is no file. `due_at`:
    when the sweep looks at it."""

    id: str
    call_id: str
    company_id: str
    uid: str
    name: str = ""
    source: Literal["parts", "egress"] = "parts"
    state: RecordingState = RecordingState.REQUESTED
    consented: list[str] = Field(default_factory=list)
    parts: int = 0
    size: int = 0
    milliseconds: int = 0
    counted_at: datetime | None = None
    used: dict[str, int] = Field(default_factory=dict)
    paused_at: datetime | None = None
    end_reason: RecordingEnd | None = None
    error: str | None = None
    file: RecordingFile | None = None
    due_at: datetime
    started_at: datetime
    recorded_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime


class RecordingPart(Record):
    """`callRecordings/{id}/parts/{seq}`: a piece of the stream that a browser has recorded."""

    id: str
    path: str
    size: int
    sha256: str


class RecordingInput(Record):
    """What the job joins. `milliseconds`: as much as was paid. `declined`: somebody has ended it,
    so it is no longer than that."""

    call_id: str
    company_id: str
    recording_id: str
    parts: int
    milliseconds: int
    declined: bool = False


class Nothing(Record):
    """The result of the only part: all is read when the file is made."""

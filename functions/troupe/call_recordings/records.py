"""Recordings of calls as they are stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from troupe.calls.records import RECORDINGS, RecordingEnd, RecordingSource
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


class EgressRun(Record):
    """What LiveKit records without an interruption: a part, once its file is there, at `path`.
    `session`: of the live recording; its end is that of the run. `id`: LiveKit's, "" until it is
    known. `active_at`: since when it surely records, and so what may be kept of its file;
    `milliseconds`: how much of that is counted, up to `counted_at`. `stopped`: LiveKit records
    nothing more."""

    session: int
    path: str
    id: str = ""
    asked_at: datetime
    active_at: datetime | None = None
    counted_at: datetime | None = None
    milliseconds: int = 0
    stopped: bool = False


class CallRecording(Record):
    """`callRecordings/{id}`. `uid`: whose browser records, and sends the parts, or who has started
    it. `source`: `parts` of a browser, or `egress` of LiveKit. `consented`: the users who have
    agreed. `parts`, `size` (bytes): what has arrived. `milliseconds`: how long it was recorded, by
    the clock, which is what was paid; `counted_at`: up to when; `used`: the same, by tab.
    `paused_at`: since when nothing may be recorded. `end_reason`: why it ended; `error`: why there
    is no file. `due_at`: when the sweep looks at it.

    Of LiveKit's: `runs`: those whose files are not there yet, by the numbers of their parts;
    `begun`: how many there have been, of which `failures` have ended by themselves. `held`: when
    each session ended, if the recording did not end with it."""

    id: str
    call_id: str
    company_id: str
    uid: str
    name: str = ""
    source: RecordingSource = "parts"
    state: RecordingState = RecordingState.REQUESTED
    consented: list[str] = Field(default_factory=list)
    parts: int = 0
    size: int = 0
    milliseconds: int = 0
    counted_at: datetime | None = None
    used: dict[str, int] = Field(default_factory=dict)
    runs: dict[str, EgressRun] = Field(default_factory=dict)
    begun: int = 0
    failures: int = 0
    held: dict[str, datetime] = Field(default_factory=dict)
    paused_at: datetime | None = None
    end_reason: RecordingEnd | None = None
    error: str | None = None
    file: RecordingFile | None = None
    due_at: datetime
    started_at: datetime
    recorded_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime

    @property
    def heard_at(self) -> datetime | None:
        """When LiveKit last said that it records what may be recorded."""
        counted = [run.counted_at for run in self.runs.values() if run.counted_at]
        goes_on = self.state is RecordingState.RECORDING and self.paused_at is None
        return max(counted, default=None) if goes_on else None


class RecordingPart(Record):
    """`callRecordings/{id}/parts/{seq}`: a piece of the stream that a browser has recorded, or a
    film of LiveKit's, of which so many `milliseconds` may be kept."""

    id: str
    path: str
    size: int
    sha256: str = ""
    milliseconds: int = 0


class RecordingInput(Record):
    """What the job joins. `milliseconds`: as much as was paid. `declined`: somebody has ended it,
    so it is no longer than that. `films`: the parts are films, of each of which no more is kept
    than may be."""

    call_id: str
    company_id: str
    recording_id: str
    parts: int
    milliseconds: int
    declined: bool = False
    films: bool = False


class Nothing(Record):
    """The result of the only part: all is read when the file is made."""

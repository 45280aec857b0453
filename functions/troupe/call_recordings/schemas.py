"""What the operations on recordings of calls take and answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from troupe.call_recordings.records import MOST_PARTS, CallRecording, RecordingState
from troupe.call_recordings.service import Action
from troupe.calls.records import RecordingEnd, RecordingSource
from troupe.web.media import MediaUrl
from troupe.web.schema import Id, Schema, example
from troupe.web.upload import Form, Upload


class RecordingBody(Schema):
    model_config = example({"action": "consent", "recordingId": "ID_OF_A_RECORDING"})

    action: Action = Field(
        description="`start` and `stop` are for hosts; everybody in the call can `consent` and "
        "`decline`, at any time."
    )
    recording_id: Id | None = Field(
        None,
        description="Required for `consent`, which is to that recording alone; of `decline` and "
        "`stop`, so that a repeat ends no other. For `stop` by who has recorded, also after the "
        "call: all parts have been sent, and the file is made.",
    )

    @model_validator(mode="after")
    def _to_one(self) -> Self:
        if self.action == "consent" and self.recording_id is None:
            raise PydanticCustomError("recording_id", "`consent` needs a `recordingId`")
        return self


class PartForm(Form):
    model_config = example({"recordingId": "ID_OF_A_RECORDING", "seq": "0"})

    recording_id: Id
    seq: Annotated[int, Field(ge=0, lt=MOST_PARTS)] = Field(
        description="The number of the part, from 0 on."
    )
    part: Upload = Field(
        description="The next piece of one WebM or MP4 stream, at most 16 MB: what a MediaRecorder "
        "hands over, as it is."
    )


class RecordingPath(Schema):
    call_id: Id
    recording_id: Id


class RecordingFileView(Schema):
    url: MediaUrl
    size: int = Field(description="Bytes.")
    seconds: float
    width: int
    height: int


class RecordingView(Schema):
    id: str
    call_id: str
    user_id: str = Field(description="Whose browser records, or who has started it.")
    name: str
    source: RecordingSource = Field(description="`parts` of a browser, or `egress` of LiveKit.")
    state: RecordingState
    consented: list[str] = Field(description="The ids of the users who have agreed.")
    parts: int = Field(description="How many have been received, and so the number of the next.")
    end_reason: RecordingEnd | None = Field(description="Why it ended.")
    error: str | None = Field(description="The code of why there is no file.")
    file: RecordingFileView | None
    started_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, recording: CallRecording) -> Self:
        same = ("id", "call_id", "name", "source", "state", "consented", "parts")
        why = ("end_reason", "error")
        file = recording.file
        url = f"/api/calls/{recording.call_id}/recordings/{recording.id}/file"
        shown = file and RecordingFileView(url=url, **file.model_dump(exclude={"path"}))
        return cls(
            **{name: getattr(recording, name) for name in same + why},
            user_id=recording.uid,
            file=shown,
            started_at=recording.started_at,
            ended_at=recording.ended_at,
        )


class RecordingData(Schema):
    recording: RecordingView

    @classmethod
    def of(cls, recording: CallRecording) -> Self:
        return cls(recording=RecordingView.of(recording))


class ReceivedData(Schema):
    received: int = Field(description="How many parts have been received.")


class RecordingsData(Schema):
    recordings: list[RecordingView]

    @classmethod
    def of(cls, recordings: Sequence[CallRecording]) -> Self:
        return cls(recordings=[RecordingView.of(each) for each in recordings])

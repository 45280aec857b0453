"""What the events of calls are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from troupe.calls.events import EventName, Happened
from troupe.calls.live_schemas import EndsAt, LiveRecordingView, ParticipantView
from troupe.calls.records import (
    Call,
    CallMedia,
    CallStatus,
    EndReason,
)
from troupe.calls.signal_records import Signal, SignalType
from troupe.web.following import EventsData
from troupe.web.schema import Schema


class SignalView(Schema):
    id: str
    sender: str = Field(alias="from", description="The participant who sent it.")
    to: str
    type: SignalType
    payload: Any
    at: datetime

    @classmethod
    def of(cls, signal: Signal) -> Self:
        return cls(
            payload=signal.content, **signal.model_dump(include={*cls.model_fields} - {"payload"})
        )


class CallStateView(Schema):
    """What everybody in a call sees of it."""

    id: str
    status: CallStatus
    end_reason: EndReason | None
    title: str
    media: CallMedia
    started_at: datetime | None
    ended_at: datetime | None
    ends_at: EndsAt
    recording: LiveRecordingView | None

    @classmethod
    def of(cls, call: Call) -> Self:
        same = call.model_dump(include={*cls.model_fields} - {"recording"})
        return cls(**same, recording=LiveRecordingView.of(call.recording))


class CallEventView(Schema):
    """What an event is about: a signal, a participant, or the call."""

    event: EventName
    signal: SignalView | None
    participant: ParticipantView | None
    participant_id: str = Field(description="Of the one who came, left or changed; else empty.")
    call: CallStateView | None

    @classmethod
    def of(cls, happened: Happened) -> Self:
        return cls(
            event=happened.name,
            signal=happened.signal and SignalView.of(happened.signal),
            participant=happened.participant and ParticipantView.of(happened.participant),
            participant_id=happened.participant_id,
            call=happened.call and CallStateView.of(happened.call),
        )


class CallEventsData(EventsData):
    events: list[CallEventView]

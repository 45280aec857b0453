"""The recording that is being made of a call: whom it waits for, and when it ends.

Everybody who is in the call must agree. The call's document says who has: a commit that lets
somebody in, or out, changes it too, so nobody is in the call for a moment without being asked.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from troupe.adapters.firestore import Delete, Merge, Update, Write, field_path
from troupe.calls.records import LiveRecording, RecordingEnd
from troupe.calls.writes import live_recording_path, recording_path

ANSWERED_IN = timedelta(minutes=2)  # the time to consent, before the start and during a pause
FIRST_PART_IN = timedelta(minutes=1)
SILENT_FOR = timedelta(minutes=2)  # without a part, before a recording ends
SENT_IN = timedelta(minutes=1)  # the rest, once it has ended
FAILED_KEPT = timedelta(days=7)  # recordings of which there is nothing but the reason


def followed(
    live: LiveRecording, inside: Collection[str]
) -> tuple[LiveRecording | None, RecordingEnd | None]:
    """The recording with those who are in the call now; None, and why, if it has ended."""
    if live.uid not in inside:
        return None, "recorder_left"
    waiting_for = sorted(set(inside) - set(live.consented))
    state, session = live.state, live.session
    if state == "requested" and not waiting_for:
        state = "starting"
    if waiting_for and not live.paused:
        session += 1
    fields = {"state": state, "waiting_for": waiting_for, "session": session}
    return live.model_copy(update=fields), None


def recording_writes(
    call_id: str,
    before: LiveRecording | None,
    after: LiveRecording | None,
    end: RecordingEnd | None,
    at: datetime,
) -> list[Write]:
    """What follows from a change of the recording, for the commit of the call. The document of a
    new recording is created by whoever starts it."""
    if before == after:
        return []
    if after is None:
        if before is None:
            return []
        unmade = before.state == "requested"
        ended: dict[str, Any] = {
            "state": "failed" if unmade else "stopping",
            "endReason": end or "stopped",
            "endedAt": at,
            "dueAt": at + (FAILED_KEPT if unmade else SENT_IN),
            "updatedAt": at,
        }
        return [Delete(live_recording_path(call_id)), Update(recording_path(before.id), ended)]
    copy = Merge(live_recording_path(call_id), {"id": after.id, **after.stored()})
    if before is None:
        return [copy]
    fields: dict[str, Any] = {
        "state": after.state,
        "consented": after.consented,
        "updatedAt": at,
    }
    # The first part, which changes the state alone, counts its own time.
    if after.paused != before.paused:
        fields["pausedAt"] = at if after.paused else None
        fields["dueAt"] = at + patience(after)
        if not after.paused:
            fields["countedAt"] = at
        elif after.source == "egress":
            fields[field_path("held", str(before.session))] = at
    return [copy, Update(recording_path(after.id), fields)]


def patience(live: LiveRecording) -> timedelta:
    """How long the recording may stay as it is."""
    if live.paused:
        return ANSWERED_IN
    return FIRST_PART_IN if live.state == "starting" else SILENT_FOR

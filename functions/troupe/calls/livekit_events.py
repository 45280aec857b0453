"""LiveKit's webhooks. https://docs.livekit.io/intro/basics/rooms-participants-tracks/webhooks-events/

They come late, twice, in any order, or not at all, so nothing is counted by them: who is in a call
is what their heartbeats say. An event is only a reason to look: whoever has connected, and is not
in the call, is cut off; and what becomes of a recording is asked, and not read in the event. The
sweep does the same without any event.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

from troupe.adapters.firestore import AlreadyExists, Create, Database, now
from troupe.calls.errors import BadLiveKitSignature, LiveKitUnavailable
from troupe.calls.providers.livekit import LiveKit, is_id
from troupe.calls.providers.livekit_api import is_person
from troupe.calls.providers.provider import ProviderFailed
from troupe.calls.records import Call, Participant
from troupe.calls.writes import call_path, participant_path
from troupe.logs import log
from troupe.records import Record

EVENTS = "livekitEvents"
_KEPT = timedelta(days=1)  # LiveKit tries again for some minutes
_ARRIVALS = ("room_started", "participant_joined")
_RECORDINGS = ("egress_started", "egress_updated", "egress_ended")


class Recordings(Protocol):
    """What LiveKit records: see `troupe.call_recordings.egresses`."""

    def follow_call(self, call_id: str) -> None: ...


class LiveKitEvent(Record):
    """`livekitEvents/{hash of its id}`: one that has had consequences, which are not repeated."""

    event: str
    call_id: str
    received_at: datetime
    expires_at: datetime


class LiveKitEvents:
    def __init__(
        self,
        db: Database,
        livekit: Callable[[], LiveKit | None],
        recordings: Callable[[], Recordings],
    ) -> None:
        self._db = db
        self._livekit = livekit
        self._recordings = recordings

    def receive(self, body: bytes, token: str) -> None:
        """Raises BadLiveKitSignature, and LiveKitUnavailable, after which LiveKit sends the event
        again."""
        livekit = self._livekit()
        if livekit is None or not livekit.has_signed(body, token):
            raise BadLiveKitSignature
        event = json.loads(body)
        name, call_id = event.get("event"), livekit.call_of(_text(event, "room", "name"))
        if name in _RECORDINGS:
            recorded = _text(event, "egressInfo", "roomName")
            recorded = recorded or _text(event, "egress_info", "room_name")
            if call_id := livekit.call_of(recorded):
                self._recordings().follow_call(call_id)
            return
        if name not in _ARRIVALS or not call_id:
            return
        # LiveKit gives each an id; whatever has none is known by its content.
        digest = hashlib.sha256(str(event.get("id") or "").encode() or body).hexdigest()
        path = f"{EVENTS}/{digest[:32]}"
        participant_id = _text(event, "participant", "identity")
        person = bool(participant_id) and is_person(event["participant"])
        paths = [path, call_path(call_id)]
        if is_id(participant_id):
            paths.append(participant_path(call_id, participant_id))
        before, document, *found = self._db.get_all(paths)
        if before.exists:
            return
        call = Call.of(document) if document.exists else None
        try:
            if call is None or call.is_over:
                livekit.end(call_id)
            elif person and not any(each.exists and Participant.of(each).is_in for each in found):
                livekit.remove(call_id, [participant_id])
            else:
                return
        except ProviderFailed as error:
            raise LiveKitUnavailable from error
        log.info("livekit_event_applied", callId=call_id, kind=name)
        at = now()
        record = LiveKitEvent(event=name, call_id=call_id, received_at=at, expires_at=at + _KEPT)
        with suppress(AlreadyExists):  # another delivery was as fast
            self._db.commit(Create(path, record.stored()))


def _text(event: dict[str, Any], part: str, name: str) -> str:
    found = event.get(part)
    text = found.get(name) if isinstance(found, dict) else None
    return text if isinstance(text, str) else ""

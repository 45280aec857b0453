"""Calls by LiveKit: a server that everybody sends to once.

A room at LiveKit is made when the first person connects. Its name has the project and the call, so
that it is known whose it is, also if other systems use the same server. Who may connect is decided
before there is a token; whom LiveKit has and the call has not is cut off: at once by whoever ends
their presence, by the webhook of their arrival, and by the sweep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from troupe.adapters.firestore import now
from troupe.calls.ice import Ice
from troupe.calls.providers.livekit_api import Egress, LiveKitApi, NotThere
from troupe.calls.providers.livekit_tokens import JOIN_SECONDS, LiveKitKey
from troupe.calls.providers.provider import Connection, LiveKitAccess, ProviderFailed
from troupe.calls.records import Call, Participant

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where LiveKit stores what it records: a bucket, and the key of a service account that may
    create files in it."""

    name: str
    credentials: str = field(repr=False)


class LiveKit:
    def __init__(
        self,
        api: LiveKitApi,
        url: str,
        key: LiveKitKey,
        project: str,
        bucket: Bucket | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        """`url`: for clients, ws or wss. `bucket`: None if LiveKit does not record."""
        self._api = api
        self._bucket = bucket
        self._url = url
        self._key = key
        self._prefix = f"{project}."
        self._clock = clock

    def connection(self, call: Call, participant: Participant) -> Connection:
        at = self._clock()
        token = self._key.join(self._room(call.id), call, participant, at)
        expires_at = at + timedelta(seconds=JOIN_SECONDS)
        return Connection(Ice(()), LiveKitAccess(self._url, token, expires_at, JOIN_SECONDS))

    def remove(self, call_id: str, participant_ids: Collection[str]) -> None:
        for each in participant_ids:
            try:
                self._api.remove(self._room(call_id), each)
            except NotThere:
                continue

    def mute(self, call_id: str, participant_id: str) -> None:
        room = self._room(call_id)
        try:
            for track in self._api.sounds(room, participant_id):
                if not track.muted:
                    self._api.mute(room, participant_id, track.sid)
        except NotThere:
            return  # is not connected, or not any more

    def end(self, call_id: str) -> None:
        try:
            self._api.delete(self._room(call_id))
        except NotThere:
            return

    def people(self, call_id: str) -> set[str]:
        """The ids of the participants who are connected. Raises ProviderFailed."""
        try:
            return set(self._api.people(self._room(call_id)))
        except NotThere:
            return set()

    def open_calls(self) -> list[str]:
        """The ids of the calls that have a room. Raises ProviderFailed."""
        found = (self.call_of(name) for name in self._api.rooms())
        return [each for each in found if each]

    def call_of(self, room: str) -> str:
        """The id of the call that a room is for; "" for rooms of other systems."""
        call_id = room.removeprefix(self._prefix)
        return call_id if call_id != room and is_id(call_id) else ""

    @property
    def records(self) -> bool:
        return self._bucket is not None

    def record(self, call: Call, path: str) -> str:
        """Records a call into a file; returns the id of the egress. Raises ProviderFailed, though
        it may have begun."""
        if self._bucket is None:
            raise ProviderFailed("LiveKit has no bucket")
        return self._api.record(
            self._room(call.id),
            path=path,
            bucket=self._bucket.name,
            credentials=self._bucket.credentials,
            sound=call.media == "audio",
        )

    def stop_recording(self, egress_id: str) -> None:
        """Raises ProviderFailed, also if it has stopped already."""
        self._api.stop_recording(egress_id)

    def recordings(self, call_id: str) -> list[Egress]:
        """Those of a call, also former ones. Raises ProviderFailed."""
        return self._api.recordings(room=self._room(call_id))

    def recording(self, egress_id: str) -> Egress | None:
        """None if LiveKit does not know it any more. Raises ProviderFailed."""
        try:
            found = self._api.recordings(egress_id=egress_id)
        except NotThere:
            return None
        return next((each for each in found if each.id == egress_id), None)

    def has_signed(self, body: bytes, token: str) -> bool:
        """Whether a webhook is LiveKit's."""
        return self._key.has_signed(body, token)

    def _room(self, call_id: str) -> str:
        return self._prefix + call_id


def is_id(text: str) -> bool:
    """Whether something can be an id of a call or a participant."""
    return _ID.fullmatch(text) is not None

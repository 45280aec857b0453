"""Calls by LiveKit: a server that everybody sends to once.

A room at LiveKit is made when the first person connects. Its name has the project and the call, so
that it is known whose it is, also if other systems use the same server. Who may connect is decided
before there is a token; whom LiveKit has and the call has not is cut off: at once by whoever ends
their presence, by the webhook of their arrival, and by the sweep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from troupe.adapters.firestore import now
from troupe.calls.ice import Ice
from troupe.calls.providers.livekit_api import LiveKitApi, NotThere
from troupe.calls.providers.livekit_tokens import JOIN_SECONDS, LiveKitKey
from troupe.calls.providers.provider import Connection, LiveKitAccess
from troupe.calls.records import Call, Participant

_ID = re.compile(r"[0-9a-f]{32}")


class LiveKit:
    def __init__(
        self,
        api: LiveKitApi,
        url: str,
        key: LiveKitKey,
        project: str,
        clock: Callable[[], datetime] = now,
    ) -> None:
        """`url`: for clients, ws or wss."""
        self._api = api
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

    def has_signed(self, body: bytes, token: str) -> bool:
        """Whether a webhook is LiveKit's."""
        return self._key.has_signed(body, token)

    def _room(self, call_id: str) -> str:
        return self._prefix + call_id


def is_id(text: str) -> bool:
    """Whether something can be an id of a call or a participant."""
    return _ID.fullmatch(text) is not None

"""Participants send each other everything directly, so there is nobody to be told anything."""

from __future__ import annotations

from collections.abc import Collection

from troupe.calls.ice import IceServers
from troupe.calls.providers.provider import Connection
from troupe.calls.records import Call, Participant


class Mesh:
    def __init__(self, ice: IceServers) -> None:
        self._ice = ice

    def connection(self, call: Call, participant: Participant) -> Connection:
        return Connection(self._ice.ice_servers(call.id, participant.id))

    def remove(self, call_id: str, participant_ids: Collection[str]) -> None:
        """The others drop the connection when they see that somebody has left."""

    def mute(self, call_id: str, participant_id: str) -> None:
        """The client sees that it is asked to."""

    def end(self, call_id: str) -> None:
        """The clients see it."""

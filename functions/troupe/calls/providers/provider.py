"""What carries the sound and the pictures of a call.

Who is in a call, and for how long, is the same for all providers: they are told, and never asked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from troupe.calls.ice import Ice
from troupe.calls.records import Call, Participant


class ProviderFailed(Exception):
    """A provider has not done what it was told, or did not say so. The sweep repeats it."""


@dataclass(frozen=True, slots=True)
class LiveKitAccess:
    """With which a client connects to LiveKit, as one participant."""

    url: str
    token: str
    expires_at: datetime
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class Connection:
    """What a participant connects with: servers for a mesh, or access to LiveKit."""

    ice: Ice
    livekit: LiveKitAccess | None = None


class Provider(Protocol):
    """Thread-safe. What is repeated changes nothing."""

    def connection(self, call: Call, participant: Participant) -> Connection:
        """For somebody who is in the call. Does not check it."""
        ...

    def remove(self, call_id: str, participant_ids: Collection[str]) -> None:
        """Cuts off participants, for good: an id is never used again. Raises ProviderFailed."""
        ...

    def mute(self, call_id: str, participant_id: str) -> None:
        """Silences a participant, as far as it can; they may speak again. Raises
        ProviderFailed."""
        ...

    def end(self, call_id: str) -> None:
        """Cuts off everybody. Raises ProviderFailed."""
        ...

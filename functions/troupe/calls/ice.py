"""The servers through which participants reach each other.

A TURN server knows no accounts. It accepts a name that begins with the time at which it ends, and
the HMAC of that name by a secret that it shares with the functions: "A REST API for access to TURN
services" (draft-uberti-behave-turn-rest-00), which coturn has as `use-auth-secret`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from troupe.adapters.firestore import now
from troupe.settings import Settings


@dataclass(frozen=True, slots=True)
class IceServer:
    """As `RTCPeerConnection` takes it. STUN servers want no name."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Ice:
    """`expires_at`: when the credentials end; None if there are none."""

    servers: tuple[IceServer, ...]
    expires_at: datetime | None = None
    ttl_seconds: int | None = None


class IceServers:
    def __init__(self, config: Settings, clock: Callable[[], datetime] = now) -> None:
        self._config = config
        self._clock = clock

    def ice_servers(self, call_id: str, participant_id: str) -> Ice:
        """With credentials for one participant. Does not check who asks."""
        config = self._config
        stun = [IceServer(config.stun_servers)] if config.stun_servers else []
        if not config.turn_servers:
            return Ice(tuple(stun))
        expires = int(self._clock().timestamp()) + config.turn_seconds
        username = f"{expires}:{call_id}.{participant_id}"
        digest = hmac.new(config.turn_secret.encode(), username.encode(), hashlib.sha1).digest()
        turn = IceServer(config.turn_servers, username, base64.b64encode(digest).decode())
        expires_at = datetime.fromtimestamp(expires, UTC)
        return Ice((*stun, turn), expires_at, config.turn_seconds)

"""LiveKit's tokens: JWTs signed with the secret of an API key.
https://docs.livekit.io/frontends/authentication/tokens/

The same key signs what participants connect with, what we ask LiveKit for, and LiveKit's webhooks.
They differ in their claims: only those of webhooks have the hash of a body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jwt

from troupe.calls.records import Call, Participant

JOIN_SECONDS = 600  # LiveKit renews it for whoever is connected
_ASK_SECONDS = 120
_LEEWAY = 60  # seconds by which the clocks may differ, as in LiveKit
_SOUND = ["microphone"]
_PICTURES = ["camera", "microphone", "screen_share", "screen_share_audio"]


@dataclass(frozen=True, slots=True)
class LiveKitKey:
    """An API key and its secret."""

    key: str
    secret: str = field(repr=False)

    def join(self, room: str, call: Call, participant: Participant, at: datetime) -> str:
        """What a participant connects with. The others see name and metadata."""
        about = {
            "userId": participant.uid,
            "role": participant.role,
            "guest": participant.guest,
        }
        return self._signed(
            at,
            JOIN_SECONDS,
            sub=participant.id,
            name=participant.name,
            metadata=json.dumps(about, separators=(",", ":")),
            video={
                "room": room,
                "roomJoin": True,
                "canPublish": True,
                "canSubscribe": True,
                "canPublishData": True,
                "canPublishSources": _SOUND if call.media == "audio" else _PICTURES,
                "canUpdateOwnMetadata": False,
            },
        )

    def ask(self, grants: dict[str, Any], at: datetime) -> str:
        """What a request to LiveKit's API is made with."""
        return self._signed(at, _ASK_SECONDS, video=grants)

    def has_signed(self, body: bytes, token: str) -> bool:
        """Whether LiveKit has sent a webhook: the token is signed with our key and has the hash of
        the body."""
        try:
            claims = jwt.decode(
                token,
                self.secret,
                algorithms=["HS256"],
                issuer=self.key,
                leeway=_LEEWAY,
                options={"require": ["exp", "iss"], "verify_aud": False},
            )
            given = base64.b64decode(str(claims.get("sha256", "")), validate=True)
        except (jwt.InvalidTokenError, binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, hashlib.sha256(body).digest())

    def _signed(self, at: datetime, seconds: int, **claims: Any) -> str:
        begins = int(at.timestamp())
        named = {"iss": self.key, "nbf": begins, "exp": begins + seconds}
        return jwt.encode(named | claims, self.secret, algorithm="HS256")

"""Requests of LiveKit."""

from __future__ import annotations

from pydantic import Field

from troupe.web.schema import Headers

EVENT_BYTES = 256 * 1024


class Signed(Headers):
    """LiveKit sends the token as it is, without `Bearer`."""

    authorization: str = Field("", max_length=4096)

    @property
    def token(self) -> str:
        return self.authorization.removeprefix("Bearer ")

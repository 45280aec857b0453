"""Requests of the services that send messages."""

from __future__ import annotations

from pydantic import Field

from troupe.web.schema import Headers

REPLY_BYTES = 64 * 1024


class Signatures(Headers):
    """Of Twilio, or of a gateway."""

    x_twilio_signature: str | None = Field(None, max_length=256)
    x_troupe_signature: str | None = Field(None, max_length=256)

    def by_name(self) -> dict[str, str]:
        """Those that are there, by the names of their headers in lower case."""
        return {name.replace("_", "-"): value for name, value in self.model_dump().items() if value}

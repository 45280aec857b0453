"""What the operations on signals and ICE servers take and answer."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.calls.ice import IceServer as Server
from troupe.calls.providers.provider import Connection
from troupe.calls.signal_records import MOST_SIGNALS, SignalType
from troupe.calls.signals import Delivered, Draft
from troupe.web.schema import Id, Schema, example

SignalId = Annotated[str, StringConstraints(max_length=128, pattern=r"^[\x21-\x7e]{1,128}$")]
_PAYLOAD = "Any JSON that the other client understands, at most 64 KB; the server does not read it."
_ID = "Chosen by your client: a repeat with the same id is not a second signal."


class OneSignal(Schema):
    id: SignalId | None = Field(None, description=_ID)
    to: Id = Field(description="The participant that it is for.")
    type: SignalType
    payload: Any = Field("", description=_PAYLOAD)

    def draft(self) -> Draft:
        signal_id = self.id or secrets.token_hex(8)
        return Draft(signal_id, self.to, self.type, self.payload)


class SendSignals(Schema):
    """One signal, or up to 32 in `signals`."""

    model_config = example(
        {
            "from": "ID_OF_A_PARTICIPANT",
            "to": "ID_OF_A_PARTICIPANT",
            "id": "1",
            "type": "offer",
            "payload": {"sdp": "v=0 …"},
        }
    )

    sender: Id = Field(alias="from", description="Your own participant, of this tab.")
    id: SignalId | None = Field(None, description=_ID)
    to: Id | None = Field(None, description="The participant that it is for.")
    type: SignalType | None = None
    payload: Any = Field("", description=_PAYLOAD)
    signals: list[OneSignal] = Field(default_factory=list, max_length=MOST_SIGNALS)

    @model_validator(mode="after")
    def _one_or_many(self) -> Self:
        one = self.to is not None and self.type is not None
        none = self.to is None and self.type is None and not self.payload
        if not (none if self.signals else one):
            message = "send either `to`, `type` and `payload`, or `signals`"
            raise PydanticCustomError("signals", message)
        return self

    def drafts(self) -> list[Draft]:
        if self.to is not None and self.type is not None:
            only = OneSignal(id=self.id, to=self.to, type=self.type, payload=self.payload)
            return [only.draft()]
        return [each.draft() for each in self.signals]


class SignalsData(Schema):
    accepted: list[str] = Field(description="The ids of the signals that are on their way.")
    gone: list[str] = Field(description="Participants who have left: they got none.")

    @classmethod
    def of(cls, delivered: Delivered) -> Self:
        return cls(accepted=delivered.accepted, gone=delivered.gone)


class IceServerView(Schema):
    """As `RTCPeerConnection` takes it. `username` and `credential` are empty for STUN."""

    urls: list[str]
    username: str
    credential: str

    @classmethod
    def of(cls, server: Server) -> Self:
        urls = list(server.urls)
        return cls(urls=urls, username=server.username, credential=server.credential)


class LiveKitView(Schema):
    """As the `connect` of LiveKit's SDKs takes it. The identity of a participant at LiveKit is
    their id."""

    url: str
    token: str = Field(
        description="For one participant. LiveKit renews it for whoever is connected; others get a "
        "new one with `GET /api/calls/{callId}/ice`."
    )
    expires_at: datetime

    @classmethod
    def of(cls, connection: Connection) -> Self | None:
        found = connection.livekit
        if found is None:
            return None
        return cls(url=found.url, token=found.token, expires_at=found.expires_at)


class IceQuery(Schema):
    participant_id: Id | None = Field(
        None, description="Your own participant; by default the latest."
    )


class IceData(Schema):
    ice_servers: list[IceServerView]
    expires_at: datetime | None = Field(
        description="When the credentials end; null if there are none, because no TURN server is "
        "configured."
    )
    ttl_seconds: int | None = Field(description="The same, from now.")
    livekit: LiveKitView | None = Field(description="Of a call by LiveKit.")

    @classmethod
    def of(cls, connection: Connection) -> Self:
        ice = connection.ice
        return cls(
            ice_servers=[IceServerView.of(each) for each in ice.servers],
            expires_at=ice.expires_at,
            ttl_seconds=ice.ttl_seconds,
            livekit=LiveKitView.of(connection),
        )

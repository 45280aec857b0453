"""LiveKit's webhooks over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.calls.errors import BadLiveKitSignature, LiveKitUnavailable
from troupe.calls.livekit_schemas import EVENT_BYTES, Signed
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.calls.livekit_events import LiveKitEvents

api = Api("livekit", "Calls by LiveKit")


@api.post(
    "/api/calls/livekit",
    auth=Auth.PUBLIC,
    errors=(BadLiveKitSignature, LiveKitUnavailable),
    body_bytes=EVENT_BYTES,
    open_to_all_apps=True,
)
def livekit_webhook(header: Signed, raw: bytes, livekit_events: LiveKitEvents) -> Reply:
    """Receives LiveKit's events, signed with the API key of `LIVEKIT_API_KEY`. Whoever has
    connected to LiveKit and is not in the call is cut off, and after those of recordings LiveKit is
    asked how they are; all other events are ignored."""
    livekit_events.receive(raw, header.token)
    return Reply(message="Event received")

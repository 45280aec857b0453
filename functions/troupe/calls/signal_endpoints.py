"""Signals and ICE servers over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from troupe.calls import signal_schemas as schemas
from troupe.calls.errors import (
    CallEnded,
    CallNotFound,
    LiveKitNotConfigured,
    LiveKitUnavailable,
    NotInCall,
    ParticipantNotFound,
    Removed,
)
from troupe.calls.schemas import CallPath
from troupe.calls.signal_errors import SignalTooLarge
from troupe.calls.signal_records import MOST_BYTES, MOST_SIGNALS
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.calls.providers.choice import CallProviders
    from troupe.calls.signals import Signals

api = Api("call_signals", "Signals of calls")
_INSIDE = (CallNotFound, Removed, CallEnded, NotInCall)


def _count(given: Mapping[str, Any]) -> int:
    return len(given["body"].signals) or 1


@api.post(
    "/api/calls/<callId>/signal",
    auth=Auth.MEMBER,
    data=schemas.SignalsData,
    errors=(*_INSIDE, ParticipantNotFound, SignalTooLarge),
    limit="call_signal",
    limit_weight=_count,
    body_bytes=MOST_SIGNALS * (MOST_BYTES + 1024),
)
def signal(
    path: CallPath, body: schemas.SendSignals, caller: Caller, call_signals: Signals
) -> Reply:
    """Sends offers, answers and candidates to other participants, each to one of them. They are
    kept for ten minutes. `gone` has those who have left the call. 300 signals per minute."""
    delivered = call_signals.send(caller, path.call_id, body.sender, body.drafts())
    return Reply(schemas.SignalsData.of(delivered), "Signals sent successfully")


@api.get(
    "/api/calls/<callId>/ice",
    auth=Auth.MEMBER,
    data=schemas.IceData,
    errors=(*_INSIDE, ParticipantNotFound, LiveKitNotConfigured, LiveKitUnavailable),
    limit="call_ice",
)
def ice_servers(
    path: CallPath, query: schemas.IceQuery, caller: Caller, call_providers: CallProviders
) -> Reply:
    """Returns STUN and TURN servers with new credentials, or of a call by LiveKit a new token. Ask
    when four fifths of the time are over, and before you restart ICE: what is connected stays so
    with old credentials, but nothing connects with them. LiveKit needs a new token only after the
    lobby, and when you connect once more."""
    connection = call_providers.renewed(caller, path.call_id, query.participant_id)
    return Reply(schemas.IceData.of(connection), "ICE servers fetched successfully")

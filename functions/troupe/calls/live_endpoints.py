"""What happens within a call, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.calls import live_schemas as schemas
from troupe.calls.entering import GUEST_SECONDS
from troupe.calls.errors import (
    CallEnded,
    CallFull,
    CallGuestsNotAllowed,
    CallLimitReached,
    CallNotFound,
    CallRoleRequired,
    CallUnpaid,
    CannotModerateSelf,
    Gone,
    GuestCannotHost,
    HostNotFound,
    LicenseExpired,
    LiveKitNotConfigured,
    LiveKitUnavailable,
    NotInCall,
    NotOpenYet,
    ParticipantNotFound,
    Removed,
    TooManyTabs,
)
from troupe.calls.schemas import CallPath
from troupe.errors import CompanyNotFound, TooManyRequests
from troupe.wallet.errors import CompanySuspended, LicenseRequired
from troupe.web.addresses import current_device
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.caller import Caller
    from troupe.calls.entering import CallEntrance
    from troupe.calls.invitations import CallInvitations
    from troupe.calls.moderation import CallModeration
    from troupe.calls.presence import CallPresence
    from troupe.calls.providers.choice import CallProviders
    from troupe.calls.quality import CallQualities

api = Api("calls", "In a video call")
_INSIDE = (CallNotFound, Removed, CallEnded, NotInCall)
_ENTERING = (
    *(CallNotFound, CallGuestsNotAllowed, CallFull, CallEnded, NotOpenYet, TooManyRequests),
    *(LiveKitNotConfigured, LiveKitUnavailable),
)


@api.get(
    "/api/calls/join/<code>",
    auth=Auth.PUBLIC,
    data=schemas.LookedData,
    errors=(CallNotFound, TooManyRequests),
    limit="call_look",
)
def join_call(
    path: schemas.JoinPath,
    query: schemas.JoinQuery,
    call_entrance: CallEntrance,
    call_invitations: CallInvitations,
) -> Reply:
    """Returns where a code leads, for people who are not signed in. A code that is wrong or old is
    not found, and too many of them from one address are refused. With the token of an invitation,
    `guestName` is the name of who was invited, and the company sees that it was opened."""
    looked = call_entrance.look(path.code, query.company, current_device())
    invitation = call_invitations.opened(looked.call.id, query.invitation)
    name = invitation.name if invitation else ""
    return Reply(schemas.LookedData.of(looked, name), "Call fetched successfully")


@api.post(
    "/api/calls/<callId>/join",
    data=schemas.EnteredData,
    errors=(
        *(*_ENTERING, Removed, NotInCall, TooManyTabs, CallLimitReached, CompanyNotFound),
        *(CompanySuspended, HostNotFound, LicenseRequired, LicenseExpired, CallUnpaid),
    ),
)
def enter_call(
    header: KeyHeader,
    path: CallPath,
    body: schemas.EnterCall,
    caller: AccountCaller,
    call_entrance: CallEntrance,
    call_providers: CallProviders,
) -> Reply:
    """Enters a call with a tab, or its lobby; its host starts it so. Each tab is a participant of
    its own; repeats with the same `Idempotency-Key` are one."""
    key = header.idempotency_key
    entered = call_entrance.enter(caller, path.call_id, body.entry(), current_device(), key)
    token = call_entrance.firebase_token(caller.uid, caller.session_id)
    connection = call_providers.connection(entered.call, entered.participant)
    return Reply(schemas.EnteredData.of(entered, token, connection), "Call entered successfully")


@api.post(
    "/api/calls/<callId>/guest",
    auth=Auth.PUBLIC,
    status=201,
    data=schemas.GuestEnteredData,
    errors=_ENTERING,
    limit="call_guest",
)
def guest_join(
    path: CallPath,
    body: schemas.GuestJoin,
    call_entrance: CallEntrance,
    call_providers: CallProviders,
) -> Reply:
    """Enters a call, or its lobby, without an account. `callToken` is the guest's bearer token."""
    device = current_device()
    entered = call_entrance.enter_as_guest(path.call_id, body.name, body.entry(), device)
    token = call_entrance.firebase_token(entered.participant.uid, entered.session_id)
    connection = call_providers.connection(entered.call, entered.participant)
    seen = schemas.EnteredData.of(entered, token, connection)
    data = schemas.GuestEnteredData(
        **{name: getattr(seen, name) for name in schemas.EnteredData.model_fields},
        call_token=entered.token,
        expires_in=GUEST_SECONDS,
    )
    return Reply(data, "Call entered successfully")


@api.post("/api/calls/<callId>/leave", auth=Auth.MEMBER, errors=(CallNotFound, ParticipantNotFound))
def leave_call(
    path: CallPath, body: schemas.TabBody, caller: Caller, call_presence: CallPresence
) -> Reply:
    """Takes a tab out of a call. Send it with `keepalive` when the page is closed."""
    call_presence.leave(caller, path.call_id, body.participant_id)
    return Reply(message="Call left successfully")


@api.post("/api/calls/<callId>/beat", auth=Auth.MEMBER, data=schemas.BeatData, errors=_INSIDE)
def call_beat(
    path: CallPath, body: schemas.BeatBody, caller: Caller, call_presence: CallPresence
) -> Reply:
    """Says that a tab is still in the call, or in its lobby; returns who is in the call. Send it
    every `beatSeconds`, and when `media` changes. After `ttlSeconds` without one, the tab has
    left. With `endsAt`, tell the participants that the call is about to end."""
    media = body.media.media() if body.media else None
    there = call_presence.beat(caller, path.call_id, body.participant_id, media, body.connection)
    return Reply(schemas.BeatData.of_present(there), "Call fetched successfully")


@api.get(
    "/api/calls/<callId>/participants",
    auth=Auth.MEMBER,
    data=schemas.ParticipantsData,
    errors=_INSIDE,
)
def call_participants(path: CallPath, caller: Caller, call_presence: CallPresence) -> Reply:
    """Lists everybody who is or was in the call, and in its lobby, in the order in which they
    came."""
    found = call_presence.participants(caller, path.call_id)
    return Reply(schemas.ParticipantsData.of(found), "Participants fetched successfully")


@api.get(
    "/api/calls/<callId>/status", auth=Auth.MEMBER, data=schemas.CallStatusData, errors=_INSIDE
)
def call_status(path: CallPath, caller: Caller, call_presence: CallPresence) -> Reply:
    """Returns how a call goes, for those who are in it, its host, and those who manage the
    company."""
    status = call_presence.status(caller, path.call_id)
    return Reply(schemas.CallStatusData.of(status), "Status fetched successfully")


@api.put(
    "/api/calls/<callId>/participants/<participantId>",
    auth=Auth.OWNER,
    data=schemas.ParticipantData,
    errors=(
        *(*_INSIDE, CallRoleRequired, ParticipantNotFound, Gone, CallFull, CannotModerateSelf),
        *(GuestCannotHost, LiveKitNotConfigured, LiveKitUnavailable),
    ),
)
def moderate_participant(
    path: schemas.ParticipantPath,
    body: schemas.ModerateBody,
    caller: Caller,
    call_moderation: CallModeration,
) -> Reply:
    """Lets somebody in from the lobby, refuses or removes them, asks them to be silent, or makes
    them a host. Only for hosts who are in the call. LiveKit removes and silences people itself; if
    it does not answer, send the request again."""
    participant = call_moderation.moderate(caller, path.call_id, path.participant_id, body.action)
    data = schemas.ParticipantData(participant=schemas.ParticipantView.of(participant))
    return Reply(data, "Participant updated successfully")


@api.post(
    "/api/videocalls/<callId>/quality",
    auth=Auth.MEMBER,
    errors=(*_INSIDE, ParticipantNotFound),
    aliases=(("PUT", "/api/calls/<callId>/quality"),),
)
def report_quality(
    path: CallPath, body: schemas.QualityBody, caller: Caller, call_qualities: CallQualities
) -> Reply:
    """Reports how good the connection was since the last report. One every few minutes is enough;
    what comes within 5 seconds of the one before is dropped."""
    call_qualities.report(caller, path.call_id, body.participant_id, body.report())
    return Reply(message="Quality reported successfully")

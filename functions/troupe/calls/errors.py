"""What can go wrong with calls, as the API reports it."""

from __future__ import annotations

from typing import Self

from typing_extensions import TypedDict

from troupe.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    PaymentRequired,
    TooManyRequests,
    Unavailable,
    Unprocessable,
)
from troupe.messengers.errors import LinkDetails


class CallNotFound(NotFound):
    """Also for a call of others, a wrong code, and an old one."""

    code = "call_not_found"
    message = "This call does not exist, or you do not have access to it."


class ParticipantNotFound(NotFound):
    code = "participant_not_found"
    message = "This call has no participant with this id."


class CallRoleRequired(Forbidden):
    code = "call_role_required"
    message = "Only the host of the call can do this."


class LicenseExpired(Forbidden):
    code = "license_expired"
    message = "The host's license has expired, is not yet valid, or is suspended."


class HostNotFound(Unprocessable):
    code = "host_not_found"
    message = "`hostId` must be an active member of the company."


class CallSlugTaken(Conflict):
    code = "slug_taken"
    message = "Another call of the company has this slug."


class CallStateDetails(TypedDict):
    status: str


class CallStateError(Conflict):
    """What cannot be done in the present state of the call."""

    details_type = CallStateDetails

    @classmethod
    def of(cls, status: str) -> Self:
        return cls(details={"status": status})


class CallEnded(CallStateError):
    code = "call_ended"
    message = "This call has ended, or was missed or cancelled. Create a new one."


class CallActive(CallStateError):
    code = "call_active"
    message = "This call has started. End it first."


class CallNotStarted(CallStateError):
    code = "call_not_started"
    message = "This call has not started yet."


class NotOpenYetDetails(TypedDict):
    """`startsAt`: ISO 8601; empty without a time."""

    startsAt: str


class NotOpenYet(Conflict):
    code = "not_open_yet"
    details_type = NotOpenYetDetails
    message = "The host has not started this call yet. Try again in a moment."


class CallFullDetails(TypedDict):
    maximum: int


class CallFull(Conflict):
    code = "call_full"
    details_type = CallFullDetails
    message = "This call is full."


class TooManyParticipants(Unprocessable):
    code = "too_many_participants"
    details_type = CallFullDetails
    message = (
        "A call between browsers has at most 4 participants with video, or 8 with audio only. A "
        "call with the provider `livekit` has at most 20."
    )


class LiveKitNotConfigured(Unavailable):
    code = "livekit_not_configured"
    message = "This server is not set up for calls by LiveKit. Use the provider `mesh`."


class LiveKitUnavailable(Unavailable):
    """What was asked for is recorded, and the sweep repeats what LiveKit was not told."""

    code = "livekit_unavailable"
    message = (
        "LiveKit did not answer, so it may take some minutes until this takes effect. Try again."
    )


class BadLiveKitSignature(BadRequest):
    code = "bad_livekit_signature"
    details_type = None
    message = "This event is not signed by LiveKit with our API key, or too long ago."


class TooManyTabs(Conflict):
    code = "too_many_tabs"
    message = "You have entered this call too often. Create a new call."


class CallLimitDetails(TypedDict):
    """`limit`: `license`, `day` or `month`; `maximum`: how many calls it allows."""

    limit: str
    maximum: int


class CallLimitReached(Conflict):
    code = "call_limit_reached"
    details_type = CallLimitDetails
    message = "The license or the company's settings do not allow any more calls for now."


class CallUnpaidDetails(TypedDict):
    """`code`: of the error that stops the company, such as `not_enough_tokens`."""

    code: str


class CallUnpaid(PaymentRequired):
    code = "call_unpaid"
    details_type = CallUnpaidDetails
    message = "The company cannot pay for this call now. Its managers can buy more tokens."


class Removed(Forbidden):
    code = "removed"
    message = "A host has removed you from this call, or did not let you in."


class CallGuestsNotAllowed(Forbidden):
    code = "guests_not_allowed"
    message = "This call is not open to guests. Sign in with an invited account."


class NotInCall(Conflict):
    code = "not_in_call"
    message = (
        "This participant is no longer in the call: they left, or sent no heartbeat for 45 seconds."
        " Join the call again."
    )


class Gone(Conflict):
    code = "gone"
    message = "This participant has already left."


class CannotModerateSelf(Conflict):
    code = "cannot_moderate_self"
    message = "You cannot do this to yourself. Leave the call, or end it."


class GuestCannotHost(Forbidden):
    code = "guest_cannot_host"
    message = "Only members of the company can become hosts of its calls."


class InvitesToCallNotAllowed(Forbidden):
    code = "call_invites_not_allowed"
    message = "Only members of the company can invite people to its calls."


class InviteeNotFound(Unprocessable):
    code = "invitee_not_found"
    message = "`userId` must be an active member of the company. Invite others by phone or email."


class TooManyInvitees(Conflict):
    code = "too_many_invitees"
    message = "At most 20 people can be invited to a call."


class NumberNotReachable(Unprocessable):
    code = "number_not_reachable"
    details_type = LinkDetails
    message = (
        "Text messages cannot be sent to short codes, premium-rate numbers or satellite phones."
    )


class RecipientOptedOut(Conflict):
    code = "recipient_opted_out"
    details_type = LinkDetails
    message = "The owner of this number replied STOP and does not want to receive messages."


class TooManyToOne(TooManyRequests):
    code = "too_many_messages_to_one"
    details_type = LinkDetails
    message = "This number or address has reached its daily limit of messages."

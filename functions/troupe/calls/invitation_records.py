"""Invitations to calls, and other messages about them, as they are stored."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from troupe.calls.records import InviteeState
from troupe.records import Record

INVITATIONS = "callInvitations"
AFTER_CALLS = "afterCalls"

Channel = Literal["sms", "email", "notification"]
Delivery = Literal["queued", "sending", "sent", "failed"]


class CallInvitation(Record):
    """`callInvitations/{hash of the token}`: for the functions alone. `kind`: `after_call` is a
    message to the same person after the call, which has a token but no use for it.

    `text` and `subject` are what is to be sent, with the link; they are deleted when it is sent or
    has failed, so that from then on only the recipient has the token. `delivery` becomes `sending`
    in a commit of its own before the message is handed over: whoever finds it so later does not
    send it again. `error`: the code of what has failed. `due_at`: when the sweep looks at a message
    that is still queued.
    """

    id: str
    kind: Literal["invitation", "after_call"] = "invitation"
    call_id: str
    company_id: str
    invited_by: str
    channel: Channel
    name: str = ""
    phone: str = ""
    email: str = ""
    uid: str | None = None
    language: str = ""
    request_hash: str = ""
    delivery: Delivery = "queued"
    error: str | None = None
    text: str | None = None
    subject: str = ""
    sent_as: str = ""  # the id that the service has given the message
    created_at: datetime
    sent_at: datetime | None = None
    opened_at: datetime | None = None
    joined_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def state(self) -> InviteeState:
        if self.joined_at:
            return "joined"
        if self.opened_at:
            return "opened"
        return "queued" if self.delivery == "sending" else self.delivery

    @property
    def to(self) -> str:
        return self.phone if self.channel == "sms" else self.email


class AfterCall(Record):
    """`afterCalls/{callId}`: a call has ended, after which a message goes to its guests."""

    id: str
    company_id: str
    due_at: datetime


class MessageInput(Record):
    """What the job needs that sends a message: not the address, which is erased with the call."""

    message_id: str


class Sent(Record):
    """What that job has done."""

    sent_as: str = ""

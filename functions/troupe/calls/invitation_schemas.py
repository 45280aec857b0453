"""What the invitations to calls take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from troupe.accounts.schemas import Language, Phone
from troupe.calls.invitation_records import CallInvitation, Channel
from troupe.calls.records import Invitee
from troupe.calls.wording import MOST_NOTE
from troupe.web.schema import Email, Id, Line, PlainText, Schema, example, without_links

Note = Annotated[PlainText, Field(max_length=MOST_NOTE), AfterValidator(without_links)]


class InviteToCall(Schema):
    """By a phone number, an email address, or as a colleague by `userId`."""

    model_config = example({"name": "Kari Nordmann", "email": "kari@example.com", "language": "nb"})

    name: Annotated[Line, Field(max_length=80)] | Literal[""] = ""
    phone: Phone = ""
    email: Email | Literal[""] = ""
    user_id: Id | None = Field(None, description="A member of the company.")
    language: Language | Literal[""] = Field(
        "", description="Of the message. By default that of the call, else of the company."
    )
    message: Note = Field("", description="A note for the message, without links.")

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        if bool(self.user_id) == bool(self.phone or self.email):
            raise PydanticCustomError(
                "address", "must have either a userId, or a phone number or an email address"
            )
        return self

    def invitee(self) -> Invitee:
        return Invitee(
            id="",
            name=self.name,
            email=self.email,
            phone=self.phone,
            language=self.language,
            uid=self.user_id,
        )


class CallInvitationView(Schema):
    id: str
    name: str
    phone: str
    email: str
    user_id: str | None
    language: str
    channel: Channel
    state: Literal["queued", "sent", "failed", "opened", "joined"]
    error: str | None = Field(
        description="The code of why no message was sent. `delivery_unknown`: it may have been."
    )
    invited_by: str | None = Field(description="The user; null if the account is deleted.")
    created_at: datetime
    sent_at: datetime | None
    opened_at: datetime | None
    joined_at: datetime | None

    @classmethod
    def of(cls, invitation: CallInvitation) -> Self:
        shown = invitation.model_dump(
            include={
                *("id", "name", "phone", "email", "language", "channel", "error"),
                *("created_at", "sent_at", "opened_at", "joined_at"),
            }
        )
        return cls(
            **shown,
            state=invitation.state,
            user_id=invitation.uid,
            invited_by=invitation.invited_by or None,
        )


class InvitedToCall(Schema):
    invitation: CallInvitationView
    join_url: str = Field(description="With the token of the invitation, which is shown only now.")


class CallInvitationList(Schema):
    invitations: list[CallInvitationView]


class InvitedCallPath(Schema):
    call_id: Id

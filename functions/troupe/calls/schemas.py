"""What the operations on calls of a company take and answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AliasChoices, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.accounts.schemas import Language, Phone
from troupe.adapters.firestore import now
from troupe.calls.invitations import Invited
from troupe.calls.records import (
    MOST_INVITEES,
    Call,
    CallMedia,
    CallProvider,
    CallQuality,
    CallRecordingPolicy,
    CallStatus,
    EndReason,
    Invitee,
    InviteeState,
    Outcome,
    QualityWord,
)
from troupe.calls.service import CallChange, CallFilter, CallRequest, Made, Sort, new_invitee
from troupe.calls.writes import link_of
from troupe.companies.schemas import SearchText, Slug
from troupe.web.schema import (
    Email,
    Id,
    Line,
    Page,
    PlainText,
    Schema,
    Time,
    WarnsOfUnknown,
    example,
)

Title = Annotated[Line, Field(max_length=120)]
PersonName = Annotated[Line, Field(max_length=100)]
Note = Annotated[PlainText, Field(max_length=2000)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)]


def _soon(at: datetime) -> datetime:
    """A call waits for its time, with its code and whom it invites."""
    if at > now() + timedelta(days=366):
        raise PydanticCustomError("too_late", "must be within a year from now")
    return at


StartTime = Annotated[Time, AfterValidator(_soon)]


class CallPath(Schema):
    call_id: Id


class InviteeBody(Schema):
    name: PersonName | Literal[""] = ""
    email: Email | Literal[""] = ""
    phone: Phone = ""
    language: Language | Literal[""] = ""
    user_id: Id | None = Field(None, description="Of somebody with an account.")

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.name or self.email or self.phone or self.user_id):
            raise PydanticCustomError("empty", "must have a name, an address or a user id")
        return self

    def invitee(self) -> Invitee:
        given = self.model_dump(exclude={"user_id"})
        return new_invitee(**given, uid=self.user_id)


class OutcomeBody(Schema):
    """Omitted fields stay unchanged; null removes what can be null."""

    solved: bool | None = Field(None, description="null: nobody has said.")
    category: Label | None = None
    note: Note | None = Field(None, description="For the company alone.")
    follow_up_at: Time | None = None
    billable: bool | None = None
    billing_category: Label | None = None

    def given(self) -> dict[str, Any]:
        """The given fields of Outcome."""
        given = self.model_dump(exclude_unset=True)
        texts = ("category", "note", "billing_category")
        return {
            name: "" if value is None and name in texts else value for name, value in given.items()
        }


_GUEST = "Shorthand for one invitee."


class CallFields(WarnsOfUnknown):
    """What can be set when a call is created, and later."""

    title: Title | None = Field(None, description="Defaults to the guest's name, or the number.")
    media: CallMedia | None = Field(None, description="Defaults to `video`.")
    scheduled_at: StartTime | None = Field(None, description="Within a year from now.")
    max_participants: Annotated[int, Field(ge=2, le=20)] | None = Field(
        None,
        description="At most 4 with video and 8 with audio only, or 20 with the provider "
        "`livekit`; these are the defaults.",
    )
    guests_allowed: bool | None = Field(None, description="Defaults to the company's setting.")
    lobby: bool | None = Field(
        None, description="Outsiders wait until a host lets them in. Defaults to the company's."
    )
    captions: bool | None = Field(
        None, description="Whether captions can be sent to the call's room. Defaults to true."
    )
    invitees: Annotated[list[InviteeBody], Field(max_length=MOST_INVITEES)] | None = None
    slug: Slug | None = Field(None, description="The call's name in the company's URLs.")
    host_id: Id | None = Field(None, description="Another member, by who manages the company.")
    guest_name: PersonName | None = Field(None, description=_GUEST)
    guest_phone: Phone | None = Field(None, description=_GUEST)
    guest_email: Email | None = Field(None, description=_GUEST)
    language: Language | None = Field(None, description="Of the guests, unless they say.")
    recording_policy: CallRecordingPolicy | None = Field(
        None,
        description="`ask`: the call is recorded only if everybody in it agrees; never, if the "
        "settings of the company say `off`. Defaults to the company's.",
    )

    def people(self) -> list[Invitee] | None:
        """The invitees; None if the request does not name any."""
        people = [each.invitee() for each in self.invitees or []]
        given = {
            "name": self.guest_name or "",
            "phone": self.guest_phone or "",
            "email": self.guest_email or "",
        }
        if any(given.values()):
            people.insert(0, new_invitee(**given, language=self.language or ""))
            return people[:MOST_INVITEES]
        return people if self.invitees is not None else None


class CreateCall(CallFields):
    model_config = example(
        {
            "title": "Router setup",
            "media": "video",
            "invitees": [{"name": "Grace Hopper", "phone": "+4712345678", "language": "nb"}],
        }
    )

    company_id: Id | None = None
    provider: CallProvider = Field(
        "mesh",
        description="`mesh`: browsers send each other everything directly; `livekit`: through a "
        "LiveKit server, if one is configured.",
    )

    def request(self) -> CallRequest:
        return CallRequest(
            title=self.title or "",
            media=self.media or "video",
            provider=self.provider,
            scheduled_at=self.scheduled_at,
            max_participants=self.max_participants,
            guests_allowed=self.guests_allowed,
            lobby=self.lobby,
            captions=self.captions is not False,
            invitees=self.people() or (),
            slug=self.slug,
            host_uid=self.host_id,
            language=self.language or "",
            recording_policy=self.recording_policy,
        )


class UpdateCall(CallFields):
    """Omitted fields stay unchanged; a null `scheduledAt` removes the time, a null `slug` the slug.
    Once a call has started, only title, lobby, guests, captions, language and outcome can change.
    """

    model_config = example({"title": "Router setup", "outcome": {"solved": True}})

    outcome: OutcomeBody = Field(default_factory=OutcomeBody)

    def change(self) -> CallChange:
        plain = ("title", "media", "max_participants", "guests_allowed", "lobby", "captions")
        fields = {name: getattr(self, name) for name in (*plain, "language")}
        fields = {name: value for name, value in fields.items() if value is not None}
        people = self.people()
        if people is not None:
            fields["invitees"] = people
        if "slug" in self.model_fields_set:
            fields["slug"] = self.slug
        if self.host_id is not None:
            fields["host_uid"] = self.host_id
        if self.recording_policy is not None:
            fields["recording_policy"] = self.recording_policy
        return CallChange(
            fields=fields,
            outcome=self.outcome.given(),
            scheduled_at=self.scheduled_at,
            unplanned="scheduled_at" in self.model_fields_set and self.scheduled_at is None,
        )


class EndCall(Schema):
    model_config = example({"reason": "completed", "outcome": {"solved": True, "note": "Reset."}})

    reason: EndReason | None = Field(
        None,
        validation_alias=AliasChoices("reason", "endReason", "end_reason"),
        description="Defaults to `host_ended`; `user_ended` is accepted for it.",
    )
    outcome: OutcomeBody = Field(default_factory=OutcomeBody)

    @model_validator(mode="before")
    @classmethod
    def _old_name(cls, sent: Any) -> Any:
        if isinstance(sent, dict) and sent.get("reason") == "user_ended":
            return {**sent, "reason": "host_ended"}
        return sent


class CallsQuery(Page):
    company_id: Id | None = None
    status: CallStatus | None = None
    host_id: Id | None = None
    solved: bool | None = Field(None, description="What the host says, else the guest.")
    from_: Time | None = Field(None, alias="from", description="Created at or after.")
    to: Time | None = Field(None, description="Created before.")
    search: SearchText = Field(
        "",
        description="The beginning of a word of the title, or of a guest's name, phone number or "
        "the number of the call.",
    )
    sort: Sort = "newest"

    def filter(self) -> CallFilter:
        return CallFilter(
            status=self.status,
            host_uid=self.host_id,
            solved=self.solved,
            start=self.from_,
            end=self.to,
            search=self.search,
            sort=self.sort,
        )


class HostView(Schema):
    user_id: str
    name: str
    avatar_url: str


class InviteeView(Schema):
    id: str
    name: str
    email: str
    phone: str
    language: str
    user_id: str | None
    state: InviteeState

    @classmethod
    def of(cls, invitee: Invitee) -> Self:
        return cls(**invitee.model_dump(exclude={"uid"}), user_id=invitee.uid)


class OutcomeView(Schema):
    solved: bool | None
    category: str
    note: str
    follow_up_at: datetime | None
    billable: bool | None
    billing_category: str

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        return cls(**outcome.model_dump())


class CallReviewView(Schema):
    rating: int
    solved: bool | None


class CallQualityView(Schema):
    """Means of what the participants have reported; null for what is not known."""

    reports: int
    rtt_ms: float | None
    jitter_ms: float | None
    loss_percent: float | None
    mos: float | None
    relayed: int = Field(description="How many of the reports came through a relay.")
    word: QualityWord | None

    @classmethod
    def of(cls, quality: CallQuality) -> Self:
        return cls(**quality.model_dump())


class CallView(Schema):
    """A call as its company sees it."""

    id: str
    company_id: str
    number: int = Field(description="Counts the calls of the company.")
    code: str
    slug: str
    join_url: str = Field(description="The path of the page on which the call is held.")
    title: str
    host: HostView
    guests: list[InviteeView]
    guest_name: str
    media: CallMedia
    provider: CallProvider
    status: CallStatus
    end_reason: EndReason | None
    scheduled_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    seconds: int = Field(description="Of the call, from the moment when two people were in it.")
    participant_seconds: int = Field(description="Of all participants together.")
    waiting_seconds: int
    response_seconds: int | None
    reconnects: int
    screen_shared: bool
    participant_count: int
    peak: int
    max_participants: int
    guests_allowed: bool
    lobby: bool
    captions: bool
    recording_policy: CallRecordingPolicy
    language: str
    room_id: str
    outcome: OutcomeView
    review: CallReviewView | None
    quality: CallQualityView | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, call: Call) -> Self:
        same = (
            *("id", "company_id", "number", "code", "title", "guest_name", "media", "provider"),
            *("status", "end_reason", "scheduled_at", "started_at", "ended_at"),
            *("waiting_seconds", "response_seconds", "reconnects", "screen_shared"),
            *("participant_count", "peak", "max_participants", "guests_allowed", "lobby"),
            *("captions", "recording_policy", "language", "room_id", "created_at", "updated_at"),
        )
        return cls(
            **{name: getattr(call, name) for name in same},
            slug=call.slug or "",
            join_url=link_of(call.code),
            host=HostView(user_id=call.host_uid, name=call.host_name, avatar_url=call.host_picture),
            guests=[InviteeView.of(each) for each in call.invitees],
            seconds=call.length(),
            participant_seconds=call.seconds,
            outcome=OutcomeView.of(call.outcome),
            review=CallReviewView(**call.review.model_dump()) if call.review else None,
            quality=CallQualityView.of(call.quality) if call.quality else None,
        )


class CallData(Schema):
    call: CallView

    @classmethod
    def of(cls, call: Call) -> Self:
        return cls(call=CallView.of(call))


class MadeInvitation(Schema):
    """An invitation that was made with a call. `joinUrl` has its token, which is shown only now."""

    id: str
    name: str
    state: InviteeState
    error: str | None = Field(description="The code of why no message is sent.")
    join_url: str

    @classmethod
    def of(cls, invited: Invited) -> Self:
        made = invited.invitation
        return cls(
            id=made.id, name=made.name, state=made.state, error=made.error, join_url=invited.link
        )


class CreatedCall(Schema):
    call: CallView
    code: str
    join_url: str
    invitations: list[MadeInvitation]

    @classmethod
    def of(cls, made: Made) -> Self:
        return cls(
            call=CallView.of(made.call),
            code=made.call.code,
            join_url=link_of(made.call.code),
            invitations=[MadeInvitation.of(each) for each in made.invited],
        )


class CallsData(Schema):
    calls: list[CallView]

    @classmethod
    def of(cls, calls: Sequence[Call]) -> Self:
        return cls(calls=[CallView.of(each) for each in calls])

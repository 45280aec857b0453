"""What the operations on rooms take and answer."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from troupe.accounts.schemas import Language as AnyLanguage
from troupe.rooms.invitations import GivenRole, Invited, Kind, Wanted, as_token
from troupe.rooms.members import Ticket
from troupe.rooms.presence import BEAT_SECONDS, TTL_SECONDS, Beaten, Online, State
from troupe.rooms.records import (
    LastMessage,
    Member,
    Payer,
    Room,
    RoomInvitation,
    RoomRole,
    RoomSettings,
    RoomStatus,
    Speakers,
)
from troupe.rooms.service import RoomChange, RoomRequest, Shown, Sort
from troupe.web.schema import (
    Email,
    Id,
    Line,
    OneLine,
    Page,
    PlainText,
    Schema,
    Time,
    WarnsOfUnknown,
    example,
)


def _canonical(code: str) -> str:
    """A language tag as BCP 47 recommends to write it: `pt-BR`, `zh-Hant`."""
    first, *rest = code.split("-")
    forms = (part.title() if len(part) == 4 else part.upper() for part in rest)
    return "-".join([first.lower(), *forms])


Language = Annotated[AnyLanguage, AfterValidator(_canonical)]
RoomName = Annotated[Line, Field(max_length=80)]
Topic = Annotated[OneLine, Field(max_length=200)] | Literal[""]
# Shared by many and typed on phones, so weaker ones than for accounts are allowed.
RoomPassword = Annotated[str, StringConstraints(min_length=6, max_length=128)]


class RoomPath(Schema):
    room_id: Id


class RoomSettingsBody(Schema):
    """Omitted settings stay as they are."""

    translate: bool | None = None
    payer: Payer | None = Field(
        None,
        description="Who pays for recognition and speech: the room's `owner`, the `sender` of a "
        "message, or the `company` of the room. For guests, it is the owner. `none`: nobody, so "
        "there is neither; also set when the room gets another owner.",
    )
    guests: bool | None = Field(None, description="Whether guests may join.")
    member_invites: bool | None = Field(None, description="Whether members may invite others.")
    allow_styles: bool | None = Field(
        None, description="Whether members may ask for translations in a style."
    )
    auto_speak: bool | None = Field(
        None,
        description="Messages are spoken unless their senders say otherwise, or would pay for it "
        "themselves. Also the default of new members for `autoSpeak`.",
    )
    speech: Speakers | None = Field(
        None,
        description="Who may have messages spoken that others pay for: all `members`, or only the "
        "owner and the `moderators`. `off`: nobody may have any spoken.",
    )
    slow_seconds: Annotated[int, Field(ge=0, le=3600)] | None = Field(
        None, description="Minimum seconds between two messages of the same member."
    )
    max_members: Annotated[int, Field(ge=2, le=500)] | None = None
    retention_days: Annotated[int, Field(ge=0, le=3650)] | None = Field(
        None, description="New messages are deleted after this many days; 0 keeps them."
    )
    receipts: bool | None = Field(
        None, description="Stored for clients: whether to show how far others have read."
    )

    def given(self) -> dict[str, Any]:
        """The given fields of RoomSettings."""
        given = self.model_dump(exclude_none=True)
        if given.get("retention_days") == 0:
            given["retention_days"] = None
        return given


class CreateRoom(WarnsOfUnknown):
    model_config = example(
        {
            "name": "Travel plans",
            "topic": "Where we meet in May",
            "language": "de",
            "settings": {"payer": "owner", "guests": True},
        }
    )

    name: RoomName = Field(
        validation_alias=AliasChoices("name", "chatroomName", "chatroom_name"),
        description="`chatroomName` is accepted, too.",
    )
    is_private: bool = Field(
        False, description="A private room is in no list, and needs an invitation or a password."
    )
    password: RoomPassword | None = None
    topic: Topic = ""
    language: Language | None = Field(
        None, description="The language you read. Defaults to your profile's, then to English."
    )
    second_language: Language | None = Field(
        None, description="For a second person at the same screen."
    )
    company_id: Id | None = Field(None, description="The company whose room it is.")
    settings: RoomSettingsBody = Field(default_factory=RoomSettingsBody)

    def request(self) -> RoomRequest:
        return RoomRequest(
            name=self.name,
            is_private=self.is_private,
            password=self.password,
            topic=self.topic,
            language=self.language,
            second_language=self.second_language,
            company_id=self.company_id,
            settings=self.settings.given(),
        )


class RoomSettingsView(Schema):
    translate: bool
    captions: bool = Field(description="Whether captions can be sent. A call can switch them off.")
    payer: Payer
    guests: bool
    member_invites: bool
    allow_styles: bool
    auto_speak: bool
    speech: Speakers
    slow_seconds: int
    max_members: int
    retention_days: int = Field(description="0: messages are kept.")
    receipts: bool

    @classmethod
    def of(cls, settings: RoomSettings) -> Self:
        return cls(**settings.model_dump() | {"retention_days": settings.retention_days or 0})


class UpdateRoom(WarnsOfUnknown):
    """Omitted fields stay as they are. Moderators can change the name, the topic and the
    announcement, the owner everything."""

    model_config = example({"topic": "Where we meet in June", "announcement": "Bring a map."})

    name: RoomName | None = Field(
        None, validation_alias=AliasChoices("name", "chatroomName", "chatroom_name")
    )
    topic: Topic | None = None
    announcement: Annotated[PlainText, Field(max_length=1000)] | None = Field(
        None, description="Shown above the messages. Empty removes it."
    )
    is_private: bool | None = Field(None, description="Making a room public removes its password.")
    password: RoomPassword | Literal[""] | None = Field(
        None, description="Only for private rooms. Empty removes it."
    )
    settings: RoomSettingsBody = Field(default_factory=RoomSettingsBody)
    status: RoomStatus | None = Field(
        None, description="Nobody writes in an `archived` room, which is in no list."
    )

    def change(self) -> RoomChange:
        fields = {"name": self.name, "topic": self.topic, "status": self.status}
        return RoomChange(
            fields={name: each for name, each in fields.items() if each is not None},
            settings=self.settings.given(),
            is_private=self.is_private,
            password=self.password,
            announcement=self.announcement,
        )


class UserPath(Schema):
    user_id: Id


class UserRoomsQuery(Page):
    search: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = Field(
        "", description="The beginning of a word of the name."
    )
    sort: Sort = Field(
        "active", description="`active`: most recent activity first; `new`: newest first."
    )


class RoomsQuery(UserRoomsQuery):
    language: Language | None = Field(
        None, description="Only public rooms whose creator reads this language."
    )
    mine: bool = Field(
        False, description="Only rooms that you are in. Use `page`; `cursor` is ignored."
    )


class JoinRoom(WarnsOfUnknown):
    model_config = example({"language": "en"})

    password: Annotated[str, StringConstraints(max_length=128)] | None = Field(
        None, description="Required for a private room, unless you have an invitation."
    )
    invitation: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        None, description="The token of an invitation."
    )
    code: Annotated[str, StringConstraints(max_length=20)] | None = Field(
        None, description="The code of a room, in any case, with or without a hyphen."
    )
    language: Language | None = Field(
        None, description="The language you read. Defaults to your profile's, then to English."
    )
    second_language: Language | None = None

    def ticket(self) -> Ticket:
        token = self.invitation or self.code
        return Ticket(
            password=self.password,
            token=as_token(token) if token else None,
            language=self.language,
            second_language=self.second_language,
        )


class JoinNamedRoom(JoinRoom):
    """Without `roomId`, the room of the invitation or of the code."""

    model_config = example({"code": "7K3M9QXW", "language": "en"})

    room_id: Id | None = Field(
        None,
        validation_alias=AliasChoices("roomId", "room_id", "chatroomId", "chatroom_id"),
        description="`chatroomId` is accepted, too.",
    )


class LeaveRoom(Schema):
    model_config = example({})

    transfer_to: Id | None = Field(
        None, description="The id of the member who owns the room from now on; for its owner."
    )


class LeaveNamedRoom(LeaveRoom):
    model_config = example({"roomId": "ID_OF_A_ROOM"})

    room_id: Id = Field(
        validation_alias=AliasChoices("roomId", "room_id", "chatroomId", "chatroom_id"),
        description="`chatroomId` is accepted, too.",
    )


class RoomMemberPath(RoomPath):
    user_id: Id


class SetMember(WarnsOfUnknown):
    """Omitted fields stay as they are. Members set their own languages, `autoSpeak` and voice;
    moderators mute others; the owner gives roles."""

    model_config = example({"language": "pt-BR", "autoSpeak": True})

    language: Language | None = None
    second_language: Language | Literal[""] | None = Field(None, description="Empty removes it.")
    auto_speak: bool | None = None
    voice_character_id: Id | Literal[""] | None = Field(
        None,
        description="Your character whose voice speaks your messages. Empty: a default voice.",
    )
    role: GivenRole | None = None
    muted_until: Time | None = Field(
        None, description="Until then the member cannot write. Null lets them write again."
    )

    def changes(self) -> dict[str, Any]:
        """The changed fields of Member."""
        given = self.model_dump(exclude={"muted_until"}, exclude_none=True)
        for name in ("second_language", "voice_character_id"):
            if given.get(name) == "":
                given[name] = None
        if "muted_until" in self.model_fields_set:
            given["muted_until"] = self.muted_until
        return given


class RemoveMemberQuery(Schema):
    ban: bool | None = Field(
        None,
        description="`true` also keeps the person out; `false` only lets a banned one join again.",
    )


class CreateInvitation(WarnsOfUnknown):
    model_config = example({"kind": "code"})

    kind: Kind = Field("link", description="`code`: 8 characters that replace the code before.")
    role: GivenRole = Field(
        "member",
        description="Only the owner invites moderators, each with an invitation of their own.",
    )
    max_uses: Annotated[int, Field(ge=1, le=10_000)] | None = None
    expires_in: Annotated[int, Field(ge=60, le=30 * 86400)] | None = Field(
        None,
        description="In seconds. A link is valid for 7 days by default, and for 30 at most; a code "
        "for an hour at most.",
    )
    email: Email | None = Field(None, description="The one address that can use it.")

    def wanted(self) -> Wanted:
        return Wanted(
            kind=self.kind,
            role=self.role,
            max_uses=self.max_uses,
            lifetime=timedelta(seconds=self.expires_in) if self.expires_in else None,
            email=self.email,
        )


class RoomInvitationPath(RoomPath):
    invitation_id: Id


class LookRoom(Schema):
    """At least one of the three; an invitation or a code comes before `roomId`."""

    model_config = example({"code": "7K3M9QXW"})

    code: Annotated[str, StringConstraints(max_length=20)] | None = None
    invitation: Annotated[str, StringConstraints(max_length=100)] | None = None
    room_id: Id | None = Field(
        None, validation_alias=AliasChoices("roomId", "room_id", "chatroomId", "chatroom_id")
    )

    @property
    def token(self) -> str | None:
        given = self.invitation or self.code
        return as_token(given) if given else None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if not (self.code or self.invitation or self.room_id):
            raise PydanticCustomError(
                "one_required", "must have one of code, invitation and roomId"
            )
        return self


class AnnouncementView(Schema):
    text: str
    by: str = Field(description="The id of the user.")
    at: datetime


class LastMessageView(Schema):
    id: str
    user_id: str
    kind: str
    text: str = Field(description="Its beginning.")
    at: datetime

    @classmethod
    def of(cls, message: LastMessage) -> Self:
        return cls(user_id=message.uid, **message.model_dump(exclude={"uid"}))


class RoomView(Schema):
    id: str
    name: str
    topic: str
    announcement: AnnouncementView | None
    is_private: bool
    has_password: bool
    status: RoomStatus
    owner_id: str
    company_id: str | None
    member_count: int
    languages: dict[str, int] = Field(description="By code, how many members read it.")
    settings: RoomSettingsView
    paused: str = Field(
        description="`payer_cannot_pay` if captions of sound have stopped because whoever pays for "
        "the room cannot; else empty."
    )
    last_message: LastMessageView | None
    role: RoomRole | Literal[""] = Field(description="Yours; empty if you are not in the room.")
    active_at: datetime = Field(
        description="When the room was created, or when the message that `lastMessage` "
        "shows was sent."
    )
    cleared_before: datetime | None = Field(
        description="The owner has deleted what was sent up to then."
    )
    created_at: datetime

    @classmethod
    def of(cls, shown: Shown) -> Self:
        room = shown.room
        # Whoever has not joined sees nothing of what is said.
        said, last = (room.announcement, room.last_message) if shown.member else (None, None)
        return cls(
            id=room.id,
            name=room.name,
            topic=room.topic,
            announcement=said and AnnouncementView(**said.model_dump()),
            is_private=room.is_private,
            has_password=room.has_password,
            status=room.status,
            owner_id=room.owner_uid,
            company_id=room.company_id,
            member_count=room.member_count,
            languages=room.languages,
            settings=RoomSettingsView.of(room.settings),
            paused=room.paused.code if room.paused else "",
            last_message=last and LastMessageView.of(last),
            role=shown.member.role if shown.member else "",
            active_at=room.active_at,
            cleared_before=room.cleared_before,
            created_at=room.created_at,
        )


class RoomData(Schema):
    room: RoomView

    @classmethod
    def of(cls, shown: Shown) -> Self:
        return cls(room=RoomView.of(shown))


class RoomsData(Schema):
    rooms: list[RoomView]

    @classmethod
    def of(cls, shown: Sequence[Shown]) -> Self:
        return cls(rooms=[RoomView.of(each) for each in shown])


class RoomMemberView(Schema):
    user_id: str
    name: str
    avatar_url: str
    guest: bool
    role: RoomRole
    language: str
    second_language: str = Field(description="Empty without one.")
    auto_speak: bool
    voice_character_id: str | None
    muted_until: datetime | None
    joined_at: datetime

    @classmethod
    def of(cls, member: Member) -> Self:
        return cls(
            user_id=member.uid,
            second_language=member.second_language or "",
            **member.model_dump(
                include={
                    *("name", "avatar_url", "guest", "role", "language", "auto_speak"),
                    *("voice_character_id", "muted_until", "joined_at"),
                }
            ),
        )


class RoomJoinedData(Schema):
    room: RoomView
    member: RoomMemberView

    @classmethod
    def of(cls, room: Room, member: Member) -> Self:
        return cls(room=RoomView.of(Shown(room, member)), member=RoomMemberView.of(member))


class ListedMemberView(RoomMemberView):
    online: bool

    @classmethod
    def seen(cls, member: Member, online: Container[str]) -> Self:
        shown = RoomMemberView.of(member)
        return cls(**shown.model_dump(), online=member.uid in online)


class RoomMembersData(Schema):
    members: list[ListedMemberView]


class PresenceBody(Schema):
    model_config = example({"state": "active"})

    state: Beaten = Field(
        description="`typing` and `speaking` end by themselves after 10 seconds. `gone` when the "
        "page is closed."
    )


class OnlineView(Schema):
    user_id: str
    name: str
    since: datetime
    state: State


class PresenceData(Schema):
    online: list[OnlineView] = Field(description="At most 50.")
    beat_seconds: int = Field(description="How often to send this.")
    ttl_seconds: int = Field(description="After which those who do not are no longer online.")

    @classmethod
    def of(cls, online: Mapping[str, Online]) -> Self:
        views = [
            OnlineView(user_id=uid, name=each.name, since=each.since, state=each.state)
            for uid, each in online.items()
        ]
        views.sort(key=lambda view: (view.since, view.user_id))
        return cls(online=views, beat_seconds=BEAT_SECONDS, ttl_seconds=TTL_SECONDS)


class RoomMemberData(Schema):
    member: RoomMemberView


class RoomInvitationView(Schema):
    id: str
    kind: Kind
    role: GivenRole
    max_uses: int | None
    uses: int
    email: str = Field(description="Empty: anybody can use it.")
    created_by: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, invitation: RoomInvitation) -> Self:
        email = invitation.email or ""
        return cls(**invitation.model_dump(exclude={"room_id", "email"}), email=email)


class RoomInvitedData(Schema):
    invitation: RoomInvitationView
    token: str = Field(description="The token of a link. It is returned only once.")
    code: str = Field(description="The code. It is returned only once.")
    url: str = Field(description="The path of the join page of your web app.")

    @classmethod
    def of(cls, invited: Invited) -> Self:
        is_code = invited.invitation.kind == "code"
        return cls(
            invitation=RoomInvitationView.of(invited.invitation),
            token="" if is_code else invited.token,
            code=invited.token if is_code else "",
            url=f"/join#{invited.token}",
        )


class RoomInvitationsData(Schema):
    invitations: list[RoomInvitationView]


class RoomLookData(Schema):
    room_id: str
    name: str
    member_count: int
    needs_password: bool = Field(
        description="Always false: an invitation or a code opens a room without its password, and "
        "public rooms have none."
    )
    guests_allowed: bool
    languages: dict[str, int]

    @classmethod
    def of(cls, room: Room) -> Self:
        return cls(
            room_id=room.id,
            name=room.name,
            member_count=room.member_count,
            needs_password=False,
            guests_allowed=room.settings.guests,
            languages=room.languages,
        )

"""What the operations within a call take and answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from troupe.accounts.schemas import Language
from troupe.calls.attendance import BEAT_SECONDS, TTL_SECONDS
from troupe.calls.entering import Entered, Entry, Looked
from troupe.calls.moderation import Moderation
from troupe.calls.presence import Present, Status
from troupe.calls.providers.provider import Connection as Connected
from troupe.calls.quality import Report
from troupe.calls.records import (
    AccessState,
    Call,
    CallMedia,
    CallRole,
    CallStatus,
    Connection,
    LiveRecording,
    LiveRecordingState,
    Media,
    Participant,
    RecordingSource,
)
from troupe.calls.schemas import CallQualityView
from troupe.calls.signal_schemas import IceServerView, LiveKitView
from troupe.web.schema import Id, Line, Schema, example

Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    Field(description="In any case, with blanks and hyphens.", examples=["7K3QX-9M2PA"]),
]
# Of the path: a code, or with `company` the slug of a call.
Place = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class JoinPath(Schema):
    code: Place


# Whatever it is, it keeps nobody out.
Invitation = Annotated[
    str,
    StringConstraints(max_length=100),
    Field(description="The token of an invitation, from its link."),
]


class JoinQuery(Schema):
    company: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        None, description="The slug of a company; then `code` is the slug of its call."
    )
    invitation: Invitation | None = None


class ParticipantPath(Schema):
    call_id: Id
    participant_id: Id


class MediaBody(Schema):
    audio: bool = False
    video: bool = False
    screen: bool = False

    def media(self) -> Media:
        return Media(**self.model_dump())


class MediaView(Schema):
    audio: bool
    video: bool
    screen: bool


class EnterCall(Schema):
    model_config = example({"language": "en", "media": {"audio": True, "video": True}})

    code: Code | None = Field(
        None, description="Not needed by members of the company and by who is invited."
    )
    language: Language | None = None
    media: MediaBody = Field(default_factory=MediaBody)
    invitation: Invitation | None = None

    def entry(self) -> Entry:
        return Entry(self.code, self.language or "", self.media.media(), self.invitation)


class GuestJoin(Schema):
    model_config = example({"name": "Grace", "code": "7K3QX9M2PA", "language": "en"})

    name: Annotated[Line, Field(max_length=40)]
    code: Code
    language: Language | None = None
    media: MediaBody = Field(default_factory=MediaBody)
    invitation: Invitation | None = None

    def entry(self) -> Entry:
        return Entry(self.code, self.language or "", self.media.media(), self.invitation)


class TabBody(Schema):
    model_config = example({"participantId": "ID_OF_A_PARTICIPANT"})

    participant_id: Id


class BeatBody(Schema):
    model_config = example(
        {
            "participantId": "ID_OF_A_PARTICIPANT",
            "media": {"audio": True, "video": False},
            "connection": "connected",
        }
    )

    participant_id: Id
    media: MediaBody | None = Field(None, description="What the tab sends now.")
    connection: Connection | None = Field(
        None, description="The best connection with another participant."
    )


class ModerateBody(Schema):
    model_config = example({"action": "mute"})

    action: Moderation = Field(
        description="`deny` and `remove` keep the person out for good. `mute` asks their client to "
        "be silent, and silences them at LiveKit; they may speak again. Only members of the "
        "company are promoted to hosts."
    )


Measure = Annotated[float, Field(ge=0, le=60_000)]


class QualityBody(Schema):
    model_config = example(
        {
            "participantId": "ID_OF_A_PARTICIPANT",
            "rttMs": 48,
            "jitterMs": 4.5,
            "lossPercent": 0.2,
            "relay": True,
        }
    )

    participant_id: Id
    rtt_ms: Measure | None = None
    jitter_ms: Measure | None = None
    loss_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    bitrate_kbps: Annotated[float, Field(ge=0, le=1_000_000)] | None = None
    fps: Annotated[float, Field(ge=0, le=240)] | None = None
    width: Annotated[int, Field(ge=0, le=16_384)] | None = None
    height: Annotated[int, Field(ge=0, le=16_384)] | None = None
    relay: bool = False
    mos: Annotated[float, Field(ge=1, le=5)] | None = None

    def report(self) -> Report:
        return Report(**self.model_dump(exclude={"participant_id"}))


class CallCompanyView(Schema):
    name: str
    slug: str
    logo_url: str


class CallHostView(Schema):
    name: str
    avatar_url: str


class LookedData(Schema):
    """What everybody sees who has a code: no number, no address."""

    call_id: str
    title: str
    company: CallCompanyView
    host: CallHostView
    guest_name: str
    media: CallMedia
    status: CallStatus
    starts_at: datetime | None
    guests_allowed: bool
    lobby: bool
    captions: bool = Field(description="Whether captions can be sent to the call's room.")

    @classmethod
    def of(cls, looked: Looked, name: str = "") -> Self:
        """`name`: of who was invited with the link."""
        call, company = looked.call, looked.company
        return cls(
            call_id=call.id,
            title=call.title,
            company=CallCompanyView(
                name=company.name, slug=company.slug, logo_url=company.logo_url
            ),
            host=CallHostView(name=call.host_name, avatar_url=call.host_picture),
            guest_name=name or call.guest_name,
            media=call.media,
            status=call.status,
            starts_at=call.scheduled_at,
            guests_allowed=call.guests_allowed,
            lobby=call.lobby,
            captions=call.captions,
        )


class ParticipantView(Schema):
    id: str
    user_id: str
    name: str
    guest: bool
    role: CallRole
    order: int = Field(description="Who has the greater one offers the connection.")
    state: AccessState
    media: MediaView
    muted: bool = Field(description="A host has asked them to be silent.")
    language: str
    joined_at: datetime
    left_at: datetime | None

    @classmethod
    def of(cls, participant: Participant) -> Self:
        same = ("id", "name", "guest", "role", "order", "state", "muted", "language")
        return cls(
            **{name: getattr(participant, name) for name in same},
            user_id=participant.uid,
            media=MediaView(**participant.media.model_dump()),
            joined_at=participant.joined_at,
            left_at=participant.left_at,
        )


class PeerView(Schema):
    participant_id: str
    user_id: str
    name: str
    order: int
    polite: bool = Field(
        description="Whether you give way to this peer when both offer at once; then you are the "
        "one who offers first."
    )


class EnteredData(Schema):
    media: CallMedia = Field(description="Of the call: with `audio` nobody sends any picture.")
    participant: ParticipantView
    peers: list[PeerView]
    ice_servers: list[IceServerView] = Field(
        description="With credentials that last an hour; ask for new ones in time. Empty in the "
        "lobby, and in a call by LiveKit."
    )
    livekit: LiveKitView | None = Field(
        description="Of a call by LiveKit, whose participants connect to it instead of to each "
        "other; null in the lobby."
    )
    room_id: str | None = Field(description="Of the call's chat; null in the lobby.")
    firebase_token: str = Field(
        description="To listen with the Firebase SDK; empty if the caller has signed in with it."
    )
    state: AccessState

    @classmethod
    def of(cls, entered: Entered, firebase_token: str | None, connection: Connected) -> Self:
        mine = entered.participant
        servers = connection.ice.servers if mine.is_in else ()
        return cls(
            media=entered.call.media,
            participant=ParticipantView.of(mine),
            peers=[_peer(mine, each) for each in entered.peers],
            ice_servers=[IceServerView.of(each) for each in servers],
            livekit=LiveKitView.of(connection) if mine.is_in else None,
            room_id=entered.call.room_id if mine.is_in else None,
            firebase_token=firebase_token or "",
            state=mine.state,
        )


class GuestEnteredData(EnteredData):
    call_token: str = Field(
        description="The guest's access token, for this call and what it leaves behind. It cannot "
        "be refreshed."
    )
    expires_in: int


class ParticipantsData(Schema):
    participants: list[ParticipantView]

    @classmethod
    def of(cls, participants: Sequence[Participant]) -> Self:
        return cls(participants=[ParticipantView.of(each) for each in participants])


class ParticipantData(Schema):
    participant: ParticipantView


EndsAt = Annotated[
    datetime | None,
    Field(
        description="When the call ends because nobody can pay for more of it, at least a minute "
        "ahead; null while somebody can."
    ),
]


class LiveRecordingView(Schema):
    """The recording that is being made of a call."""

    id: str
    user_id: str = Field(description="Whose browser records, or who has started it.")
    name: str
    source: RecordingSource = Field(description="Who records: `egress` is LiveKit.")
    state: LiveRecordingState
    consented: list[str] = Field(description="The ids of the users who have agreed.")
    waiting_for: list[str] = Field(
        description="Those of the users in the call who have not: until then nothing is recorded."
    )
    started_at: datetime

    @classmethod
    def of(cls, recording: LiveRecording | None) -> Self | None:
        if recording is None:
            return None
        return cls(user_id=recording.uid, **recording.model_dump(exclude={"uid", "session"}))


class BeatData(ParticipantsData):
    beat_seconds: int = BEAT_SECONDS
    ttl_seconds: int = TTL_SECONDS
    ends_at: EndsAt
    recording: LiveRecordingView | None

    @classmethod
    def of_present(cls, present: Present) -> Self:
        return cls(
            participants=[ParticipantView.of(each) for each in present.participants],
            ends_at=present.ends_at,
            recording=LiveRecordingView.of(present.recording),
        )


class CallStatusData(Schema):
    status: CallStatus
    participants: list[ParticipantView]
    since: datetime | None = Field(description="When two people were first there.")
    seconds: int
    ends_at: EndsAt
    recording: LiveRecordingView | None
    quality: CallQualityView | None

    @classmethod
    def of(cls, status: Status) -> Self:
        call: Call = status.call
        return cls(
            status=call.status,
            participants=[ParticipantView.of(each) for each in status.participants],
            since=call.active_at,
            seconds=call.length(),
            ends_at=None if call.is_over else call.ends_at,
            recording=LiveRecordingView.of(call.recording),
            quality=CallQualityView.of(status.quality) if status.quality else None,
        )


def _peer(mine: Participant, peer: Participant) -> PeerView:
    return PeerView(
        participant_id=peer.id,
        user_id=peer.uid,
        name=peer.name,
        order=peer.order,
        polite=mine.order > peer.order,
    )

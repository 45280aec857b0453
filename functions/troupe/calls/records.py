"""Video calls, who is in them, and what they leave behind, as they are stored.

Clients listen to some of these documents under firestore.rules: to their own access, to the
participants and to their signals. The call itself has numbers, addresses and notes of the company,
so no client reads it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from troupe.adapters.firestore import now
from troupe.records import Record
from troupe.text import prefixes

COLLECTION = "calls"
ACCESS, PARTICIPANTS, QUALITY, SIGNALS = "access", "participants", "quality", "signals"
STATES = "state"
CODES = "callCodes"
RECORDINGS = "callRecordings"
MOST_INVITEES = 20
MOST_TABS = 20  # that one person opens in one call, one after the other
MOST_WAITING = 20  # in the lobby of a call
CallMedia = Literal["video", "audio"]
CallProvider = Literal["mesh", "livekit"]
# A mesh sends everybody's sound and picture to everybody. LiveKit could take more, but the
# heartbeats of a call are stored in one document, which takes about one write a second.
MOST_PARTICIPANTS: dict[CallProvider, dict[CallMedia, int]] = {
    "mesh": {"video": 4, "audio": 8},
    "livekit": {"video": 20, "audio": 20},
}

CallRole = Literal["host", "participant", "guest"]
AccessState = Literal["waiting", "in", "left", "removed"]
Connection = Literal["connecting", "connected", "disconnected", "failed"]
EndReason = Literal[
    "completed",
    "host_ended",
    "guest_ended",
    "timeout",
    "technical_issue",
    "cancelled",
    "out_of_minutes",
]
# `off`: never recorded. `ask`: only with the consent of everybody who is in the call.
CallRecordingPolicy = Literal["off", "ask"]
# Who records: the browser of a host, or LiveKit.
RecordingSource = Literal["parts", "egress"]
LiveRecordingState = Literal["requested", "starting", "recording"]
# Why a recording is no longer made, and, if nothing was recorded, why there is none.
RecordingEnd = Literal[
    "stopped",
    "declined",
    "unanswered",
    "recorder_left",
    "nothing_received",
    "limit_reached",
    "unpaid",
]
InviteeState = Literal["new", "queued", "sent", "failed", "opened", "joined"]
QualityWord = Literal["excellent", "good", "fair", "poor"]


class CallStatus(StrEnum):
    """`pending`: made without a time. `failed`: people met, and nobody heard or saw anything. See
    `states` for how one becomes another."""

    PENDING = "pending"
    SCHEDULED = "scheduled"
    RINGING = "ringing"
    ACTIVE = "active"
    ENDED = "ended"
    CANCELLED = "cancelled"
    MISSED = "missed"
    FAILED = "failed"


class Invitee(Record):
    """Somebody who is asked to come. `uid`: for those with an account."""

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    uid: str | None = None
    state: InviteeState = "new"


class Outcome(Record):
    """What the host says of a call. `solved`: None if nobody has said."""

    solved: bool | None = None
    category: str = ""
    note: str = ""
    follow_up_at: datetime | None = None
    billable: bool | None = None
    billing_category: str = ""


class CallReview(Record):
    """A copy of the guest's review, for lists."""

    rating: int
    solved: bool | None = None


class CallQuality(Record):
    """Of a call that has ended: the means of what its participants have reported. `word`: the
    worst that the numbers say; `relayed`: how many of the reports came through a relay."""

    reports: int = 0
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    loss_percent: float | None = None
    mos: float | None = None
    relayed: int = 0
    word: QualityWord | None = None


class LiveRecording(Record):
    """The recording that is being made of a call, as everybody in the call sees it. `uid`: whose
    browser records, or who has started it; `source`: see CallRecording. `requested`: somebody has
    not been heard of yet who is asked for consent; `starting`: it may be recorded, and nothing of
    it is there. `consented`: who has agreed; `waiting_for`: who is in the call and has not, so
    nothing may be recorded now. `session`: how often that has ended what was recorded."""

    id: str
    uid: str
    name: str = ""
    source: RecordingSource = "parts"
    session: int = 0
    state: LiveRecordingState = "requested"
    consented: list[str] = Field(default_factory=list)
    waiting_for: list[str] = Field(default_factory=list)
    started_at: datetime

    @property
    def paused(self) -> bool:
        return bool(self.waiting_for)


class ReservedMinutes(Record):
    """What is reserved on a call's tab. `since`: how many seconds of its participants had been
    counted when it was reserved. `id`: of the operation that reserved it."""

    id: str
    tab_id: str
    milliseconds: int
    since: int


class Call(Record):
    """`calls/{id}`: for the functions alone. Every commit that changes who is in the call, or its
    state, names the version that it read.

    `number` counts the calls of a company. `room_id` is the id of the call. `license_id`: of the
    host's license, which the call counts for. `due_at`: when the sweep looks at it, because no
    state lasts for ever; None once there is nothing left to do. `empty_since`: nobody is in it.
    `connected_at`: when media first arrived anywhere, as far as it is settled. `waiting_count`:
    those in the lobby. `join_seq`: how many have ever come in, which gives each participant an
    order; `silent_joins`: how many of them left and had said that they were not connected.

    `reserved`: minutes that are paid for, until the last ones are counted. `ends_at`: when the call
    ends, because nobody can pay for more of it. `used`: milliseconds of all participants together
    that were counted on tabs, by their ids.

    `seconds`: of all participants together, as far as they have left. `waiting_seconds`: of all who
    waited in the lobby; `response_seconds`: from the start until a second person was there.
    `reconnects`: how often somebody came back. `recording`: the one that is being made."""

    id: str
    company_id: str
    host_uid: str
    host_name: str = ""
    host_picture: str = ""
    creator_uid: str
    created_by: str | None = None  # the request that created it, if that had an idempotency key
    number: int
    code: str
    slug: str | None = None
    title: str
    media: CallMedia = "video"
    provider: CallProvider = "mesh"
    status: CallStatus = CallStatus.PENDING
    end_reason: EndReason | None = None
    scheduled_at: datetime | None = None
    started_at: datetime | None = None
    active_at: datetime | None = None
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    empty_since: datetime | None = None
    max_participants: int = 4
    guests_allowed: bool = True
    lobby: bool = False
    recording_policy: CallRecordingPolicy = "ask"
    recording: LiveRecording | None = None
    captions: bool = True
    language: str = ""
    invitees: list[Invitee] = Field(default_factory=list)
    room_id: str
    license_id: str | None = None
    participant_count: int = 0
    waiting_count: int = 0
    peak: int = 0
    join_seq: int = 0
    guest_count: int = 0
    silent_joins: int = 0
    guest_name: str = ""
    reserved: ReservedMinutes | None = None
    ends_at: datetime | None = None
    used: dict[str, int] = Field(default_factory=dict)
    seconds: int = 0
    waiting_seconds: int = 0
    response_seconds: int | None = None
    reconnects: int = 0
    screen_shared: bool = False
    outcome: Outcome = Outcome()
    review: CallReview | None = None
    quality: CallQuality | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def is_forgotten(self) -> bool:
        """Its room, who was there and what was said are gone."""
        return self.is_over and self.due_at is None

    @property
    def is_live(self) -> bool:
        return self.status in (CallStatus.RINGING, CallStatus.ACTIVE)

    def length(self) -> int:
        """Seconds so far, from the moment when two people were there."""
        if self.active_at is None:
            return 0
        return max(0, int(((self.ended_at or now()) - self.active_at).total_seconds()))

    @property
    def solved(self) -> bool | None:
        """What the host says, else the guest."""
        if self.outcome.solved is not None or self.review is None:
            return self.outcome.solved
        return self.review.solved

    def stored(self) -> dict[str, Any]:
        """Adds what lists are filtered by; `starts` has title, number, names and phone numbers."""
        people = [each.name for each in self.invitees] + [each.phone for each in self.invitees]
        words = [self.title, str(self.number), self.guest_name, *people]
        starts = prefixes(*(word for word in words if word))
        invited = [each.uid for each in self.invitees if each.uid]
        found = {"starts": starts, "inviteeUids": invited, "solved": self.solved}
        return super().stored() | found


OVER = frozenset({CallStatus.ENDED, CallStatus.CANCELLED, CallStatus.MISSED, CallStatus.FAILED})


def default_title(guest_name: str, number: int) -> str:
    return f"Call with {guest_name}" if guest_name else f"Call {number}"


def named_after(call: Call, guest_name: str) -> dict[str, str]:
    """The fields of a call that name its guest. A title that somebody has chosen stays."""
    made = call.title == default_title(call.guest_name, call.number)
    title = default_title(guest_name, call.number) if made else call.title
    return {"guest_name": guest_name, "title": title}


class CallPlace(Record):
    """`callCodes/{code}` and `companies/{id}/slugs/{slug}`: created, so no two are alike."""

    call_id: str
    created_at: datetime


class Access(Record):
    """`calls/{id}/access/{uid}`: what the rules read. `active` is written for them: `state` is
    `in`. `participant_ids`: of all tabs, the latest last. `name`: as it was given; a guest's.
    `admitted`: an outsider who has been in the call, and comes back without code and lobby.
    `invitation`: the path of that with which they came, to be marked once they are in."""

    id: str
    uid: str
    call_id: str
    company_id: str
    name: str = ""
    role: CallRole = "participant"
    state: AccessState = "in"
    participant_ids: list[str] = Field(default_factory=list)
    admitted: bool = False
    invitation: str | None = None
    updated_at: datetime

    @property
    def is_in(self) -> bool:
        return self.state == "in"

    def stored(self) -> dict[str, Any]:
        return super().stored() | {"active": self.is_in}


class Media(Record):
    """What somebody sends at present."""

    audio: bool = False
    video: bool = False
    screen: bool = False

    def within(self, call: Call) -> Media:
        """What of it may be sent in a call: only sound in one without pictures."""
        return Media(audio=self.audio) if call.media == "audio" else self


class Participant(Record):
    """`calls/{id}/participants/{id}`: one tab of somebody, and never another one. `order`: who came
    later offers the connection; 0 in the lobby. `media_at`: when `media` last changed. `muted`: a
    host has asked them to be silent. `entered_at`: when they came in, from the lobby or at once.
    `seconds`: known when they have left, see `presence`. `had_media`: whether they were ever
    connected; None if they have not said."""

    id: str
    uid: str
    call_id: str
    name: str = ""
    guest: bool = False
    role: CallRole = "participant"
    order: int = 0
    state: AccessState = "in"
    media: Media = Media()
    media_at: datetime | None = None
    muted: bool = False
    language: str = ""
    joined_at: datetime
    entered_at: datetime | None = None
    left_at: datetime | None = None
    seconds: int = 0
    had_media: bool | None = None

    @property
    def is_in(self) -> bool:
        return self.state == "in"


class QualitySum(Record):
    """Of one measure: `sum` over `n` reports, and how many were in each class."""

    n: int = 0
    sum: float = 0
    classes: dict[str, int] = Field(default_factory=dict)


class QualityReports(Record):
    """`calls/{id}/quality/{participantId}`: one write for each report."""

    id: str
    reports: int = 0
    relayed: int = 0
    rtt: QualitySum = QualitySum()
    jitter: QualitySum = QualitySum()
    loss: QualitySum = QualitySum()
    mos: QualitySum = QualitySum()
    last: dict[str, Any] = Field(default_factory=dict)
    updated_at: datetime


class Beat(Record):
    """`at`: of the last one that was stored. `seconds`: in the call up to then. `media`: whether
    the tab was ever connected; None if it has not said."""

    at: datetime
    seconds: int = 0
    media: bool | None = None


class Beats(Record):
    """`beats/call-{id}`, by participant. Nobody listens to it."""

    p: dict[str, Beat] = Field(default_factory=dict)


class CallCounters(Record):
    """`companies/{id}/state/calls`: the last number, and how many were started on that day and in
    that month (UTC)."""

    number: int = 0
    day: str = ""
    day_calls: int = 0
    month: str = ""
    month_calls: int = 0

"""Rooms, their members and messages as they are stored.

Clients listen to these documents under firestore.rules, so what nobody may read has documents of
its own: passwords, bans, invitations.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from troupe.records import Record
from troupe.text import name_key, prefixes

COLLECTION = "rooms"
MEMBERS, MESSAGES, READS, GLOSSARY = "members", "messages", "reads", "glossary"
MOST_MEMBERS = 500  # of a room
MOST_ROOMS = 200  # of a user: so many are read in one call
MOST_CHARACTERS = 4000  # of a message
MOST_TRANSLATIONS = 20  # of a message, which stays under the 1 MiB of a document
MOST_SPEECHES = 40  # of a message

RoomRole = Literal["owner", "moderator", "member"]
Payer = Literal["owner", "sender", "company", "none"]
MessageKind = Literal["text", "audio", "photo", "caption", "system"]
TranslationState = Literal["none", "pending", "done", "partial", "failed"]
TranscriptState = Literal["none", "pending", "done", "failed", "no_speech"]
Speakers = Literal["off", "moderators", "members"]
SpeechState = Literal["pending", "ready", "failed"]
SpeechVoice = Literal["sender", "default"]
LanguageSource = Literal["given", "detected", "profile", "transcript"]


class RoomKind(StrEnum):
    """A call's room has the members of the call."""

    PUBLIC = "public"
    PRIVATE = "private"
    CALL = "call"


class RoomStatus(StrEnum):
    """Nobody writes in an archived room."""

    OPEN = "open"
    ARCHIVED = "archived"


class MemberState(StrEnum):
    IN = "in"
    LEFT = "left"
    REMOVED = "removed"


class RoomSettings(Record):
    """What an owner sets. `payer`: who pays for recognition and speech: the owner, everybody for
    what they cause, or the company, whose money the owner then spends; a guest never pays.
    `none`: nobody, so nothing is spoken and no sound recognised. `auto_speak`: messages are spoken
    unless their sender says otherwise, and members who join hear them. `speech`: who has messages
    spoken that others pay for; those who pay themselves can, unless it is off. `slow_seconds`:
    between two messages of one member. `retention_days`: after which messages are deleted; None:
    never. `captions`: off only in a call that says so."""

    translate: bool = True
    captions: bool = True
    payer: Payer = "owner"
    guests: bool = True
    member_invites: bool = False
    allow_styles: bool = False
    auto_speak: bool = False
    speech: Speakers = "members"
    slow_seconds: int = 0
    max_members: int = 100
    retention_days: int | None = None
    receipts: bool = True


class RoomPaused(Record):
    """Since then, what costs something has stopped. `code` tells members only that whoever pays
    cannot."""

    code: str
    at: datetime


class Announcement(Record):
    text: str
    by: str
    at: datetime


class LastMessage(Record):
    """A copy for lists. A message that is sent within five seconds of the one before appears here
    once somebody has marked it as read. `text`: its beginning."""

    id: str
    uid: str
    kind: MessageKind
    text: str
    at: datetime


class Room(Record):
    """`rooms/{id}`: what members may read. `language`: of the member who created it, for
    lists; `languages`: by code, how many members read it; `spoken`: by code, how many have messages
    spoken in it. `glossary_version`: "" without a glossary. `paused`: captions of sound have
    stopped, because whoever pays for the room cannot. `active_at`: of the last message that
    `last_message` shows, or when the room was created. Messages up to `cleared_before` are deleted,
    as somebody asked at `cleared_at`; at `clear_due_at` the sweep looks whether they are."""

    id: str
    name: str
    kind: RoomKind
    status: RoomStatus = RoomStatus.OPEN
    topic: str = ""
    announcement: Announcement | None = None
    owner_uid: str
    language: str
    company_id: str | None = None
    has_password: bool = False
    member_count: int = 1
    languages: dict[str, int] = Field(default_factory=dict)
    spoken: dict[str, int] = Field(default_factory=dict)
    glossary_version: str = ""
    settings: RoomSettings = RoomSettings()
    paused: RoomPaused | None = None
    last_message: LastMessage | None = None
    cleared_before: datetime | None = None
    cleared_at: datetime | None = None
    clear_due_at: datetime | None = None
    created_by: str | None = None  # the request that created it, if that had an idempotency key
    active_at: datetime
    created_at: datetime
    updated_at: datetime

    @property
    def is_private(self) -> bool:
        return self.kind is not RoomKind.PUBLIC

    def stored(self) -> dict[str, Any]:
        """Adds what a search compares."""
        return super().stored() | {"nameKey": name_key(self.name), "starts": prefixes(self.name)}


class Secret(Record):
    """`roomSecrets/{roomId}`. `password_hash`: see `passwords`; `code_id`: the invitation with the
    room's latest code."""

    password_hash: str | None = None
    code_id: str | None = None


class Member(Record):
    """`rooms/{id}/members/{uid}`: what the rules read with every message that they let through.
    Each change evaluates the member's listeners again, so nothing else is written here than the
    membership. It stays when the member leaves.

    `active` is what the rules read: `state` is `in`. `auto_speak`: what is spoken is spoken in
    their language, too. `voice_character_id`: who speaks for them."""

    id: str
    uid: str
    room_id: str
    name: str
    avatar_url: str = ""
    guest: bool = False
    role: RoomRole = "member"
    state: MemberState = MemberState.IN
    language: str
    second_language: str | None = None
    auto_speak: bool = False
    voice_character_id: str | None = None
    muted_until: datetime | None = None
    joined_at: datetime
    left_at: datetime | None = None

    @property
    def is_in(self) -> bool:
        return self.state is MemberState.IN

    @property
    def moderates(self) -> bool:
        return self.role in ("owner", "moderator")

    @property
    def reads(self) -> list[str]:
        """The languages of the member, without repeats."""
        return list(dict.fromkeys(each for each in (self.language, self.second_language) if each))

    def muted(self, at: datetime) -> bool:
        return self.muted_until is not None and self.muted_until > at

    def stored(self) -> dict[str, Any]:
        return super().stored() | {"active": self.is_in}


class Ban(Record):
    """`rooms/{id}/bans/{uid}`; for the functions alone."""

    by: str
    at: datetime


class RoomInvitation(Record):
    """`roomInvitations/{sha256}`: by the hash of its token or code, which is shown once.
    `max_uses`: None for any number. `email`: the one address that it is for."""

    id: str
    room_id: str
    kind: Literal["link", "code"]
    role: Literal["moderator", "member"] = "member"
    max_uses: int | None = None
    uses: int = 0
    email: str | None = None
    created_by: str
    created_at: datetime
    expires_at: datetime

    def is_valid(self, at: datetime) -> bool:
        return self.expires_at > at and (self.max_uses is None or self.uses < self.max_uses)


class Marker(Record):
    """`rooms/{id}/reads/{uid}`: how far a member has read, and what limits how fast they write:
    `sent` messages since `window`. Both move with one write, which is needed anyway."""

    last_read_id: str | None = None
    last_read_at: datetime | None = None
    window: datetime | None = None
    sent: int = 0
    sent_at: datetime | None = None


class Term(Record):
    """Of `rooms/{id}/glossary/main`. `targets`: translations by language. `keep`: the term stays
    as it is in all languages."""

    source: str
    targets: dict[str, str] = Field(default_factory=dict)
    keep: bool = False
    case_sensitive: bool = False


class Translation(Record):
    """`by`: the engine. `partly`: some of the text could not be translated, and is as it was.
    `reworded`: some of the words are those of the glossary, and not its sender's."""

    text: str
    by: str
    partly: bool = False
    reworded: bool = False


class Reservation(Record):
    """Milliseconds of a tab."""

    tab_id: str
    milliseconds: int


class MessageAudio(Record):
    """`size`: in bytes. `reserved`: for the transcript, while it is pending."""

    path: str  # in Cloud Storage
    content_type: str
    size: int
    seconds: float
    transcript: TranscriptState = "none"
    reserved: Reservation | None = None


class MessageCaption(Record):
    """What was said at a time. `stream`: one recording of the sender's, in which `seq` numbers what
    is said. Times in milliseconds, of the stream; `end_ms`: None if it is not known. `final`: False
    while it may still change."""

    stream: str
    seq: int
    start_ms: int = 0
    end_ms: int | None = None
    final: bool = True


class MessagePhoto(Record):
    """`size`: in bytes."""

    path: str  # in Cloud Storage
    content_type: str
    size: int
    width: int
    height: int


class MessageSpeech(Record):
    """A message as it was spoken. `part` of the job `job_id` makes it. `voice`: whether it is the
    sender's own. `said`: identifies text and voice, so that nothing is spoken twice. `error`: the
    code of what went wrong."""

    state: SpeechState
    voice: SpeechVoice
    said: str = ""
    job_id: str | None = None
    part: int = 0
    path: str | None = None  # in Cloud Storage
    content_type: str | None = None
    size: int | None = None  # in bytes
    seconds: float | None = None
    error: str | None = None


class Message(Record):
    """`rooms/{id}/messages/{id}`. The id is made of room, sender and the client's id, and the
    document is created, so a message that is sent again is the same one.

    `created_at` and `updated_at` are the database's time, so all readers see one order; equal times
    are ordered by id. `revision` counts the texts: a translation belongs to one. A deleted message
    keeps its place, and nothing else. `request`: identifies what was sent, to refuse the same
    client id with another message; "" once it was edited or deleted.

    `heard_at`: when what was heard became its text. `used`: by tab, the milliseconds of speech that
    were charged; it stays when the message is deleted.

    `speak`: whether its sender wants it spoken. `speech`: what was spoken of this revision, by
    language; with `-x-default` appended if somebody asked for another voice than the sender's.
    `spoken_at`: when that last changed. `speech_due_at`: while something is or should be pending,
    when the sweep looks after it.

    `targets`: the languages that it is, or is being, translated into. While `translation_state` is
    `pending`, `due_at` is when the sweep tries next, and `tries` how often it has."""

    id: str
    room_id: str
    uid: str
    name: str
    guest: bool = False
    kind: MessageKind = "text"
    client_id: str
    request: str
    text: str = ""
    language: str | None = None
    language_source: LanguageSource | None = None
    translations: dict[str, Translation] = Field(default_factory=dict)
    translation_state: TranslationState = "none"
    targets: list[str] = Field(default_factory=list)
    due_at: datetime | None = None
    tries: int = 0
    audio: MessageAudio | None = None
    photo: MessagePhoto | None = None
    caption: MessageCaption | None = None
    used: dict[str, int] = Field(default_factory=dict)
    speak: bool = False
    speech: dict[str, MessageSpeech] = Field(default_factory=dict)
    spoken_at: datetime | None = None
    speech_due_at: datetime | None = None
    reply_to: str | None = None
    mentions: list[str] = Field(default_factory=list)
    revision: int = 1
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None = None
    heard_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    expires_at: datetime | None = None

    @property
    def is_interim(self) -> bool:
        """Whether it is a caption that may still change."""
        return self.caption is not None and not self.caption.final

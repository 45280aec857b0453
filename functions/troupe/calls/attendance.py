"""Who is in a call: read together, changed in one commit.

The commit names the version of the call that was read, so all changes of who is in a call, and of
its state, take effect one after the other: nobody comes into a call that has ended, the counters
are right, and no more people are in it than there may be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from troupe import logs
from troupe.accounts.records import UserRecord
from troupe.adapters.firestore import (
    DELETE_FIELD,
    Create,
    Database,
    Document,
    Merge,
    Update,
    Write,
    now,
)
from troupe.calls.errors import CallNotFound
from troupe.calls.live_recordings import followed, recording_writes
from troupe.calls.records import (
    MOST_TABS,
    MOST_WAITING,
    Access,
    AccessState,
    Beats,
    Call,
    CallRole,
    CallStatus,
    Media,
    Participant,
    RecordingEnd,
    default_title,
    named_after,
)
from troupe.calls.writes import (
    access_path,
    beats_path,
    call_path,
    participant_path,
    participants_path,
)
from troupe.rooms.members import counted, moved, put
from troupe.rooms.records import Member, MemberState, Room, RoomRole, RoomStatus
from troupe.rooms.writes import member_path, room_path

BEAT_SECONDS, TTL_SECONDS = 15, 45
TTL = timedelta(seconds=TTL_SECONDS)
# Whoever is there finds out by then that somebody has stopped, so nobody stays longer unheard.
_UNHEARD = timedelta(seconds=TTL_SECONDS + BEAT_SECONDS)
EMPTY_FOR = timedelta(minutes=2)  # before a call that everybody has left ends
_MOST = 2 * (MOST_WAITING + MOST_TABS)
_PRESENT = ("waiting", "in")
_LANGUAGE = "en"
MOST_ROOM_NAME = 80


class Attendance:
    """A call with those who are in it or in its lobby, and the changes to commit."""

    def __init__(
        self, db: Database, call_id: str, uids: Iterable[str] = (), also: Iterable[str] = ()
    ) -> None:
        """One call to the database; the participants are read when they are needed. `also`: paths
        of further documents."""
        logs.bind(callId=call_id)
        self._db = db
        self.id = call_id
        self.at = now()
        paths = [call_path(call_id), beats_path(call_id), room_path(call_id), *also]
        for uid in uids:
            paths += [access_path(call_id, uid), member_path(call_id, uid)]
        self._documents = {each.path: each for each in db.get_all(paths)}
        self.document = self._documents[paths[0]]
        beats = self._documents[paths[1]]
        self.beats = Beats.of(beats).p if beats.exists else {}
        self._call: Call | None = Call.of(self.document) if self.document.exists else None
        self._read: dict[str, Participant] | None = None
        self._participants: dict[str, Participant] = {}  # as they are to become
        self._accesses: dict[str, Access] = {}
        self._members: dict[str, Member] = {}
        self.gone: list[str] = []  # tabs that were in the call, and are taken out
        self._silent: set[str] = set()  # whose beats go
        self._room_fields: dict[str, Any] = {}
        self._writes: list[Write] = []
        self._recording_end: RecordingEnd | None = None

    @property
    def egress_recording(self) -> str | None:
        """The id of a recording by the provider that has changed, or is about to begin."""
        before = Call.of(self.document).recording if self.document.exists else None
        live = self._call.recording if self._call else None
        if live is not None and live.source == "egress":
            return live.id if live != before or live.state == "starting" else None
        ended = before is not None and before.source == "egress"
        return before.id if before is not None and ended else None

    @property
    def call(self) -> Call:
        """Raises CallNotFound."""
        if self._call is None:
            raise CallNotFound
        return self._call

    def change(self, **fields: Any) -> None:
        """Changes fields of the call."""
        self._call = self.call.model_copy(update=fields)

    def add(self, *writes: Write) -> None:
        """Adds others to the commit."""
        self._writes += writes

    def found(self, path: str) -> Document:
        """A document that was read."""
        return self._documents[path]

    def access(self, uid: str) -> Access | None:
        if uid in self._accesses:
            return self._accesses[uid]
        document = self._documents[access_path(self.id, uid)]
        return Access.of(document) if document.exists else None

    @property
    def present(self) -> list[Participant]:
        """Those in the call and in its lobby, in the order in which they came."""
        if self._read is None:
            found = self._db.find(
                participants_path(self.id), where=[("state", "in", _PRESENT)], limit=_MOST
            )
            self._read = {each.id: each for each in map(Participant.of, found)}
        latest = {**self._read, **self._participants}
        there = [each for each in latest.values() if each.state in _PRESENT]
        return sorted(there, key=lambda each: (each.order, each.joined_at, each.id))

    @property
    def inside(self) -> list[Participant]:
        return [each for each in self.present if each.is_in]

    def participant(self, participant_id: str) -> Participant | None:
        """One of those who are there."""
        return next((each for each in self.present if each.id == participant_id), None)

    def latest(self, participant_id: str) -> Participant:
        """One that has changed, as it is to become."""
        return self._participants[participant_id]

    def last_seen(self, participant: Participant) -> datetime:
        """Coming in counts as a beat."""
        beat = self.beats.get(participant.id)
        came = participant.entered_at or participant.joined_at
        return max(beat.at, came) if beat else came

    def counted_seconds(self) -> int:
        """Of all who are or were in the call, as far as they are stored."""
        beats = (self.beats.get(each.id) for each in self.inside)
        return self.call.seconds + sum(beat.seconds for beat in beats if beat)

    def uncounted_seconds(self) -> int:
        """Those since the beats that are stored."""
        return sum(seconds_between(self.last_seen(each), self.at) for each in self.inside)

    def stopped(self) -> list[Participant]:
        """Those who have not been heard of for long."""
        return [each for each in self.present if self.at - self.last_seen(each) > TTL]

    def clear_away(self, but: str = "", connected: Collection[str] = ()) -> bool:
        """Takes out those who have stopped, all but one; returns whether there were any.
        `connected`: whom the provider has all the same, so their time counts."""
        gone = [each for each in self.stopped() if each.id != but]
        self.take_out([each for each in gone if each.id not in connected], "left", ghosts=True)
        self.take_out([each for each in gone if each.id in connected], "left", whole=True)
        return bool(gone)

    def take_out(
        self,
        gone: Sequence[Participant],
        state: AccessState,
        *,
        ghosts: bool = False,
        whole: bool = False,
    ) -> None:
        """Ends the presence of tabs, and the access of those who have no other one. `ghosts`: they
        have stopped; `whole`: they were there since their last beat, however long."""
        if not gone:
            return
        self._know({each.uid for each in gone})
        call = self.call
        inside, waiting = call.participant_count, call.waiting_count
        seconds, waited = call.seconds, call.waiting_seconds
        connected_at, silent = call.connected_at, call.silent_joins
        for each in gone:
            beat, seen = self.beats.get(each.id), self.last_seen(each)
            ended_at = self._gone_at(seen) if ghosts else self.at
            heard = beat.media if beat else each.had_media
            spent = 0
            if each.is_in:
                self.gone.append(each.id)
                most = None if whole or ghosts else TTL_SECONDS
                spent = (beat.seconds if beat else 0) + seconds_between(seen, ended_at, most)
                inside -= 1
                seconds += spent
                if heard:
                    connected_at = connected_at or each.entered_at
                elif heard is False:
                    silent += 1
            else:
                waiting -= 1
                waited += max(0, int((ended_at - each.joined_at).total_seconds()))
            self._participants[each.id] = each.model_copy(
                update={
                    "state": state,
                    "left_at": ended_at,
                    "seconds": spent,
                    "had_media": heard,
                    "media": Media(),
                }
            )
            self._silent.add(each.id)
        self.change(
            participant_count=max(0, inside),
            waiting_count=max(0, waiting),
            seconds=seconds,
            waiting_seconds=waited,
            connected_at=connected_at,
            silent_joins=silent,
        )
        if self.call.participant_count == 0 and call.participant_count > 0:
            empty_since = max(each.left_at or self.at for each in self._participants.values())
            self.change(empty_since=empty_since)
            if call.status is CallStatus.ACTIVE:
                self.change(due_at=self.at + EMPTY_FOR)
        for uid in {each.uid for each in gone}:
            self._follow(uid, state)

    def _gone_at(self, seen: datetime) -> datetime:
        """When somebody was gone who has stopped. Where time is paid for, it is not their last
        beat: whoever never sends one, and comes back as another tab, would pay nothing."""
        return seen if self.call.provider == "mesh" else min(self.at, seen + _UNHEARD)

    def seat(
        self,
        participant: Participant,
        role: CallRole,
        user: UserRecord,
        *,
        guest_name: str = "",
        admitted: bool = False,
        invitation: str | None = None,
    ) -> None:
        """Adds a tab of somebody, in the call or in its lobby. The other fields are of `Access`."""
        before = self.access(participant.uid)
        ids = before.participant_ids if before else []
        state: AccessState = participant.state
        if before is not None and before.is_in:  # with another tab
            state = "in"
        call = self.call
        self._participants[participant.id] = participant
        self._accesses[participant.uid] = Access(
            id=participant.uid,
            uid=participant.uid,
            call_id=self.id,
            company_id=call.company_id,
            name=guest_name,
            role=role,
            state=state,
            participant_ids=[*ids, participant.id],
            admitted=admitted,
            invitation=invitation or (before.invitation if before else None),
            updated_at=self.at,
        )
        if participant.is_in:
            self._let_in(participant, user.profile_picture)
            if ids and before is not None and not before.is_in:
                self.change(reconnects=self.call.reconnects + 1)
        else:
            self.change(waiting_count=call.waiting_count + 1)

    def admit(self, participant: Participant) -> Participant:
        """Lets a tab in that waits in the lobby."""
        self._know([participant.uid])
        waited = max(0, int((self.at - participant.joined_at).total_seconds()))
        call = self.call
        self.change(
            waiting_count=max(0, call.waiting_count - 1),
            waiting_seconds=call.waiting_seconds + waited,
        )
        admitted = participant.model_copy(update={"state": "in", "entered_at": self.at})
        self._participants[admitted.id] = admitted
        self._let_in(admitted, "")
        self._set_access(admitted.uid, state="in", admitted=True)
        return self._participants[admitted.id]

    def put(self, participant: Participant) -> None:
        """Changes a participant who stays."""
        self._participants[participant.id] = participant

    def set_role(self, uid: str, role: CallRole) -> None:
        self._know([uid])
        self._set_access(uid, role=role)
        for each in self.present:
            if each.uid == uid:
                self._participants[each.id] = each.model_copy(update={"role": role})
        member = self._member(uid)
        if member is not None and member.is_in:
            shown = member.model_copy(update={"role": self._room_role(uid, role)})
            self._members[uid] = shown

    def rename_guest(self, name: str) -> None:
        """Changes the guest's name, and with it a title and a name of the room made of it."""
        call, room = self.call, self._documents[room_path(self.id)]
        self.change(**named_after(call, name))
        if room.data.get("name") == default_title(call.guest_name, call.number)[:MOST_ROOM_NAME]:
            made = default_title(name, call.number)[:MOST_ROOM_NAME]
            self.change_room(name=made)

    def change_room(self, **fields: Any) -> None:
        """Changes fields of the room, as they are stored."""
        self._room_fields |= fields

    def end_recording(self, reason: RecordingEnd) -> None:
        """Ends the recording that is being made, if there is one."""
        self.change(recording=None)
        self._recording_end = reason

    def archive_room(self) -> None:
        """Nobody writes in the room of a call that is over."""
        self.change_room(status=RoomStatus.ARCHIVED, updatedAt=self.at)

    def commit(self, *more: Write) -> None:
        """Raises Stale."""
        self.change(updated_at=self.at)
        recording = self._recording_writes()
        stored = self.call.stored()
        writes: list[Write] = [Update(self.document.path, stored, seen=self.document)]
        known = self._read or {}
        for each in self._participants.values():
            path = participant_path(self.id, each.id)
            exists = each.id in known
            writes.append(Update(path, each.stored()) if exists else Create(path, each.stored()))
        for uid, access in self._accesses.items():
            document = self._documents[access_path(self.id, uid)]
            made = Update(document.path, access.stored(), seen=document)
            writes.append(made if document.exists else Create(document.path, access.stored()))
        if any(each in self.beats for each in self._silent):
            beats = dict.fromkeys(self._silent & self.beats.keys(), DELETE_FIELD)
            writes.append(Merge(beats_path(self.id), {"p": beats}))
        writes += [*self._room_writes(), *recording, *self._writes]
        self._db.commit_or_stale(*writes, *more)

    def _let_in(self, participant: Participant, picture: str) -> None:
        call = self.call
        order = call.join_seq + 1
        seated = participant.model_copy(update={"order": order, "entered_at": self.at})
        self._participants[seated.id] = seated
        count = call.participant_count + 1
        self.change(
            participant_count=count,
            peak=max(call.peak, count),
            join_seq=order,
            empty_since=None,
        )
        member = self._member(seated.uid)
        if member is not None and member.is_in:
            return
        fields = {
            "name": seated.name,
            "guest": seated.guest,
            "role": self._room_role(seated.uid, seated.role),
            "state": MemberState.IN,
            "language": seated.language or call.language or _LANGUAGE,
            "joined_at": self.at,
            "left_at": None,
        }
        if member is None:
            member = Member(
                id=seated.uid, uid=seated.uid, room_id=self.id, avatar_url=picture, **fields
            )
        self._members[seated.uid] = member.model_copy(update=fields)

    def _follow(self, uid: str, state: AccessState) -> None:
        """Lets access and membership follow the tabs that somebody still has. Who is removed loses
        all."""
        mine = [each for each in self.present if each.uid == uid]
        inside = any(each.is_in for each in mine)
        if state != "removed" and mine:
            state = "in" if inside else "waiting"
        self._set_access(uid, state=state)
        member = self._member(uid)
        if not inside and member is not None and member.is_in:
            gone = MemberState.REMOVED if state == "removed" else MemberState.LEFT
            out = {"state": gone, "left_at": self.at}
            self._members[uid] = member.model_copy(update=out)

    def _set_access(self, uid: str, **fields: Any) -> None:
        access = self.access(uid)
        if access is not None:
            changed = access.model_copy(update=fields)
            if changed != access:
                self._accesses[uid] = changed.model_copy(update={"updated_at": self.at})

    def _member(self, uid: str) -> Member | None:
        if uid in self._members:
            return self._members[uid]
        document = self._documents[member_path(self.id, uid)]
        return Member.of(document) if document.exists else None

    def _room_role(self, uid: str, role: CallRole) -> RoomRole:
        if uid == self.call.host_uid:
            return "owner"
        return "moderator" if role == "host" else "member"

    def _know(self, uids: Iterable[str]) -> None:
        """Reads the access and the membership of people, as far as they are not known."""
        paths = [
            path
            for uid in uids
            for path in (access_path(self.id, uid), member_path(self.id, uid))
            if path not in self._documents
        ]
        self._documents |= {each.path: each for each in self._db.get_all(paths)}

    def _recording_writes(self) -> list[Write]:
        """Lets the recording follow those who are in the call."""
        before = Call.of(self.document).recording
        live = self.call.recording
        if live is not None and (self._participants or live != before):
            live, end = followed(live, {each.uid for each in self.inside})
            self._recording_end = self._recording_end or end
            self.change(recording=live)
        return recording_writes(self.id, before, live, self._recording_end, self.at)

    def _room_writes(self) -> list[Write]:
        document = self._documents[room_path(self.id)]
        if not document.exists or not (self._members or self._room_fields):
            return []
        room, writes = Room.of(document), list[Write]()
        for uid, member in self._members.items():
            seen = self._documents[member_path(self.id, uid)]
            before = Member.of(seen) if seen.exists else None
            was = before if before and before.is_in else None
            room = moved(room, was, member if member.is_in else None, self.at)
            writes.append(put(seen, member))
        fields = (counted(room) if self._members else {}) | self._room_fields
        return [Update(document.path, fields, seen=document), *writes]


def seconds_between(before: datetime, at: datetime, most: int | None = TTL_SECONDS) -> int:
    """What a beat adds: no more than the time after which somebody counts as gone."""
    seconds = max(0, round((at - before).total_seconds()))
    return seconds if most is None else min(most, seconds)

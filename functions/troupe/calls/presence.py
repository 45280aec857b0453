"""Who is in a call right now: beats, leaving, and the list of participants.

Beats are silent: they go to a document that nobody listens to, and only every second one is stored.
An instance that stores one adds what it has heard of the others, so that theirs need not be stored
soon. Whoever beats clears away who has stopped, so it needs no schedule, and no connection whose
end would be noticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from troupe.access import belongs, member_of, party
from troupe.adapters.firestore import Database, Merge, Update, Write, contend
from troupe.caller import Caller
from troupe.calls import quality
from troupe.calls.attendance import Attendance, seconds_between
from troupe.calls.endings import finish
from troupe.calls.errors import CallEnded, CallNotFound, NotInCall, ParticipantNotFound
from troupe.calls.minutes import CallMinutes
from troupe.calls.providers.choice import CallProviders
from troupe.calls.records import (
    Beat,
    Call,
    CallQuality,
    Connection,
    LiveRecording,
    Media,
    Participant,
)
from troupe.calls.standing import admitted
from troupe.calls.states import Action
from troupe.calls.writes import (
    access_path,
    beats_path,
    call_path,
    participant_path,
    participants_path,
)
from troupe.logs import log

# Clients beat every 15 s; one in between may get lost before the 45 s are over.
_STORED_EVERY = timedelta(seconds=28)
_MOST_HEARD = 10_000
_MEDIA_EVERY = timedelta(seconds=1)  # others are told, which is a write
_MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class Present:
    """`ends_at`: when the call ends, because nobody can pay for more of it; None: never.
    `recording`: the one that is being made, for those in the call."""

    participants: list[Participant]
    ends_at: datetime | None
    recording: LiveRecording | None


@dataclass(frozen=True, slots=True)
class Status:
    """`participants`: those who are there. `waiting`: how many are in the lobby."""

    call: Call
    participants: list[Participant]
    quality: CallQuality | None


class CallPresence:
    def __init__(self, db: Database, minutes: CallMinutes, providers: CallProviders) -> None:
        self._db = db
        self._minutes = minutes
        self._providers = providers
        # When this instance last heard of a tab; the latest last.
        self._heard: dict[str, datetime] = {}

    def beat(
        self,
        caller: Caller,
        call_id: str,
        participant_id: str,
        media: Media | None,
        connection: Connection | None,
    ) -> Present:
        """Says that a tab is there; returns who is in the call, for those in its lobby only
        themselves. `media`: what it sends now, if that has changed. Ends a call whose minutes have
        run out. Raises CallNotFound, Removed, CallEnded, NotInCall."""

        def attempt() -> Present:
            here = Attendance(self._db, call_id, [caller.uid])
            here.gone += ahead.gone
            entry = here.found(access_path(call_id, caller.uid))
            admitted(here.document, entry, caller.uid, waiting=True)
            mine = here.participant(participant_id)
            if mine is None or mine.uid != caller.uid:
                raise NotInCall
            changed = self._changed(here, mine, media)
            cleared = here.clear_away(but=mine.id)
            goes_on = self._minutes.go_on(here, ahead)
            ends_at = here.call.ends_at
            if ends_at is not None and ends_at <= here.at:
                finish(self._db, here, Action.END, "out_of_minutes")
                here.commit()
                self._providers.told(here)
                raise CallEnded.of(here.call.status)
            if cleared or goes_on:
                if changed is not None:
                    here.put(changed)
                    here.change(screen_shared=here.call.screen_shared or changed.media.screen)
                here.commit(self._beats(here, mine, connection))
                ahead.committed()
            else:
                self._store(here, mine, changed, connection)
            self._providers.told(here)
            self._hear(mine.id, here.at)
            if not mine.is_in:
                return Present([mine], ends_at, None)
            return Present(here.inside, ends_at, here.call.recording)

        with self._minutes.ahead() as ahead:
            return contend(attempt)

    def leave(self, caller: Caller, call_id: str, participant_id: str) -> None:
        """Takes a tab out; repeating it changes nothing. Raises CallNotFound,
        ParticipantNotFound."""

        def attempt() -> None:
            path = participant_path(call_id, participant_id)
            here = Attendance(self._db, call_id, [caller.uid], [path])
            access = here.access(caller.uid)
            entry = here.found(access_path(call_id, caller.uid))
            party(entry, caller.uid, access is not None, CallNotFound)
            document = here.found(path)
            if not belongs(document, caller.uid):
                raise ParticipantNotFound
            mine = here.participant(participant_id)
            if mine is None:
                return
            here.take_out([mine], "left")
            here.commit()
            self._providers.told(here)

        contend(attempt)
        log.info("call_left", callId=call_id)

    def participants(self, caller: Caller, call_id: str) -> list[Participant]:
        """Everybody who is or was in the call, in the order in which they came, for those who are
        in it, and for members of its company who run it. Raises CallNotFound and as `admitted`."""
        self._may_see(caller, call_id)
        found = self._db.find(participants_path(call_id), limit=_MOST_LISTED)
        people = [Participant.of(each) for each in found]
        return sorted(people, key=lambda each: (each.joined_at, each.id))

    def status(self, caller: Caller, call_id: str) -> Status:
        """Raises as `participants`."""
        call = self._may_see(caller, call_id)
        if call.is_over:
            return Status(call, [], call.quality)
        here = Attendance(self._db, call_id)
        gone = {each.id for each in here.stopped()}
        there = [each for each in here.present if each.id not in gone]
        reports = quality.reports_of(self._db, call_id) if call.active_at else []
        return Status(here.call, there, quality.summed(reports))

    def _may_see(self, caller: Caller, call_id: str) -> Call:
        document, entry = self._db.get_all([call_path(call_id), access_path(call_id, caller.uid)])
        call = Call.of(document) if document.exists else None
        role = caller.companies.get(call.company_id) if call else None
        if call and role and (role != "member" or call.host_uid == caller.uid):
            member_of(call.company_id, caller, CallNotFound)
            return call
        return admitted(document, entry, caller.uid)[0]

    def _changed(
        self, here: Attendance, mine: Participant, media: Media | None
    ) -> Participant | None:
        media = media.within(here.call) if media else None
        if media is None or media == mine.media:
            return None
        if mine.media_at is not None and here.at - mine.media_at < _MEDIA_EVERY:
            return None  # the next beat says it again
        return mine.model_copy(update={"media": media, "media_at": here.at})

    def _store(
        self,
        here: Attendance,
        mine: Participant,
        changed: Participant | None,
        connection: Connection | None,
    ) -> None:
        """Without a precondition: nothing here depends on others."""
        beat = here.beats.get(mine.id)
        heard = connection == "connected" and not (beat and beat.media)
        due = here.at - here.last_seen(mine) >= _STORED_EVERY
        writes: list[Write] = [self._beats(here, mine, connection)] if heard or due else []
        if changed is not None:
            path = participant_path(here.id, mine.id)
            told = {"media": changed.media.stored(), "mediaAt": changed.media_at}
            writes.append(Update(path, told))
            here.put(changed)
            if changed.media.screen and not here.call.screen_shared:
                writes.append(Update(here.document.path, {"screenShared": True}))
        if writes:
            self._db.commit_or_stale(*writes)

    def _hear(self, participant_id: str, at: datetime) -> None:
        self._heard.pop(participant_id, None)
        self._heard[participant_id] = at
        if len(self._heard) > _MOST_HEARD:
            del self._heard[next(iter(self._heard))]

    def _beats(self, here: Attendance, mine: Participant, connection: Connection | None) -> Write:
        beats = {mine.id: _beat(here, mine, here.at, connection)}
        for each in here.inside:
            at = self._heard.get(each.id)
            if each.id != mine.id and at is not None and at > here.last_seen(each):
                beats[each.id] = _beat(here, each, at, None)
        stored = {name: beat.stored() for name, beat in beats.items()}
        return Merge(beats_path(here.id), {"p": stored})


def _beat(
    here: Attendance, participant: Participant, at: datetime, connection: Connection | None
) -> Beat:
    before, seen = here.beats.get(participant.id), here.last_seen(participant)
    seconds = before.seconds if before else 0
    return Beat(
        at=at,
        seconds=seconds + (seconds_between(seen, at) if participant.is_in else 0),
        media=_media(before.media if before else None, connection),
    )


def _media(before: bool | None, connection: Connection | None) -> bool | None:
    """Whether a tab was ever connected."""
    if before or connection == "connected":
        return True
    return before if connection is None else False

"""Recordings of calls: a browser in the call records, and sends what it has recorded in parts, or
LiveKit does (`egresses`).

Everybody who is in the call must agree. The recording waits until they have, pauses when somebody
comes in, and ends when somebody refuses or the browser is gone. See decision 060.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from troupe.access import belongs, keeper, party
from troupe.adapters.firestore import (
    Create,
    Database,
    Document,
    Update,
    Write,
    contend,
)
from troupe.call_recordings.errors import (
    AlreadyRecording,
    CallRecordingNotReady,
    ConsentMissing,
    NotRecording,
    PartDiffers,
    PartEmpty,
    PartGap,
    PartTooLarge,
    RecordingNotFound,
    RecordingOff,
    RecordingOver,
)
from troupe.call_recordings.records import (
    COLLECTION,
    MOST_BYTES,
    MOST_PART_BYTES,
    MOST_PARTS,
    MOST_SECONDS,
    CallRecording,
    RecordingFile,
    RecordingPart,
    RecordingState,
)
from troupe.call_recordings.writes import part_file, part_path
from troupe.calls.attendance import Attendance
from troupe.calls.errors import CallUnpaid
from troupe.calls.live_recordings import SENT_IN, SILENT_FOR, patience
from troupe.calls.records import Call, LiveRecording
from troupe.calls.standing import Standing, admitted, company_call
from troupe.calls.writes import access_path, recording_path
from troupe.companies.records import Company
from troupe.companies.roster import is_outside_admin
from troupe.companies.writes import company_path
from troupe.errors import Forbidden, Unavailable
from troupe.logs import log
from troupe.media.uploads.checks import File
from troupe.media.uploads.refusals import no_film
from troupe.media.uploads.sniffing import film_kind
from troupe.orphans import NewFile, OrphanedFiles, OrphanRecord

if TYPE_CHECKING:
    from troupe.call_recordings.egresses import Egresses
    from troupe.call_recordings.endings import CallRecordingEndings
    from troupe.caller import Caller
    from troupe.calls.tabs import CallTabs
    from troupe.tabs.service import Reserved

Action = Literal["start", "stop", "consent", "decline"]
_BYTES = "application/octet-stream"
_LISTED = 100
# What was recorded before a pause may arrive a little later.
_LATE = timedelta(seconds=30)
_FIRST = 10_000  # ms that the company must be able to pay for


@dataclass(slots=True)
class _Sent:
    """A part on its way, with its file, and what is reserved for it."""

    recording_id: str
    call_id: str
    seq: int
    part: RecordingPart
    stored: OrphanRecord
    reserved: Reserved | None = None


class CallRecordings:
    def __init__(
        self,
        db: Database,
        orphans: OrphanedFiles,
        tabs: CallTabs,
        endings: CallRecordingEndings,
        egresses: Egresses,
    ) -> None:
        self._db = db
        self._orphans = orphans
        self._tabs = tabs
        self._endings = endings
        self._egresses = egresses

    def start(self, caller: Caller, call_id: str) -> CallRecording:
        """Asks everybody in the call for consent; that of the host who starts it is given.

        Raises CallRoleRequired, RecordingOff, AlreadyRecording, CallUnpaid, and as `admitted`.
        """
        recording_id = secrets.token_hex(16)
        path = recording_path(recording_id)

        def attempt() -> None:
            here = self._inside(caller, call_id, [path])
            if here.found(path).exists:
                return  # our own commit, whose response was lost
            self._require_host(here, caller)
            call = here.call
            if call.recording is not None:
                raise AlreadyRecording(
                    details={"id": call.recording.id, "state": call.recording.state}
                )
            self._require_allowed(call)
            self._tabs.give_back(self._tabs.reserve(call, "recording", _FIRST))
            names = {each.uid: each.name for each in here.inside}
            live = LiveRecording(
                id=recording_id,
                uid=caller.uid,
                name=names.get(caller.uid, ""),
                source="egress" if self._egresses.records(call) else "parts",
                consented=[caller.uid],
                waiting_for=sorted(names.keys() - {caller.uid}),
                started_at=here.at,
            )
            if not live.paused:
                live = live.model_copy(update={"state": "starting"})
            here.change(recording=live)
            recording = CallRecording(
                id=recording_id,
                call_id=call.id,
                company_id=call.company_id,
                uid=caller.uid,
                name=live.name,
                source=live.source,
                state=RecordingState(live.state),
                consented=live.consented,
                counted_at=None if live.paused else here.at,
                due_at=here.at + patience(live),
                started_at=here.at,
                updated_at=here.at,
            )
            here.commit(Create(path, recording.stored()))

        contend(attempt)
        self._egresses.follow(recording_id)
        log.info("call_recording_started", callId=call_id, recordingId=recording_id)
        return self._read(recording_id)

    def consent(self, caller: Caller, call_id: str, recording_id: str | None) -> CallRecording:
        """Repeating it changes nothing. Raises NotRecording, also if another recording has taken
        the place of that one, and as `admitted`."""

        def attempt() -> str:
            here = self._inside(caller, call_id)
            live = _live(here.call, recording_id)
            if caller.uid not in live.consented:
                consented = [*live.consented, caller.uid]
                here.change(recording=live.model_copy(update={"consented": consented}))
                here.commit()
            return live.id

        agreed = contend(attempt)
        self._egresses.follow(agreed)
        return self._read(agreed)

    def decline(self, caller: Caller, call_id: str, recording_id: str | None) -> CallRecording:
        """Ends the recording, without an id whichever is being made, also for who has agreed
        before. What was recorded until then stays. Raises as `consent`."""

        def attempt() -> str:
            here = self._inside(caller, call_id)
            live = _live(here.call, recording_id)
            here.end_recording("declined")
            here.commit()
            return live.id

        declined = contend(attempt)
        self._egresses.follow(declined)
        recording = self._read(declined)
        log.info("call_recording_declined", callId=call_id, recordingId=recording.id)
        return recording

    def stop(self, caller: Caller, call_id: str, recording_id: str | None = None) -> CallRecording:
        """Ends the recording, for hosts in the call, and for who records, also after the call: they
        have then sent all parts, and the file is made. Without an id, it is the one that is being
        made, and none that takes its place meanwhile. Repeating it changes nothing.

        Raises NotRecording, RecordingNotFound, CallRoleRequired, and as `admitted`.
        """
        meant = recording_id

        def attempt() -> tuple[str, bool]:
            nonlocal meant
            here = Attendance(self._db, call_id, [caller.uid])
            live = here.call.recording if here.document.exists else None
            meant = named = meant or (live.id if live else "")
            document = self._db.get(recording_path(named)) if named else None
            recorder = document is not None and _is_recorder(document, caller.uid, call_id)
            if recorder:
                entry = here.found(access_path(call_id, caller.uid))
                party(entry, caller.uid, admitted=True, missing=RecordingNotFound)
            else:
                self._admit(here, caller)
                self._require_host(here, caller)
                if live is None or live.id != named:
                    raise NotRecording
            if live is not None and live.id == named:
                here.end_recording("stopped")
                here.commit()
            return named, recorder

        stopped, recorder = contend(attempt)
        self._egresses.follow(stopped)
        if recorder:
            self._endings.finish(stopped)
        log.info("call_recording_stopped", callId=call_id, recordingId=stopped)
        return self._read(stopped)

    # What its browser sends

    def add_part(
        self, caller: Caller, call_id: str, recording_id: str, seq: int, file: File
    ) -> CallRecording:
        """Stores the next part. A repeat with the same bytes changes nothing.

        Raises RecordingNotFound, PartGap, PartDiffers, PartEmpty, PartTooLarge, UnsupportedFile for
        a first part that begins no film, ConsentMissing, RecordingOver, CallUnpaid.
        """
        document = self._db.get(recording_path(recording_id))
        by_browser = document.data.get("source") != "egress"
        mine = by_browser and _is_recorder(document, caller.uid, call_id)
        keeper(document, caller.uid, None if mine else RecordingNotFound)
        recording = CallRecording.of(document)
        part = _part(recording, seq, file)
        if self._has(recording, seq, part):
            return recording
        _require_next(recording, seq)
        # The others are pieces of the stream that the first one begins.
        if seq == 0 and film_kind(file.stream) is None:
            raise no_film(file.stream)
        with self._orphans.stored([NewFile(part.path, _BYTES, file.stream)]) as stored:
            sent = _Sent(recording.id, call_id, seq, part, stored)
            try:
                after = contend(lambda: self._take(sent))
            except Unavailable:  # it may have been stored
                raise
            except Exception:
                self._give_back(sent)
                raise
            if self._db.get(part_path(recording_id, seq)).data.get("path") != part.path:
                self._give_back(sent)  # the same part came twice at once
                self._orphans.clean(stored)
        return after

    def _take(self, sent: _Sent) -> CallRecording:
        """The recording with the part. Raises as `add_part`."""
        path, part = recording_path(sent.recording_id), sent.part
        here = Attendance(self._db, sent.call_id, also=[path])
        document = here.found(path)
        if not document.exists:
            raise RecordingNotFound
        recording, at = CallRecording.of(document), here.at
        if self._has(recording, sent.seq, part):
            return recording
        _require_next(recording, sent.seq)
        live = here.call.recording
        if live is not None and live.id != recording.id:
            live = None
        _require_open(recording, live, part, at)
        milliseconds = self._reserve(here, sent, _elapsed(recording, at))
        fields = _with_part(recording, part, milliseconds, at)
        writes: list[Write] = [
            Create(part_path(recording.id, sent.seq), part.stored()),
            sent.stored.replace_write([]),
        ]
        if sent.reserved is not None:
            tab_id = sent.reserved.tab_id
            used = recording.used.get(tab_id, 0) + milliseconds
            fields["used"] = {**recording.used, tab_id: used}
            writes.append(sent.reserved.use(milliseconds))
        first = live is not None and live.state == "starting"
        full = live is not None and _is_full(recording, part, milliseconds)
        if live is not None and first:
            here.change(recording=live.model_copy(update={"state": "recording"}))
        if full:
            here.end_recording("limit_reached")
        if first or full:  # the version of the call says that its recording is still this one
            here.commit(*writes, Update(path, fields))
        else:
            self._db.commit_or_stale(*writes, Update(path, fields, seen=document))
        return self._read(recording.id)

    def _reserve(self, here: Attendance, sent: _Sent, milliseconds: int) -> int:
        """Reserves what the part costs, once however often its commit is tried; returns how many
        milliseconds. Raises CallUnpaid, which ends the recording."""
        if sent.reserved is not None and self._tabs.is_open(sent.reserved):
            return sent.reserved.milliseconds
        sent.reserved = None  # its tab has been closed
        if not milliseconds:
            return 0
        try:
            sent.reserved = self._tabs.reserve(here.call, "recording", milliseconds)
        except CallUnpaid:
            live = here.call.recording
            if live is not None and live.id == sent.recording_id:
                here.end_recording("unpaid")
                here.commit()
            raise
        return milliseconds

    def _give_back(self, sent: _Sent) -> None:
        if sent.reserved is not None:
            self._tabs.give_back(sent.reserved)

    def _has(self, recording: CallRecording, seq: int, part: RecordingPart) -> bool:
        """Whether this very part was received before. Raises PartDiffers for another one."""
        if seq >= recording.parts:
            return False
        stored = self._db.get(part_path(recording.id, seq))
        if stored.data.get("sha256") != part.sha256:
            raise PartDiffers
        return True

    # What its company does

    def page(self, caller: Caller, call_id: str) -> list[CallRecording]:
        """The recordings of a call, newest first. Raises CallNotFound, Forbidden."""
        call, _ = company_call(self._db, call_id, caller)
        found = self._db.find(
            COLLECTION,
            where=[("callId", "==", call.id)],
            order=[("startedAt", True)],
            limit=_LISTED,
        )
        return [CallRecording.of(each) for each in found]

    def film(self, caller: Caller, call_id: str, recording_id: str) -> tuple[RecordingFile, str]:
        """The file, and its name for the reader. Administrators of Troupe do not see what is said.
        Raises CallNotFound, Forbidden, RecordingNotFound, CallRecordingNotReady."""
        call, _ = company_call(self._db, call_id, caller)
        if is_outside_admin(caller, call.company_id) and call.host_uid != caller.uid:
            raise Forbidden
        document = self._db.get(recording_path(recording_id))
        recording = CallRecording.of(document) if document.exists else None
        if recording is None or recording.call_id != call.id:
            raise RecordingNotFound
        if recording.file is None:
            raise CallRecordingNotReady(details={"id": recording.id, "state": recording.state})
        return recording.file, f"{call.title} {recording.started_at:%Y-%m-%d %H.%M}.mp4"

    # Checks

    def _inside(self, caller: Caller, call_id: str, also: Sequence[str] = ()) -> Attendance:
        """Raises as `admitted`."""
        here = Attendance(self._db, call_id, [caller.uid], also)
        self._admit(here, caller)
        return here

    def _admit(self, here: Attendance, caller: Caller) -> None:
        admitted(here.document, here.found(access_path(here.id, caller.uid)), caller.uid)

    def _require_host(self, here: Attendance, caller: Caller) -> None:
        """Raises CallRoleRequired."""
        entry = here.found(access_path(here.id, caller.uid))
        call, access = admitted(here.document, entry, caller.uid)
        documents = {each.path: each for each in (here.document, entry)}
        Standing(call, access, documents).require_host(caller)

    def _require_allowed(self, call: Call) -> None:
        """Raises RecordingOff."""
        document = self._db.get(company_path(call.company_id))
        company = Company.of(document) if document.exists else None
        if company is None or "off" in (call.recording_policy, company.settings.recording_policy):
            raise RecordingOff

    def _read(self, recording_id: str) -> CallRecording:
        document = self._db.get(recording_path(recording_id))
        if not document.exists:  # deleted meanwhile
            raise RecordingNotFound
        return CallRecording.of(document)


def _live(call: Call, recording_id: str | None) -> LiveRecording:
    """Raises NotRecording."""
    live = call.recording
    if live is None or recording_id not in (None, live.id):
        raise NotRecording
    return live


def _is_recorder(document: Document, uid: str, call_id: str) -> bool:
    """Whether the recording is of that call, and `uid` makes it."""
    return belongs(document, uid) and bool(document.data["callId"] == call_id)


def _part(recording: CallRecording, seq: int, file: File) -> RecordingPart:
    """Raises PartEmpty, PartTooLarge."""
    size = file.size
    if size > MOST_PART_BYTES:
        raise PartTooLarge(details={"maximumBytes": MOST_PART_BYTES})
    if not size:
        raise PartEmpty
    path = part_file(recording, seq)
    return RecordingPart(id=f"{seq:05}", path=path, size=size, sha256=_sha256(file.stream))


def _sha256(stream: BinaryIO) -> str:
    stream.seek(0)
    found = hashlib.sha256()
    while piece := stream.read(1 << 16):
        found.update(piece)
    return found.hexdigest()


def _require_next(recording: CallRecording, seq: int) -> None:
    """Raises PartGap."""
    if seq > recording.parts:
        raise PartGap(details={"expected": recording.parts})


def _require_open(
    recording: CallRecording, live: LiveRecording | None, part: RecordingPart, at: datetime
) -> None:
    """Raises ConsentMissing, RecordingOver."""
    paused_at = recording.paused_at
    late = paused_at is not None and at - paused_at > _LATE
    if recording.state is RecordingState.REQUESTED or late:
        raise ConsentMissing(details={"waitingFor": live.waiting_for if live else []})
    too_much = recording.parts >= MOST_PARTS or recording.size + part.size > MOST_BYTES
    over = recording.ended_at is not None and at - recording.ended_at > SENT_IN
    if not recording.state.takes_parts or too_much or over:
        raise RecordingOver(details={"id": recording.id, "state": recording.state})


def _elapsed(recording: CallRecording, at: datetime) -> int:
    """Milliseconds of the recording that are not counted yet."""
    until = recording.paused_at or recording.ended_at or at
    since = recording.counted_at or until
    return max(0, round((until - since).total_seconds() * 1000))


def _with_part(
    recording: CallRecording, part: RecordingPart, milliseconds: int, at: datetime
) -> dict[str, Any]:
    """The fields of the recording with another part."""
    fields: dict[str, Any] = {
        "parts": recording.parts + 1,
        "size": recording.size + part.size,
        "milliseconds": recording.milliseconds + milliseconds,
        "countedAt": recording.paused_at or recording.ended_at or at,
        "updatedAt": at,
    }
    if recording.recorded_at is None:
        fields["recordedAt"] = at
    if recording.state is not RecordingState.STOPPING and recording.paused_at is None:
        fields["dueAt"] = at + SILENT_FOR
    return fields


def _is_full(recording: CallRecording, part: RecordingPart, milliseconds: int) -> bool:
    """Whether no more parts would be taken after this one."""
    return (
        recording.milliseconds + milliseconds >= MOST_SECONDS * 1000
        or recording.size + part.size > MOST_BYTES - MOST_PART_BYTES
        or recording.parts + 1 >= MOST_PARTS
    )

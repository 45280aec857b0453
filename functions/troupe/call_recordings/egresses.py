"""Recordings that LiveKit makes: what it is told to record, and what becomes of it.

The call says whether anything may be recorded. `follow` compares that with what LiveKit does, and
mends the difference, after every commit that may have made one, after each of LiveKit's events, and
in the sweep. So an event is only a reason to look. See decision 065.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from troupe.adapters.firestore import (
    DELETE_FIELD,
    Create,
    Database,
    Document,
    Update,
    Write,
    contend,
    field_path,
    now,
)
from troupe.call_recordings.records import (
    COLLECTION,
    MOST_BYTES,
    MOST_SECONDS,
    CallRecording,
    EgressRun,
    RecordingPart,
    RecordingState,
)
from troupe.call_recordings.writes import part_file, part_path
from troupe.calls.attendance import Attendance
from troupe.calls.errors import CallUnpaid
from troupe.calls.live_recordings import FIRST_PART_IN, SILENT_FOR
from troupe.calls.providers.livekit import LiveKit
from troupe.calls.providers.livekit_api import Egress
from troupe.calls.providers.provider import ProviderFailed
from troupe.calls.records import Call, LiveRecording
from troupe.calls.writes import recording_path
from troupe.errors import FileMissing, Unavailable
from troupe.logs import log
from troupe.orphans import orphan_record

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.calls.tabs import CallTabs
    from troupe.tabs.service import Reserved

_FOLLOWED = (
    RecordingState.REQUESTED,
    RecordingState.STARTING,
    RecordingState.RECORDING,
    RecordingState.STOPPING,
)
_STEPS = 8  # in which everything is mended that can be mended now
_LISTED = 5  # recordings of a call of which LiveKit may still have something to say
MOST_RUNS, _MOST_FAILURES = 50, 3
# After that, LiveKit has not begun, though it did not say so.
BEGINS_IN = timedelta(seconds=20)
# Between two looks, what is recorded is counted.
_COUNTED = timedelta(minutes=1)
# LiveKit stores an hour in some seconds.
STORED_IN = timedelta(minutes=30)


@dataclass(slots=True)
class _Counted:
    """What is reserved for the milliseconds of a run."""

    reserved: Reserved | None = None


class Egresses:
    def __init__(
        self,
        db: Database,
        livekit: Callable[[], LiveKit | None],
        files: Callable[[], Files],
        tabs: CallTabs,
        finish: Callable[[str], None],
    ) -> None:
        """`finish`: makes the film of a recording that has ended."""
        self._db = db
        self._livekit = livekit
        self._files = files
        self._tabs = tabs
        self._finish = finish

    def records(self, call: Call) -> bool:
        """Whether recordings of this call are made by LiveKit."""
        livekit = self._livekit() if call.provider == "livekit" else None
        return livekit is not None and livekit.records

    def follow(self, recording_id: str) -> None:
        """Lets LiveKit do what the call says, as far as it answers. Never raises: the sweep looks
        again."""
        try:
            for _ in range(_STEPS):
                if not contend(partial(self._step, recording_id)):
                    return
        except ProviderFailed as error:
            log.warning("egress_not_followed", recordingId=recording_id, reason=str(error))
        except Exception as error:  # what it follows has happened
            log.error("egress_not_followed", error, recordingId=recording_id)

    def follow_call(self, call_id: str) -> None:
        """As `follow`, for all recordings of a call that LiveKit may be concerned with."""
        for recording in self._of_call(call_id):
            if recording.source == "egress" and recording.state in _FOLLOWED:
                self.follow(recording.id)

    def is_silent(self, recording_id: str) -> bool:
        """Whether LiveKit records nothing of a recording that is paused, so that somebody may come
        in who has not agreed. Stops what it does record."""
        for look in (True, False):
            document = self._db.get(recording_path(recording_id))
            runs = CallRecording.of(document).runs.values() if document.exists else ()
            if all(run.stopped for run in runs):
                return True
            if look:
                self.follow(recording_id)
        return False

    def stop_strays(self, livekit: LiveKit, call_id: str) -> None:
        """Stops what LiveKit records of a call though nobody knows of it any more. Raises
        ProviderFailed."""
        if not livekit.records:
            return
        # Before the recordings are read, in which each run is before it begins.
        going_on = [each for each in livekit.recordings(call_id) if each.state != "ended"]
        if not going_on:
            return
        known = {run.path for each in self._of_call(call_id) for run in each.runs.values()}
        for each in going_on:
            if each.path not in known and each.state != "ending":
                livekit.stop_recording(each.id)
                log.warning("egress_stray_stopped", callId=call_id, egressId=each.id)

    def give_up(self, recording_id: str) -> None:
        """Waits no longer for files of a recording that has ended."""

        def attempt() -> bool:
            document = self._db.get(recording_path(recording_id))
            runs = CallRecording.of(document).runs if document.exists else {}
            for seq, run in runs.items():
                self._db.commit_or_stale(*self._dropped(document, seq, run))
                return True
            return False

        while contend(attempt):
            log.warning("egress_given_up", recordingId=recording_id)

    def _of_call(self, call_id: str) -> list[CallRecording]:
        found = self._db.find(
            COLLECTION,
            where=[("callId", "==", call_id)],
            order=[("startedAt", True)],
            limit=_LISTED,
        )
        return [CallRecording.of(each) for each in found]

    def _step(self, recording_id: str) -> bool:
        """One change; returns whether there may be another one. Raises Stale, ProviderFailed."""
        livekit = self._livekit()
        document = self._db.get(recording_path(recording_id))
        if livekit is None or not document.exists:
            return False
        recording = CallRecording.of(document)
        if recording.source != "egress" or recording.state not in _FOLLOWED:
            return False
        here = Attendance(self._db, recording.call_id, also=[document.path])
        document = here.found(document.path)  # as it was when the call was
        if not document.exists:
            return False
        recording = CallRecording.of(document)
        live = here.call.recording if here.document.exists else None
        if live is not None and live.id != recording.id:
            live = None
        for seq, run in sorted(recording.runs.items(), key=lambda each: int(each[0])):
            if self._look(livekit, here, document, live, seq, run):
                return True
        if live is not None and not live.paused and not _current(recording, live):
            return self._begin(livekit, here, recording, live)
        if recording.state is RecordingState.STOPPING and not recording.runs:
            self._finish(recording.id)
        return False

    def _begin(
        self, livekit: LiveKit, here: Attendance, recording: CallRecording, live: LiveRecording
    ) -> bool:
        """Notes a run before LiveKit hears of it, so that none is forgotten."""
        if recording.failures >= _MOST_FAILURES or recording.begun >= MOST_RUNS:
            full = recording.begun >= MOST_RUNS
            here.end_recording("limit_reached" if full else "nothing_received")
            here.commit()
            return True
        seq = str(recording.begun)
        path = f"{part_file(recording, recording.begun)}.mp4"
        run = EgressRun(session=live.session, path=path, asked_at=here.at)
        if live.state == "recording":
            here.change(recording=live.model_copy(update={"state": "starting"}))
        fields = {
            _of(seq): run.stored(),
            "begun": recording.begun + 1,
            "dueAt": here.at + FIRST_PART_IN,
        }
        here.commit(Update(recording_path(recording.id), fields))
        egress_id = livekit.record(here.call, path)
        contend(partial(self._name, livekit, recording.id, seq, path, egress_id))
        return True

    def _name(
        self, livekit: LiveKit, recording_id: str, seq: str, path: str, egress_id: str
    ) -> None:
        document = self._db.get(recording_path(recording_id))
        run = CallRecording.of(document).runs.get(seq) if document.exists else None
        if run is None or run.path != path:  # it was given up meanwhile
            livekit.stop_recording(egress_id)
        elif run.id != egress_id:
            self._change(document, {_of(seq, "id"): egress_id})

    def _look(
        self,
        livekit: LiveKit,
        here: Attendance,
        document: Document,
        live: LiveRecording | None,
        seq: str,
        run: EgressRun,
    ) -> bool:
        """Whether anything has changed about a run. Raises Stale, ProviderFailed."""
        if not run.id:
            return self._find(livekit, here, document, seq, run)
        egress = livekit.recording(run.id)
        if egress is None or egress.state == "ended":
            return self._collect(here, document, seq, run, egress)
        wanted = live is not None and not live.paused and live.session == run.session
        if egress.state == "ending" or not wanted:
            return self._stop(livekit, document, seq, run, egress)
        if egress.state != "active" or live is None:
            return False
        return self._goes_on(here, document, live, seq, run)

    def _stop(
        self, livekit: LiveKit, document: Document, seq: str, run: EgressRun, egress: Egress
    ) -> bool:
        if run.stopped:
            return False
        if egress.state != "ending":
            livekit.stop_recording(run.id)
        self._change(document, {_of(seq, "stopped"): True})
        return True

    def _goes_on(
        self, here: Attendance, document: Document, live: LiveRecording, seq: str, run: EgressRun
    ) -> bool:
        """LiveKit records what it may."""
        if run.active_at is None:
            active = {_of(seq, name): here.at for name in ("activeAt", "countedAt")}
            first = {} if document.data.get("recordedAt") else {"recordedAt": here.at}
            self._change(document, {**active, **first, "dueAt": here.at + SILENT_FOR})
            return True
        if live.state != "recording":
            here.change(recording=live.model_copy(update={"state": "recording"}))
            here.commit()
            return True
        return self._count(here, document, seq, run)

    def _find(
        self, livekit: LiveKit, here: Attendance, document: Document, seq: str, run: EgressRun
    ) -> bool:
        """LiveKit was asked to begin, and its answer is not there, or lost."""
        for each in livekit.recordings(here.id):
            if each.path == run.path:
                self._change(document, {_of(seq, "id"): each.id})
                return True
        if here.at - run.asked_at < BEGINS_IN:
            return False
        self._db.commit_or_stale(*self._dropped(document, seq, run))
        return True

    def _count(self, here: Attendance, document: Document, seq: str, run: EgressRun) -> bool:
        """Charges what a run has recorded since it was last counted."""
        recording, at = CallRecording.of(document), here.at
        if run.counted_at is None or at - run.counted_at < _COUNTED:
            return False
        milliseconds = _uncounted(recording, run, at)
        with self._charging() as counted:
            try:
                fields, writes = self._charged(here, recording, counted, milliseconds)
            except CallUnpaid:
                here.end_recording("unpaid")
                here.commit()
                return True
            fields |= {
                _of(seq, "milliseconds"): run.milliseconds + milliseconds,
                _of(seq, "countedAt"): at,
                "dueAt": at + SILENT_FOR,
            }
            self._db.commit_or_stale(*writes, Update(document.path, fields, seen=document))
        if recording.milliseconds + milliseconds >= MOST_SECONDS * 1000:
            ending = Attendance(self._db, here.id)
            live = ending.call.recording
            if live is not None and live.id == recording.id:
                ending.end_recording("limit_reached")
                ending.commit()
        return True

    def _collect(
        self,
        here: Attendance,
        document: Document,
        seq: str,
        run: EgressRun,
        egress: Egress | None,
    ) -> bool:
        """Takes the file of a run that has ended, however it did."""
        recording = CallRecording.of(document)
        size = self._size(run.path)
        until = here.at
        if egress is not None and egress.ended_at:
            until = min(until, datetime.fromtimestamp(egress.ended_at, UTC))
        milliseconds = _uncounted(recording, run, until)
        kept = size and run.milliseconds + milliseconds > 0
        if not kept or recording.size + size > MOST_BYTES:
            self._db.commit_or_stale(*self._dropped(document, seq, run))
            return True
        with self._charging() as counted:
            try:
                fields, writes = self._charged(here, recording, counted, milliseconds)
            except CallUnpaid:  # what is paid is kept
                if not run.milliseconds:
                    self._db.commit_or_stale(*self._dropped(document, seq, run))
                    return True
                milliseconds, fields, writes = 0, {}, []
            part = RecordingPart(
                id=f"{int(seq):05}",
                path=run.path,
                size=size,
                milliseconds=run.milliseconds + milliseconds,
            )
            ended = not run.stopped and _end_of(recording, run) is None
            fields |= {
                _of(seq): DELETE_FIELD,
                "parts": recording.parts + 1,
                "size": recording.size + size,
                "failures": recording.failures + ended,
            }
            self._db.commit_or_stale(
                *writes,
                Create(part_path(recording.id, int(seq)), part.stored()),
                Update(document.path, fields, seen=document),
            )
        return True

    @contextmanager
    def _charging(self) -> Iterator[_Counted]:
        """Gives back what was reserved for a commit that has failed."""
        counted = _Counted()
        try:
            yield counted
        except Unavailable:  # it may have been used
            raise
        except Exception:
            if counted.reserved is not None:
                self._tabs.give_back(counted.reserved)
            raise

    def _charged(
        self, here: Attendance, recording: CallRecording, counted: _Counted, milliseconds: int
    ) -> tuple[dict[str, Any], list[Write]]:
        """The fields of the recording, and the writes that charge so much. Raises CallUnpaid."""
        fields: dict[str, Any] = {"updatedAt": here.at}
        if not milliseconds:
            return fields, []
        if not here.document.exists:
            raise CallUnpaid
        counted.reserved = reserved = self._tabs.reserve(here.call, "recording", milliseconds)
        used = recording.used.get(reserved.tab_id, 0) + milliseconds
        fields |= {
            "milliseconds": recording.milliseconds + milliseconds,
            "used": {**recording.used, reserved.tab_id: used},
        }
        return fields, [reserved.use(milliseconds)]

    def _dropped(self, document: Document, seq: str, run: EgressRun) -> list[Write]:
        """A run of which there is nothing. Its file may still come."""
        failures = document.data.get("failures", 0) + (not run.stopped)
        fields = {_of(seq): DELETE_FIELD, "failures": failures, "updatedAt": now()}
        orphan = orphan_record([run.path]).create_write()
        return [Update(document.path, fields, seen=document), orphan]

    def _change(self, document: Document, fields: dict[str, Any]) -> None:
        """Raises Stale."""
        self._db.commit_or_stale(Update(document.path, fields, seen=document))

    def _size(self, path: str) -> int:
        try:
            return self._files().stat(path).size
        except FileMissing:
            return 0


def _of(seq: str, *names: str) -> str:
    """The path of a run, or of one of its fields, in the recording."""
    return field_path("runs", seq, *names)


def _current(recording: CallRecording, live: LiveRecording) -> bool:
    """Whether LiveKit records, or was asked to, what may be recorded now."""
    return any(run.session == live.session for run in recording.runs.values())


def _end_of(recording: CallRecording, run: EgressRun) -> datetime | None:
    """Until when everybody had agreed; None if they still do."""
    return recording.held.get(str(run.session), recording.ended_at)


def _uncounted(recording: CallRecording, run: EgressRun, at: datetime) -> int:
    """Milliseconds, of no more than an hour in all."""
    until = min(at, _end_of(recording, run) or at)
    since = run.counted_at or until
    left = MOST_SECONDS * 1000 - recording.milliseconds
    return max(0, min(left, round((until - since).total_seconds() * 1000)))

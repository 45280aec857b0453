"""How recordings of calls end: their file is made, their time is up, or they are deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from troupe import logs
from troupe.adapters.firestore import Database, Delete, Document, Update, contend, now
from troupe.call_recordings.egresses import STORED_IN
from troupe.call_recordings.records import (
    COLLECTION,
    CallRecording,
    RecordingInput,
    RecordingState,
)
from troupe.call_recordings.specs import CALL_RECORDING
from troupe.call_recordings.writes import failed_fields, parts_path, recording_prefix
from troupe.calls.attendance import Attendance
from troupe.calls.live_recordings import SENT_IN
from troupe.calls.records import RecordingEnd
from troupe.calls.writes import recording_path
from troupe.ended_subjects import ending_write
from troupe.errors import TroupeError, Unavailable
from troupe.idempotency import request_hash
from troupe.jobs.errors import TooManyJobs
from troupe.jobs.records import Job, job_path
from troupe.logs import log
from troupe.orphans import orphan_record

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.call_recordings.egresses import Egresses
    from troupe.jobs.service import JobService

_BATCH = 50
_UNHEARD = timedelta(minutes=12)  # of LiveKit: two sweeps could not ask it
_JOINED_IN = timedelta(hours=1)  # how often the sweep looks at the job that makes the file


class CallRecordingEndings:
    """`files` is called only when there are some."""

    def __init__(
        self, db: Database, files: Callable[[], Files], jobs: JobService, egresses: Egresses
    ) -> None:
        self._db = db
        self._files = files
        self._jobs = jobs
        self._egresses = egresses

    def finish(self, recording_id: str) -> None:
        """Starts to make the file of a recording that has ended; nothing if it has not."""

        def attempt() -> None:
            document = self._db.get(recording_path(recording_id))
            recording = CallRecording.of(document) if document.exists else None
            if recording is None or recording.state is not RecordingState.STOPPING:
                return
            if recording.runs:  # their files are not there yet
                self._egresses.follow(recording.id)
                return
            if not recording.parts:
                self._fail(document, "nothing_recorded")
                return
            if not recording.uid:  # the account of who has recorded was deleted
                self._fail(document, "not_joined")
                return
            try:
                self._submit(recording, document)
            except TooManyJobs:  # the sweep tries again
                fields = {"dueAt": now() + SENT_IN}
                self._db.commit_or_stale(Update(document.path, fields, seen=document))
            except Unavailable:
                raise
            except TroupeError as error:  # whoever has recorded is suspended, or gone
                self._fail(document, error.code)

        contend(attempt)

    def sweep(self, limit: int) -> int:
        """Ends what has stayed in a state for too long, and deletes what is old; returns how many
        it looked at."""
        due = self._db.due(COLLECTION, limit)
        for document in due:
            try:
                self._due(CallRecording.of(document))
            except Exception as error:  # one recording must not block the others
                log.error("call_recording_not_swept", error, recordingId=document.id)
        return len(due)

    def erase_of_call(self, call_id: str) -> None:
        """Deletes all recordings of a call that is deleted."""
        while True:
            found = self._db.find(COLLECTION, where=[("callId", "==", call_id)], limit=_BATCH)
            for document in found:
                self._delete(CallRecording.of(document))
            if len(found) < _BATCH:
                return

    def _due(self, recording: CallRecording) -> None:
        logs.bind(callId=recording.call_id)
        if recording.state.is_final:
            self._delete(recording)
        elif recording.state is RecordingState.PROCESSING:
            contend(partial(self._look_at_job, recording.id))
        elif recording.state is RecordingState.STOPPING:
            if recording.ended_at is not None and now() - recording.ended_at > STORED_IN:
                self._egresses.give_up(recording.id)
            self.finish(recording.id)
        else:
            self._egresses.follow(recording.id)
            contend(partial(self._end, recording.id))
            self._egresses.follow(recording.id)

    def _end(self, recording_id: str) -> None:
        """Ends a recording of which nothing has been heard for too long."""
        document = self._db.get(recording_path(recording_id))
        recording = CallRecording.of(document) if document.exists else None
        if recording is None or recording.due_at > now():
            return
        if recording.heard_at is not None and now() - recording.heard_at < _UNHEARD:
            return  # LiveKit does not answer at the moment
        asked = recording.state is RecordingState.REQUESTED or recording.paused_at is not None
        reason: RecordingEnd = "unanswered" if asked else "nothing_received"
        here = Attendance(self._db, recording.call_id)
        if here.document.exists:
            live = here.call.recording
            if live is not None and live.id == recording.id:
                here.end_recording(reason)
                here.commit()
                return
        at = now()
        fields = {
            "state": RecordingState.STOPPING,
            "endReason": reason,
            "endedAt": at,
            "dueAt": at + SENT_IN,
        }
        self._db.commit_or_stale(Update(document.path, fields, seen=document))

    def _look_at_job(self, recording_id: str) -> None:
        document, job = self._db.get_all([recording_path(recording_id), job_path(recording_id)])
        if document.data.get("state") != RecordingState.PROCESSING:
            return
        if job.exists and not Job.of(job).status.ended:
            fields = {"dueAt": now() + _JOINED_IN}
            self._db.commit_or_stale(Update(document.path, fields, seen=document))
            return
        # Its job was deleted with the account of who has recorded.
        self._fail(document, "not_joined")

    def _submit(self, recording: CallRecording, document: Document) -> None:
        at = now()
        given = RecordingInput(
            call_id=recording.call_id,
            company_id=recording.company_id,
            recording_id=recording.id,
            parts=recording.parts,
            milliseconds=recording.milliseconds,
            declined=recording.end_reason == "declined",
            films=recording.source == "egress",
        )
        job = CALL_RECORDING.job(
            id=recording.id,
            uid=recording.uid,
            subject=document.path,
            given=given,
            request_hash=request_hash("callRecording", given.model_dump(mode="json")),
            at=at,
        )
        fields = {
            "state": RecordingState.PROCESSING,
            "dueAt": at + _JOINED_IN,
            "updatedAt": at,
        }
        write = Update(document.path, fields, seen=document)
        self._jobs.submit(job, None, [write], keyed=True)

    def _fail(self, document: Document, error: str) -> None:
        """Raises Stale."""
        fields = failed_fields(error, now())
        self._db.commit_or_stale(Update(document.path, fields, seen=document))
        self._clear(CallRecording.of(document))

    def _delete(self, recording: CallRecording) -> None:
        """Ends the job first: after that, no worker records a file any more. Files before the
        document, which still leads to them after an interruption."""
        if self._db.get(job_path(recording.id)).exists:
            self._jobs.cancel(recording.id)
        self._clear(recording)
        late = [orphan_record([each.path]) for each in recording.runs.values()]
        self._db.commit(
            Delete(recording_path(recording.id)),
            ending_write("recording", recording.id),
            *(each.create_write() for each in late),
        )

    def _clear(self, recording: CallRecording) -> None:
        files = self._files()
        prefix = recording_prefix(recording.company_id, recording.call_id, recording.id)
        files.delete(files.list(prefix))
        self._db.clear(parts_path(recording.id))

"""Joins what a browser has sent, or LiveKit has stored, and makes the file that everybody can play.

The parts of a browser are pieces of one stream, so they are put behind each other. Those of LiveKit
are films, which are shown one after the other, each as long as everybody had agreed. A retry starts
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from troupe.accounts.writes import user_path
from troupe.adapters.firestore import Database, Update, Write, now
from troupe.adapters.storage import Files
from troupe.call_recordings.egresses import MOST_RUNS
from troupe.call_recordings.records import (
    CallRecording,
    Nothing,
    RecordingFile,
    RecordingInput,
    RecordingPart,
    RecordingState,
)
from troupe.call_recordings.writes import MP4, film_path, part_paths
from troupe.calls.notices import recording_writes
from troupe.calls.records import Call
from troupe.calls.writes import call_path
from troupe.companies.records import Company
from troupe.companies.writes import company_path
from troupe.dashboards.days import day_writes
from troupe.errors import TroupeError, Unavailable, WorkError
from troupe.jobs.records import Job
from troupe.jobs.worker import Outcome, Watch, WorkPlan

if TYPE_CHECKING:
    from troupe.media.uploads.decoders import Decoders

_READ_AT_ONCE = 100
# What the clock says and what the browser has recorded are not the same to the second. Beyond that,
# nobody has paid for it.
_SHARE, _REST = 1.1, 30.0


class CallRecordingWorker:
    def __init__(self, db: Database, files: Files, decoders: Decoders) -> None:
        self._db = db
        self._files = files
        self._decoders = decoders

    def plan(self, job: Job, given: RecordingInput) -> WorkPlan:
        return WorkPlan([0, 1])

    def run_part(
        self, job: Job, given: RecordingInput, number: int, folder: Path, watch: Watch
    ) -> Nothing:
        return Nothing()

    def assemble(
        self,
        job: Job,
        given: RecordingInput,
        done: Sequence[Nothing],
        folder: Path,
        watch: Watch,
    ) -> Outcome:
        """Raises WorkError."""
        stream = folder / "stream"
        parts = self._collect(given, stream, watch)
        watch.report("joining", 0.0)
        seconds = given.milliseconds / 1000
        if not given.declined:
            seconds = _SHARE * seconds + _REST
        films = [(each.size, each.milliseconds / 1000) for each in parts]
        if not given.films:
            films = [(sum(each.size for each in parts), seconds)]
        try:
            with stream.open("rb") as file:
                film = self._decoders.joined(file, given.company_id, films=films)
        except TroupeError as error:
            transient = isinstance(error, Unavailable)
            raise WorkError(error.code, error.text, retryable=transient) from error
        finally:
            stream.unlink()
        watch.report("upload", 0.0)
        path = film_path(given, job)
        size = self._files.upload(path, film.video, MP4)
        file_made = RecordingFile(
            path=path, size=size, seconds=film.seconds, width=film.width, height=film.height
        )
        return Outcome(self._ready(job, given, file_made), files=[path])

    def _collect(self, given: RecordingInput, stream: Path, watch: Watch) -> list[RecordingPart]:
        """Puts the parts behind each other. Films of which nothing is there have no part."""
        seqs = MOST_RUNS if given.films else given.parts
        paths = part_paths(given.recording_id, seqs)
        parts = []
        with stream.open("wb") as target:
            for start in range(0, len(paths), _READ_AT_ONCE):
                for document in self._db.get_all(paths[start : start + _READ_AT_ONCE]):
                    if given.films and not document.exists:
                        continue
                    watch.check()
                    part = RecordingPart.of(document)
                    parts.append(part)
                    target.write(self._files.read(part.path))
        return parts

    def _ready(self, job: Job, given: RecordingInput, file: RecordingFile) -> list[Write]:
        at = now()
        paths = [job.subject, call_path(given.call_id), company_path(given.company_id)]
        document, call_document, company_document = self._db.get_all(paths)
        if not all(each.exists for each in (document, call_document, company_document)):
            raise WorkError("call_deleted", "The call has been deleted.", retryable=False)
        recording, call = CallRecording.of(document), Call.of(call_document)
        company = Company.of(company_document)
        fields = {
            "state": RecordingState.READY,
            "file": file.stored(),
            "dueAt": _kept_until(call, company, at),
            "updatedAt": at,
        }
        readers = [user_path(each) for each in {call.host_uid, recording.uid} if each]
        told = recording_writes(call, recording.id, company.name, self._db.get_all(readers), at)
        counted = day_writes(call.company_id, at, member=call.host_uid or None, recordings=1)
        return [Update(job.subject, fields), *counted, *told]


def _kept_until(call: Call, company: Company, at: datetime) -> datetime:
    """As long as who was in the call, and what was said there."""
    return (call.ended_at or at) + timedelta(days=company.settings.retention_days)

"""Transcription: everything from the request to the text, except the listening itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO

from troupe.access import owned
from troupe.activities.service import activity_write
from troupe.adapters.firestore import Database, Delete, now
from troupe.errors import FileMissing, UnknownChoice
from troupe.file_names import safe_name
from troupe.idempotency import file_hash, keyed_id, request_hash
from troupe.jobs.records import Job
from troupe.jobs.writes import erase_writes
from troupe.logs import log
from troupe.media.captions import CaptionFormat, cues_from_json, formatted
from troupe.media.uploads.checks import File
from troupe.orphans import NewFile, OrphanedFiles
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.recognition.catalogue import capabilities, language_code
from troupe.recognition.transcriber import Segment
from troupe.settings import Settings
from troupe.transcriptions import writes
from troupe.transcriptions.errors import (
    TranscriberNotConfigured,
    TranscriptionNotFound,
    TranscriptNotReady,
)
from troupe.transcriptions.pricing import quote
from troupe.transcriptions.records import Sound, Text, Transcription, segments_from_json
from troupe.transcriptions.specs import TRANSCRIPTION
from troupe.waiters import polls
from troupe.wallet.payers import Payer

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.files.service import UserFiles
    from troupe.jobs.service import JobService
    from troupe.media.uploads.proofs import Recording

SHORT = 60  # seconds of sound that are answered at once


@dataclass(frozen=True, slots=True)
class TranscriptionWithJob:
    """A transcription, the job that makes it, and its text once that is done."""

    transcription: Transcription
    job: Job
    segments: list[Segment] | None = None


@dataclass(frozen=True, slots=True)
class _Given:
    """What is transcribed. `fingerprint`: identifies its content. `path`: where it is, once `new`
    is stored. `file_id`: of the user's file, if it is one."""

    name: str
    seconds: float
    fingerprint: str
    path: str
    new: list[NewFile]
    file_id: str | None = None


class Transcriptions:
    """`files`, `jobs` and `user_files` are called only when they are needed."""

    def __init__(
        self,
        db: Database,
        files: Callable[[], Files],
        jobs: Callable[[], JobService],
        user_files: Callable[[], UserFiles],
        prove: Callable[[BinaryIO, str], Recording],
        settings: Settings,
    ) -> None:
        self._db = db
        self._files = files
        self._jobs = jobs
        self._user_files = user_files
        self._prove = prove
        self._settings = settings
        self._orphans = OrphanedFiles(db, files)

    def start(
        self,
        uid: str,
        source: File | str,
        name: str = "",
        language: str | None = None,
        key: str | None = None,
        max_tokens: int | None = None,
        payer: Payer | None = None,
        *,
        retried: bool = False,
    ) -> TranscriptionWithJob:
        """Commits the transcription, its job and the hold, and enqueues the work. `source`: a
        sound, which is stored, or the id of an uploaded file. A repeat under the same idempotency
        `key` returns the first one in its current state; so does one that says that it is
        `retried`, without a key.

        Raises TranscriberNotConfigured, UnknownChoice, UserFileNotFound, UnsupportedFile,
        BrokenAudio, RecordingTooLong, TooDemanding, DecodersBusy, NotEnoughTokens, CostAboveMax,
        KeyReused, TooManyJobs, and the PAYER_ERRORS.
        """
        settings = self._settings
        if settings.transcriber == "off":
            raise TranscriberNotConfigured
        code = self._code(language)
        transcription_id = keyed_id(uid, key)
        if key is not None and isinstance(source, str):  # the file may have been deleted since
            hashed = _hash(source, code)
            if self._jobs().earlier(transcription_id, uid, payer, hashed):
                return self.get(uid, transcription_id)
        given = self._given(uid, transcription_id, source, name)
        fingerprint = _hash(given.fingerprint, code)
        if retried and key is None and (found := self._retried(uid, payer, fingerprint)):
            return found
        at = now()
        transcription = Transcription(
            id=transcription_id,
            uid=uid,
            name=given.name,
            file_id=given.file_id,
            seconds=given.seconds,
            asked=code or "",
            transcriber=settings.transcriber,
            created_at=at,
            updated_at=at,
            expires_at=at + timedelta(days=settings.retention_days),
        )
        job = TRANSCRIPTION.job(
            id=transcription.id,
            uid=uid,
            subject=writes.transcription_path(transcription.id),
            given=Sound(path=given.path, seconds=given.seconds, language=code),
            request_hash=fingerprint,
            at=at,
            payer=payer,
        )
        with self._orphans.stored(given.new) as record:
            committed = self._jobs().submit(
                job,
                quote(given.seconds, settings.prices),
                [
                    writes.create_write(transcription),
                    *([record.replace_write([])] if given.new else []),
                    activity_write(
                        uid,
                        "voice_transcription_started",
                        "Transcription started",
                        at=at,
                        transcriptionId=transcription.id,
                    ),
                ],
                keyed=key is not None,
                max_tokens=max_tokens,
                key=payer.key if payer else None,
            )
        if committed.created_at != at:
            self._orphans.clean(record)
            return self.get(uid, transcription.id)
        return TranscriptionWithJob(transcription, committed)

    def wait(self, started: TranscriptionWithJob, seconds: float) -> TranscriptionWithJob:
        """Polls until the work has ended, for at most `seconds`."""
        found, waiting = started.transcription, polls(seconds)
        while not found.status.ended:
            document = next(
                (self._db.get(writes.transcription_path(found.id)) for _ in waiting), None
            )
            if document is None or not document.exists:
                return started
            found = Transcription.of(document)
        return self.get(found.uid, found.id)

    def get(self, uid: str, transcription_id: str) -> TranscriptionWithJob:
        """A transcription of this user, with its job and its text. Raises TranscriptionNotFound,
        TranscriptNotReady (the text has just been deleted)."""
        found, job = self._both(uid, transcription_id)
        segments = None
        if found.text is not None:
            segments = segments_from_json(self._read(found.text.path))
        return TranscriptionWithJob(found, job, segments)

    def page(
        self, uid: str, page: PageRequest, file_id: str | None = None
    ) -> tuple[list[Transcription], PageOf]:
        """The user's transcriptions, or those of one of their files, newest first. Raises
        BadCursor, PageTooDeep."""
        where = [("uid", "==", uid), *([("fileId", "==", file_id)] if file_id else [])]
        found = newest_first(self._db, writes.COLLECTION, page, field="createdAt", where=where)
        return [Transcription.of(document) for document in found.documents], found

    def captions(self, uid: str, transcription_id: str, form: CaptionFormat) -> str:
        """Raises TranscriptionNotFound, TranscriptNotReady."""
        document = self._db.get(writes.transcription_path(transcription_id))
        found = Transcription.of(owned(document, uid, TranscriptionNotFound))
        return formatted(cues_from_json(self._read(_ready(found).cues_path)), form)

    def delete(self, uid: str, transcription_id: str) -> None:
        """Cancels the work if it has not ended, then deletes the sound, the text and the document.
        The job stays as an empty shell that records the charge and the idempotency key.

        Raises TranscriptionNotFound.
        """
        self._erase(self._both(uid, transcription_id)[0])

    def expire(self, limit: int) -> int:
        """Deletes up to `limit` transcriptions that are past their retention; returns how many."""
        erased = 0
        for document in self._db.due(writes.COLLECTION, limit, field="expiresAt"):
            try:
                self._erase(Transcription.of(document))
                erased += 1
            except Exception as error:  # one failure must not block the others
                log.error("transcription_not_expired", error, transcriptionId=document.id)
        return erased

    def _given(self, uid: str, transcription_id: str, source: File | str, name: str) -> _Given:
        if isinstance(source, str):
            file = self._user_files().get(uid, source)
            return _Given(file.name, file.seconds, file.id, file.path, [], file.id)
        recording = self._prove(source.stream, uid)
        prefix = writes.files_prefix(uid, transcription_id)
        # A random name: the file of a repeat must not replace that of the first request.
        path = f"{prefix}{secrets.token_hex(8)}{recording.extension}"
        new = [NewFile(path, recording.content_type, source.stream)]
        fingerprint = file_hash(source.stream)
        return _Given(safe_name(name, "recording"), recording.seconds, fingerprint, path, new)

    def _retried(
        self, uid: str, payer: Payer | None, fingerprint: str
    ) -> TranscriptionWithJob | None:
        """What the same request started a moment ago."""
        job = self._jobs().repeated(uid, payer, fingerprint)
        if job is None:
            return None
        try:
            return self.get(uid, job.id)
        except (TranscriptionNotFound, TranscriptNotReady):  # deleted since
            return None

    def _both(self, uid: str, transcription_id: str) -> tuple[Transcription, Job]:
        document, job = writes.read(self._db, transcription_id)
        found = owned(document, uid, TranscriptionNotFound)
        return Transcription.of(found), Job.of(job)

    def _erase(self, transcription: Transcription) -> None:
        job = self._jobs().cancel(transcription.id)
        done = self._jobs().parts(job)
        # Files first: if this stops half-way, the document still leads to the remaining files.
        files = self._files()
        files.delete(files.list(writes.files_prefix(transcription.uid, transcription.id)))
        self._db.commit(
            Delete(writes.transcription_path(transcription.id)), *erase_writes(job, done)
        )

    def _read(self, path: str) -> bytes:
        try:
            return self._files().read(path)
        except FileMissing as error:
            raise TranscriptNotReady from error

    def _code(self, language: str | None) -> str | None:
        """The transcriber's code. Raises UnknownChoice."""
        if language is None:
            return None
        name = self._settings.transcriber
        if code := language_code(language, name):
            return code
        allowed = list(capabilities(name).languages)
        raise UnknownChoice(details={"fields": [UnknownChoice.field("language", allowed)]})


def _hash(fingerprint: str, language: str | None) -> str:
    """Identifies a request. `fingerprint`: of the sound, or the id of the file."""
    return request_hash("transcribe", {"file": fingerprint, "language": language})


def _ready(transcription: Transcription) -> Text:
    if transcription.text is None:
        raise TranscriptNotReady(
            f"The text is not available: the transcription is {transcription.status}.",
            details={"status": transcription.status},
        )
    return transcription.text

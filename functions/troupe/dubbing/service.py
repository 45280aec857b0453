"""Dubbing: everything from the request to the files, except the work itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO

from troupe.access import owned
from troupe.activities.service import activity_write
from troupe.adapters.firestore import Database, Delete, now
from troupe.dubbing import writes
from troupe.dubbing.choices import Chosen, choose
from troupe.dubbing.errors import DubbingNotFound, DubbingNotReady, NoVideo
from troupe.dubbing.pricing import quote
from troupe.dubbing.records import MAX_SECONDS, Dubbed, Dubbing, File, Original
from troupe.dubbing.specs import DUBBING
from troupe.errors import FileMissing
from troupe.file_names import safe_name
from troupe.idempotency import file_hash, keyed_id, request_hash
from troupe.jobs.records import Job
from troupe.jobs.writes import erase_writes
from troupe.logs import log
from troupe.media.captions import CaptionFormat, cues_from_json, formatted
from troupe.media.uploads.proofs import Recording, RecordingTooLong
from troupe.orphans import NewFile, OrphanedFiles
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.recording.records import VoiceSnapshot
from troupe.settings import Settings
from troupe.wallet.payers import Payer

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.files.service import UserFiles
    from troupe.jobs.service import JobService
    from troupe.translation.translator import Languages


@dataclass(frozen=True, slots=True)
class DubbingRequest:
    """A recording or a film, as a stream with its name or as the id of an uploaded file, and the
    language to dub it into."""

    target_language: str
    source_language: str | None = None
    voice_id: str | None = None
    media: BinaryIO | None = None
    name: str = ""
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class DubbingWithJob:
    """A dubbing, and the job that makes it."""

    dubbing: Dubbing
    job: Job


@dataclass(frozen=True, slots=True)
class _Given:
    """What is dubbed. `fingerprint`: identifies its content. `path`: where it is stored, "" if it
    is not stored yet."""

    name: str
    recording: Recording
    fingerprint: str
    path: str = ""


class Dubbings:
    """`files`, `jobs`, `user_files` and `languages` (those of the translator) are called only when
    they are needed."""

    def __init__(
        self,
        db: Database,
        files: Callable[[], Files],
        jobs: Callable[[], JobService],
        user_files: Callable[[], UserFiles],
        prove: Callable[[BinaryIO, str], Recording],
        languages: Callable[[], Languages],
        settings: Settings,
    ) -> None:
        self._db = db
        self._files = files
        self._jobs = jobs
        self._user_files = user_files
        self._prove = prove
        self._languages = languages
        self._settings = settings
        self._orphans = OrphanedFiles(db, files)

    def start(
        self,
        uid: str,
        request: DubbingRequest,
        key: str | None = None,
        payer: Payer | None = None,
    ) -> DubbingWithJob:
        """Stores what was sent, commits the dubbing, its job and the hold, and enqueues the work.
        A repeat under the same idempotency `key` returns the first one in its current state.

        Raises TranscriberNotConfigured, UnknownChoice, SameLanguage, the TRANSLATOR_ERRORS,
        UserFileNotFound, UnsupportedFile, BrokenAudio, RecordingTooLong, TooDemanding,
        DecodersBusy, NotEnoughTokens, KeyReused, TooManyJobs, and the PAYER_ERRORS.
        """
        chosen = choose(
            self._languages,
            self._settings,
            request.target_language,
            request.source_language,
            request.voice_id,
        )
        dubbing_id = keyed_id(uid, key)
        if key is not None and request.file_id:  # the file may have been deleted since
            hashed = _hash(request.file_id, chosen)
            if self._jobs().earlier(dubbing_id, uid, payer, hashed):
                return self.get(uid, dubbing_id)
        given = self._given(uid, request)
        dubbing = self._dubbing(uid, dubbing_id, given, chosen)
        at, seconds = dubbing.created_at, given.recording.seconds
        new = list[NewFile]()
        path = given.path
        if request.media is not None:
            # A random name: the file of a repeat must not replace that of the first request.
            name = f"{secrets.token_hex(8)}{given.recording.extension}"
            path = f"{writes.work_prefix(uid, dubbing.id)}{name}"
            new = [NewFile(path, given.recording.content_type, request.media)]
        job = DUBBING.job(
            id=dubbing.id,
            uid=uid,
            subject=writes.dubbing_path(dubbing.id),
            given=_original(path, given.recording, chosen),
            request_hash=_hash(given.fingerprint, chosen),
            at=at,
            payer=payer,
        )
        with self._orphans.stored(new) as record:
            started = activity_write(
                uid, "voice_dubbing_started", "Dubbing started", at=at, dubbingId=dubbing.id
            )
            committed = self._jobs().submit(
                job,
                quote(seconds, self._settings.prices),
                [
                    writes.create_write(dubbing),
                    *([record.replace_write([])] if new else []),
                    started,
                ],
                keyed=key is not None,
                key=payer.key if payer else None,
            )
        if committed.created_at != at:
            self._orphans.clean(record)
            return self.get(uid, dubbing.id)
        return DubbingWithJob(dubbing, committed)

    def get(self, uid: str, dubbing_id: str) -> DubbingWithJob:
        """A dubbing of this user, with its job. Raises DubbingNotFound."""
        document, job = writes.read(self._db, dubbing_id)
        return DubbingWithJob(Dubbing.of(owned(document, uid, DubbingNotFound)), Job.of(job))

    def page(self, uid: str, page: PageRequest) -> tuple[list[Dubbing], PageOf]:
        """The user's dubbings, newest first. Raises BadCursor, PageTooDeep."""
        found = newest_first(
            self._db, writes.COLLECTION, page, field="createdAt", where=[("uid", "==", uid)]
        )
        return [Dubbing.of(document) for document in found.documents], found

    def audio(self, uid: str, dubbing_id: str) -> tuple[Dubbing, File]:
        """Raises DubbingNotFound, DubbingNotReady."""
        dubbing, result = self._ready(uid, dubbing_id)
        return dubbing, result.audio

    def video(self, uid: str, dubbing_id: str) -> tuple[Dubbing, File]:
        """Raises DubbingNotFound, DubbingNotReady, NoVideo."""
        dubbing, result = self._ready(uid, dubbing_id)
        if result.video is None:
            raise NoVideo
        return dubbing, result.video

    def captions(self, uid: str, dubbing_id: str, form: CaptionFormat) -> str:
        """Those of the new sound. Raises DubbingNotFound, DubbingNotReady."""
        _, result = self._ready(uid, dubbing_id)
        try:
            return formatted(cues_from_json(self._files().read(result.cues_path)), form)
        except FileMissing as error:
            raise DubbingNotReady from error

    def delete(self, uid: str, dubbing_id: str) -> None:
        """Cancels the work if it has not ended, then deletes the files and the document. The job
        stays as an empty shell that records the charge and the idempotency key.

        Raises DubbingNotFound.
        """
        self._erase(self.get(uid, dubbing_id).dubbing)

    def expire(self, limit: int) -> int:
        """Deletes up to `limit` dubbings that are past their retention; returns how many."""
        erased = 0
        for document in self._db.due(writes.COLLECTION, limit, field="expiresAt"):
            try:
                self._erase(Dubbing.of(document))
                erased += 1
            except Exception as error:  # one failure must not block the others
                log.error("dubbing_not_expired", error, dubbingId=document.id)
        return erased

    def _given(self, uid: str, request: DubbingRequest) -> _Given:
        if request.media is None:
            file = self._user_files().get(uid, request.file_id or "")
            recording = Recording(file.content_type, "", file.seconds)
            given = _Given(file.name, recording, file.id, file.path)
        else:
            recording = self._prove(request.media, uid)
            name = safe_name(request.name, "recording")
            given = _Given(name, recording, file_hash(request.media))
        if given.recording.seconds > MAX_SECONDS:
            minutes = MAX_SECONDS // 60
            raise RecordingTooLong(
                f"The recording is too long (maximum {minutes} minutes).",
                details={"maximumSeconds": MAX_SECONDS},
            )
        return given

    def _dubbing(self, uid: str, dubbing_id: str, given: _Given, chosen: Chosen) -> Dubbing:
        at = now()
        return Dubbing(
            id=dubbing_id,
            uid=uid,
            name=given.name,
            seconds=given.recording.seconds,
            film=given.recording.film,
            asked=chosen.source,
            target_language=chosen.voice.language,
            voice_id=chosen.voice.voice_id,
            voice_type=chosen.voice.type,
            engine=chosen.voice.engine,
            created_at=at,
            updated_at=at,
            expires_at=at + timedelta(days=self._settings.retention_days),
        )

    def _ready(self, uid: str, dubbing_id: str) -> tuple[Dubbing, Dubbed]:
        document = self._db.get(writes.dubbing_path(dubbing_id))
        dubbing = Dubbing.of(owned(document, uid, DubbingNotFound))
        if dubbing.result is None:
            raise DubbingNotReady(
                f"The file is not available: the dubbing is {dubbing.status}.",
                details={"status": dubbing.status},
            )
        return dubbing, dubbing.result

    def _erase(self, dubbing: Dubbing) -> None:
        job = self._jobs().cancel(dubbing.id)
        done = self._jobs().parts(job)
        # Files first: if this stops half-way, the document still leads to the remaining files.
        files = self._files()
        files.delete(files.list(writes.files_prefix(dubbing.uid, dubbing.id)))
        self._db.commit(Delete(writes.dubbing_path(dubbing.id)), *erase_writes(job, done))


def _hash(fingerprint: str, chosen: Chosen) -> str:
    """Identifies a request. `fingerprint`: of what was sent, or the id of the file."""
    return request_hash("dub", {"file": fingerprint, **chosen._asdict()})


def _original(path: str, recording: Recording, chosen: Chosen) -> Original:
    """The input of the job."""
    voice = VoiceSnapshot(
        engine=chosen.voice.engine,
        voice_id=chosen.voice.voice_id,
        language=chosen.voice.language,
        voice_type=chosen.voice.type,
    )
    return Original(
        path=path,
        seconds=recording.seconds,
        language=chosen.heard,
        film=recording.film,
        source=chosen.source,
        target=chosen.target,
        voice=voice,
    )

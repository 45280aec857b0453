"""Recordings that users upload and download until they expire."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO

from troupe.access import owned
from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Missing,
    Stale,
    Write,
    now,
)
from troupe.file_names import safe_name, split
from troupe.files.errors import MAX_BYTES, FileTooLarge, UploadNotFound, UserFileNotFound
from troupe.files.records import OpenUpload, UserFile
from troupe.idempotency import Asked
from troupe.logs import log
from troupe.media.uploads.checks import File
from troupe.orphans import NewFile, OrphanedFiles
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.settings import Settings

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.media.uploads.proofs import Recording

COLLECTION = "files"


class UserFiles:
    """`files` is called only when there is a file, because it is slow to load."""

    def __init__(
        self,
        db: Database,
        files: Callable[[], Files],
        discards: OrphanedFiles,
        prove: Callable[[BinaryIO, str], Recording],
        settings: Settings,
    ) -> None:
        self._db = db
        self._files = files
        self._discards = discards
        self._prove = prove
        self._keep = timedelta(days=settings.retention_days)

    def earlier(self, uid: str, asked: Asked) -> UserFile | None:
        """The file that an earlier request with the same key has stored. Raises KeyReused."""
        file = self.find(uid, asked.id) if asked.created_by else None
        if file is not None:
            asked.check(file.created_by)
        return file

    def find(self, uid: str, file_id: str) -> UserFile | None:
        """Raises UserFileNotFound for another user's file."""
        document = self._db.get(f"{COLLECTION}/{file_id}")
        if not document.exists:
            return None
        return UserFile.of(owned(document, uid, UserFileNotFound))

    def add(
        self,
        uid: str,
        name: str,
        sent: File,
        asked: Asked | None = None,
        *,
        upload: Document | None = None,
    ) -> UserFile:
        """Stores a recording, unread by this process. Nothing of a rejected file is stored.
        `asked`: the request; one with the same key may have stored the file at the same time.
        `upload`: the document of the upload that it comes from, which ends with the same commit.

        Raises FileTooLarge, UnsupportedFile, BrokenAudio, RecordingTooLong, TooDemanding,
        DecodersBusy, KeyReused; UploadNotFound for an `upload` that has ended meanwhile.
        """
        size = sent.size
        if size > MAX_BYTES:
            raise FileTooLarge(details={"maximumBytes": MAX_BYTES})
        recording = self._prove(sent.stream, uid)
        asked = asked or Asked(secrets.token_hex(16))
        at = now()
        file = UserFile(
            id=asked.id,
            uid=uid,
            name=_named(name, recording.extension),
            # A random name: the file of a repeat must not replace that of the first request.
            path=f"{COLLECTION}/{uid}/{secrets.token_hex(16)}{recording.extension}",
            content_type=recording.content_type,
            size=size,
            seconds=recording.seconds,
            created_at=at,
            expires_at=at + self._keep,
            created_by=asked.created_by,
        )
        stored = NewFile(file.path, file.content_type, sent.stream)
        arrived = [OpenUpload.of(upload).path] if upload else []
        ending: list[Write] = [Delete(upload.path, seen=upload)] if upload else []
        with self._discards.stored([stored]) as record:
            try:
                self._db.commit(
                    Create(f"{COLLECTION}/{file.id}", file.stored()),
                    record.replace_write(arrived),
                    *ending,
                )
            except (AlreadyExists, Missing, Stale) as error:
                # Another request was first, or our own commit was sent again after its response
                # was lost.
                first = self.find(uid, file.id)
                if first is None and upload is not None:
                    raise UploadNotFound from error
                if first is None and not isinstance(error, AlreadyExists):
                    raise
                if first is not None and first.path != file.path:
                    asked.check(first.created_by)
                    self._discards.clean(record)
                return first or file
        if arrived:
            self._discards.clean(record.model_copy(update={"paths": arrived}))
        return file

    def get(self, uid: str, file_id: str) -> UserFile:
        """Raises UserFileNotFound, also for another user's file."""
        return self._read(uid, file_id)[0]

    def page(self, uid: str, page: PageRequest) -> tuple[list[UserFile], PageOf]:
        found = newest_first(
            self._db, COLLECTION, page, field="createdAt", where=[("uid", "==", uid)]
        )
        return [UserFile.of(document) for document in found.documents], found

    def delete(self, uid: str, file_id: str) -> None:
        self._erase(self._read(uid, file_id)[1])

    def expire(self, limit: int) -> int:
        """Deletes expired files; returns how many."""
        old = self._db.due(COLLECTION, limit, field="expiresAt")
        erased = 0
        for document in old:
            try:
                self._erase(document)
                erased += 1
            except Exception as error:  # one failure must not block the others
                log.error("file_not_expired", error, fileId=document.id)
        return erased

    def _read(self, uid: str, file_id: str) -> tuple[UserFile, Document]:
        document = owned(self._db.get(f"{COLLECTION}/{file_id}"), uid, UserFileNotFound)
        return UserFile.of(document), document

    def _erase(self, document: Document) -> None:
        # File first: an interrupted run leaves a document that still references it.
        self._files().delete([UserFile.of(document).path])
        self._db.commit(Delete(document.path))


def _named(name: str, extension: str) -> str:
    """The last segment of the client's file name, with the extension of the detected type."""
    last = re.split(r"[/\\]", name)[-1]
    return safe_name(split(last.strip())[0] + extension, "recording")

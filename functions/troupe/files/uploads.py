"""Recordings that clients send to Cloud Storage in parts, and so can resume.

The bytes do not go through this API. It makes a session for an object that nobody can read; once
that has arrived, it is checked and stored like a file that came with a request. See decision 064.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO

from troupe.access import owned
from troupe.accounts.tiers import UPLOADS
from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Missing,
    Stale,
    now,
)
from troupe.errors import FileMissing, TroupeError
from troupe.files.errors import (
    MAX_BYTES,
    FileTooLarge,
    OtherSize,
    UploadCompleted,
    UploadIncomplete,
    UploadNotFound,
)
from troupe.files.records import ARRIVALS, OpenUpload, UserFile
from troupe.idempotency import Asked
from troupe.logs import log
from troupe.paging import PageOf, PageRequest, newest_first

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.files.service import UserFiles

# A session lives for a week. What has arrived counts towards the quota, so it ends earlier.
LIFETIME = timedelta(days=1)
_REJECTIONS = frozenset({413, 415, 422})


@dataclass(frozen=True, slots=True)
class _Arrived:
    """See `checks.File`."""

    stream: BinaryIO
    size: int


class Uploads:
    def __init__(
        self, db: Database, files: Callable[[], Files], user_files: Callable[[], UserFiles]
    ) -> None:
        self._db = db
        self._files = files
        self._user_files = user_files

    def earlier(self, uid: str, asked: Asked) -> OpenUpload | None:
        """The upload that an earlier request with the same key has begun. Raises KeyReused, and
        UploadCompleted if it is complete."""
        if asked.created_by is None:
            return None
        document = self._db.get(f"{UPLOADS}/{asked.id}")
        if not document.exists:
            if self._user_files().earlier(uid, asked):
                raise UploadCompleted.of(asked.id)
            return None
        upload = OpenUpload.of(owned(document, uid, UploadNotFound))
        asked.check(upload.created_by)
        return upload

    def begin(
        self,
        uid: str,
        name: str,
        size: int,
        asked: Asked,
        *,
        last_modified: datetime | None = None,
        origin: str | None = None,
    ) -> OpenUpload:
        """`origin`: of the page that will send the file. Raises KeyReused."""
        # A random name: nothing else can be there, and two requests at once have two files.
        path = f"{ARRIVALS}/{uid}/{secrets.token_hex(16)}"
        # If this process ends here, nobody knows the session, and it ends within a week.
        url = self._files().begin_upload(path, size, origin)
        at = now()
        upload = OpenUpload(
            id=asked.id,
            uid=uid,
            name=name,
            size=size,
            path=path,
            url=url,
            last_modified=last_modified,
            created_at=at,
            expires_at=at + LIFETIME,
            created_by=asked.created_by,
        )
        try:
            self._db.commit(Create(f"{UPLOADS}/{upload.id}", upload.stored()))
        except AlreadyExists:  # or our own commit, sent again after its response was lost
            first = self.earlier(uid, asked) or upload
            if first.path != upload.path:
                self._files().cancel_upload(url)
            return first
        return upload

    def get(self, uid: str, upload_id: str) -> OpenUpload:
        """Raises UploadNotFound, also for another user's upload."""
        return OpenUpload.of(self._read(uid, upload_id))

    def page(self, uid: str, page: PageRequest) -> tuple[list[OpenUpload], PageOf]:
        found = newest_first(self._db, UPLOADS, page, field="createdAt", where=[("uid", "==", uid)])
        return [OpenUpload.of(document) for document in found.documents], found

    def complete(self, uid: str, upload_id: str) -> UserFile:
        """Checks what has arrived, and makes it a file. What is rejected is deleted.

        Raises UploadNotFound, UploadIncomplete, OtherSize, and what `UserFiles.add` raises.
        """
        document = self._read(uid, upload_id)
        upload = OpenUpload.of(document)
        try:
            return self._checked(upload, document)
        except FileMissing:
            # Nothing has arrived, or a request at the same time was first.
            if file := self._user_files().find(uid, upload_id):
                return file
            raise UploadIncomplete from None
        except TroupeError as error:
            if error.status in _REJECTIONS:
                self._drop_if_possible(document)
            raise

    def delete(self, uid: str, upload_id: str) -> None:
        """Ends an upload, and deletes what has arrived. Raises UploadNotFound."""
        try:
            self.drop(self._read(uid, upload_id))
        except (Missing, Stale) as error:  # completed or ended meanwhile
            raise UploadNotFound from error

    def expire(self, limit: int) -> int:
        """Ends uploads that were not completed in time; returns how many."""
        old = self._db.due(UPLOADS, limit, field="expiresAt")
        return sum(self._drop_if_possible(document) for document in old)

    def drop(self, document: Document) -> None:
        """Raises Missing or Stale if the document is not as it was read."""
        upload = OpenUpload.of(document)
        # In this order, nothing can arrive later, and an interrupted run can be repeated.
        self._files().cancel_upload(upload.url)
        self._files().delete([upload.path])
        self._db.commit(Delete(document.path, seen=document))

    def _drop_if_possible(self, document: Document) -> bool:
        """What is left is dropped by a later sweep."""
        try:
            self.drop(document)
        except (Missing, Stale):  # completed or ended meanwhile
            return False
        except Exception as error:
            log.error("upload_not_dropped", error, uploadId=document.id)
            return False
        return True

    def _checked(self, upload: OpenUpload, document: Document) -> UserFile:
        """Raises FileMissing."""
        # Before anything is read: only Cloud Storage keeps clients to the announced size.
        arrived = self._files().stat(upload.path).size
        if arrived > MAX_BYTES:
            raise FileTooLarge(details={"maximumBytes": MAX_BYTES})
        if arrived != upload.size:
            raise OtherSize.of(upload.size, arrived)
        asked = Asked(upload.id, upload.created_by)
        with TemporaryDirectory(prefix="troupe-") as folder:
            local = Path(folder, "arrived")
            self._files().download(upload.path, local)
            with local.open("rb") as stream:
                sent = _Arrived(stream, arrived)
                return self._user_files().add(upload.uid, upload.name, sent, asked, upload=document)

    def _read(self, uid: str, upload_id: str) -> Document:
        return owned(self._db.get(f"{UPLOADS}/{upload_id}"), uid, UploadNotFound)

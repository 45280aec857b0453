"""Cloud Storage: files of the project's bucket, by path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, cast

import google.auth
import google.auth.transport.requests
from google.api_core.exceptions import NotFound
from google.cloud.storage import Bucket, Client

from troupe.errors import FileMissing

_TIMEOUT = (5, 120)  # seconds to connect, and between bytes
_CHUNK = 1024 * 1024
_SIGNED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file's facts: `size` in bytes, `etag` for conditional requests."""

    path: str
    size: int
    content_type: str
    etag: str


class Files:
    """The files of one bucket. Thread-safe. `can_sign` is False on the emulator."""

    def __init__(self, bucket: Bucket, *, can_sign: bool) -> None:
        self._bucket = bucket
        self.can_sign = can_sign

    @classmethod
    def connect(cls, project: str, bucket: str, *, can_sign: bool) -> Files:
        if can_sign:
            client = Client(project=project)
        else:
            credentials = google.auth.credentials.AnonymousCredentials()  # type: ignore[no-untyped-call]
            client = Client(project=project, credentials=credentials)
        return cls(client.bucket(bucket), can_sign=can_sign)

    def upload(self, path: str, source: Path | bytes, content_type: str) -> int:
        """Stores a whole file, replacing what is there; returns its size in bytes."""
        blob = self._bucket.blob(path)
        if isinstance(source, Path):
            blob.upload_from_filename(str(source), content_type=content_type, timeout=_TIMEOUT)
            return source.stat().st_size
        blob.upload_from_string(source, content_type=content_type, timeout=_TIMEOUT)
        return len(source)

    def read(self, path: str) -> bytes:
        """A whole, small file. Raises FileMissing."""
        try:
            return cast(bytes, self._bucket.blob(path).download_as_bytes(timeout=_TIMEOUT))
        except NotFound as error:
            raise FileMissing(path) from error

    def download(self, path: str, target: Path) -> None:
        """Raises FileMissing."""
        try:
            self._bucket.blob(path).download_to_filename(str(target), timeout=_TIMEOUT)
        except NotFound as error:
            raise FileMissing(path) from error

    def stat(self, path: str) -> StoredFile:
        """Raises FileMissing."""
        blob = self._bucket.get_blob(path, timeout=_TIMEOUT)
        if blob is None:
            raise FileMissing(path)
        return StoredFile(
            path, int(blob.size or 0), blob.content_type or "application/octet-stream", blob.etag
        )

    def open(self, path: str) -> IO[bytes]:
        """A seekable reader that fetches in chunks, so that a byte range costs what it holds."""
        return cast(IO[bytes], self._bucket.blob(path).open("rb", chunk_size=_CHUNK))

    def signed_url(self, path: str, *, disposition: str, content_type: str) -> str:
        """A V4 URL that reads one file for a quarter of an hour, without credentials."""
        credentials, _ = google.auth.default()
        if not credentials.token:
            credentials.refresh(google.auth.transport.requests.Request())  # type: ignore[no-untyped-call]
        return cast(
            str,
            self._bucket.blob(path).generate_signed_url(
                version="v4",
                expiration=_SIGNED_FOR,
                response_disposition=disposition,
                response_type=content_type,
                # A service identity without a key file signs through the IAM API.
                service_account_email=getattr(credentials, "service_account_email", None),
                access_token=credentials.token,
            ),
        )

    def delete(self, paths: Iterable[str]) -> None:
        """Deletes files; one that is gone already is no error."""
        for path in paths:
            try:
                self._bucket.blob(path).delete(timeout=_TIMEOUT)
            except NotFound:
                continue

    def list(self, prefix: str) -> list[str]:
        return [blob.name for blob in self._bucket.client.list_blobs(self._bucket, prefix=prefix)]

    def check(self) -> None:
        """One cheap call that fails when the bucket cannot be read."""
        # No retries: they would go on for two minutes, and health is asked again soon anyhow.
        found = self._bucket.client.list_blobs(self._bucket, max_results=1, timeout=5, retry=None)
        next(iter(found), None)

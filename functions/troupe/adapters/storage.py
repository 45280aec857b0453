"""Cloud Storage: the files in the project's bucket, by path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, cast

import google.auth
import google.auth.transport.requests
from google.api_core.exceptions import NotFound
from google.cloud.storage import Bucket, Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests import RequestException

from troupe.adapters.outages import outages
from troupe.errors import FileMissing

_TIMEOUT = (5, 120)  # seconds to connect, and between bytes
_CHUNK = 1024 * 1024
# Of uploads: a chunk is in memory until it is sent. The client's default is 100 MB.
_UPLOAD_CHUNK = 8 * 1024 * 1024
# The client's own retries continue for two minutes; a request has one.
PATIENCE = 30.0
_SIGNED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file's metadata: `size` in bytes, `etag` for conditional requests."""

    path: str
    size: int
    content_type: str
    etag: str


class Files:
    """The files in one bucket. Thread-safe. `can_sign` is False on the emulator. Every method
    raises Unavailable if Cloud Storage does not answer, after at most `patience` seconds of
    retries."""

    def __init__(self, bucket: Bucket, *, can_sign: bool, patience: float = PATIENCE) -> None:
        self._bucket = bucket
        self._calls = {"timeout": _TIMEOUT, "retry": DEFAULT_RETRY.with_timeout(patience)}
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
        """Stores a file, replacing an existing one; returns its size in bytes."""
        blob = self._bucket.blob(path, chunk_size=_UPLOAD_CHUNK)
        with _outages():
            if isinstance(source, Path):
                blob.upload_from_filename(str(source), content_type=content_type, **self._calls)
                return source.stat().st_size
            blob.upload_from_string(source, content_type=content_type, **self._calls)
            return len(source)

    @contextmanager
    def writer(self, path: str, content_type: str) -> Iterator[IO[bytes]]:
        """Stores a new file of any size while it is made, in memory of one chunk. The file exists
        once the block ends; if it raises, there is none."""
        blob = self._bucket.blob(path)
        with _outages():
            stream = blob.open(
                "wb",
                chunk_size=_UPLOAD_CHUNK,
                content_type=content_type,
                **self._calls,
            )
            try:
                yield cast(IO[bytes], stream)
                stream.close()
            except BaseException:
                with suppress(Exception):  # report the original failure, not this one
                    stream.terminate()
                raise

    def read(self, path: str) -> bytes:
        """Reads a whole, small file into memory. Raises FileMissing."""
        try:
            with _outages():
                return cast(bytes, self._bucket.blob(path).download_as_bytes(**self._calls))
        except NotFound as error:
            raise FileMissing(path) from error

    def download(self, path: str, target: Path) -> None:
        """Copies a file to `target`. Raises FileMissing."""
        try:
            with _outages():
                self._bucket.blob(path).download_to_filename(str(target), **self._calls)
        except NotFound as error:
            raise FileMissing(path) from error

    def stat(self, path: str) -> StoredFile:
        """The file's metadata. Raises FileMissing."""
        with _outages():
            blob = self._bucket.get_blob(path, **self._calls)
        if blob is None:
            raise FileMissing(path)
        return StoredFile(
            path, int(blob.size or 0), blob.content_type or "application/octet-stream", blob.etag
        )

    def open(self, path: str) -> IO[bytes]:
        """A seekable reader that fetches in chunks, so that a byte range reads little more than its
        bytes. It reads after the response has started: its errors are Google's own, and truncate
        the response."""
        return cast(IO[bytes], self._bucket.blob(path).open("rb", chunk_size=_CHUNK))

    def signed_url(self, path: str, *, disposition: str, content_type: str) -> str:
        """A V4 URL that gives access to one file for 15 minutes, without credentials."""
        with _outages():
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
                    # A service account without a key file signs through the IAM API.
                    service_account_email=getattr(credentials, "service_account_email", None),
                    access_token=credentials.token,
                ),
            )

    def delete(self, paths: Iterable[str]) -> None:
        """Deletes files; a missing one is not an error."""
        for path in paths:
            try:
                with _outages():
                    self._bucket.blob(path).delete(**self._calls)
            except NotFound:
                continue

    def list(self, prefix: str) -> list[str]:
        """The paths that start with `prefix`."""
        with _outages():
            found = self._bucket.client.list_blobs(self._bucket, prefix=prefix, **self._calls)
            return [blob.name for blob in found]

    def check(self) -> None:
        """Makes one cheap call, which raises if the bucket cannot be read."""
        # No retries, because health checks are repeated anyway.
        client = self._bucket.client
        with _outages():
            next(iter(client.list_blobs(self._bucket, max_results=1, timeout=5, retry=None)), None)


def _outages() -> AbstractContextManager[None]:
    return outages(RequestException, ConnectionError)

"""Cloud Storage: the files in the project's bucket, by path."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import google.auth
import google.auth.transport.requests
import requests
from google.api_core.exceptions import NotFound
from google.cloud.storage import Bucket, Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests import RequestException

from troupe.adapters.outages import outages
from troupe.deadlines import seconds_left
from troupe.errors import FileMissing
from troupe.logs import in_context

_CONNECT, _READ = 5.0, 120.0  # seconds, the second between bytes
_CHUNK = 1024 * 1024
_SENT_CHUNK = 4 * 1024 * 1024
# The files of a script are up to a thousand, and each takes some 50 ms.
_DELETED_AT_ONCE = 8
# Seconds of retries; fewer in a request, see troupe.deadlines.
PATIENCE = 30.0
_TOO_MANY, _FAILURES = 429, 500  # statuses
_SIGNED_FOR = timedelta(minutes=15)
_SIGNING_SECONDS = 10.0
# The client waits two minutes for the IAM API, and has no setting for it.
_signing = ThreadPoolExecutor(16, "sign")


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
    retries, or the time that troupe.deadlines leaves."""

    def __init__(self, bucket: Bucket, *, can_sign: bool, patience: float = PATIENCE) -> None:
        self._bucket = bucket
        self._patience = patience
        self.can_sign = can_sign

    @property
    def _calls(self) -> dict[str, Any]:
        """The limits of one call. In a request, retries end after half of its time: an attempt that
        begins just before can take the other half."""
        left = seconds_left(math.inf)
        return {
            "timeout": (min(_CONNECT, left / 2), min(_READ, left / 2)),
            "retry": DEFAULT_RETRY.with_timeout(min(self._patience, left / 2)),
        }

    @classmethod
    def connect(cls, project: str, bucket: str, *, can_sign: bool) -> Files:
        if can_sign:
            client = Client(project=project)
        else:
            credentials = google.auth.credentials.AnonymousCredentials()  # type: ignore[no-untyped-call]
            client = Client(project=project, credentials=credentials)
        return cls(client.bucket(bucket), can_sign=can_sign)

    def upload(self, path: str, source: Path | bytes | BinaryIO, content_type: str) -> int:
        """Stores a file, replacing an existing one; returns its size in bytes."""
        if isinstance(source, Path):
            with _outages():
                self._bucket.blob(path).upload_from_filename(
                    str(source), content_type=content_type, **self._calls
                )
            return source.stat().st_size
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        size = file.seek(0, os.SEEK_END)
        # Above 8 MB, the client would read 100 MB at once: functions have no memory for that.
        blob = self._bucket.blob(path, chunk_size=_SENT_CHUNK)
        with _outages():
            blob.upload_from_file(
                file, rewind=True, size=size, content_type=content_type, **self._calls
            )
        return size

    @contextmanager
    def writer(self, path: str, content_type: str) -> Iterator[IO[bytes]]:
        """A stream into a file, which exists once the context has ended without an error. Holds
        about 8 MB in memory, however large the file becomes."""
        blob = self._bucket.blob(path)
        options: dict[str, Any] = {"content_type": content_type, "ignore_flush": True}
        with (
            _outages(),
            blob.open("wb", chunk_size=_SENT_CHUNK, **options, **self._calls) as stream,
        ):
            yield cast(IO[bytes], stream)

    def begin_upload(self, path: str, size: int, origin: str | None) -> str:
        """The URL of a resumable session, to which a client sends a file of `size` bytes within a
        week. Whoever has the URL can write this file, once, and do nothing else. `origin`: that of
        the web page that will send it, which browsers block otherwise."""
        blob = self._bucket.blob(path)
        content_type = "application/octet-stream"
        with _outages():
            return cast(
                str,
                blob.create_resumable_upload_session(
                    content_type=content_type, size=size, origin=origin, **self._calls
                ),
            )

    def cancel_upload(self, url: str) -> None:
        """Ends a session: nothing more arrives. One that has already ended is no error."""
        with _outages():
            answer = requests.delete(url, timeout=self._calls["timeout"])
            if answer.status_code == _TOO_MANY or answer.status_code >= _FAILURES:
                answer.raise_for_status()

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

    def open(self, path: str, size: int) -> IO[bytes]:
        """A seekable reader that fetches in chunks, so that a byte range reads little more than its
        bytes. It reads after this call: its errors are Google's own, see `reading`."""
        blob = self._bucket.blob(path)
        # Otherwise, the reader asks for the size before it seeks, and for two minutes.
        blob._properties["size"] = size
        return cast(IO[bytes], blob.open("rb", chunk_size=_CHUNK, **self._calls))

    @contextmanager
    def reading(self, path: str) -> Iterator[None]:
        """Around a read of an open file. Raises Unavailable, FileMissing."""
        try:
            with _outages():
                yield
        except NotFound as error:
            raise FileMissing(path) from error

    def signed_url(self, path: str, *, disposition: str, content_type: str) -> str:
        """A V4 URL that gives access to one file for 15 minutes, without credentials."""
        signing = _signing.submit(self._sign, path, disposition, content_type)
        with outages(RequestException, ConnectionError, TimeoutError):
            return signing.result(timeout=seconds_left(_SIGNING_SECONDS))

    def _sign(self, path: str, disposition: str, content_type: str) -> str:
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
        """Deletes files, several at once; a missing one is not an error. Stops at a failure."""
        with ThreadPoolExecutor(_DELETED_AT_ONCE) as pool:
            list(pool.map(in_context(self._delete), paths))

    def _delete(self, path: str) -> None:
        with suppress(NotFound), _outages():
            self._bucket.blob(path).delete(**self._calls)

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

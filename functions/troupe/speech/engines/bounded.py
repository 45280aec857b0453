"""Limits responses for packages that read whole responses through httpx."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx

from troupe.speech.engines.remote import sound_chunks, timed_out


class Bounded(httpx.BaseTransport):
    """Aborts responses that are too large or take longer in total than the request's time-out."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + float(request.extensions["timeout"]["read"])
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - for mypy
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_BoundedStream(response.stream, deadline),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._inner.close()


class _BoundedStream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        return sound_chunks(self._inner, self._deadline, timed_out)

    def close(self) -> None:
        self._inner.close()

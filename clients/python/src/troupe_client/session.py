"""Credentials, and retries: what happens to every request."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

import httpx

from troupe_client.errors import ApiError

ATTEMPTS = 5
_LONGEST = 30.0  # seconds to wait before another attempt; if the server asks for more, give up
_BUSY = {429, 502, 503, 504}
# HTTP says that these may be repeated.
_IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
_EXPIRED = {"token_expired", "token_invalid", "unauthorized"}


@dataclass(frozen=True)
class Session:
    """Of a sign-in. A refresh token works once, so keep the newest one."""

    access_token: str
    refresh_token: str


class Bearer(httpx.Auth):
    """Sends a key, or the access token of a session, which is renewed once it has expired."""

    requires_response_body = True

    def __init__(
        self, credentials: str | Session, on_session: Callable[[Session], object] | None
    ) -> None:
        self._lock = threading.Lock()
        self._key = credentials if isinstance(credentials, str) else None
        self.session = credentials if isinstance(credentials, Session) else None
        self._on_session = on_session

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        used = self._token()
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code != 401 or self.session is None:
            return
        response.read()
        if ApiError.of(401, response.content).code not in _EXPIRED:
            return
        with self._lock:  # of several threads, one renews the session
            if self._token() == used:
                renewed = yield self._refresh(request.url)
                renewed.read()
                if renewed.status_code != 200:
                    return
                found = renewed.json()["data"]
                self.session = Session(found["accessToken"], found["refreshToken"])
                if self._on_session is not None:
                    self._on_session(self.session)
        request.headers["Authorization"] = f"Bearer {self._token()}"
        yield request

    def _token(self) -> str:
        return self._key or (self.session.access_token if self.session else "")

    def _refresh(self, url: httpx.URL) -> httpx.Request:
        assert self.session is not None
        body = {"refreshToken": self.session.refresh_token}
        return httpx.Request("POST", url.copy_with(raw_path=b"/api/auth/refresh"), json=body)


class Retrying(httpx.BaseTransport):
    """Repeats what is safe to repeat: what was not sent, what HTTP calls idempotent, and what has
    an idempotency key. The server may say how long to wait."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner = inner
        self._attempts = attempts
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        safe = request.method in _IDEMPOTENT or "Idempotency-Key" in request.headers
        for attempt in range(1, self._attempts + 1):
            wait = min(_LONGEST, 0.25 * 2**attempt) * random.uniform(0.5, 1)  # noqa: S311
            try:
                response = self._inner.handle_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
                if attempt == self._attempts:
                    raise
            except httpx.TransportError:
                if attempt == self._attempts or not safe:
                    raise
            else:
                # What is refused for its rate has not been done.
                again = response.status_code == 429 or (safe and response.status_code in _BUSY)
                told = _seconds(response.headers.get("Retry-After"))
                if not again or attempt == self._attempts or (told or 0) > _LONGEST:
                    return response
                response.close()
                wait = wait if told is None else told
            self._sleep(wait)
        raise AssertionError("unreachable")

    def close(self) -> None:
        self._inner.close()


def _seconds(header: str | None) -> float | None:
    try:
        return float(header) if header else None
    except ValueError:  # a date, which Troupe never sends
        return None

"""Sends one request to a webhook: to the addresses that were checked, within a time for all of it,
without redirects and proxies, and without reading more of the answer than its head."""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from troupe.webhooks.addresses import AddressRefused, Resolve, Target, public_addresses, resolver

CONNECT_SECONDS = 5.0
SECONDS = 15.0  # for everything
_MOST_ADDRESSES = 4
_MOST_READ = 8192  # of the answer's body, and thrown away
_MOST_RETRY_AFTER = 24 * 3600
# What a delivery says about an attempt without an answer. The first that fits.
_ERRORS = (
    (AddressRefused, "address_not_public"),
    (TimeoutError, "timeout"),  # of names, too
    (socket.gaierror, "name_not_found"),
    (ssl.SSLError, "tls_failed"),
    (OSError, "connection_failed"),
    (HTTPException, "invalid_answer"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is None if there was no answer; then `error` says why. `retry_after`: seconds."""

    status: int | None
    milliseconds: int
    error: str | None = None
    retry_after: int = 0

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Poster:
    def __init__(
        self,
        *,
        resolve: Resolve | None = None,
        connect: Callable[[str, int, float], socket.socket] | None = None,
        trust: Callable[[], ssl.SSLContext] | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """`resolve`, `connect` and `trust` replace the system's names, network and
        certificates."""
        self._resolve = resolve or resolver(CONNECT_SECONDS)
        self._connect = connect or _connected
        self._trust = trust or _system_trust
        self._seconds = seconds

    def post(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Never raises for what the receiver does."""
        begun = time.monotonic()

        def answer(status: int | None, error: str | None = None, retry_after: int = 0) -> Answer:
            spent = round((time.monotonic() - begun) * 1000)
            return Answer(status, spent, error, retry_after)

        try:
            status, retry_after = self._post(target, body, headers, begun + self._seconds)
        except (AddressRefused, OSError, HTTPException) as error:
            code = next(code for kind, code in _ERRORS if isinstance(error, kind))
            return answer(None, code)
        return answer(status, retry_after=retry_after)

    def _post(
        self, target: Target, body: bytes, headers: Mapping[str, str], deadline: float
    ) -> tuple[int, int]:
        addresses = public_addresses(target, self._resolve)[:_MOST_ADDRESSES]
        with self._dial(addresses, target, deadline) as wire:
            connection = HTTPConnection(target.host, target.port)
            default = 80 if target.local else 443
            named = target.host if target.port == default else f"{target.host}:{target.port}"
            connection.sock = _Timed(wire, deadline)
            connection.request("POST", target.path, body, {**headers, "Host": named})
            with connection.getresponse() as response:
                _skip(response)
                return response.status, _seconds_of(response.headers.get("Retry-After"))

    def _dial(self, addresses: Sequence[str], target: Target, deadline: float) -> socket.socket:
        """A connection to the first address that answers. Raises OSError."""
        for number, address in enumerate(addresses, 1):
            try:
                wire = self._connect(address, target.port, min(CONNECT_SECONDS, _left(deadline)))
                break
            except OSError:
                if number == len(addresses):
                    raise
        if target.local:
            return wire
        try:
            wire.settimeout(_left(deadline))
            return self._trust().wrap_socket(wire, server_hostname=target.host)
        except BaseException:
            wire.close()
            raise


def _connected(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), seconds)


@cache
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _skip(response: HTTPResponse) -> None:
    """Takes what has arrived of the body: some receivers log an error if nobody does. The status
    is known, so nothing that goes wrong here matters."""
    try:
        response.read1(_MOST_READ)
    except (OSError, HTTPException):
        return


def _seconds_of(header: str | None) -> int:
    """Of a Retry-After in seconds; 0 without one."""
    text = (header or "").strip()
    return min(int(text), _MOST_RETRY_AFTER) if text.isdecimal() and len(text) < 10 else 0


class _Timed:
    """A socket for http.client whose calls all end by one deadline. A timeout of the socket alone
    would begin anew with every byte."""

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self._wire, self._deadline = wire, deadline

    def sendall(self, data: bytes) -> None:
        self._wire.settimeout(_left(self._deadline))
        self._wire.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._wire, self._deadline))

    def close(self) -> None:
        self._wire.close()


class _Reader(io.RawIOBase):
    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self._wire, self._deadline = wire, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wire.settimeout(_left(self._deadline))
        return self._wire.recv_into(buffer)

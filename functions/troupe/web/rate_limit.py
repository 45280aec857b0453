"""Rate limits at the edge: whose requests are counted, and the response headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from flask import Response, g, request

from troupe.caller import Device
from troupe.errors import TooManyRequests, TroupeError
from troupe.logs import log
from troupe.web.provided import services

if TYPE_CHECKING:
    from troupe.rate_limits import Limiter, LimitStatus
    from troupe.settings import Settings

Address = IPv4Address | IPv6Address

# Google's own front ends, including Firebase Hosting's: https://www.gstatic.com/ipranges/goog.json
# without cloud.json, whose addresses customers can rent.
_GOOGLE = (
    "35.191.0.0/16",
    "64.233.160.0/19",
    "66.102.0.0/20",
    "66.249.64.0/19",
    "72.14.192.0/18",
    "74.125.0.0/16",
    "108.177.0.0/17",
    "130.211.0.0/22",
    "142.250.0.0/15",
    "172.217.0.0/16",
    "172.253.0.0/16",
    "173.194.0.0/16",
    "209.85.128.0/17",
    "216.58.192.0/19",
    "216.239.32.0/19",
    "2001:4860::/32",
    "2404:6800::/32",
    "2607:f8b0::/32",
    "2800:3f0::/32",
    "2a00:1450::/32",
    "2c0f:fb50::/32",
)
_FAILED_ATTEMPT = (401, 403)  # other errors do not count as failed attempts


@contextmanager
def limited(name: str, account: str | None) -> Iterator[None]:
    """Counts the request. Raises TooManyRequests, before the body runs, when over the limit."""
    limiter: Limiter = services().limiter
    caller = g.get("caller")
    session_id = None if caller is None else caller.session_id
    limit_status = limiter.count(
        name, account=account, device=current_device(), session_id=session_id
    )
    g.limit_status = limit_status
    if limit_status is None:
        yield
        return
    if limit_status.exceeded:
        log.warning("rate_limited", limit=name)
        raise TooManyRequests(retry_after=limit_status.reset)
    try:
        yield
    except TroupeError as error:
        if error.status not in _FAILED_ATTEMPT:
            limiter.uncount(limit_status)
        raise
    limiter.succeeded(limit_status)


def account_of(given: Mapping[str, Any]) -> str | None:
    """The account to count for: the email address in the body, else the caller."""
    email = getattr(given.get("body"), "email", None)
    if email is not None:
        return str(email).lower()
    caller = g.get("caller")
    return None if caller is None else str(caller.email or caller.uid).lower()


def add_headers(response: Response) -> None:
    """The headers of draft-ietf-httpapi-ratelimit-headers-03, which clients support; later drafts
    changed them several times."""
    limit_status: LimitStatus | None = g.get("limit_status")
    if limit_status is not None:
        response.headers["RateLimit-Limit"] = str(limit_status.limit)
        response.headers["RateLimit-Remaining"] = str(limit_status.remaining)
        response.headers["RateLimit-Reset"] = str(limit_status.reset)


def current_device() -> Device:
    """The device that sent the current request, as far as it tells."""
    return Device(request.headers.get("User-Agent", ""), client_address())


def client_address() -> str | None:
    """The client's address, as far as the platform vouches for it; for IPv6 the /64, which is one
    subscriber. None for a loopback address, as with the emulators.

    Google's front end appends its peer's address to X-Forwarded-For; anything before that can be
    forged by the client. Behind Firebase Hosting the peer is Hosting, which appended its client's
    address in the same way. So the header is read from the end, skipping trusted proxies.
    """
    settings: Settings = services().settings
    if settings.emulated:
        return _shown(_parsed(request.remote_addr or ""))
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
    found = None
    for entry in reversed(forwarded):
        address = _parsed(entry.strip())
        if address is None:
            break
        found = address
        if not _is_proxy(address, settings.trusted_proxies):
            break
    return _shown(found)


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _shown(address: Address | None) -> str | None:
    if address is None or address.is_loopback:
        return None
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False))
    return str(address)


def _is_proxy(address: Address, trusted: str) -> bool:
    return any(address in network for network in _networks(trusted))


@cache
def _networks(trusted: str) -> list[Any]:
    words = [word.strip() for word in trusted.split(",") if word.strip()]
    named = [network for word in words for network in (_GOOGLE if word == "google" else (word,))]
    return [ip_network(network) for network in named]

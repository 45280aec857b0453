"""Rate limits at the edge: whose requests are counted, and the response headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flask import Response, g

from troupe.allowances import Rate
from troupe.errors import TooManyRequests, TroupeError
from troupe.logs import log
from troupe.web.addresses import current_device
from troupe.web.provided import services

if TYPE_CHECKING:
    from troupe.caller import KeyUse
    from troupe.rate_limits import Limiter, LimitStatus

_FAILED_ATTEMPT = (401, 403)  # at signing in; for other operations: refused, nothing was done


@contextmanager
def limited(name: str, account: str | None, weight: int = 1) -> Iterator[None]:
    """Counts the request as `weight` requests. Raises TooManyRequests, before the body runs, when
    over the limit."""
    limiter: Limiter = services().limiter
    caller, device = g.get("caller"), current_device()
    limit_status = limiter.count(
        name,
        account=account,
        sources=device.sources,
        device=device,
        session_id=None if caller is None else caller.session_id,
        weight=weight,
    )
    g.limit_status = limit_status
    if limit_status is not None and limit_status.exceeded:
        log.warning("rate_limited", limit=name)
        raise TooManyRequests(retry_after=limit_status.reset)
    try:
        yield
    except TroupeError as error:
        if error.status in _FAILED_ATTEMPT:
            limiter.forget(limit_status)
        else:
            limiter.uncount(limit_status)
        raise
    limiter.succeeded(name, limit_status, account, device)


def count_key(key: KeyUse) -> None:
    """Counts a request with an API key. Raises TooManyRequests."""
    limiter: Limiter = services().limiter
    rate = Rate(most=key.per_minute, seconds=60) if key.per_minute else None
    g.key_limit_status = status = limiter.count("key", account=key.id, sources=(), rate=rate)
    if status is not None and status.exceeded:
        log.warning("rate_limited", limit="key")
        raise TooManyRequests(retry_after=status.reset)


def account_of(given: Mapping[str, Any]) -> str | None:
    """The account to count for: the email address in the body, else the caller."""
    email = getattr(given.get("body"), "email", None)
    if email is not None:
        return str(email).lower()
    caller = g.get("caller")
    return None if caller is None else str(caller.email or caller.uid).lower()


def add_headers(response: Response) -> None:
    """The headers of draft-ietf-httpapi-ratelimit-headers-11, which name every limit, and those of
    its third draft, which clients support: they tell of the limit with the fewest requests left."""
    found = [g.get("key_limit_status"), g.get("limit_status")]
    statuses: list[LimitStatus] = [status for status in found if status is not None]
    if not statuses:
        return
    tightest = min(statuses, key=lambda status: status.remaining)
    headers = response.headers
    headers["RateLimit-Limit"] = str(tightest.limit)
    headers["RateLimit-Remaining"] = str(tightest.remaining)
    headers["RateLimit-Reset"] = str(tightest.reset)
    headers["RateLimit-Policy"] = ", ".join(
        f'"{status.name}";q={status.limit};w={status.window}' for status in statuses
    )
    headers["RateLimit"] = ", ".join(
        f'"{status.name}";r={status.remaining};t={status.reset}' for status in statuses
    )

"""Rate limits: a maximum number of requests in a time window, per account and per address.

Windows are fixed and counted in `limits/{hash}`, so they apply across instances. One commit
increments both counters and returns their values: nothing is read first, and no two concurrent
requests get the same count. Document names are keyed hashes, so email and network addresses cannot
be guessed from them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from troupe.adapters.firestore import Database, Delete, Increment, Merge, Stale, contend, now
from troupe.errors import TooManyRequests
from troupe.logs import log
from troupe.settings import Rate, RateLimit

COLLECTION = "limits"
# For these, an account's successes are not counted, only its failures.
FAILURES_ONLY = frozenset({"login"})
_CONTENTION_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Source:
    """A network that requests come from. It gets `factor` times the limit of one address."""

    subject: str
    factor: int = 1


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """The status of the limit with the fewest requests remaining. `reset`: seconds until its window
    ends."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool
    account_path: str | None = None  # the counter to decrement on success


class Limiter:
    def __init__(self, db: Database, limits: Mapping[str, RateLimit], secret: str) -> None:
        """`limits` by name; `secret` keys the hashes and must be the same in all instances."""
        self._db = db
        self._limits = limits
        self._secret = secret.encode()

    def count(
        self, name: str, *, account: str | None, sources: Sequence[Source]
    ) -> LimitStatus | None:
        """Counts a request for its account and its networks. Returns None if no limit applies or
        the counters are unavailable.

        If the limiter fails, requests pass: the operations behind it need Firestore too, or have
        their own limit (Firebase Auth), and a failing limiter must not lock users out. But counters
        contended for longer than a request may wait mean a flood: that raises TooManyRequests.
        """
        limit, at = self._limits[name], _seconds()
        networks = [(each.subject, _times(limit.address, each.factor)) for each in sources]
        counters = [
            (rate, self._path(name, kind, subject, rate, at))
            for kind, subject, rate in (
                ("account", account, limit.account),
                *(("address", subject, rate) for subject, rate in networks),
            )
            if subject is not None and rate is not None
        ]
        if not counters:
            return None
        writes = [Merge(path, _one_more(rate, at)) for rate, path in counters]
        try:
            committed = contend(lambda: self._db.commit(*writes), seconds=_CONTENTION_SECONDS)
        except Stale:
            raise TooManyRequests(retry_after=1) from None
        except Exception as error:
            log.warning("limit_not_counted", limit=name, reason=type(error).__name__)
            return None
        counts = [transforms[0] for transforms in committed.transforms]
        used, rate = min(
            zip(counts, (rate for rate, _ in counters), strict=True),
            key=lambda each: each[1].most - each[0],
        )
        return LimitStatus(
            limit=rate.most,
            remaining=max(0, rate.most - used),
            reset=_end(rate, at) - at,
            exceeded=used > rate.most,
            account_path=counters[0][1] if account is not None and limit.account else None,
        )

    def succeeded(self, name: str, status: LimitStatus) -> None:
        """Uncounts an account's success, if only failures count."""
        if name in FAILURES_ONLY and status.account_path is not None:
            self._try(name, Merge(status.account_path, {"count": Increment(-1)}))

    def clear(self, name: str, account: str) -> None:
        """Resets the count of an account, for example after a password change."""
        rate = self._limits[name].account
        if rate is not None:
            path = self._path(name, "account", account, rate, _seconds())
            self._try(name, Delete(path))

    def sweep(self, limit: int) -> int:
        """Deletes the counters of past windows; returns how many. Firestore's TTL policy does the
        same where it is enabled."""
        old = self._db.due(COLLECTION, limit, field="expiresAt", select=[])
        self._db.delete_all([document.path for document in old])
        return len(old)

    def _try(self, name: str, write: Merge | Delete) -> None:
        """Ignores errors: the request itself succeeded, and the counter expires with its window."""
        try:
            contend(lambda: self._db.commit(write), seconds=_CONTENTION_SECONDS)
        except Exception as error:
            log.warning("limit_not_counted", limit=name, reason=type(error).__name__)

    def _path(self, name: str, kind: str, subject: str, rate: Rate, at: int) -> str:
        named = f"{name}\n{kind}\n{subject}\n{_end(rate, at)}"
        digest = hmac.new(self._secret, named.encode(), hashlib.sha256).hexdigest()
        return f"{COLLECTION}/{digest[:40]}"


def _seconds() -> int:
    """Since 1970."""
    return int(now().timestamp())


def _end(rate: Rate, at: int) -> int:
    """When the window containing `at` ends; both in seconds since 1970."""
    return (at // rate.seconds + 1) * rate.seconds


def _times(rate: Rate | None, factor: int) -> Rate | None:
    return rate and Rate(most=rate.most * factor, seconds=rate.seconds)


def _one_more(rate: Rate, at: int) -> dict[str, object]:
    return {"count": Increment(1), "expiresAt": datetime.fromtimestamp(_end(rate, at), UTC)}

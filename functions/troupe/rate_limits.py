"""Rate limits: so many of one thing in a window of time, by an account and by an address.

Windows are fixed, and counted in `limits/{hash}`, so that they hold across instances. One commit
increments the counters of both, and what the increments leave behind decides: nothing is read, and
of many requests at once no two see the same count. Names of documents are keyed hashes: neither an
email address nor a network address can be read or guessed out of them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from troupe.adapters.firestore import Database, Delete, Increment, Merge, Stale, contend, now
from troupe.errors import TooManyRequests
from troupe.logs import log
from troupe.settings import Rate, RateLimit

COLLECTION = "limits"
# Of these, an account's successes are taken back: only its failures use the limit up.
FAILURES_ONLY = frozenset({"login"})
_CONTENTION_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """How one caller stands to the limit that is nearest to being reached. `reset`: seconds until
    its window ends."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool
    account_path: str | None = None  # the counter that a success is taken back from


class Limiter:
    def __init__(self, db: Database, limits: Mapping[str, RateLimit], secret: str) -> None:
        """`limits` by name; `secret` keys the hashes, and is the same in every instance."""
        self._db = db
        self._limits = limits
        self._secret = secret.encode()

    def count(self, name: str, *, account: str | None, address: str | None) -> LimitStatus | None:
        """Counts one more. None: nothing limits it, or the counters cannot be reached.

        A limiter that fails lets everybody through: what comes behind it needs Firestore as well,
        or has a limit of its own (Firebase Auth), and people must not be locked out by a guard.
        Counters that are contended for longer than a request may wait are another matter: that is
        a flood, and raises TooManyRequests.
        """
        limit, at = self._limits[name], _seconds()
        counters = [
            (rate, self._path(name, kind, subject, rate, at))
            for kind, subject, rate in (
                ("account", account, limit.account),
                ("address", address, limit.address),
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

    def succeeded(self, name: str, standing: LimitStatus) -> None:
        """Takes an account's success back, where only failures count."""
        if name in FAILURES_ONLY and standing.account_path is not None:
            self._try(name, Merge(standing.account_path, {"count": Increment(-1)}))

    def clear(self, name: str, account: str) -> None:
        """Begins anew for an account, for instance once it has a new password."""
        rate = self._limits[name].account
        if rate is not None:
            path = self._path(name, "account", account, rate, _seconds())
            self._try(name, Delete(path))

    def sweep(self, limit: int) -> int:
        """Deletes counters whose windows have ended; returns how many. Firestore's own TTL policy
        does the same where it is switched on."""
        old = self._db.due(COLLECTION, limit, field="expiresAt", select=[])
        self._db.delete_all([document.path for document in old])
        return len(old)

    def _try(self, name: str, write: Merge | Delete) -> None:
        """The work is done by now; a counter that says too much ends with its window."""
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
    """When the window that holds `at` ends; both in seconds since 1970."""
    return (at // rate.seconds + 1) * rate.seconds


def _one_more(rate: Rate, at: int) -> dict[str, object]:
    return {"count": Increment(1), "expiresAt": datetime.fromtimestamp(_end(rate, at), UTC)}

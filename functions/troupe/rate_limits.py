"""Rate limits: a maximum number of requests in a time window, per account and per address.

Windows are fixed and counted in `limits/{hash}`, so they apply across instances. One commit
increments all counters and returns their values: nothing is read first, and no two concurrent
requests get the same count. Document names are keyed hashes, so email and network addresses cannot
be guessed from them.

Only failed sign-ins count for an account. Past the limit they are not locked out but slowed down
(`troupe.backoff`), and strangers' failures do not slow down a device that has signed in before.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from troupe.adapters.firestore import (
    Database,
    Delete,
    Increment,
    Merge,
    Stale,
    Write,
    contend,
    now,
)
from troupe.allowances import Rate, RateLimit
from troupe.backoff import Backoff
from troupe.caller import Device, Source
from troupe.errors import TooManyRequests
from troupe.logs import log

COLLECTION = "limits"
# For these, an account's successes are not counted, only its failures.
FAILURES_ONLY = frozenset({"login"})
# Success here shows that a device is the account's owner's.
INTRODUCES = frozenset({"login", "register"})
_KNOWN_FOR = timedelta(days=90)
# The limit of failures from everywhere, as a multiple of that from one address, if it has no own.
_EVERYWHERE = 10
_CONTENTION_SECONDS = 2.0
_NO_DEVICE = Device()


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """The status of the limit with the fewest requests remaining. `name`: of the limit; `window`:
    its length in seconds; `reset`: seconds until it ends, or until the next attempt is
    admitted."""

    name: str
    window: int
    limit: int
    remaining: int
    reset: int
    exceeded: bool
    counters: tuple[str, ...] = ()  # to decrement if the request turns out to have done nothing
    weight: int = 1  # by how much
    undo: tuple[str, ...] = ()  # to decrement if it was no failure, where only failures count


@dataclass(frozen=True, slots=True)
class _Counter:
    kind: str
    rate: Rate
    path: str
    subject: str
    used: int = 0

    @property
    def over(self) -> bool:
        return self.used > self.rate.most

    @property
    def remaining(self) -> int:
        return self.rate.most - self.used


@dataclass(frozen=True, slots=True)
class Charge:
    """`write` counts, and the result of its increment says how much was used, which may be more
    than `most`; `undo` takes it back."""

    write: Write
    undo: Write
    most: int


class Limiter:
    def __init__(
        self,
        db: Database,
        limits: Mapping[str, RateLimit],
        secret: str,
        introduces: Collection[str] = INTRODUCES,
    ) -> None:
        """`limits` by name; `secret` keys the hashes and must be the same in all instances;
        `introduces`: names of limits whose requests make a device known when they succeed."""
        self._db = db
        self._limits = limits
        self._secret = secret.encode()
        self._introduces = introduces
        self._backoff = Backoff(db)

    def count(
        self,
        name: str,
        *,
        account: str | None,
        sources: Sequence[Source],
        device: Device = _NO_DEVICE,
        session_id: str | None = None,
        weight: int = 1,
        also: Sequence[tuple[str, str]] = (),
        rate: Rate | None = None,
    ) -> LimitStatus | None:
        """Counts a request for its account and its networks. Returns None if no limit applies or
        the counters are unavailable. `session_id`: the caller's, who is known by that. `weight`:
        how many requests it counts as. If that is more than one and exceeds the limit, the request
        is uncounted, because smaller ones may still fit. `also`: the names and accounts of other
        limits that it counts for in the same commit, such as a longer window or a whole room.
        `rate`: the account's own, in place of the limit's.

        If the limiter fails, requests pass: the operations behind it need Firestore too, or have
        their own limit (Firebase Auth), and a failing limiter must not lock users out. But counters
        contended for longer than a request may wait mean a flood: that raises TooManyRequests.
        """
        at = _seconds()
        counters = self._counters_of_account(name, account, device, at, rate)
        counters += self._counters_of_networks(name, sources, at)
        for other, of in also:
            counters += self._counters_of_account(other, of, device, at)
        if not counters:
            return None
        try:
            counted = self._add(counters, at, weight)
            if name not in FAILURES_ONLY:
                paths = [each.path for each in counted]
                status = _status(name, counted, at, counters=paths, weight=weight)
                if weight > 1 and status.exceeded:
                    self.forget(status)
                return status
            if account is None:
                return _status(name, counted, at)
            status = self._admit_attempt(name, account, device, session_id, counted, at)
        except Stale:
            raise TooManyRequests(retry_after=1) from None
        except Exception as error:
            log.warning("limit_not_counted", limit=name, reason=type(error).__name__)
            return None
        if status.exceeded:
            # No password is checked. Otherwise a stranger who keeps trying from one address, in
            # vain, would use up the limit of the account's failures from everywhere.
            self.uncount(status)
        return status

    def peek(self, name: str, *, sources: Sequence[Source]) -> LimitStatus | None:
        """Where networks stand with a limit of failures, which are counted when they happen; counts
        nothing. Requests at once can all see the same. None if no limit applies or the counters are
        unavailable."""
        at = _seconds()
        counters = self._counters_of_networks(name, sources, at)
        if not counters:
            return None
        try:
            found = self._db.get_all([each.path for each in counters])
        except Exception as error:
            log.warning("limit_not_read", limit=name, reason=type(error).__name__)
            return None
        # The next one would be one more.
        used = [
            _Counter(
                each.kind, each.rate, each.path, each.subject, document.data.get("count", 0) + 1
            )
            for each, document in zip(counters, found, strict=True)
        ]
        return _status(name, used, at)

    def charge(self, name: str, account: str, weight: int) -> Charge | None:
        """Counts for an account in a commit of the caller, with what is counted. None if no limit
        applies."""
        at = _seconds()
        counters = self._counters_of_account(name, account, _NO_DEVICE, at)
        if not counters:
            return None
        (counter,) = counters
        more = Merge(counter.path, _more(weight, counter.rate, at))
        less = Merge(counter.path, {"count": Increment(-weight)})
        return Charge(more, less, counter.rate.most)

    def succeeded(
        self, name: str, status: LimitStatus | None, account: str | None, device: Device
    ) -> None:
        """Uncounts an account's success, if only failures count, and remembers the device."""
        writes = _decrements(status.undo) if status else []
        if name in self._introduces and account is not None:
            writes.append(self._known(account, device))
        self._try(*writes)

    def uncount(self, status: LimitStatus | None) -> None:
        """Uncounts an attempt that has not failed, if only failures count."""
        if status is not None:
            self._try(*_decrements(status.undo))

    def forget(self, status: LimitStatus | None) -> None:
        """Uncounts a request that has done nothing, unless failures are counted."""
        if status is not None:
            self._try(*_decrements(status.counters, status.weight))

    def clear(self, name: str, account: str, device: Device) -> None:
        """Resets the count of an account, and makes the device known, for example after a password
        reset."""
        counters = self._counters_of_account(name, account, device, _seconds())
        paths = [each.path for each in counters]
        paths += [self._backoff_path(name, each) for each in counters]
        self._try(self._known(account, device), *(Delete(path) for path in paths))

    def sweep(self, limit: int) -> int:
        """Deletes the counters of past windows; returns how many. Firestore's TTL policy does the
        same where it is enabled."""
        old = self._db.due(COLLECTION, limit, field="expiresAt", select=[])
        self._db.delete_all([document.path for document in old])
        return len(old)

    def _counters_of_account(
        self, name: str, account: str | None, device: Device, at: int, rate: Rate | None = None
    ) -> list[_Counter]:
        limit = self._limits[name]
        if rate is not None and limit.account is not None:
            limit = limit.model_copy(update={"account": rate})
        if account is None or limit.account is None:
            return []
        if name not in FAILURES_ONLY:
            return [self._counter(name, "account", account, limit.account, at)]
        everywhere = limit.everywhere or _times(limit.account, _EVERYWHERE)
        pair = f"{account}\n{device.address or ''}"
        return [
            self._counter(name, "pair", pair, limit.account, at),
            self._counter(name, "everywhere", account, everywhere, at),
        ]

    def _counters_of_networks(
        self, name: str, sources: Sequence[Source], at: int
    ) -> list[_Counter]:
        rate = self._limits[name].address
        if rate is None:
            return []
        return [
            self._counter(name, "address", each.subject, _times(rate, each.factor), at)
            for each in sources
        ]

    def _admit_attempt(
        self,
        name: str,
        account: str,
        device: Device,
        session_id: str | None,
        counted: Sequence[_Counter],
        at: int,
    ) -> LimitStatus:
        """Whether a sign-in may be tried now."""
        failures = [each for each in counted if each.kind != "address"]
        known = self._known_path(account, device)
        over = [each for each in counted if each.over]
        rate = self._limits[name].account
        if over and rate is not None and (session_id or self._is_known(known)):
            # Only its own failures slow it down, and what limits its network.
            subject = f"{account}\n{session_id or known}"
            own = self._add([self._counter(name, "device", subject, rate, at)], at)
            failures += own
            counted = [*own, *(each for each in counted if each.kind == "address")]
            over = [each for each in counted if each.over]
        undo = [each.path for each in failures]
        return _status(name, counted, at, undo=undo, wait=self._wait(name, over, at))

    def _wait(self, name: str, over: Sequence[_Counter], at: int) -> int:
        """Seconds until an attempt is admitted; 0 if this one is. `over`: the exceeded counters,
        the account's failures from everywhere after those from one address."""
        networks = [_end(each.rate, at) - at for each in over if each.kind == "address"]
        if networks:
            return max(networks)
        for counter in over:
            # From one address the delay may grow to a window; elsewhere the owner is waiting, too.
            longest = counter.rate.seconds if counter.kind == "pair" else None
            # An attempt that is refused must not take the next turn: the owner may be waiting.
            if wait := self._backoff.wait(self._backoff_path(name, counter), longest):
                return wait
        return 0

    def _is_known(self, path: str) -> bool:
        expires_at = self._db.get(path).data.get("expiresAt")
        return expires_at is not None and expires_at > now()

    def _add(self, counters: Sequence[_Counter], at: int, by: int = 1) -> list[_Counter]:
        """Increments the counters in one commit. Raises Stale if they stay contended."""
        writes = [Merge(each.path, _more(by, each.rate, at)) for each in counters]
        committed = contend(lambda: self._db.commit(*writes), seconds=_CONTENTION_SECONDS)
        counts = [transforms[0] for transforms in committed.transforms]
        return [
            _Counter(each.kind, each.rate, each.path, each.subject, used)
            for each, used in zip(counters, counts, strict=True)
        ]

    def _try(self, *writes: Write) -> None:
        """Ignores errors: the request itself succeeded, and the counter expires with its window."""
        if not writes:
            return
        try:
            contend(lambda: self._db.commit(*writes), seconds=_CONTENTION_SECONDS)
        except Exception as error:
            log.warning("limit_not_uncounted", reason=type(error).__name__)

    def _counter(self, name: str, kind: str, subject: str, rate: Rate, at: int) -> _Counter:
        path = self._path(name, kind, subject, str(_end(rate, at)))
        return _Counter(kind, rate, path, subject)

    def _known(self, account: str, device: Device) -> Write:
        return Merge(self._known_path(account, device), {"expiresAt": now() + _KNOWN_FOR})

    def _known_path(self, account: str, device: Device) -> str:
        return self._path("known", account, device.user_agent, device.address or "")

    def _backoff_path(self, name: str, counter: _Counter) -> str:
        return self._path(name, "backoff", counter.kind, counter.subject)

    def _path(self, *words: str) -> str:
        digest = hmac.new(self._secret, "\n".join(words).encode(), hashlib.sha256).hexdigest()
        return f"{COLLECTION}/{digest[:40]}"


def _status(
    name: str,
    counted: Sequence[_Counter],
    at: int,
    *,
    counters: Sequence[str] = (),
    undo: Sequence[str] = (),
    wait: int | None = None,
    weight: int = 1,
) -> LimitStatus:
    """`wait`: seconds until an attempt is admitted; None if being over the limit decides."""
    tightest = min(counted, key=lambda each: each.remaining)
    exceeded = tightest.over if wait is None else wait > 0
    return LimitStatus(
        name=name,
        window=tightest.rate.seconds,
        limit=tightest.rate.most,
        remaining=max(0, tightest.remaining),
        reset=wait or _end(tightest.rate, at) - at,
        exceeded=exceeded,
        counters=tuple(counters),
        undo=tuple(undo),
        weight=weight,
    )


def _decrements(paths: Iterable[str], by: int = 1) -> list[Write]:
    return [Merge(path, {"count": Increment(-by)}) for path in paths]


def _seconds() -> int:
    """Since 1970."""
    return int(now().timestamp())


def _end(rate: Rate, at: int) -> int:
    """When the window containing `at` ends; both in seconds since 1970."""
    return (at // rate.seconds + 1) * rate.seconds


def _times(rate: Rate, factor: int) -> Rate:
    return Rate(most=rate.most * factor, seconds=rate.seconds)


def _more(by: int, rate: Rate, at: int) -> dict[str, object]:
    return {"count": Increment(by), "expiresAt": datetime.fromtimestamp(_end(rate, at), UTC)}

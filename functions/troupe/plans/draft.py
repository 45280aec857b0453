"""Changes of a subscription and its wallet: computed here, committed by the service.

The rules (reasons in docs/decisions/012-subscriptions.md): each period grants once. Plan minutes
are used first. Unused ones carry over when a better plan takes over, and expire when the period
ends, except those that running jobs hold. Minutes that carry over still belong to the period that
gave them, for the case that what was paid for them is paid back. Tokens never expire.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from troupe.adapters.firestore import Document, Write
from troupe.errors import GuestNotAllowed
from troupe.notifications.records import muted
from troupe.plans.periods import period_at
from troupe.plans.records import (
    Carried,
    PlanMinutes,
    Source,
    Subscription,
    SubscriptionStatus,
    Terms,
    without,
)
from troupe.plans.telling import changed_events
from troupe.plans.writes import save_writes
from troupe.wallet.ledger import entry_writes, plan_grant_id
from troupe.wallet.records import Balance, Entry, EntryKind, GrantCause, Meter, Owner, Wallet

# How often to check for plan minutes that a job still holds after the plan has ended.
_HELD_MINUTES_CHECK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PaidPeriod:
    """The times of a period that was paid for, and what it gives."""

    start: datetime
    end: datetime
    gives: Mapping[Meter, int]


class SubscriptionDraft:
    """A change to the documents as they were read; `writes()` returns what to commit.

    `after`, `wallet` and `minutes_left` show the state after the commit.
    """

    def __init__(
        self, subscription: Document, wallet: Document, user: Document, at: datetime
    ) -> None:
        self._document, self._wallet, self.at = subscription, wallet, at
        self._user = user
        self.guest = bool(user.data.get("guest"))
        self.muted = muted(user.data)  # the notifications that the owner does not want
        self.before = Subscription.of(subscription) if subscription.exists else None
        self.after = self.before
        held = Wallet.of(wallet)
        self._owner = held.owner
        self._balances = {meter: held.meter(meter) for meter in Meter}
        self._entries: list[Entry] = []
        # Seconds that expired, by the period that gave them: of those whose minutes are over.
        self.expired: dict[int, int] = {}

    def require_account(self) -> None:
        """Raises GuestNotAllowed: guests are given no plan and no minutes, by nobody."""
        if self.guest:
            raise GuestNotAllowed

    @property
    def owner(self) -> Owner:
        return self._owner

    @property
    def wallet_before(self) -> Wallet:
        return Wallet.of(self._wallet)

    @property
    def wallet(self) -> Wallet:
        return Wallet(
            id=self.owner.id,
            kind=self.owner.kind,
            tokens=self._balances[Meter.TOKENS],
            voice_seconds=self._balances[Meter.VOICE_SECONDS],
        )

    def begin(
        self,
        terms: Terms,
        *,
        source: Source,
        started_at: datetime,
        expires_at: datetime | None = None,
        tokens: int | None = None,
        paid: PaidPeriod | None = None,
    ) -> None:
        """Starts a period of the plan and grants its tokens and minutes; unused minutes stay.
        `paid`: one that was paid for, whose times and grants are not the calendar's and the plan's.
        Raises GuestNotAllowed."""
        self.require_account()
        start, end = (
            period_at(started_at, terms.billing_period, self.at)
            if paid is None
            else (paid.start, paid.end)
        )
        period = self.after.period + 1 if self.after else 1
        gave = {
            Meter.TOKENS: terms.tokens if tokens is None else tokens,
            Meter.VOICE_SECONDS: terms.voice_minutes * 60,
        }
        if paid is not None:
            gave = {meter: paid.gives.get(meter, 0) for meter in Meter}
        cause = _cause(terms, source, paid)
        # Minutes of a period that is replaced before its end go on. An entry of 0 is kept, too.
        live = self.after is not None and self.after.live
        shares = {
            n: left
            for n, left in self._shares().items()
            if left or (live and n not in self.expired)
        }
        for meter, amount in gave.items():
            if amount:
                entry_id = plan_grant_id(self.owner.id, period, meter)
                self._enter(entry_id, EntryKind.GRANT, meter, amount, f"plan {terms.id}", cause)
        self.after = Subscription(
            id=self.owner.id,
            owner_kind=self.owner.kind,
            plan=terms,
            source=source,
            period=period,
            period_start=start,
            period_end=end,
            started_at=started_at,
            expires_at=expires_at,
            tokens=tokens,
            minutes=self._minutes({**shares, period: gave[Meter.VOICE_SECONDS]}, period),
            gave=gave,
            due_at=None if source is Source.STRIPE else min(end, expires_at or end),
            created_at=self.before.created_at if self.before else self.at,
            updated_at=self.at,
        )

    def resume(self, plan: Subscription) -> None:
        """A plan that was replaced goes on, in a period of its own that grants nothing."""
        shares = {n: left for n, left in self._shares().items() if left or n not in self.expired}
        period = self.known.period + 1
        self.after = plan.model_copy(
            update={
                "period": period,
                "minutes": self._minutes({**shares, period: 0}, period),
                "gave": dict.fromkeys(Meter, 0),
                "expiries": 0,
                "updated_at": self.at,
            }
        )

    def expire_minutes(self, *, only: int | None = None) -> dict[int, int]:
        """Takes back the plan's unused minutes, except those that jobs hold; returns how many
        seconds, by the period that gave them. `only`: those of one period."""
        now, shares = self.known, self._shares()
        unheld = without(shares, self._balances[Meter.VOICE_SECONDS].held)
        expired = {n: seconds for n, seconds in unheld.items() if only in (None, n)}
        for n, seconds in expired.items():
            self.expired[n] = self.expired.get(n, 0) + seconds
            if seconds:
                # The number of the current period makes that of a carried share unique.
                number = now.expiries if n == now.period else f"{now.period}-{now.expiries}"
                entry_id = f"plan-{self.owner.id}-{n}-expiry-{number}"
                reason = f"plan {now.plan.id}"
                self._enter(entry_id, EntryKind.EXPIRE, Meter.VOICE_SECONDS, -seconds, reason)
        if any(expired.values()):
            self._change(expiries=now.expiries + 1)
        left = {n: share - expired.get(n, 0) for n, share in shares.items()}
        over = {n for n in expired if not left[n] and n != now.period}
        self._keep({n: share for n, share in left.items() if n not in over})
        return expired

    def add(self, entry_id: str, meter: Meter, amount: int, reason: str, *, plan: bool) -> None:
        """Grants what was paid for, once per `entry_id`. `plan`: it belongs to the current period,
        and so do its minutes."""
        self.require_account()
        shares = self._shares()
        self._enter(entry_id, EntryKind.GRANT, meter, amount, reason)
        if plan:
            now = self.known
            self._change(gave={**now.gave, meter: now.gave.get(meter, 0) + amount})
            if meter is Meter.VOICE_SECONDS:
                shares[now.period] += amount
                self._keep(shares)

    def reverse(
        self,
        entry_id: str,
        meter: Meter,
        amount: int,
        reason: str,
        *,
        period: int | None = None,
        elsewhere: int = 0,
    ) -> int:
        """Takes back `amount`, which must be available, or gives it back if it is negative.

        Minutes that a `period` gave are taken from what is left of them. What was used of them is
        taken from minutes that do not expire, and from those of other periods only if these are not
        enough. `elsewhere`: how many were taken there before; those are given back first. Returns
        by how many that has changed.
        """
        shares = self._shares()
        self._enter(entry_id, EntryKind.REVERSE, meter, -amount, reason)
        if meter is not Meter.VOICE_SECONDS:
            return 0
        own = 0
        if period in shares:
            own = min(amount, shares[period]) if amount > 0 else min(0, amount + elsewhere)
            shares[period] -= own
        self._keep(shares)
        return amount - own

    def available(self, meter: Meter) -> int:
        return self._balances[meter].available

    def mark(self, **fields: object) -> None:
        """Sets fields that grant and take nothing: the plan, the status, the end."""
        known = self.known
        if any(getattr(known, name) != value for name, value in fields.items()):
            self._change(**fields)

    def end(self, status: SubscriptionStatus) -> None:
        """Ends the subscription, or expires minutes that jobs still held when it ended."""
        self.expire_minutes()
        due = self.at + _HELD_MINUTES_CHECK if self.minutes_left else None
        self._change(status=status, next_plan=None, due_at=due)

    def follow_with(self, terms: Terms | None) -> None:
        """Schedules another plan for the end of the period; None cancels the change. Raises
        GuestNotAllowed."""
        if terms is not None:
            self.require_account()
        self._change(next_plan=terms)

    def set_dates(self, started_at: datetime | None, expires_at: datetime | None) -> None:
        """Moves the start, from which periods are counted, and the end. Grants nothing."""
        now = self.known
        started_at = started_at or now.started_at
        start, end = period_at(started_at, now.plan.billing_period, self.at)
        self._change(
            started_at=started_at,
            period_start=start,
            period_end=end,
            expires_at=expires_at,
            due_at=min(end, expires_at or end),
        )

    def set_balance(self, meter: Meter, amount: int, entry_id: str) -> None:
        """Makes granted minus used equal `amount`. Raises ValueError when jobs hold more,
        GuestNotAllowed for more minutes."""
        balance = self._balances[meter]
        if amount < balance.held:
            raise ValueError(f"{balance.held} are held")
        change = amount - (balance.granted - balance.used)
        if not change:
            return
        if change > 0 and meter is Meter.VOICE_SECONDS:
            self.require_account()
        shares = self._shares()
        self._enter(entry_id, EntryKind.ADJUST, meter, change, "administrator")
        if meter is Meter.VOICE_SECONDS:
            self._keep(shares)

    @property
    def minutes_left(self) -> int:
        return sum(self._shares().values())

    def _shares(self) -> dict[int, int]:
        """The plan's minutes that are left, by the period that gave them."""
        has = self.after
        return has.minutes.shares(has.period, self._balances[Meter.VOICE_SECONDS]) if has else {}

    def _keep(self, shares: Mapping[int, int]) -> None:
        """Notes what is left of the plan's minutes after an entry. They are never more than the
        balance: a debt that took some of them must not turn minutes that come later into minutes of
        the plan, which would expire with it."""
        if self.after is None:
            return
        balance = self._balances[Meter.VOICE_SECONDS]
        over = sum(shares.values()) - (balance.granted - balance.used)
        minutes = self._minutes(without(shares, max(0, over)), self.after.period)
        if minutes != self.after.minutes:
            self._change(minutes=minutes)

    def _minutes(self, shares: Mapping[int, int], period: int) -> PlanMinutes:
        return PlanMinutes(
            seconds=sum(shares.values()),
            used_before=self._balances[Meter.VOICE_SECONDS].used,
            carried=[Carried(period=n, seconds=s) for n, s in shares.items() if n != period],
        )

    def writes(self) -> list[Write]:
        """All writes, for one commit: Stale if a document changed since it was read."""
        writes: list[Write] = []
        if self._entries:
            writes += entry_writes(self._wallet, self._entries)
        if self.after is not None and self.after != self.before:
            writes += save_writes(self._document, self.after, self.at)
            writes += changed_events(self._user.data, self.before, self.after, self.at)
        return writes

    def _enter(
        self,
        entry_id: str,
        kind: EntryKind,
        meter: Meter,
        granted: int,
        reason: str,
        cause: GrantCause | None = None,
    ) -> None:
        entry = Entry(
            id=entry_id,
            kind=kind,
            meter=meter,
            granted=granted,
            reason=reason,
            cause=cause,
            at=self.at,
        )
        self._entries.append(entry)
        balance = self._balances[meter]
        self._balances[meter] = Balance(
            granted=balance.granted + granted, used=balance.used, held=balance.held
        )

    def _change(self, **fields: object) -> None:
        self.after = self.known.model_copy(update=fields | {"updated_at": self.at})

    @property
    def known(self) -> Subscription:
        """The subscription after the changes. Raises ValueError if there is none."""
        if self.after is None:
            raise ValueError("there is no subscription to change")
        return self.after


def _cause(terms: Terms, source: Source, paid: PaidPeriod | None) -> GrantCause:
    if paid is not None:
        return GrantCause.PAYMENT
    if source is Source.ADMIN:
        return GrantCause.ADMIN
    return GrantCause.UNPAID if terms.price_cents else GrantCause.FREE

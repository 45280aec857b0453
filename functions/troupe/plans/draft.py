"""Changes of a subscription and its wallet: computed here, committed by the service.

The rules (reasons in docs/decisions/012-subscriptions.md): each period grants once. Plan minutes
are used first. Unused ones carry over when a better plan takes over, and expire when the period
ends, except those that running jobs hold. Tokens never expire.
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
    PlanMinutes,
    Source,
    Subscription,
    SubscriptionStatus,
    Terms,
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
        # Seconds that expired, by the period that they belonged to: of those that were closed.
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
        left = self.minutes_left
        for meter, amount in gave.items():
            if amount:
                entry_id = plan_grant_id(self.owner.id, period, meter)
                self._enter(entry_id, EntryKind.GRANT, meter, amount, f"plan {terms.id}", cause)
        used = self._balances[Meter.VOICE_SECONDS].used
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
            minutes=PlanMinutes(seconds=left + gave[Meter.VOICE_SECONDS], used_before=used),
            gave=gave,
            due_at=None if source is Source.STRIPE else min(end, expires_at or end),
            created_at=self.before.created_at if self.before else self.at,
            updated_at=self.at,
        )

    def expire_minutes(self) -> int:
        """Takes back the plan's unused minutes, except those that jobs hold; returns how many
        seconds."""
        now, left = self.known, self.minutes_left
        balance = self._balances[Meter.VOICE_SECONDS]
        unused = max(0, left - balance.held)
        self.expired[now.period] = self.expired.get(now.period, 0) + unused
        if not unused:
            return 0
        entry_id = f"plan-{self.owner.id}-{now.period}-expiry-{now.expiries}"
        reason = f"plan {now.plan.id}"
        self._enter(entry_id, EntryKind.EXPIRE, Meter.VOICE_SECONDS, -unused, reason)
        minutes = PlanMinutes(seconds=left - unused, used_before=balance.used)
        self._change(minutes=minutes, expiries=now.expiries + 1)
        return unused

    def add(self, entry_id: str, meter: Meter, amount: int, reason: str, *, plan: bool) -> None:
        """Grants what was paid for, once per `entry_id`. `plan`: it belongs to the current period,
        and so do its minutes."""
        self.require_account()
        left = self.minutes_left
        self._enter(entry_id, EntryKind.GRANT, meter, amount, reason)
        if plan:
            self._count(meter, amount, left)

    def reverse(self, entry_id: str, meter: Meter, amount: int, reason: str, *, plan: bool) -> None:
        """Takes back `amount`, which must be available, or gives it back if it is negative. `plan`:
        minutes are taken from, or given back to, those of the current period."""
        left = self.minutes_left
        self._enter(entry_id, EntryKind.REVERSE, meter, -amount, reason)
        if plan and meter is Meter.VOICE_SECONDS and self.after is not None:
            used = self._balances[meter].used
            self._change(minutes=PlanMinutes(seconds=max(0, left - amount), used_before=used))

    def available(self, meter: Meter) -> int:
        return self._balances[meter].available

    def mark(self, **fields: object) -> None:
        """Sets fields that grant and take nothing: the plan, the status, the end."""
        known = self.known
        if any(getattr(known, name) != value for name, value in fields.items()):
            self._change(**fields)

    def _count(self, meter: Meter, amount: int, left: int) -> None:
        """Adds to what the current period gave; `left`: its minutes before."""
        now = self.known
        gave = {**now.gave, meter: now.gave.get(meter, 0) + amount}
        self._change(gave=gave)
        if meter is Meter.VOICE_SECONDS:
            used = self._balances[meter].used
            self._change(minutes=PlanMinutes(seconds=left + amount, used_before=used))

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
        left = self.minutes_left
        self._enter(entry_id, EntryKind.ADJUST, meter, change, "administrator")
        if meter is Meter.VOICE_SECONDS and self.after is not None:
            minutes = PlanMinutes(seconds=min(left, amount), used_before=balance.used)
            self._change(minutes=minutes)

    @property
    def minutes_left(self) -> int:
        if self.after is None:
            return 0
        return self.after.minutes.left(self._balances[Meter.VOICE_SECONDS])

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

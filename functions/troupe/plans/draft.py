"""Changes of a subscription and its wallet: computed here, committed by the service.

The rules (reasons in docs/decisions/012-subscriptions.md): each period grants once. Plan minutes
are used first. Unused ones carry over when a better plan takes over, and expire when the period
ends, except those that running jobs hold. Tokens never expire.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from troupe.adapters.firestore import Document, Write
from troupe.errors import GuestNotAllowed
from troupe.plans.periods import period_at
from troupe.plans.records import (
    PlanMinutes,
    Source,
    Subscription,
    SubscriptionStatus,
    Terms,
)
from troupe.plans.writes import save_writes
from troupe.wallet.ledger import entry_writes, plan_grant_id
from troupe.wallet.records import Balance, Entry, EntryKind, Meter, Wallet

# How often to check for plan minutes that a job still holds after the plan has ended.
_HELD_MINUTES_CHECK = timedelta(hours=1)


class SubscriptionDraft:
    """A change to the documents as they were read; `writes()` returns what to commit.

    `after`, `wallet` and `minutes_left` show the state after the commit.
    """

    def __init__(
        self, subscription: Document, wallet: Document, user: Document, at: datetime
    ) -> None:
        self._document, self._wallet, self.at = subscription, wallet, at
        self.guest = bool(user.data.get("guest"))
        self.before = Subscription.of(subscription) if subscription.exists else None
        self.after = self.before
        held = Wallet.of(wallet)
        self._balances = {meter: held.meter(meter) for meter in Meter}
        self._entries: list[Entry] = []

    def require_account(self) -> None:
        """Raises GuestNotAllowed: guests are given no plan and no minutes, by nobody."""
        if self.guest:
            raise GuestNotAllowed

    @property
    def uid(self) -> str:
        return self._wallet.id

    @property
    def wallet_before(self) -> Wallet:
        return Wallet.of(self._wallet)

    @property
    def wallet(self) -> Wallet:
        return Wallet(
            id=self.uid,
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
    ) -> None:
        """Starts a period of the plan and grants its tokens and minutes; unused minutes stay.
        Raises GuestNotAllowed."""
        self.require_account()
        start, end = period_at(started_at, terms.billing_period, self.at)
        period = self.before.period + 1 if self.before else 1
        gave = {
            Meter.TOKENS: terms.tokens if tokens is None else tokens,
            Meter.VOICE_SECONDS: terms.voice_minutes * 60,
        }
        left = self.minutes_left
        for meter, amount in gave.items():
            if amount:
                entry_id = plan_grant_id(self.uid, period, meter)
                self._enter(entry_id, EntryKind.GRANT, meter, amount, f"plan {terms.id}")
        used = self._balances[Meter.VOICE_SECONDS].used
        self.after = Subscription(
            id=self.uid,
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
            due_at=min(end, expires_at or end),
            created_at=self.before.created_at if self.before else self.at,
            updated_at=self.at,
        )

    def expire_minutes(self) -> None:
        """Takes back the plan's unused minutes, except those that jobs hold."""
        now, left = self._known(), self.minutes_left
        balance = self._balances[Meter.VOICE_SECONDS]
        unused = max(0, left - balance.held)
        if not unused:
            return
        entry_id = f"plan-{self.uid}-{now.period}-expiry-{now.expiries}"
        reason = f"plan {now.plan.id}"
        self._enter(entry_id, EntryKind.EXPIRE, Meter.VOICE_SECONDS, -unused, reason)
        minutes = PlanMinutes(seconds=left - unused, used_before=balance.used)
        self._change(minutes=minutes, expiries=now.expiries + 1)

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
        now = self._known()
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
        return writes

    def _enter(
        self, entry_id: str, kind: EntryKind, meter: Meter, granted: int, reason: str
    ) -> None:
        entry = Entry(
            id=entry_id, kind=kind, meter=meter, granted=granted, reason=reason, at=self.at
        )
        self._entries.append(entry)
        balance = self._balances[meter]
        self._balances[meter] = Balance(
            granted=balance.granted + granted, used=balance.used, held=balance.held
        )

    def _change(self, **fields: object) -> None:
        self.after = self._known().model_copy(update=fields | {"updated_at": self.at})

    def _known(self) -> Subscription:
        if self.after is None:
            raise ValueError("there is no subscription to change")
        return self.after

"""Plans and subscriptions. Money is in cents; periods follow the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from troupe.records import Record
from troupe.wallet.records import Balance, Meter, Owner, OwnerKind


class BillingPeriod(StrEnum):
    MONTHLY = "monthly"
    YEARLY = "yearly"

    @property
    def months(self) -> int:
        return 12 if self is BillingPeriod.YEARLY else 1


class PlanStatus(StrEnum):
    ACTIVE = "Active"
    INACTIVE = "Inactive"  # no longer offered; subscribers keep it


class Terms(Record):
    """What a plan costs and grants per period; `id` is the plan's."""

    id: str
    name: str
    price_cents: int
    billing_period: BillingPeriod
    voice_minutes: int
    tokens: int

    @property
    def yearly_cents(self) -> int:
        """The price of a year, for comparing plans with different periods."""
        return self.price_cents * 12 // self.billing_period.months


class Plan(Terms):
    """`plans/{id}`."""

    name_key: str  # the normalized name, for lookups by administrators
    features: list[str] = Field(default_factory=list)
    description: str = ""
    is_popular: bool = False
    status: PlanStatus = PlanStatus.ACTIVE
    trial_days: int = 0
    trial_tokens: int | None = None  # None: a tenth of the plan's
    trial_voice_minutes: int | None = None
    per_seat: bool = False  # a company buys it once for each license
    created_at: datetime
    updated_at: datetime

    @property
    def terms(self) -> Terms:
        return Terms.model_validate(self.model_dump(include=set(Terms.model_fields)))


class SubscriptionStatus(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    PAST_DUE = "past_due"  # a payment failed, and may still succeed


LIVE = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


class Source(StrEnum):
    """Who started it, which decides whether it renews automatically."""

    USER = "user"
    ADMIN = "admin"
    STRIPE = "stripe"  # Stripe renews and ends it; `troupe.payments` follows


class Carried(Record):
    """Minutes of an earlier period that go on in the current one and expire with it. Kept even if
    none are left: what was taken back of them can still be given back."""

    period: int
    seconds: int


class PlanMinutes(Record):
    """The plan's share of the wallet, which expires with the period and is used first.

    `seconds` were left when `used` of the wallet's meter was `used_before`. `carried`: those of
    them that earlier periods gave, oldest first; they are used before the period's own.
    """

    seconds: int = 0
    used_before: int = 0
    carried: list[Carried] = Field(default_factory=list)

    def left(self, balance: Balance) -> int:
        """The plan's unused seconds, including those that jobs hold."""
        unused = self.seconds - (balance.used - self.used_before)
        return max(0, min(unused, balance.granted - balance.used))

    def shares(self, period: int, balance: Balance) -> dict[int, int]:
        """What is left, by the period that gave it, in the order in which it is used. `period`: the
        current one, which is the last."""
        shares = {each.period: each.seconds for each in self.carried}
        shares[period] = self.seconds - sum(shares.values())
        return without(shares, self.seconds - self.left(balance))


def without(shares: Mapping[int, int], seconds: int) -> dict[int, int]:
    """What is left of the shares after so many seconds were used, the first shares first."""
    left = {}
    for period, share in shares.items():
        used = min(share, seconds)
        left[period] = share - used
        seconds -= used
    return left


class Subscription(Record):
    """`subscriptions/{ownerId}`: one per owner, across all plans."""

    id: str
    owner_kind: OwnerKind = OwnerKind.USER
    plan: Terms  # as they were when the period started
    next_plan: Terms | None = None  # takes over when the period ends
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    source: Source = Source.USER
    period: int  # counted from 1 across all plans; part of ledger entry ids
    period_start: datetime
    period_end: datetime
    started_at: datetime  # the start of the first period of this plan
    expires_at: datetime | None = None  # it does not renew after this
    tokens: int | None = None  # granted per period instead of the plan's
    minutes: PlanMinutes = PlanMinutes()
    gave: dict[Meter, int]  # what the current period granted
    expiries: int = 0  # how often minutes expired in the current period
    due_at: datetime | None = None  # when the sweep has to act on it
    grace_over: bool = False  # a failed payment was not made good in time: no more features
    created_at: datetime
    updated_at: datetime

    @property
    def owner(self) -> Owner:
        return Owner(self.owner_kind, self.id)

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def at_stripe(self) -> bool:
        """Whether Stripe charges for it."""
        return self.live and self.source is Source.STRIPE

    @property
    def entitled(self) -> bool:
        """Whether it still gives the features of its plan."""
        return self.live and not self.grace_over

    def shown_status(self, at: datetime) -> SubscriptionStatus:
        """The status at `at`, even if the sweep has not ended the subscription yet."""
        over = self.live and self.expires_at is not None and self.expires_at <= at
        return SubscriptionStatus.EXPIRED if over and not self.next_plan else self.status

    @property
    def ends_at(self) -> datetime:
        """The end of the subscription if it is fixed, else of the period."""
        return self.expires_at or self.period_end

"""Plans, and what a user has of one. Money is in cents, times are periods of the calendar."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from troupe.records import Record
from troupe.wallet.records import Balance, Meter


class BillingPeriod(StrEnum):
    MONTHLY = "monthly"
    YEARLY = "yearly"

    @property
    def months(self) -> int:
        return 12 if self is BillingPeriod.YEARLY else 1


class PlanStatus(StrEnum):
    ACTIVE = "Active"
    INACTIVE = "Inactive"  # not offered any more; who has it keeps it


class Terms(Record):
    """What a plan costs and gives in each period; `id` is the plan's."""

    id: str
    name: str
    price_cents: int
    billing_period: BillingPeriod
    voice_minutes: int
    tokens: int

    @property
    def yearly_cents(self) -> int:
        """The price of a year, by which plans of different periods compare."""
        return self.price_cents * 12 // self.billing_period.months


class Plan(Terms):
    """`plans/{id}`."""

    name_key: str  # the name in lower case, by which administrators find it
    features: list[str] = Field(default_factory=list)
    description: str = ""
    is_popular: bool = False
    status: PlanStatus = PlanStatus.ACTIVE
    created_at: datetime
    updated_at: datetime

    @property
    def terms(self) -> Terms:
        return Terms.model_validate(self.model_dump(include=set(Terms.model_fields)))


class SubscriptionStatus(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Source(StrEnum):
    """Who began it: that decides whether it renews by itself."""

    USER = "user"
    ADMIN = "admin"


class PlanMinutes(Record):
    """What is in the wallet by the plan, and goes with the period: plan minutes are used first.

    `seconds` were there when `used` of the wallet's meter stood at `used_before`.
    """

    seconds: int = 0
    used_before: int = 0

    def left(self, balance: Balance) -> int:
        """Seconds of the plan that are not used; those that jobs hold are among them."""
        unused = self.seconds - (balance.used - self.used_before)
        return max(0, min(unused, balance.granted - balance.used))


class Subscription(Record):
    """`subscriptions/{uid}`: one for each user, whatever plans there were."""

    id: str
    plan: Terms  # as they were when the period began
    next_plan: Terms | None = None  # takes over when the period ends
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    source: Source = Source.USER
    period: int  # counted from 1 over all plans; names the entries of the ledger
    period_start: datetime
    period_end: datetime
    started_at: datetime  # since when the plan is had: periods are counted from here
    expires_at: datetime | None = None  # it does not renew beyond this
    tokens: int | None = None  # given in each period in the place of the plan's
    minutes: PlanMinutes = PlanMinutes()
    gave: dict[Meter, int]  # what the present period gave
    expiries: int = 0  # how often minutes of the present period expired
    due_at: datetime | None = None  # when the sweep has something to do
    created_at: datetime
    updated_at: datetime

    @property
    def live(self) -> bool:
        return self.status is SubscriptionStatus.ACTIVE

    def shown_status(self, at: datetime) -> SubscriptionStatus:
        """An end is an end at once, whenever the sweep comes round."""
        over = self.live and self.expires_at is not None and self.expires_at <= at
        return SubscriptionStatus.EXPIRED if over and not self.next_plan else self.status

    @property
    def ends_at(self) -> datetime:
        """The end of what is granted: of the whole if that is fixed, else of the period."""
        return self.expires_at or self.period_end

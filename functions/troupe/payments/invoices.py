"""From paid lines to what they give. Pure.

A line of a whole period begins that period. Any other line of a plan gives the share of a whole
period that it is, rounded down, or takes it back, rounded up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from troupe.adapters.stripe_records import Bought, Line, Purchase
from troupe.payments.records import (
    Addon,
    AddonKind,
    LineRule,
    Meters,
    Period,
    Price,
    PriceKind,
    trial_gift,
    whole_gift,
)
from troupe.plans.periods import months_after, period_at
from troupe.plans.records import BillingPeriod, Plan


@dataclass(frozen=True, slots=True)
class Catalog:
    """What prices sell: our table, with its plans and add-ons."""

    prices: Mapping[str, Price] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    addons: Mapping[str, Addon] = field(default_factory=dict)

    def plan(self, price_id: str | None) -> Plan | None:
        price = self.prices.get(price_id or "")
        return self.plans.get(price.plan_id or "") if price else None

    def kind(self, price_id: str | None) -> PriceKind | None:
        price = self.prices.get(price_id or "")
        return price.kind if price else None

    def addon(self, price_id: str | None) -> Addon | None:
        price = self.prices.get(price_id or "")
        return self.addons.get(price.addon_id or "") if price else None

    def once(self, price_id: str | None) -> bool:
        price = self.prices.get(price_id or "")
        return price is not None and price.interval == "once"


@dataclass(frozen=True, slots=True)
class Begin:
    """A period begins. `once`: it was bought without a renewal."""

    line: Line
    plan: Plan
    start: datetime
    end: datetime
    gives: Meters
    trial: bool = False
    once: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a period: `gives` is negative for a credit."""

    line: Line
    plan: Plan
    seconds: int
    of_seconds: int
    gives: Meters


@dataclass(frozen=True, slots=True)
class TopUp:
    line: Line
    addon: Addon
    gives: Meters


@dataclass(frozen=True, slots=True)
class Nothing:
    """A line that gives nothing: a seat without a plan, overage that was used already, or an
    unknown price."""

    line: Line
    unknown: bool = False


Effect = Begin | Share | TopUp | Nothing


def rule_of(effect: Effect) -> tuple[LineRule, Meters]:
    """How an effect gives what it gives, and what one whole unit of it is worth."""
    if isinstance(effect, Begin) and effect.trial:
        return LineRule.TRIAL, _present(trial_gift(effect.plan))
    if isinstance(effect, Begin) and (effect.gives or effect.line.amount):
        return LineRule.WHOLE, _present(whole_gift(effect.plan))
    if isinstance(effect, Share):
        rule = LineRule.CREDIT if effect.line.amount < 0 else LineRule.SHARE
        return rule, _present(whole_gift(effect.plan))
    if isinstance(effect, TopUp):
        return LineRule.TOPUP, _present(effect.addon.gives)
    return LineRule.NOTHING, {}


def in_order(purchases: Iterable[Purchase]) -> list[Purchase]:
    """The order in which they count: by the time that they are about."""

    def when(purchase: Purchase) -> tuple[datetime, datetime]:
        whole = [line.start for line in purchase.lines if not line.proration]
        starts = whole or [line.start for line in purchase.lines] or [purchase.created_at]
        return min(starts), purchase.created_at

    # Stripe lists the newest first; of two in one second, its order tells.
    oldest_first = list(purchases)
    oldest_first.reverse()
    return sorted(oldest_first, key=when)


def effects(
    purchase: Purchase,
    catalog: Catalog,
    periods: Sequence[Period],
    subscriptions: Mapping[str, Bought],
) -> list[Effect]:
    """What the lines of a purchase do, in the order in which to apply them: periods begin first;
    credits are last, so that an upgrade by somebody who has used everything gives only the
    difference.

    `periods`: those that have begun; shares are computed from their lengths.
    """
    found = [_effect(line, purchase, catalog, periods, subscriptions) for line in purchase.lines]
    begun = {each.line.price_id: each for each in found if isinstance(each, Begin)}
    if len(begun) > 1:  # two plans in one invoice: one period, of the dearer
        first = max(begun.values(), key=lambda each: each.plan.price_cents)
        found = [
            Nothing(each.line) if isinstance(each, Begin) and each is not first else each
            for each in found
        ]
    rank = {Begin: 0, TopUp: 1, Share: 2, Nothing: 4}

    def order(effect: Effect) -> int:
        credit = isinstance(effect, Share) and effect.line.amount < 0
        return 3 if credit else rank[type(effect)]

    return sorted(found, key=order)


def _effect(  # noqa: PLR0911 (one return per kind of line)
    line: Line,
    purchase: Purchase,
    catalog: Catalog,
    periods: Sequence[Period],
    subscriptions: Mapping[str, Bought],
) -> Effect:
    price = catalog.prices.get(line.price_id or "")
    if price is None:
        return Nothing(line, unknown=True)
    if price.kind is PriceKind.ADDON:
        return _top_up(line, catalog.addon(line.price_id))
    plan = catalog.plan(line.price_id)
    if price.kind is PriceKind.OVERAGE or (price.kind is PriceKind.SEAT and plan is None):
        return Nothing(line)
    if plan is None:
        return Nothing(line, unknown=True)
    if purchase.one_off:
        start, end = period_at(purchase.paid_at, plan.billing_period, purchase.paid_at)
        return Begin(line, plan, start, end, _present(whole_gift(plan, line.quantity)), once=True)
    free = line.amount == 0 and price.unit_amount > 0  # coupons do not change a line's amount
    if line.proration:
        return Nothing(line) if free else share(line, plan, whole_seconds(line, plan, periods))
    bought = subscriptions.get(purchase.subscription_id or "")
    trial = free and bought is not None and _is_trial(line, bought)
    gives: Meters = {}  # of the days before the first payment of a fixed billing day
    if trial:
        gives = trial_gift(plan)
    elif not free:
        gives = whole_gift(plan, line.quantity)
    return Begin(line, plan, line.start, line.end, _present(gives), trial=trial)


def _top_up(line: Line, addon: Addon | None) -> Effect:
    if addon is None:
        return Nothing(line, unknown=True)
    if addon.kind is not AddonKind.TOPUP:
        return Nothing(line)
    gives = {meter: amount * line.quantity for meter, amount in addon.gives.items()}
    return TopUp(line, addon, _present(gives))


def share(line: Line, plan: Plan, of_seconds: int) -> Share:
    """The part of a period that a line is: rounded down, or up if it takes back, so that nobody
    gains by changing back and forth."""
    seconds = min(max(0, _seconds(line.start, line.end)), of_seconds)
    whole = whole_gift(plan, line.quantity)
    credit = line.amount < 0
    # Rounding down the negative takes back more.
    sign = -1 if credit else 1
    gives = {meter: sign * amount * seconds // of_seconds for meter, amount in whole.items()}
    return Share(line, plan, seconds, of_seconds, _present(gives))


def whole_seconds(line: Line, plan: Plan, periods: Sequence[Period]) -> int:
    """The length of the period that a line is a part of: of one that has begun, or else of one of
    the plan's that ends with the line."""
    for period in reversed(periods):
        if period.start <= line.start < period.end and line.end <= period.end:
            return max(1, _seconds(period.start, period.end))
    months = 12 if plan.billing_period is BillingPeriod.YEARLY else 1
    return max(1, _seconds(months_after(line.end, -months), line.end))


def _is_trial(line: Line, bought: Bought) -> bool:
    if bought.trial_end is None:
        return False
    # One that was ended at once ends when it starts.
    return line.start < bought.trial_end or line.start == bought.trial_start


def _present(gives: Meters) -> Meters:
    return {meter: amount for meter, amount in gives.items() if amount}


def _seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())

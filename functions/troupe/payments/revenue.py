"""What was earned: sums per day, written in the commits of the payments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from troupe.adapters.firestore import Database
from troupe.payments.records import REVENUE
from troupe.plans.records import LIVE, Source
from troupe.plans.service import Plans
from troupe.plans.writes import SUBSCRIPTIONS

SUMS = ("gross", "tax", "refunded", "disputed", "payments", "newSubscriptions", "cancelled")
MOST_DAYS = 731


@dataclass(frozen=True, slots=True)
class Day:
    date: str
    sums: dict[str, int]


@dataclass(frozen=True, slots=True)
class Revenue:
    """`mrr`: what the running subscriptions pay in a month, taxes apart."""

    currency: str
    days: list[Day]
    totals: dict[str, int]
    by_plan: dict[str, int]
    mrr: int = 0
    subscribers: dict[str, int] = field(default_factory=dict)


class RevenueReport:
    def __init__(self, db: Database, plans: Plans, *, currency: str) -> None:
        self._db = db
        self._plans = plans
        self._currency = currency

    def between(self, since: date, until: date, currency: str | None) -> Revenue:
        """The days from `since` to `until`, both included. A refund counts on the day of its
        payment, so that a day's sums are those of its payments."""
        money = currency or self._currency
        where: list[tuple[str, str, Any]] = [
            ("currency", "==", money),
            ("date", ">=", since.isoformat()),
            ("date", "<=", until.isoformat()),
        ]
        found = self._db.find(REVENUE, where=where, order=[("date", False)], limit=MOST_DAYS)
        days = [
            Day(each.data["date"], {name: int(each.data.get(name, 0)) for name in SUMS})
            for each in found
        ]
        by_plan: Counter[str] = Counter()
        for each in found:
            by_plan.update(each.data.get("byPlan", {}))
        mrr, subscribers = self._recurring() if money == self._currency else (0, {})
        return Revenue(money, days, _totals(days), dict(by_plan), mrr, subscribers)

    def _recurring(self) -> tuple[int, dict[str, int]]:
        mrr, subscribers = 0, {}
        for plan in self._plans.all():
            if not plan.price_cents:
                continue
            where = [
                ("plan.id", "==", plan.id),
                ("source", "==", Source.STRIPE),
                ("status", "in", LIVE),
            ]
            count = self._db.count(SUBSCRIPTIONS, where=where)
            if count:
                subscribers[plan.id] = count
                mrr += count * plan.yearly_cents // 12
        return mrr, subscribers


def _totals(days: Sequence[Day]) -> dict[str, int]:
    totals = {name: sum(day.sums[name] for day in days) for name in SUMS}
    totals["net"] = totals["gross"] - totals["tax"] - totals["refunded"] - totals["disputed"]
    return totals

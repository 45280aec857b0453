"""Statistics for the dashboard, counted by aggregation queries without reading users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database
from troupe.errors import UnknownChoice

if TYPE_CHECKING:
    from troupe.accounts.directory import Directory, Totals
    from troupe.activities.service import Activities, Activity
    from troupe.plans.records import Plan
    from troupe.plans.service import Plans


@dataclass(frozen=True, slots=True)
class PlanCount:
    plan: Plan
    users: int


@dataclass(frozen=True, slots=True)
class UserStats:
    by_plan: list[PlanCount]
    totals: Totals

    def of_tier(self, tier: str) -> int:
        """Users of the plans whose id or name is `tier`."""
        return sum(
            each.users for each in self.by_plan if tier in (each.plan.id, each.plan.name_key)
        )

    @property
    def subscribers(self) -> int:
        return sum(each.users for each in self.by_plan)


@dataclass(frozen=True, slots=True)
class RecentAction:
    """An activity with the user it belongs to."""

    uid: str
    email: str | None
    activity: Activity


# What is charted: collections whose documents have `createdAt`.
METRICS = (
    *("users", "companies", "characters", "scripts", "generations", "transcriptions", "dubbings"),
    *("rooms", "calls", "jobs"),
)
_AT_ONCE = 32  # queries


class Statistics:
    def __init__(
        self, db: Database, plans: Plans, directory: Directory, activities: Activities
    ) -> None:
        self._db = db
        self._plans = plans
        self._directory = directory
        self._activities = activities

    def stats(self) -> UserStats:
        """Reads the plans and runs one count per plan."""
        plans = self._plans.all()
        by_plan = [PlanCount(plan, self._plans.subscribers(plan.id)) for plan in plans]
        return UserStats(by_plan, self._directory.totals())

    def series(self, metric: str, since: date, until: date) -> list[tuple[date, int]]:
        """How many were created on each day from `since` to `until` (both included, UTC), among
        those that there still are. One count per day. Raises UnknownChoice."""
        if metric not in METRICS:
            raise UnknownChoice(details={"fields": [UnknownChoice.field("metric", list(METRICS))]})
        days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
        counts: list[tuple[date, int]] = []
        for start in range(0, len(days), _AT_ONCE):
            some = days[start : start + _AT_ONCE]
            begun = [self._begin_count(metric, day) for day in some]
            counts += [(day, finish()) for day, finish in zip(some, begun, strict=True)]
        return counts

    def _begin_count(self, collection: str, day: date) -> Callable[[], int]:
        start = datetime.combine(day, time(), UTC)
        where = [("createdAt", ">=", start), ("createdAt", "<", start + timedelta(days=1))]
        return self._db.begin_count(collection, where=where)

    def recent(self, limit: int) -> list[RecentAction]:
        """The latest activities of all users. Reads at most `limit` activities and their users."""
        newest = self._activities.newest(limit)
        emails = self._directory.emails([uid for uid, _ in newest])
        return [RecentAction(uid, emails[uid], activity) for uid, activity in newest]

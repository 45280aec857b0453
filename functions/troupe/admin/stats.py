"""Statistics for the dashboard, counted by aggregation queries without reading users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


class Statistics:
    def __init__(self, plans: Plans, directory: Directory, activities: Activities) -> None:
        self._plans = plans
        self._directory = directory
        self._activities = activities

    def stats(self) -> UserStats:
        """Reads the plans and runs one count per plan."""
        plans = self._plans.all()
        by_plan = [PlanCount(plan, self._plans.subscribers(plan.id)) for plan in plans]
        return UserStats(by_plan, self._directory.totals())

    def recent(self, limit: int) -> list[RecentAction]:
        """The latest activities of all users. Reads at most `limit` activities and their users."""
        newest = self._activities.newest(limit)
        emails = self._directory.emails([uid for uid, _ in newest])
        return [RecentAction(uid, emails[uid], activity) for uid, activity in newest]

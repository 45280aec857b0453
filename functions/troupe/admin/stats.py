"""Numbers for the dashboard: counted by aggregation, so that no user is read for them."""

from __future__ import annotations

from dataclasses import dataclass

from troupe.accounts.directory import Directory, Totals
from troupe.activities.service import Activities, Activity
from troupe.plans.records import Plan
from troupe.plans.service import Plans

# The plans that the dashboard names, each by its id or its name.
TIERS = ("low", "middle", "high", "enterprise")


@dataclass(frozen=True, slots=True)
class Counted:
    plan: Plan
    users: int


@dataclass(frozen=True, slots=True)
class UserStats:
    by_plan: list[Counted]
    totals: Totals

    def of_tier(self, tier: str) -> int:
        return sum(
            each.users for each in self.by_plan if tier in (each.plan.id, each.plan.name_key)
        )

    @property
    def subscribers(self) -> int:
        return sum(each.users for each in self.by_plan)


@dataclass(frozen=True, slots=True)
class RecentAction:
    """What a user did."""

    uid: str
    email: str | None
    activity: Activity


class Statistics:
    def __init__(self, plans: Plans, directory: Directory, activities: Activities) -> None:
        self._plans = plans
        self._directory = directory
        self._activities = activities

    def stats(self) -> UserStats:
        plans = self._plans.all()
        by_plan = [Counted(plan, self._plans.subscribers(plan.id)) for plan in plans]
        return UserStats(by_plan, self._directory.totals())

    def recent(self, limit: int) -> list[RecentAction]:
        """What users did last; at most `limit` activities and as many users are read."""
        newest = self._activities.newest(limit)
        emails = self._directory.emails([uid for uid, _ in newest])
        return [RecentAction(uid, emails[uid], activity) for uid, activity in newest]

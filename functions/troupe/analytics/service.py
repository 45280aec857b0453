"""Dashboards of companies, and series of chosen figures, for those who manage them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database, now
from troupe.analytics.figures import FIGURES, Figure
from troupe.analytics.groups import Grouping, grouped
from troupe.analytics.periods import Granularity, Period, zone_of
from troupe.analytics.views import Dashboard, View, Views, values_of
from troupe.audit.records import Actor
from troupe.companies.choice import managed
from troupe.companies.records import Company
from troupe.companies.roster import Roster, is_outside_admin
from troupe.companies.writes import company_path
from troupe.dashboards.counts import read
from troupe.errors import UnknownChoice

if TYPE_CHECKING:
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller

METRICS = (*FIGURES, "saved")


@dataclass(frozen=True, slots=True)
class Asked:
    """The days and the time zone of a request; None for the defaults."""

    since: datetime | None = None
    until: datetime | None = None
    timezone: str | None = None

    def period(self, company: Company) -> Period:
        """In the company's time zone by default. Raises BadRange."""
        return Period.of(self.since, self.until, zone_of(self.timezone or company.timezone), now())


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    values: dict[str, Figure]


class Dashboards:
    def __init__(self, db: Database, audit_log: Callable[[], AuditLog]) -> None:
        self._db = db
        self._audit_log = audit_log
        self._views = Views(db)

    def view(
        self, caller: Caller, company_id: str, view: View, asked: Asked, granularity: Granularity
    ) -> Dashboard:
        """Raises CompanyNotFound, Forbidden, BadRange."""
        company = self._company(caller, company_id, "dashboards")
        return self._views.of(company, view, asked.period(company), granularity)

    def analytics(
        self,
        caller: Caller,
        company_id: str,
        metrics: Sequence[str],
        grouping: Grouping,
        asked: Asked,
    ) -> tuple[Period, list[Group]]:
        """Raises CompanyNotFound, Forbidden, BadRange, UnknownChoice."""
        company = self._company(caller, company_id, "analytics")
        if not set(metrics) <= set(METRICS):
            raise UnknownChoice(details={"fields": [UnknownChoice.field("metrics", [*METRICS])]})
        period = asked.period(company)
        by_member = grouping == "member"
        counts = read(self._db, company.id, period.since, period.until, members=by_member)
        return period, [
            Group(key, values_of(metrics, sums, company))
            for key, sums in grouped(counts, period, grouping).items()
        ]

    def _company(self, caller: Caller, company_id: str, operation: str) -> Company:
        """What an administrator of Troupe reads of others is in the audit log."""
        managed(caller, company_id)
        company = Roster(self._db, company_id).company
        if is_outside_admin(caller, company_id):
            self._audit_log().read(Actor.of(caller), operation, company_path(company_id))
        return company

"""The features that a company has: included in its plan, bought as an add-on, or of a license.

They are looked up when they are needed, so that an add-on that is from now on included in a plan is
there for everybody at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from troupe.adapters.firestore import Database
from troupe.caller import Caller
from troupe.companies.choice import managed
from troupe.companies.records import Company
from troupe.companies.roster import Roster
from troupe.payments.records import ADDONS, Addon, AddonKind

_MOST = 100


class FeatureSource(StrEnum):
    PLAN = "plan"
    ADDON = "addon"
    LICENSE = "license"


@dataclass(frozen=True, slots=True)
class Feature:
    """`addon_id`: the add-on that is included or was bought."""

    key: str
    source: FeatureSource
    name: str = ""
    addon_id: str | None = None


class Features:
    def __init__(self, db: Database) -> None:
        self._db = db

    def page(self, caller: Caller, company_id: str) -> list[Feature]:
        """Raises CompanyNotFound, and Forbidden for members without administration rights."""
        managed(caller, company_id)
        return self.of(Roster(self._db, company_id).company)

    def of(self, company: Company) -> list[Feature]:
        """One for each key, by key: what costs nothing more first."""
        found = [
            *self._included(company),
            *self._bought(company),
            *(Feature(key, FeatureSource.LICENSE) for key in company.license_features),
        ]
        first: dict[str, Feature] = {}
        for feature in found:
            first.setdefault(feature.key, feature)
        return [first[key] for key in sorted(first)]

    def keys(self, company: Company) -> list[str]:
        return [feature.key for feature in self.of(company)]

    def allows(self, company: Company, key: str) -> bool:
        """Whether the company may use a feature: it has it, or nobody has to buy it."""
        sold = self._db.find(ADDONS, where=[("key", "==", key)], limit=1, select=[])
        return not sold or key in self.keys(company)

    def _included(self, company: Company) -> list[Feature]:
        if company.plan is None:
            return []
        where = [("includedInPlans", "array_contains", company.plan)]
        found = self._db.find(ADDONS, where=where, limit=_MOST)
        return _features(map(Addon.of, found), FeatureSource.PLAN)

    def _bought(self, company: Company) -> list[Feature]:
        found = self._db.get_all([f"{ADDONS}/{each}" for each in company.addons])
        addons = (Addon.of(each) for each in found if each.exists)
        return _features(addons, FeatureSource.ADDON)


def _features(addons: Iterable[Addon], source: FeatureSource) -> list[Feature]:
    return [
        Feature(each.key, source, each.name, each.id)
        for each in addons
        if each.kind is AddonKind.FEATURE and each.key
    ]

"""What is for sale: add-ons, and how it is paid for."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from troupe.adapters.firestore import AlreadyExists, Create, Database, Delete, Update, contend, now
from troupe.payments.errors import AddonInUse, AddonNotFound
from troupe.payments.records import ADDONS, Addon, AddonCategory
from troupe.plans.service import Plans
from troupe.plans.writes import PRICES
from troupe.records import Witness, no_witness
from troupe.text import slug

MOST_ADDONS = 100
_SLUG_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Config:
    payments: bool
    currency: str
    trial_days: int
    tax: bool


class Offers:
    def __init__(self, db: Database, plans: Plans, *, currency: str, tax: bool, paid: bool) -> None:
        self._db = db
        self._plans = plans
        self._currency = currency
        self._tax = tax
        self._paid = paid

    def config(self) -> Config:
        trials = [plan.trial_days for plan in self._plans.offered()] if self._paid else []
        return Config(self._paid, self._currency, max(trials, default=0), self._tax)

    def addons(
        self,
        *,
        category: AddonCategory | None = None,
        available: bool | None = None,
        featured: bool | None = None,
    ) -> list[Addon]:
        """In the order that administrators gave them."""
        found = self._db.find(ADDONS, order=[("sortOrder", False)], limit=MOST_ADDONS)
        addons = [Addon.of(document) for document in found]
        return [
            addon
            for addon in addons
            if (category is None or addon.category is category)
            and (available is None or addon.available is available)
            and (featured is None or addon.featured is featured)
        ]

    def addon(self, addon_id: str) -> Addon:
        """Raises AddonNotFound."""
        document = self._db.get(f"{ADDONS}/{addon_id}")
        if not document.exists:
            raise AddonNotFound
        return Addon.of(document)

    def add(self, fields: Mapping[str, Any], *, witness: Witness = no_witness) -> Addon:
        """Its id is the slug of its name, with a random suffix if that is taken."""
        at = now()
        name = slug(fields["name"])[:_SLUG_CHARACTERS].rstrip("-") or secrets.token_hex(8)
        wanted = name if re.fullmatch(r"[a-z0-9-]+", name) else secrets.token_hex(8)
        while True:
            addon = Addon.model_validate(
                {
                    "currency": self._currency,
                    **fields,
                    "id": wanted,
                    "created_at": at,
                    "updated_at": at,
                }
            )
            try:
                self._db.commit(
                    Create(f"{ADDONS}/{addon.id}", addon.stored()), *witness(None, addon)
                )
            except AlreadyExists:
                wanted = f"{name}-{secrets.token_hex(4)}"
            else:
                return addon

    def change(
        self, addon_id: str, fields: Mapping[str, Any], *, witness: Witness = no_witness
    ) -> Addon:
        """Changes these fields; what was bought keeps its terms. Raises AddonNotFound."""

        def attempt() -> Addon:
            document = self._db.get(f"{ADDONS}/{addon_id}")
            if not document.exists:
                raise AddonNotFound
            before = Addon.of(document)
            after = Addon.model_validate(before.model_dump() | {**fields, "updated_at": now()})
            self._db.commit(
                Update(document.path, after.stored(), seen=document), *witness(before, after)
            )
            return after

        return contend(attempt)

    def remove(self, addon_id: str, *, witness: Witness = no_witness) -> None:
        """Raises AddonNotFound, and AddonInUse while a price sells it or another add-on depends on
        it."""

        def attempt() -> None:
            document = self._db.get(f"{ADDONS}/{addon_id}")
            if not document.exists:
                raise AddonNotFound
            where = [("addonId", "==", addon_id)]
            used = self._db.count(PRICES, where=where)
            used += self._db.count(ADDONS, where=[("dependsOn", "array_contains", addon_id)])
            if used:
                raise AddonInUse
            self._db.commit(
                Delete(document.path, seen=document), *witness(Addon.of(document), None)
            )

        contend(attempt)

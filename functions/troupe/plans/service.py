"""The catalogue of plans, which administrators edit."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Delete,
    Document,
    Update,
    contend,
    now,
)
from troupe.plans.errors import PlanAmbiguous, PlanInUse, PlanNotFound
from troupe.plans.records import Plan, PlanStatus
from troupe.plans.writes import PLANS, PRICES, SUBSCRIPTIONS, plan_path
from troupe.records import Witness, no_witness
from troupe.text import name_key, slug

MOST_PLANS = 100  # in a listing
_SLUG_CHARACTERS = 40


class Plans:
    def __init__(self, db: Database) -> None:
        self._db = db

    def offered(self) -> list[Plan]:
        """The plans on offer, cheapest first."""
        return self.all(PlanStatus.ACTIVE)

    def all(self, status: PlanStatus | None = None) -> list[Plan]:
        """All plans, or those with one status, cheapest first."""
        found = self._db.find(
            PLANS,
            where=[("status", "==", status)] if status else [],
            order=[("priceCents", False)],
            limit=MOST_PLANS,
        )
        return [Plan.of(document) for document in found]

    def get(self, plan_id: str) -> Plan:
        return _plan(self._db.get(plan_path(plan_id)))

    def named(self, name: str) -> Plan:
        """The plan with that id, else with that name. Raises PlanNotFound, PlanAmbiguous."""
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", name):
            document = self._db.get(plan_path(name))
            if document.exists:
                return Plan.of(document)
        found = self._db.find(PLANS, where=[("nameKey", "==", name_key(name))], limit=3)
        if len(found) > 1:
            raise PlanAmbiguous(details={"planIds": [document.id for document in found]})
        if not found:
            raise PlanNotFound
        return Plan.of(found[0])

    def create(
        self,
        fields: Mapping[str, Any],
        *,
        plan_id: str | None = None,
        witness: Witness = no_witness,
    ) -> Plan:
        """Creates a plan from fields of `Plan`. Without `plan_id` its id is the slug of its name,
        with a random suffix if that is taken. Raises AlreadyExists for a `plan_id` in use."""
        at = now()
        wanted = plan_id or _slug(fields["name"])
        while True:
            plan = Plan.model_validate(
                {
                    **fields,
                    "id": wanted,
                    "name_key": name_key(fields["name"]),
                    "created_at": at,
                    "updated_at": at,
                }
            )
            try:
                self._db.commit(Create(plan_path(plan.id), plan.stored()), *witness(None, plan))
            except AlreadyExists:
                if plan_id is not None:
                    raise
                wanted = f"{_slug(fields['name'])}-{secrets.token_hex(4)}"
            else:
                return plan

    def update(
        self, plan_id: str, fields: Mapping[str, Any], *, witness: Witness = no_witness
    ) -> Plan:
        """Changes these fields in one write. Subscribers get the new terms with their next
        period."""

        def attempt() -> Plan:
            document = self._db.get(plan_path(plan_id))
            before = _plan(document)
            changes = {**fields, "updated_at": now()}
            if "name" in fields:
                changes["name_key"] = name_key(fields["name"])
            after = Plan.model_validate(before.model_dump() | changes)
            self._db.commit(
                Update(document.path, after.stored(), seen=document), *witness(before, after)
            )
            return after

        return contend(attempt)

    def delete(self, plan_id: str, *, witness: Witness = no_witness) -> None:
        """Raises PlanInUse while anybody has the plan or is about to switch to it, or a price
        sells it.

        A subscription made during the count updates the plan's document, so the count is repeated;
        a later one finds no plan.
        """

        def attempt() -> None:
            document = self._db.get(plan_path(plan_id))
            plan = _plan(document)
            if users := self.subscribers(plan_id) + self._upcoming(plan_id):
                raise PlanInUse.by(users)
            sold = [("planId", "==", plan_id), ("active", "==", True)]
            if self._db.count(PRICES, where=sold):
                raise PlanInUse.sold()
            self._db.commit(Delete(document.path, seen=document), *witness(plan, None))

        contend(attempt)

    def subscribers(self, plan_id: str) -> int:
        """How many users have the plan now; one count query."""
        return self._db.count(
            SUBSCRIPTIONS,
            where=[("plan.id", "==", plan_id), ("status", "in", ["active", "past_due"])],
        )

    def _upcoming(self, plan_id: str) -> int:
        return self._db.count(SUBSCRIPTIONS, where=[("nextPlan.id", "==", plan_id)])


def _plan(document: Document) -> Plan:
    if not document.exists:
        raise PlanNotFound
    return Plan.of(document)


def _slug(name: str) -> str:
    """`Größe XL` becomes `grosse-xl`; a name without Latin letters gets a random id."""
    return slug(name)[:_SLUG_CHARACTERS].rstrip("-") or secrets.token_hex(8)

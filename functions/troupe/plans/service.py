"""The plans that there are: what is offered, and what administrators make of it."""

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
from troupe.plans.writes import PLANS, SUBSCRIPTIONS, plan_path
from troupe.records import Witness, no_witness
from troupe.text import name_key, slug

MOST_PLANS = 100  # in a listing; a product has a handful
_SLUG_CHARACTERS = 40


class Plans:
    def __init__(self, db: Database) -> None:
        self._db = db

    def offered(self) -> list[Plan]:
        """The plans that can be subscribed to, cheapest first."""
        return self.all(PlanStatus.ACTIVE)

    def all(self, status: PlanStatus | None = None) -> list[Plan]:
        """Every plan, or those of one status; cheapest first."""
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
        """The plan of that id, else the one of that name. Raises PlanNotFound, PlanAmbiguous."""
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
        """A new plan of the named fields of `Plan`. Its id is made of its name, with something
        behind it where another plan has that id; AlreadyExists for a `plan_id` that is taken."""
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
        """Changes the named fields, all in one write. Who has the plan gets the new terms with
        the next period."""

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
        """Raises PlanInUse while anybody has the plan, or will have it with the next period.

        Whoever subscribes while it is counted touches the plan's document, and it is counted
        again; whoever comes later finds no plan.
        """

        def attempt() -> None:
            document = self._db.get(plan_path(plan_id))
            plan = _plan(document)
            if users := self.subscribers(plan_id) + self._to_come(plan_id):
                raise PlanInUse.by(users)
            self._db.commit(Delete(document.path, seen=document), *witness(plan, None))

        contend(attempt)

    def subscribers(self, plan_id: str) -> int:
        """How many have the plan now; counted, not read."""
        return self._db.count(
            SUBSCRIPTIONS, where=[("plan.id", "==", plan_id), ("status", "==", "active")]
        )

    def _to_come(self, plan_id: str) -> int:
        return self._db.count(SUBSCRIPTIONS, where=[("nextPlan.id", "==", plan_id)])


def _plan(document: Document) -> Plan:
    if not document.exists:
        raise PlanNotFound
    return Plan.of(document)


def _slug(name: str) -> str:
    """`Größe XL` is `grosse-xl`; a name without Latin letters gets an id by chance."""
    return slug(name)[:_SLUG_CHARACTERS].rstrip("-") or secrets.token_hex(8)

"""For tests of seats: a company that pays for its licenses."""

from __future__ import annotations

import secrets
from typing import Any

from tests.support.billing import Till
from tests.support.companies import Person, a_firm, a_person
from troupe.adapters.firestore import Create, now
from troupe.commands.company_audit import audit_company
from troupe.commands.ledger_audit import audit_owner
from troupe.companies.records import License, LicenseStatus
from troupe.companies.writes import licenses_path
from troupe.payments.checkout import Order
from troupe.payments.records import ADDONS, Addon, AddonKind, Price, PriceKind
from troupe.plans.records import Plan
from troupe.plans.schemas import CreatePlan
from troupe.wallet.records import Owner

CARD = "4242424242424242"


class Payer:
    """A company, and a plan that is sold by the seat."""

    def __init__(self, till: Till, **plan: Any) -> None:
        self.till, self.db = till, till.db
        self.firm = a_firm(till.db)
        self.owner = Owner.company(self.firm.id)
        self.plan, self.price = a_seat_plan(till, **plan)

    def buy(self, seats: int) -> None:
        self.pay(plan_id=self.plan.id, quantity=seats)
        self.sync()

    def pay(self, **order: Any) -> None:
        """Buys, without telling us."""
        opened = self.till.services.checkouts.open(self.owner, Order(**order))
        self.till.server.pay(opened.session_id, CARD)

    def buy_at_stripe(self, seats: int) -> None:
        """Without our checkout, which cannot follow the clock of the fake."""
        params: Any = {
            "mode": "subscription",
            "customer": self.till.billing(self.firm.id).stripe_customer_id,
            "line_items": [{"price": self.price.id, "quantity": seats}],
            "success_url": "http://127.0.0.1/",
        }
        session = self.till.api.checkout.sessions.create(params)
        self.till.server.pay(session.id, CARD)

    def sync(self) -> None:
        self.till.services.billing_sync.sync(self.firm.id)

    def set_quantity(self, seats: int) -> None:
        """As in Stripe's dashboard; nobody tells us."""
        bought = self.running[0]
        item = {"id": bought["items"]["data"][0]["id"], "quantity": seats}
        params: Any = {"items": [item], "proration_behavior": "always_invoice"}
        self.till.api.subscriptions.update(bought["id"], params)

    def feature(self, key: str, **fields: Any) -> Addon:
        """An add-on with its price."""
        addon = Addon(
            id=secrets.token_hex(8),
            name=key.title(),
            key=key,
            kind=AddonKind.FEATURE,
            currency="usd",
            created_at=now(),
            updated_at=now(),
            **fields,
        )
        self.db.commit(Create(f"{ADDONS}/{addon.id}", addon.stored()))
        self.till.price(300, "month", kind=PriceKind.ADDON, addon_id=addon.id)
        return addon

    @property
    def running(self) -> list[dict[str, Any]]:
        """The subscriptions at Stripe."""
        customer = self.till.billing(self.firm.id).stripe_customer_id
        found = self.till.server.world.all("subscription")
        return [
            each
            for each in found
            if each["customer"] == customer and each["status"] in ("active", "trialing")
        ]

    @property
    def paid(self) -> int:
        return sum(each["items"]["data"][0]["quantity"] for each in self.running)

    @property
    def licenses(self) -> list[License]:
        """Those that are paid for."""
        where = [("source", "==", "stripe")]
        found = self.db.find(licenses_path(self.firm.id), where=where, limit=2000)
        return sorted(map(License.of, found), key=lambda each: each.id)

    @property
    def active(self) -> list[License]:
        return [each for each in self.licenses if each.status is LicenseStatus.ACTIVE]

    def join(self) -> Person:
        """Invites somebody with a seat, who accepts."""
        person = a_person(self.db)
        services = self.till.services
        invited = services.invitations.invite(
            self.firm.owner.caller, self.firm.id, person.email, with_seat=True
        )
        services.invitations.accept(self.account(person), invited.token)
        return person

    def account(self, person: Person) -> Any:
        return person.caller

    def type_of(self, person: Person) -> str | None:
        """The license type that the member has at present."""
        member = self.firm.member(person)
        return member.license_type if member else None

    def clean(self) -> None:
        assert audit_company(self.db, self.firm.id) == []
        assert audit_owner(self.db, self.owner) == []
        assert self.till.server.problems == []


def a_seat_plan(till: Till, amount: int = 1000, **fields: Any) -> tuple[Plan, Price]:
    body = {"name": f"Team {amount}", "price": amount / 100, "billing_period": "monthly"}
    body |= {"tokens": 100, "voice_minutes": 30, "per_seat": True}
    plan = till.services.plans.create(CreatePlan.model_validate(body | fields).fields())
    return plan, till.price(amount, "month", kind=PriceKind.SEAT, plan_id=plan.id)

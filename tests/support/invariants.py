"""An ordinary history of users and companies, in a database of its own, for the audit to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from tests.support.billing import Till
from tests.support.factories import HeldQueue, new_user
from tests.support.jobs import Counting
from tests.support.seats import Payer
from tests.support.tabs import a_heard_room
from tests.support.wiring import rewired
from troupe.adapters.firestore import Create, Delete, Update, now
from troupe.audit.records import Actor
from troupe.commands.company_audit import audit_companies
from troupe.commands.ledger_audit import audit
from troupe.companies.writes import company_path, licenses_path
from troupe.jobs.charges import Quote
from troupe.payments.records import LineRule, Payment, PaymentLine
from troupe.plans.schemas import CreatePlan
from troupe.settings import Prices
from troupe.tabs.service import Tabs
from troupe.wallet.budgets import Cap, budget_path, member_path
from troupe.wallet.records import Owner

# What to write where: fields (dotted keys reach into maps), or None to delete the document.
Damage = Mapping[str, Mapping[str, Any] | None]


class History:
    """Who did what:

    - `buyer` bought a plan, changed to a dearer one and to a cheaper one again, bought an add-on,
      and had a part of it paid back;
    - `refunded` used most of a plan, and had all of it paid back;
    - `trying` has a trial, `given` a plan from an administrator, `free` one that costs nothing;
    - `invoiced` paid by bank transfer;
    - `firm` pays for two licenses; `member` has one of them, a cap, and a job done; one more job
      of theirs is held;
    - `host` has a room in which sound is recognised: `room`, with a closed tab and an open one.
    """

    def __init__(self, till: Till) -> None:
        self.till, self.db = till, till.db
        services = till.services
        small, self.small_price = till.plan(1000)
        _, large = till.plan(3000, tokens=300)
        self.buyer = till.user()
        till.buy(self.buyer, plan_id=small.id)
        till.sync(self.buyer)
        till.buy(self.buyer, addon_id=till.pack().id)
        till.sync(self.buyer)
        till.spend(self.buyer, 7)
        self.refunded = till.user()
        till.buy(self.refunded, plan_id=small.id)
        till.sync(self.refunded)
        till.spend(self.refunded, 90)
        tried, _ = till.plan(2000, trial_days=7)
        self.trying = till.user()
        till.buy(self.trying, plan_id=tried.id, card="5555555555554444")
        till.sync(self.trying)
        self.given, self.free = till.user(), till.user()
        services.subscriptions.create(self.given, small.id)
        body = {"name": "Free", "price": 0, "billing_period": "monthly", "tokens": 5}
        free = services.plans.create(CreatePlan.model_validate(body).fields())
        services.subscriptions.subscribe(self.free, free.id)
        self.invoiced = till.user()
        actor = Actor("admin", None)
        fields = {"amount": 5000, "tokens": 40}
        self.manual = services.manual_payments.add(actor, self.invoiced, fields, None).id
        services.manual_payments.mark_paid(actor, self.manual)
        self._company()
        self._room()
        for days, price in ((5, large), (5, self.small_price)):
            till.server.advance(days=days)
            self.change(price.id)
            till.sync(self.buyer)
        topup = next(each for each in till.payments(self.buyer) if each.kind == "topup")
        till.server.refund(topup.payment_intents[0], 100)
        till.sync(self.buyer)
        (bought,) = till.payments(self.refunded)
        till.server.refund(bought.payment_intents[0])
        till.sync(self.refunded)

    def _company(self) -> None:
        with rewired(database=self.db):
            payer = Payer(self.till)
        self.payer, self.firm = payer, payer.firm.id
        payer.buy(2)
        self.member = payer.join().uid
        cap = {"cap": Cap(tokens=10).stored()}
        self.db.commit(Update(member_path(self.firm, self.member), cap))
        self.counting = Counting(self.db, HeldQueue())
        self.job = self.work()
        self.counting.deliver_all()
        self.held = self.work()

    def _room(self) -> None:
        self.host = new_user(self.db)
        self.room = a_heard_room(self.db, Tabs(self.db, Prices()), self.host)
        self.room.hear(61_000)
        self.closed_tab = self.room.account.tab
        self.room.close()
        self.room.hear(2_000)
        self.tab = self.room.account.tab

    def work(self) -> str:
        many, quote = list(range(1, 11)), Quote(tokens=4)
        return self.counting.start(self.member, many, quote, payer=Owner.company(self.firm))

    def change(self, price_id: str) -> None:
        bought = self.till.bought(self.buyer)
        item = bought["items"]["data"][0]["id"]
        params: Any = {
            "items": [{"id": item, "price": price_id}],
            "proration_behavior": "always_invoice",
        }
        self.till.api.subscriptions.update(bought["id"], params)

    def end(self) -> None:
        """Ends what has to end by itself."""
        self.room.close()
        self.counting.deliver_all()

    # Where things are

    def payment(self, rule: LineRule, uid: str | None = None) -> Payment:
        """The first payment that has a line with this rule."""
        return next(
            each
            for each in self.till.payments(uid or self.buyer)
            if any(line.rule is rule for line in each.lines)
        )

    def line(self, rule: LineRule, uid: str | None = None, /, **fields: Any) -> Damage:
        """A line of a payment with other fields."""
        payment = self.payment(rule, uid)
        lines = [
            (each.model_copy(update=fields) if each.rule is rule else each).stored()
            for each in payment.lines
        ]
        return {f"payments/{payment.id}": {"lines": lines}}

    def line_of(self, rule: LineRule) -> PaymentLine:
        return next(each for each in self.payment(rule).lines if each.rule is rule)

    def entry(self, uid: str, name: str) -> str:
        return f"wallets/{uid}/ledger/{name}"

    def customer(self, uid: str) -> str:
        return f"stripeCustomers/{self.till.billing(uid).stripe_customer_id}"

    def day(self) -> str:
        return f"revenueDays/{self.payment(LineRule.WHOLE).day}"

    def budget(self) -> str:
        return budget_path(self.firm, self.member, now())

    def license(self) -> str:
        """The path of the license that the member has."""
        found = self.db.find(licenses_path(self.firm), limit=10)
        return next(each.path for each in found if each.data.get("userId") == self.member)

    @property
    def company(self) -> str:
        return company_path(self.firm)

    @property
    def membership(self) -> str:
        return member_path(self.firm, self.member)

    def later(self) -> datetime:
        return now() + timedelta(days=365)

    # Auditing

    def problems(self) -> list[str]:
        return self.money() + self.people()

    def money(self) -> list[str]:
        return [f"{each.owner_id}: {each.problem}" for each in audit(self.db).findings]

    def people(self) -> list[str]:
        return [f"{each.path}: {each.problem}" for each in audit_companies(self.db).findings]

    @contextmanager
    def damaged(self, damage: Damage) -> Iterator[None]:
        """The documents are as they were afterwards."""
        before = self.db.get_all(list(damage))
        for document, fields in zip(before, damage.values(), strict=True):
            if fields is None:
                self.db.commit(Delete(document.path))
            elif document.exists:
                self.db.commit(Update(document.path, dict(fields)))
            else:
                self.db.commit(Create(document.path, dict(fields)))
        yield
        for document in before:
            self.db.commit(Delete(document.path))
            if document.exists:
                self.db.commit(Create(document.path, document.data))


def an_entry(**fields: Any) -> dict[str, Any]:
    """The contents of an entry of the ledger."""
    base = {"kind": "grant", "meter": "tokens", "granted": 0, "used": 0, "held": 0}
    return base | {"reason": "test", "at": now()} | fields


__all__ = ["Damage", "History", "an_entry"]

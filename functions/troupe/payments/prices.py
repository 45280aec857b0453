"""Which prices at Stripe sell which plans and add-ons: our table, the only one that counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from troupe.adapters.firestore import (
    Create,
    Database,
    Merge,
    Missing,
    Update,
    Write,
    contend,
    now,
)
from troupe.adapters.stripe_records import StripePrice
from troupe.payments.errors import PaymentsOff, PriceDiffers, PriceUnknown
from troupe.payments.records import ADDONS, PORTAL, Addon, AddonBilling, AddonKind, Price, PriceKind
from troupe.plans.errors import PlanNotFound
from troupe.plans.records import Plan
from troupe.plans.service import Plans
from troupe.plans.writes import PRICES, plan_path, taken_write
from troupe.records import Witness, no_witness

if TYPE_CHECKING:
    from troupe.adapters.stripe import Stripe

_MONTHS = {AddonBilling.MONTHLY: 1, AddonBilling.YEARLY: 12}  # features are not bought once
_INTERVALS = {0: "once", 1: "month", 12: "year"}


class PriceTable:
    def __init__(
        self,
        db: Database,
        stripe: Callable[[], Stripe],
        plans: Plans,
        *,
        currency: str,
        paid: bool,
    ) -> None:
        self._db = db
        self._stripe = stripe
        self._plans = plans
        self._currency = currency
        self._paid = paid

    def set(
        self, plan_id: str, price_ids: Sequence[str], *, witness: Witness = no_witness
    ) -> list[Price]:
        """Makes these the prices of a plan, and retires its others. Each is compared with the plan:
        the interval, and the amount in our own currency.

        Raises PaymentsOff, PlanNotFound, PriceUnknown, PriceDiffers, PaymentsUnavailable.
        """
        if not self._paid:
            raise PaymentsOff
        plan = self._plans.get(plan_id)
        fetched = [self._fetch(price_id) for price_id in dict.fromkeys(price_ids)]
        for price in fetched:
            self._compare(price, plan)
        kind = PriceKind.SEAT if plan.per_seat else PriceKind.PLAN
        return contend(lambda: self._attempt(plan_id, kind, fetched, witness))

    def of(self, plan_id: str) -> list[Price]:
        found = self._db.find(PRICES, where=[("planId", "==", plan_id)], limit=100)
        return [Price.of(document) for document in found]

    def all(self) -> list[Price]:
        return [Price.of(document) for document in self._db.walk(PRICES)]

    def create_missing(self) -> list[Price]:
        """Makes prices at Stripe for the plans and add-ons that have none in our currency, or
        another amount, or whose price was archived at Stripe; for the command `stripe setup`. Each
        replaces the price that it corrects; those in other currencies and those that are paid once
        are left alone. Repeatable."""
        made: list[Price] = []
        active = {each.id for each in self._stripe().prices()}
        known = [each for each in self.all() if each.id in active]
        for plan in self._plans_without(known):
            price = self._stripe().create_price(
                product=f"plan-{plan.id}",
                name=plan.name,
                amount=plan.price_cents,
                currency=self._currency,
                months=plan.billing_period.months,
                lookup_key=f"plan-{plan.id}-{plan.billing_period}",
            )
            made += self._sell_plan(plan, price)
        for addon, months in self._addons_without(known):
            price = self._stripe().create_price(
                product=f"addon-{addon.id}",
                name=addon.name,
                amount=addon.price_cents,
                currency=self._currency,
                months=months,
                lookup_key=f"addon-{addon.id}",
            )
            made.append(self._sell(addon, price))
        return made

    def configure_portal(self, return_url: str) -> str:
        """Lets customers change to every plan on offer; repeatable."""
        products = self.portal_products(self._stripe().prices())
        document = self._db.get(PORTAL)
        before = document.data.get("configurationId")
        made = self._stripe().configure_portal(before, products, return_url)
        self._db.commit(Merge(PORTAL, {"configurationId": made, "updatedAt": now()}))
        return made

    def portal_products(self, found: Sequence[StripePrice]) -> dict[str, list[str]]:
        """The products at Stripe that sell the plans on offer, each with its prices. `found`: the
        active prices at Stripe."""
        theirs = {each.id: each for each in found}
        offered = {plan.id for plan in self._plans.offered()}
        products: dict[str, list[str]] = {}
        for price in self.all():
            sold = price.active and price.plan_id in offered and price.interval != "once"
            if sold and price.id in theirs:
                products.setdefault(theirs[price.id].product, []).append(price.id)
        return products

    def differences(
        self, found: Sequence[StripePrice] | None = None, products: Collection[str] | None = None
    ) -> list[str]:
        """Where our table disagrees with Stripe, and with the plans. `found`: the active prices at
        Stripe; `products`: its active products, if they are to be looked at."""
        theirs = {each.id: each for each in (self._stripe().prices() if found is None else found)}
        plans = {plan.id: plan for plan in self._plans.all()}
        known = self.all()
        problems: list[str] = []
        for price in known:
            if price.active:
                problems += _differences(price, theirs.get(price.id), self._stripe().live, products)
                plan = plans.get(price.plan_id or "")
                if price.currency == self._currency and plan is not None:
                    problems += _outdated(price, plan)
        problems += [
            f"plan {plan.id} costs {plan.price_cents} {self._currency}, and no price sells it: "
            "run `stripe setup`"
            for plan in self._plans_without(known)
        ]
        problems += [
            f"add-on {addon.id} costs {addon.price_cents} {self._currency}, and no price sells "
            "it: run `stripe setup`"
            for addon, _ in self._addons_without(known)
        ]
        return problems

    def _counts(self, price: Price) -> bool:
        """Whether a price can sell what it names now."""
        ours = price.active and price.currency == self._currency
        return ours and price.livemode is self._stripe().live

    def _plans_without(self, known: Sequence[Price]) -> list[Plan]:
        """The plans on offer that no price in our currency, of the key's mode, sells for what they
        cost."""
        sold = {
            (each.plan_id, each.unit_amount, each.interval) for each in known if self._counts(each)
        }
        return [
            plan
            for plan in self._plans.offered()
            if plan.price_cents
            and (plan.id, plan.price_cents, _INTERVALS[plan.billing_period.months]) not in sold
        ]

    def _addons_without(self, known: Sequence[Price]) -> list[tuple[Addon, int]]:
        """The add-ons for sale that no price in our currency, of the key's mode, sells for what
        they cost, each with the months that a payment is for."""
        sold = {
            (each.addon_id, each.unit_amount, each.interval) for each in known if self._counts(each)
        }
        lacking: list[tuple[Addon, int]] = []
        for document in self._db.find(ADDONS, order=[("sortOrder", False)], limit=100):
            addon = Addon.of(document)
            months = _MONTHS.get(addon.billing) if addon.kind is AddonKind.FEATURE else 0
            sells = addon.available and addon.price_cents and addon.currency == self._currency
            if months is None or not sells:
                continue
            if (addon.id, addon.price_cents, _INTERVALS[months]) not in sold:
                lacking.append((addon, months))
        return lacking

    def _sell_plan(self, plan: Plan, price: StripePrice) -> list[Price]:
        kind = PriceKind.SEAT if plan.per_seat else PriceKind.PLAN
        replaces = lambda old: _same_kind(old, price)  # noqa: E731
        return contend(lambda: self._attempt(plan.id, kind, [price], no_witness, replaces))

    def _attempt(
        self,
        plan_id: str,
        kind: PriceKind,
        fetched: Sequence[StripePrice],
        witness: Witness,
        replaces: Callable[[Price], bool] = lambda old: True,
    ) -> list[Price]:
        """`replaces`: which of the plan's other prices are retired."""
        at = now()
        known = {
            each.id: each
            for each in self._db.find(PRICES, where=[("planId", "==", plan_id)], limit=100)
        }
        paths = [f"{PRICES}/{each.id}" for each in fetched]
        documents = {each.id: each for each in self._db.get_all(paths)} | known
        writes: list[Write] = []
        prices: list[Price] = []
        for price in fetched:
            after = _price(price, at).model_copy(update={"kind": kind, "plan_id": plan_id})
            seen = documents[price.id]
            before = Price.of(seen) if seen.exists else None
            if before is not None and before.plan_id != plan_id:  # it sells something else
                raise PriceDiffers.of(price.id, "plan")
            writes.append(
                Update(seen.path, after.stored(), seen=seen)
                if seen.exists
                else Create(seen.path, after.stored())
            )
            writes += witness(before, after)
            prices.append(after)
        wanted = {each.id for each in fetched}
        for price_id, seen in known.items():
            before = Price.of(seen)
            if price_id not in wanted and before.active and replaces(before):
                after = before.model_copy(update={"active": False, "updated_at": at})
                fields = {"active": False, "updatedAt": at}
                writes += [Update(seen.path, fields, seen=seen), *witness(before, after)]
        # A deletion of the plan at the same time counts again, or has made it impossible.
        if not self._db.get(plan_path(plan_id)).exists:
            raise PlanNotFound
        try:
            self._db.commit_or_stale(*writes, taken_write(plan_id, at))
        except Missing:
            raise PlanNotFound from None
        return prices

    def _sell(self, addon: Addon, price: StripePrice) -> Price:
        made = _price(price, now()).model_copy(
            update={"kind": PriceKind.ADDON, "addon_id": addon.id}
        )
        path = f"{PRICES}/{made.id}"

        def attempt() -> Price:
            seen = self._db.get(path)
            if seen.exists and Price.of(seen).addon_id != addon.id:  # it sells something else
                raise PriceDiffers.of(made.id, "add-on")
            old = self._db.find(PRICES, where=[("addonId", "==", addon.id)], limit=100)
            retired = [
                Update(each.path, {"active": False}, seen=each)
                for each in old
                if each.id != made.id and _same_kind(Price.of(each), price)
            ]
            stored = made.stored()
            sold = Update(path, stored, seen=seen) if seen.exists else Create(path, stored)
            self._db.commit_or_stale(*retired, sold)
            return made

        return contend(attempt)

    def _fetch(self, price_id: str) -> StripePrice:
        price = self._stripe().price(price_id)
        if price is None:
            raise PriceUnknown
        return price

    def _compare(self, price: StripePrice, plan: Plan) -> None:
        if price.interval_months not in (0, plan.billing_period.months):
            raise PriceDiffers.of(price.id, "interval")
        if price.currency == self._currency and price.amount != plan.price_cents:
            raise PriceDiffers.of(price.id, "amount")
        if not price.active:
            raise PriceDiffers.of(price.id, "state")
        if price.livemode != self._stripe().live:
            raise PriceDiffers.of(price.id, "mode")


def _same_kind(old: Price, price: StripePrice) -> bool:
    """Whether a price sells the same in the same currency, so that one of them is too many."""
    once = price.interval_months == 0
    return old.currency == price.currency and (old.interval == "once") is once


def _differences(
    price: Price, theirs: StripePrice | None, live: bool, products: Collection[str] | None
) -> Iterator[str]:
    """Where a price of ours differs from that at Stripe. `live`: whether the key is."""
    if price.livemode is not live:
        modes = {True: "live", False: "test"}
        yield (
            f"{price.id} is a {modes[price.livemode]} price, and the key is a {modes[live]} key: "
            "make its prices with `stripe setup`"
        )
    if theirs is None:
        yield f"{price.id} is not active at Stripe: activate it there, or run `stripe setup`"
        return
    if (theirs.amount, theirs.currency) != (price.unit_amount, price.currency):
        yield (
            f"{price.id} costs {theirs.amount} {theirs.currency} at Stripe, and "
            f"{price.unit_amount} {price.currency} here"
        )
    interval = _INTERVALS.get(theirs.interval_months, "something else")
    if interval != price.interval:
        yield f"{price.id} is paid by {interval} at Stripe, and by {price.interval} here"
    if products is not None and theirs.product not in products:
        yield f"{price.id} belongs to the product {theirs.product}, which should be active"


def _outdated(price: Price, plan: Plan) -> Iterator[str]:
    """Where a price differs from the plan that it sells."""
    if price.unit_amount != plan.price_cents:
        yield (
            f"{price.id} costs {price.unit_amount} {price.currency}, plan {plan.id} "
            f"{plan.price_cents}"
        )
    if price.interval not in ("once", _INTERVALS[plan.billing_period.months]):
        yield f"{price.id} is paid by {price.interval}, plan {plan.id} is {plan.billing_period}"
    kind = PriceKind.SEAT if plan.per_seat else PriceKind.PLAN
    if price.kind is not kind:
        yield f"{price.id} sells a {price.kind}, plan {plan.id} is sold as a {kind}"


def _price(price: StripePrice, at: object) -> Price:
    return Price.model_validate(
        {
            "id": price.id,
            "kind": PriceKind.PLAN,
            "currency": price.currency,
            "unit_amount": price.amount,
            "interval": _INTERVALS[price.interval_months],
            "livemode": price.livemode,
            "updated_at": at,
        }
    )

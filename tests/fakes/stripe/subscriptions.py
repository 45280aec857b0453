"""Subscriptions: how they begin, renew, and end; their operations are in `subscription_api`."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.fakes.stripe import discounts, invoices, meters, shapes, states
from tests.fakes.stripe.amounts import cost, next_end
from tests.fakes.stripe.errors import Mismatch, declined, invalid
from tests.fakes.stripe.states import items
from tests.fakes.stripe.world import DAY, HOUR, Object, World

Wanted = list[tuple[Object, int | None]]  # prices, with their quantities


def usable_price(world: World, key: str, param: str) -> Object:
    price = world.find("price", key, param)
    if not price["active"]:
        raise invalid(f"The price specified is inactive. (`{key}`)", param=param)
    if price["recurring"] is None:
        text = "The price specified is set to `type=one_time` but this field only accepts prices "
        raise invalid(f"{text}with `type=recurring`.", param=param)
    return price


def new_item(
    world: World, subscription: str, price: Object, quantity: int | None, period: tuple[int, int]
) -> Object:
    recurring = price["recurring"]
    product = price["product"]
    plan: dict[str, Any] = {name: recurring[name] for name in ("interval", "interval_count")}
    plan |= {name: price[name] for name in ("id", "active", "created", "currency", "livemode")}
    plan |= {name: price[name] for name in ("billing_scheme", "metadata", "nickname")}
    plan |= {"amount": price["unit_amount"], "product": product}
    plan |= {"amount_decimal": price["unit_amount_decimal"], "meter": recurring["meter"]}
    return world.add(
        "subscription_item",
        "si",
        current_period_start=period[0],
        current_period_end=period[1],
        plan=shapes.new("plan", **plan, usage_type=recurring["usage_type"]),
        price={k: v for k, v in price.items() if k[0] != "_"},
        quantity=None if meters.is_metered(price) else quantity,
        subscription=subscription,
        tax_rates=[],
    )


def begin(
    world: World,
    customer: Object,
    wanted: Wanted,
    *,
    method: Object | None,
    metadata: dict[str, str],
    trial_end: int | None = None,
    on_session: bool = False,
    attempt: bool = True,
    billing_mode: Object | None = None,
    missing_method: str = "create_invoice",
    automatic_tax: bool = False,
    description: str | None = None,
    coupon: tuple[Object, str | None, str] | None = None,
) -> Object:
    """A subscription with its first invoice, which is charged at once."""
    _check_together(wanted)
    now, key = world.now, world.id("sub")
    anchor = trial_end or now
    recurring = wanted[0][0]["recurring"]
    period = (now, trial_end or next_end(anchor, now, recurring))
    mode: Object = {"type": "flexible"} | (billing_mode or {})
    if mode["type"] == "flexible":
        mode.setdefault("flexible", {"proration_discounts": "included"})
    made = world.add(
        "subscription",
        "sub",
        id=key,
        automatic_tax={"enabled": automatic_tax}
        | ({"liability": {"type": "self"}} if automatic_tax else {}),
        billing_cycle_anchor=anchor,
        billing_mode=mode,
        cancel_at_period_end=False,
        cancellation_details={},
        collection_method="charge_automatically",
        currency=wanted[0][0]["currency"],
        customer=customer["id"],
        default_payment_method=method["id"] if method else None,
        default_tax_rates=[],
        description=description,
        invoice_settings={"issuer": {"type": "self"}},
        items={},
        metadata=metadata,
        payment_settings={"save_default_payment_method": "off"},
        start_date=now,
        status="trialing" if trial_end else "incomplete",
        trial_end=trial_end,
        trial_settings={"end_behavior": {"missing_payment_method": missing_method}},
        trial_start=now if trial_end else None,
        _announced=False,  # until `customer.subscription.created` there are no updates
        _pending=[],
    )
    data = [new_item(world, key, price, count, period) for price, count in wanted]
    set_items(made, data)
    if coupon is not None:
        discounts.add(world, coupon[0], made, code=coupon[1], session=coupon[2])
    first = invoices.draft(world, made, lines_ahead(world, made), "subscription_create")
    invoices.finalise(world, first)
    if first["status"] == "open" and attempt:
        invoices.collect(world, first, method, on_session=on_session)
    if first["status"] == "paid" and made["status"] == "incomplete":
        made["status"] = "active"
    made["_announced"] = True
    world.emit("customer.subscription.created", made)
    _schedule(world, made)
    return made


def _check_together(wanted: Wanted) -> None:
    if len({price["currency"] for price, _ in wanted}) > 1:
        raise invalid("All prices on a subscription must have the same currency.")
    keys = [price["id"] for price, _ in wanted]
    if len(set(keys)) < len(keys):
        raise invalid("Cannot add multiple subscription items with the same price.", param="items")
    if len({(p["recurring"]["interval"], p["recurring"]["interval_count"]) for p, _ in wanted}) > 1:
        raise Mismatch("the fake has no subscriptions with several intervals")


def set_items(subscription: Object, data: list[Object]) -> None:
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    found = {"object": "list", "data": data, "has_more": False, "url": url}
    subscription["items"] = found


def _schedule(world: World, subscription: Object) -> None:
    world.at(items(subscription)[0]["current_period_end"], partial(cycle, world, subscription))
    if subscription["status"] == "trialing":
        ends = subscription["trial_end"]
        world.at(max(world.now, ends - 3 * DAY), partial(_warn, world, subscription, ends))
    if subscription["status"] == "incomplete":
        world.at(world.now + 23 * HOUR, partial(_expire, world, subscription))


def _warn(world: World, subscription: Object, ends: int) -> None:
    if subscription["status"] == "trialing" and subscription["trial_end"] == ends:
        world.emit("customer.subscription.trial_will_end", subscription)


def _expire(world: World, subscription: Object) -> None:
    if subscription["status"] == "incomplete":
        with world.changing(subscription, "customer.subscription.updated"):
            subscription |= {"status": "incomplete_expired", "ended_at": world.now}
        for invoice in states.invoices(world, subscription):
            if invoice["status"] == "open":
                invoices.void(world, invoice)


def cycle(world: World, subscription: Object) -> None:
    """The end of a period, or of a trial: the next period begins, or the subscription ends."""
    ends = items(subscription)[0]["current_period_end"]
    if subscription["status"] not in ("active", "past_due", "trialing") or ends > world.now:
        return
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= world.now:
        return _end_with_usage(world, subscription)
    if subscription["status"] == "trialing" and not _has_card(world, subscription):
        behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
        if behavior == "cancel":
            return states.end(world, subscription, "cancellation_requested")
        if behavior == "pause":
            with world.changing(subscription, "customer.subscription.updated"):
                subscription["status"] = "paused"
            return world.emit("customer.subscription.paused", subscription)
    with world.changing(subscription, "customer.subscription.updated"):
        start = items(subscription)[0]["current_period_start"]
        usage = meters.usage_lines(world, subscription)
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
        set_period(world, subscription, ends)
        lines = pending(subscription) + usage + lines_ahead(world, subscription)
        invoice = invoices.draft(
            world, subscription, lines, "subscription_cycle", period=(start, ends)
        )
    invoices.finalise_later(world, invoice)
    return None


def _end_with_usage(world: World, subscription: Object) -> None:
    lines = pending(subscription) + meters.usage_lines(world, subscription)
    states.end(world, subscription, "cancellation_requested")
    if any(line["amount"] for line in lines):
        invoices.finalise_later(
            world, invoices.draft(world, subscription, lines, "subscription_cycle")
        )


def _has_card(world: World, subscription: Object) -> bool:
    usual = world.objects[subscription["customer"]]["invoice_settings"]["default_payment_method"]
    return bool(subscription["default_payment_method"] or usual)


def set_period(world: World, subscription: Object, start: int) -> None:
    data = items(subscription)
    end = next_end(subscription["billing_cycle_anchor"], start, data[0]["price"]["recurring"])
    for item in data:
        item |= {"current_period_start": start, "current_period_end": end}
    if subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = end
    world.at(end, partial(cycle, world, subscription))


def pending(subscription: Object) -> list[Object]:
    """Prorations that wait for the next invoice; they are taken."""
    lines: list[Object] = subscription["_pending"]
    subscription["_pending"] = []
    return lines


def lines_ahead(world: World, subscription: Object) -> list[Object]:
    """What is paid in advance."""
    paid = [item for item in items(subscription) if not meters.is_metered(item["price"])]
    return [period_line(world, subscription, item) for item in paid]


def period_line(world: World, subscription: Object, item: Object) -> Object:
    """What an item costs for its whole period."""
    price, count = item["price"], item["quantity"] or 0
    name = world.objects[price["product"]]["name"]
    trial = subscription["status"] == "trialing"
    unit = f"{float(price['unit_amount_decimal']) / 100:.2f} {price['currency'].upper()}"
    every = price["recurring"]["interval"]
    return invoices.line(
        world,
        subscription,
        item,
        quantity=count,
        amount=0 if trial else cost(price, count),
        period=(item["current_period_start"], item["current_period_end"]),
        description=f"Trial period for {name}"
        if trial
        else f"{count} x {name} (at {unit} / {every})",
    )


def refuse_declined(world: World, subscription: Object) -> None:
    """402 if the card that will be charged is one that is declined."""
    method = world.objects.get(subscription["default_payment_method"] or "")
    usual = world.objects[subscription["customer"]]["invoice_settings"]["default_payment_method"]
    method = method or world.objects.get(usual or "")
    if method is not None and method["_card"].declines_later:
        raise declined(method["_card"].declines_later, "Your card was declined.", param="")

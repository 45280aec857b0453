"""Operations on subscriptions, and previews of their invoices."""

from __future__ import annotations

import copy
from functools import partial

from stripe import params as p

from tests.fakes.stripe import amounts, changes, discounts, invoices, states, subscriptions
from tests.fakes.stripe.errors import Mismatch, StripeFailure, invalid, missing
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.states import items
from tests.fakes.stripe.world import DAY, Object, World, created_matches, merge_metadata, route


@route("POST", "/v1/subscriptions", p.SubscriptionCreateParams)
def create(world: World, sent: Params) -> Object:
    customer = world.find("customer", sent["customer"], "customer")
    wanted = []
    for index, entry in enumerate(sent.get("items", [])):
        price = subscriptions.usable_price(world, entry["price"], f"items[{index}][price]")
        wanted.append((price, entry.get("quantity", 1)))
    if not wanted:
        raise invalid("Missing required param: items.", param="items", code="parameter_missing")
    method = None
    if "default_payment_method" in sent:
        key = sent["default_payment_method"]
        method = world.find("payment_method", key, "default_payment_method")
    behavior = sent.get("payment_behavior", "allow_incomplete")
    end, days = sent.get("trial_end"), sent.get("trial_period_days")
    if days is not None:
        end = world.now + days * DAY
    if "trial_settings" in sent:
        missing_method = sent["trial_settings"]["end_behavior"]["missing_payment_method"]
    else:
        missing_method = "create_invoice"
    usual = world.objects.get(customer["invoice_settings"]["default_payment_method"] or "")
    if end is None and not method and not usual and behavior != "default_incomplete":
        text = "This customer has no attached payment source or default payment method."
        raise invalid(text, code="resource_missing")
    if behavior == "error_if_incomplete" and end is None:
        shown = method or usual
        subscriptions.refuse_declined(
            world, {"default_payment_method": shown and shown["id"], "customer": customer["id"]}
        )
    return subscriptions.begin(
        world,
        customer,
        wanted,
        method=method,
        metadata=sent["metadata"].plain() if sent.get("metadata") else {},
        trial_end=end,
        attempt=behavior != "default_incomplete",
        billing_mode=sent["billing_mode"].plain() if "billing_mode" in sent else None,
        missing_method=missing_method,
        automatic_tax="automatic_tax" in sent and sent["automatic_tax"]["enabled"],
        description=sent.get("description"),
    )


@route("GET", "/v1/subscriptions/{id}", p.SubscriptionRetrieveParams)
def get(world: World, sent: Params, key: str) -> Object:
    return world.find("subscription", key)


@route("GET", "/v1/subscriptions", p.SubscriptionListParams)
def list_subscriptions(world: World, sent: Params) -> Object:
    """Without `status`, those that are canceled are left out."""
    status, customer, price = sent.get("status"), sent.get("customer"), sent.get("price")
    created = sent.get("created")

    def matches(found: Object) -> bool:
        if status is None:
            shown = found["status"] != "canceled"
        elif status == "ended":
            shown = found["ended_at"] is not None
        else:
            shown = status in ("all", found["status"])
        prices = [item["price"]["id"] for item in items(found)]
        return (
            shown
            and customer in (None, found["customer"])
            and (price is None or price in prices)
            and created_matches(found, created)
        )

    found = [s for s in world.all("subscription") if matches(s)]
    return world.page(found, sent, "/v1/subscriptions")


@route("GET", "/v1/subscription_items", p.SubscriptionItemListParams)
def list_items(world: World, sent: Params) -> Object:
    subscription = world.find("subscription", sent["subscription"], "subscription")
    return world.page(items(subscription), sent, "/v1/subscription_items")


@route("POST", "/v1/subscriptions/{id}", p.SubscriptionUpdateParams)
def update(world: World, sent: Params, key: str) -> Object:
    subscription = world.find("subscription", key)
    if subscription["status"] in states.OVER:
        unchangeable = sent.keys() - {"metadata", "cancellation_details", "expand"}
        if unchangeable:
            text = "A canceled subscription can only update its cancellation_details and metadata."
            raise invalid(text)
    with world.changing(subscription, "customer.subscription.updated"):
        merge_metadata(subscription, sent)
        if "cancellation_details" in sent:
            subscription["cancellation_details"] |= sent["cancellation_details"].plain()
        if "default_payment_method" in sent:
            method = sent["default_payment_method"]
            if method:
                world.find("payment_method", method, "default_payment_method")
            subscription["default_payment_method"] = method or None
        if "description" in sent:
            subscription["description"] = sent["description"] or None
        if "discounts" in sent:
            subscription["discounts"] = []
            for entry in sent["discounts"]:
                coupon, code = discounts.find(world, entry, "discounts[0]")
                discounts.add(world, coupon, subscription, code=code, session=None)
        _cancellation(world, subscription, sent)
        result = None
        if "items" in sent:
            result = changes.rows(world, subscription, sent["items"])
        change(
            world,
            subscription,
            result,
            behavior=sent.get("proration_behavior", "create_prorations"),
            payment=sent.get("payment_behavior", "allow_incomplete"),
            at=sent.get("proration_date"),
            restart=sent.get("billing_cycle_anchor") == "now",
            trial_end=sent.get("trial_end"),
        )
    return subscription


def _cancellation(world: World, subscription: Object, sent: Params) -> None:
    if "cancel_at_period_end" in sent and "cancel_at" in sent:
        text = "You may only specify one of these parameters: cancel_at, cancel_at_period_end."
        raise invalid(text, code="parameters_exclusive")
    if "cancel_at_period_end" in sent:
        ends = items(subscription)[0]["current_period_end"]
        schedule_end(
            world,
            subscription,
            ends if sent["cancel_at_period_end"] else None,
            at_period_end=sent["cancel_at_period_end"],
        )
    elif "cancel_at" in sent:
        when = sent["cancel_at"]
        if isinstance(when, str) and when:
            when = items(subscription)[0]["current_period_end"]
        schedule_end(world, subscription, when or None, at_period_end=False)


def schedule_end(
    world: World, subscription: Object, when: int | None, *, at_period_end: bool
) -> None:
    """`when`: none takes a cancellation back."""
    subscription |= {"cancel_at": when, "cancel_at_period_end": at_period_end}
    subscription["canceled_at"] = world.now if when else None
    details = subscription["cancellation_details"]
    details["reason"] = "cancellation_requested" if when else None
    if when is None:
        details |= {"comment": None, "feedback": None}
        return

    def end() -> None:
        if subscription["cancel_at"] == when and subscription["status"] not in states.OVER:
            states.end(world, subscription, "cancellation_requested")

    world.at(when, end)


def change(
    world: World,
    subscription: Object,
    result: list[changes.Row] | None,
    *,
    behavior: str = "create_prorations",
    payment: str = "allow_incomplete",
    at: int | None = None,
    restart: bool = False,
    trial_end: int | str | None = None,
) -> None:
    """New items, a new period, or another end of the trial; with the invoice that follows."""
    at, now = at or world.now, world.now
    first = items(subscription)[0]
    if not first["current_period_start"] <= at <= first["current_period_end"]:
        text = "The proration date must be within the subscription's current period."
        raise invalid(text, param="proration_date")
    trialing = subscription["status"] == "trialing"
    ends_trial = trialing and trial_end == "now"
    result = result or changes.rows(world, subscription, [])
    restart = restart or ends_trial or (changes.restarts(result, subscription) and not trialing)
    lines: list[Object] = []
    if behavior != "none":
        rows = result
        if restart:  # everything begins anew, so all of it is credited
            rows = [_replaced(row) for row in result if row.item is not None]
        lines = changes.prorations(world, subscription, rows, at, credits_only=restart)
    will_charge = restart or (behavior == "always_invoice" and sum(x["amount"] for x in lines) > 0)
    if payment in ("error_if_incomplete", "pending_if_incomplete") and will_charge:
        if payment == "pending_if_incomplete" and _would_decline(world, subscription):
            raise Mismatch("the fake has no pending updates")
        subscriptions.refuse_declined(world, subscription)
    changes.apply(world, subscription, result)
    if isinstance(trial_end, int):
        _move_trial(world, subscription, trial_end)
    if ends_trial:
        subscription |= {"status": "active", "trial_end": now}
        world.emit("customer.subscription.trial_will_end", subscription)
    if restart:
        subscription["billing_cycle_anchor"] = now
        subscriptions.set_period(world, subscription, now)
        lines += subscriptions.lines_ahead(world, subscription)
    if not restart and behavior != "always_invoice":
        subscription["_pending"] += lines
    elif lines:
        lines = subscriptions.pending(subscription) + lines
        invoice = invoices.draft(world, subscription, lines, "subscription_update")
        invoices.finalise(world, invoice)
        if invoice["status"] == "open":
            invoices.collect(world, invoice)


def _replaced(row: changes.Row) -> changes.Row:
    return changes.Row(row.item, row.price, row.quantity, deleted=True)


def _would_decline(world: World, subscription: Object) -> bool:
    try:
        subscriptions.refuse_declined(world, subscription)
    except StripeFailure:
        return True
    return False


def _move_trial(world: World, subscription: Object, ends: int) -> None:
    if subscription["status"] != "trialing":
        raise Mismatch("the fake cannot begin a trial later")
    subscription |= {"trial_end": ends, "billing_cycle_anchor": ends}
    for item in items(subscription):
        item["current_period_end"] = ends
    world.at(ends, partial(subscriptions.cycle, world, subscription))


@route("DELETE", "/v1/subscriptions/{id}", p.SubscriptionCancelParams)
def cancel(world: World, sent: Params, key: str) -> Object:
    subscription = world.find("subscription", key)
    if subscription["status"] in states.OVER:
        raise missing("subscription", key)
    if "cancellation_details" in sent:
        subscription["cancellation_details"] |= sent["cancellation_details"].plain()
    invoice_now, prorate = sent.get("invoice_now", False), sent.get("prorate", False)
    if prorate:
        rows = [_replaced(row) for row in changes.rows(world, subscription, [])]
        lines = changes.prorations(world, subscription, rows, world.now, credits_only=True)
        subscription["_pending"] += lines
    if invoice_now and subscription["_pending"]:
        lines = subscriptions.pending(subscription)
        invoice = invoices.draft(world, subscription, lines, "subscription_cycle")
        invoices.finalise(world, invoice)
        if invoice["status"] == "open":
            invoices.collect(world, invoice)
    states.end(world, subscription, "cancellation_requested")
    return subscription


@route("POST", "/v1/subscriptions/{id}/resume", p.SubscriptionResumeParams)
def resume(world: World, sent: Params, key: str) -> Object:
    """A trial that ended without a card has paused it; now there is one."""
    subscription = world.find("subscription", key)
    if subscription["status"] != "paused":
        raise invalid("The subscription is not paused, so it cannot be resumed.")
    if sent.get("billing_cycle_anchor", "now") != "now":
        raise Mismatch("the fake resumes with a new period only")
    subscriptions.refuse_declined(world, subscription)
    with world.changing(subscription, "customer.subscription.updated"):
        subscription |= {"status": "active", "billing_cycle_anchor": world.now}
        subscriptions.set_period(world, subscription, world.now)
        lines = subscriptions.lines_ahead(world, subscription)
        invoice = invoices.draft(world, subscription, lines, "subscription_update")
        invoices.finalise(world, invoice)
        if invoice["status"] == "open":
            invoices.collect(world, invoice)
    world.emit("customer.subscription.resumed", subscription)
    return subscription


@route("POST", "/v1/invoices/create_preview", p.InvoiceCreatePreviewParams)
def preview(world: World, sent: Params) -> Object:
    """The invoice that a change would make: nothing of it is kept."""
    if "subscription" not in sent:
        raise Mismatch("the fake previews existing subscriptions only")
    subscription = world.find("subscription", sent["subscription"], "subscription")
    if sent.get("customer", subscription["customer"]) != subscription["customer"]:
        raise invalid("The subscription belongs to another customer.", param="customer")
    if subscription["status"] in states.OVER:
        text = "You cannot preview the upcoming invoice for a canceled subscription."
        raise invalid(text, code="invoice_upcoming_none", status=404)
    details = sent.get("subscription_details")
    behavior, at, rows = "create_prorations", world.now, None
    ends = bool(subscription["cancel_at"])
    if details is not None:
        behavior = details.get("proration_behavior", behavior)
        at = details.get("proration_date", at)
        ends = details.get("cancel_at_period_end", ends)
        if "items" in details:
            rows = changes.rows(world, subscription, details["items"])
    scratch = copy.deepcopy(subscription)
    lines = _preview_lines(world, scratch, rows, behavior, at, ends)
    if not lines:
        text = "No upcoming invoices for customer: " + subscription["customer"]
        raise invalid(text, code="invoice_upcoming_none", status=404)
    return invoices.draft(world, scratch, lines, "subscription_update", keep=False)


def _preview_lines(
    world: World,
    scratch: Object,
    rows: list[changes.Row] | None,
    behavior: str,
    at: int,
    ends: bool,
) -> list[Object]:
    with world.scratch():
        lines: list[Object] = subscriptions.pending(scratch)
        trialing = scratch["status"] == "trialing"
        restart = rows is not None and not trialing and changes.restarts(rows, scratch)
        if rows is not None and behavior != "none":
            used = [_replaced(r) for r in rows if r.item is not None] if restart else rows
            lines += changes.prorations(world, scratch, used, at, credits_only=restart)
        if rows is not None:
            changes.apply(world, scratch, rows)
        if restart or behavior != "always_invoice" or not lines:
            if ends and not restart:
                return lines
            start = at if restart else items(scratch)[0]["current_period_end"]
            anchor = at if restart else scratch["billing_cycle_anchor"]
            recurring = items(scratch)[0]["price"]["recurring"]
            scratch["status"] = "active"
            for item in items(scratch):
                end = amounts.next_end(anchor, start, recurring)
                item |= {"current_period_start": start, "current_period_end": end}
            lines += subscriptions.lines_ahead(world, scratch)
        return lines

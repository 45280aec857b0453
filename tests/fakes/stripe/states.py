"""How the status of a subscription changes, and what that does to its customer and invoices."""

from __future__ import annotations

from tests.fakes.stripe.world import Object, World

OVER = ("canceled", "incomplete_expired")


def items(subscription: Object) -> list[Object]:
    data: list[Object] = subscription["items"]["data"]
    return data


def invoices(world: World, subscription: Object) -> list[Object]:
    """Newest first."""
    return [i for i in world.all("invoice") if i["_subscription"] == subscription["id"]]


def end(world: World, subscription: Object, reason: str) -> None:
    """Ends it now; what is unpaid stays, and is no longer collected."""
    subscription["status"] = "canceled"
    subscription["ended_at"] = world.now
    subscription["canceled_at"] = subscription["canceled_at"] or world.now
    details = subscription["cancellation_details"]
    details["reason"] = details["reason"] or reason
    for invoice in invoices(world, subscription):
        if invoice["status"] in ("draft", "open"):
            invoice |= {"auto_advance": False, "next_payment_attempt": None}
            invoice["automatically_finalizes_at"] = None
    world.emit("customer.subscription.deleted", subscription)


def after_payment(world: World, invoice: Object) -> None:
    """A paid invoice makes its subscription active, unless an older one is still open."""
    _set_delinquent(world, invoice, False)
    subscription = world.objects.get(invoice["_subscription"] or "")
    if subscription is None or subscription["status"] not in ("incomplete", "past_due", "unpaid"):
        return
    if not subscription["_announced"] or any(
        i["status"] == "open" for i in invoices(world, subscription)
    ):
        return
    with world.changing(subscription, "customer.subscription.updated"):
        subscription["status"] = "active"


def after_failure(world: World, invoice: Object) -> None:
    _set_delinquent(world, invoice, True)
    subscription = world.objects.get(invoice["_subscription"] or "")
    if subscription is not None and subscription["status"] in ("active", "trialing"):
        with world.changing(subscription, "customer.subscription.updated"):
            subscription["status"] = "past_due"


def _set_delinquent(world: World, invoice: Object, value: bool) -> None:
    customer = world.objects[invoice["customer"]]
    if not customer.get("deleted"):
        with world.changing(customer, "customer.updated"):
            customer["delinquent"] = value

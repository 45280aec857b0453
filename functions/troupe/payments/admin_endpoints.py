"""Payments, prices and add-ons for administrators, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from troupe.adapters.firestore import now
from troupe.adapters.stripe_records import PaymentsUnavailable
from troupe.audit.records import Actor
from troupe.audit.service import witness
from troupe.errors import GuestNotAllowed
from troupe.idempotency import KeyReused
from troupe.payments import schemas
from troupe.payments.errors import (
    AddonInUse,
    AddonNotFound,
    NothingToRefund,
    NotManual,
    PaymentClosed,
    PaymentNotFound,
    PaymentsOff,
    PriceDiffers,
    PriceUnknown,
    RefundInstead,
    RefundRefused,
    RefundTooLarge,
)
from troupe.plans.errors import PlanNotFound
from troupe.wallet.errors import OwnerNotFound
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader, Notice

if TYPE_CHECKING:
    from troupe.caller import Caller
    from troupe.payments.manual import ManualPayments
    from troupe.payments.offers import Offers
    from troupe.payments.prices import PriceTable
    from troupe.payments.records import Payment
    from troupe.payments.refunds import Refunds
    from troupe.payments.revenue import RevenueReport

api = Api("admin-payments", "Administration: payments, prices and add-ons")

_STRIPE = (PaymentsOff, PaymentsUnavailable)
_RECENT = timedelta(days=30)


@api.post(
    "/api/payments",
    auth=Auth.ADMIN,
    status=201,
    data=schemas.PaymentData,
    errors=(OwnerNotFound, KeyReused),
)
def create_payment(
    body: schemas.CreatePayment, header: KeyHeader, caller: Caller, manual_payments: ManualPayments
) -> Reply:
    """Records an invoice that is paid outside Stripe. What it gives is granted when it is marked as
    paid."""
    fields = body.model_dump(exclude={"owner_id"}, exclude_none=True)
    payment = manual_payments.add(Actor.of(caller), body.owner_id, fields, header.idempotency_key)
    return _payment(payment, "Payment created successfully")


@api.put(
    "/api/payments/<paymentId>",
    auth=Auth.ADMIN,
    data=schemas.PaymentData,
    errors=(PaymentNotFound,),
)
def update_payment(
    path: schemas.PaymentPath,
    body: schemas.UpdatePayment,
    caller: Caller,
    manual_payments: ManualPayments,
) -> Reply:
    """Changes the reference and the note of a payment. Amounts and grants stay unchanged."""
    fields = body.model_dump(exclude_none=True)
    payment = manual_payments.annotate(Actor.of(caller), path.payment_id, fields)
    return _payment(payment, "Payment updated successfully")


@api.delete(
    "/api/payments/<paymentId>",
    auth=Auth.ADMIN,
    data=schemas.PaymentData,
    errors=(PaymentNotFound, RefundInstead, PaymentClosed, OwnerNotFound),
)
def delete_payment(
    path: schemas.PaymentPath, caller: Caller, manual_payments: ManualPayments
) -> Reply:
    """Voids an open manual payment, or takes back what a paid one gave. It stays on record."""
    payment = manual_payments.reverse(Actor.of(caller), path.payment_id)
    return _payment(payment, "Payment reversed successfully")


@api.post(
    "/api/payments/<paymentId>/paid",
    auth=Auth.ADMIN,
    data=schemas.PaymentData,
    errors=(PaymentNotFound, NotManual, PaymentClosed, OwnerNotFound, GuestNotAllowed),
)
def mark_paid(
    path: schemas.PaymentPath,
    body: schemas.MarkPaid,
    caller: Caller,
    manual_payments: ManualPayments,
) -> Reply:
    """Marks a manual payment as paid, and grants what was paid for, once."""
    payment = manual_payments.mark_paid(
        Actor.of(caller), path.payment_id, paid_at=body.paid_at, reference=body.reference
    )
    return _payment(payment, "Payment marked as paid")


@api.post(
    "/api/admin/payments/<paymentId>/refund",
    auth=Auth.ADMIN,
    data=schemas.PaymentData,
    errors=(*_STRIPE, PaymentNotFound, NothingToRefund, RefundTooLarge, RefundRefused, KeyReused),
)
def refund_payment(
    path: schemas.PaymentPath,
    body: schemas.RefundBody,
    header: KeyHeader,
    caller: Caller,
    refunds: Refunds,
) -> Reply:
    """Refunds a payment, or a part of it, and takes back the same share of what it gave. `warnings`
    say if Stripe has refused a part of it, or if the payment does not show it yet."""
    made = refunds.refund(
        Actor.of(caller), path.payment_id, body.amount, body.reason, header.idempotency_key
    )
    warnings = []
    if made.refused:
        message = f"Stripe has refused to refund {made.refused} of the amount."
        warnings.append(Notice(field="amount", code="partly_refused", message=message))
    if not made.applied:
        message = "The refund is made, and will show in the payment soon. Don't repeat it."
        warnings.append(Notice(field="payment", code="not_applied_yet", message=message))
    reply = _payment(made.payment, "Payment refunded successfully")
    return replace(reply, warnings=warnings)


@api.put(
    "/api/admin/plans/<planId>/prices",
    auth=Auth.ADMIN,
    data=schemas.PriceList,
    errors=(*_STRIPE, PlanNotFound, PriceUnknown, PriceDiffers),
)
def plan_prices(
    path: schemas.PlanPricesPath,
    body: schemas.PlanPricesBody,
    caller: Caller,
    price_table: PriceTable,
) -> Reply:
    """Sets the Stripe prices at which a plan is sold, and retires its other prices. Running
    subscriptions keep their prices."""
    prices = price_table.set(
        path.plan_id,
        body.price_ids,
        witness=witness(Actor.of(caller), "planPrices", "prices"),
    )
    data = schemas.PriceList(prices=[schemas.PriceView.of(price) for price in prices])
    return Reply(data, "Plan prices set successfully")


@api.get("/api/admin/revenue", auth=Auth.ADMIN, data=schemas.RevenueData)
def admin_revenue(query: schemas.RevenueQuery, revenue_report: RevenueReport) -> Reply:
    """Returns what was earned by day and by plan, and what running subscriptions pay per month.
    Refunds count on the day of their payment."""
    until = query.until or now()
    since = query.since or until - _RECENT
    revenue = revenue_report.between(since.date(), until.date(), query.currency)
    return Reply(schemas.RevenueData.of(revenue), "Revenue fetched successfully")


@api.get("/api/addons", auth=Auth.PUBLIC, data=schemas.AddonList)
def list_addons(query: schemas.AddonsQuery, offers: Offers) -> Reply:
    """Lists what can be bought besides plans."""
    found = offers.addons(
        category=query.category, available=query.available, featured=query.featured
    )
    data = schemas.AddonList(addons=[schemas.AddonView.of(addon) for addon in found])
    return Reply(data, "Add-ons fetched successfully")


@api.get("/api/addons/<addonId>", auth=Auth.PUBLIC, data=schemas.AddonData, errors=(AddonNotFound,))
def get_addon(path: schemas.AddonPath, offers: Offers) -> Reply:
    """Returns one add-on."""
    data = schemas.AddonData(addon=schemas.AddonView.of(offers.addon(path.addon_id)))
    return Reply(data, "Add-on fetched successfully")


@api.post("/api/addons", auth=Auth.ADMIN, status=201, data=schemas.AddonData)
def create_addon(body: schemas.AddonBody, caller: Caller, offers: Offers) -> Reply:
    """Creates an add-on; its id is derived from its name."""
    addon = offers.add(body.fields(), witness=witness(Actor.of(caller), "createAddon", "addons"))
    data = schemas.AddonData(addon=schemas.AddonView.of(addon))
    return Reply(data, "Add-on created successfully")


@api.put("/api/addons/<addonId>", auth=Auth.ADMIN, data=schemas.AddonData, errors=(AddonNotFound,))
def update_addon(
    path: schemas.AddonPath, body: schemas.UpdateAddon, caller: Caller, offers: Offers
) -> Reply:
    """Changes an add-on; fields that you omit stay unchanged. Earlier purchases keep their
    terms."""
    addon = offers.change(
        path.addon_id,
        body.fields(),
        witness=witness(Actor.of(caller), "updateAddon", "addons"),
    )
    data = schemas.AddonData(addon=schemas.AddonView.of(addon))
    return Reply(data, "Add-on updated successfully")


@api.delete("/api/addons/<addonId>", auth=Auth.ADMIN, errors=(AddonNotFound, AddonInUse))
def delete_addon(path: schemas.AddonPath, caller: Caller, offers: Offers) -> Reply:
    """Deletes an add-on that has no price and on which no other add-on depends."""
    offers.remove(path.addon_id, witness=witness(Actor.of(caller), "deleteAddon", "addons"))
    return Reply(message="Add-on deleted successfully")


def _payment(payment: Payment, message: str) -> Reply:
    return Reply(schemas.PaymentData(payment=schemas.PaymentView.of(payment)), message)

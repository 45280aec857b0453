"""Invoices: lines, finalisation, payment, and the retries after a failed payment."""

from __future__ import annotations

from typing import Any

from stripe import params as p

from tests.fakes.stripe import cards, discounts, states
from tests.fakes.stripe.amounts import rounded
from tests.fakes.stripe.errors import declined, invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.world import Object, World, created_matches, merge_metadata, route


def line(
    world: World,
    subscription: Object,
    item: Object,
    *,
    quantity: int,
    amount: int,
    period: tuple[int, int],
    description: str,
    proration: bool = False,
    credited: Object | None = None,
) -> Object:
    """`credited`: the line that this one takes back."""
    price = item["price"]
    details = (
        {"invoice": credited["invoice"], "invoice_line_items": [credited["id"]]}
        if credited
        else None
    )
    return world.make(
        "line_item",
        "il",
        amount=amount,
        currency=price["currency"],
        description=description,
        discount_amounts=[],
        discountable=not proration,
        parent={
            "type": "subscription_item_details",
            "subscription_item_details": {
                "invoice_item": world.id("ii") if proration else None,
                "proration": proration,
                "proration_details": {"credited_items": details},
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
        },
        period={"start": period[0], "end": period[1]},
        pretax_credit_amounts=[],
        pricing={
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        quantity=quantity,
        quantity_decimal=str(quantity),
        subscription=subscription["id"],
        subtotal=amount,
        taxes=[],
    )


def draft(
    world: World,
    subscription: Object,
    lines: list[Object],
    reason: str,
    *,
    period: tuple[int, int] | None = None,
    keep: bool = True,
) -> Object:
    """`keep=False`: a preview, which nobody can fetch later."""
    customer = world.objects[subscription["customer"]]
    key = world.id("in") if keep else world.id("upcoming_in")
    start, end = period or (world.now, world.now)
    for part in lines:
        part["invoice"] = key
    discount = discounts.of(world, subscription)
    own = {"_lines": lines, "_payments": [], "_subscription": subscription["id"]}
    own |= {"_discount": discount["id"] if discount else None}
    tax = {"enabled": subscription["automatic_tax"]["enabled"]}
    if tax["enabled"]:
        tax |= {"liability": {"type": "self"}, "status": "complete", "provider": "stripe"}
    made = (world.add if keep else world.make)(
        "invoice",
        "in",
        id=key,
        account_country="US",
        account_name="Troupe",
        amount_due=0,
        amount_overpaid=0,
        amount_paid=0,
        amount_remaining=0,
        amount_shipping=0,
        attempt_count=0,
        attempted=False,
        auto_advance=True,
        automatic_tax=tax,
        billing_reason=reason if keep else "upcoming",
        collection_method="charge_automatically",
        currency=subscription["currency"],
        customer=customer["id"],
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_tax_exempt=customer["tax_exempt"],
        customer_tax_ids=[],
        issuer={"type": "self"},
        lines={},
        metadata={},
        parent={
            "type": "subscription_details",
            "subscription_details": {
                "metadata": subscription["metadata"],
                "subscription": subscription["id"],
            },
        },
        payment_settings={},
        period_start=start,
        period_end=end,
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=0,
        status="draft",
        status_transitions={},
        subtotal=0,
        total=0,
        total_discount_amounts=[],
        total_pretax_credit_amounts=[],
        total_taxes=[],
        **own,
    )
    _add_up(world, made)
    if keep:
        discounts.spend(world, subscription, made)
        subscription["latest_invoice"] = key
        world.emit("invoice.created", made)
    return made


def _add_up(world: World, invoice: Object) -> None:
    """Totals, tax where it is on, and the customer's balance (negative: a credit of theirs)."""
    lines = invoice["_lines"]
    net = sum(part["amount"] for part in lines)
    discount = world.objects.get(invoice["_discount"] or "")
    off = discounts.take_off(world, invoice, discount) if discount else 0
    percent = world.settings.tax_percent if invoice["automatic_tax"]["enabled"] else 0
    if percent:
        _add_tax(invoice, percent)
    total = net - off + sum(tax["amount"] for tax in invoice["total_taxes"])
    balance = world.objects[invoice["customer"]]["balance"]
    due = max(0, total + balance) if total > 0 else 0
    invoice |= {"subtotal": net, "subtotal_excluding_tax": net, "total_excluding_tax": net - off}
    invoice |= {"total": total, "starting_balance": balance, "ending_balance": None}
    invoice |= {"amount_due": due, "amount_remaining": due}


def _add_tax(invoice: Object, percent: int) -> None:
    for part in invoice["_lines"]:
        taxable = part["amount"] - sum(found["amount"] for found in part["discount_amounts"])
        tax = {
            "amount": rounded(taxable * percent, 100),
            "tax_behavior": "exclusive",
            "tax_rate_details": {"tax_rate": f"txr_{percent}"},
            "taxability_reason": "standard_rated",
            "taxable_amount": taxable,
            "type": "tax_rate_details",
        }
        part["taxes"] = [tax]
    taxes = [part["taxes"][0] for part in invoice["_lines"]]
    sums = {name: sum(tax[name] for tax in taxes) for name in ("amount", "taxable_amount")}
    invoice["total_taxes"] = [taxes[0] | sums]


def finalise(world: World, invoice: Object) -> None:
    """From now on it does not change; what is due waits for `collect`."""
    customer = world.objects[invoice["customer"]]
    _add_up(world, invoice)
    ending = invoice["starting_balance"] + invoice["total"] - invoice["amount_due"]
    with world.changing(customer, "customer.updated"):
        customer["balance"] = ending
    number = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] = number + 1
    invoice["status_transitions"]["finalized_at"] = world.now
    page = f"{world.base_url}/i/{invoice['id']}"
    invoice |= {"hosted_invoice_url": page, "invoice_pdf": f"{page}/pdf"}
    invoice |= {"number": f"{customer['invoice_prefix']}-{number:04}", "ending_balance": ending}
    invoice |= {"status": "open", "automatically_finalizes_at": None, "effective_at": world.now}
    for amount in _parts(invoice["amount_due"], world.settings.payments_per_invoice):
        intent = cards.new_intent(world, amount, invoice["currency"], customer["id"])
        intent["description"] = f"Payment for {invoice['number']}"
        payment = world.add(
            "invoice_payment",
            "inpay",
            amount_requested=amount,
            currency=invoice["currency"],
            invoice=invoice["id"],
            is_default=not invoice["_payments"],
            payment={"type": "payment_intent", "payment_intent": intent["id"]},
            status="open",
            status_transitions={},
        )
        invoice["_payments"].append(payment["id"])
    world.emit("invoice.finalized", invoice)
    if not invoice["amount_due"]:
        _mark_paid(world, invoice)


def _parts(amount: int, count: int) -> list[int]:
    parts = [amount // count + (n < amount % count) for n in range(count)]
    return [part for part in parts if part]


def _mark_paid(world: World, invoice: Object) -> None:
    invoice["status_transitions"]["paid_at"] = world.now
    invoice |= {"status": "paid", "attempted": True, "next_payment_attempt": None}
    invoice |= {"amount_paid": invoice["amount_due"], "amount_remaining": 0, "auto_advance": False}
    for key in invoice["_payments"]:
        payment = world.objects[key]
        payment |= {"status": "paid", "amount_paid": payment["amount_requested"]}
        payment["status_transitions"]["paid_at"] = world.now
        world.emit("invoice_payment.paid", payment)
    world.emit("invoice.paid", invoice)
    world.emit("invoice.payment_succeeded", invoice)
    states.after_payment(world, invoice)


def method_for(world: World, invoice: Object) -> Object | None:
    """The card that Stripe charges: the subscription's, or else the customer's."""
    subscription = world.objects.get(invoice["_subscription"] or "", {})
    customer = world.objects[invoice["customer"]]
    usual = customer.get("invoice_settings", {}).get("default_payment_method")
    return world.objects.get(subscription.get("default_payment_method") or usual or "")


def collect(
    world: World, invoice: Object, method: Object | None = None, *, on_session: bool = False
) -> bool:
    """Charges an open invoice. If that fails and nobody is there, it is tried again later."""
    method = method or method_for(world, invoice)
    invoice["attempted"] = True
    if not on_session or not invoice["attempt_count"]:
        invoice["attempt_count"] += 1
    due = [each for each in intents_of(world, invoice) if each["status"] != "succeeded"]
    if method is not None and all(
        cards.charge(world, intent, method, on_session=on_session) for intent in due
    ):
        _mark_paid(world, invoice)
        return True
    if not on_session and invoice["billing_reason"] != "subscription_create":
        _retry_later(world, invoice)
    world.emit("invoice.payment_failed", invoice)
    states.after_failure(world, invoice)
    if invoice["next_payment_attempt"] is None and not on_session:
        _give_up(world, invoice)
    return False


def intent_of(world: World, invoice: Object) -> Object:
    return intents_of(world, invoice)[0]


def intents_of(world: World, invoice: Object) -> list[Object]:
    payments = [world.objects[key]["payment"] for key in invoice["_payments"]]
    return [world.objects[payment["payment_intent"]] for payment in payments]


def _retry_later(world: World, invoice: Object) -> None:
    delays, tries = world.settings.retries, invoice["attempt_count"]
    subscription = world.objects.get(invoice["_subscription"] or "", {})
    if tries > len(delays) or subscription.get("status") in states.OVER:
        invoice["next_payment_attempt"] = None
        return
    due = invoice["next_payment_attempt"] = world.now + delays[tries - 1]

    def retry() -> None:
        if invoice["status"] == "open" and invoice["next_payment_attempt"] == due:
            collect(world, invoice)

    world.at(due, retry)


def _give_up(world: World, invoice: Object) -> None:
    subscription = world.objects.get(invoice["_subscription"] or "")
    if subscription is None or subscription["status"] != "past_due":
        return
    if world.settings.after_retries == "cancel":
        states.end(world, subscription, "payment_failed")
    else:
        with world.changing(subscription, "customer.subscription.updated"):
            subscription["status"] = world.settings.after_retries


def finalise_later(world: World, invoice: Object) -> None:
    """A renewal's invoice can be changed for about an hour."""
    due = invoice["automatically_finalizes_at"] = world.now + world.settings.draft_seconds

    def advance() -> None:
        if invoice["status"] == "draft" and invoice["automatically_finalizes_at"] == due:
            finalise(world, invoice)
            if invoice["status"] == "open":
                collect(world, invoice)

    world.at(due, advance)


def void(world: World, invoice: Object) -> None:
    invoice["status_transitions"]["voided_at"] = world.now
    invoice |= {"status": "void", "auto_advance": False, "next_payment_attempt": None}
    world.emit("invoice.voided", invoice)


# ------------------------------------------------------------------------------------ operations


@route("GET", "/v1/invoices/{id}", p.InvoiceRetrieveParams)
def get_invoice(world: World, params: Params, key: str) -> Object:
    return world.find("invoice", key)


@route("GET", "/v1/invoices", p.InvoiceListParams)
def list_invoices(world: World, params: Params) -> Object:
    names = ("customer", "status", "collection_method")
    wanted: dict[str, Any] = {name: params[name] for name in names if name in params}
    if "subscription" in params:
        wanted["_subscription"] = params["subscription"]
    created = params.get("created")
    found = [
        i
        for i in world.all("invoice")
        if all(i[name] == value for name, value in wanted.items()) and created_matches(i, created)
    ]
    return world.page(found, params, "/v1/invoices")


@route("GET", "/v1/invoices/{id}/lines", p.InvoiceLineItemListParams)
def list_lines(world: World, params: Params, key: str) -> Object:
    lines = world.find("invoice", key)["_lines"]
    return world.page(lines, params, f"/v1/invoices/{key}/lines")


@route("GET", "/v1/invoice_payments", p.InvoicePaymentListParams)
def list_payments(world: World, params: Params) -> Object:
    invoice, status = params.get("invoice"), params.get("status")
    payment = params.get("payment")
    intent = payment.get("payment_intent") if payment else None
    if payment:
        payment["type"]
    found = [
        x
        for x in world.all("invoice_payment")
        if invoice in (None, x["invoice"])
        and status in (None, x["status"])
        and intent in (None, x["payment"]["payment_intent"])
    ]
    return world.page(found, params, "/v1/invoice_payments")


@route("POST", "/v1/invoices/{id}", p.InvoiceUpdateParams)
def update_invoice(world: World, params: Params, key: str) -> Object:
    invoice = world.find("invoice", key)
    with world.changing(invoice, "invoice.updated"):
        merge_metadata(invoice, params)
        if "auto_advance" in params:
            invoice["auto_advance"] = params["auto_advance"]
    return invoice


@route("POST", "/v1/invoices/{id}/finalize", p.InvoiceFinalizeInvoiceParams)
def finalise_invoice(world: World, params: Params, key: str) -> Object:
    invoice = world.find("invoice", key)
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized.", code="invoice_not_editable")
    finalise(world, invoice)
    return invoice


@route("POST", "/v1/invoices/{id}/pay", p.InvoicePayParams)
def pay_invoice(world: World, params: Params, key: str) -> Object:
    invoice = world.find("invoice", key)
    if invoice["status"] == "draft":
        finalise(world, invoice)
    elif invoice["status"] != "open":
        text = "Invoice is already paid" if invoice["status"] == "paid" else "Invoice is not open"
        raise invalid(text, code="invoice_not_open")
    method = None
    if "payment_method" in params:
        method = world.find("payment_method", params["payment_method"], "payment_method")
    if invoice["status"] == "open" and not collect(world, invoice, method):
        error = intent_of(world, invoice)["last_payment_error"] or {}
        raise declined(error.get("decline_code") or "generic_decline", "Your card was declined.")
    return invoice


@route("POST", "/v1/invoices/{id}/void", p.InvoiceVoidInvoiceParams)
def void_invoice(world: World, params: Params, key: str) -> Object:
    invoice = world.find("invoice", key)
    if invoice["status"] != "open":
        raise invalid("You can only pass in open invoices.", code="invoice_not_open")
    void(world, invoice)
    return invoice

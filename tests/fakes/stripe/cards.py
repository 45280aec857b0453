"""Test cards, payment methods, payment intents and charges."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from stripe import params as p

from tests.fakes.stripe import shapes
from tests.fakes.stripe.errors import declined, invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.world import Object, World, created_matches, merge_metadata, route


@dataclass(frozen=True)
class Card:
    says: str
    brand: str = "visa"
    declines_now: str | None = None  # the decline code, while the customer is there
    declines_later: str | None = None  # when the card is charged without the customer
    disputed: bool = False


CARDS = {
    "4242424242424242": Card("succeeds"),
    "5555555555554444": Card("succeeds", "mastercard"),
    # At Stripe its first payment fails too; here it succeeds, so that one sees a renewal fail.
    "4000000000000341": Card("is accepted, and fails on renewal", declines_later="generic_decline"),
    "4000000000000002": Card("is declined", "visa", "generic_decline", "generic_decline"),
    "4000000000009995": Card(
        "has insufficient funds", "visa", "insufficient_funds", "insufficient_funds"
    ),
    "4000000000000259": Card("succeeds, and is disputed as fraudulent", disputed=True),
}
# Names under which Stripe itself offers test cards to programs.
_TOKENS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeCustomerFail": "4000000000000341",
}
SAYS = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
}


def card_of(number: str) -> Card:
    """A card that the table does not have succeeds if its number is possible."""
    digits = [int(d) for d in number if d.isdigit()]
    odd, even = digits[-1::-2], digits[-2::-2]
    if not 12 < len(digits) < 20 or (sum(odd) + sum(sum(divmod(2 * d, 10)) for d in even)) % 10:
        raise invalid("Your card number is incorrect.", param="number", code="incorrect_number")
    return CARDS.get("".join(map(str, digits)), Card("succeeds"))


def add_method(world: World, number: str, customer: str | None, *, key: str = "") -> Object:
    number = "".join(number.split())
    card = card_of(number)
    fingerprint = hashlib.sha256(f"{world.salt}{number}".encode()).hexdigest()[:16]
    address = {"city": None, "country": "US", "line1": None, "line2": None, "postal_code": "94107"}
    return world.add(
        "payment_method",
        "pm",
        id=key or world.id("pm"),
        allow_redisplay="limited",
        billing_details={"address": address | {"state": None}},
        card={
            "brand": card.brand,
            "checks": {"cvc_check": "pass"},
            "country": "US",
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": fingerprint,
            "funding": "credit",
            "last4": number[-4:],
            "networks": {"available": [card.brand]},
            "three_d_secure_usage": {"supported": True},
        },
        customer=customer,
        metadata={},
        type="card",
        _card=card,
    )


def attach(world: World, method: Object, customer: str) -> None:
    method["customer"] = customer
    world.emit("payment_method.attached", method)


def add_bank(world: World, *, fails: bool) -> Object:
    """A bank account, whose debit takes days to succeed or fail."""
    refusal = "generic_decline" if fails else None
    return world.add(
        "payment_method",
        "pm",
        billing_details={},
        metadata={},
        type="us_bank_account",
        us_bank_account={"bank_name": "STRIPE TEST BANK", "last4": "6789"},
        _card=Card("", declines_now=refusal, declines_later=refusal),
    )


def replace(world: World, customer: str, number: str) -> Object:
    """The customer's new card, for their subscriptions too."""
    if card_of(number).declines_now:
        code = str(card_of(number).declines_now)
        raise declined(code, SAYS[code])
    method = add_method(world, number, None)
    attach(world, method, customer)
    owner = world.find("customer", customer)
    with world.changing(owner, "customer.updated"):
        owner["invoice_settings"]["default_payment_method"] = method["id"]
    for found in world.all("subscription"):
        if found["customer"] == customer and found["ended_at"] is None:
            with world.changing(found, "customer.subscription.updated"):
                found["default_payment_method"] = method["id"]
    return method


def new_intent(world: World, amount: int, currency: str, customer: str | None) -> Object:
    key = world.id("pi")
    made = world.add(
        "payment_intent",
        "pi",
        id=key,
        amount=amount,
        amount_capturable=0,
        amount_received=0,
        capture_method="automatic",
        client_secret=f"{key}_secret_{world.id('x')[2:]}",
        confirmation_method="automatic",
        currency=currency,
        customer=customer,
        payment_method_options={},
        payment_method_types=["card"],
        status="requires_payment_method",
    )
    world.emit("payment_intent.created", made)
    return made


def charge(world: World, intent: Object, method: Object, *, on_session: bool) -> bool:
    """Charges the intent's amount to the card; False if it is declined."""
    card: Card = method["_card"]
    refusal = card.declines_now if on_session else card.declines_later
    amount = intent["amount"]
    made = world.add(
        "charge",
        "ch",
        amount=amount,
        amount_captured=0 if refusal else amount,
        amount_refunded=0,
        billing_details=method["billing_details"],
        calculated_statement_descriptor="TROUPE",
        captured=refusal is None,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        failure_code="card_declined" if refusal else None,
        failure_message=SAYS[refusal] if refusal else None,
        fraud_details={},
        outcome={
            "network_status": "declined_by_network" if refusal else "approved_by_network",
            "reason": refusal,
            "risk_level": "normal",
            "risk_score": 12,
            "seller_message": "The bank declined." if refusal else "Payment complete.",
            "type": "issuer_declined" if refusal else "authorized",
        },
        metadata=intent["metadata"],
        paid=refusal is None,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=_details(method, None if refusal else amount, on_session),
        receipt_url=f"{world.base_url}/receipts/{intent['id']}",
        refunded=False,
        status="failed" if refusal else "succeeded",
    )
    intent["latest_charge"] = made["id"]
    if refusal:
        error = {"type": "card_error", "code": "card_declined", "decline_code": refusal}
        error |= {"message": SAYS[refusal], "charge": made["id"]}
        intent |= {"status": "requires_payment_method", "payment_method": None}
        intent["last_payment_error"] = shapes.part("payment_intent", "last_payment_error", error)
        world.emit("charge.failed", made)
        world.emit("payment_intent.payment_failed", intent)
        return False
    intent |= {"status": "succeeded", "amount_received": amount, "last_payment_error": None}
    intent["payment_method"] = method["id"]
    world.emit("charge.succeeded", made)
    world.emit("payment_intent.succeeded", intent)
    return True


def _details(method: Object, authorized: int | None, on_session: bool) -> Object:
    shown = method[method["type"]]
    if method["type"] == "us_bank_account":
        bank = {name: shown[name] for name in ("bank_name", "fingerprint", "last4")}
        return {"type": "us_bank_account", "us_bank_account": bank}
    names = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    card = {name: shown[name] for name in names} | {"network": shown["brand"]}
    card |= {"amount_authorized": authorized}
    return {
        "type": "card",
        "card": card | {"checks": {"cvc_check": "pass" if on_session else None}},
    }


@route("GET", "/v1/payment_intents/{id}", p.PaymentIntentRetrieveParams)
def get_intent(world: World, params: Params, key: str) -> Object:
    return world.find("payment_intent", key)


@route("GET", "/v1/payment_intents", p.PaymentIntentListParams)
def list_intents(world: World, params: Params) -> Object:
    customer, created = params.get("customer"), params.get("created")
    found = [
        i
        for i in world.all("payment_intent")
        if customer in (None, i["customer"]) and created_matches(i, created)
    ]
    return world.page(found, params, "/v1/payment_intents")


@route("GET", "/v1/charges/{id}", p.ChargeRetrieveParams)
def get_charge(world: World, params: Params, key: str) -> Object:
    return world.find("charge", key)


@route("GET", "/v1/charges", p.ChargeListParams)
def list_charges(world: World, params: Params) -> Object:
    customer, intent = params.get("customer"), params.get("payment_intent")
    created = params.get("created")
    found = [
        c
        for c in world.all("charge")
        if customer in (None, c["customer"])
        and intent in (None, c["payment_intent"])
        and created_matches(c, created)
    ]
    return world.page(found, params, "/v1/charges")


@route("GET", "/v1/payment_methods/{id}", p.PaymentMethodRetrieveParams)
def get_method(world: World, params: Params, key: str) -> Object:
    return world.find("payment_method", key)


@route("GET", "/v1/customers/{id}/payment_methods", p.CustomerListPaymentMethodsParams)
def list_methods(world: World, params: Params, key: str) -> Object:
    world.find("customer", key)
    kind = params.get("type")
    found = [
        m for m in world.all("payment_method") if m["customer"] == key and kind in (None, m["type"])
    ]
    return world.page(found, params, f"/v1/customers/{key}/payment_methods")


@route("POST", "/v1/payment_methods/{id}/attach", p.PaymentMethodAttachParams)
def attach_method(world: World, params: Params, key: str) -> Object:
    customer = world.find("customer", params["customer"], "customer")["id"]
    if key in _TOKENS:
        method = add_method(world, _TOKENS[key], None)
    else:
        method = world.find("payment_method", key)
    attach(world, method, customer)
    return method


@route("POST", "/v1/payment_methods/{id}", p.PaymentMethodUpdateParams)
def update_method(world: World, params: Params, key: str) -> Object:
    method = world.find("payment_method", key)
    with world.changing(method, "payment_method.updated"):
        merge_metadata(method, params)
    return method


@route("POST", "/v1/payment_methods/{id}/detach", p.PaymentMethodDetachParams)
def detach_method(world: World, params: Params, key: str) -> Object:
    method = world.find("payment_method", key)
    with world.changing(method, "payment_method.detached"):
        method["customer"] = None
    return method

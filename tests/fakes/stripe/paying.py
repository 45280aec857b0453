"""What happens when somebody pays a Checkout session."""

from __future__ import annotations

from tests.fakes.stripe import cards, checkout, reversals, subscriptions
from tests.fakes.stripe.catalogue import create_customer
from tests.fakes.stripe.errors import declined, invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.world import DAY, Object, World

_BUYER: Object = {
    "name": "Test Buyer",
    "address": dict.fromkeys(("city", "line1", "line2", "state"))
    | {"country": "US", "postal_code": "94107"},
}


def pay(
    world: World,
    key: str,
    number: str | None = "4242424242424242",
    *,
    email: str | None = None,
    code: str | None = None,
) -> Object:
    """The customer presses the button. Raises `StripeFailure` if the card is declined."""
    session = world.find("checkout.session", key)
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.")
    if code:
        checkout.use_code(world, session, code)
    card = cards.card_of(number) if number else None
    if card is None and (
        session["amount_total"] or session["payment_method_collection"] == "always"
    ):
        raise invalid("Your card number is incomplete.", param="number", code="incomplete_number")
    if card is not None and card.declines_now and session["mode"] == "subscription":
        # The subscription is made after the payment only, so that nothing is left of this try.
        raise declined(card.declines_now, cards.SAYS[card.declines_now])
    customer = _customer(world, session, email)
    method = cards.add_method(world, number, None) if number else None
    if method and customer and session["mode"] == "subscription":
        cards.attach(world, method, customer["id"])
    if session["mode"] == "subscription":
        assert customer is not None
        _begin(world, session, customer, method)
    elif method is not None:
        _pay_once(world, session, customer, method)
    _complete(world, session, customer)
    if method is not None and method["_card"].disputed:
        for charge in world.all("charge"):
            if charge["payment_method"] == method["id"]:
                reversals.dispute(world, charge)
    return session


def pay_by_bank(world: World, key: str, *, fails: bool) -> Object:
    """Complete at once, and paid (or not) when `settle_bank` says."""
    session = world.find("checkout.session", key)
    if session["status"] != "open" or session["mode"] != "payment":
        raise invalid("This Checkout Session cannot be paid by a bank account.")
    customer = _customer(world, session, None)
    intent = _intent(world, session, customer)
    session["_bank"] = cards.add_bank(world, fails=fails)
    intent |= {"status": "processing", "payment_method": session["_bank"]["id"]}
    world.emit("payment_intent.processing", intent)
    _complete(world, session, customer)
    return session


def settle_bank(world: World, key: str) -> None:
    session = world.find("checkout.session", key)
    intent = world.objects[session["payment_intent"]]
    paid = cards.charge(world, intent, session["_bank"], on_session=False)
    session["payment_status"] = "paid" if paid else "unpaid"
    outcome = "succeeded" if paid else "failed"
    world.emit(f"checkout.session.async_payment_{outcome}", session)


def _customer(world: World, session: Object, email: str | None) -> Object | None:
    if session["customer"]:
        return world.objects[session["customer"]]
    if session["customer_creation"] == "if_required":
        return None
    address = session["customer_email"] or email or "buyer@example.com"
    made = create_customer(world, Params({"email": address}))
    session["customer"] = made["id"]
    return made


def _begin(world: World, session: Object, customer: Object, method: Object | None) -> None:
    data = session["_data"]
    if data.get("trial_days"):
        data["trial_end"] = world.now + data["trial_days"] * DAY
    made = subscriptions.begin(
        world,
        customer,
        session["_wanted"],
        method=method,
        metadata=data["metadata"],
        trial_end=data["trial_end"],
        on_session=True,
        billing_mode=data["billing_mode"],
        missing_method=data["missing_method"],
        automatic_tax=session["automatic_tax"]["enabled"],
        description=data["description"],
        coupon=(*session["_coupon"], session["id"]) if session["_coupon"] else None,
    )
    session |= {"subscription": made["id"], "invoice": made["latest_invoice"]}
    session["payment_status"] = "no_payment_required" if data["trial_end"] else "paid"


def _intent(world: World, session: Object, customer: Object | None) -> Object:
    """The session's payment intent: one, however often a card is declined."""
    if session["payment_intent"]:
        return world.objects[session["payment_intent"]]
    data, total = session["_data"], session["amount_total"]
    key = customer["id"] if customer else None
    intent = cards.new_intent(world, total, session["currency"], key)
    intent |= {"metadata": data["metadata"], "description": data["description"]}
    intent["setup_future_usage"] = data.get("setup_future_usage")
    session["payment_intent"] = intent["id"]
    return intent


def _pay_once(world: World, session: Object, customer: Object | None, method: Object) -> None:
    intent = _intent(world, session, customer)
    if not cards.charge(world, intent, method, on_session=True):
        error = intent["last_payment_error"]
        raise declined(error["decline_code"], error["message"])
    if intent["setup_future_usage"] and customer:
        cards.attach(world, method, customer["id"])
    session["payment_status"] = "paid"


def _complete(world: World, session: Object, customer: Object | None) -> None:
    email = customer["email"] if customer else "buyer@example.com"
    if customer:
        with world.changing(customer, "customer.updated"):
            saved = {name for name, value in session["_update"].items() if value == "auto"}
            customer |= {name: value for name, value in _BUYER.items() if name in saved}
    session |= {"status": "complete", "url": None}
    session["customer_details"] = dict.fromkeys(("address", "business_name", "individual_name"))
    session["customer_details"] |= _BUYER | {"email": email, "phone": None}
    session["customer_details"] |= {"tax_exempt": "none", "tax_ids": []}
    world.emit("checkout.session.completed", session)


def success_url(session: Object) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])

"""Checkout: sessions, and what paying one does."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from stripe.params import checkout as p

from tests.fakes.stripe import discounts, meters
from tests.fakes.stripe.amounts import cost, rounded
from tests.fakes.stripe.errors import Mismatch, invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.world import (
    DAY,
    HOUR,
    Object,
    World,
    created_matches,
    merge_metadata,
    route,
)

_TAXED: Object = {"liability": {"type": "self"}, "provider": "stripe"}
_URL = re.compile(r"https?://[^\s/]+.*")


@route("POST", "/v1/checkout/sessions", p.SessionCreateParams)
def create_session(world: World, sent: Params) -> Object:
    mode = sent.get("mode", "payment")
    if mode == "setup":
        raise Mismatch("the fake has no setup mode")
    customer = sent.get("customer")
    if customer is not None:
        world.find("customer", customer, "customer")
        if sent.get("customer_email") is not None:
            text = "You may only specify one of these parameters: customer, customer_email."
            raise invalid(text, param="customer_email", code="parameters_exclusive")
    expires = sent.get("expires_at", world.now - world.moved + DAY)
    now = world.now - world.moved
    if not now + HOUR // 2 <= expires <= now + DAY:
        text = "The `expires_at` timestamp must be "
        side = "at least 30 minutes" if expires < now + HOUR else "less than 24 hours"
        raise invalid(f"{text}{side} from Checkout Session creation.", param="expires_at")
    if sent.get("success_url") is None:
        text = "You must provide `success_url` for this Checkout Session."
        raise invalid(text, param="success_url", code="parameter_missing")
    for name in ("success_url", "cancel_url"):
        if name in sent and not _URL.fullmatch(sent[name]):
            raise invalid("Not a valid URL", param=name, code="url_invalid")
    key = world.id("cs_test", 58)
    wanted = [_wanted(world, entry, mode, i) for i, entry in enumerate(sent.get("line_items", []))]
    if not wanted:
        text = f"The `line_items` parameter is required in {mode} mode."
        raise invalid(text, param="line_items", code="parameter_missing")
    data = _subscription_data(world, sent, mode)
    update = sent["customer_update"].plain() if "customer_update" in sent else {}
    tax_on = bool(sent.get("automatic_tax") and sent["automatic_tax"]["enabled"])
    if customer is not None:
        _check_tax(world, sent, customer, tax_on=tax_on, update=update)
    coupon = _coupon(world, sent)
    made = world.add(
        "checkout.session",
        "cs",
        id=key,
        adaptive_pricing={"enabled": False},
        allow_promotion_codes=sent.get("allow_promotion_codes"),
        amount_subtotal=0,
        amount_total=0,
        automatic_tax={"enabled": tax_on} | (_TAXED if tax_on else {}),
        billing_address_collection=sent.get("billing_address_collection"),
        cancel_url=sent.get("cancel_url"),
        client_reference_id=sent.get("client_reference_id"),
        currency=wanted[0][0]["currency"],
        custom_text={},
        customer=customer,
        customer_creation=_creation(sent, mode),
        customer_email=sent.get("customer_email"),
        discounts=_shown(coupon),
        expires_at=expires,
        invoice_creation=None if mode == "subscription" else {"enabled": False, "invoice_data": {}},
        locale=sent.get("locale"),
        metadata={},
        mode=mode,
        payment_method_collection=sent.get(
            "payment_method_collection", "always" if mode == "subscription" else "if_required"
        ),
        payment_method_options={},
        payment_method_types=sent.get("allowed_payment_method_types", ["card"]),
        payment_status="unpaid",
        phone_number_collection={"enabled": False},
        status="open",
        submit_type=sent.get("submit_type"),
        success_url=sent["success_url"],
        tax_id_collection=_tax_ids(sent),
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        ui_mode=sent.get("ui_mode", "hosted_page"),
        url=f"{world.base_url}/c/pay/{key}",
        _coupon=coupon,
        _line_items=[_line(world, price, count) for price, count in wanted],
        _wanted=wanted,
        _data=data,
        _update=update,
    )
    reckon(world, made)
    merge_metadata(made, sent)
    world.at(expires + world.moved, partial(_expire_on_time, world, made))
    return made


def _check_tax(world: World, sent: Params, customer: str, *, tax_on: bool, update: Object) -> None:
    """What tax needs to know of a customer must be known, or saved when they pay."""
    asks = "tax_id_collection" in sent and sent["tax_id_collection"]["enabled"]
    if asks and update.get("name") != "auto":
        raise invalid(
            "Tax ID collection requires updating business name on the customer. To enable tax ID "
            "collection for an existing customer, please set `customer_update[name]` to `auto`."
        )
    if tax_on and update.get("address") != "auto" and not world.objects[customer]["address"]:
        text = "Automatic tax calculation in Checkout requires a valid address on the Customer."
        raise invalid(text, code="customer_tax_location_invalid")


def _creation(sent: Params, mode: str) -> str | None:
    """Whether paying makes a customer."""
    if "customer" in sent:
        return None
    return "always" if mode == "subscription" else sent.get("customer_creation", "if_required")


def _tax_ids(sent: Params) -> Object | None:
    asked = sent.get("tax_id_collection")
    if asked is None:
        return None
    return {"enabled": asked["enabled"], "required": asked.get("required", "never")}


def _wanted(world: World, entry: Params, mode: str, index: int) -> tuple[Object, int | None]:
    where = f"line_items[{index}]"
    if "price" not in entry:
        text = f"Missing required param: {where}[price]."
        raise invalid(text, param=f"{where}[price]", code="parameter_missing")
    price = world.find("price", entry["price"], f"{where}[price]")
    if not price["active"]:
        text = "The price specified is inactive. This field only accepts active prices."
        raise invalid(text, param=f"{where}[price]", code="price_inactive")
    if mode == "payment" and price["recurring"] is not None:
        raise invalid(
            "You specified `payment` mode but passed a recurring price. Either switch to "
            "`subscription` mode or use only one-time prices.",
            param="mode",
        )
    if mode == "subscription" and price["recurring"] is None:
        raise invalid(
            "You must provide at least one recurring price in `subscription` mode when "
            "using prices.",
            param="line_items",
        )
    metered = meters.is_metered(price)
    quantity = entry.get("quantity")
    if metered and quantity is not None:
        raise invalid(
            "Quantity should not be specified where usage_type is `metered`.",
            param=f"{where}[quantity]",
        )
    if not metered and quantity is None:
        raise invalid(
            "Quantity is required. Add `quantity` to `" + where + "`",
            param=f"{where}[quantity]",
            code="parameter_missing",
        )
    if quantity is not None and quantity < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            param=f"{where}[quantity]",
            code="parameter_invalid_integer",
        )
    return price, quantity


def _line(world: World, price: Object, quantity: int | None) -> Object:
    return world.make(
        "item",
        "li",
        amount_discount=0,
        amount_subtotal=cost(price, quantity or 0),
        amount_tax=0,
        amount_total=0,
        currency=price["currency"],
        description=world.objects[price["product"]]["name"],
        price={k: v for k, v in price.items() if k[0] != "_"},
        quantity=quantity,
    )


def _coupon(world: World, sent: Params) -> tuple[Object, str | None] | None:
    given = sent.get("discounts")
    if given and "allow_promotion_codes" in sent:
        text = "You may only specify one of these parameters: allow_promotion_codes, discounts."
        raise invalid(text, code="parameters_exclusive")
    return discounts.find(world, given[0], "discounts[0]") if given else None


def _shown(coupon: tuple[Object, str | None] | None) -> list[Object]:
    if coupon is None:
        return []
    found, code = coupon
    return [{"coupon": None if code else found["id"], "promotion_code": code}]


def use_code(world: World, session: Object, text: str) -> None:
    """The customer types a promotion code."""
    if not session["allow_promotion_codes"]:
        raise invalid("This Checkout Session takes no promotion codes.", param="promotion_code")
    session["_coupon"] = discounts.by_code(world, text)
    session["discounts"] = _shown(session["_coupon"])
    reckon(world, session)


def reckon(world: World, session: Object) -> None:
    """What is due today, by its lines, its coupon and the tax. A trial is free."""
    lines, percent = session["_line_items"], world.settings.tax_percent
    offs = [0] * len(lines)
    if session["_coupon"]:
        offs = discounts.split(session["_coupon"][0], [line["amount_subtotal"] for line in lines])
    for line, off in zip(lines, offs, strict=True):
        net = line["amount_subtotal"] - off
        tax = rounded(net * percent, 100) if session["automatic_tax"]["enabled"] else 0
        line |= {"amount_discount": off, "amount_tax": tax, "amount_total": net + tax}
    names = ("amount_subtotal", "amount_discount", "amount_tax", "amount_total")
    free = session["_data"]["trial_end"] is not None
    sums = {name: 0 if free else sum(line[name] for line in lines) for name in names}
    session |= {"amount_subtotal": sums["amount_subtotal"], "amount_total": sums["amount_total"]}
    session["total_details"] |= {name: sums[name] for name in ("amount_discount", "amount_tax")}


def _subscription_data(world: World, sent: Params, mode: str) -> dict[str, Any]:
    """What the subscription, or the payment intent, will be made with."""
    found: dict[str, Any] = {"trial_end": None, "metadata": {}, "description": None}
    found |= {"billing_mode": None, "missing_method": "create_invoice"}
    other = "subscription_data" if mode == "payment" else "payment_intent_data"
    if other in sent:
        raise invalid(f"You can not pass `{other}` in `{mode}` mode.", param=other)
    if mode == "payment":
        data = sent.get("payment_intent_data")
        if data is not None:
            found |= {"description": data.get("description")}
            found["metadata"] = data["metadata"].plain() if "metadata" in data else {}
            found["setup_future_usage"] = data.get("setup_future_usage")
        return found
    data = sent.get("subscription_data")
    if data is None:
        return found
    found["description"] = data.get("description")
    found["metadata"] = data["metadata"].plain() if data.get("metadata") else {}
    if "billing_mode" in data:
        found["billing_mode"] = data["billing_mode"].plain()
    days, end = data.get("trial_period_days"), data.get("trial_end")
    if days is not None and days < 1:
        raise invalid(
            "The minimum number of trial period days is 1.",
            param="subscription_data[trial_period_days]",
        )
    if end is not None and end < world.now + 2 * DAY:
        raise invalid(
            "The `trial_end` date has to be at least 2 days in the future.",
            param="subscription_data[trial_end]",
        )
    found["trial_end"] = end
    if days is not None:
        found["trial_end"], found["trial_days"] = world.now + days * DAY, days
    if "trial_settings" in data:
        behavior = data["trial_settings"]["end_behavior"]
        found["missing_method"] = behavior["missing_payment_method"]
    return found


def _expire_on_time(world: World, session: Object) -> None:
    if session["status"] == "open":
        expire(world, session)


def expire(world: World, session: Object) -> None:
    session |= {"status": "expired", "url": None}
    world.emit("checkout.session.expired", session)


@route("POST", "/v1/checkout/sessions/{id}/expire", p.SessionExpireParams)
def expire_session(world: World, sent: Params, key: str) -> Object:
    session = world.find("checkout.session", key)
    if session["status"] != "open":
        text = 'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
        raise invalid(f"{text}Session has a status of {session['status']}.")
    expire(world, session)
    return session


@route("GET", "/v1/checkout/sessions/{id}", p.SessionRetrieveParams)
def get_session(world: World, sent: Params, key: str) -> Object:
    return world.find("checkout.session", key)


@route("GET", "/v1/checkout/sessions/{id}/line_items", p.SessionListLineItemsParams)
def list_line_items(world: World, sent: Params, key: str) -> Object:
    lines = world.find("checkout.session", key)["_line_items"]
    return world.page(lines, sent, f"/v1/checkout/sessions/{key}/line_items")


@route("GET", "/v1/checkout/sessions", p.SessionListParams)
def list_sessions(world: World, sent: Params) -> Object:
    names = ("customer", "subscription", "payment_intent", "status")
    wanted = {name: sent[name] for name in names if name in sent}
    created = sent.get("created")
    found = [
        s
        for s in world.all("checkout.session")
        if all(s[name] == value for name, value in wanted.items()) and created_matches(s, created)
    ]
    return world.page(found, sent, "/v1/checkout/sessions")

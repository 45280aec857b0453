"""Customers, products and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stripe import params as p
from stripe.params.test_helpers import TestClockDeleteParams

from tests.fakes.stripe import clocks, states
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.world import Object, World, created_matches, merge_metadata, route

_CUSTOMER = ("description", "email", "name", "phone", "address", "preferred_locales")
_PRODUCT = (
    "active",
    "description",
    "images",
    "name",
    "statement_descriptor",
    "tax_code",
    "unit_label",
)
_PRICE = ("active", "nickname", "tax_behavior")


def _set(thing: Object, params: Params, names: tuple[str, ...]) -> None:
    for name in names:
        if name in params:
            value = params[name]
            plain = value.plain() if isinstance(value, Params) else value
            thing[name] = None if plain == "" else plain


@route("POST", "/v1/customers", p.CustomerCreateParams)
def create_customer(world: World, params: Params) -> Object:
    clock = params.get("test_clock")
    if clock is not None:
        world.find(clocks.CLOCK, clock, "test_clock")
    made = world.add(
        "customer",
        "cus",
        balance=0,
        delinquent=False,
        invoice_prefix=world.id("x", 8)[2:].upper(),
        invoice_settings={},
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
        test_clock=clock,
        metadata={},
    )
    _edit_customer(world, made, params)
    world.emit("customer.created", made)
    return made


def _edit_customer(world: World, customer: Object, params: Params) -> None:
    _set(customer, params, _CUSTOMER)
    merge_metadata(customer, params)
    if address := customer["address"]:
        names = ("city", "country", "line1", "line2", "postal_code", "state")
        customer["address"] = dict.fromkeys(names) | address
    if "invoice_settings" in params:
        settings = params["invoice_settings"]
        method = settings.get("default_payment_method")
        if method:
            world.find("payment_method", method, "invoice_settings[default_payment_method]")
        customer["invoice_settings"]["default_payment_method"] = method or None


@route("POST", "/v1/customers/{id}", p.CustomerUpdateParams)
def update_customer(world: World, params: Params, key: str) -> Object:
    customer = world.find("customer", key)
    with world.changing(customer, "customer.updated"):
        _edit_customer(world, customer, params)
    return customer


@route("GET", "/v1/customers/{id}", p.CustomerRetrieveParams)
def get_customer(world: World, params: Params, key: str) -> Object:
    customer = world.objects.get(key, {})
    if customer.get("deleted") and customer["object"] == "customer":
        return customer
    return world.find("customer", key)


@route("DELETE", "/v1/customers/{id}", p.CustomerDeleteParams)
def delete_customer(world: World, params: Params, key: str) -> Object:
    customer = world.find("customer", key)
    for subscription in world.all("subscription"):
        if subscription["customer"] == key and subscription["ended_at"] is None:
            states.end(world, subscription, "cancellation_requested")
    world.emit("customer.deleted", customer)
    world.objects[key] = {"id": key, "object": "customer", "deleted": True}
    return world.objects[key]


@route("DELETE", "/v1/test_helpers/test_clocks/{id}", TestClockDeleteParams)
def delete_clock(world: World, params: Params, key: str) -> Object:
    """Its customers go with it."""
    world.find(clocks.CLOCK, key)
    for customer in world.all("customer"):
        if customer.get("test_clock") == key:
            delete_customer(world, Params({}), customer["id"])
    world.objects[key] = {"id": key, "object": clocks.CLOCK, "deleted": True}
    return world.objects[key]


@route("GET", "/v1/customers", p.CustomerListParams)
def list_customers(world: World, params: Params) -> Object:
    email, created = params.get("email"), params.get("created")
    found = [
        c
        for c in world.all("customer")
        if not c.get("deleted") and email in (None, c["email"]) and created_matches(c, created)
    ]
    return world.page(found, params, "/v1/customers")


@route("POST", "/v1/products", p.ProductCreateParams)
def create_product(world: World, params: Params) -> Object:
    key = params.get("id") or world.id("prod", 14)
    if key in world.objects:
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    made = world.add(
        "product",
        "prod",
        id=key,
        active=True,
        name=params["name"],
        updated=world.now,
        type="service",
    )
    _set(made, params, _PRODUCT)
    merge_metadata(made, params)
    if "default_price_data" in params:
        data = params["default_price_data"]
        made["default_price"] = _add_price(world, data, key)["id"]
    world.emit("product.created", made)
    return made


@route("POST", "/v1/products/{id}", p.ProductUpdateParams)
def update_product(world: World, params: Params, key: str) -> Object:
    product = world.find("product", key)
    with world.changing(product, "product.updated"):
        _set(product, params, _PRODUCT)
        merge_metadata(product, params)
        if "default_price" in params:
            product["default_price"] = world.find("price", params["default_price"])["id"]
        product["updated"] = world.now
    return product


@route("GET", "/v1/products/{id}", p.ProductRetrieveParams)
def get_product(world: World, params: Params, key: str) -> Object:
    return world.find("product", key)


@route("GET", "/v1/products", p.ProductListParams)
def list_products(world: World, params: Params) -> Object:
    active, ids, created = params.get("active"), params.get("ids"), params.get("created")
    found = [
        product
        for product in world.all("product")
        if active in (None, product["active"])
        and (ids is None or product["id"] in ids)
        and created_matches(product, created)
    ]
    return world.page(found, params, "/v1/products")


@route("POST", "/v1/prices", p.PriceCreateParams)
def create_price(world: World, params: Params) -> Object:
    if "product_data" in params:
        name = params["product_data"]
        product = world.add(
            "product", "prod", active=True, name=name["name"], updated=world.now, type="service"
        )
        merge_metadata(product, name)
        return _add_price(world, params, product["id"])
    if "product" not in params:
        text = "You must specify either `product` or `product_data` when creating a price."
        raise invalid(text, param="product", code="parameter_missing")
    return _add_price(world, params, world.find("product", params["product"], "product")["id"])


def _add_price(world: World, params: Params, product: str) -> Object:
    lookup, transfer = params.get("lookup_key"), params.get("transfer_lookup_key")
    holder = next((x for x in world.all("price") if lookup and x["lookup_key"] == lookup), None)
    if holder is not None:
        if not transfer:
            text = f"A price (`{holder['id']}`) already uses that lookup key."
            raise invalid(text, param="lookup_key", code="resource_already_exists")
        with world.changing(holder, "price.updated"):
            holder["lookup_key"] = None
    amount = params.get("unit_amount")
    decimal = params.get("unit_amount_decimal")
    if amount is None and decimal is None:
        text = "Must provide one of `unit_amount`, `unit_amount_decimal`, `custom_unit_amount`"
        raise invalid(text + ", or `tiers`.")
    currency = params["currency"]
    if currency != currency.lower() or len(currency) != 3:
        raise invalid(f"Invalid currency: {currency}.", param="currency")
    made = world.add(
        "price",
        "price",
        active=True,
        billing_scheme=params.get("billing_scheme", "per_unit"),
        currency=currency,
        lookup_key=lookup,
        product=product,
        recurring=_recurring(world, params),
        tax_behavior="unspecified",
        type="recurring" if params.get("recurring") else "one_time",
        unit_amount=amount if decimal is None else _whole(decimal),
        unit_amount_decimal=str(amount) if decimal is None else decimal,
    )
    _set(made, params, _PRICE)
    merge_metadata(made, params)
    world.emit("price.created", made)
    return made


def _whole(decimal: str) -> int | None:
    return int(Decimal(decimal)) if Decimal(decimal) == int(Decimal(decimal)) else None


def _recurring(world: World, params: Params) -> dict[str, Any] | None:
    sent = params.get("recurring")
    if sent is None:
        return None
    metered = sent.get("usage_type") == "metered"
    if metered or "meter" in sent:
        if not metered or "meter" not in sent:
            text = "A metered price needs a meter, and a meter needs `usage_type=metered`."
            raise invalid(text, param="recurring[meter]", code="parameter_missing")
        world.find("billing.meter", sent["meter"], "recurring[meter]")
    return {
        "interval": sent["interval"],
        "interval_count": sent.get("interval_count", 1),
        "meter": sent.get("meter"),
        "trial_period_days": None,
        "usage_type": sent.get("usage_type", "licensed"),
    }


@route("POST", "/v1/prices/{id}", p.PriceUpdateParams)
def update_price(world: World, params: Params, key: str) -> Object:
    price = world.find("price", key)
    lookup, transfer = params.get("lookup_key"), params.get("transfer_lookup_key")
    holder = next((x for x in world.all("price") if lookup and x["lookup_key"] == lookup), price)
    if holder is not price:
        if not transfer:
            text = f"A price (`{holder['id']}`) already uses that lookup key."
            raise invalid(text, param="lookup_key", code="resource_already_exists")
        with world.changing(holder, "price.updated"):
            holder["lookup_key"] = None
    with world.changing(price, "price.updated"):
        _set(price, params, (*_PRICE, "lookup_key"))
        merge_metadata(price, params)
    return price


@route("GET", "/v1/prices/{id}", p.PriceRetrieveParams)
def get_price(world: World, params: Params, key: str) -> Object:
    return world.find("price", key)


@route("GET", "/v1/prices", p.PriceListParams)
def list_prices(world: World, params: Params) -> Object:
    keys = params.get("lookup_keys")
    wanted = {
        name: params[name] for name in ("active", "product", "currency", "type") if name in params
    }
    created = params.get("created")
    found = [
        price
        for price in world.all("price")
        if (keys is None or price["lookup_key"] in keys)
        and all(price[name] == value for name, value in wanted.items())
        and created_matches(price, created)
    ]
    return world.page(found, params, "/v1/prices")

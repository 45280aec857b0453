"""The customer portal: configurations, sessions, and what customers do there."""

from __future__ import annotations

from typing import Any

from stripe.params import billing_portal as p

from tests.fakes.stripe import changes, states, subscription_api
from tests.fakes.stripe.errors import Mismatch, invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.states import OVER, items
from tests.fakes.stripe.world import Object, World, merge_metadata, route

_FEATURES: dict[str, Any] = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {"duration": {"type": "indefinite"}, "enabled": False},
    "subscription_update": {
        "default_allowed_updates": [],
        "enabled": False,
        "products": [],
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


def _merged(base: Object, sent: Object) -> Object:
    merged = base | sent
    for name, value in base.items():
        if isinstance(value, dict) and isinstance(sent.get(name), dict):
            merged[name] = _merged(value, sent[name])
    return merged


def _check_products(world: World, features: Object) -> None:
    update = features["subscription_update"]
    if update["products"] == "":
        update["products"] = []
    for index, product in enumerate(update["products"] or []):
        where = f"features[subscription_update][products][{index}]"
        world.find("product", product["product"], f"{where}[product]")
        for key in product["prices"]:
            price = world.find("price", key, f"{where}[prices]")
            if price["product"] != product["product"]:
                raise invalid(
                    f"The price `{key}` does not belong to the product `{product['product']}`.",
                    param=f"{where}[prices]",
                )
    if update["enabled"] and not update["products"]:
        text = "You must provide `products` when `subscription_update` is enabled."
        raise invalid(text, param="features[subscription_update][products]")


def _add(world: World, sent: Object, *, default: bool = False) -> Object:
    features = _merged(_FEATURES, sent.get("features") or {})
    for product in features["subscription_update"]["products"] or []:
        product.setdefault("adjustable_quantity", {"enabled": False, "maximum": None, "minimum": 1})
    _check_products(world, features)
    return world.add(
        "billing_portal.configuration",
        "bpc",
        active=True,
        business_profile=sent.get("business_profile") or {},
        default_return_url=sent.get("default_return_url") or None,
        features=features,
        is_default=default,
        login_page={"enabled": False},
        metadata={},
        name=sent.get("name") or None,
        updated=world.now,
    )


@route("POST", "/v1/billing_portal/configurations", p.ConfigurationCreateParams)
def create_configuration(world: World, sent: Params) -> Object:
    made = _add(world, {name: _plain(sent[name]) for name in sent if name != "metadata"})
    merge_metadata(made, sent)
    return made


def _plain(value: Any) -> Any:
    return value.plain() if isinstance(value, Params) else value


@route("POST", "/v1/billing_portal/configurations/{id}", p.ConfigurationUpdateParams)
def update_configuration(world: World, sent: Params, key: str) -> Object:
    found = world.find("billing_portal.configuration", key)
    if "features" in sent:
        features = _merged(found["features"], sent["features"].plain())
        for product in features["subscription_update"]["products"] or []:
            product.setdefault(
                "adjustable_quantity", {"enabled": False, "maximum": None, "minimum": 1}
            )
        _check_products(world, features)
        found["features"] = features
    for name in ("active", "default_return_url", "name"):
        if name in sent:
            found[name] = None if sent[name] == "" else sent[name]
    if "business_profile" in sent:
        found["business_profile"] |= sent["business_profile"].plain()
    merge_metadata(found, sent)
    found["updated"] = world.now
    return found


@route("GET", "/v1/billing_portal/configurations/{id}", p.ConfigurationRetrieveParams)
def get_configuration(world: World, sent: Params, key: str) -> Object:
    return world.find("billing_portal.configuration", key)


@route("GET", "/v1/billing_portal/configurations", p.ConfigurationListParams)
def list_configurations(world: World, sent: Params) -> Object:
    names = ("active", "is_default")
    wanted = {name: sent[name] for name in names if name in sent}
    found = [
        c
        for c in world.all("billing_portal.configuration")
        if all(c[name] == value for name, value in wanted.items())
    ]
    return world.page(found, sent, "/v1/billing_portal/configurations")


def _default_configuration(world: World) -> Object:
    """The one that is saved in the dashboard; the API cannot make a default one."""
    if not world.settings.saved_portal:
        raise invalid(
            "No configuration provided and your test mode default configuration has not been "
            "created. Provide a configuration or create your default by saving your customer "
            "portal settings in test mode at "
            "https://dashboard.stripe.com/test/settings/billing/portal."
        )
    for found in world.all("billing_portal.configuration"):
        if found["is_default"]:
            return found
    by_product: dict[str, list[str]] = {}
    for price in reversed(world.all("price")):
        if price["recurring"] and price["recurring"]["usage_type"] == "licensed":
            by_product.setdefault(price["product"], []).append(price["id"])
    products = [{"product": key, "prices": prices} for key, prices in by_product.items()]
    update = {
        "enabled": bool(products),
        "default_allowed_updates": ["price", "quantity"],
        "products": products,
        "proration_behavior": "always_invoice",
    }
    on = {"enabled": True}
    features = {"invoice_history": on, "payment_method_update": on, "subscription_cancel": on}
    return _add(world, {"features": features | {"subscription_update": update}}, default=True)


@route("POST", "/v1/billing_portal/sessions", p.SessionCreateParams)
def create_session(world: World, sent: Params) -> Object:
    if "customer" not in sent:
        text = "Missing required param: customer."
        raise invalid(text, param="customer", code="parameter_missing")
    customer = world.find("customer", sent["customer"], "customer")
    if "configuration" in sent:
        key = sent["configuration"]
        configuration = world.find("billing_portal.configuration", key, "configuration")
    else:
        configuration = _default_configuration(world)
    key = world.id("bps")
    flow = _flow(world, sent["flow_data"], customer, configuration) if "flow_data" in sent else None
    return world.add(
        "billing_portal.session",
        "bps",
        id=key,
        configuration=configuration["id"],
        customer=customer["id"],
        flow=flow,
        locale=sent.get("locale"),
        return_url=sent.get("return_url", configuration["default_return_url"]),
        url=f"{world.base_url}/p/session/{key}",
    )


def _flow(world: World, sent: Params, customer: Object, configuration: Object) -> Object:
    kind = sent["type"]
    after = sent["after_completion"].plain() if "after_completion" in sent else {}
    flow: Object = {"type": kind, "after_completion": {"type": "portal_homepage"} | after}
    feature = {
        "payment_method_update": "payment_method_update",
        "subscription_cancel": "subscription_cancel",
        "subscription_update": "subscription_update",
        "subscription_update_confirm": "subscription_update",
    }.get(kind)
    if feature is None:
        raise Mismatch(f"the fake has no portal flow {kind}")
    if not configuration["features"][feature]["enabled"]:
        noun = feature.replace("_", " ")
        raise invalid(
            f"This flow requires the {noun} feature, which is disabled in the portal configuration "
            f"{configuration['id']}.",
            param="flow_data[type]",
        )
    if kind == "payment_method_update":
        return flow
    where = f"flow_data[{kind}]"
    if kind not in sent:
        text = f"Missing required param: {where}."
        raise invalid(text, param=where, code="parameter_missing")
    details = sent[kind]
    subscription = world.find("subscription", details["subscription"], f"{where}[subscription]")
    if subscription["customer"] != customer["id"]:
        text = f"The subscription {subscription['id']} does not belong to the customer."
        raise invalid(text, param=f"{where}[subscription]")
    if subscription["status"] in OVER:
        text = "This subscription cannot be changed because it has been canceled."
        raise invalid(text, param=f"{where}[subscription]")
    if kind == "subscription_cancel" and subscription["cancel_at"]:
        text = "The subscription is already set to be canceled."
        raise invalid(text, param=f"{where}[subscription]")
    flow[kind] = {"subscription": subscription["id"]}
    if kind == "subscription_update_confirm":
        result = changes.rows(world, subscription, details["items"])
        update = configuration["features"]["subscription_update"]
        flow[kind]["items"] = [item.plain() for item in details["items"]]
        _check_update(result, update, f"{where}[items]")
    return flow


def _check_update(result: list[changes.Row], update: Object, where: str) -> None:
    """What the configuration lets customers change."""
    allowed = update["default_allowed_updates"]
    prices = {key for product in update["products"] for key in product["prices"]}
    changed = [row for row in result if row.changed]
    if not changed:
        raise invalid("There are no changes to confirm for this subscription.", param=where)
    if len(result) > 1:
        text = "Subscriptions with several products cannot be updated in the portal."
        raise invalid(text, param=where)
    for row in changed:
        before = row.item or {"price": {"id": None}, "quantity": None}
        allows = "price" in allowed and row.price["id"] in prices
        if row.price["id"] != before["price"]["id"] and not allows:
            text = f"The price `{row.price['id']}` is not in the portal configuration."
            raise invalid(text, param=f"{where}[0][price]")
        if row.quantity != before["quantity"] and "quantity" not in allowed:
            text = "The portal configuration does not allow a change of quantity."
            raise invalid(text, param=f"{where}[0][quantity]")


# --------------------------------------------------------------------- what the customer does


def confirm(world: World, session: Object) -> None:
    """The change of the session's flow. Raises `StripeFailure` if the card is declined."""
    wanted = session["flow"]["subscription_update_confirm"]
    configuration = world.objects[session["configuration"]]
    update = configuration["features"]["subscription_update"]
    subscription = world.find("subscription", wanted["subscription"])
    sent = [Params(item) for item in wanted["items"]]
    ends = subscription["status"] == "trialing" and update["trial_update_behavior"] == "end_trial"
    with world.changing(subscription, "customer.subscription.updated"):
        subscription_api.change(
            world,
            subscription,
            changes.rows(world, subscription, sent),
            behavior=update["proration_behavior"],
            payment="error_if_incomplete",
            trial_end="now" if ends else None,
        )


def cancel(world: World, subscription: Object, configuration: Object) -> None:
    """With flexible billing the portal sets `cancel_at`, and `cancel_at_period_end` stays false:
    https://docs.stripe.com/billing/subscriptions/billing-mode/compare"""
    feature = configuration["features"]["subscription_cancel"]
    if feature["mode"] == "immediately":
        return states.end(world, subscription, "cancellation_requested")
    ends = items(subscription)[0]["current_period_end"]
    flexible = subscription["billing_mode"]["type"] == "flexible"
    with world.changing(subscription, "customer.subscription.updated"):
        subscription_api.schedule_end(world, subscription, ends, at_period_end=not flexible)


def resume(world: World, subscription: Object) -> None:
    with world.changing(subscription, "customer.subscription.updated"):
        subscription_api.schedule_end(world, subscription, None, at_period_end=False)

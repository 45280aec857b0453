"""Usage that is billed afterwards: meters, their events, and what a period has used."""

from __future__ import annotations

from decimal import Decimal

from stripe.params import billing as p

from tests.fakes.stripe import invoices
from tests.fakes.stripe.amounts import cost
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.states import items
from tests.fakes.stripe.world import DAY, Object, World, route


def is_metered(price: Object) -> bool:
    return bool(price["recurring"]) and price["recurring"]["usage_type"] == "metered"


def used(world: World, meter: Object, customer: str, start: int, end: int) -> Decimal:
    value, who = (meter[n]["event_payload_key"] for n in ("value_settings", "customer_mapping"))
    found = [
        Decimal(event["payload"][value])
        for event in reversed(world.all("billing.meter_event"))
        if event["event_name"] == meter["event_name"]
        and event["payload"][who] == customer
        and start <= event["timestamp"] < end
    ]
    match meter["default_aggregation"]["formula"]:
        case "count":
            return Decimal(len(found))
        case "last":
            return found[-1] if found else Decimal(0)
        case _:
            return sum(found, Decimal(0))


def usage_lines(world: World, subscription: Object) -> list[Object]:
    """What the period that ends now has used, for its metered items."""
    lines = []
    for item in items(subscription):
        price = item["price"]
        if not is_metered(price):
            continue
        period = (item["current_period_start"], item["current_period_end"])
        meter = world.objects[price["recurring"]["meter"]]
        count = int(used(world, meter, subscription["customer"], *period))
        name = world.objects[price["product"]]["name"]
        lines.append(
            invoices.line(
                world,
                subscription,
                item,
                quantity=count,
                amount=cost(price, count),
                period=period,
                description=f"{count} x {name}",
            )
        )
    return lines


@route("POST", "/v1/billing/meters", p.MeterCreateParams)
def create_meter(world: World, sent: Params) -> Object:
    name = sent["event_name"]
    if any(m["event_name"] == name and m["status"] == "active" for m in world.all("billing.meter")):
        raise invalid(f"An active meter with event name {name} already exists.", param="event_name")
    mapping = {"type": "by_id", "event_payload_key": "stripe_customer_id"}
    if "customer_mapping" in sent:
        mapping = sent["customer_mapping"].plain()
    key = sent["value_settings"]["event_payload_key"] if "value_settings" in sent else "value"
    return world.add(
        "billing.meter",
        "mtr",
        customer_mapping=mapping,
        default_aggregation=sent["default_aggregation"].plain(),
        display_name=sent["display_name"],
        event_name=name,
        status="active",
        status_transitions={},
        updated=world.now,
        value_settings={"event_payload_key": key},
    )


@route("GET", "/v1/billing/meters/{id}", p.MeterRetrieveParams)
def get_meter(world: World, sent: Params, key: str) -> Object:
    return world.find("billing.meter", key)


@route("GET", "/v1/billing/meters", p.MeterListParams)
def list_meters(world: World, sent: Params) -> Object:
    status = sent.get("status")
    found = [m for m in world.all("billing.meter") if status in (None, m["status"])]
    return world.page(found, sent, "/v1/billing/meters")


@route("POST", "/v1/billing/meter_events", p.MeterEventCreateParams)
def create_meter_event(world: World, sent: Params) -> Object:
    name, payload = sent["event_name"], sent["payload"].plain()
    named = [m for m in world.all("billing.meter") if m["event_name"] == name]
    meter = next((m for m in named if m["status"] == "active"), None)
    if meter is None:
        raise invalid(f"No active meter found for event name {name}.", param="event_name")
    at = sent.get("timestamp", world.now)
    if not world.now - 35 * DAY <= at <= world.now + 300:
        text = "The timestamp must be within the past 35 calendar days or up to 5 minutes "
        raise invalid(f"{text}in the future.", param="timestamp")
    customer = payload.get(meter["customer_mapping"]["event_payload_key"], "")
    world.find("customer", customer, "payload[stripe_customer_id]")
    value = payload.get(meter["value_settings"]["event_payload_key"], "")
    if not value.removeprefix("-").isdigit():
        raise invalid("The value of a meter event must be a whole number.", param="payload[value]")
    identifier = sent.get("identifier") or world.id("id")
    if any(e["identifier"] == identifier for e in world.all("billing.meter_event")):
        raise invalid(f"An event already exists with identifier {identifier}.")
    key = world.id("mev")
    made = world.make(
        "billing.meter_event",
        "mev",
        event_name=name,
        identifier=identifier,
        payload=payload,
        timestamp=at,
        _key=key,
    )
    world.keep(key, made)
    return made


@route("GET", "/v1/billing/meters/{id}/event_summaries", p.MeterEventSummaryListParams)
def list_summaries(world: World, sent: Params, key: str) -> Object:
    meter = world.find("billing.meter", key)
    customer, start, end = sent["customer"], sent["start_time"], sent["end_time"]
    if start % 60 or end % 60:
        text = "start_time and end_time must be aligned with minute boundaries."
        raise invalid(text, param="start_time")
    window = {"hour": 3600, "day": DAY}.get(sent.get("value_grouping_window", ""), end - start)
    found = [
        world.make(
            "billing.meter_event_summary",
            "mtrusg",
            aggregated_value=float(used(world, meter, customer, at, min(at + window, end))),
            start_time=at,
            end_time=min(at + window, end),
            meter=key,
        )
        for at in range(start, end, window)
    ]
    return world.page(found[::-1], sent, f"/v1/billing/meters/{key}/event_summaries")

"""What a change of a subscription's items costs: prorations by the second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from tests.fakes.stripe import discounts, invoices, meters, states, subscriptions
from tests.fakes.stripe.amounts import cost, rounded
from tests.fakes.stripe.errors import invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.states import items
from tests.fakes.stripe.world import Object, World


@dataclass
class Row:
    """An item after the change; `item` is none yet for a new one."""

    item: Object | None
    price: Object
    quantity: int | None
    deleted: bool = False

    @property
    def changed(self) -> bool:
        same = self.item is not None and self.item["price"]["id"] == self.price["id"]
        return not same or self.deleted or self.item["quantity"] != self.quantity


def rows(world: World, subscription: Object, sent: list[Params]) -> list[Row]:
    """The items as they shall be, from the parameter `items` of an update or of a preview."""
    found = {i["id"]: Row(i, i["price"], i["quantity"]) for i in items(subscription)}
    new = []
    for index, entry in enumerate(sent):
        where = f"items[{index}]"
        price = None
        if "price" in entry:
            price = subscriptions.usable_price(world, entry["price"], f"{where}[price]")
        key, quantity = entry.get("id"), entry.get("quantity")
        if quantity is not None and quantity < 0:
            raise invalid(
                "This value must be greater than or equal to 0.",
                param=f"{where}[quantity]",
                code="parameter_invalid_integer",
            )
        if key is None:
            if price is None:
                raise invalid(
                    f"Missing required param: {where}[price].",
                    param=f"{where}[price]",
                    code="parameter_missing",
                )
            new.append(Row(None, price, 1 if quantity is None else quantity))
            continue
        if key not in found:
            raise invalid(
                f"No such subscription item: '{key}'", param=f"{where}[id]", code="resource_missing"
            )
        row = found[key]
        row.price = price or row.price
        row.quantity = row.quantity if quantity is None else quantity
        row.deleted = bool(entry.get("deleted"))
    result = [*found.values(), *new]
    left = [row for row in result if not row.deleted]
    if not left:
        raise invalid("A subscription must have at least one active plan.", param="items")
    subscriptions._check_together([(row.price, row.quantity) for row in left])
    if left[0].price["currency"] != subscription["currency"]:
        raise invalid("The currency of a subscription cannot be changed.", param="items")
    return result


def restarts(result: list[Row], subscription: Object) -> bool:
    """Whether a new period begins: with another interval, and when free becomes paid."""
    before, after = items(subscription), [row for row in result if not row.deleted]
    old, new = before[0]["price"]["recurring"], after[0].price["recurring"]
    if (old["interval"], old["interval_count"]) != (new["interval"], new["interval_count"]):
        return True
    before_cost = sum(cost(item["price"], item["quantity"] or 0) for item in before)
    return before_cost == 0 < sum(cost(row.price, row.quantity or 0) for row in after)


def prorations(
    world: World, subscription: Object, result: list[Row], at: int, *, credits_only: bool = False
) -> list[Object]:
    """A credit for what is left of each changed item, and what the new one costs until the end."""
    if subscription["status"] == "trialing":
        return []
    lines = []
    day = datetime.fromtimestamp(at, UTC).strftime("%d %b %Y")
    for row in (row for row in result if row.changed):
        first = items(subscription)[0]
        period = (at, first["current_period_end"])
        whole = first["current_period_end"] - first["current_period_start"]
        if row.item is not None and not meters.is_metered(row.item["price"]):
            item = row.item
            lines.append(
                _share(
                    world,
                    subscription,
                    item,
                    item["quantity"],
                    period,
                    whole,
                    f"Unused time on {_title(world, item['price'], item['quantity'])} after {day}",
                    -1,
                )
            )
        if not row.deleted and not credits_only and not meters.is_metered(row.price):
            item = {"id": row.item["id"] if row.item else world.id("si"), "price": row.price}
            lines.append(
                _share(
                    world,
                    subscription,
                    item,
                    row.quantity or 0,
                    period,
                    whole,
                    f"Remaining time on {_title(world, row.price, row.quantity)} after {day}",
                    1,
                )
            )
    return lines


def _share(
    world: World,
    subscription: Object,
    item: Object,
    quantity: int,
    period: tuple[int, int],
    whole: int,
    description: str,
    sign: int,
) -> Object:
    full, left = cost(item["price"], quantity), max(0, period[1] - period[0])
    credited = _last_paid(world, subscription, item) if sign < 0 else None
    net = discounts.net_share(world, subscription)
    if credited is not None:
        net = credited.get("_net", Fraction(1))
    made = invoices.line(
        world,
        subscription,
        item,
        quantity=quantity,
        amount=sign * rounded(full * left * net.numerator, whole * net.denominator),
        period=period,
        description=description,
        proration=True,
        credited=credited,
    )
    return made | {"_net": net}


def _last_paid(world: World, subscription: Object, item: Object) -> Object | None:
    """The line that a credit takes back a part of."""
    for invoice in states.invoices(world, subscription):
        for line in reversed(invoice["_lines"]):
            details = line["parent"]["subscription_item_details"]
            if details["subscription_item"] == item["id"] and line["amount"] > 0:
                found: Object = line
                return found
    return None


def _title(world: World, price: Object, quantity: int | None) -> str:
    name = world.objects[price["product"]]["name"]
    return name if quantity == 1 else f"{quantity} x {name}"


def apply(world: World, subscription: Object, result: list[Row]) -> None:
    """The items become what the rows say."""
    old = items(subscription)[0]
    period = (old["current_period_start"], old["current_period_end"])
    data = []
    for row in result:
        if row.deleted:
            continue
        if row.item is None or row.item["price"]["id"] != row.price["id"]:
            made = subscriptions.new_item(
                world, subscription["id"], row.price, row.quantity, period
            )
            if row.item is not None:  # another price in the same item
                kept = {"id": row.item["id"], "created": row.item["created"]}
                made = world.objects[row.item["id"]] = made | kept
            data.append(made)
        else:
            data.append(row.item | {"quantity": row.quantity})
            world.objects[row.item["id"]] = data[-1]
    subscriptions.set_items(subscription, data)

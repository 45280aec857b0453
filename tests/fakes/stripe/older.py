"""Events in the shape of an older version of the API: an endpoint keeps the one it was made with,
whatever the version of the package that reads them."""

from __future__ import annotations

import copy
from typing import Any

Object = dict[str, Any]
_BASIL = "2025-03-31"  # moved periods to the items, and the links of invoices and payments


def event(event: Object, version: str) -> Object:
    if version[:10] >= _BASIL:
        return event | {"api_version": version}
    shown = copy.deepcopy(event) | {"api_version": version}
    thing = shown["data"]["object"]
    match thing["object"]:
        case "subscription":
            for name in ("current_period_start", "current_period_end"):
                thing[name] = thing["items"]["data"][0].pop(name)
        case "invoice":
            parent = thing.pop("parent") or {}
            details = parent.get("subscription_details") or {}
            thing |= {"subscription": details.get("subscription"), "payment_intent": None}
            thing |= {"charge": None, "paid": thing["status"] == "paid"}
            for line in thing["lines"]["data"]:
                line["proration"] = line.pop("parent")["subscription_item_details"]["proration"]
                line["price"] = {"id": line.pop("pricing")["price_details"]["price"]}
        case "charge" | "payment_intent":
            thing["invoice"] = None
    return shown

"""Test clocks. The fake has one clock, so each of them is that one; it begins where the clock
stands, or later."""

from __future__ import annotations

from stripe.params import test_helpers as p

from tests.fakes.stripe.errors import Mismatch, invalid
from tests.fakes.stripe.params import Params
from tests.fakes.stripe.world import DAY, Object, World, route

CLOCK = "test_helpers.test_clock"


@route("POST", "/v1/test_helpers/test_clocks", p.TestClockCreateParams)
def create_clock(world: World, sent: Params) -> Object:
    if sent["frozen_time"] < world.now:
        raise Mismatch("the fake's clock goes forward only")
    world.advance(sent["frozen_time"])
    return world.add(
        CLOCK,
        "clock",
        deletes_after=world.now + 30 * DAY,
        frozen_time=sent["frozen_time"],
        name=sent.get("name"),
        status="ready",
        status_details={},
    )


@route("GET", "/v1/test_helpers/test_clocks/{id}", p.TestClockRetrieveParams)
def get_clock(world: World, sent: Params, key: str) -> Object:
    found = world.find(CLOCK, key)
    found["status"] = "ready"
    return found


@route("POST", "/v1/test_helpers/test_clocks/{id}/advance", p.TestClockAdvanceParams)
def advance_clock(world: World, sent: Params, key: str) -> Object:
    """It is there at once; only who asks again is told so, as at Stripe."""
    found = world.find(CLOCK, key)
    if sent["frozen_time"] <= found["frozen_time"]:
        raise invalid("`frozen_time` must be later than it is now.", param="frozen_time")
    world.advance(sent["frozen_time"])
    found |= {"frozen_time": sent["frozen_time"], "status": "advancing"}
    return found

"""The wallet, the plans, and the way back from a payment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.studio.visits import Case, Then, Visit

_PLANS = Path(__file__).parents[3] / "emulator-data/plans.json"
SOON = "2030-05-31T10:00:00Z"


def answers(visit: Visit, pattern: str, data: Any) -> None:
    """The API answers requests to addresses like `pattern` with `data`."""
    body = {"success": True, "statusCode": 200, "message": "", "data": data}
    visit.page.route(pattern, lambda route: route.fulfill(json=body))


def _plans() -> list[dict[str, Any]]:
    more = {"trialDays": 0, "perSeat": False, "createdAt": SOON, "updatedAt": SOON}
    plans = json.loads(_PLANS.read_text())["plans"]
    return [{**more, **plan, "_id": plan["id"]} for plan in plans]


def _subscription(plan: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "id": "x",
        "ownerKind": "user",
        "source": plan and "stripe",
        "status": plan and "past_due",
        "currentPlan": plan,
        "nextPlan": None,
        "startedAt": plan and SOON,
        "periodStart": plan and SOON,
        "periodEnd": plan and SOON,
        "expiryDate": plan and SOON,
        "tokens": 220,
        "totalMinutes": 32,
        "availableMinutes": 31.5,
        "modelId": None,
        "voiceId": None,
    }


def _offers(visit: Visit) -> None:
    answers(visit, "**/api/subscriptions/plans", {"plans": _plans()})


def offers_long_names(visit: Visit) -> None:
    """Names without a space, as an administrator may give them."""
    for plan in (plans := _plans()):
        plan |= {"name": plan["name"][:3] + "x" * 60, "description": "y" * 90}
    answers(visit, "**/api/subscriptions/plans", {"plans": plans})


def _has_one(visit: Visit) -> None:
    _offers(visit)
    billing = {
        "blocked": False,
        "cancelAtPeriodEnd": False,
        "graceUntil": SOON,
        "owed": {"tokens": 12, "voiceMinutes": 1.5},
        "pastDueSince": SOON,
        "periodEnd": SOON,
        "status": "past_due",
        "syncedAt": SOON,
        "trialEndsAt": None,
    }
    has = {"subscription": _subscription(_plans()[1]), "billing": billing}
    answers(visit, "**/api/check-subscription-status", has)


def _choose(visit: Visit) -> None:
    visit.page.locator(".offer-foot .button-primary:enabled").click()
    visit.page.locator("dialog .offer-price").wait_for()


def _cancel(visit: Visit) -> None:
    visit.page.locator(".current .button-quiet").click()
    visit.page.locator("dialog .button-danger").wait_for()


def _verified(status: str, *, paid: bool) -> Any:
    def prepare(visit: Visit) -> None:
        has = _subscription(_plans()[1] if paid else None)
        data = {"paid": paid, "status": status, "subscription": has}
        answers(visit, "**/api/verify-payment", data)

    return prepare


CASES = [
    Case("/wallet", title="wallet"),
    Case(
        "/wallet",
        "failed",
        prepare=lambda visit: visit.fails("**/api/tokens/ledger*", 500, "internal_error"),
    ),
    Case("/plans", "signed out", who="nobody", prepare=_offers),
    Case(
        "/plans",
        "one is theirs",
        prepare=_has_one,
        title="plans",
        then=(Then("one is cancelled", _cancel),),
    ),
    Case("/plans", "long names", prepare=offers_long_names),
    Case("/plans", "one is chosen", prepare=_offers, show=_choose),
    Case(
        "/plans",
        "failed",
        prepare=lambda visit: visit.fails("**/api/subscriptions/plans", 500, "internal_error"),
    ),
    Case(
        "/checkout/done?session=cs_test_x",
        "paid",
        prepare=_verified("complete", paid=True),
        title="checkout",
    ),
    Case(
        "/checkout/done?session=cs_test_x", "on its way", prepare=_verified("complete", paid=False)
    ),
    Case("/checkout/done?session=cs_test_x", "somebody else's"),
    Case("/checkout/cancelled"),
]

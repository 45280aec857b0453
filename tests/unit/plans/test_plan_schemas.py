"""Validation of plans."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from troupe.plans.schemas import CreatePlan, UpdatePlan

PLAN = {"name": "Enterprise", "price": 499.99, "billing_period": "Yearly"}
WRONG: list[dict[str, Any]] = [
    {"price": -0.01},
    {"price": 9.999},
    {"price": 10**30},
    {"price": "dear"},
    {"voiceMinutes": -1},
    {"voiceMinutes": 10**30},
    {"tokens": -1},
    {"tokens": 10**30},
    {"tokens": 0.5},
    {"name": "x" * 10_000},
    {"name": " "},
    {"name": "a\nb"},
    {"billingPeriod": "fortnightly"},
    {"features": ["x"] * 51},
    {"features": ["x" * 201]},
    {"features": "all"},
    {"description": "x" * 2001},
    {"isPopular": "perhaps"},
    {"status": "active"},
]


def test_both_spellings_and_any_case_are_accepted() -> None:
    fields = CreatePlan.model_validate(PLAN | {"voiceMinutes": 5, "is_popular": True}).fields()
    assert fields == {
        "name": "Enterprise",
        "price_cents": 49_999,
        "billing_period": "yearly",
        "voice_minutes": 5,
        "tokens": 0,
        "features": [],
        "is_popular": True,
        "status": "Active",
        "trial_days": 0,
        "per_seat": False,
    }


@pytest.mark.parametrize("price", [0, 0.01, 0.29, 1.15, 19.99, 99.9, 999_999.99, "9.99"])
def test_no_cent_is_lost(price: float | str) -> None:
    fields = CreatePlan.model_validate(PLAN | {"price": price}).fields()
    assert fields["price_cents"] == round(float(price) * 100)


def test_an_update_keeps_fields_that_are_left_out() -> None:
    assert UpdatePlan.model_validate({"isPopular": False}).fields() == {"is_popular": False}
    assert UpdatePlan.model_validate({"name": None}).fields() == {}


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_invalid_values_are_rejected(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    body = {key: value for key, value in PLAN.items() if key.replace("_p", "P") != name}
    for model in (CreatePlan, UpdatePlan):
        with pytest.raises(ValidationError):
            model.model_validate(body | wrong)

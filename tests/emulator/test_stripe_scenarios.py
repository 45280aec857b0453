"""The scenarios that `make stripe-live` runs at Stripe, with the fake; and what runs them there."""

from __future__ import annotations

import pytest

from tests import stripe_live
from tests.fakes.stripe_server import StripeServer
from tests.support.billing import Till, open_till
from tests.support.stripe_scenarios import SCENARIOS, Scenario
from troupe.adapters.firestore import Database


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_the_fake_behaves_like_stripe(own_db: Database, scenario: Scenario) -> None:
    """In a database of its own: there is one configuration of the portal for all of it."""
    with open_till(own_db) as till:
        scenario(till)


def test_the_live_run_counts_failures_and_leaves_nothing_for_sale(
    own_db: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(till: Till) -> None:
        till.buy(till.user(), plan_id=till.plan()[0].id)
        raise AssertionError

    monkeypatch.setattr(stripe_live, "SCENARIOS", [broken, SCENARIOS[0]])
    with StripeServer() as stripe:
        assert stripe_live.run(own_db, stripe, []) == 1
        assert capsys.readouterr().out.splitlines()[0] == "FAILED  broken"
        assert stripe.problems == []
        objects = [each for each in stripe.world.objects.values() if not each.get("deleted")]
    kinds = [each["object"] for each in objects]
    assert not {"customer", "test_helpers.test_clock"} & set(kinds)
    assert not [
        each for each in objects if each["object"] in ("price", "product") and each["active"]
    ]
    assert {each["status"] for each in objects if each["object"] == "subscription"} == {"canceled"}


@pytest.mark.parametrize(
    "key", ["", "sk_live_abc", "rk_live_abc", "pk_test_abc", "sk_test_a\n", "x"]
)
def test_the_live_run_refuses_everything_but_test_keys(key: str) -> None:
    with pytest.raises(SystemExit, match="STRIPE_TEST_KEY"):
        stripe_live.checked_key({"STRIPE_TEST_KEY": key})

"""Runs the scenarios of tests/support/stripe_scenarios.py at Stripe itself, in test mode.

    STRIPE_TEST_KEY=sk_test_… PYTHONPATH=functions python -m tests.stripe_live [NAME…]

Documents are in a Firestore emulator. What is made at Stripe is deleted or, where Stripe deletes
nothing, archived. Nothing needs to reach this machine: our books ask, and wait for no events.
"""

from __future__ import annotations

import os
import re
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.layout import PROJECT
from local.stack import Stack
from tests.support.billing import Till
from tests.support.stripe_scenarios import SCENARIOS
from troupe.adapters.firestore import Database, connect
from troupe.payments.records import CUSTOMERS
from troupe.plans.writes import PRICES


@dataclass(frozen=True)
class Account:
    """Stripe, as tests see a server."""

    key: str
    url: str = "https://api.stripe.com"
    secret: str = "whsec_that_signs_nothing"
    problems: list[str] = field(default_factory=list)


def checked_key(env: Mapping[str, str]) -> str:
    """The key of a test mode. Raises SystemExit for anything else."""
    key = env.get("STRIPE_TEST_KEY", "")
    if not key:
        raise SystemExit(
            "STRIPE_TEST_KEY is not set: a secret key of Stripe's test mode, sk_test_…"
        )
    if not re.fullmatch(r"(sk|rk)_test_\w+", key):
        raise SystemExit("STRIPE_TEST_KEY is not a test key (sk_test_… or rk_test_…): refused")
    return key


def run(db: Database, account: Any, names: list[str]) -> int:
    """Runs the scenarios with these names, or all; returns how many failed."""
    known = {scenario.__name__: scenario for scenario in SCENARIOS}
    if unknown := set(names) - known.keys():
        raise SystemExit(
            f"There is no {', '.join(sorted(unknown))}; choose from {', '.join(known)}"
        )
    till, failed = Till(db, account), 0
    try:
        for name in names or known:
            begun = time.monotonic()
            try:
                known[name](till)
            except Exception:
                failed += 1
                traceback.print_exc()
                print(f"FAILED  {name}", flush=True)
            else:
                print(f"ok      {name}, {time.monotonic() - begun:.0f} s", flush=True)
    finally:
        clean_up(till)
    return failed


def clean_up(till: Till) -> None:
    """With a test clock go its customers, and what they had."""
    for document in till.db.walk(CUSTOMERS):
        if clock := till.api.customers.retrieve(document.id).test_clock:
            till.api.test_helpers.test_clocks.delete(str(clock))
        else:
            till.api.customers.delete(document.id)
    for document in till.db.walk(PRICES):
        price = till.api.prices.update(document.id, {"active": False})
        till.api.products.update(str(price.product), {"active": False})


def main(arguments: list[str]) -> int:
    key = checked_key(os.environ)
    with Stack.start(ports="auto", components={"firestore"}) as stack:
        os.environ.update(stack.env)
        return 1 if run(Database(connect(PROJECT)), Account(key), arguments) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

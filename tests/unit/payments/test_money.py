"""Paid lines, reversals and states: pure sums."""

from __future__ import annotations

import itertools
import typing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from troupe.adapters.stripe_records import Bought, Charge, Dispute, Line, Purchase
from troupe.payments.invoices import (
    Begin,
    Catalog,
    Nothing,
    Share,
    TopUp,
    effects,
    in_order,
    share,
)
from troupe.payments.records import Addon, AddonKind, Group, PaymentStatus, Period, Price, PriceKind
from troupe.payments.reversals import owed, reversal, spread, take, target
from troupe.payments.states import (
    OURS,
    PAYMENT_STATES,
    our_status,
)
from troupe.plans.records import BillingPeriod, Plan, SubscriptionStatus
from troupe.wallet.records import Meter

START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)
TOKENS, SECONDS = Meter.TOKENS, Meter.VOICE_SECONDS
WHOLE = int((END - START).total_seconds())


def plan(plan_id: str = "basic", tokens: int = 100, minutes: int = 30, **fields: Any) -> Plan:
    return Plan(
        id=plan_id,
        name=plan_id,
        name_key=plan_id,
        price_cents=fields.pop("price_cents", 1000),
        billing_period=fields.pop("billing_period", BillingPeriod.MONTHLY),
        voice_minutes=minutes,
        tokens=tokens,
        created_at=START,
        updated_at=START,
        **fields,
    )


def price(price_id: str, kind: PriceKind = PriceKind.PLAN, **fields: Any) -> Price:
    base = {"currency": "usd", "unit_amount": 1000, "interval": "month", "updated_at": START}
    return Price.model_validate(base | {"id": price_id, "kind": kind} | fields)


BASIC, PRO = plan(), plan("pro", 300, 90, price_cents=3000)
PACK = Addon(
    id="pack",
    name="Pack",
    kind=AddonKind.TOPUP,
    currency="usd",
    tokens=50,
    voice_minutes=10,
    created_at=START,
    updated_at=START,
)
CATALOG = Catalog(
    prices={
        "p_basic": price("p_basic", plan_id="basic"),
        "p_pro": price("p_pro", plan_id="pro"),
        "p_once": price("p_once", plan_id="basic", interval="once"),
        "p_pack": price("p_pack", PriceKind.ADDON, addon_id="pack", interval="once"),
        "p_seat": price("p_seat", PriceKind.SEAT),
        "p_over": price("p_over", PriceKind.OVERAGE),
        "p_lost": price("p_lost", plan_id="deleted"),
    },
    plans={"basic": BASIC, "pro": PRO},
    addons={"pack": PACK},
)


def line(price_id: str | None = "p_basic", amount: int = 1000, **fields: Any) -> Line:
    base: dict[str, Any] = {"id": f"il_{price_id}_{amount}", "quantity": 1}
    return Line(**(base | {"start": START, "end": END} | fields), price_id=price_id, amount=amount)


def paid(*lines: Line, **fields: Any) -> Purchase:
    base: dict[str, Any] = {"id": "in_1", "paid": 1000, "currency": "usd", "created_at": START}
    return Purchase(**(base | {"paid_at": START, "subscription_id": "sub"} | fields), lines=lines)


def period(**fields: Any) -> Period:
    base = {"id": "1", "n": 1, "subscription_id": "sub", "plan": BASIC.terms}
    return Period.model_validate(base | {"start": START, "end": END} | fields)


def done(
    *lines: Line, periods: tuple[Period, ...] = (), bought: Bought | None = None, **fields: Any
) -> list[Any]:
    subscriptions = {"sub": bought} if bought else {}
    return effects(paid(*lines, **fields), CATALOG, periods, subscriptions)


def one(found: Any) -> Any:
    """Of any type: the tests know which."""
    return found


def test_a_line_of_a_whole_period_begins_it_with_the_plans_terms() -> None:
    (begin,) = done(line(quantity=3))
    assert isinstance(begin, Begin)
    assert (begin.start, begin.end) == (START, END)
    assert begin.gives == {TOKENS: 300, SECONDS: 3 * 1800}


def test_a_trial_gives_a_tenth_or_what_the_plan_says() -> None:
    bought = Bought("sub", "trialing", (), START, trial_start=START, trial_end=END)
    (begin,) = done(line(amount=0), bought=bought)
    assert begin.trial
    assert begin.gives == {TOKENS: 10, SECONDS: 180}
    generous = plan(trial_tokens=70, trial_voice_minutes=0)
    catalog = Catalog(CATALOG.prices, {"basic": generous})
    (begin,) = one(effects(paid(line(amount=0)), catalog, (), {"sub": bought}))
    assert begin.gives == {TOKENS: 70}


def test_a_trial_of_a_thousand_seats_gives_no_more_than_one_of_one() -> None:
    bought = Bought("sub", "trialing", (), START, trial_start=START, trial_end=END)
    (begin,) = done(line(amount=0, quantity=1000), bought=bought)
    assert begin.gives == {TOKENS: 10, SECONDS: 180}


def test_a_trial_that_was_ended_at_once_is_one() -> None:
    bought = Bought("sub", "active", (), START, trial_start=START, trial_end=START)
    (begin,) = done(line(amount=0), bought=bought)
    assert begin.trial
    (paid_for,) = done(line(), bought=bought)
    assert not paid_for.trial


def test_the_month_after_a_trial_gives_everything() -> None:
    bought = Bought("sub", "active", (), START, trial_start=START, trial_end=END)
    later = line(start=END, end=END + timedelta(days=30))
    (begin,) = done(later, bought=bought)
    assert not begin.trial
    assert begin.gives[TOKENS] == 100


def test_what_costs_nothing_gives_nothing_unless_its_price_is_zero() -> None:
    """Not the days before a fixed billing day, nor a change of the plan during a trial."""
    (begin,) = done(line(amount=0))
    assert begin.gives == {}
    assert isinstance(done(line("p_pro", 0, proration=True), periods=(period(),))[0], Nothing)
    gratis = Catalog({"p_basic": price("p_basic", plan_id="basic", unit_amount=0)}, CATALOG.plans)
    (begin,) = one(effects(paid(line(amount=0)), gratis, (), {}))
    assert begin.gives[TOKENS] == 100


def test_an_upgrade_gives_its_share_before_the_credit_takes_back() -> None:
    middle = START + (END - START) / 2
    credit = line("p_basic", -500, start=middle, proration=True)
    more = line("p_pro", 1500, start=middle, proration=True)
    first, second = done(credit, more, periods=(period(),))
    assert isinstance(first, Share)
    assert first.gives == {TOKENS: 150, SECONDS: 2700}
    assert second.gives == {TOKENS: -50, SECONDS: -900}


def test_shares_are_of_the_period_that_they_lie_in_or_of_a_calendar_month() -> None:
    half = START + (END - START) / 2
    part = line("p_pro", 1500, start=half, proration=True)
    (known,) = done(part, periods=(period(),))
    (unknown,) = done(part)
    assert known.of_seconds == unknown.of_seconds == WHOLE
    week = START + timedelta(days=7)
    (short,) = done(
        line("p_pro", 9, start=START, end=week, proration=True), periods=(period(end=week),)
    )
    assert short.gives[TOKENS] == 300


@given(
    cuts=st.lists(st.integers(0, WHOLE), max_size=6),
    tokens=st.integers(0, 10_000),
    quantity=st.integers(1, 50),
)
def test_shares_never_add_up_to_more_than_the_whole(
    cuts: list[int], tokens: int, quantity: int
) -> None:
    """Neither bought in parts, nor bought and given back again."""
    whole = plan(tokens=tokens, minutes=7)
    edges = [0, *sorted(cuts), WHOLE]
    parts = 0
    for begin, end in itertools.pairwise(edges):
        span: dict[str, Any] = {
            "start": START + timedelta(seconds=begin),
            "end": START + timedelta(seconds=end),
        }
        bought = share(line(amount=1, quantity=quantity, **span), whole, WHOLE)
        back = share(line(amount=-1, quantity=quantity, **span), whole, WHOLE)
        parts += bought.gives.get(TOKENS, 0)
        assert bought.gives.get(TOKENS, 0) + back.gives.get(TOKENS, 0) in (0, -1)
    assert parts <= tokens * quantity


@pytest.mark.parametrize("longer", [1, 86_400, 10**9])
def test_a_line_that_is_longer_than_the_period_gives_one_period(longer: int) -> None:
    end = END + timedelta(seconds=longer)
    assert share(line(amount=5, end=end), BASIC, WHOLE).gives[TOKENS] == 100


@pytest.mark.parametrize(
    ("price_id", "unknown"),
    [("p_seat", False), ("p_over", False), ("nobody's", True), (None, True), ("p_lost", True)],
)
def test_other_prices_give_nothing(price_id: str | None, unknown: bool) -> None:
    (effect,) = done(line(price_id))
    assert effect == Nothing(effect.line, unknown)


def test_a_top_up_gives_its_terms_for_each_piece() -> None:
    (effect,) = done(line("p_pack", quantity=2), one_off=True)
    assert isinstance(effect, TopUp)
    assert effect.gives == {TOKENS: 100, SECONDS: 1200}


def test_a_plan_bought_once_is_one_period_from_the_payment() -> None:
    (begin,) = done(line("p_once"), one_off=True, subscription_id=None)
    assert begin.once
    assert (begin.start, begin.end) == (START, END)


def test_two_plans_of_one_invoice_begin_one_period() -> None:
    first, second = done(line("p_basic"), line("p_pro", 3000))
    assert isinstance(first, Begin)
    assert first.plan.id == "pro"
    assert isinstance(second, Nothing)


def test_purchases_count_in_the_order_of_the_time_they_are_about() -> None:
    february = paid(line(start=START - timedelta(days=28)), id="in_2")
    march = paid(line(), id="in_1", created_at=START - timedelta(days=40))
    middle = paid(line(start=START + timedelta(days=9), proration=True), id="in_0")
    assert [each.id for each in in_order([middle, march, february])] == ["in_2", "in_1", "in_0"]
    twins = [paid(line(), id="in_5"), paid(line(), id="in_9")]
    assert [each.id for each in in_order(twins)] == ["in_9", "in_5"]  # as Stripe lists them


def group(gave: int = 100, paid: int = 999, reversed: int = 0, **fields: Any) -> Group:
    return Group(paid=paid, reversed=reversed, gave={TOKENS: gave}, **fields)


@given(
    gave=st.integers(0, 10**6),
    paid=st.integers(1, 10**6),
    parts=st.lists(st.integers(0, 10**6), max_size=5),
)
def test_what_is_taken_back_is_never_less_than_the_share_of_the_money(
    gave: int, paid: int, parts: list[int]
) -> None:
    back = min(paid, sum(parts))
    found = target(group(gave, paid, sum(parts)), TOKENS)
    assert gave * back / paid <= found < gave * back / paid + 1
    if back == paid:
        assert found == gave


@given(steps=st.lists(st.tuples(st.integers(0, 999), st.integers(0, 200)), max_size=12))
def test_reversals_end_where_the_last_state_says_whatever_came_before(
    steps: list[tuple[int, int]],
) -> None:
    """In any order, with disputes won and lost, while what is available changes."""
    state = group()
    for reversed_, available in steps:
        state = state.model_copy(update={"reversed": reversed_})
        move = take(state, {TOKENS: available}).get(TOKENS, 0)
        assert move <= available
        taken = state.reversed_of.get(TOKENS, 0) + move
        state = state.model_copy(update={"reversed_of": {TOKENS: taken}})
        wanted = target(state, TOKENS)
        assert taken <= wanted
        assert owed([state]).get(TOKENS, 0) == wanted - taken
        assert take(state, {TOKENS: 0}) == {}
    last = take(state, {TOKENS: 10**9}).get(TOKENS, 0)
    assert state.reversed_of.get(TOKENS, 0) + last == target(state, TOKENS)


def test_minutes_that_expired_are_not_taken_again() -> None:
    """1,800 seconds were given and 1,500 of them expired: who gets half of the money back keeps
    900, and has used 300; who gets everything back owes those 300."""
    half = Group(paid=10, reversed=5, gave={SECONDS: 1800}, expired={SECONDS: 1500})
    assert target(half, SECONDS) == 0
    assert target(half.model_copy(update={"reversed": 10}), SECONDS) == 300


def test_it_makes_no_difference_whether_a_reversal_is_noticed_before_the_minutes_expire() -> None:
    """Half of the money came back, and nothing was used: nothing is left, and nothing owed."""
    late = Group(paid=10, reversed=5, gave={SECONDS: 1800}, expired={SECONDS: 1800})
    early = late.model_copy(
        update={"expired": {SECONDS: 900}, "kept_back": {SECONDS: 900}}
        | {"reversed_of": {SECONDS: 900}}
    )
    assert take(early, {SECONDS: 99}) == take(late, {SECONDS: 99}) == {}
    won = early.model_copy(update={"reversed": 0})
    assert take(won, {SECONDS: 0}) == {}


def test_what_was_credited_is_taken_before_the_share_of_a_refund() -> None:
    """Of 100, 40 were credited, and half of the money came back: half of the other 60."""
    half = group(reversed=500, paid=1000, credited={TOKENS: 40})
    assert target(half, TOKENS) == 70
    assert target(half.model_copy(update={"reversed": 1000}), TOKENS) == 100
    assert target(half.model_copy(update={"paid": 0}), TOKENS) == 40


def test_what_a_balance_covered_is_reversed_with_the_money_that_it_came_from() -> None:
    """A year was bought and changed to a month, twice; then the year is refunded."""
    year = period(paid=9900, cash_reversed=9900)
    trial = period(id="2", n=2)
    month = period(id="3", n=3, covered=1000, gave={TOKENS: 100})
    mixed = period(id="4", n=4, covered=500, paid=500, gave={TOKENS: 100})
    found = spread([year, trial, month, mixed])
    assert [each.reversed for each in found] == [9900, 0, 1000, 500]
    assert [target(each, TOKENS) for each in found[2:]] == [100, 50]
    kept = spread([period(paid=9900, cash_reversed=3300), month])
    assert kept[1].reversed == 334


def test_what_cost_nothing_cannot_be_reversed() -> None:
    assert target(group(paid=0, reversed=0), TOKENS) == 0


def charge(refunded: int = 0, **disputes: int) -> Charge:
    made = tuple(Dispute(f"dp_{name}", amount, name) for name, amount in disputes.items())
    return Charge("ch", "pi", 1000, refunded, made)


@pytest.mark.parametrize(
    ("charges", "reversed_", "status", "blocked"),
    [
        ([charge()], 0, "paid", False),
        ([charge(1)], 1, "partly_refunded", False),
        ([charge(1000)], 1000, "refunded", False),
        ([charge(needs_response=1000)], 1000, "disputed", True),
        ([charge(under_review=400)], 400, "disputed", True),
        ([charge(300, needs_response=1000)], 1000, "disputed", True),
        ([charge(won=1000)], 0, "paid", False),
        ([charge(200, won=1000)], 200, "partly_refunded", False),
        ([charge(lost=1000)], 1000, "lost", False),
        ([charge(warning_needs_response=1000)], 0, "paid", False),
        ([charge(prevented=1000)], 0, "paid", False),
        ([charge(600), charge(400)], 1000, "refunded", False),
    ],
)
def test_the_state_of_a_payment_follows_from_its_charges(
    charges: list[Charge], reversed_: int, status: str, blocked: bool
) -> None:
    found = reversal(1000, charges)
    assert (found.reversed, found.status, found.open_dispute) == (reversed_, status, blocked)
    assert found.status is PaymentStatus.PAID or found.status in PAYMENT_STATES[PaymentStatus.PAID]


def test_every_status_of_stripe_has_a_meaning() -> None:
    """The package lists them."""
    hint = stripe.Subscription.__annotations__["status"]
    known = {value for each in typing.get_args(hint) for value in typing.get_args(each)}
    assert known == set(OURS)


@pytest.mark.parametrize(
    ("status", "failed", "ours"),
    [
        ("past_due", False, SubscriptionStatus.PAST_DUE),
        ("canceled", False, SubscriptionStatus.CANCELLED),
        ("canceled", True, SubscriptionStatus.EXPIRED),
        ("incomplete", False, None),
        ("invented next year", False, None),
    ],
)
def test_a_status_of_stripe_is_one_of_ours(
    status: str, failed: bool, ours: SubscriptionStatus | None
) -> None:
    assert our_status(status, failed=failed) is ours


def test_every_state_of_a_payment_leads_only_to_known_ones() -> None:
    states = set(PaymentStatus)
    assert set(PAYMENT_STATES) == states
    assert all(after <= states for after in PAYMENT_STATES.values())


def test_final_states_are_final() -> None:
    ends = {state for state, after in PAYMENT_STATES.items() if not after}
    assert ends == {PaymentStatus.VOID, PaymentStatus.LOST}

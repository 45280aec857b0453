"""The audit names every way in which documents can break an invariant of money or companies, and
finds nothing in an ordinary history. Each row damages real documents of one history."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from google.cloud import firestore

from tests.support.billing import open_till
from tests.support.invariants import Damage, History, an_entry
from troupe.__main__ import main
from troupe.adapters.firestore import Database, connect, now
from troupe.commands.ledger_audit import audit
from troupe.payments.records import LineRule
from troupe.wallet.records import Meter

WHOLE, SHARE, CREDIT = LineRule.WHOLE, LineRule.SHARE, LineRule.CREDIT


@pytest.fixture(scope="module")
def history(emulators: object) -> Iterator[History]:
    client = connect(f"demo-{secrets.token_hex(6)}")
    with open_till(Database(client)) as till:
        made = History(till)
        assert made.problems() == []
        yield made
        made.end()
        assert made.problems() == []  # every row has put its documents back
    client.close()


def plan_entry(h: History, uid: str, n: int = 1) -> str:
    return h.entry(uid, f"plan-{uid}-{n}-tokens")


def share_entry(h: History) -> str:
    return f"{plan_entry(h, h.buyer)}-{h.line_of(SHARE).line_id}"


def hold(h: History) -> str:
    return h.entry(h.firm, f"{h.held}-hold")


def failed() -> Damage:
    """An event that arrived two hours ago."""
    at = now() - timedelta(hours=2)
    return {"stripeEvents/evt_1": {"type": "invoice.paid", "receivedAt": at, "status": "failed"}}


Row = tuple[int, Callable[[History], Damage], str]
ROWS: dict[str, Row] = {
    # 1: wallet = sum of its ledger; available, held >= 0; every hold ends once
    "wallet": (1, lambda h: {f"wallets/{h.buyer}": {"tokens.granted": 1}}, "the wallet says"),
    "overdrawn": (1, lambda h: {f"wallets/{h.buyer}": {"tokens.held": 10**6}}, "overdrawn"),
    "no wallet": (1, lambda h: {f"wallets/{h.given}": None}, "has no wallet"),
    "unreadable": (1, lambda h: {f"wallets/{h.given}": {"kind": "x"}}, "cannot be read"),
    "ended twice": (
        1,
        lambda h: {
            h.entry(h.firm, f"{h.job}-release"): an_entry(kind="release", jobId=h.job, by=h.member)
        },
        "ended its hold 2 times",
    ),
    "another meter": (
        1,
        lambda h: {h.entry(h.firm, f"{h.job}-settle"): {"meter": "voiceSeconds"}},
        "of its hold remain",
    ),
    "hold of no job": (1, lambda h: {hold(h): {"jobId": None}}, "names no job"),
    "kind": (1, lambda h: {plan_entry(h, h.given): {"used": 1}}, "cannot change a wallet by"),
    # 2: what each line gave, and exactly those entries
    "whole": (2, lambda h: h.line(WHOLE, gave={Meter.TOKENS: 101}), "its terms give 100 tokens"),
    "terms": (2, lambda h: h.line(WHOLE, each={Meter.TOKENS: 90}), "its terms give 90 tokens"),
    "quantity": (2, lambda h: h.line(WHOLE, quantity=2), "its terms give 200 tokens"),
    "nothing": (2, lambda h: h.line(WHOLE, gave={}), "gave nothing; its terms give 100"),
    "share rounded up": (
        2,
        lambda h: h.line(SHARE, gave={each: n + 1 for each, n in h.line_of(SHARE).gave.items()}),
        "its terms give",
    ),
    "credit rounded down": (
        2,
        lambda h: h.line(CREDIT, gave={each: n + 1 for each, n in h.line_of(CREDIT).gave.items()}),
        "its terms give",
    ),
    "seconds": (2, lambda h: h.line(SHARE, seconds=60), "counts 60 seconds, its time is"),
    "of seconds": (2, lambda h: h.line(SHARE, of_seconds=10**6), "no period is that long"),
    "no period": (2, lambda h: h.line(SHARE, period=99), "period 99, which does not exist"),
    "trial": (
        2,
        lambda h: h.line(LineRule.TRIAL, h.trying, gave={Meter.TOKENS: 100}),
        "its terms give 10 tokens",
    ),
    "top-up": (
        2,
        lambda h: h.line(LineRule.TOPUP, gave={Meter.TOKENS: 51}),
        "its terms give 50 tokens",
    ),
    "free line": (
        2,
        lambda h: h.line(LineRule.TOPUP, rule=LineRule.NOTHING),
        "its terms give nothing",
    ),
    "manual": (
        2,
        lambda h: {f"payments/{h.manual}": {"gave": {"tokens": 41}}},
        "gave 41 tokens, not 40 tokens",
    ),
    "no entry": (2, lambda h: {plan_entry(h, h.buyer): None}, "is not in the ledger"),
    "no share entry": (2, lambda h: {share_entry(h): None}, "is not in the ledger"),
    "entry": (2, lambda h: {plan_entry(h, h.buyer): {"granted": 99}}, "granted 99, 100 was paid"),
    "extra top-up": (
        2,
        lambda h: {
            h.entry(h.buyer, f"topup-{h.payment(LineRule.TOPUP).id}-tokens-x"): an_entry(granted=5)
        },
        "no line of the payment gives it",
    ),
    "unknown top-up": (
        2,
        lambda h: {h.entry(h.buyer, "topup-pi_none-tokens"): an_entry(granted=5)},
        "payment pi_none, which does not exist",
    ),
    "unbilled top-up": (
        2,
        lambda h: {h.entry(h.free, "topup-pi_none-tokens"): an_entry(granted=5)},
        "there is no billing",
    ),
    "extra share": (
        2,
        lambda h: {f"{plan_entry(h, h.buyer)}-x": an_entry(granted=5)},
        "no line of a payment gives it",
    ),
    "future period": (
        2,
        lambda h: {plan_entry(h, h.given, 2): an_entry(granted=5)},
        "a period that has not begun",
    ),
    "not paid for": (
        2,
        lambda h: {plan_entry(h, h.given): {"cause": "unpaid"}},
        "a plan with a price, and was not paid for",
    ),
    "not free": (2, lambda h: {plan_entry(h, h.given): {"cause": "free"}}, "has the cause free"),
    "not given": (2, lambda h: {plan_entry(h, h.free): {"cause": "admin"}}, "has the cause admin"),
    "no cause": (
        2,
        lambda h: {plan_entry(h, h.given): {"cause": None}},
        "without a payment, an administrator or a free plan",
    ),
    "credited": (
        2,
        lambda h: {f"billing/{h.buyer}/periods/1": {"credited.tokens": 1}},
        "period 1 says that 1 tokens were credited",
    ),
    "period gave": (
        2,
        lambda h: {f"billing/{h.buyer}/periods/1": {"gave.tokens": 99}},
        "period 1 gave 99 tokens",
    ),
    "period's payments": (
        2,
        lambda h: {f"billing/{h.buyer}/periods/1": {"payments": ["in_none"]}},
        "names a payment that does not exist",
    ),
    "period paid": (
        2,
        lambda h: {f"billing/{h.buyer}/periods/1": {"paid": 1}},
        "period 1 was paid with 1",
    ),
    # 3: what was reversed is taken as far as it was there; the rest is owed
    "taken": (
        3,
        lambda h: {f"billing/{h.buyer}/periods/1": {"reversedOf.tokens": 1}},
        "1 tokens were taken back, the ledger has",
    ),
    "taken too much": (
        3,
        lambda h: {f"payments/{h.payment(LineRule.TOPUP).id}": {"reversedOf.tokens": 49}},
        "49 tokens were taken back, 10 are due",
    ),
    "owed": (3, lambda h: {f"billing/{h.buyer}": {"owed": {"tokens": 3}}}, "are owed"),
    "could be taken": (
        3,
        lambda h: {
            f"billing/{h.refunded}": {"syncedAt": h.later()},
            f"wallets/{h.refunded}": {"tokens.granted": 1000},
        },
        "are owed, and ",
    ),
    "reversed": (
        3,
        lambda h: {f"payments/{h.payment(LineRule.TOPUP).id}": {"reversed": 0}},
        "says that 0 were reversed, its refunds and disputes 100",
    ),
    "cash": (
        3,
        lambda h: {f"billing/{h.refunded}/periods/1": {"cashReversed": 5}},
        "5 were paid back, its payments say 1000",
    ),
    "share reversed": (
        3,
        lambda h: {f"billing/{h.refunded}/periods/1": {"reversed": 999}},
        "999 were reversed, it should be 1000",
    ),
    "reversal of nothing": (
        3,
        lambda h: {h.entry(h.buyer, "reverse-x-1-tokens"): an_entry(kind="reverse", granted=-1)},
        "belongs to no payment",
    ),
    # 4: whoever got everything back keeps nothing
    "kept": (
        4,
        lambda h: {f"billing/{h.refunded}/periods/1": {"reversedOf.tokens": 1}},
        "everything was paid back, and 99 tokens of it are left",
    ),
    # 5: customers and billing lead to each other
    "customer of another": (
        5,
        lambda h: {h.customer(h.buyer): {"ownerId": h.free}},
        "does not lead back to its owner",
    ),
    "kind of owner": (
        5,
        lambda h: {h.customer(h.buyer): {"ownerKind": "company"}},
        "does not lead back to its owner",
    ),
    "no customer": (5, lambda h: {h.customer(h.buyer): None}, "does not lead back to its owner"),
    "second customer": (
        5,
        lambda h: {"stripeCustomers/cus_x": {"ownerKind": "user", "ownerId": h.buyer}},
        "cus_x is linked to",
    ),
    "billing of nobody": (
        5,
        lambda h: {"billing/nobody": {"createdAt": now(), "updatedAt": now()}},
        "nobody: its billing is open, and it has no wallet",
    ),
    # 6: the subscription is that at Stripe
    "status": (6, lambda h: {f"billing/{h.buyer}": {"stripeStatus": "past_due"}}, "Stripe says"),
    "ended": (6, lambda h: {f"subscriptions/{h.buyer}": {"status": "expired"}}, "has ended"),
    "another": (
        6,
        lambda h: {f"billing/{h.buyer}": {"subscriptionId": "sub_x"}},
        "is not the one at Stripe",
    ),
    "not here": (
        6,
        lambda h: {f"subscriptions/{h.buyer}": {"source": "user"}},
        "is active at Stripe, and not here",
    ),
    "not recorded": (
        6,
        lambda h: {f"subscriptions/{h.buyer}": {"period": 9}},
        "period 9 is paid at Stripe, but was not recorded",
    ),
    # 7: no event waits for more than an hour
    "failed": (7, lambda h: failed(), "evt_1 (invoice.paid) is failed"),
    # 8: the owner's document shows granted - used
    "user": (8, lambda h: {f"users/{h.buyer}": {"tokens": 1}}, "shows 1 tokens"),
    "company": (8, lambda h: {h.company: {"tokens": 1}}, "shows 1 tokens"),
    "minutes": (8, lambda h: {f"users/{h.buyer}": {"voiceSeconds.used": 9}}, "voice seconds"),
    "no owner": (8, lambda h: {f"users/{h.given}": None}, "does not exist"),
    # 9: revenue = sum of the payments of the day
    "gross": (9, lambda h: {h.day(): {"gross": -1}}, "gross is -1, the payments add up"),
    "tax": (9, lambda h: {h.day(): {"tax": -1}}, "tax is -1, the payments add up"),
    "refunded": (9, lambda h: {h.day(): {"refunded": -1}}, "refunded is -1, the payments add up"),
    "disputed": (9, lambda h: {h.day(): {"disputed": -1}}, "disputed is -1, the payments add up"),
    "payments": (9, lambda h: {h.day(): {"payments": -1}}, "payments is -1, the payments add up"),
    "by plan": (
        9,
        lambda h: {h.day(): {f"byPlan.{h.small_price.plan_id}": 1}},
        "byPlan.",
    ),
    "a day without payments": (
        9,
        lambda h: {"revenueDays/2020-01-01-usd": {"gross": 5}},
        "2020-01-01-usd: gross is 5, the payments add up to 0",
    ),
    # 11: members and users say the same
    "role": (11, lambda h: {h.membership: {"role": "admin"}}, "the user's document says member"),
    "no entry of a user": (
        11,
        lambda h: {f"users/{h.member}": {"companies": {}}},
        "the user's document says None",
    ),
    "no member": (11, lambda h: {h.membership: None}, "whose member the user is not"),
    "no company": (
        11,
        lambda h: {f"users/{h.buyer}": {"companies": {"co_none": "member"}}},
        "names co_none, which does not exist",
    ),
    "two owners": (11, lambda h: {h.membership: {"role": "owner"}}, "members with that role are"),
    "count": (11, lambda h: {h.company: {"memberCount": 7}}, "has 2 members, and counts 7"),
    # 12: licenses
    "stranger's license": (
        12,
        lambda h: {h.license(): {"userId": h.buyer}},
        "who does not have it",
    ),
    "more than paid": (
        12,
        lambda h: {f"billing/{h.firm}": {"seats": 1, "seatsApplied": 1}},
        "pays for 1 licenses, and 2 of them are active",
    ),
    "never applied": (
        12,
        lambda h: {f"billing/{h.firm}": {"seats": 1, "syncedAt": now() - timedelta(hours=2)}},
        "pays for 1 licenses, and 2 were applied",
    ),
    "two licenses": (
        12,
        lambda h: {
            each.path: {"userId": h.member} for each in h.db.find(f"{h.company}/licences", limit=10)
        },
        "has 2 licenses",
    ),
    "seats": (12, lambda h: {h.company: {"seats.total": 9}}, "its licenses add up to"),
    # 14: budgets
    "used": (14, lambda h: {h.budget(): {"tokens.used": 1000}}, "says tokens used 1000"),
    "held": (14, lambda h: {h.budget(): {"tokens.held": 1000}}, "says tokens held 1000"),
    "no budget": (14, lambda h: {h.budget(): None}, "says tokens used 0"),
    "above the cap": (14, lambda h: {hold(h): {"cap": 4}}, "above the cap of 4"),
    # 15: the payer of a job, and its maker
    "payer": (15, lambda h: {f"jobs/{h.job}": {"companyId": None}}, "is paid by"),
    "maker": (15, lambda h: {f"jobs/{h.job}": {"uid": h.buyer}}, "is paid by"),
    "nobody": (15, lambda h: {hold(h): {"by": None}}, "does not say which member"),
    "stranger": (15, lambda h: {hold(h): {"memberSince": None}}, "who was not a member then"),
    "too early": (15, lambda h: {hold(h): {"memberSince": h.later()}}, "was not a member then"),
    # 16: tabs
    "tab without a job": (
        16,
        lambda h: {f"jobs/{h.tab}": {"status": "cancelled"}},
        "it is open without a job",
    ),
    "job without a tab": (16, lambda h: {f"tabs/{h.tab}": None}, "its job is live, and it is clo"),
    "tab's hold": (16, lambda h: {f"tabs/{h.tab}": {"held": 6}}, "its job meter="),
    "tab overused": (16, lambda h: {f"tabs/{h.tab}": {"used": 10**7}}, "10000000 ms were used of"),
    "tab overfull": (16, lambda h: {f"tabs/{h.tab}": {"left": 10**7}}, "10000000 ms are left of"),
    "tab too old": (
        16,
        lambda h: {f"tabs/{h.tab}": {"closesAt": now() - timedelta(hours=2)}},
        "it should have been closed",
    ),
    "second tab": (16, lambda h: {h.room.of.path: {"tab": None}}, "beside another one"),
    "tab unreadable": (16, lambda h: {f"tabs/{h.tab}": {"meter": "x"}}, "the tab cannot be read"),
    "tab's causes": (16, lambda h: {f"tabs/{h.tab}": {"used": 1999}}, "2000 are accounted for"),
    "closed tab's causes": (
        16,
        lambda h: {f"jobs/{h.closed_tab}": {"usage.milliseconds": 61_001}},
        "61001 ms were used, 61000 are accounted for",
    ),
    "tab charged": (
        16,
        lambda h: {f"jobs/{h.closed_tab}": {"usage.milliseconds": 121_000}},
        "2 was charged for 121000 ms, which is 3",
    ),
    "tab without a hold": (
        16,
        lambda h: {f"jobs/{h.closed_tab}": {"charge": None}},
        "its job had no hold",
    ),
    "tab's input": (
        16,
        lambda h: {f"jobs/{h.tab}/private/input": {"input": {}}},
        "job of a tab cannot be read",
    ),
}


@pytest.mark.parametrize("name", ROWS, ids=lambda name: f"{ROWS[name][0]}-{name}")
def test_the_audit_names_what_breaks_an_invariant(history: History, name: str) -> None:
    number, damage, told = ROWS[name]
    with history.damaged(damage(history)):
        found = history.people() if number in (11, 12) else history.money()
    assert any(told in problem for problem in found), found


def test_every_invariant_has_a_row() -> None:
    """10 needs Stripe, and 13 is in the tests of invitations."""
    assert {n for n, *_ in ROWS.values()} | {10, 13} == set(range(1, 17))


def test_documents_of_older_versions_are_counted_and_not_passed(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    db = history.db
    assert audit(db).unchecked == {}
    new = ("rule", "each", "start", "end", "period")
    damage: dict[str, dict[str, object]] = {}
    for document in db.walk("payments"):
        lines = document.data.get("lines", [])
        old = [{name: each[name] for name in each if name not in new} for each in lines]
        damage[document.path] = {"lines": old}
    with history.damaged(damage):
        assert audit(db).findings == []
        capsys.readouterr()
        assert main(["audit"], history.till.services) == 0
        lines = sum(len(each["lines"]) for each in damage.values())  # type: ignore[arg-type,misc]
        told = capsys.readouterr().out
        assert f"cannot be checked: {lines} lines of payments from before" in told
    gone = firestore.DELETE_FIELD
    entries = {hold(history): {"cap": gone, "memberSince": gone}}
    with history.damaged(entries):
        assert audit(db).findings == []
        assert audit(db).unchecked == {}  # the member is there, and was then
    with history.damaged(entries | {history.membership: {"joinedAt": history.later()}}):
        found = audit(db)
        assert any("holds of companies" in what for what in found.unchecked)
    grants = {plan_entry(history, history.given): {"cause": gone}}
    with history.damaged(grants | {f"subscriptions/{history.given}": {"source": "user"}}):
        assert any("grants of plans" in what for what in audit(db).unchecked)

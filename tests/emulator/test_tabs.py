"""Tabs: what is used in rooms is held, counted and charged, exactly once and never beyond."""

from __future__ import annotations

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.audits import audit_user
from tests.support.companies import a_firm
from tests.support.factories import Troupe, new_user
from tests.support.lost import lost_answer
from tests.support.meanwhile import Meanwhile
from tests.support.tabs import a_heard_room
from tests.support.wiring import rewired
from troupe.accounts.errors import AccountSuspended
from troupe.adapters.firestore import Create, Database, Increment, Missing, Stale, Update, now
from troupe.adapters.storage import Files
from troupe.commands import tabs_audit
from troupe.commands.budget_audit import audit_budgets
from troupe.commands.ledger_audit import audit, audit_owner
from troupe.commands.tabs_audit import audit_tabs
from troupe.jobs.records import JobStatus
from troupe.jobs.shares import Share, check_write
from troupe.settings import Prices
from troupe.tabs import service
from troupe.tabs.records import TabAccount
from troupe.tabs.service import Tabs
from troupe.wallet.budgets import Budget, Cap, budget_path, member_path
from troupe.wallet.errors import BillingBlocked, CapReached, NotEnoughTokens
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Balance, Meter, Owner, Wallet

SECOND, MINUTE = 1000, 60_000


@pytest.fixture
def tabs(db: Database) -> Tabs:
    return Tabs(db, Prices())


def tokens(db: Database, owner_id: str) -> Balance:
    return Wallet.of(db.get(f"wallets/{owner_id}")).tokens


def test_a_started_minute_costs_a_token_whatever_its_number_of_captions(
    db: Database, tabs: Tabs
) -> None:
    room = a_heard_room(db, tabs, new_user(db))
    for _ in range(30):
        room.hear(2 * SECOND)
    assert tokens(db, room.of.uid) == Balance(granted=20, held=5)
    room.close()
    assert tokens(db, room.of.uid) == Balance(granted=20, used=1)
    room.hear(1 * SECOND)
    room.close()
    assert tokens(db, room.of.uid).used == 2
    assert room.account.credit == {Meter.TOKENS: 59 * SECOND}
    room.hear(59 * SECOND)
    room.close()
    assert tokens(db, room.of.uid).used == 2
    assert audit_user(db, room.of.uid) == []


def test_what_is_left_of_a_minute_needs_no_further_token(db: Database, tabs: Tabs) -> None:
    room = a_heard_room(db, tabs, new_user(db, 1))
    room.hear(10 * SECOND)
    room.close()
    room.hear(50 * SECOND)
    with pytest.raises(NotEnoughTokens):
        room.hear(1)
    room.close()
    assert (tokens(db, room.of.uid), room.account.credit) == (
        Balance(granted=1, used=1),
        {Meter.TOKENS: 0},
    )
    assert audit_user(db, room.of.uid) == []


def test_voice_seconds_pay_first(db: Database, tabs: Tabs) -> None:
    uid = new_user(db)
    db.commit(*grant_writes(Owner.user(uid), "x", Meter.VOICE_SECONDS, 20, "test", now()))
    room = a_heard_room(db, tabs, uid)
    room.hear(2400, longest=3000)
    room.hear(2400, longest=15_000)  # the first tab holds half of them
    room.close()
    wallet = Wallet.of(db.get(f"wallets/{uid}"))
    assert (wallet.voice_seconds.used, wallet.tokens.used) == (5, 0)
    room.hear(15 * SECOND)
    room.hear(1 * SECOND)  # none is left
    room.close()
    wallet = Wallet.of(db.get(f"wallets/{uid}"))
    assert (wallet.voice_seconds.used, wallet.tokens.used) == (20, 1)
    assert audit_user(db, uid) == []


def test_what_was_not_heard_is_free(db: Database, tabs: Tabs) -> None:
    room = a_heard_room(db, tabs, new_user(db))
    reserved = tabs.reserve(room.of, 15 * SECOND)
    assert room.tab is not None and room.tab.left == 5 * MINUTE - 15 * SECOND
    tabs.give_back(reserved)
    assert room.tab is not None and (room.tab.left, room.tab.used) == (5 * MINUTE, 0)
    room.close()
    tabs.give_back(reserved)
    assert tokens(db, room.of.uid) == Balance(granted=20)


def test_who_asks_for_too_much_leaves_the_tab_to_others(db: Database, tabs: Tabs) -> None:
    room = a_heard_room(db, tabs, new_user(db, 2))
    mine = tabs.reserve(room.of, 15 * SECOND)
    room.hear(30 * SECOND)
    before = room.tab
    assert before is not None and before.held == 1
    # One token more can be held: 60 s, and what is left of these 60.
    with pytest.raises(NotEnoughTokens):
        tabs.reserve(room.of, 76 * SECOND)
    assert room.tab == before
    used = {mine.tab_id: 15 * SECOND}
    said = {"kind": "caption", "createdAt": now(), "used": used}
    db.commit(Create(f"{room.of.place}/messages/x", said), mine.use(15 * SECOND))
    large = tabs.reserve(room.of, 75 * SECOND)  # with what closing releases
    assert large.tab_id == room.account.tab != before.id
    assert tokens(db, room.of.uid) == Balance(granted=2, used=1, held=1)


def test_a_large_reservation_takes_nothing_from_a_small_one(
    db: Database, tabs: Tabs, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = a_heard_room(db, tabs, new_user(db))
    room.hear(SECOND)
    path = f"tabs/{room.account.tab}"
    try_more, give_back = ({"left": Increment(sign * 16 * MINUTE)} for sign in (-1, 1))
    db.commit(Update(path, try_more))  # by another process, for a moment
    opened = Tabs._opened

    def looked(self: Tabs, *given: Any, **more: Any) -> Any:
        try:
            return opened(self, *given, **more)
        except Stale:
            db.commit(Update(path, give_back))
            raise

    with monkeypatch.context() as patch:
        patch.setattr(Tabs, "_opened", looked)
        found = tabs.reserve(room.of, 5 * SECOND).tab_id
    assert found == room.account.tab == path.partition("/")[2]
    db.commit(Update(path, try_more))  # and died
    assert tabs.reserve(room.of, 5 * SECOND).tab_id == room.account.tab != path.partition("/")[2]


def test_nothing_is_given_back_twice(db: Database, tabs: Tabs) -> None:
    room = a_heard_room(db, tabs, new_user(db))
    reserved = tabs.reserve(room.of, 15 * SECOND)
    with lost_answer(db, f"tabs/{reserved.tab_id}") as lost:
        tabs.give_back(reserved)
    assert lost
    assert room.tab is not None and room.tab.left == 5 * MINUTE


@pytest.mark.parametrize("change", ["closesAt", "uid"])
def test_an_open_tab_is_left_when_its_payer_changes(own_db: Database, change: str) -> None:
    """Also if the company that pays stays the same."""
    room = a_heard_room(own_db, Tabs(own_db, Prices()), new_user(own_db))
    room.hear(SECOND)
    before = room.account.tab
    value = now() if change == "closesAt" else "an-earlier-owner"
    own_db.commit(Update(room.of.path, {change: value}))
    if change == "closesAt":
        own_db.commit(Update(f"tabs/{before}", {change: value}))
    room.hear(SECOND)
    assert (room.account.tab != before, room.account.uid) == (True, room.of.uid)


def test_a_blocked_wallet_pays_nothing(db: Database, tabs: Tabs) -> None:
    room = a_heard_room(db, tabs, new_user(db))
    db.commit(Update(f"wallets/{room.of.uid}", {"blocked": "dispute"}))
    with pytest.raises(BillingBlocked):
        tabs.reserve(room.of, 1)


def test_who_opens_at_once_shares_one_hold(db: Database, tabs: Tabs) -> None:
    room = a_heard_room(db, tabs, new_user(db))
    with ThreadPoolExecutor(10) as pool:
        found = set(pool.map(lambda _: tabs.reserve(room.of, SECOND).tab_id, range(10)))
    assert found == {room.account.tab}
    assert tokens(db, room.of.uid).held == 5
    assert room.tab is not None and room.tab.left == 5 * MINUTE - 10 * SECOND


def test_ten_rooms_use_up_a_wallet_and_no_more(own_db: Database) -> None:
    tabs, many = Tabs(own_db, Prices()), 10
    uid = new_user(own_db, 9)
    rooms = [a_heard_room(own_db, tabs, uid) for _ in range(many)]

    def speak(number: int) -> None:
        chance = random.Random(number)
        while True:
            longest = chance.randrange(5 * SECOND, 15 * SECOND)
            try:
                rooms[number % many].hear(chance.randrange(longest), longest)
            except NotEnoughTokens:
                return

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(speak, range(10 * many)))
    assert audit(own_db, paid=False).findings == []
    for room in rooms:
        room.close()
    spent = tokens(own_db, uid)
    assert (spent.available, spent.held) == (spent.granted - spent.used, 0)
    paid = [room.account.credit.get(Meter.TOKENS, 0) for room in rooms]
    assert spent.used * MINUTE == sum(room.heard() for room in rooms) + sum(paid)
    assert spent.used >= spent.granted - 1
    assert audit(own_db, paid=False).findings == []


def test_a_tab_that_is_closed_meanwhile_loses_nothing(own_db: Database) -> None:
    tabs = Tabs(own_db, Prices())
    room = a_heard_room(own_db, tabs, new_user(own_db, 1000))
    room.hear(SECOND)
    done = threading.Event()
    closed = 0

    def close() -> None:
        nonlocal closed
        while not done.is_set():
            if tab := room.account.tab:
                tabs.close(tab)
                closed += 1

    closing = threading.Thread(target=close)
    closing.start()
    heard = 0
    with ThreadPoolExecutor(4) as pool:
        # A busy machine closes fewer tabs in the same time.
        while heard < 60 or (closed < 20 and closing.is_alive()):
            list(pool.map(lambda _: room.hear(1500, longest=2000), range(20)))
            heard += 20
    done.set()
    closing.join()
    room.close()
    assert closed >= 20
    spoken = SECOND + heard * 1500
    assert room.heard() == spoken
    assert tokens(own_db, room.of.uid) == Balance(granted=1000, used=-(-spoken // MINUTE))
    assert audit(own_db, paid=False).findings == []


def test_a_room_may_have_lost_the_messages_of_before(own_db: Database) -> None:
    room = a_heard_room(own_db, Tabs(own_db, Prices()), new_user(own_db))
    room.hear(SECOND)
    room.close()
    cleared = now()
    own_db.clear(f"{room.of.place}/messages")
    assert len(audit_tabs(own_db)) == 1
    own_db.commit(Update(room.of.place, {"clearedBefore": cleared}))
    assert audit_tabs(own_db) == []
    room.hear(SECOND)
    own_db.clear(f"{room.of.place}/messages")
    assert len(audit_tabs(own_db)) == 1


@pytest.mark.parametrize("wrong", ["credit", "overuse"])
def test_the_audit_finds_what_was_paid_for_nothing(own_db: Database, wrong: str) -> None:
    room = a_heard_room(own_db, Tabs(own_db, Prices()), new_user(own_db))
    room.hear(SECOND)
    tab_id = room.account.tab
    room.close()
    assert audit_tabs(own_db) == []
    if wrong == "credit":
        own_db.commit(Update(room.of.path, {"credit.tokens": 58 * SECOND}))
    else:  # of a tab that held 5 tokens
        own_db.commit(
            Update(f"jobs/{tab_id}", {"usage.milliseconds": 301 * SECOND, "charge.charged": 5}),
            Update(room.of.path, {"credit.tokens": -SECOND}),
        )
        own_db.clear(f"{room.of.place}/messages")
        at, used = now(), {tab_id: 301 * SECOND}
        said = {"kind": "caption", "createdAt": at, "used": used}
        own_db.commit(Create(f"{room.of.place}/messages/x", said))
    assert audit_tabs(own_db) != []


def test_a_problem_counts_if_two_looks_find_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([[("a", "moved"), ("b", "wrong")], [("b", "wrong"), ("c", "moved")]])
    monkeypatch.setattr(tabs_audit, "_look", lambda db: next(looks))
    assert audit_tabs(db) == [("b", "wrong")]


def test_the_audit_reads_no_old_messages(own_db: Database) -> None:
    room = a_heard_room(own_db, Tabs(own_db, Prices()), new_user(own_db))
    room.hear(SECOND)
    (said,) = own_db.find(f"{room.of.place}/messages", limit=2)
    old = said.data | {"createdAt": now() - timedelta(hours=27)}
    own_db.commit(Create(f"{room.of.place}/messages/old", old))
    assert audit_tabs(own_db) == []


def test_what_comes_too_late_fails_as_a_whole(db: Database, tabs: Tabs) -> None:
    room = a_heard_room(db, tabs, new_user(db))
    reserved = tabs.reserve(room.of, SECOND)
    room.close()
    with pytest.raises(Missing):
        db.commit(Create(f"{room.of.place}/messages/x", {}), reserved.use(SECOND))
    assert not db.get(f"{room.of.place}/messages/x").exists


def test_the_sweep_closes_tabs_after_an_hour(own_db: Database) -> None:
    tabs = Tabs(own_db, Prices())
    room = a_heard_room(own_db, tabs, new_user(own_db))
    room.hear(SECOND)
    assert tabs.close_due(10) == 0
    own_db.commit(Update(f"tabs/{room.account.tab}", {"closesAt": now() - timedelta(seconds=1)}))
    assert (tabs.close_due(10), room.tab) == (1, None)
    assert tokens(own_db, room.of.uid) == Balance(granted=20, used=1)
    room.hear(MINUTE)
    own_db.commit(Update(f"tabs/{room.account.tab}", {"closesAt": now() - timedelta(hours=2)}))
    own_db.clear(f"{room.of.place}/tabs")  # its room has been deleted
    assert tabs.close_due(10) == 1
    assert tokens(own_db, room.of.uid) == Balance(granted=20, used=2)


def test_each_payer_has_a_tab_and_a_new_owner_starts_one(db: Database, tabs: Tabs) -> None:
    room = a_heard_room(db, tabs, new_user(db))
    sender = replace(room, of=replace(room.of, key="sender", uid=new_user(db)))
    for each in (room, sender):
        each.hear(SECOND)
    heir = replace(room, of=replace(room.of, uid=new_user(db)))
    heir.hear(SECOND)
    assert tokens(db, room.of.uid) == Balance(granted=20, used=1)
    assert tokens(db, heir.of.uid) == tokens(db, sender.of.uid) == Balance(granted=20, held=5)
    assert (heir.account.uid, heir.account.credit) == (heir.of.uid, {})
    for each in (sender, heir):
        each.close()
        assert audit_user(db, each.of.uid) == []


def test_a_company_pays_within_the_cap_of_the_member(own_db: Database) -> None:
    db, tabs = own_db, Tabs(own_db, Prices())
    with rewired(database=db):
        firm = a_firm(db)
        member = firm.join()
    payer = Owner.company(firm.id)
    db.commit(*grant_writes(payer, "gift", Meter.TOKENS, 50, "operator", now()))
    path = member_path(firm.id, member.uid)
    db.commit(Update(path, {"cap": Cap(tokens=3).stored()}))
    room = a_heard_room(db, tabs, member.uid, company_id=firm.id)
    for _ in range(12):
        room.hear(15 * SECOND)
    with pytest.raises(CapReached):
        room.hear(SECOND)
    room.close()
    assert tokens(db, firm.id) == Balance(granted=50, used=3)
    budget = Budget.of(db.get(budget_path(firm.id, member.uid, now())))
    assert (budget.tokens.used, budget.tokens.held) == (3, 0)
    db.commit(Update(path, {"cap": Cap(tokens=4).stored()}))
    room.hear(SECOND)
    assert [*audit_owner(db, payer), *audit_budgets(db, firm.id), *audit_tabs(db)] == []
    room.close()
    assert [*audit_owner(db, payer), *audit_budgets(db, firm.id), *audit_tabs(db)] == []


def test_a_hold_and_its_charge_are_of_one_month(
    own_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The month ends while the tab is opened."""
    db, tabs = own_db, Tabs(own_db, Prices())
    with rewired(database=db):
        firm = a_firm(db)
        member = firm.join()
    db.commit(*grant_writes(Owner.company(firm.id), "gift", Meter.TOKENS, 50, "operator", now()))
    cap = {"cap": Cap(tokens=3).stored()}
    db.commit(Update(member_path(firm.id, member.uid), cap))
    first = now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    times = itertools.chain([following - timedelta(milliseconds=1)], itertools.repeat(following))
    room = a_heard_room(db, tabs, member.uid, company_id=firm.id)
    monkeypatch.setattr(service, "now", lambda: next(times))
    room.hear(15 * SECOND)
    room.close()
    found = db.find(f"companies/{firm.id}/budgets", limit=5)
    (budget,) = map(Budget.of, found)
    assert budget.month == f"{first:%Y-%m}"
    assert (budget.tokens.used, budget.tokens.held) == (1, 0)


@pytest.mark.parametrize("known", [True, False])
def test_no_tab_is_opened_for_an_account_that_is_being_suspended(
    db: Database, files: Files, known: bool
) -> None:
    uid = new_user(db)
    if known:
        Troupe(db, files).speak(uid, "Hello!")  # so that there is a share

    def suspend() -> None:
        db.commit(Update(f"users/{uid}", {"suspended": True}), check_write(uid, now()))

    meanwhile = Meanwhile(db, lambda write: write.path.startswith("tabs/"), before=suspend)
    room = a_heard_room(db, Tabs(meanwhile, Prices()), uid)
    with pytest.raises(AccountSuspended):
        room.hear(SECOND)
    assert meanwhile.happened and room.account.tab is None


@pytest.mark.parametrize("ends", ["suspended", "erased", "cancelled"])
def test_whoever_goes_pays_for_what_was_used(
    db: Database, files: Files, tabs: Tabs, ends: str
) -> None:
    troupe = Troupe(db, files)
    room = a_heard_room(db, tabs, new_user(db))
    room.hear(61 * SECOND)
    tab_id = room.account.tab or ""
    if ends == "suspended":
        db.commit(Update(f"users/{room.of.uid}", {"suspended": True}))
        troupe.services.admission.end_jobs(room.of.uid)
    elif ends == "erased":
        assert troupe.services.erasers["jobs"](room.of.uid, 10) == 1
    else:
        assert troupe.jobs.cancel(tab_id).status is JobStatus.CANCELLED
    assert tokens(db, room.of.uid) == Balance(granted=20, used=2)
    assert room.tab is None
    account = TabAccount.of(db.get(room.of.path))
    assert (account.tab, account.credit) == (None, {Meter.TOKENS: 59 * SECOND})
    assert audit_user(db, room.of.uid) == []


def test_a_tab_takes_no_place_in_the_queue(db: Database, files: Files, tabs: Tabs) -> None:
    troupe = Troupe(db, files)
    room = a_heard_room(db, tabs, new_user(db))
    room.hear(SECOND)
    troupe.services.admission.repair(room.of.uid)
    assert Share.of(db.get(f"shares/{room.of.uid}")).running == []

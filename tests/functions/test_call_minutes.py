"""The minutes of calls: paid for by the company, counted once, and never more than was held."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.support.calls import Clock, Desk, Tab, a_call, clock, counted
from tests.support.companies import a_person
from tests.support.factories import code, test_settings
from tests.support.forms import multipart
from tests.support.lost import lost_answer
from tests.support.meanwhile import Meanwhile, of
from tests.support.rooms import ask, data
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Merge, Update, now
from troupe.calls.errors import CallUnpaid
from troupe.calls.records import RECORDINGS
from troupe.calls.writes import call_path
from troupe.commands.ledger_audit import audit_owner
from troupe.commands.tabs_audit import audit_tabs
from troupe.companies.records import MemberStatus
from troupe.settings import Prices
from troupe.tabs.records import SHUT
from troupe.tabs.records import Tab as OpenTab
from troupe.wallet.budgets import member_path
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Balance, Meter, Owner, Wallet

__all__ = ["clock"]

PER_TOKEN = 600  # seconds of participants: 5 minutes of a call of two


@pytest.fixture(autouse=True)
def priced() -> Iterator[None]:
    prices = Prices(call_seconds_per_token={"mesh": PER_TOKEN})
    with rewired(settings=test_settings(prices=prices)):
        yield


def enrich(call: Desk, tokens: int) -> None:
    payer, at = Owner.company(call.firm.id), now()
    call.db.commit(*grant_writes(payer, f"gift-{at}", Meter.TOKENS, tokens, "test", at))


def tokens(call: Desk) -> Balance:
    return Wallet.of(call.db.get(f"wallets/{call.firm.id}")).tokens


def audited(call: Desk) -> list[str]:
    mine = [problem for place, problem in audit_tabs(call.db) if place == call_path(call.id)]
    return mine + audit_owner(call.db, Owner.company(call.firm.id))


def a_paid_call(db: Database, tokens: int = 20) -> tuple[Desk, Tab, Tab]:
    call = a_call(db)
    enrich(call, tokens)
    return call, call.enter(call.host), call.guest()


def go_on(clock: Clock, seconds: int, *tabs: Tab) -> list[Any]:
    """What each beat of so many seconds says, until one is refused."""
    said = []
    for _ in range(seconds // 15):
        clock.forward(15)
        for tab in tabs:
            answer = tab.beat(connection="connected")
            said.append(answer)
            if answer.status_code != 200:
                return said
    return said


def counted_of(call: Desk) -> int:
    """The seconds that were counted on tabs."""
    return sum(call.record.used.values()) // 1000


def test_a_company_without_tokens_starts_no_call(db: Database) -> None:
    """And whoever calls learns nothing of that."""
    call = a_call(db)
    refused = [call.try_enter(call.host), call.ask(call.host, "PUT", "/start")]
    for answer in refused:
        assert code(answer) == (402, "call_unpaid")
        assert answer.json["error"]["details"] == {"code": "not_enough_tokens"}
    assert call.record.status == "pending"
    assert code(call.try_guest()) == (409, "not_open_yet")
    enrich(call, 1)
    assert call.try_enter(call.host).status_code == 200
    assert call.guest().record.state == "in"


def test_the_minutes_of_a_call_are_charged_when_it_ends(db: Database, clock: Clock) -> None:
    call, host, guest = a_paid_call(db)
    said = go_on(clock, 1200, host, guest)
    assert {each.json["data"]["endsAt"] for each in said} == {None}
    assert tokens(call).held > 0
    assert audited(call) == []
    assert call.end().status_code == 200
    record = call.record
    assert counted_of(call) == record.seconds == 2400
    assert (record.reserved, tokens(call)) == (None, Balance(granted=20, used=4))
    assert Wallet.of(db.get(f"wallets/{guest.person.uid}")).tokens == Balance()
    assert audited(call) == []
    (entry,) = [
        each
        for each in db.find(f"companies/{call.firm.id}/budgets", limit=5)
        if each.data["uid"] == call.host.uid
    ]
    assert entry.data["tokens"] == {"used": 4, "held": 0}


def test_a_call_that_runs_out_of_money_warns_and_ends(db: Database, clock: Clock) -> None:
    call, host, guest = a_paid_call(db, tokens=3)
    begun = clock()
    said = go_on(clock, 3600, host, guest)
    assert code(said.pop()) == (409, "call_ended")
    record = call.record
    assert (record.status, record.end_reason) == ("ended", "out_of_minutes")
    warnings = [each.json["data"]["endsAt"] for each in said if each.json["data"]["endsAt"]]
    assert len(set(warnings)) == 1
    assert 60 <= 15 * len(warnings) / 2 <= 90
    # 3 tokens are 15 minutes of a call of two; what is not used of them is not lost to somebody.
    assert 780 <= (clock() - begun).total_seconds() <= 900
    assert not any(tab.access.is_in for tab in (host, guest))
    assert code(host.beat()) == (409, "call_ended")
    call.due()
    assert counted_of(call) <= 3 * PER_TOKEN
    assert 0 <= call.record.seconds - counted_of(call) <= 2 * 60
    assert tokens(call) == Balance(granted=3, used=3)
    assert audited(call) == []


def test_the_warning_is_an_event_and_part_of_the_status(db: Database, clock: Clock) -> None:
    call, host, guest = a_paid_call(db, tokens=1)

    def events(after: str) -> Any:
        query = {"wait": 1, "after": after}
        path = f"{call.inside}/events"
        return ask(call.host, "GET", path, "live", query_string=query).json

    after = events(host.entered["participant"]["joinedAt"])["lastEventId"]
    while call.record.ends_at is None:
        go_on(clock, 15, host, guest)
    ends_at = host.ask("GET", "/status").json["data"]["endsAt"]
    assert ends_at is not None
    changed = [each for each in events(after)["events"] if each["event"] == "call_changed"]
    assert [each["call"]["endsAt"] for each in changed] == [ends_at]
    assert guest.beat().json["data"]["endsAt"] == ends_at
    call.end()
    assert ask(call.host, "GET", f"{call.inside}/status", "calls").json["data"]["endsAt"] is None


def test_tokens_that_are_bought_after_the_warning_let_the_call_go_on(
    db: Database, clock: Clock
) -> None:
    call, host, guest = a_paid_call(db, tokens=1)
    while call.record.ends_at is None:
        go_on(clock, 15, host, guest)
    enrich(call, 20)
    said = go_on(clock, 600, host, guest)
    assert {each.json["data"]["endsAt"] for each in said} == {None}
    call.end()
    assert counted_of(call) == call.record.seconds
    assert audited(call) == []


def test_more_people_use_up_what_is_reserved_sooner(db: Database, clock: Clock) -> None:
    call = a_call(db, media="audio")
    enrich(call, 4)
    people = [call.enter(call.host), *(call.guest(name=f"Guest {n}") for n in range(7))]
    said = go_on(clock, 1200, *people)
    assert code(said.pop()) == (409, "call_ended")
    warned = [each for each in said if each.json["data"]["endsAt"]]
    assert len(warned) >= 4 * 7
    call.due()
    assert tokens(call).used <= 4
    assert counted_of(call) <= 4 * PER_TOKEN
    assert audited(call) == []


def test_a_call_of_two_for_half_an_hour_stays_cheap(
    db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its money, at the price of a provider, and the account of its guest."""
    prices = Prices(call_seconds_per_token={"mesh": 1800})
    with rewired(settings=test_settings(prices=prices)):
        _half_an_hour(db, clock, monkeypatch)


def _half_an_hour(db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    call = a_call(db)
    enrich(call, 50)
    with counted(monkeypatch) as cost:
        host = call.enter(call.host)
    print("the host enters a call that is paid for", dict(cost))
    person = a_person(db)
    with counted(monkeypatch) as joined:
        other = call.enter(person, code=call.code)
    print("somebody joins it", dict(joined))
    assert joined["reads"] <= 9
    assert joined["writes"] <= 5
    other.leave()
    presence = services().call_presence
    with counted(monkeypatch) as more:
        guest = call.guest()
        for _ in range(119):
            for tab, seconds in ((host, 9.02), (guest, 6)):
                clock.forward(seconds)
                presence.beat(tab.person.caller, call.id, tab.tab, None, "connected")
        clock.forward(15)
        assert call.end().status_code == 200
    cost.update(more)
    print("a call of two for 30 minutes that is paid for", dict(cost))
    assert cost["writes"] <= 134  # so that there are 16 for its signals
    assert audited(call) == []


def test_a_tab_that_is_closed_in_between_loses_no_minute(db: Database, clock: Clock) -> None:
    """After its hour, by the sweep; what was used meanwhile is counted on the next tab."""
    call, host, guest = a_paid_call(db)
    go_on(clock, 300, host, guest)
    first = call.record.reserved
    assert first is not None
    services().tabs.close(first.tab_id)
    go_on(clock, 600, host, guest)
    second = call.record.reserved
    assert second is not None
    assert second.tab_id != first.tab_id
    services().tabs.close(second.tab_id)
    call.end()  # and so is this
    assert counted_of(call) == call.record.seconds == 1800
    assert tokens(call) == Balance(granted=20, used=3)
    assert audited(call) == []


@pytest.mark.parametrize("lost", ["reserving", "counting"])
def test_a_lost_answer_counts_no_minute_twice(db: Database, clock: Clock, lost: str) -> None:
    call, host, guest = a_paid_call(db)
    before = call.record.reserved
    assert before is not None
    path = call_path(call.id) if lost == "counting" else f"tabs/{before.tab_id}"
    with lost_answer(services().database, path) as found:
        while call.record.reserved == before:
            go_on(clock, 15, host, guest)
    assert found
    call.end()
    assert counted_of(call) == call.record.seconds
    assert audited(call) == []


@pytest.mark.parametrize("how", ["entering", "starting"])
def test_a_lost_answer_to_the_start_keeps_what_is_reserved(
    db: Database, clock: Clock, how: str
) -> None:
    call = a_call(db)
    enrich(call, 20)
    with lost_answer(services().database, call_path(call.id)) as found:
        if how == "entering":
            assert call.try_enter(call.host).status_code == 200
        else:
            assert call.ask(call.host, "PUT", "/start").status_code == 200
    assert found
    reserved = call.record.reserved
    assert reserved is not None
    tab = OpenTab.of(db.get(f"tabs/{reserved.tab_id}"))
    assert tab.capacity - tab.left == reserved.milliseconds
    assert audited(call) == []


def test_two_who_reserve_at_once_reserve_once(db: Database, clock: Clock) -> None:
    call, host, guest = a_paid_call(db)
    go_on(clock, 810, host, guest)
    before = call.record.reserved
    clock.forward(30)
    happened = False

    def meanwhile() -> None:
        nonlocal happened
        happened = True
        with ThreadPoolExecutor(1) as pool:  # outside the host's request
            assert pool.submit(guest.beat).result().status_code == 200

    # The first commit that changes the call is overtaken by the other one's beat.
    other = Meanwhile(db, of(call_path(call.id)), before=meanwhile)
    with rewired(settings=services().settings, database=other):
        assert host.beat().status_code == 200
    assert happened
    after = call.record.reserved
    assert after is not None
    assert before is not None
    assert after.id != before.id
    opened = OpenTab.of(db.get(f"tabs/{after.tab_id}"))
    assert opened.left == opened.capacity - opened.used - after.milliseconds
    call.end()
    assert counted_of(call) == call.record.seconds
    assert audited(call) == []


def test_eight_beats_at_once_lose_nothing(db: Database, clock: Clock) -> None:
    call = a_call(db, media="audio")
    enrich(call, 50)
    people = [call.enter(call.host), *(call.guest(name=f"Guest {n}") for n in range(7))]
    with ThreadPoolExecutor(len(people)) as pool:
        for _ in range(20):
            clock.forward(15)
            answers = list(pool.map(lambda tab: tab.beat(connection="connected"), people))
            assert {each.status_code for each in answers} == {200}
    call.end()
    assert counted_of(call) == call.record.seconds == 8 * 300
    assert audited(call) == []


def test_the_sweep_counts_what_the_end_did_not(db: Database, clock: Clock) -> None:
    """The instance died after the commit that ended the call; then the tab's hour was over."""
    call, host, guest = a_paid_call(db)
    go_on(clock, 300, host, guest)
    with rewired(settings=services().settings, call_tabs=None):
        assert call.end().status_code == 200
    reserved = call.record.reserved
    assert reserved is not None
    assert counted_of(call) == 0
    services().tabs.close(reserved.tab_id)
    call.due()
    assert counted_of(call) == call.record.seconds == 600
    assert tokens(call) == Balance(granted=20, used=1)
    due_at, ended_at = call.record.due_at, call.record.ended_at
    assert due_at is not None
    assert ended_at is not None
    assert due_at - ended_at == timedelta(days=1)
    assert audited(call) == []


def test_a_call_that_is_deleted_right_away_is_paid_for(db: Database, clock: Clock) -> None:
    call, host, guest = a_paid_call(db)
    go_on(clock, 300, host, guest)
    with rewired(settings=services().settings, call_tabs=None):
        call.end()
    services().call_endings.erase(call.id)
    assert not db.get(call_path(call.id)).exists
    assert tokens(call) == Balance(granted=20, used=1)
    assert audited(call) == []


def test_a_host_who_is_out_of_the_company_spends_none_of_its_money(
    db: Database, clock: Clock
) -> None:
    call, host, guest = a_paid_call(db, tokens=4)
    begun = clock()
    suspended = {"status": MemberStatus.SUSPENDED}
    db.commit(Update(member_path(call.firm.id, call.host.uid), suspended))
    said = go_on(clock, 1200, host, guest)
    assert code(said.pop()) == (409, "call_ended")
    assert call.record.end_reason == "out_of_minutes"
    assert (clock() - begun).total_seconds() <= 900  # which were held when it started
    call.due()
    assert counted_of(call) <= call.record.seconds
    assert audited(call) == []


def test_a_host_whose_account_goes_leaves_no_account_of_a_tab(db: Database, clock: Clock) -> None:
    call, host, guest = a_paid_call(db)
    go_on(clock, 60, host, guest)
    erasers = services().erasers
    for name in ("jobs", "calls"):
        while erasers[name](call.host.uid, 10):
            pass
    assert call.record.is_over
    assert not db.find(f"{call_path(call.id)}/tabs", limit=5)
    call.due()
    assert call.record.reserved is None
    assert tokens(call).held == 0
    assert audited(call) == []


def test_a_price_that_comes_while_a_call_runs_warns_before_it_ends(
    db: Database, clock: Clock
) -> None:
    with rewired(settings=test_settings()):
        call = a_call(db)
        host, guest = call.enter(call.host), call.guest()
        assert call.record.reserved is None
    said = go_on(clock, 300, host, guest)
    assert code(said.pop()) == (409, "call_ended")
    assert len(said) >= 8
    assert counted_of(call) == 0
    assert audited(call) == []


def test_recordings_have_a_tab_of_their_own(db: Database) -> None:
    """A token pays for more than one price allows of the other."""
    call, _, _ = a_paid_call(db)
    tabs, record = services().call_tabs, call.record
    assert tabs.token_seconds(record, "recording") == 300
    reserved = tabs.reserve(record, "recording", 20_000)
    assert record.reserved is not None
    assert reserved.tab_id != record.reserved.tab_id
    recording = f"{RECORDINGS}/of-{call.id}"
    used = {"callId": call.id, "used": {reserved.tab_id: 20_000}}
    db.commit(Merge(recording, used), reserved.use(20_000))
    assert audited(call) == []
    tabs.close(record, "recording")
    assert tokens(call).used == 1
    assert audited(call) == []
    db.commit(Update(recording, {"used": {}}))
    assert audited(call) != []
    with pytest.raises(CallUnpaid):
        tabs.reserve(record, "recording", 100 * 300_000)


def test_the_audit_finds_minutes_that_nobody_spent(db: Database, clock: Clock) -> None:
    call, host, guest = a_paid_call(db)
    go_on(clock, 60, host, guest)
    call.end()
    assert audited(call) == []
    (tab_id,) = call.record.used
    db.commit(Update(call_path(call.id), {f"used.{tab_id}": 119_000}))
    assert len(audited(call)) == 1


def test_captions_of_a_call_are_switched_off_and_on(db: Database) -> None:
    call = a_call(db, captions=False)
    enrich(call, 1)
    call.enter(call.host)
    looked = data(None, "GET", f"/api/calls/join/{call.code}", function="calls")
    assert looked["captions"] is False

    def say(seq: int) -> Any:
        form = multipart(text="Hello!", stream="s", seq=seq)
        path = f"/api/rooms/{call.record.room_id}/captions"
        return ask(call.host, "POST", path, "captions", **form)

    assert code(say(0)) == (409, "captions_off")
    shown = call.data(call.host, "PUT", json={"captions": True})["call"]
    assert shown["captions"] is True
    assert say(0).status_code == 200
    call.data(call.host, "PUT", json={"title": "Another title"})
    assert say(1).status_code == 200
    call.data(call.host, "PUT", json={"captions": False})
    assert code(say(2)) == (409, "captions_off")
    stranger = call.ask(a_person(db), "PUT", json={"captions": True})
    assert code(stranger) == (404, "call_not_found")


def test_a_full_tab_is_no_obstacle(db: Database, clock: Clock) -> None:
    """A crash may have left a tab that is being closed."""
    call, host, guest = a_paid_call(db)
    reserved = call.record.reserved
    assert reserved is not None
    db.commit(Update(f"tabs/{reserved.tab_id}", {"left": -SHUT}))
    said = go_on(clock, 900, host, guest)
    assert {each.status_code for each in said} == {200}
    call.end()
    assert counted_of(call) == call.record.seconds == 1800
    assert audited(call) == []

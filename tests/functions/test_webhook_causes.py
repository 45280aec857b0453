"""Events of wallets, subscriptions, keys and members: written in the commit of the cause, once for
each, and at no cost for owners without webhooks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.support.companies import Firm, Person, a_firm, a_person
from tests.support.factories import CountingDatabase, HeldQueue, new_user
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Update, now
from troupe.api_keys.records import WARNING, key_path
from troupe.api_keys.service import Draft
from troupe.companies.errors import MemberNotFound
from troupe.companies.lifecycle import erase as erase_memberships
from troupe.companies.records import MemberStatus
from troupe.generations.request_schemas import GenerateVoice
from troupe.plans.schemas import CreatePlan
from troupe.plans.subscriptions import Setting
from troupe.wallet.budgets import Cap
from troupe.wallet.ledger import grant_writes
from troupe.wallet.payers import Payer
from troupe.wallet.records import Meter, Owner
from troupe.webhook_events import EVENTS, EventType
from troupe.webhooks.errors import OnlyOfCompanies, WebhookNotFound

Told = list[tuple[str, dict[str, Any]]]


def listen(db: Database, path: str) -> None:
    db.commit(Update(path, {"webhooks": 1}))


def told(db: Database, owner_id: str) -> Told:
    """The type and the data of each event, in order."""
    found = db.find(EVENTS, where=[("ownerId", "==", owner_id)], limit=50)
    events = sorted(found, key=lambda each: each.data["createdAt"])
    return [(each.data["type"], each.data["data"]) for each in events]


def spend(uid: str, tokens: int, key: str | None = None) -> None:
    services().wallet.consume(uid, tokens, "test", key)


# Wallets


def test_a_wallet_runs_low_once_between_two_grants(db: Database) -> None:
    uid = new_user(db, 100)
    listen(db, f"users/{uid}")
    spend(uid, 90)
    assert told(db, uid) == []
    for _ in range(2):  # the second is a repeat
        spend(uid, 2, "the same")
    spend(uid, 1)
    low = {"id": uid, "companyId": None, "meter": "tokens", "available": 8, "threshold": 10}
    assert told(db, uid) == [("wallet.low", low)]
    services().wallet.grant(uid, "gift", Meter.TOKENS, 43, "gift")
    spend(uid, 45)
    assert len(told(db, uid)) == 1
    spend(uid, 1)
    assert told(db, uid)[1:] == [("wallet.low", {**low, "available": 4, "threshold": 5})]
    stranger = new_user(db, 100)
    spend(stranger, 99)
    assert told(db, stranger) == []
    assert db.get(f"wallets/{stranger}").data.get("levels", {}) == {}


def test_charges_at_once_cross_the_threshold_once(db: Database) -> None:
    uid = new_user(db, 100)
    listen(db, f"users/{uid}")
    spend(uid, 87)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: spend(uid, 1), range(6)))
    assert [data["available"] for _, data in told(db, uid)] == [9]


def generate(uid: str, payer: Payer | None = None) -> str:
    request = GenerateVoice.model_validate({"text": "Good evening.", "language": "en-us"})
    made = services().generations.generate(uid, request.command(), None, payer=payer)
    return str(made.generation.id)


def test_a_hold_counts_and_releasing_it_allows_no_second_event(
    db: Database, queue: HeldQueue
) -> None:
    """The company pays, so the event is for its webhooks, and not for those of its member."""
    with rewired(database=db, queue=queue):
        firm = a_firm(db)
        company = Owner.company(firm.id)
        db.commit(*grant_writes(company, "gift", Meter.TOKENS, 1, "gift", now()))
        listen(db, f"companies/{firm.id}")
        listen(db, f"users/{firm.owner.uid}")
        payer = Payer(company)
        for _ in range(2):
            services().jobs.cancel(generate(firm.owner.uid, payer))
    (data,) = [data for type, data in told(db, firm.id) if type == "wallet.low"]
    assert (data["id"], data["companyId"]) == (firm.id, firm.id)
    assert (data["available"], data["threshold"]) == (0, 1)
    assert told(db, firm.owner.uid) == []


def test_a_charge_makes_no_call_for_webhooks(
    db: Database, queue: HeldQueue, counting: CountingDatabase
) -> None:
    calls = []
    with rewired(database=counting, queue=queue):
        for listens in (False, True):
            uid = new_user(counting, 1)
            generate(new_user(counting))  # what the first of a process reads
            if listens:
                listen(counting, f"users/{uid}")
            counting.calls.clear()
            generate(uid)
            generated = counting.total
            services().wallet.grant(uid, "gift", Meter.TOKENS, 1, "gift")
            counting.calls.clear()
            spend(uid, 1)
            calls.append((generated, counting.total))
            assert len(told(counting, uid)) == (2 if listens else 0)
    assert calls[0] == calls[1] == (calls[0][0], 2)


# Subscriptions


def plan(db: Database, tokens: int = 50) -> str:
    name = f"Plan {now():%H%M%S%f}"
    fields = {"name": name, "price": 0, "billing_period": "monthly", "voice_minutes": 0}
    made = services().plans.create(CreatePlan.model_validate({**fields, "tokens": tokens}).fields())
    return made.id


def test_every_change_of_a_subscription_has_an_event(db: Database) -> None:
    uid, first, second = new_user(db), plan(db), plan(db, 60)
    listen(db, f"users/{uid}")
    subscriptions = services().subscriptions
    subscriptions.create(uid, first)
    subscriptions.set(uid, Setting(tokens=500))  # a balance is no change of it
    subscriptions.subscribe(uid, second)
    ends = now() + timedelta(days=3)
    subscriptions.set(uid, Setting(expires_at=ends))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: subscriptions.end(uid), range(4)))
    events = told(db, uid)
    assert {type for type, _ in events} == {"subscription.changed"}
    assert [(data["planId"], data["nextPlanId"], data["status"]) for _, data in events] == [
        (first, None, "active"),
        (first, second, "active"),
        (first, second, "active"),
        (first, None, "cancelled"),
    ]
    assert [data["endsAt"] for _, data in events[:3]] == [None, None, ends.isoformat()]
    assert {data["entitled"] for _, data in events[:3]} == {True}
    assert events[3][1]["entitled"] is False
    assert events[0][1].keys() == {
        *("id", "companyId", "planId", "nextPlanId", "status", "entitled"),
        *("periodStart", "periodEnd", "endsAt"),
    }


def test_a_renewal_by_the_sweep_has_an_event(db: Database) -> None:
    uid, name = new_user(db), plan(db)
    services().subscriptions.subscribe(uid, name)
    assert told(db, uid) == []
    listen(db, f"users/{uid}")
    past = now() - timedelta(days=1)
    subscription = {"dueAt": past, "periodEnd": past, "startedAt": past - timedelta(days=31)}
    db.commit(Update(f"subscriptions/{uid}", subscription))
    for _ in range(2):
        services().renewals.renew_due(100)
    ((_, data),) = told(db, uid)
    assert data["status"] == "active"
    assert data["periodEnd"] > now().isoformat()


# Keys


def a_key(person: Person, days: float | None, company_id: str | None = None) -> str:
    expires = None if days is None else now() + timedelta(days=days)
    draft = Draft("Blog", ["speech"], expires, [], Cap(), None)
    return services().api_keys.create(person.caller, company_id, draft).key.id


def test_a_key_expires_soon(db: Database) -> None:
    person = a_person(db)
    listen(db, f"users/{person.uid}")
    soon, later = a_key(person, 3), a_key(person, 30)
    a_key(person, None)
    services().api_keys.revoke(person.caller, a_key(person, 3))
    keys = services().api_keys
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: keys.warn(100), range(3)))
    assert keys.warn(100) == 0
    expires = db.get(key_path(soon)).data["expiresAt"].isoformat()
    event = {"id": soon, "companyId": None, "userId": person.uid, "expiresAt": expires}
    assert told(db, person.uid) == [("key.expiring", event)]
    warned = db.get(key_path(later)).data
    assert warned["warnAt"] == warned["expiresAt"] - WARNING
    # Whoever has the new secret is told, and another end is another event.
    keys.rotate(person.caller, soon, timedelta(hours=1))
    keys.warn(100)
    keys.update(person.caller, later, {"expires_at": now() + timedelta(days=2)})
    keys.update(person.caller, soon, {"name": "Shop"})
    keys.warn(100)
    assert [data["id"] for _, data in told(db, person.uid)] == [soon, soon, later]


def test_who_gets_the_events_of_keys(db: Database) -> None:
    """The company, for its keys. Those of people without webhooks or who are being deleted have
    none, and neither have keys that have expired."""
    firm, leaving, late = a_firm(db), a_person(db), a_person(db)
    a_key(firm.owner, 1)
    of_company = a_key(firm.owner, 1, firm.id)
    a_key(leaving, 1)
    over = a_key(late, 1)
    for path in (f"companies/{firm.id}", f"users/{leaving.uid}", f"users/{late.uid}"):
        listen(db, path)
    db.commit(
        Update(f"users/{leaving.uid}", {"deletedAt": now()}),
        Update(key_path(over), {"expiresAt": now()}),
    )
    assert services().api_keys.warn(100) == 4
    assert services().api_keys.warn(100) == 0
    assert [data["id"] for _, data in told(db, firm.id)] == [of_company]
    for each in (firm.owner, leaving, late):
        assert told(db, each.uid) == []


def test_one_broken_key_and_one_of_nobody_do_not_keep_others_from_being_told(db: Database) -> None:
    person = a_person(db)
    listen(db, f"users/{person.uid}")
    broken, of_nobody, well = (a_key(person, 1) for _ in range(3))
    past = now() - timedelta(days=30)  # so they come before the other
    db.commit(
        Update(key_path(broken), {"scopes": None, "warnAt": past}),
        Update(key_path(of_nobody), {"uid": "nobody", "ownerId": "nobody", "warnAt": past}),
    )
    keys = services().api_keys
    assert (keys.warn(100), keys.warn(100)) == (3, 0)
    assert [data["id"] for _, data in told(db, person.uid)] == [well]
    assert db.get(key_path(broken)).data["warnAt"] > now()
    assert db.get(key_path(of_nobody)).data["warnAt"] is None


# Members


def accept(firm: Firm, person: Person) -> None:
    invited = services().invitations.invite(firm.owner.caller, firm.id, person.email)
    for _ in range(2):
        with suppress(Exception):
            services().invitations.accept(person.account, invited.token)


def test_who_joins_and_who_leaves(db: Database) -> None:
    firm = a_firm(db)
    listen(db, f"companies/{firm.id}")
    leaver, removed, deleted, stays = (a_person(db) for _ in range(4))
    for each in (leaver, removed, deleted, stays):
        listen(db, f"users/{each.uid}")
        accept(firm, each)
    joined = told(db, firm.id)
    assert joined == [
        ("member.joined", {"id": each.uid, "companyId": firm.id, "role": "member"})
        for each in (leaver, removed, deleted, stays)
    ]
    members = services().members
    members.update(firm.owner.caller, firm.id, stays.uid, {"status": MemberStatus.SUSPENDED})
    members.update(firm.owner.caller, firm.id, stays.uid, {"role": "admin"})
    members.leave(leaver.caller, firm.id)

    def remove(_: int) -> None:
        with suppress(MemberNotFound):
            members.remove(firm.owner.caller, firm.id, removed.uid)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(remove, range(3)))
    for _ in range(2):
        erase_memberships(deleted.uid, 10, database=db)
    left = told(db, firm.id)[len(joined) :]
    assert [(type, data["id"], data["reason"]) for type, data in left] == [
        ("member.left", leaver.uid, "left"),
        ("member.left", removed.uid, "removed"),
        ("member.left", deleted.uid, "account_deleted"),
    ]
    assert all(told(db, each.uid) == [] for each in (leaver, removed, deleted, stays))


def test_only_companies_get_events_of_members(db: Database) -> None:
    person, firm = a_person(db), a_firm(db)
    webhooks, url = services().webhooks, "https://example.com/hook"
    events = [EventType.MEMBER_LEFT]
    with pytest.raises(OnlyOfCompanies):
        webhooks.create(person.caller, None, url, events)
    own = webhooks.create(person.caller, None, url, [EventType.WALLET_LOW])
    with pytest.raises(OnlyOfCompanies):
        webhooks.update(person.caller, own.id, {"events": events})
    made = webhooks.create(firm.owner.caller, firm.id, url, events)
    with pytest.raises(WebhookNotFound):
        webhooks.update(person.caller, made.id, {"events": events})
    assert webhooks.update(firm.owner.caller, made.id, {"events": events}).events == events


def test_a_company_that_ends_has_no_events_of_members(db: Database) -> None:
    firm, silent = a_firm(db), a_firm(db)
    listen(db, f"companies/{firm.id}")
    firm.join()
    firm.owner.data("DELETE", firm.path, json={"confirm": firm.record.name})
    accept(silent, a_person(db))
    services().company_endings.sweep(10)
    assert told(db, firm.id) == told(db, silent.id) == []

"""Licenses that a company pays for: whatever happens to them here and at Stripe, as many are active
as are paid."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest
from stripe import StripeError

from tests.fakes.stripe.errors import StripeFailure
from tests.fakes.stripe_server import StripeServer
from tests.support.billing import Till, till
from tests.support.companies import Person, a_person
from tests.support.deliveries import Killed
from tests.support.seats import CARD, Payer
from tests.support.wiring import rewired
from troupe.adapters.firestore import Database, Update, now
from troupe.companies.errors import LicensePaid, NoFreeLicense
from troupe.companies.records import LicenseStatus
from troupe.companies.writes import license_path
from troupe.errors import TroupeError, Unavailable
from troupe.payments.errors import (
    AddonNeeds,
    AlreadyBought,
    FeatureForCompanies,
    NoCustomer,
    SeatsInUse,
)
from troupe.payments.subscriptions import When

__all__ = ["till"]
LIVES = 12
FAILS_LATER = "4000000000000341"


@pytest.fixture
def payer(till: Till) -> Payer:
    return Payer(till)


def suspended(payer: Payer) -> set[str | None]:
    found = payer.licenses
    return {each.user_id for each in found if each.status is LicenseStatus.SUSPENDED}


def notices(payer: Payer, person: Person) -> list[str]:
    found = payer.db.find(
        f"users/{person.uid}/notifications", order=[("createdAt", False)], limit=20
    )
    return [each.data["type"] for each in found]


def test_a_company_has_as_many_licenses_as_it_pays_for(payer: Payer) -> None:
    payer.buy(5)
    assert len(payer.active) == payer.firm.record.seats.total == 5
    assert payer.till.tokens(payer.firm.id) == 500  # the plan, for each seat
    one = payer.licenses[0]
    assert (one.price_cents, one.currency, one.billing_period) == (1000, "USD", "monthly")
    ada, grace, alan = (payer.join() for _ in range(3))
    members, caller = payer.till.services.members, payer.firm.owner.caller
    members.remove(caller, payer.firm.id, grace.uid)
    calls = len(payer.till.server.calls)
    assert payer.firm.record.seats.model_dump() == {"total": 5, "assigned": 2, "held": 0}
    more = [payer.join() for _ in range(3)]
    assert len(payer.till.server.calls) == calls  # Stripe is not asked
    with pytest.raises(NoFreeLicense):
        payer.join()
    payer.set_quantity(3)
    payer.sync()
    assert suspended(payer) == {more[1].uid, more[2].uid}  # the latest
    assert [payer.type_of(each) for each in (ada, alan, *more)] == [*["standard"] * 3, None, None]
    assert payer.firm.record.member_count == 6
    assert notices(payer, more[2]) == ["license_removed"]
    assert notices(payer, ada) == []
    boss = payer.firm.owner
    assert notices(payer, boss) == [*["company_joined"] * 6, "licenses_suspended"]
    told = boss.data("GET", "/api/notifications")["notifications"][0]
    assert told["body"] == "Fjord Telecom pays for fewer licenses now. Suspended: 2."
    assert (told["link"], told["companyId"]) == (payer.firm.path, payer.firm.id)
    payer.sync()
    with pytest.raises(NoFreeLicense):
        payer.join()
    payer.set_quantity(7)
    payer.sync()
    assert suspended(payer) == set()
    assert payer.type_of(more[2]) == "standard"
    assert notices(payer, more[2]) == ["license_removed", "license_assigned"]
    assert notices(payer, boss)[6:] == ["licenses_suspended"]  # once
    assert payer.firm.record.seats.model_dump() == {"total": 7, "assigned": 5, "held": 0}
    payer.clean()


def test_free_ones_go_first_then_those_that_invitations_hold(payer: Payer) -> None:
    payer.buy(3)
    ada = payer.join()
    services, grace = payer.till.services, a_person(payer.db)
    license_id = next(each.id for each in payer.licenses if each.user_id is None)
    invited = services.invitations.invite(
        payer.firm.owner.caller, payer.firm.id, grace.email, license_id=license_id
    )
    by_admin = payer.firm.licenses(2)
    payer.set_quantity(2)
    payer.sync()
    assert payer.firm.record.seats.model_dump() == {"total": 4, "assigned": 1, "held": 1}
    payer.set_quantity(1)
    payer.sync()
    assert payer.firm.record.seats.model_dump() == {"total": 3, "assigned": 1, "held": 0}
    services.invitations.accept(payer.account(grace), invited.token)
    assert payer.type_of(grace) is None
    assert payer.type_of(ada) == "standard"
    assert [payer.firm.license(each).status for each in by_admin] == ["active"] * 2
    payer.clean()


def test_a_suspended_license_takes_the_place_of_a_free_one(payer: Payer) -> None:
    payer.buy(2)
    ada, grace = payer.join(), payer.join()
    payer.set_quantity(1)
    payer.sync()
    assert suspended(payer) == {grace.uid}
    payer.till.services.members.remove(payer.firm.owner.caller, payer.firm.id, ada.uid)
    payer.sync()
    assert payer.type_of(grace) == "standard"
    assert len(payer.active) == 1
    payer.clean()


def test_an_ended_subscription_is_none(payer: Payer) -> None:
    payer.buy(2)
    ada = payer.join()
    assert payer.firm.record.plan == payer.plan.id
    payer.till.server.cancel(payer.till.billing(payer.firm.id).subscription_id or "")
    payer.sync()
    assert payer.active == []
    assert suspended(payer) == {ada.uid}
    assert payer.firm.record.plan is None
    payer.buy(1)
    assert payer.type_of(ada) == "standard"
    payer.clean()


def test_the_company_shows_how_its_subscription_is_doing(till: Till) -> None:
    payer = Payer(till, trial_days=10)
    assert payer.firm.record.status == "active"
    payer.buy(2)
    company = payer.firm.record
    assert (company.status, company.plan) == ("trial", payer.plan.id)
    assert company.trial_ends_at == till.billing(payer.firm.id).trial_ends_at is not None
    assert len(payer.active) == 2
    till.server.change_card(till.billing(payer.firm.id).stripe_customer_id or "", FAILS_LATER)
    till.server.advance(days=11)
    payer.sync()
    assert (payer.firm.record.status, payer.firm.record.trial_ends_at) == ("past_due", None)
    assert len(payer.active) == 2  # for the days of grace
    payer.db.commit(Update(f"companies/{payer.firm.id}", {"status": "suspended"}))
    till.server.change_card(till.billing(payer.firm.id).stripe_customer_id or "", CARD)
    payer.sync()
    assert payer.firm.record.status == "suspended"
    payer.clean()


def test_administrators_leave_what_is_paid_for_alone(payer: Payer) -> None:
    payer.buy(1)
    licenses, admin = payer.till.services.licenses, a_person(payer.db, role="admin").caller
    (license,) = payer.licenses
    with pytest.raises(LicensePaid):
        licenses.update(admin, license.id, {"status": LicenseStatus.INACTIVE})
    with pytest.raises(LicensePaid):
        licenses.delete(admin, license.id)
    assert licenses.update(admin, license.id, {"calls_per_month": 9}).calls_per_month == 9
    payer.db.commit(Update(license_path(license.id), {"status": "inactive"}))
    payer.sync()  # whatever has happened to it
    assert len(payer.active) == 1


def test_what_a_crash_has_left_is_found_by_the_sweep(payer: Payer) -> None:
    payer.buy(1)
    payer.set_quantity(3)
    services, seating = payer.till.services, payer.till.services.company_seats
    follow = seating.follow

    def killed(company_id: str) -> None:
        raise Killed

    seating.follow = killed  # type: ignore[method-assign]
    with suppress(Killed):
        payer.sync()
    seating.follow = follow  # type: ignore[method-assign]
    billing = payer.till.billing(payer.firm.id)
    assert (billing.seats, billing.seats_applied, len(payer.active)) == (3, 1, 1)
    assert billing.due_at is not None
    assert (billing.due_at - now()).total_seconds() <= 600
    payer.db.commit(Update(f"billing/{payer.firm.id}", {"dueAt": now()}))
    services.billing_sync.sync_due(100)
    assert len(payer.active) == 3
    payer.clean()


def test_the_portal_sells_no_fewer_than_are_in_use(own_db: Database) -> None:
    """With a database of its own, because the portal offers all plans that there are."""
    with rewired(database=own_db), StripeServer() as server:
        payer = Payer(Till(own_db, server))
        portal = payer.till.services.paid_subscriptions.portal
        payer.till.services.price_table.configure_portal("http://127.0.0.1/")
        with pytest.raises(NoCustomer):
            portal(payer.owner, "seats", quantity=2)
        payer.buy(3)
        for _ in range(2):
            payer.join()
        with pytest.raises(SeatsInUse) as refused:
            portal(payer.owner, "seats", quantity=1)
        assert refused.value.details == {"assigned": 2, "wanted": 1}
        url = portal(payer.owner, "seats", quantity=2)
        page = httpx.get(url, follow_redirects=True)
        assert "Confirm" in page.text
        body = {"type": "standard", "companyId": payer.firm.id}
        answer = payer.firm.owner.ask("POST", "/api/licenses", json=body)
        assert answer.json["error"]["details"] == {"use": "billingPortal"}


def test_features_come_with_the_plan_as_add_ons_and_with_licenses(payer: Payer) -> None:
    included = payer.feature("recording", included_in_plans=[payer.plan.id])
    analytics = payer.feature("analytics", depends_on=[included.id])
    reports = payer.feature("reports", depends_on=[analytics.id])
    firm, features = payer.firm, payer.till.services.features
    with pytest.raises(FeatureForCompanies):
        payer.till.open(payer.till.user(), addon_id=reports.id)
    with pytest.raises(AddonNeeds):
        payer.pay(addon_id=analytics.id)
    payer.buy(1)
    assert features.keys(firm.record) == ["recording"]
    with pytest.raises(AlreadyBought):
        payer.pay(addon_id=included.id)
    with pytest.raises(AddonNeeds) as refused:
        payer.pay(addon_id=reports.id)
    assert refused.value.details == {"missing": [analytics.id]}
    payer.pay(addon_id=analytics.id)
    payer.sync()
    with pytest.raises(AlreadyBought):
        payer.pay(addon_id=analytics.id)
    assert len(payer.active) == 1
    body = {"type": "premium", "companyId": firm.id, "features": ["sso"]}
    admin = a_person(payer.db, role="admin")
    made = admin.data("POST", "/api/licenses", json=body)["license"]
    shown = firm.owner.data("GET", f"{firm.path}/features")["features"]
    assert [(each["key"], each["source"], each["addonId"]) for each in shown] == [
        ("analytics", "addon", analytics.id),
        ("recording", "plan", included.id),
        ("sso", "license", None),
    ]
    view = firm.owner.data("GET", firm.path)["company"]
    assert view["features"] == ["analytics", "recording", "sso"]
    payer.clean()
    admin.data("PUT", f"/api/licenses/{made['id']}", json={"status": "inactive"})
    payer.till.services.paid_subscriptions.cancel(payer.owner, When.NOW, admin=True)
    assert features.keys(firm.record) == ["analytics"]  # a subscription of its own
    payer.till.server.cancel(payer.running[0]["id"])
    payer.sync()
    assert features.keys(firm.record) == []
    payer.clean()


class Mortal(Database):
    """Kills whoever commits, before or after, with some chance."""

    chance: random.Random | None = None

    def commit(self, *writes: Any) -> Any:
        fate = self.chance.random() if self.chance else 1.0
        if fate < 0.12:
            raise Killed
        answer = super().commit(*writes)
        if fate < 0.24:
            raise Killed
        return answer


class Life:
    def __init__(self, payer: Payer, db: Mortal, seed: int) -> None:
        self.payer, self.db, self.chance = payer, db, random.Random(seed)
        self.people: list[Person] = []
        self.log: list[str] = []

    def live(self, steps: int) -> None:
        actions: list[Callable[[], object]] = [
            *[self.quantity, self.join, self.join, self.remove, self.assign, self.unassign],
            *[self.wait, self.end, self.sync, self.sync, self.two_at_once],
        ]
        for _ in range(steps):
            action = self.chance.choice(actions)
            self.log.append(action.__name__)
            self.db.chance = self.chance if self.chance.random() < 0.5 else None
            with suppress(StripeError, StripeFailure, TroupeError, Unavailable, Killed):
                action()
            self.db.chance = None

    def quantity(self) -> None:
        if self.payer.running:
            self.payer.set_quantity(self.chance.randint(1, 5))

    def end(self) -> None:
        running = self.payer.running
        if running and self.chance.random() < 0.5:
            self.payer.till.server.cancel(running[0]["id"])
        elif not running:
            self.payer.buy_at_stripe(self.chance.randint(1, 4))

    def wait(self) -> None:
        self.payer.till.server.advance(days=self.chance.choice([1, 20, 33]))

    def join(self) -> None:
        self.people.append(self.payer.join())

    def remove(self) -> None:
        services, firm = self.payer.till.services, self.payer.firm
        services.members.remove(firm.owner.caller, firm.id, self.chance.choice(self.people).uid)

    def assign(self) -> None:
        license, person = self.chance.choice(self.payer.licenses), self.chance.choice(self.people)
        self.payer.till.services.licenses.assign(
            self.payer.firm.owner.caller, license.id, person.uid
        )

    def unassign(self) -> None:
        license = self.chance.choice(self.payer.licenses)
        self.payer.till.services.licenses.unassign(self.payer.firm.owner.caller, license.id)

    def sync(self) -> None:
        self.payer.sync()

    def two_at_once(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(self.payer.sync) for _ in range(2)]:
                with suppress(Unavailable, Killed):
                    done.result()


@pytest.mark.slow
def test_random_lives_end_with_as_many_as_are_paid(db: Database) -> None:
    mortal = Mortal(db._client)
    for seed in range(LIVES):
        with StripeServer() as server:
            till = Till(mortal, server)
            payer = Payer(till)
            payer.buy(3)
            life = Life(payer, mortal, seed)
            life.people = [payer.join()]
            life.live(12)
            payer.sync()
            told = f"seed {seed}: {life.log}"
            assert len(payer.active) == till.billing(payer.firm.id).seats == payer.paid, told
            free = any(each.user_id is None and each.held_for is None for each in payer.active)
            assert not (free and suspended(payer)), told
            payer.clean()

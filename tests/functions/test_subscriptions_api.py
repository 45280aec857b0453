"""Subscriptions by id over HTTP: who sees which, and what administrators change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.admins import Admin, a_user
from tests.support.companies import Firm, Person, a_firm, a_person, client
from tests.support.factories import code
from tests.support.plans import Shop
from troupe.adapters.firestore import Database
from troupe.commands.company_audit import audit_company
from troupe.commands.ledger_audit import audit_owner
from troupe.plans.records import SubscriptionStatus
from troupe.wallet.records import Owner

SUBSCRIPTIONS = "/api/subscriptions"


def ask(who: Person | Admin, method: str, path: str = "", **given: Any) -> Any:
    if method in ("POST", "PUT"):
        given.setdefault("json", {})
    return client("plans").open(
        f"{SUBSCRIPTIONS}{path}", method=method, headers=who.headers, **given
    )


def data(who: Person | Admin, method: str, path: str = "", **given: Any) -> Any:
    answer = ask(who, method, path, **given)
    assert answer.status_code in (200, 201), answer.text
    return answer.json["data"]


def listed(who: Person | Admin, **query: Any) -> list[str]:
    found = data(who, "GET", query_string=query)["subscriptions"]
    return [each["id"] for each in found]


@pytest.fixture
def firm(db: Database) -> Firm:
    return a_firm(db)


@pytest.fixture
def theirs(firm: Firm, shop: Shop) -> Firm:
    """A company with a plan."""
    shop.subscriptions.create(firm.id, shop.plan(tokens=50, voice_minutes=10).id)
    return firm


class TestReading:
    def test_everybody_sees_their_own_and_managers_their_companys(
        self, db: Database, shop: Shop, theirs: Firm
    ) -> None:
        ada, plan = a_person(db), shop.plan()
        assert listed(ada) == []
        assert code(ask(ada, "GET", f"/{ada.uid}")) == (404, "subscription_not_found")
        shop.subscriptions.subscribe(ada.uid, plan.id)
        view = data(ada, "GET", f"/{ada.uid}")["subscription"]
        assert (view["id"], view["ownerKind"], view["source"]) == (ada.uid, "user", "user")
        assert view["currentPlan"]["id"] == plan.id
        assert listed(ada) == [ada.uid]
        assert listed(ada, page=2) == []
        assert listed(ada, planId=plan.id, status="active", source="user") == [ada.uid]
        for other in ({"status": "expired"}, {"source": "admin"}, {"ownerKind": "company"}):
            assert listed(ada, **other) == []
        for boss in (theirs.owner, theirs.join("admin")):
            view = data(boss, "GET", f"/{theirs.id}")["subscription"]
            assert (view["ownerKind"], view["source"]) == ("company", "admin")
            assert (view["tokens"], view["availableMinutes"]) == (50, 10)
            assert listed(boss, companyId=theirs.id) == [theirs.id]
            assert listed(boss) == []  # their own

    def test_those_of_others_look_like_nonsense(
        self, db: Database, shop: Shop, theirs: Firm
    ) -> None:
        ada, stranger, outsider = a_person(db), a_person(db), a_firm(db).owner
        shop.subscriptions.subscribe(ada.uid, shop.plan().id)
        for who in (stranger, outsider):
            nonsense = ask(who, "GET", "/nobody")
            assert code(nonsense) == (404, "subscription_not_found")
            for subscription_id in (ada.uid, theirs.id):
                answer = ask(who, "GET", f"/{subscription_id}")
                assert (answer.status_code, answer.text) == (404, nonsense.text)
            answer = ask(who, "GET", query_string={"companyId": theirs.id})
            unknown = ask(who, "GET", query_string={"companyId": "nothing"})
            assert code(answer) == (404, "company_not_found")
            assert answer.text == unknown.text
        member = theirs.join()
        assert code(ask(member, "GET", f"/{theirs.id}")) == (403, "forbidden")
        asked = ask(member, "GET", query_string={"companyId": theirs.id})
        assert code(asked) == (403, "forbidden")
        assert client("plans").get(f"{SUBSCRIPTIONS}/{ada.uid}").status_code == 401

    def test_administrators_see_all_and_that_is_recorded(
        self, admin: Admin, db: Database, shop: Shop, theirs: Firm
    ) -> None:
        ada, plan = a_person(db), shop.plan()
        shop.subscriptions.subscribe(ada.uid, plan.id)
        shop.subscriptions.create(theirs.id, plan.id)
        assert set(listed(admin, planId=plan.id)) == {ada.uid, theirs.id}
        assert listed(admin, planId=plan.id, ownerKind="company") == [theirs.id]
        assert listed(admin, planId=plan.id, source="user", status="active") == [ada.uid]
        assert listed(admin, planId=plan.id, status="expired") == []
        assert listed(admin, companyId=theirs.id) == [theirs.id]
        assert len(listed(admin, limit=1)) == 1
        data(admin, "GET", f"/{ada.uid}")
        data(admin, "GET", f"/{theirs.id}")
        (read,) = admin.log(f"users/{ada.uid}")
        assert (read.operation, read.about) == ("getSubscription", [f"users/{ada.uid}"])
        where = [("uid", "==", admin.uid), ("target", "==", "subscriptions")]
        lists = [each.data for each in db.find("audit", where=where, limit=9)]
        assert {each["operation"] for each in lists} == {"listSubscriptions"}
        assert sum(each["about"] == [f"users/{ada.uid}"] for each in lists) >= 2

    def test_the_list_is_paged_newest_first(self, admin: Admin, db: Database, shop: Shop) -> None:
        plan, people = shop.plan(), [a_user(db) for _ in range(3)]
        for uid in people:
            shop.subscriptions.subscribe(uid, plan.id)
        answer = ask(admin, "GET", query_string={"planId": plan.id, "limit": 2})
        found = [each["id"] for each in answer.json["data"]["subscriptions"]]
        assert found == [people[2], people[1]]
        assert answer.json["meta"]["total"] == 3
        cursor = answer.json["meta"]["nextCursor"]
        assert listed(admin, planId=plan.id, limit=2, cursor=cursor) == [people[0]]
        wrong = ask(admin, "GET", query_string={"cursor": cursor})
        assert code(wrong) == (422, "invalid_cursor")

    def test_the_plans_and_ones_own_are_no_ids(self, db: Database) -> None:
        ada = a_person(db)
        for name in ("plans", "my-subscription"):
            assert "subscriptions" not in str(ask(ada, "GET", f"/{name}").json["data"].keys())
            assert ask(ada, "GET", f"/{name}").status_code == 200
        for name in ("subscribe", "create", "add-minutes", "quote", "user"):
            assert code(ask(ada, "GET", f"/{name}")) == (404, "subscription_not_found")


class TestChanging:
    def test_a_company_gets_a_plan_and_loses_it(self, admin: Admin, shop: Shop, firm: Firm) -> None:
        plan = shop.plan(tokens=50, voice_minutes=10)
        body = {"ownerId": firm.id, "planId": plan.id, "tokens": 70, "expiryDate": "2199-01-01"}
        answer = ask(admin, "POST", json=body)
        assert answer.status_code == 201
        view = answer.json["data"]["subscription"]
        assert (view["id"], view["ownerKind"], view["source"]) == (firm.id, "company", "admin")
        assert (view["tokens"], view["availableMinutes"]) == (70, 10)
        assert view["expiryDate"] == "2199-01-01T00:00:00Z"
        assert (firm.record.plan, firm.record.tokens) == (plan.id, 70)
        assert code(ask(admin, "POST", json=body)) == (409, "already_subscribed")
        assert shop.tokens(firm.id).granted == 70  # once
        better = shop.plan(price=99, tokens=100, voice_minutes=0)
        changed = data(admin, "PUT", f"/{firm.id}", json={"planId": better.id})["subscription"]
        assert (changed["currentPlan"]["id"], changed["tokens"]) == (better.id, 170)
        for _ in range(2):
            ended = data(admin, "DELETE", f"/{firm.id}")["subscription"]
            assert (ended["status"], ended["tokens"]) == ("cancelled", 170)
            assert ended["availableMinutes"] == 0
        assert firm.record.plan is None
        assert audit_company(admin.db, firm.id) == []
        assert audit_owner(admin.db, Owner.company(firm.id)) == []
        entries = admin.log(f"subscriptions/{firm.id}")
        assert [each.operation for each in entries] == [
            "addSubscription",
            "updateSubscription",
            "deleteSubscription",
        ]
        assert entries[0].before == {} and entries[0].after["plan"]["id"] == plan.id
        assert entries[2].after["status"] == "cancelled"

    def test_dates_and_status_of_a_users(self, admin: Admin, db: Database, shop: Shop) -> None:
        uid, plan = a_user(db), shop.plan(voice_minutes=0, tokens=5)
        data(admin, "POST", json={"ownerId": uid, "planId": plan.id})
        path = f"/{uid}"
        until = data(admin, "PUT", path, json={"expiryDate": "2199-01-01"})["subscription"]
        assert until["expiryDate"] == "2199-01-01T00:00:00Z"
        kept = data(admin, "PUT", path, json={"expiryDate": None})["subscription"]
        assert kept == until
        on = data(admin, "PUT", path, json={"expiryDate": ""})["subscription"]
        assert on["expiryDate"] == on["periodEnd"]
        over = data(admin, "PUT", path, json={"status": "expired"})["subscription"]
        assert over["status"] == "expired"
        assert data(admin, "DELETE", path)["subscription"]["status"] == "expired"  # it had ended
        again = data(admin, "PUT", path, json={"status": "active"})["subscription"]
        assert (again["status"], again["tokens"]) == ("active", 30)  # 20 of sign-up, two periods
        assert shop.subscription(uid).status is SubscriptionStatus.ACTIVE

    def test_only_administrators_change_anything(
        self, db: Database, shop: Shop, theirs: Firm
    ) -> None:
        ada, plan = a_person(db), shop.plan()
        shop.subscriptions.subscribe(ada.uid, plan.id)
        before = shop.subscription(ada.uid), shop.subscription(theirs.id)
        for who in (ada, theirs.owner, theirs.join(), a_person(db)):
            for owner_id in (ada.uid, theirs.id):
                body = {"ownerId": owner_id, "planId": plan.id}
                assert code(ask(who, "POST", json=body)) == (403, "forbidden")
                put = ask(who, "PUT", f"/{owner_id}", json={"status": "expired"})
                assert code(put) == (403, "forbidden")
                assert code(ask(who, "DELETE", f"/{owner_id}")) == (403, "forbidden")
        assert (shop.subscription(ada.uid), shop.subscription(theirs.id)) == before

    def test_what_does_not_exist_is_not_found(
        self, admin: Admin, db: Database, shop: Shop, firm: Firm
    ) -> None:
        plan, ada = shop.plan(), a_user(db)
        missing = (404, "subscription_not_found")
        for owner_id in ("nobody", ada, firm.id, "plans"):
            for body in ({}, {"planId": plan.id}, {"status": "active"}, {"expiryDate": ""}):
                assert code(ask(admin, "PUT", f"/{owner_id}", json=body)) == missing
            assert code(ask(admin, "DELETE", f"/{owner_id}")) == missing
        assert not db.get(f"subscriptions/{ada}").exists  # a PUT begins none
        body = {"ownerId": "nobody", "planId": plan.id}
        assert code(ask(admin, "POST", json=body)) == (404, "owner_not_found")
        body = {"ownerId": ada, "planId": "nothing"}
        assert code(ask(admin, "POST", json=body)) == (404, "plan_not_found")

    def test_guests_get_none(self, admin: Admin, db: Database, shop: Shop) -> None:
        body = {"ownerId": a_user(db, guest=True), "planId": shop.plan().id}
        assert code(ask(admin, "POST", json=body)) == (403, "guest_not_allowed")

    @pytest.mark.parametrize(
        "body",
        [
            {"status": "past_due"},
            {"status": ""},
            {"expiryDate": "yesterday"},
            {"planId": "a/b"},
            {"startDate": 10**30},
        ],
    )
    def test_bad_changes_are_refused(
        self, admin: Admin, theirs: Firm, body: dict[str, Any]
    ) -> None:
        answer = ask(admin, "PUT", f"/{theirs.id}", json=body)
        assert code(answer) == (422, "invalid_input")


class TestDeletedCompanies:
    @pytest.mark.parametrize(
        "change",
        [
            lambda admin, firm, plan: ask(
                admin, "POST", json={"ownerId": firm.id, "planId": plan.id}
            ),
            lambda admin, firm, plan: ask(admin, "PUT", f"/{firm.id}", json={"planId": plan.id}),
            lambda admin, firm, plan: ask(admin, "DELETE", f"/{firm.id}"),
            lambda admin, firm, plan: ask(admin, "GET", f"/{firm.id}"),
        ],
        ids=["create", "update", "delete", "read"],
    )
    def test_the_plan_of_a_deleted_company_is_gone_before_the_sweep_erases_it(
        self,
        admin: Admin,
        shop: Shop,
        theirs: Firm,
        change: Callable[[Admin, Firm, Any], Any],
    ) -> None:
        boss = theirs.join("admin")
        theirs.owner.data("DELETE", theirs.path, json={"confirm": theirs.record.name})
        before = shop.subscription(theirs.id)
        assert code(change(admin, theirs, shop.plan(price=99)))[0] == 404
        assert shop.subscription(theirs.id) == before
        assert code(ask(boss, "GET", f"/{theirs.id}")) == (404, "subscription_not_found")
        asked = ask(boss, "GET", query_string={"companyId": theirs.id})
        assert code(asked) == (404, "company_not_found")

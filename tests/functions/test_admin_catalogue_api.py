"""Administration of plans, FAQ and contact messages, over HTTP."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.admins import Admin, a_user, new_admin
from tests.support.factories import code
from tests.support.plans import Shop
from tests.support.wiring import services
from troupe.adapters.firestore import Database, Stale
from troupe.audit.service import AuditLog

HUGE = 10**30
PLAN = {"name": "Tour", "price": 9.99, "billingPeriod": "monthly", "tokens": 5}
FAQ = {"category": "General", "question": "What is it?", "answer": "A troupe."}


def a_plan() -> dict[str, Any]:
    """A plan with a unique name, and therefore a unique id."""
    return PLAN | {"name": f"Tour {secrets.token_hex(4)}"}


class TestPlans:
    def test_the_audit_log_records_creation_update_and_deletion(self, admin: Admin) -> None:
        plan_id = admin.data("POST", "/plans", 201, json=a_plan())["plan"]["id"]
        admin.data("PUT", f"/plans/{plan_id}", json={"price": 19.99, "isPopular": True})
        admin.data("DELETE", f"/plans/{plan_id}")
        made, changed, deleted = admin.log(f"plans/{plan_id}")
        operations = [entry.operation for entry in (made, changed, deleted)]
        assert operations == ["createPlan", "updatePlan", "deletePlan"]
        assert (made.before, made.after["priceCents"]) == ({}, 999)
        assert changed.before == {"priceCents": 999, "isPopular": False}
        assert changed.after == {"priceCents": 1999, "isPopular": True}
        assert (deleted.before["priceCents"], deleted.after) == (1999, {})

    def test_concurrent_updates_are_applied_and_logged_one_after_the_other(
        self, admin: Admin
    ) -> None:
        plan_id = admin.data("POST", "/plans", 201, json=a_plan())["plan"]["id"]
        admins = [admin, new_admin(admin.db)]
        bodies = [{"price": n, "tokens": n, "description": f"The {n}"} for n in (100, 200)]
        with ThreadPoolExecutor(2) as pool:
            pairs = zip(admins, bodies, strict=True)
            list(
                pool.map(lambda pair: pair[0].data("PUT", f"/plans/{plan_id}", json=pair[1]), pairs)
            )
        plan = admin.data("GET", f"/plans/{plan_id}")["plan"]
        assert {key: plan[key] for key in bodies[0]} in bodies
        _, first, last = admin.log(f"plans/{plan_id}")
        assert first.before["priceCents"] == 999
        assert last.before == first.after
        assert last.after["description"] == plan["description"]
        assert {first.uid, last.uid} == {each.uid for each in admins}

    def test_a_description_may_be_empty(self, admin: Admin) -> None:
        plan = admin.data("POST", "/plans", 201, json=a_plan() | {"description": ""})["plan"]
        assert plan["description"] == ""
        place = f"/plans/{plan['id']}"
        for text in ("The big one.", ""):
            changed = admin.data("PUT", place, json={"description": text})["plan"]
            assert changed["description"] == text

    def test_a_plan_with_subscribers_is_not_deleted(self, admin: Admin) -> None:
        shop = Shop(admin.db)
        plan = shop.plan(price=0)
        for _ in range(2):
            shop.subscriptions.subscribe(a_user(admin.db), plan.id)
        refused = admin.ask("DELETE", f"/plans/{plan.id}")
        assert code(refused) == (400, "plan_in_use")
        assert refused.json["error"]["details"] == {"subscribers": 2}
        assert admin.log(f"plans/{plan.id}") == []

    def test_the_status_filter_lists_only_matching_plans(self, admin: Admin) -> None:
        body = PLAN | {"status": "Inactive"}
        plan_id = admin.data("POST", "/plans", 201, json=body)["plan"]["id"]
        listed = {
            status: {
                plan["id"]
                for plan in admin.data("GET", "/plans", query_string={"status": status})["plans"]
            }
            for status in ("Active", "Inactive")
        }
        assert plan_id in listed["Inactive"] - listed["Active"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"price": -1},
            {"price": HUGE},
            {"price": 1.999},
            {"voiceMinutes": -1},
            {"tokens": -1},
            {"tokens": HUGE},
            {"name": "x" * 10_000},
            {"name": " "},
            {"billingPeriod": "daily"},
            {"status": "Sleeping"},
            {"features": ["x" * 10_000]},
        ],
    )
    def test_invalid_input_is_rejected(self, admin: Admin, wrong: dict[str, Any]) -> None:
        plan = Shop(admin.db).plan()
        assert admin.ask("POST", "/plans", json=PLAN | wrong).status_code == 422
        assert admin.ask("PUT", f"/plans/{plan.id}", json=wrong).status_code == 422
        assert admin.data("GET", f"/plans/{plan.id}")["plan"]["name"] == plan.name

    def test_an_unknown_status_is_rejected(self, admin: Admin) -> None:
        answer = admin.ask("GET", "/plans", query_string={"status": "Sleeping"})
        assert answer.status_code == 422

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_an_unknown_plan_is_not_found(self, admin: Admin, method: str) -> None:
        answer = admin.ask(method, "/plans/no-such-plan", json={})
        assert code(answer) == (404, "plan_not_found")


class TestFaq:
    def test_the_audit_log_records_creation_update_and_deletion_of_a_question(
        self, admin: Admin
    ) -> None:
        faq_id = admin.data("POST", "/faq", 201, json=FAQ)["faq"]["id"]
        admin.data("PUT", f"/faq/{faq_id}", json={"answer": "A company."})
        admin.data("DELETE", f"/faq/{faq_id}")
        made, changed, deleted = admin.log(f"faqs/{faq_id}")
        assert (made.before, made.after) == ({}, FAQ)
        assert (changed.before, changed.after) == (
            {"answer": "A troupe."},
            {"answer": "A company."},
        )
        assert (deleted.operation, deleted.after) == ("deleteFaq", {})

    @pytest.mark.parametrize(
        "wrong",
        [{"category": "Gossip"}, {"question": "x" * 10_000}, {"answer": ""}, {"question": None}],
    )
    def test_invalid_input_is_rejected(self, admin: Admin, wrong: dict[str, Any]) -> None:
        assert admin.ask("POST", "/faq", json=FAQ | wrong).status_code == 422

    @pytest.mark.parametrize("query", [{"page": 0}, {"limit": 0}, {"category": "Gossip"}])
    def test_invalid_queries_are_rejected(self, admin: Admin, query: dict[str, Any]) -> None:
        assert admin.ask("GET", "/faq", query_string=query).status_code == 422


class TestContacts:
    def test_the_status_of_a_message_is_changed(self, admin: Admin) -> None:
        contact = services().contacts.add(
            name="Ada", email="ada@example.com", subject=secrets.token_hex(4), message="Hello"
        )
        query = {"status": "new", "limit": 100}
        listed = admin.data("GET", "/contacts", query_string=query)["contacts"]
        assert contact.id in {each["id"] for each in listed}
        body = {"status": "resolved"}
        changed = admin.data("PUT", f"/contacts/{contact.id}", json=body)["contact"]
        assert (changed["subject"], changed["status"]) == (contact.subject, "resolved")
        (entry,) = admin.log(f"contacts/{contact.id}")
        assert (entry.before, entry.after) == ({"status": "new"}, body)

    @pytest.mark.parametrize("body", [{}, {"status": "burnt"}])
    def test_invalid_input_is_rejected(self, admin: Admin, body: dict[str, str]) -> None:
        assert admin.ask("PUT", "/contacts/any", json=body).status_code == 422

    @pytest.mark.parametrize("query", [{"page": 0}, {"limit": 0}, {"status": "burnt"}])
    def test_invalid_queries_are_rejected(self, admin: Admin, query: dict[str, Any]) -> None:
        assert admin.ask("GET", "/contacts", query_string=query).status_code == 422

    def test_an_unknown_message_is_not_found(self, admin: Admin) -> None:
        answer = admin.ask("PUT", "/contacts/any", json={"status": "new"})
        assert code(answer) == (404, "contact_not_found")


def test_a_failed_change_is_not_in_the_audit_log(
    admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry is part of the change's commit, so both fail together."""
    plan = Shop(admin.db).plan()
    commit = Database.commit

    def failing(self: Database, *writes: Any) -> Any:
        if any(write.path == f"plans/{plan.id}" for write in writes):
            raise Stale
        return commit(self, *writes)

    monkeypatch.setattr(Database, "commit", failing)
    monkeypatch.setattr("troupe.plans.service.contend", lambda attempt: attempt())
    assert admin.ask("PUT", f"/plans/{plan.id}", json={"tokens": 1}).status_code == 503
    assert admin.log(f"plans/{plan.id}") == []


def test_the_audit_log_is_read_newest_first(admin: Admin) -> None:
    ids = [admin.data("POST", "/faq", 201, json=FAQ)["faq"]["id"] for _ in range(3)]
    mine = [e.target for e in AuditLog(admin.db).newest(1000) if e.uid == admin.uid]
    assert mine == [f"faqs/{faq_id}" for faq_id in reversed(ids)]

"""Plans, questions and messages in the hands of administrators, over HTTP."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.admins import Desk, a_user, at_a_desk
from tests.support.factories import code
from tests.support.plans import Shop
from tests.support.wiring import services
from troupe.adapters.firestore import Database, Stale
from troupe.audit.service import AuditLog

HUGE = 10**30
PLAN = {"name": "Tour", "price": 9.99, "billingPeriod": "monthly", "tokens": 5}
FAQ = {"category": "General", "question": "What is it?", "answer": "A troupe."}


def a_plan() -> dict[str, Any]:
    """Of a name, and so an id, that no other plan ever had."""
    return PLAN | {"name": f"Tour {secrets.token_hex(4)}"}


class TestPlans:
    def test_the_log_tells_the_whole_life_of_a_plan(self, desk: Desk) -> None:
        plan_id = desk.data("POST", "/plans", 201, json=a_plan())["plan"]["id"]
        desk.data("PUT", f"/plans/{plan_id}", json={"price": 19.99, "isPopular": True})
        desk.data("DELETE", f"/plans/{plan_id}")
        made, changed, deleted = desk.log(f"plans/{plan_id}")
        operations = [entry.operation for entry in (made, changed, deleted)]
        assert operations == ["createPlan", "updatePlan", "deletePlan"]
        assert (made.before, made.after["priceCents"]) == ({}, 999)
        assert changed.before == {"priceCents": 999, "isPopular": False}
        assert changed.after == {"priceCents": 1999, "isPopular": True}
        assert (deleted.before["priceCents"], deleted.after) == (1999, {})

    def test_of_two_at_once_the_last_is_whole_and_each_knows_what_was_before(
        self, desk: Desk
    ) -> None:
        plan_id = desk.data("POST", "/plans", 201, json=a_plan())["plan"]["id"]
        desks = [desk, at_a_desk(desk.db)]
        bodies = [{"price": n, "tokens": n, "description": f"The {n}"} for n in (100, 200)]
        with ThreadPoolExecutor(2) as pool:
            pairs = zip(desks, bodies, strict=True)
            list(
                pool.map(lambda pair: pair[0].data("PUT", f"/plans/{plan_id}", json=pair[1]), pairs)
            )
        plan = desk.data("GET", f"/plans/{plan_id}")["plan"]
        assert {key: plan[key] for key in bodies[0]} in bodies
        _, first, last = desk.log(f"plans/{plan_id}")
        assert first.before["priceCents"] == 999
        assert last.before == first.after
        assert last.after["description"] == plan["description"]
        assert {first.uid, last.uid} == {each.uid for each in desks}

    def test_a_description_may_be_empty(self, desk: Desk) -> None:
        plan = desk.data("POST", "/plans", 201, json=a_plan() | {"description": ""})["plan"]
        assert plan["description"] == ""
        place = f"/plans/{plan['id']}"
        for text in ("The big one.", ""):
            changed = desk.data("PUT", place, json={"description": text})["plan"]
            assert changed["description"] == text

    def test_a_plan_with_subscribers_stays_and_so_does_the_log(self, desk: Desk) -> None:
        shop = Shop(desk.db)
        plan = shop.plan(price=0)
        for _ in range(2):
            shop.subscriptions.subscribe(a_user(desk.db), plan.id)
        refused = desk.ask("DELETE", f"/plans/{plan.id}")
        assert code(refused) == (400, "plan_in_use")
        assert refused.json["error"]["details"] == {"subscribers": 2}
        assert desk.log(f"plans/{plan.id}") == []

    def test_a_status_brings_those_of_it_alone(self, desk: Desk) -> None:
        body = PLAN | {"status": "Inactive"}
        plan_id = desk.data("POST", "/plans", 201, json=body)["plan"]["id"]
        listed = {
            status: {
                plan["id"]
                for plan in desk.data("GET", "/plans", query_string={"status": status})["plans"]
            }
            for status in ("Active", "Inactive")
        }
        assert plan_id in listed["Inactive"] - listed["Active"]

    @pytest.mark.parametrize(
        "wrong",
        [
            *({"price": -1}, {"price": HUGE}, {"price": 1.999}, {"voiceMinutes": -1}),
            *({"tokens": -1}, {"tokens": HUGE}, {"name": "x" * 10_000}, {"name": " "}),
            *({"billingPeriod": "daily"}, {"status": "Sleeping"}, {"features": ["x" * 10_000]}),
        ],
    )
    def test_bad_input_is_refused(self, desk: Desk, wrong: dict[str, Any]) -> None:
        plan = Shop(desk.db).plan()
        assert desk.ask("POST", "/plans", json=PLAN | wrong).status_code == 422
        assert desk.ask("PUT", f"/plans/{plan.id}", json=wrong).status_code == 422
        assert desk.data("GET", f"/plans/{plan.id}")["plan"]["name"] == plan.name

    def test_an_unknown_status_is_refused(self, desk: Desk) -> None:
        answer = desk.ask("GET", "/plans", query_string={"status": "Sleeping"})
        assert answer.status_code == 422

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_one_that_is_not_there_is_not_found(self, desk: Desk, method: str) -> None:
        answer = desk.ask(method, "/plans/no-such-plan", json={})
        assert code(answer) == (404, "plan_not_found")


class TestFaq:
    def test_the_log_tells_its_life(self, desk: Desk) -> None:
        faq_id = desk.data("POST", "/faq", 201, json=FAQ)["faq"]["id"]
        desk.data("PUT", f"/faq/{faq_id}", json={"answer": "A company."})
        desk.data("DELETE", f"/faq/{faq_id}")
        made, changed, deleted = desk.log(f"faqs/{faq_id}")
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
    def test_bad_input_is_refused(self, desk: Desk, wrong: dict[str, Any]) -> None:
        assert desk.ask("POST", "/faq", json=FAQ | wrong).status_code == 422

    @pytest.mark.parametrize("query", [{"page": 0}, {"limit": 0}, {"category": "Gossip"}])
    def test_bad_queries_are_refused(self, desk: Desk, query: dict[str, Any]) -> None:
        assert desk.ask("GET", "/faq", query_string=query).status_code == 422


class TestContacts:
    def test_a_message_is_seen_to(self, desk: Desk) -> None:
        contact = services().contacts.add(
            name="Ada", email="ada@example.com", subject=secrets.token_hex(4), message="Hello"
        )
        query = {"status": "new", "limit": 100}
        listed = desk.data("GET", "/contacts", query_string=query)["contacts"]
        assert contact.id in {each["id"] for each in listed}
        body = {"status": "resolved"}
        changed = desk.data("PUT", f"/contacts/{contact.id}", json=body)["contact"]
        assert (changed["subject"], changed["status"]) == (contact.subject, "resolved")
        (entry,) = desk.log(f"contacts/{contact.id}")
        assert (entry.before, entry.after) == ({"status": "new"}, body)

    @pytest.mark.parametrize("body", [{}, {"status": "burnt"}])
    def test_bad_input_is_refused(self, desk: Desk, body: dict[str, str]) -> None:
        assert desk.ask("PUT", "/contacts/any", json=body).status_code == 422

    @pytest.mark.parametrize("query", [{"page": 0}, {"limit": 0}, {"status": "burnt"}])
    def test_bad_queries_are_refused(self, desk: Desk, query: dict[str, Any]) -> None:
        assert desk.ask("GET", "/contacts", query_string=query).status_code == 422

    def test_one_that_is_not_there_is_not_found(self, desk: Desk) -> None:
        answer = desk.ask("PUT", "/contacts/any", json={"status": "new"})
        assert code(answer) == (404, "contact_not_found")


def test_a_change_that_is_not_committed_is_not_in_the_log(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry is in the commit of the change: one that fails takes it along."""
    plan = Shop(desk.db).plan()
    commit = Database.commit

    def failing(self: Database, *writes: Any) -> Any:
        if any(write.path == f"plans/{plan.id}" for write in writes):
            raise Stale
        return commit(self, *writes)

    monkeypatch.setattr(Database, "commit", failing)
    monkeypatch.setattr("troupe.plans.service.contend", lambda attempt: attempt())
    assert desk.ask("PUT", f"/plans/{plan.id}", json={"tokens": 1}).status_code == 503
    assert desk.log(f"plans/{plan.id}") == []


def test_the_log_is_read_newest_first(desk: Desk) -> None:
    ids = [desk.data("POST", "/faq", 201, json=FAQ)["faq"]["id"] for _ in range(3)]
    mine = [e.target for e in AuditLog(desk.db).newest(1000) if e.uid == desk.uid]
    assert mine == [f"faqs/{faq_id}" for faq_id in reversed(ids)]

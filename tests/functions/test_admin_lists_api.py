"""Lists, search and statistics of users, over HTTP."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest

from tests.support.admins import Admin, a_member, a_user, new_admin
from tests.support.factories import code
from tests.support.plans import Shop
from tests.support.wiring import app_for, rewired
from troupe.activities.service import activity_write
from troupe.adapters.firestore import Database, Update, now


class TestListing:
    def test_pages_by_cursor_list_every_user_once(self, admin: Admin, shop: Shop) -> None:
        plan = shop.plan(price=0)
        uids = {a_user(admin.db) for _ in range(5)}
        for uid in uids:
            shop.subscriptions.subscribe(uid, plan.id)
        query: dict[str, Any] = {"plan": plan.id, "limit": 2}
        seen: list[str] = []
        for _ in range(3):
            answer = admin.ask("GET", "/users", query_string=query).json
            seen += [user["id"] for user in answer["data"]["users"]]
            assert (answer["meta"]["total"], answer["meta"]["totalPages"]) == (5, 3)
            query["cursor"] = answer["meta"].get("nextCursor")
        assert (len(seen), set(seen)) == (5, uids)

    @pytest.mark.parametrize("status", ["active", "expired", "cancelled", "suspended"])
    def test_the_status_filter_lists_only_matching_users(
        self, admin: Admin, shop: Shop, status: str
    ) -> None:
        plan = shop.plan(price=0)
        uids = {each: a_user(admin.db) for each in ("active", "expired", "cancelled", "suspended")}
        for each, uid in uids.items():
            shop.subscriptions.subscribe(uid, plan.id)
            admin.data("PUT", f"/users/{uid}", json={"status": each})
        query = {"status": status, "plan": plan.id}
        (found,) = admin.data("GET", "/users", query_string=query)["users"]
        assert (found["id"], found["status"]) == (uids[status], status)

    def test_a_deleted_user_is_not_listed(self, admin: Admin) -> None:
        member = a_member()
        admin.data("DELETE", f"/users/{member.uid}")
        listed = admin.data("GET", "/users", query_string={"limit": 100})["users"]
        assert member.uid not in {user["id"] for user in listed}
        assert code(admin.ask("GET", f"/users/{member.uid}")) == (404, "user_not_found")

    def test_a_cursor_of_another_query_is_rejected(self, admin: Admin) -> None:
        for _ in range(2):
            a_user(admin.db)
        meta = admin.ask("GET", "/users", query_string={"limit": 1}).json["meta"]
        query = {"limit": 1, "status": "active", "cursor": meta["nextCursor"]}
        assert code(admin.ask("GET", "/users", query_string=query)) == (422, "invalid_cursor")

    @pytest.mark.parametrize(
        "query",
        [
            {"page": 0},
            {"limit": 0},
            {"status": "asleep"},
            {"plan": "a/b"},
            {"cursor": "abc"},
        ],
    )
    def test_invalid_queries_are_rejected(self, admin: Admin, query: dict[str, Any]) -> None:
        assert admin.ask("GET", "/users", query_string=query).status_code == 422


class TestSearch:
    def test_search_by_the_start_of_a_name_ignores_case(self, admin: Admin) -> None:
        word = secrets.token_hex(6)
        uid = a_user(admin.db, name=f"Straße{word} Nord")
        a_user(admin.db, name=f"x{word}")
        found = admin.data("GET", "/search-users", query_string={"search": f"STRASSE{word}  no"})
        assert ([user["id"] for user in found["users"]], found["totalCount"]) == ([uid], 1)

    def test_search_by_the_start_of_an_email_address_ignores_case(self, admin: Admin) -> None:
        word = secrets.token_hex(6)
        uid = a_user(admin.db, email=f"{word}.lovelace@example.com")
        found = admin.data("GET", "/search-users", query_string={"search": f"{word}.LOVE"})
        assert [user["id"] for user in found["users"]] == [uid]

    def test_a_user_matching_by_name_and_address_counts_once(self, admin: Admin) -> None:
        word = secrets.token_hex(6)
        for number in range(4):
            a_user(admin.db, name=f"{word} {number}", email=f"{word}{number}@example.com")
        a_user(admin.db, email=f"{word}9@example.com")
        found = admin.data("GET", "/search-users", query_string={"search": word, "limit": 2})
        assert (len(found["users"]), found["totalCount"]) == (2, 5)

    def test_search_uses_the_current_name(self, admin: Admin) -> None:
        old, new = secrets.token_hex(6), secrets.token_hex(6)
        member = a_member(name=old)
        auth = app_for("auth").test_client()
        auth.put("/api/auth/profile", json={"name": new}, headers=member.headers)
        counts = [
            admin.data("GET", "/search-users", query_string={"search": name})["totalCount"]
            for name in (old, new)
        ]
        assert counts == [0, 1]

    def test_search_can_be_filtered_by_status_and_plan(self, admin: Admin, shop: Shop) -> None:
        word, plan = secrets.token_hex(6), shop.plan(price=0)
        uids = [a_user(admin.db, name=word) for _ in range(3)]
        for uid in uids[:2]:
            shop.subscriptions.subscribe(uid, plan.id)
        admin.data("PUT", f"/users/suspension/{uids[0]}")
        query = {"search": word, "plan": plan.id, "status": "active"}
        found = admin.data("GET", "/search-users", query_string=query)
        assert [user["id"] for user in found["users"]] == [uids[1]]

    @pytest.mark.parametrize(
        "query", [{}, {"search": " "}, {"search": "x" * 10_000}, {"search": "a", "limit": 0}]
    )
    def test_invalid_queries_are_rejected(self, admin: Admin, query: dict[str, Any]) -> None:
        assert admin.ask("GET", "/search-users", query_string=query).status_code == 422


def test_statistics_follow_changes_of_users(own_db: Database) -> None:
    shop = Shop(own_db)
    plan = shop.plan(price=0)
    with rewired(database=own_db):
        admin = new_admin(own_db)
        before = admin.data("GET", "/stats")["totals"]
        uids = [a_user(own_db), a_user(own_db, suspended=True), a_user(own_db, guest=True)]
        for uid in uids[:2]:
            shop.subscriptions.subscribe(uid, plan.id)
        found = admin.data("GET", "/stats")
    more = {name: found["totals"][name] - number for name, number in before.items()}
    assert more == {"users": 3, "admins": 0, "guests": 1, "suspended": 1, "subscribers": 2}
    (counted,) = [each for each in found["byPlan"] if each["planId"] == plan.id]
    assert counted == {"planId": plan.id, "name": plan.name, "users": 2}


def test_recent_activity_lists_all_users_newest_first(admin: Admin) -> None:
    uids = [a_user(admin.db) for _ in range(2)]
    soon = now() + timedelta(days=1)  # newer than the activities of other tests
    for number, uid in enumerate(uids):
        at = soon + timedelta(seconds=number)
        admin.db.commit(activity_write(uid, "voice_generation_completed", "Spoken", at=at))
    answer = admin.ask("GET", "/recent-activity", query_string={"limit": 2}).json
    found, meta = answer["data"]["activities"], answer["meta"]
    assert meta == {"total": 2, "limit": 2, "totalPages": 1, "currentPage": 1}
    assert [each["userId"] for each in found] == uids[::-1]
    assert found[0]["userEmail"] == f"{uids[1]}@example.com"
    assert found[0]["action"] == "voice_generation_completed"
    for uid in uids:
        path = f"users/{uid}/activities"
        (activity,) = admin.db.find(path, limit=2)
        admin.db.commit(Update(activity.path, {"timestamp": now()}))


@pytest.mark.parametrize("path", ["/users", "/recent-activity", "/search-users?search=a"])
def test_a_limit_that_is_too_large_is_reduced_and_reported(admin: Admin, path: str) -> None:
    mark = "&" if "?" in path else "?"
    answer = admin.ask("GET", f"{path}{mark}limit=1000000")
    assert (answer.status_code, answer.json["meta"]["limit"]) == (200, 100)

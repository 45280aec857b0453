"""Administration of users, over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import firebase_client
from tests.support.admins import Admin, a_member, a_user, new_admin
from tests.support.audits import audit_user
from tests.support.factories import code
from tests.support.firebase_client import PASSWORD, is_known, new_email
from tests.support.plans import Shop
from tests.support.wiring import app_for
from troupe.adapters.firestore import Database, Update, now
from troupe.app.domains import apis
from troupe.plans.schemas import TermsView

HUGE = 10**30


def login(client: FlaskClient, email: str, password: str = PASSWORD) -> Any:
    return client.post("/api/admin/login", json={"email": email, "password": password})


class TestSignIn:
    def test_an_administrator_gets_a_token_for_the_admin_function(self, admin: Admin) -> None:
        member = a_member()
        admin.db.commit(Update(f"users/{member.uid}", {"role": "admin"}))
        answer = login(admin.client, member.email)
        headers = {"Authorization": f"Bearer {answer.json['data']['accessToken']}"}
        assert admin.client.get("/api/admin/verify", headers=headers).json["data"]["valid"] is True

    def test_a_user_who_is_not_an_administrator_gets_no_session(self, admin: Admin) -> None:
        member = a_member()
        assert code(login(admin.client, member.email)) == (403, "not_an_admin")
        assert len(admin.db.get(f"users/{member.uid}").data["sessions"]) == 1

    def test_a_wrong_password_does_not_reveal_who_is_an_administrator(self, admin: Admin) -> None:
        one, other = a_member(), a_member()
        admin.db.commit(Update(f"users/{one.uid}", {"role": "admin"}))
        tried = [login(admin.client, email, "wrong 1") for email in (one.email, other.email)]
        tried.append(login(admin.client, new_email(), "wrong 1"))
        assert {code(answer) for answer in tried} == {(401, "invalid_credentials")}

    def test_sign_in_counts_against_the_login_limit(self) -> None:
        (route,) = [r for api in apis("admin") for r in api.routes if r.path.endswith("/login")]
        assert route.limit == "login"


class TestUpdate:
    def test_changing_everything_makes_one_audit_entry(self, admin: Admin, shop: Shop) -> None:
        member, plan, email = a_member(), shop.plan(tokens=100, voice_minutes=5), new_email()
        body = {
            "email": email,
            "plan": plan.name,
            "tokens": 7,
            "voiceMinutes": 9,
            "startDate": "2026-01-01",
            "expiryDate": "2199-01-01",
            "role": "user",
        }
        admin.db.commit(Update(f"users/{member.uid}", {"role": "admin"}))
        user = admin.data("PUT", f"/users/{member.uid}", json=body)["user"]
        assert (user["email"], user["plan"], user["role"]["name"]) == (email, plan.id, "user")
        assert (user["tokens"], user["availableMinutes"]) == (7, 9)
        assert (user["startDate"][:10], user["expiryDate"][:10]) == ("2026-01-01", "2199-01-01")
        (entry,) = admin.log(f"users/{member.uid}")
        assert (entry.uid, entry.email) == (admin.uid, admin.email)
        assert (entry.operation, len(str(entry.request_id))) == ("adminUpdateUser", 32)
        assert entry.before == {
            "email": member.email,
            "role": "admin",
            "tokens": 20,
            "voiceSeconds": 0,
        }
        changed = {key: entry.after[key] for key in ("email", "role", "tokens", "voiceSeconds")}
        assert changed == {"email": email, "role": "user", "tokens": 7, "voiceSeconds": 540}
        assert entry.after["plan"] == plan.id
        assert not audit_user(admin.db, member.uid)
        assert firebase_client.sign_in(email)["localId"] == member.uid

    def test_a_request_that_changes_nothing_makes_no_audit_entry(self, admin: Admin) -> None:
        uid = a_user(admin.db)
        before = admin.db.get(f"users/{uid}").update_time
        admin.data("PUT", f"/users/{uid}", json={"role": "user", "tokens": 20})
        assert admin.log(f"users/{uid}") == []
        assert admin.db.get(f"users/{uid}").update_time == before

    def test_an_error_in_one_field_changes_nothing(self, admin: Admin) -> None:
        member = a_member()
        body = {"email": new_email(), "tokens": 5, "plan": "no-such-plan"}
        assert code(admin.ask("PUT", f"/users/{member.uid}", json=body)) == (404, "plan_not_found")
        assert admin.data("GET", f"/users/{member.uid}")["user"]["tokens"] == 20
        assert firebase_client.sign_in(member.email)["localId"] == member.uid

    def test_an_address_of_another_user_is_rejected(self, admin: Admin) -> None:
        one, other = a_member(), a_member()
        body = {"email": other.email.upper(), "tokens": 5}
        assert code(admin.ask("PUT", f"/users/{one.uid}", json=body)) == (409, "email_taken")
        assert admin.data("GET", f"/users/{one.uid}")["user"]["tokens"] == 20

    def test_the_address_of_a_user_unknown_to_firebase_auth_cannot_change(
        self, admin: Admin
    ) -> None:
        uid = a_user(admin.db)
        refused = admin.ask("PUT", f"/users/{uid}", json={"email": new_email(), "tokens": 5})
        assert code(refused) == (404, "user_not_found")
        assert admin.data("GET", f"/users/{uid}")["user"]["tokens"] == 20

    def test_a_new_address_ends_every_sign_in_and_old_tokens_do_not_restore_the_old_one(
        self, admin: Admin
    ) -> None:
        member, email = a_member(), new_email()
        old = {"Authorization": f"Bearer {firebase_client.sign_in(member.email)['idToken']}"}
        admin.data("PUT", f"/users/{member.uid}", json={"email": email})
        auth = app_for("auth").test_client()
        assert (member.status(), auth.get("/api/me", headers=old).status_code) == (401, 401)
        user = admin.data("GET", f"/users/{member.uid}")["user"]
        assert (user["email"], user["isVerified"], user["sessions"]) == (email, False, 0)

    def test_a_balance_cannot_be_set_below_what_jobs_hold(self, admin: Admin, shop: Shop) -> None:
        uid = a_user(admin.db)
        admin.data("PUT", f"/users/{uid}", json={"voiceMinutes": 10})
        with shop.holding(uid, 300):
            refused = admin.ask("PUT", f"/users/{uid}", json={"voiceMinutes": 4})
        assert code(refused) == (409, "balance_held")
        assert len(admin.log(f"users/{uid}")) == 1
        assert admin.data("GET", f"/users/{uid}")["user"]["heldMinutes"] == 5

    def test_a_listed_user_shows_every_change(self, admin: Admin, shop: Shop) -> None:
        name = new_email().partition("@")[0]
        uid = a_user(admin.db, name=name)

        def row() -> dict[str, Any]:
            query = {"search": name}
            found: dict[str, Any]
            (found,) = admin.data("GET", "/search-users", query_string=query)["users"]
            details = admin.data("GET", f"/users/{uid}")["user"]
            assert found == {field: details[field] for field in found}
            assert not [each for each in audit_user(admin.db, uid) if " shows " in each]
            seconds, tokens = shop.seconds(uid), shop.tokens(uid)
            assert found["tokens"] == tokens.granted - tokens.used
            assert found["totalMinutes"] == seconds.granted / 60
            assert found["availableMinutes"] == seconds.available / 60
            return found

        assert row()["currentSubscription"] is None
        plan = shop.plan(price=0, voice_minutes=30, tokens=200)
        shop.subscriptions.subscribe(uid, plan.id)
        has, terms = row(), shop.subscription(uid).plan
        assert (has["plan"], has["availableMinutes"]) == (plan.id, 30)
        assert has["currentSubscription"] == TermsView.of(terms).model_dump(
            mode="json", by_alias=True
        )
        with shop.holding(uid, 600) as job_id:
            assert row()["availableMinutes"] == 20
            shop.release(uid, job_id, 600)
        shop.spend(uid, 300)
        assert row()["availableMinutes"] == 25
        admin.data("PUT", f"/users/{uid}", json={"tokens": 7, "voiceMinutes": 2})
        assert (row()["tokens"], row()["availableMinutes"]) == (7, 2)
        ended = admin.data("PUT", f"/users/{uid}", json={"status": "expired"})["user"]
        assert ended == row()
        assert (ended["plan"], ended["currentSubscription"]) == (None, None)
        assert ended["startDate"] is not None

    def test_an_expiry_date_in_the_past_ends_the_plan(self, admin: Admin, shop: Shop) -> None:
        uid = a_user(admin.db)
        shop.subscriptions.subscribe(uid, shop.plan(price=0).id)
        past = (now() - timedelta(days=1)).isoformat()
        user = admin.data("PUT", f"/users/{uid}", json={"expiryDate": past})["user"]
        assert (user["status"], user["plan"]) == ("expired", None)
        (entry,) = admin.log(f"users/{uid}")
        assert (entry.before["planStatus"], entry.after["planStatus"]) == ("active", "expired")

    def test_status_active_restarts_an_ended_plan(self, admin: Admin, shop: Shop) -> None:
        uid, plan = a_user(admin.db), shop.plan(price=0)
        shop.subscriptions.subscribe(uid, plan.id)
        admin.data("PUT", f"/users/{uid}", json={"status": "cancelled"})
        user = admin.data("PUT", f"/users/{uid}", json={"status": "active"})["user"]
        assert (user["status"], user["plan"]) == ("active", plan.id)

    def test_lifting_a_suspension_grants_no_new_period(self, admin: Admin, shop: Shop) -> None:
        uid = a_user(admin.db)
        shop.subscriptions.subscribe(uid, shop.plan(price=0, tokens=50).id)
        for status in ("expired", "suspended", "active"):
            user = admin.data("PUT", f"/users/{uid}", json={"status": status})["user"]
        assert (user["isSuspended"], user["status"], user["tokens"]) == (False, "expired", 70)

    def test_a_user_without_a_plan_cannot_be_set_to_expired(self, admin: Admin) -> None:
        refused = admin.ask("PUT", f"/users/{a_user(admin.db)}", json={"status": "expired"})
        assert code(refused) == (404, "subscription_not_found")

    def test_concurrent_updates_are_applied_and_logged_one_after_the_other(
        self, admin: Admin
    ) -> None:
        uid, other = a_user(admin.db), new_admin(admin.db)
        bodies = [{"tokens": 100, "voiceMinutes": 1}, {"tokens": 200, "voiceMinutes": 2}]
        with ThreadPoolExecutor(2) as pool:
            asked = zip((admin, other), bodies, strict=True)
            list(pool.map(lambda each: each[0].data("PUT", f"/users/{uid}", json=each[1]), asked))
        user = admin.data("GET", f"/users/{uid}")["user"]
        entries = admin.log(f"users/{uid}")  # the last one is the reading above
        first, last = [each for each in entries if each.operation == "adminUpdateUser"]
        assert (user["tokens"], user["availableMinutes"]) in {(100, 1), (200, 2)}
        assert first.before["tokens"] == 20
        assert (last.before, last.after["tokens"]) == (first.after, user["tokens"])
        assert {first.uid, last.uid} == {admin.uid, other.uid}
        assert not audit_user(admin.db, uid)

    @pytest.mark.parametrize(
        "body",
        [
            {"tokens": -1},
            {"tokens": HUGE},
            {"tokens": 1.5},
            {"voiceMinutes": -1},
            {"voiceMinutes": HUGE},
            {"email": "nobody"},
            {"status": "asleep"},
            {"role": "root"},
            {"plan": "x" * 10_000},
            {"startDate": "soon"},
            {"expiryDate": "9999-01-01"},
            {"startDate": "2199-01-01", "plan": "free"},
        ],
    )
    def test_invalid_input_is_rejected(
        self, admin: Admin, shop: Shop, body: dict[str, Any]
    ) -> None:
        if body.get("plan") == "free":
            body = body | {"plan": shop.plan().id}
        uid = a_user(admin.db)
        assert admin.ask("PUT", f"/users/{uid}", json=body).status_code == 422
        assert admin.log(f"users/{uid}") == []

    def test_an_unknown_user_is_not_found(self, admin: Admin) -> None:
        answer = admin.ask("PUT", "/users/nobody", json={"tokens": 1})
        assert code(answer) == (404, "user_not_found")


class TestSuspension:
    def test_a_suspension_ends_all_access_immediately(self, admin: Admin) -> None:
        member = a_member()
        signed_in = firebase_client.sign_in(member.email)
        token = {"Authorization": f"Bearer {signed_in['idToken']}"}
        auth = app_for("auth").test_client()
        assert (member.status(), auth.get("/api/me", headers=token).status_code) == (200, 200)
        assert admin.data("PUT", f"/users/suspension/{member.uid}")["user"]["isSuspended"] is True
        assert member.status() == 401
        assert code(auth.get("/api/me", headers=token)) == (403, "account_suspended")
        refreshed = auth.post("/api/auth/refresh", json={"refreshToken": member.refresh_token})
        assert refreshed.status_code == 401
        body = {"email": member.email, "password": PASSWORD}
        assert code(auth.post("/api/login", json=body)) == (403, "account_suspended")

    def test_old_tokens_stay_invalid_after_a_suspension_is_lifted(self, admin: Admin) -> None:
        member = a_member()
        old = {"Authorization": f"Bearer {firebase_client.sign_in(member.email)['idToken']}"}
        for suspended in (True, False):
            user = admin.data("PUT", f"/users/suspension/{member.uid}")["user"]
            assert user["isSuspended"] is suspended
        auth = app_for("auth").test_client()
        assert (member.status(), auth.get("/api/me", headers=old).status_code) == (401, 401)
        body = {"email": member.email, "password": PASSWORD}
        assert auth.post("/api/login", json=body).status_code == 200
        log = [(entry.before, entry.after) for entry in admin.log(f"users/{member.uid}")]
        no, yes = {"suspended": False}, {"suspended": True}
        assert log == [(no, yes), (yes, no)]

    def test_concurrent_toggles_are_both_applied(self, admin: Admin) -> None:
        uid = a_user(admin.db)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: admin.data("PUT", f"/users/suspension/{uid}"), range(2)))
        assert admin.db.get(f"users/{uid}").data["suspended"] is False
        assert len(admin.log(f"users/{uid}")) == 2

    def test_an_administrator_cannot_be_suspended(self, admin: Admin) -> None:
        other = new_admin(admin.db)
        for path, body in ((f"suspension/{other.uid}", {}), (other.uid, {"status": "suspended"})):
            refused = admin.ask("PUT", f"/users/{path}", json=body)
            assert code(refused) == (403, "cannot_suspend_admin")

    def test_a_suspended_user_cannot_be_promoted(self, admin: Admin) -> None:
        uid = a_user(admin.db, suspended=True)
        refused = admin.ask("PUT", f"/users/{uid}", json={"role": "admin"})
        assert code(refused) == (403, "cannot_suspend_admin")


class TestRoles:
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("DELETE", "/users/{}", {}),
            ("PUT", "/users/suspension/{}", {}),
            ("PUT", "/users/{}", {"status": "suspended"}),
            ("PUT", "/users/{}", {"role": "user"}),
        ],
    )
    def test_an_administrator_cannot_suspend_demote_or_delete_themselves(
        self, admin: Admin, method: str, path: str, body: dict[str, str]
    ) -> None:
        refused = admin.ask(method, path.format(admin.uid), json=body)
        assert code(refused) == (409, "own_account")
        assert admin.data("GET", "/verify")["valid"] is True

    def test_the_last_administrator_cannot_be_removed(
        self, admin: Admin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As when two administrators demote each other concurrently: the second is the last."""
        other = new_admin(admin.db)
        monkeypatch.setattr(Database, "count", lambda *_, **__: 1)
        refused = admin.ask("PUT", f"/users/{other.uid}", json={"role": "user"})
        assert code(refused) == (409, "last_admin")
        assert code(admin.ask("DELETE", f"/users/{other.uid}")) == (409, "last_admin")

    def test_a_demotion_takes_effect_with_the_next_request(self, admin: Admin) -> None:
        other = new_admin(admin.db)
        admin.data("PUT", f"/users/{other.uid}", json={"role": "user"})
        assert code(other.ask("GET", "/verify")) == (403, "forbidden")

    def test_a_guest_without_an_address_cannot_be_promoted(self, admin: Admin) -> None:
        uid = a_user(admin.db, guest=True, email=None)
        refused = admin.ask("PUT", f"/users/{uid}", json={"role": "admin"})
        assert code(refused) == (409, "no_email")


class TestDeletion:
    def test_access_ends_immediately_and_the_erasure_is_scheduled(self, admin: Admin) -> None:
        member = a_member()
        admin.data("DELETE", f"/users/{member.uid}")
        assert (member.status(), is_known(member.uid)) == (401, False)
        assert admin.db.get(f"deletions/{member.uid}").exists
        (entry,) = admin.log(f"users/{member.uid}")
        assert (entry.operation, entry.after) == ("adminDeleteUser", {})
        assert member.email not in str(entry.before)

    def test_a_deleted_user_is_not_found(self, admin: Admin) -> None:
        member = a_member()
        admin.data("DELETE", f"/users/{member.uid}")
        assert code(admin.ask("DELETE", f"/users/{member.uid}")) == (404, "user_not_found")


def test_a_granted_subscription_is_in_the_audit_log(admin: Admin, shop: Shop) -> None:
    uid, plan = a_user(admin.db), shop.plan()
    body = {"email": f"{uid}@example.com", "planType": plan.id}
    plans = app_for("plans").test_client()
    answer = plans.post("/api/subscriptions/create", json=body, headers=admin.headers)
    assert answer.status_code == 201
    (entry,) = admin.log(f"subscriptions/{uid}")
    assert (entry.operation, entry.after["plan"]["id"]) == ("createSubscription", plan.id)

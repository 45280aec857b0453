"""Rate limits over HTTP, and counted by several instances."""

from __future__ import annotations

import collections
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.accounts import new_address
from tests.support.factories import signed_in, test_settings
from tests.support.firebase_client import (
    PASSWORD,
    link_password,
    mailed_codes,
    new_email,
    sign_up,
    sign_up_anonymously,
)
from tests.support.firebase_client import sign_in as sign_in_with_the_sdk
from tests.support.wiring import app_for, rewired, services
from troupe import backoff
from troupe.accounts.provisioning import Provisioning
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import Users
from troupe.adapters.firestore import Create, Database, Document, Stale, Update, Write, now
from troupe.allowances import RateLimit
from troupe.app.domains import rate_limits
from troupe.backoff import Backoff
from troupe.caller import Source
from troupe.errors import TooManyRequests
from troupe.rate_limits import COLLECTION, Limiter, LimitStatus
from troupe.settings import settings

WRONG = "not the horse 9"
# A window ends at midnight at the earliest, so that it seldom ends within a test.
LIMITS = {
    "LOGIN_LIMIT": "3/86400, 8/86400",
    "REGISTER_LIMIT": "0, 2/86400",
    "GUEST_LIMIT": "0, 2/86400",
    "MAIL_LIMIT": "2/86400, 5/86400",
    "CONTACT_LIMIT": "2/86400, 3/86400",
    "SCRIPT_LIMIT": "2/86400, 0",
}
ADDRESS_ONLY = RateLimit.parse("0, 3/86400")


@pytest.fixture
def client(emulators: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """Limits low enough for a test. Loopback addresses are not counted."""
    for name, limit in LIMITS.items():
        monkeypatch.setenv(name, limit)
    monkeypatch.setattr("troupe.accounts.passwords.FORGOT_SECONDS", 0.0)
    settings.cache_clear()
    yield app_for("auth").test_client()
    settings.cache_clear()


def post(client: FlaskClient, path: str, body: Any = None, address: str = "127.0.0.1") -> Any:
    return client.post(path, json=body or {}, environ_overrides={"REMOTE_ADDR": address})


def register(client: FlaskClient) -> str:
    email = new_email()
    assert post(client, "/api/register", {"email": email, "password": PASSWORD}).status_code == 201
    return email


def sign_in(client: FlaskClient, email: str, password: str, address: str = "127.0.0.1") -> Any:
    return post(client, "/api/login", {"email": email, "password": password}, address)


def test_failures_are_counted_by_account_and_address(client: FlaskClient) -> None:
    email, address = register(client), new_address()
    for left in (2, 1, 0):
        answer = sign_in(client, email.upper(), WRONG, address)
        assert answer.status_code == 401
        assert answer.headers["RateLimit-Limit"] == "3"
        assert answer.headers["RateLimit-Remaining"] == str(left)
    answer = sign_in(client, email, PASSWORD, address)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (429, "too_many_requests")
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert int(answer.headers["Retry-After"]) == backoff.FIRST
    assert answer.headers["RateLimit-Reset"] == answer.headers["Retry-After"]
    assert sign_in(client, register(client), PASSWORD, address).status_code == 200  # not others
    assert sign_in(client, email, PASSWORD, new_address()).status_code == 200


def attack(client: FlaskClient, email: str, failures: int) -> None:
    """A stranger's wrong passwords, three from each address."""
    for number in range(failures):
        if number % 3 == 0:
            address = new_address()
        assert sign_in(client, email, WRONG, address).status_code == 401


def test_strangers_do_not_lock_out_a_known_device(client: FlaskClient) -> None:
    """LOGIN_LIMIT gives an account 3 failures from an address, so 30 from everywhere."""
    owner = {"User-Agent": "The owner's browser"}
    body = {"email": new_email(), "password": PASSWORD}
    assert client.post("/api/register", json=body, headers=owner).status_code == 201
    attack(client, body["email"], 30)
    stranger = sign_in(client, body["email"], WRONG, new_address())
    assert stranger.status_code == 429
    for _ in range(5):
        assert client.post("/api/login", json=body, headers=owner).status_code == 200
    assert sign_in(client, body["email"], PASSWORD, new_address()).status_code == 429
    # Its own failures slow it down.
    wrong = {**body, "password": WRONG}
    statuses = [client.post("/api/login", json=wrong, headers=owner).status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]


def test_attempts_in_vain_from_one_address_do_not_count_elsewhere(client: FlaskClient) -> None:
    """LOGIN_LIMIT gives an account 3 failures from an address, so 30 from everywhere."""
    email, address = register(client), new_address()
    statuses = [sign_in(client, email, WRONG, address).status_code for _ in range(40)]
    assert statuses == [401] * 3 + [429] * 37
    assert sign_in(client, email, PASSWORD, new_address()).status_code == 200


def test_a_refused_attempt_does_not_take_the_next_turn(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    email, busy = register(client), new_address()
    for _ in range(3):
        assert sign_in(client, email, WRONG, busy).status_code == 401
    attack(client, email, 27)
    assert sign_in(client, email, WRONG, new_address()).status_code == 429
    later = now() + timedelta(seconds=backoff.FIRST + 1)
    monkeypatch.setattr("troupe.backoff.now", lambda: later)
    assert sign_in(client, email, WRONG, busy).status_code == 429  # for its own failures
    assert sign_in(client, email, PASSWORD, new_address()).status_code == 200


def test_an_unknown_device_is_slowed_down_but_not_locked_out(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = register(client)
    attack(client, email, 30)
    begun, passed = now(), timedelta()
    monkeypatch.setattr("troupe.backoff.now", lambda: begun + passed)
    waits = []
    for _ in range(5):
        answer = sign_in(client, email, WRONG, new_address())
        assert answer.status_code == 429
        # Trying earlier changes nothing.
        assert sign_in(client, email, WRONG, new_address()).status_code == 429
        waits.append(int(answer.headers["Retry-After"]))
        passed += timedelta(seconds=waits[-1] + 1)
        assert sign_in(client, email, WRONG, new_address()).status_code == 401
    assert waits == [15, 30, 60, 60, 60]
    passed += timedelta(seconds=61)
    assert sign_in(client, email, PASSWORD, new_address()).status_code == 200


def test_of_concurrent_attempts_after_a_delay_one_is_admitted(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, delays, begun = f"{COLLECTION}/{new_email()}", Backoff(db), now()
    monkeypatch.setattr("troupe.backoff.now", lambda: begun)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(delays.wait, [path] * 8)) == {15}
    later = begun + timedelta(seconds=16)
    monkeypatch.setattr("troupe.backoff.now", lambda: later)
    with ThreadPoolExecutor(8) as pool:
        waits = sorted(pool.map(delays.wait, [path] * 8))
    assert (waits[0], set(waits[1:])) == (0, {30})


def test_a_session_is_a_known_device(client: FlaskClient) -> None:
    """Strangers cannot keep the owner from deleting the account or changing the password."""
    email = register(client)
    tokens = sign_in(client, email, PASSWORD).get_json()["data"]
    attack(client, email, 30)
    headers = {"Authorization": f"Bearer {tokens['accessToken']}", "User-Agent": "Elsewhere"}
    body = {"currentPassword": PASSWORD, "newPassword": WRONG}
    answer = client.post("/api/change-password", json=body, headers=headers)
    assert answer.status_code == 200


def test_a_missing_account_is_limited_like_an_existing_one(client: FlaskClient) -> None:
    unknown = new_email()
    statuses = [sign_in(client, unknown, WRONG).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


def test_successful_sign_ins_do_not_use_up_the_limit(client: FlaskClient) -> None:
    email = register(client)
    for _ in range(6):
        assert sign_in(client, email, PASSWORD).status_code == 200
    assert sign_in(client, email, WRONG).headers["RateLimit-Remaining"] == "2"


def test_all_requests_from_an_address_are_counted(client: FlaskClient) -> None:
    email, address = register(client), new_address()
    statuses = [sign_in(client, email, PASSWORD, address).status_code for _ in range(9)]
    assert statuses == [200] * 8 + [429]
    assert sign_in(client, email, PASSWORD, new_address()).status_code == 200


def test_failures_from_an_address_count_without_a_limit_for_accounts(client: FlaskClient) -> None:
    email, address = register(client), new_address()
    with rewired(settings=settings().model_copy(update={"limits": {"login": ADDRESS_ONLY}})):
        statuses = [sign_in(client, email, WRONG, address).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


@pytest.mark.parametrize("path", ["/api/auth/guest", "/api/signup"])
def test_one_address_can_create_only_so_many_accounts(client: FlaskClient, path: str) -> None:
    address, statuses = new_address(), []
    for _ in range(3):
        body = {"email": new_email(), "password": PASSWORD}
        statuses.append(post(client, path, body, address).status_code)
    assert statuses == [201, 201, 429]


def get_me(client: FlaskClient, id_token: str, address: str = "127.0.0.1") -> int:
    headers = {"Authorization": f"Bearer {id_token}"}
    answer = client.get("/api/auth/me", headers=headers, environ_overrides={"REMOTE_ADDR": address})
    return answer.status_code


def linked(client: FlaskClient) -> tuple[str, str]:
    """A guest whom we know and who has linked an address: their uid and the address."""
    guest, email = sign_up_anonymously(), new_email()
    assert get_me(client, guest["idToken"]) == 200
    link_password(guest["idToken"], email)
    return guest["localId"], email


def made(client: FlaskClient, how: str) -> str:
    """The address of an account, "new" or "linked", that was made with Firebase's own API."""
    if how == "linked":
        return linked(client)[1]
    email = new_email()
    sign_up(email)
    return email


@pytest.mark.parametrize("how", ["new", "linked", "guest"])
def test_accounts_made_with_firebases_own_api_count_too(client: FlaskClient, how: str) -> None:
    address, statuses = new_address(), []
    for _ in range(3):
        if how == "guest":
            token = sign_up_anonymously()["idToken"]
        else:
            token = sign_in_with_the_sdk(made(client, how))["idToken"]
        # Only its first request makes a user or an account.
        statuses += [get_me(client, token, address) for _ in range(2)]
    assert statuses == [200] * 4 + [429] * 2


@pytest.mark.parametrize("path", ["/api/login", "/api/admin/login"])
@pytest.mark.parametrize("how", ["new", "linked"])
def test_they_count_if_their_first_request_is_a_login(
    client: FlaskClient, how: str, path: str
) -> None:
    domain, address, statuses = "auth" if path == "/api/login" else "admin", new_address(), []
    for email in [made(client, how) for _ in range(3)]:
        body = {"email": email, "password": PASSWORD}
        statuses.append(post(app_for(domain).test_client(), path, body, address).status_code)
    assert statuses == [200 if path == "/api/login" else 403] * 2 + [429]


def test_a_guest_who_is_refused_as_an_account_stays_as_they_were(
    client: FlaskClient, db: Database
) -> None:
    address = new_address()
    for _ in range(2):
        assert get_me(client, sign_up()["idToken"], address) == 200
    uid, email = linked(client)
    before = [db.get(path).data for path in (f"users/{uid}", f"wallets/{uid}")]
    token = sign_in_with_the_sdk(email)["idToken"]
    assert get_me(client, token, address) == 429
    assert [db.get(path).data for path in (f"users/{uid}", f"wallets/{uid}")] == before
    assert get_me(client, token, new_address()) == 200
    assert db.get(f"users/{uid}").data["tokens"] == settings().tokens_to_give


def test_first_requests_of_a_linked_guest_at_once_are_one_account(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, commit, address = threading.Barrier(2), Users.commit, new_address()

    def commit_at_once(self: Users, *writes: Write) -> Any:
        if any(isinstance(write, Update) and write.data.get("guest") is False for write in writes):
            both.wait(10)
        return commit(self, *writes)

    def ask(id_token: str) -> int:
        return get_me(app_for("auth").test_client(), id_token, address)

    token = sign_in_with_the_sdk(linked(client)[1])["idToken"]
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(Users, "commit", commit_at_once)
        assert list(pool.map(ask, [token] * 2)) == [200, 200]
    assert [ask(sign_up()["idToken"]) for _ in range(2)] == [200, 429]


def test_first_requests_at_once_are_one_account(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, create = threading.Barrier(2), Provisioning.create

    def create_at_once(self: Provisioning, user: UserRecord) -> Document:
        both.wait(10)
        return create(self, user)

    address = new_address()

    def ask(id_token: str) -> int:
        return get_me(app_for("auth").test_client(), id_token, address)

    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(Provisioning, "create", create_at_once)
        assert list(pool.map(ask, [sign_up()["idToken"]] * 2)) == [200, 200]
    assert [ask(sign_up()["idToken"]) for _ in range(2)] == [200, 429]


def test_mails_to_one_account_are_limited_and_verification_counts_too(client: FlaskClient) -> None:
    email = register(client)
    token = sign_in(client, email, PASSWORD).get_json()["data"]["accessToken"]
    headers = {"Authorization": f"Bearer {token}"}
    body = {"email": email}
    assert post(client, "/api/auth/forgot-password", body).status_code == 200
    assert client.post("/api/auth/verify-email", headers=headers).status_code == 200
    assert post(client, "/api/auth/forgot-password", body).status_code == 429
    refused = client.post("/api/auth/verify-email", headers=headers)
    assert (refused.status_code, refused.headers["RateLimit-Limit"]) == (429, "2")
    assert len(mailed_codes(email, "PASSWORD_RESET")) == 1
    assert len(mailed_codes(email, "VERIFY_EMAIL")) == 1


def test_scripts_written_by_a_model_are_limited(client: FlaskClient, db: Database) -> None:
    scripts = app_for("scripts").test_client()
    (_, ada), (_, ben) = signed_in(db), signed_in(db)
    body = {"selectedCharacters": ["nobody"], "prompt": "A quarrel"}

    def ask(headers: dict[str, str]) -> int:
        return scripts.post("/api/scripts/generate", json=body, headers=headers).status_code

    answers = [ask(ada) for _ in range(3)]
    assert answers == [503, 503, 429]  # no model is configured
    assert ask(ben) == 503


def test_the_contact_form_is_limited(client: FlaskClient) -> None:
    support, address = app_for("support").test_client(), new_address()
    body = {"name": "Ada", "email": new_email(), "subject": "Hello", "message": "Is it on?"}
    statuses = [post(support, "/api/contact/submit", body, address).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]


def test_password_guesses_in_a_session_are_counted(client: FlaskClient) -> None:
    email = register(client)
    token = sign_in(client, email, PASSWORD).get_json()["data"]["accessToken"]
    headers = {"Authorization": f"Bearer {token}"}
    body = {"currentPassword": WRONG, "newPassword": WRONG}
    answers = [
        client.post("/api/change-password", json=body, headers=headers).status_code,
        client.delete("/api/auth/account", json={"password": WRONG}, headers=headers).status_code,
        sign_in(client, email, WRONG).status_code,
    ]
    assert answers == [403, 403, 401]
    # From here on, only the session's own guesses count: others must not lock out the owner.
    statuses = [
        client.post("/api/change-password", json=body, headers=headers).status_code
        for _ in range(4)
    ]
    assert statuses == [403, 403, 403, 429]


def test_a_password_reset_lifts_the_limit(client: FlaskClient) -> None:
    email = register(client)
    for _ in range(8):  # the device is known, so it has a limit of its own
        sign_in(client, email, WRONG)
    assert sign_in(client, email, PASSWORD).status_code == 429
    post(client, "/api/auth/forgot-password", {"email": email})
    (code,) = mailed_codes(email, "PASSWORD_RESET")
    body = {"code": code, "password": WRONG}
    assert post(client, "/api/auth/reset-password", body).status_code == 200
    assert sign_in(client, email, WRONG).status_code == 200


def test_an_unreadable_request_is_not_counted(client: FlaskClient) -> None:
    address = new_address()
    for _ in range(5):
        assert post(client, "/api/signup", {"email": "ada"}, address).status_code == 422
    body = {"email": new_email(), "password": PASSWORD}
    assert post(client, "/api/signup", body, address).headers["RateLimit-Remaining"] == "1"


def test_browsers_can_read_the_headers(client: FlaskClient) -> None:
    body = {"email": new_email(), "password": WRONG}
    answer = client.post("/api/login", json=body, headers={"Origin": "https://app.example"})
    exposed = answer.headers["Access-Control-Expose-Headers"]
    assert all(f"RateLimit-{name}" in exposed for name in ("Limit", "Remaining", "Reset"))


def test_unavailable_counters_lock_nobody_out(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    email = register(client)

    class Down(Database):
        def commit(self, *writes: Any) -> Any:
            raise ConnectionError("no route to the counters")

    monkeypatch.setattr(services().limiter, "_db", Down(services().database._client))
    answer = sign_in(client, email, PASSWORD)
    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer.headers
    assert "limit_not_counted" in capsys.readouterr().out


def test_the_addresses_of_one_ipv6_network_share_larger_limits(client: FlaskClient) -> None:
    """REGISTER_LIMIT gives an address 2: a /56 gets 8, whichever of its /64s they come from."""
    network, statuses = f"2001:db8:{os.urandom(2).hex()}", []
    for number in range(10):
        body = {"email": new_email(), "password": PASSWORD}
        address = f"{network}:{number:x}::1"
        statuses.append(post(client, "/api/signup", body, address).status_code)
    assert statuses == [201] * 8 + [429] * 2


def test_a_flood_contending_for_its_counter_is_rejected(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Flooded(Database):
        def commit(self, *writes: Any) -> Any:
            raise Stale

    monkeypatch.setattr("troupe.rate_limits._CONTENTION_SECONDS", 0.05)
    counters = limiter(Flooded(db._client))
    with pytest.raises(TooManyRequests) as refused:
        counters.count("login", account=None, sources=[Source(new_address())])
    assert refused.value.retry_after == 1


def limiter(db: Database, **limits: str) -> Limiter:
    return Limiter(db, rate_limits(test_settings(**limits)), "the same in every instance")


def test_of_many_concurrent_requests_exactly_the_limit_passes(db: Database) -> None:
    counters, email = limiter(db, LOGIN_LIMIT="10/86400, 0"), new_email()

    def count(_: int) -> LimitStatus | None:
        return counters.count("login", account=email, sources=[])

    with ThreadPoolExecutor(20) as pool:
        standings = [each for each in pool.map(count, range(60)) if each is not None]
    assert collections.Counter(each.exceeded for each in standings) == {True: 50, False: 10}
    assert sorted(each.remaining for each in standings if not each.exceeded) == list(range(10))


COUNT = """
import sys
from tests.support.factories import test_settings
from troupe.adapters.firestore import Database
from troupe.app.domains import rate_limits
from troupe.rate_limits import Limiter
limits = rate_limits(test_settings(LOGIN_LIMIT="10/86400, 0"))
counters = Limiter(Database.connect("demo-troupe"), limits, "the same in every instance")
for _ in range(12):
    print(counters.count("login", account=sys.argv[1], sources=[]).exceeded)
"""


def test_a_limit_holds_across_processes(emulators: object) -> None:
    root, email = Path(__file__).parents[2], new_email()
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "functions")])}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", COUNT, email],
            env=env,
            cwd=root,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    lines = [line for process in running for line in process.communicate(timeout=60)[0].split()]
    assert collections.Counter(lines) == {"True": 14, "False": 10}


def test_a_new_window_starts_at_zero(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    counters, email = limiter(db, REGISTER_LIMIT="1/600, 0"), new_email()
    for at, exceeded, reset in ((1_200, False, 600), (1_799, True, 1), (1_800, False, 600)):
        clock = datetime.fromtimestamp(at + 0.9, UTC)
        monkeypatch.setattr("troupe.rate_limits.now", lambda clock=clock: clock)
        standing = counters.count("register", account=email, sources=[])
        assert standing is not None
        assert (standing.exceeded, standing.reset) == (exceeded, reset)


def test_a_counter_identifies_nobody(own_db: Database) -> None:
    email, address = new_email(), new_address()
    limiter(own_db).count("login", account=email, sources=[Source(address)])
    stored = own_db.find(COLLECTION, limit=10)
    assert len(stored) >= 2
    assert not any(email in str(each) or address in str(each) for each in stored)


def test_the_sweep_deletes_counters_of_past_windows(own_db: Database) -> None:
    counters, at = limiter(own_db), now()
    old, fresh = (f"{COLLECTION}/{new_email()}" for _ in range(2))
    own_db.commit(
        Create(old, {"count": 1, "expiresAt": at - timedelta(days=400)}),
        Create(fresh, {"count": 1, "expiresAt": at + timedelta(days=1)}),
    )
    assert counters.sweep(400) == 1
    assert not own_db.get(old).exists
    assert own_db.get(fresh).exists


def test_the_sweep_respects_its_maximum(own_db: Database) -> None:
    at = now() - timedelta(days=400)
    old = [f"{COLLECTION}/{new_email()}" for _ in range(3)]
    own_db.commit(*(Create(path, {"count": 1, "expiresAt": at}) for path in old))
    assert [limiter(own_db).sweep(2) for _ in range(3)] == [2, 1, 0]


def test_zero_disables_a_limit(db: Database) -> None:
    counters = limiter(db, LOGIN_LIMIT="0")
    assert counters.count("login", account=new_email(), sources=[Source(new_address())]) is None


@pytest.mark.parametrize("wrong", ["10", "10/", "10/60", "a/b, 0", "0/60, 0", "-1/60, 0", "1/0, 0"])
def test_an_invalid_limit_prevents_startup(wrong: str) -> None:
    with pytest.raises(ValueError, match="LOGIN_LIMIT"):
        test_settings(LOGIN_LIMIT=wrong)


def test_the_default_limits() -> None:
    limits = rate_limits(test_settings())
    # Counted for a member alone, when there is something to translate, to speak or to send.
    assert {name for name, limit in limits.items() if limit.address is None} == {
        *("call_invite", "call_messages", "call_message_to_one", "call_signal", "call_ice"),
        *("call_recording", "call_recording_part"),
        "key",  # of an API key
        *("room_translation", "guest_room_translation"),
        *("room_caption", "room_sound"),
        *("room_sound_hour", "guest_room_sound", "room_all_sound", "room_guest_sound"),
        *("room_speech", "guest_room_speech", "room_speech_total"),
        *("room_transcript", "guest_room_transcript"),
    }
    assert {name for name, limit in limits.items() if limit.account is None} == {
        "guest",
        *("call_look", "call_code", "call_guest"),
        "room_look",
    }

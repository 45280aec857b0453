"""Accounts, on the Auth and Firestore emulators."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.support import firebase_client
from tests.support.accounts import DEVICE, bearer, register
from tests.support.audits import audit_user
from tests.support.firebase_client import PASSWORD, new_email
from troupe import tokens
from troupe.accounts import sessions
from troupe.accounts.errors import (
    AccountSuspended,
    EmailTaken,
    InvalidCredentials,
    RefreshTokenReused,
    UsernameTaken,
)
from troupe.accounts.service import Accounts, SignedIn
from troupe.accounts.sessions import MAX_SESSIONS
from troupe.activities.service import Activities, activity_write
from troupe.adapters.firestore import Create, Database, Delete, Update, now
from troupe.adapters.identity import Identity
from troupe.adapters.identity_errors import IdentityUnavailable
from troupe.caller import Device, Source
from troupe.errors import TroupeError
from troupe.settings import settings
from troupe.tokens import TokenInvalid
from troupe.web.schema import Page

FOR_EVER = timedelta(0)


def grants(db: Database, uid: str) -> dict[str, int]:
    entries = db.find(f"wallets/{uid}/ledger", limit=50)
    return {entry.id: entry.data["granted"] for entry in entries}


def test_registering_creates_user_wallet_and_grant_in_one_commit(
    accounts: Accounts, db: Database
) -> None:
    user = register(accounts).user
    assert user.tokens == settings().tokens_to_give
    assert grants(db, user.id) == {"signup-grant": settings().tokens_to_give}
    assert audit_user(db, user.id) == []


def test_an_email_address_can_be_registered_once(accounts: Accounts) -> None:
    email = new_email()
    register(accounts, email=email)
    with pytest.raises(EmailTaken):
        register(accounts, email=email.upper())


def test_usernames_are_unique_regardless_of_case(accounts: Accounts) -> None:
    username = f"Ada.{new_email()[:8]}"
    register(accounts, username=username)
    with pytest.raises(UsernameTaken):
        register(accounts, username=username.upper())


def test_of_concurrent_sign_ups_one_gets_the_username_and_the_others_leave_nothing(
    accounts: Accounts,
) -> None:
    username = f"race_{new_email()[:8]}"
    emails = [new_email() for _ in range(6)]

    def attempt(email: str) -> str | None:
        try:
            return register(accounts, email=email, username=username).user.id
        except UsernameTaken:
            return None

    with ThreadPoolExecutor(6) as pool:
        winners = [uid for uid in pool.map(attempt, emails) if uid]
    assert len(winners) == 1
    freed = 0
    for email in emails:  # the losers' addresses are free again
        try:
            register(accounts, email=email)
            freed += 1
        except EmailTaken:
            pass
    assert freed == 5


def test_login_opens_another_session(accounts: Accounts) -> None:
    email = new_email()
    first = register(accounts, email=email)
    second = accounts.login(email, PASSWORD, DEVICE)
    for signed_in in (first, second):
        caller = accounts.authenticate(bearer(signed_in.pair.access_token))
        assert caller.uid == first.user.id
    assert len(caller.user.sessions) == 2


@pytest.mark.parametrize("known", [True, False])
def test_wrong_password_and_unknown_address_get_the_same_error(
    accounts: Accounts, known: bool
) -> None:
    email = new_email()
    if known:
        register(accounts, email=email)
    with pytest.raises(InvalidCredentials) as refused:
        accounts.login(email, "wrong 1", DEVICE)
    assert (refused.value.text, refused.value.details) == (InvalidCredentials.message, None)


def test_an_interrupted_sign_up_is_completed_by_the_next_login(
    accounts: Accounts, identity: Identity, db: Database
) -> None:
    email = new_email()
    uid, _ = identity.create(email, PASSWORD, "Ada")
    assert not db.get(f"users/{uid}").exists
    signed_in = accounts.login(email, PASSWORD, DEVICE)
    assert (signed_in.user.id, signed_in.user.name) == (uid, "Ada")
    assert audit_user(db, uid) == []


def test_concurrent_first_requests_provision_a_firebase_user_once(
    accounts: Accounts, db: Database
) -> None:
    token = firebase_client.sign_up()["idToken"]
    with ThreadPoolExecutor(8) as pool:
        callers = list(pool.map(lambda _: accounts.authenticate(bearer(token)), range(8)))
    (uid,) = {caller.uid for caller in callers}
    assert {caller.user.tokens for caller in callers} == {settings().tokens_to_give}
    assert len({caller.session_id for caller in callers}) == 1
    assert grants(db, uid) == {"signup-grant": settings().tokens_to_give}
    assert audit_user(db, uid) == []


def test_a_guest_gets_the_guest_tokens(accounts: Accounts, db: Database) -> None:
    user = accounts.guest(DEVICE).user
    assert (user.guest, user.email, user.tokens) == (True, None, settings().guest_tokens_to_give)
    assert audit_user(db, user.id) == []


def test_a_guest_who_becomes_an_account_gets_the_rest_of_the_tokens_once(
    accounts: Accounts, db: Database
) -> None:
    guest = firebase_client.sign_up_anonymously()
    assert accounts.authenticate(bearer(guest["idToken"])).guest
    email = new_email()
    firebase_client.link_password(guest["idToken"], email)
    token = bearer(firebase_client.sign_in(email)["idToken"])
    with ThreadPoolExecutor(6) as pool:
        callers = list(pool.map(lambda _: accounts.authenticate(token), range(6)))
    assert {caller.uid for caller in callers} == {guest["localId"]}
    user = accounts.authenticate(token).user
    assert (user.guest, user.email, user.tokens) == (False, email, settings().tokens_to_give)
    rest = settings().tokens_to_give - settings().guest_tokens_to_give
    assert grants(db, user.id) == {
        "signup-grant": settings().guest_tokens_to_give,
        "account-grant": rest,
    }
    assert audit_user(db, user.id) == []


def test_an_old_anonymous_token_does_not_make_an_account_a_guest_again(accounts: Accounts) -> None:
    guest = firebase_client.sign_up_anonymously()
    email = new_email()
    firebase_client.link_password(guest["idToken"], email)
    accounts.authenticate(bearer(firebase_client.sign_in(email)["idToken"]))
    assert accounts.authenticate(bearer(guest["idToken"])).user.guest is False


def test_refreshing_rotates_the_tokens(accounts: Accounts) -> None:
    first = register(accounts)
    second = accounts.refresh(first.pair.refresh_token, DEVICE)
    third = accounts.refresh(second.pair.refresh_token, DEVICE)
    assert accounts.authenticate(bearer(third.pair.access_token)).uid == first.user.id
    assert len({first.pair.refresh_token, second.pair.refresh_token}) == 2


@pytest.mark.parametrize(
    "thief", [Device("a thief", DEVICE.sources), Device("a test", (Source("::1"),))]
)
def test_reuse_of_an_old_refresh_token_ends_the_session(accounts: Accounts, thief: Device) -> None:
    first = register(accounts)
    second = accounts.refresh(first.pair.refresh_token, DEVICE)
    with pytest.raises(RefreshTokenReused):
        accounts.refresh(first.pair.refresh_token, thief)
    with pytest.raises(TokenInvalid):
        accounts.refresh(second.pair.refresh_token, DEVICE)
    for signed_in in (first, second):
        with pytest.raises(TokenInvalid):
            accounts.authenticate(bearer(signed_in.pair.access_token))


def test_reuse_leaves_other_sessions_alone(accounts: Accounts) -> None:
    email = new_email()
    stolen = register(accounts, email=email)
    other = accounts.login(email, PASSWORD, DEVICE)
    accounts.refresh(stolen.pair.refresh_token, DEVICE)
    with pytest.raises(RefreshTokenReused):
        accounts.refresh(stolen.pair.refresh_token, Device("a thief"))
    assert accounts.authenticate(bearer(other.pair.access_token)).uid == other.user.id


def test_tabs_that_refresh_at_once_get_the_same_valid_tokens(accounts: Accounts) -> None:
    """All of them, and any of the tokens continues the session."""
    token = register(accounts).pair.refresh_token
    for _ in range(3):
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(accounts.refresh, [token] * 12, [DEVICE] * 12))
        (token,) = {answer.pair.refresh_token for answer in answers}
        for answer in answers:
            assert accounts.authenticate(bearer(answer.pair.access_token))


def test_of_two_devices_with_the_same_refresh_token_neither_goes_on(accounts: Accounts) -> None:
    token = register(accounts).pair.refresh_token
    devices = [DEVICE, Device("a thief", (Source("203.0.113.9"),))]

    def use(device: Device) -> SignedIn | str:
        try:
            return accounts.refresh(token, device)
        except TroupeError as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(use, devices))
    (winner,) = [answer for answer in answers if isinstance(answer, SignedIn)]
    with pytest.raises(TokenInvalid):
        accounts.refresh(winner.pair.refresh_token, DEVICE)


def test_the_grace_of_an_old_refresh_token_ends(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = register(accounts)
    second = accounts.refresh(first.pair.refresh_token, DEVICE)
    in_time = now() + sessions.GRACE - timedelta(seconds=2)
    monkeypatch.setattr("troupe.accounts.service.now", lambda: in_time)
    again = accounts.refresh(first.pair.refresh_token, DEVICE)
    assert again.pair.refresh_token == second.pair.refresh_token
    late = now() + sessions.GRACE + timedelta(seconds=1)
    monkeypatch.setattr("troupe.accounts.service.now", lambda: late)
    with pytest.raises(RefreshTokenReused):
        accounts.refresh(first.pair.refresh_token, DEVICE)


def test_only_the_last_refresh_token_has_a_grace(accounts: Accounts) -> None:
    first = register(accounts)
    second = accounts.refresh(first.pair.refresh_token, DEVICE)
    accounts.refresh(second.pair.refresh_token, DEVICE)
    with pytest.raises(RefreshTokenReused):
        accounts.refresh(first.pair.refresh_token, DEVICE)


def test_a_refresh_succeeds_despite_concurrent_writes_to_the_user(
    accounts: Accounts, db: Database
) -> None:
    signed_in = register(accounts)
    path = f"users/{signed_in.user.id}"

    def disturb(n: int) -> None:
        db.commit(Update(path, {"name": f"Ada {n}"}))

    with ThreadPoolExecutor(4) as pool:
        disturbing = [pool.submit(disturb, n) for n in range(20)]
        refreshed = accounts.refresh(signed_in.pair.refresh_token, DEVICE)
        for done in disturbing:
            done.result()
    assert accounts.authenticate(bearer(refreshed.pair.access_token))


def test_an_access_token_can_refresh_its_session(accounts: Accounts) -> None:
    first = register(accounts)
    second = accounts.refresh_by_access(bearer(first.pair.access_token), DEVICE)
    ids = {
        tokens.decode(signed_in.pair.access_token, purpose="access").session_id
        for signed_in in (first, second)
    }
    assert len(ids) == 1
    assert accounts.refresh(second.pair.refresh_token, DEVICE)
    with pytest.raises(RefreshTokenReused):
        accounts.refresh(first.pair.refresh_token, DEVICE)


def test_refreshing_with_a_firebase_token_opens_a_session(accounts: Accounts) -> None:
    token = firebase_client.sign_up()["idToken"]
    signed_in = accounts.refresh_by_access(bearer(token), DEVICE)
    assert accounts.authenticate(bearer(signed_in.pair.access_token)).session_id


def test_access_and_refresh_tokens_are_not_interchangeable(accounts: Accounts) -> None:
    signed_in = register(accounts)
    with pytest.raises(TokenInvalid):
        accounts.refresh(signed_in.pair.access_token, DEVICE)
    with pytest.raises(TokenInvalid):
        accounts.authenticate(bearer(signed_in.pair.refresh_token))


def test_logout_ends_only_this_session(accounts: Accounts) -> None:
    email = new_email()
    first = register(accounts, email=email)
    second = accounts.login(email, PASSWORD, DEVICE)
    accounts.logout(accounts.authenticate(bearer(first.pair.access_token)))
    with pytest.raises(TokenInvalid):
        accounts.authenticate(bearer(first.pair.access_token))
    with pytest.raises(TokenInvalid):
        accounts.refresh(first.pair.refresh_token, DEVICE)
    assert accounts.authenticate(bearer(second.pair.access_token))


def test_a_suspended_user_is_rejected_by_every_way_to_sign_in(
    accounts: Accounts, db: Database
) -> None:
    email = new_email()
    signed_in = register(accounts, email=email)
    id_token = firebase_client.sign_in(email)["idToken"]
    db.commit(Update(f"users/{signed_in.user.id}", {"suspended": True}))
    for enter in (
        lambda: accounts.authenticate(bearer(signed_in.pair.access_token)),
        lambda: accounts.authenticate(bearer(id_token)),
        lambda: accounts.refresh(signed_in.pair.refresh_token, DEVICE),
        lambda: accounts.login(email, PASSWORD, DEVICE),
    ):
        with pytest.raises(AccountSuspended):
            enter()


def test_valid_after_ends_earlier_sign_ins(accounts: Accounts, db: Database) -> None:
    email = new_email()
    signed_in = register(accounts, email=email)
    id_token = firebase_client.sign_in(email)["idToken"]
    later = now() + timedelta(seconds=1)
    db.commit(Update(f"users/{signed_in.user.id}", {"validAfter": later}))
    for token in (signed_in.pair.access_token, id_token):
        with pytest.raises(TokenInvalid):
            accounts.authenticate(bearer(token))


def test_an_expired_session_is_rejected(accounts: Accounts, db: Database) -> None:
    signed_in = register(accounts)
    (session_id,) = signed_in.user.sessions
    ended = {f"sessions.{session_id}.expiresAt": now() - timedelta(seconds=1)}
    db.commit(Update(f"users/{signed_in.user.id}", ended))
    with pytest.raises(TokenInvalid):
        accounts.authenticate(bearer(signed_in.pair.access_token))


def test_a_user_without_a_document_is_rejected(accounts: Accounts, db: Database) -> None:
    signed_in = register(accounts)
    db.commit(Delete(f"users/{signed_in.user.id}"))
    with pytest.raises(TokenInvalid):
        accounts.authenticate(bearer(signed_in.pair.access_token))


def test_the_number_of_sessions_is_bounded(accounts: Accounts, db: Database) -> None:
    email = new_email()
    oldest = register(accounts, email=email)
    for _ in range(MAX_SESSIONS):
        newest = accounts.login(email, PASSWORD, DEVICE)
    assert len(db.get(f"users/{oldest.user.id}").data["sessions"]) == MAX_SESSIONS
    assert accounts.authenticate(bearer(newest.pair.access_token))
    with pytest.raises(TokenInvalid):
        accounts.authenticate(bearer(oldest.pair.access_token))


def test_losing_the_race_for_a_username_is_reported_even_if_the_undo_fails(
    accounts: Accounts, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    username = f"lost_{new_email()[:8]}"
    register(accounts, username=username)
    monkeypatch.setattr(accounts._users, "owner_of", _free_at_first(accounts))
    monkeypatch.setattr(identity, "delete", _down)
    email = new_email()
    with pytest.raises(UsernameTaken):
        register(accounts, email=email, username=username)
    # The Firebase account that could not be removed is usable: its owner can sign in.
    assert accounts.login(email, PASSWORD, DEVICE).user.username is None


def _free_at_first(accounts: Accounts) -> Callable[[str], str | None]:
    """`owner_of` that reports the name as free on the first call, as in a race."""
    really = accounts._users.owner_of
    asked: list[str] = []

    def owner_of(username: str) -> str | None:
        asked.append(username)
        return None if len(asked) == 1 else really(username)

    return owner_of


def _down(uid: str) -> None:
    raise IdentityUnavailable


def test_activities_are_listed_newest_first_counted_and_cleared(
    accounts: Accounts, db: Database
) -> None:
    uid, other = register(accounts).user.id, register(accounts).user.id
    activities = Activities(db, FOR_EVER)
    start = now()
    kinds = ["voice_a", "voice_b", "script_c", "video_d", "character_e"]
    for n, kind in enumerate(kinds):
        db.commit(activity_write(uid, kind, "m", at=start + timedelta(seconds=n)))
    db.commit(activity_write(other, "voice_a", "m"))

    found, page = activities.page(uid, Page(limit=3))
    assert [activity.type for activity in found] == ["character_e", "video_d", "script_c"]
    assert page.total == 5
    rest, last = activities.page(uid, Page(limit=3, cursor=page.next_cursor))
    assert [activity.type for activity in rest] == ["voice_b", "voice_a"]
    assert last.next_cursor is None

    stats = activities.stats(uid)
    assert {str(kind): n for kind, n in stats.counts.items()} == {
        "voice": 2,
        "script": 1,
        "video": 1,
        "character": 1,
    }
    assert (stats.total, stats.last_at) == (5, start + timedelta(seconds=4))

    assert activities.clear(uid) == 5
    assert (activities.stats(uid).total, activities.stats(uid).last_at) == (0, None)
    assert activities.stats(other).total == 1


def test_clearing_deletes_all_activities_over_several_commits(
    accounts: Accounts, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("troupe.adapters.firestore.COMMIT_WRITES", 2)
    uid = register(accounts).user.id
    for n in range(5):
        db.commit(activity_write(uid, f"voice_{n}", "m"))
    activities = Activities(db, FOR_EVER)
    assert activities.clear(uid) == 5
    assert activities.clear(uid) == 0


def test_only_old_activities_expire(own_db: Database) -> None:
    at, keep = now(), timedelta(days=180)
    ages = {"voice_old": keep + timedelta(minutes=1), "voice_new": keep - timedelta(minutes=1)}
    for uid in ("ada", "bob"):
        for kind, age in ages.items():
            own_db.commit(activity_write(uid, kind, "m", at=at - age))
    # From before ids were derived: expires like the others.
    earlier = own_db.find("users/ada/activities", limit=1)[0].data | {"timestamp": at - 2 * keep}
    own_db.commit(Create("users/ada/activities/0f1e2d3c4b5a69788796", earlier))

    def left() -> list[str]:
        return [each.data["type"] for each in own_db.find("activities", group=True, limit=9)]

    assert Activities(own_db, FOR_EVER).expire(100) == 0
    assert len(left()) == 5
    activities = Activities(own_db, keep)
    assert [activities.expire(2) for _ in range(3)] == [2, 1, 0]
    assert left() == ["voice_new", "voice_new"]

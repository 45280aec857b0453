"""How sign-ins end: at Firebase, when an address is verified, and one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import firebase_client
from tests.support.accounts import DEVICE, bearer, register
from tests.support.firebase_client import (
    PASSWORD,
    administer,
    mailed_codes,
    new_email,
    wait_for_the_next_second,
)
from tests.support.wiring import services
from troupe.accounts.errors import AccountSuspended, InvalidCredentials
from troupe.accounts.passwords import Passwords
from troupe.accounts.provisioning import Provisioning
from troupe.accounts.records import UserRecord
from troupe.accounts.service import Accounts
from troupe.accounts.sessions import MAX_SESSIONS, is_of_sdk
from troupe.adapters.firestore import Database, Document, Update, now
from troupe.adapters.identity import Identity
from troupe.adapters.identity_errors import IdentityUnavailable
from troupe.adapters.identity_records import Person
from troupe.caller import Device
from troupe.errors import Unavailable
from troupe.tokens import TokenInvalid

NEW_PASSWORD = "a better horse 2"


@pytest.fixture
def passwords(emulators: object) -> Passwords:
    return services().passwords


def works(accounts: Accounts, token: str) -> bool:
    try:
        accounts.authenticate(bearer(token))
    except (TokenInvalid, AccountSuspended):
        return False
    return True


def stored(db: Database, uid: str) -> dict[str, Any]:
    return db.get(f"users/{uid}").data


# What ends a sign-in at Firebase: (uid, email) -> None.


def _reset_on_firebases_page(uid: str, email: str) -> None:
    firebase_client.call("sendOobCode", requestType="PASSWORD_RESET", email=email)
    code = mailed_codes(email, "PASSWORD_RESET")[-1]
    firebase_client.call("resetPassword", oobCode=code, newPassword=NEW_PASSWORD)


def _change_with_the_sdk(uid: str, email: str) -> None:
    token = firebase_client.sign_in(email)["idToken"]
    firebase_client.call("update", idToken=token, password=NEW_PASSWORD)


def _disable(uid: str, email: str) -> None:
    administer("update", localId=uid, disableUser=True)


def _delete(uid: str, email: str) -> None:
    administer("delete", localId=uid)


def _revoke(uid: str, email: str) -> None:
    administer("update", localId=uid, validSince=str(int(time.time())))


def _change_the_address(uid: str, email: str) -> None:
    token = firebase_client.sign_in(email)["idToken"]
    firebase_client.call("update", idToken=token, email=new_email())


ENDINGS = [
    _reset_on_firebases_page,
    _change_with_the_sdk,
    _disable,
    _delete,
    _revoke,
    _change_the_address,
]
Ending = Callable[[str, str], None]


@pytest.mark.parametrize("end", ENDINGS, ids=lambda each: each.__name__.strip("_"))
def test_what_ends_a_sign_in_at_firebase_ends_it_here_at_the_next_refresh(
    accounts: Accounts, db: Database, end: Ending
) -> None:
    email, unseen = new_email(), new_email()
    registered = register(accounts, email=email)
    logged_in = accounts.login(email, PASSWORD, DEVICE)
    id_token = firebase_client.sign_in(email)["idToken"]
    from_id_token = accounts.refresh_by_access(bearer(id_token), DEVICE)
    never_used = firebase_client.sign_up(unseen)
    wait_for_the_next_second()
    end(registered.user.id, email)
    end(never_used["localId"], unseen)
    for session in (registered, logged_in, from_id_token):
        with pytest.raises(TokenInvalid):
            accounts.refresh(session.pair.refresh_token, DEVICE)
        assert not works(accounts, session.pair.access_token)
    # To Firebase, a stolen ID token is valid for an hour; here, it opens no session.
    for stolen in (id_token, never_used["idToken"]):
        with pytest.raises(TokenInvalid):
            accounts.refresh_by_access(bearer(stolen), Device("a thief"))
        assert not works(accounts, stolen)
    assert stored(db, registered.user.id)["sessions"] == {}


def test_sessions_from_after_a_revocation_stay(accounts: Accounts) -> None:
    email = new_email()
    old = register(accounts, email=email)
    wait_for_the_next_second()
    _reset_on_firebases_page(old.user.id, email)
    wait_for_the_next_second()
    new = accounts.login(email, NEW_PASSWORD, DEVICE)
    with pytest.raises(TokenInvalid):
        accounts.refresh(old.pair.refresh_token, DEVICE)
    refreshed = accounts.refresh(new.pair.refresh_token, DEVICE)
    assert works(accounts, refreshed.pair.access_token)


@pytest.mark.parametrize("way", ["reset", "change"])
def test_the_sdk_can_sign_in_right_after_a_new_password(
    accounts: Accounts, passwords: Passwords, way: str
) -> None:
    email = new_email()
    caller = accounts.authenticate(bearer(register(accounts, email=email).pair.access_token))
    if way == "reset":
        passwords.forgot(email)
        (code,) = mailed_codes(email, "PASSWORD_RESET")
        passwords.reset(code, NEW_PASSWORD, DEVICE)
    else:
        passwords.change(caller, PASSWORD, NEW_PASSWORD)
    signed_in = firebase_client.sign_in(email, NEW_PASSWORD)
    assert works(accounts, signed_in["idToken"])


def test_a_sign_in_during_a_deletion_stores_no_session(
    accounts: Accounts, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = new_email()
    uid, signed_in = register(accounts, email=email).user.id, Provisioning.signed_in

    def then_deleted(
        self: Provisioning, person: Person, device: Device
    ) -> tuple[UserRecord, Document]:
        found = signed_in(self, person, device)
        db.commit(Update(f"users/{uid}", {"deletedAt": now(), "sessions": {}}))
        return found

    monkeypatch.setattr(Provisioning, "signed_in", then_deleted)
    with pytest.raises(TokenInvalid):
        accounts.login(email, PASSWORD, DEVICE)
    assert stored(db, uid)["sessions"] == {}


def test_a_refresh_loses_nothing_while_firebase_does_not_answer(
    accounts: Accounts, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = register(accounts).pair.refresh_token

    def down(uid: str) -> None:
        raise IdentityUnavailable

    with monkeypatch.context() as outage:
        outage.setattr(identity, "standing", down)
        with pytest.raises(Unavailable) as refused:
            accounts.refresh(token, DEVICE)
        assert refused.value.retry_after
    assert accounts.refresh(token, DEVICE)


def test_a_second_tab_does_not_ask_firebase_again(
    accounts: Accounts, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = register(accounts)
    second = accounts.refresh(first.pair.refresh_token, DEVICE)
    monkeypatch.setattr(identity, "standing", None)
    again = accounts.refresh(first.pair.refresh_token, DEVICE)
    by_access = accounts.refresh_by_access(bearer(second.pair.access_token), DEVICE)
    tokens = {each.pair.refresh_token for each in (second, again, by_access)}
    assert len(tokens) == 1


class TestVerifiedAddress:
    """Somebody registers a stranger's address with a password and waits."""

    def test_a_google_sign_in_ends_everything_from_before(
        self, accounts: Accounts, db: Database
    ) -> None:
        email = new_email()
        squatter = register(accounts, email=email)
        sdk = firebase_client.sign_in(email)
        assert works(accounts, sdk["idToken"])
        owner = firebase_client.sign_in_with_google(email)
        assert owner["localId"] == squatter.user.id
        assert works(accounts, owner["idToken"])
        assert stored(db, squatter.user.id)["emailVerified"] is True
        assert list(stored(db, squatter.user.id)["sessions"]) == [
            key for key in stored(db, squatter.user.id)["sessions"] if key.endswith("google_com")
        ]
        for token in (squatter.pair.access_token, sdk["idToken"]):
            assert not works(accounts, token)
        with pytest.raises(TokenInvalid):
            accounts.refresh(squatter.pair.refresh_token, DEVICE)
        with pytest.raises(InvalidCredentials):
            accounts.login(email, PASSWORD, DEVICE)
        assert works(accounts, owner["idToken"])
        assert accounts.refresh_by_access(bearer(owner["idToken"]), DEVICE)

    def test_even_if_the_owner_never_calls_this_api(self, accounts: Accounts) -> None:
        email = new_email()
        squatter = register(accounts, email=email)
        wait_for_the_next_second()
        firebase_client.sign_in_with_google(email)
        with pytest.raises(TokenInvalid):
            accounts.refresh(squatter.pair.refresh_token, DEVICE)
        assert not works(accounts, squatter.pair.access_token)

    def test_a_mailed_code_ends_everything_from_before_and_voids_the_password(
        self, accounts: Accounts, passwords: Passwords, db: Database
    ) -> None:
        email = new_email()
        squatter = register(accounts, email=email)
        sdk = firebase_client.sign_in(email)
        firebase_client.link_google(sdk["idToken"], new_email())  # another way in
        passwords.send_verification(accounts.authenticate(bearer(squatter.pair.access_token)))
        (code,) = mailed_codes(email, "VERIFY_EMAIL")
        assert passwords.verify(code, None) is False
        assert stored(db, squatter.user.id)["emailVerified"] is True
        for token in (squatter.pair.access_token, sdk["idToken"]):
            assert not works(accounts, token)
        with pytest.raises(InvalidCredentials):
            accounts.login(email, PASSWORD, DEVICE)
        (known,) = administer("lookup", localId=[squatter.user.id])["users"]
        assert [each["providerId"] for each in known["providerUserInfo"]] == ["password"]
        _reset_on_firebases_page(squatter.user.id, email)
        assert accounts.login(email, NEW_PASSWORD, DEVICE)

    def test_a_session_that_sends_the_code_stays_and_so_does_the_password(
        self, accounts: Accounts, passwords: Passwords
    ) -> None:
        email = new_email()
        mine, other = register(accounts, email=email), accounts.login(email, PASSWORD, DEVICE)
        caller = accounts.authenticate(bearer(mine.pair.access_token))
        passwords.send_verification(caller)
        (code,) = mailed_codes(email, "VERIFY_EMAIL")
        assert passwords.verify(code, caller) is True
        assert not works(accounts, other.pair.access_token)
        assert works(accounts, mine.pair.access_token)
        assert accounts.refresh(mine.pair.refresh_token, DEVICE)
        assert accounts.login(email, PASSWORD, DEVICE).user.email_verified

    def test_another_users_session_keeps_nothing(
        self, accounts: Accounts, passwords: Passwords
    ) -> None:
        email = new_email()
        squatter = register(accounts, email=email)
        caller = accounts.authenticate(bearer(squatter.pair.access_token))
        passwords.send_verification(caller)
        (code,) = mailed_codes(email, "VERIFY_EMAIL")
        stranger = register(accounts)
        passwords.verify(code, accounts.authenticate(bearer(stranger.pair.access_token)))
        assert not works(accounts, squatter.pair.access_token)
        assert works(accounts, stranger.pair.access_token)

    @pytest.mark.parametrize("notice", ["refresh", "login", "sdk"])
    def test_a_code_used_on_firebases_page_ends_everything_once_it_is_noticed(
        self, accounts: Accounts, passwords: Passwords, db: Database, notice: str
    ) -> None:
        email = new_email()
        early = register(accounts, email=email)
        sdk = firebase_client.sign_in(email)
        assert works(accounts, sdk["idToken"])
        passwords.send_verification(accounts.authenticate(bearer(early.pair.access_token)))
        (code,) = mailed_codes(email, "VERIFY_EMAIL")
        wait_for_the_next_second()
        firebase_client.call("update", oobCode=code)
        if notice == "refresh":
            with pytest.raises(TokenInvalid):
                accounts.refresh(early.pair.refresh_token, DEVICE)
        elif notice == "login":
            assert works(accounts, accounts.login(email, PASSWORD, DEVICE).pair.access_token)
        else:  # the same sign-in, whose new ID token knows about the proof
            new = firebase_client.sign_in(email)
            assert works(accounts, new["idToken"])
        assert stored(db, early.user.id)["emailVerified"] is True
        assert not works(accounts, early.pair.access_token)
        assert not works(accounts, sdk["idToken"])

    def test_a_reset_ends_everything_and_removes_other_ways_in(
        self, accounts: Accounts, passwords: Passwords
    ) -> None:
        email = new_email()
        squatter = register(accounts, email=email)
        own = new_email()
        firebase_client.link_google(firebase_client.sign_in(email)["idToken"], own)
        passwords.forgot(email)
        (code,) = mailed_codes(email, "PASSWORD_RESET")
        passwords.reset(code, NEW_PASSWORD, DEVICE)
        assert not works(accounts, squatter.pair.access_token)
        assert firebase_client.sign_in_with_google(own)["localId"] != squatter.user.id
        assert accounts.login(email, NEW_PASSWORD, DEVICE).user.id == squatter.user.id

    def test_a_guest_who_becomes_an_account_has_nothing_to_end(self, accounts: Accounts) -> None:
        guest = firebase_client.sign_up_anonymously()
        session = accounts.refresh_by_access(bearer(guest["idToken"]), DEVICE)
        email = new_email()
        linked = firebase_client.link_google(guest["idToken"], email)
        caller = accounts.authenticate(bearer(linked["idToken"]))
        assert (caller.uid, caller.guest, caller.email) == (guest["localId"], False, email)
        assert works(accounts, session.pair.access_token)


class TestSdkSignIns:
    def sign_up(self, accounts: Accounts) -> tuple[str, list[dict[str, Any]]]:
        """An account with two sign-ins of the SDK, in different seconds."""
        email = new_email()
        first = firebase_client.sign_up(email)
        accounts.authenticate(bearer(first["idToken"]), lambda: Device("A phone"))
        wait_for_the_next_second()
        second = firebase_client.sign_in(email)
        accounts.authenticate(bearer(second["idToken"]), lambda: Device("A laptop"))
        return email, [first, second]

    def test_they_are_listed_with_our_sessions(self, accounts: Accounts) -> None:
        email, (_, second) = self.sign_up(accounts)
        ours = accounts.login(email, PASSWORD, Device("A browser"))
        caller = accounts.authenticate(bearer(second["idToken"]))
        listed = accounts.sessions(caller)
        assert sorted(each.user_agent for each in listed.values()) == [
            "A browser",
            "A laptop",
            "A phone",
        ]
        assert caller.session_id in listed
        assert accounts.authenticate(bearer(ours.pair.access_token)).session_id in listed

    def test_logging_out_ends_one_for_good(self, accounts: Accounts) -> None:
        email, (first, second) = self.sign_up(accounts)
        ours = accounts.login(email, PASSWORD, DEVICE)
        accounts.logout(accounts.authenticate(bearer(second["idToken"])))
        assert not works(accounts, second["idToken"])
        assert not works(accounts, firebase_client.refreshed(second["refreshToken"]))
        with pytest.raises(TokenInvalid):
            accounts.refresh_by_access(bearer(second["idToken"]), DEVICE)
        assert works(accounts, first["idToken"])
        assert works(accounts, ours.pair.access_token)
        wait_for_the_next_second()
        assert works(accounts, firebase_client.sign_in(email)["idToken"])

    def test_one_can_be_ended_from_elsewhere(self, accounts: Accounts) -> None:
        _, (first, second) = self.sign_up(accounts)
        other = accounts.authenticate(bearer(first["idToken"])).session_id
        assert other is not None
        accounts.revoke_session(accounts.authenticate(bearer(second["idToken"])), other)
        assert not works(accounts, first["idToken"])
        assert works(accounts, second["idToken"])

    def test_one_older_than_an_ended_one_and_never_seen_is_not_admitted(
        self, accounts: Accounts
    ) -> None:
        """Its ID token looks like one of a sign-in that was ended earlier."""
        email = new_email()
        unseen = firebase_client.sign_up(email)
        wait_for_the_next_second()
        seen = firebase_client.sign_in(email)
        accounts.logout(accounts.authenticate(bearer(seen["idToken"])))
        assert not works(accounts, unseen["idToken"])

    def test_their_number_is_bounded_and_a_dropped_one_has_ended(
        self, accounts: Accounts, db: Database
    ) -> None:
        email, (first, second) = self.sign_up(accounts)
        accounts.authenticate(bearer(first["idToken"]))
        for _ in range(MAX_SESSIONS - 1):
            accounts.login(email, PASSWORD, DEVICE)
        kept = stored(db, first["localId"])["sessions"]
        assert len(kept) == MAX_SESSIONS
        assert [each.endswith("_password") for each in kept if is_of_sdk(each)] == [True]
        assert not works(accounts, first["idToken"])
        assert works(accounts, second["idToken"])

    def test_after_the_first_request_one_document_is_read_and_nothing_written(
        self, accounts: Accounts, identity: Identity, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = firebase_client.sign_up()["idToken"]
        accounts.authenticate(bearer(token))
        calls: list[str] = []
        for owner, names in ((Database, ("get_all", "find", "commit")), (Identity, ("standing",))):
            for name in names:
                method = getattr(owner, name)

                def counted(*args: Any, _n: str = name, _m: Any = method, **more: Any) -> Any:
                    calls.append(_n)
                    return _m(*args, **more)

                monkeypatch.setattr(owner, name, counted)
        accounts.authenticate(bearer(token))
        assert calls == ["get_all"]


@pytest.mark.parametrize(
    ("claims", "name", "picture"),
    [
        ({"name": "A\u202ednecila"}, "Adnecila", ""),
        ({"name": "Ada\nLovelace\0"}, "Ada Lovelace", ""),
        ({"name": "\u200b\u2066 "}, "User", ""),
        ({"name": "x" * 5000}, "x" * 200, ""),
        ({"picture": "https://tracker.example/a.png"}, "Ada", ""),
        ({"picture": "http://lh3.googleusercontent.com/a"}, "Ada", ""),
        ({"picture": "https://1.2.3.4.bc.googleusercontent.com/a"}, "Ada", ""),
        ({"picture": "https://lh3.googleusercontent.com/a?id=1"}, "Ada", ""),
        (
            {"picture": "https://lh3.googleusercontent.com/a/x=s96-c"},
            "Ada",
            "https://lh3.googleusercontent.com/a/x=s96-c",
        ),
    ],
)
def test_names_and_pictures_from_the_sdk_are_cleaned(
    accounts: Accounts, claims: dict[str, str], name: str, picture: str
) -> None:
    token = firebase_client.sign_in_with_google(new_email(), **claims)["idToken"]
    user = accounts.authenticate(bearer(token)).user
    assert (user.name, user.profile_picture) == (name, picture)

"""Guests who have not come back for a while are deleted; everybody else stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.admins import a_user
from tests.support.factories import test_settings
from tests.support.firebase_client import refreshed, sign_up_anonymously
from tests.support.wiring import rewired, services
from troupe.accounts.guests import STATE, GuestCleanup
from troupe.accounts.records import UserRecord
from troupe.accounts.sessions import open_session
from troupe.accounts.writes import create_writes, session_write
from troupe.adapters.firestore import Database, Update, now
from troupe.adapters.identity_errors import IdentityUnavailable
from troupe.caller import Device

KEEP = timedelta(days=30)
LONG_AGO = timedelta(days=40)


class Guests:
    """Firestore sets a document's time of update. So the sweep runs a month after `pass_time`:
    it takes for unused whatever was written before that."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.unused_since = now()
        with rewired(database=db):
            self.deletions = services().deletions
            self.identity: Any = services().identity
        self.seen: Callable[[str], datetime | None] = self.identity.last_seen

    def new(self, **fields: Any) -> str:
        """A guest that came long ago, and is unknown to Firebase."""
        given = {"guest": True, "email": None, "updated_at": now() - LONG_AGO} | fields
        return a_user(self.db, created_at=now() - LONG_AGO, **given)

    def pass_time(self) -> None:
        self.unused_since = now()
        time.sleep(0.01)  # Firebase Auth counts in milliseconds

    def sweep(self, limit: int = 100) -> int:
        cleanup = GuestCleanup(self.db, self, self.deletions, KEEP)  # type: ignore[arg-type]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("troupe.accounts.guests.now", lambda: self.unused_since + KEEP)
            return cleanup.sweep(limit)

    def last_seen(self, uid: str) -> datetime | None:
        return self.seen(uid)

    def exists(self, uid: str) -> bool:
        document = self.db.get(f"users/{uid}")
        return document.exists and document.data["deletedAt"] is None


@pytest.fixture
def guests(own_db: Database) -> Guests:
    return Guests(own_db)


def test_an_unused_guest_is_deleted_like_any_account(guests: Guests) -> None:
    uid = guests.new()
    guests.pass_time()
    assert guests.sweep() == 1
    assert not guests.exists(uid)
    assert guests.db.get(f"deletions/{uid}").exists
    assert guests.sweep() == 0


def test_used_and_new_guests_and_accounts_are_kept(guests: Guests) -> None:
    used, account = guests.new(), guests.new(guest=False)
    guests.pass_time()
    opened = open_session(used, Device("pytest"), test_settings(), now())
    guests.db.commit(session_write(used, opened.session_id, opened.session))
    new = guests.new()
    young = a_user(guests.db, guest=True)
    assert guests.sweep() == 0
    assert all(guests.exists(uid) for uid in (used, account, new, young))


def test_a_guest_who_only_refreshes_at_firebase_is_kept(guests: Guests) -> None:
    known, at = sign_up_anonymously(), now() - LONG_AGO
    uid = known["localId"]
    user = UserRecord(id=uid, guest=True, created_at=at, updated_at=at)
    guests.db.commit(*create_writes(user))
    guests.pass_time()
    refreshed(known["refreshToken"])
    assert guests.sweep() == 0
    assert guests.exists(uid)
    guests.db.delete_all([STATE])
    guests.pass_time()
    assert guests.sweep() == 1


def test_a_guest_who_becomes_an_account_meanwhile_is_kept(guests: Guests) -> None:
    uid = guests.new()
    guests.pass_time()

    def signed_up(uid: str) -> None:
        guests.db.commit(Update(f"users/{uid}", {"guest": False, "email": "ada@example.com"}))

    guests.seen = signed_up
    assert guests.sweep() == 0
    assert guests.exists(uid)


def test_one_failure_does_not_block_the_others(guests: Guests) -> None:
    first, second = guests.new(), guests.new()
    guests.pass_time()

    def failing(uid: str) -> None:
        if uid == first:
            raise IdentityUnavailable

    guests.seen = failing
    assert guests.sweep() == 1
    assert guests.exists(first) and not guests.exists(second)


def test_guests_in_use_do_not_hide_the_others(guests: Guests) -> None:
    """Each run looks at the next ones; after the last, it rests for a day."""
    used = [guests.new() for _ in range(5)]
    unused = guests.new()
    guests.pass_time()
    for uid in used:
        guests.db.commit(Update(f"users/{uid}", {"language": "en"}))
    assert [guests.sweep(limit=2) for _ in range(4)] == [0, 0, 1, 0]
    assert not guests.exists(unused)
    late = guests.new()
    guests.pass_time()
    assert guests.sweep() == 0
    guests.db.commit(Update(STATE, {"dueAt": now()}))
    assert guests.sweep() == len(used) + 1  # nor were they used since
    assert not guests.exists(late)


def test_zero_days_keep_guests_forever(guests: Guests) -> None:
    uid = guests.new()
    with rewired(database=guests.db, settings=test_settings(GUEST_DAYS="0")) as wired:
        assert wired.guest_cleanup.sweep(10) == 0
        assert "guests" in wired.chores
    assert guests.exists(uid)
    assert not guests.db.get(STATE).exists

"""Wallets and ledgers on the Firestore emulator."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.audits import audit_user
from tests.support.factories import CountingDatabase, new_user
from troupe.adapters.firestore import Create, Database, Increment, Update, now
from troupe.commands.ledger_audit import audit, audit_owner
from troupe.idempotency import KeyReused
from troupe.paging import BadCursor
from troupe.wallet.errors import NotEnoughTokens, WalletNotFound
from troupe.wallet.ledger import (
    grant_writes,
    hold_writes,
    opening_writes,
    settle_writes,
    wallet_path,
)
from troupe.wallet.records import Balance, Meter, Owner
from troupe.wallet.service import WalletService
from troupe.web.schema import Page


def test_the_sign_up_grant_is_the_first_entry(db: Database) -> None:
    wallet = WalletService(db)
    uid = new_user(db, tokens=20)
    entries, page = wallet.ledger(uid, Page())
    assert [(entry.id, entry.granted) for entry in entries] == [("signup-grant", 20)]
    assert (page.total, page.next_cursor) == (1, None)
    assert wallet.usage(uid).total == 20
    assert audit_user(db, uid) == []


def test_consuming_with_a_key_is_charged_once(db: Database) -> None:
    wallet = WalletService(db)
    uid = new_user(db, tokens=5)
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: wallet.consume(uid, 5, "speech", "k"), range(8)))
    assert answers == {0}
    assert wallet.usage(uid).used == 5
    with pytest.raises(KeyReused):
        wallet.consume(uid, 4, "speech", "k")
    assert audit_user(db, uid) == []


def spent_at_once(wallet: WalletService, uid: str, threads: int) -> int:
    """How many of the threads got the one token each tries to spend."""

    def spend(_: int) -> bool:
        try:
            wallet.consume(uid, 1, "test", None)
        except NotEnoughTokens:
            return False
        return True

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(spend, range(threads)))


def test_concurrent_consumption_never_overdraws(db: Database) -> None:
    wallet = WalletService(db)
    uid = new_user(db, tokens=6)

    assert spent_at_once(wallet, uid, 12) == 6
    assert db.get(f"users/{uid}").data["tokens"] == 0
    assert audit_user(db, uid) == []


def test_contending_threads_take_turns(counting: CountingDatabase) -> None:
    wallet, uid = WalletService(counting), new_user(counting, tokens=15)
    counting.calls.clear()

    assert spent_at_once(wallet, uid, 20) == 15
    # Each conflicts at most once, except those that collide with one of the first attempts.
    assert counting.calls["commit"] <= 2 * 20
    assert audit_user(counting, uid) == []


def test_not_enough_tokens_states_needed_and_available(db: Database) -> None:
    uid = new_user(db, tokens=3)
    with pytest.raises(NotEnoughTokens) as failure:
        WalletService(db).consume(uid, 4, "test", None)
    assert failure.value.details == {"meter": "tokens", "needed": 4, "available": 3}


def test_a_grant_is_made_once_per_id(db: Database) -> None:
    wallet = WalletService(db)
    uid = new_user(db, tokens=1)
    assert wallet.grant(uid, "grant-june", Meter.TOKENS, 10, "operator")
    assert not wallet.grant(uid, "grant-june", Meter.TOKENS, 10, "operator")
    assert wallet.grant(uid, "grant-minutes", Meter.VOICE_SECONDS, 600, "plan")
    balance = wallet.balance(uid)
    assert (balance.tokens.granted, balance.voice_seconds.granted) == (11, 600)
    assert audit_user(db, uid) == []


def test_the_ledger_is_listed_by_page_and_by_cursor(db: Database) -> None:
    wallet = WalletService(db)
    uid = new_user(db, tokens=9)
    for number in range(6):
        wallet.consume(uid, 1, f"act {number}", None)
    first, page = wallet.ledger(uid, Page(limit=4))
    assert (page.total, len(first)) == (7, 4)
    by_page, _ = wallet.ledger(uid, Page(limit=4, page=2))
    by_cursor, last = wallet.ledger(uid, Page(limit=4, cursor=page.next_cursor))
    assert [entry.id for entry in by_page] == [entry.id for entry in by_cursor]
    assert len({entry.id for entry in first + by_cursor}) == 7
    assert last.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "e30", "WyJhIiwgImIiXQ", "%%%", "é"])
def test_an_invalid_cursor_is_rejected(db: Database, cursor: str) -> None:
    with pytest.raises(BadCursor):
        WalletService(db).ledger("nobody", Page(cursor=cursor))


def test_a_cursor_of_another_list_is_rejected(db: Database) -> None:
    wallet = WalletService(db)
    ada, ben = new_user(db), new_user(db)
    wallet.consume(ada, 1, "test", None)
    _, page = wallet.ledger(ada, Page(limit=1))
    with pytest.raises(BadCursor):
        wallet.ledger(ben, Page(limit=1, cursor=page.next_cursor))


def test_an_unknown_user_has_no_wallet(db: Database) -> None:
    with pytest.raises(WalletNotFound):
        WalletService(db).usage("nobody-at-all")


def test_a_companys_wallet_shows_its_balances_in_the_company(db: Database) -> None:
    company, at = Owner.company(f"co{secrets.token_hex(10)}"), now()
    shown = {"tokens": 0, "voiceSeconds": Balance().stored()}
    db.commit(Create(company.path, shown), *opening_writes(company, 0, at))
    db.commit(*grant_writes(company, "transfer-1", Meter.TOKENS, 9, "operator", at))
    hold = hold_writes(
        db.get(wallet_path(company.id)), "job-1", Meter.TOKENS, 5, "voice", at, by="ada"
    )
    db.commit(*hold)
    db.commit(*settle_writes(company, "job-1", Meter.TOKENS, 5, 3, "voice", at, by="ada"))
    assert db.get(company.path).data["tokens"] == 6
    entries = {entry.id: entry for entry in WalletService(db).ledger(company.id, Page())[0]}
    assert set(entries) == {"transfer-1", "job-1-hold", "job-1-settle"}
    assert (entries["job-1-settle"].by, entries["transfer-1"].by) == ("ada", None)
    assert audit_owner(db, company) == []


def test_the_audit_finds_every_wallet_that_differs_from_its_ledger(own_db: Database) -> None:
    damaged = {field: new_user(own_db) for field in ("granted", "used", "held")}
    for _ in range(3):
        new_user(own_db)
    for field, uid in damaged.items():
        own_db.commit(Update(f"wallets/{uid}", {f"tokens.{field}": Increment(1)}))
        assert any("adds up" in problem for problem in audit_user(own_db, uid))
    found = audit(own_db)
    assert found.wallets == 6
    assert {finding.owner_id for finding in found.findings} == set(damaged.values())


def test_the_audit_finds_a_wrong_number_in_the_users_document(db: Database) -> None:
    uid = new_user(db)
    db.commit(Update(f"users/{uid}", {"tokens": 1000}))
    assert audit_user(db, uid) == [f"users/{uid} shows 1000 tokens, the wallet has 20"]
    db.commit(Update(f"users/{uid}", {"tokens": 20, "voiceSeconds": {"held": 1}}))
    (problem,) = audit_user(db, uid)
    assert problem.startswith(f"users/{uid} shows granted=0 used=0 held=1 voice seconds")

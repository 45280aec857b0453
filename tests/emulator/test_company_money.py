"""Jobs that a company pays for: whose wallet, whose cap, and what the audit says of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.companies import a_firm
from tests.support.factories import CountingDatabase, HeldQueue, new_user
from tests.support.jobs import Counting
from tests.support.wiring import rewired
from troupe.adapters.firestore import Database, Update, now
from troupe.caller import CompanyRole
from troupe.commands.budget_audit import audit_budgets
from troupe.commands.ledger_audit import audit_owner
from troupe.companies.endings import Endings
from troupe.errors import CompanyNotFound, TroupeError
from troupe.idempotency import KeyReused
from troupe.jobs.charges import Quote
from troupe.wallet import payers
from troupe.wallet.budgets import Budget, Cap, budget_path, member_path
from troupe.wallet.errors import CapReached, CompanySuspended, LicenseRequired, NotEnoughTokens
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Balance, Meter, Owner
from troupe.wallet.service import WalletService

MANY = list(range(1, 11))


class Payer:
    """A company with tokens, and one member."""

    def __init__(self, db: Database, tokens: int = 20) -> None:
        self.db, self.counting = db, Counting(db, HeldQueue())
        self.firm = a_firm(db)
        self.owner = Owner.company(self.firm.id)
        db.commit(*grant_writes(self.owner, "gift", Meter.TOKENS, tokens, "operator", now()))
        self.uid = self.join()

    def join(self, role: CompanyRole = "member", cap: Cap | None = None) -> str:
        person = self.firm.join(role)
        if cap is not None:
            self.db.commit(Update(member_path(self.firm.id, person.uid), {"cap": cap.stored()}))
        return person.uid

    def start(self, uid: str | None = None, tokens: int = 3, **more: Any) -> str:
        quote = Quote(tokens=tokens, **more)
        return self.counting.start(uid or self.uid, MANY, quote, payer=self.owner)

    def tokens(self) -> Balance:
        return WalletService(self.db).balance(self.owner.id).tokens

    def budget(self, uid: str | None = None) -> Budget:
        return Budget.of(self.db.get(budget_path(self.owner.id, uid or self.uid, now())))


@pytest.fixture
def firm(db: Database) -> Iterator[Payer]:
    firm = Payer(db)
    yield firm
    assert audit_owner(db, firm.owner) == []
    assert audit_budgets(db, firm.owner.id) == []


def test_the_company_pays_and_the_member_does_not(firm: Payer, db: Database) -> None:
    job_id = firm.start()
    assert (firm.tokens().held, firm.budget().tokens.held) == (3, 3)
    firm.counting.deliver_all()
    assert firm.counting.job(job_id).company_id == firm.owner.id
    assert (firm.tokens().used, firm.tokens().held) == (1, 0)
    assert (firm.budget().tokens.used, firm.budget().tokens.held) == (1, 0)
    assert WalletService(db).balance(firm.uid).tokens == Balance()
    entry = db.get(f"wallets/{firm.owner.id}/ledger/{job_id}-settle").data
    assert entry["by"] == firm.uid
    assert db.get(firm.owner.path).data["tokens"] == 19


def test_a_cancelled_job_gives_everything_back(firm: Payer) -> None:
    firm.counting.jobs.cancel(firm.start())
    assert (firm.tokens(), firm.budget().tokens.total) == (Balance(granted=20), 0)


@pytest.mark.parametrize("known", [False, True], ids=["first of the month", "later"])
def test_requests_at_once_stay_below_the_cap(firm: Payer, known: bool) -> None:
    uid = firm.join(cap=Cap(tokens=7))
    if known:
        firm.counting.jobs.cancel(firm.start(uid))

    def ask(_: int) -> str | None:
        try:
            return firm.start(uid)
        except CapReached as error:
            assert error.details is not None
            return None

    with ThreadPoolExecutor(6) as pool:
        started = [each for each in pool.map(ask, range(6)) if each]
    assert len(started) == 2
    assert firm.budget(uid).tokens.held == 6
    firm.start(firm.join())  # somebody else is not bound by it


def test_a_cap_of_seconds_leaves_the_tokens(firm: Payer) -> None:
    db, at = firm.db, now()
    db.commit(*grant_writes(firm.owner, "minutes", Meter.VOICE_SECONDS, 600, "operator", at))
    uid = firm.join(cap=Cap(voice_seconds=10))
    first = firm.counting.job(firm.start(uid, voice_seconds=10))
    second = firm.counting.job(firm.start(uid, voice_seconds=10))
    assert first.charge is not None and second.charge is not None
    assert (first.charge.meter, second.charge.meter) == (Meter.VOICE_SECONDS, Meter.TOKENS)


def suspend_company(firm: Payer) -> None:
    firm.db.commit(Update(firm.owner.path, {"status": "suspended"}))


def close_company(firm: Payer) -> None:
    firm.db.commit(Update(firm.owner.path, {"deletedAt": now()}))


def suspend_member(firm: Payer) -> None:
    firm.db.commit(Update(member_path(firm.owner.id, firm.uid), {"status": "suspended"}))


def sell_seats(firm: Payer) -> None:
    firm.firm.licenses(5)


def leave(firm: Payer) -> None:
    firm.uid = new_user(firm.db)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (suspend_company, CompanySuspended),
        (suspend_member, CompanySuspended),
        (close_company, CompanyNotFound),
        (leave, CompanyNotFound),
        (sell_seats, LicenseRequired),
    ],
)
def test_who_may_not_spend_holds_nothing(
    firm: Payer, change: Any, refusal: type[TroupeError]
) -> None:
    change(firm)
    with pytest.raises(refusal):
        firm.start()
    with pytest.raises(refusal):
        firm.counting.jobs.price(firm.uid, payers.Payer(firm.owner), Quote(tokens=1))
    assert firm.tokens() == Balance(granted=20)


def test_who_manages_or_has_a_license_may_spend(firm: Payer) -> None:
    license_id = firm.firm.licenses(5)[0]
    firm.start(firm.join("admin"))
    boss = firm.firm.owner
    boss.data("PUT", f"/api/licenses/{license_id}/assign", json={"userId": firm.uid})
    firm.start()


def test_nothing_falls_back_to_another_payer(firm: Payer) -> None:
    with pytest.raises(NotEnoughTokens) as refused:
        firm.start(tokens=21)
    assert refused.value.details == {
        "meter": "tokens",
        "needed": 21,
        "available": 20,
        "payer": {"kind": "company", "id": firm.owner.id},
    }


def test_a_quote_tells_what_the_cap_leaves(firm: Payer) -> None:
    uid = firm.join(cap=Cap(tokens=2))
    price = firm.counting.jobs.price(uid, payers.Payer(firm.owner), Quote(tokens=3))
    assert (price.payer, price.available, price.sufficient) == (firm.owner, 2, False)


def test_a_key_is_not_for_another_payer(firm: Payer) -> None:
    key = secrets.token_hex(16)
    firm.counting.start(firm.uid, MANY, Quote(tokens=1), key=key, payer=firm.owner)
    with pytest.raises(KeyReused):
        firm.counting.start(firm.uid, MANY, Quote(tokens=1), key=key)


def test_a_company_costs_no_further_call(counting: CountingDatabase) -> None:
    firm = Payer(counting)
    for _ in range(2):
        counting.calls.clear()
        firm.start()
        assert dict(counting.calls) == {"batch_get_documents": 1, "commit": 1}


def test_usage_and_ledger_show_who_spent_what(firm: Payer) -> None:
    other = firm.join()
    for uid in (firm.uid, other, other):
        firm.start(uid)
    firm.counting.deliver_all()
    boss, month = firm.firm.owner, f"{now():%Y-%m}"
    usage = boss.data("GET", f"{firm.firm.path}/usage?by=member")
    spent = {each["userId"]: each["tokens"] for each in usage["series"]}
    assert (spent, usage["totals"]["tokens"]) == ({firm.uid: 1, other: 2}, 3)
    (all_of_it,) = boss.data("GET", f"{firm.firm.path}/usage?from=2026-01&to={month}")["series"]
    assert (all_of_it["month"], all_of_it["userId"], all_of_it["tokens"]) == (month, None, 3)
    entries = boss.data("GET", f"{firm.firm.path}/ledger")["entries"]
    assert {each["userId"] for each in entries} == {firm.uid, other, None}
    assert boss.data("GET", firm.firm.path)["company"]["tokens"] == 17
    for query in ("from=2026-12&to=2026-01", "from=2020-01&to=2026-01", "from=2026-13"):
        answer = boss.ask("GET", f"{firm.firm.path}/usage?{query}")
        assert answer.status_code == 422, query


def test_a_deleted_company_keeps_its_wallet_until_its_jobs_have_ended(own_db: Database) -> None:
    with rewired(database=own_db):
        payer = Payer(own_db)
        job_id = payer.start()
        boss, name = payer.firm.owner, payer.firm.record.name
        boss.data("DELETE", payer.firm.path, json={"confirm": name})

        def nothing(company_id: str, limit: int) -> int:
            return 0

        endings = Endings(own_db, lambda owner_id: False, nothing, nothing, nothing)
        endings.sweep(10)
        assert own_db.get(f"wallets/{payer.firm.id}").exists
        payer.counting.jobs.cancel(job_id)
        endings.sweep(10)
        assert not own_db.get(f"wallets/{payer.firm.id}").exists
        assert own_db.count(f"wallets/{payer.firm.id}/ledger") == 0
        assert own_db.count(f"companies/{payer.firm.id}/budgets") == 0


def test_the_audit_finds_a_budget_that_is_wrong(db: Database) -> None:
    firm = Payer(db)
    firm.start()
    firm.counting.deliver_all()
    path = budget_path(firm.owner.id, firm.uid, now())
    db.commit(Update(path, {"tokens.used": 2}))
    (problem,) = audit_budgets(db, firm.owner.id)
    assert "used 2, the ledger has 1" in problem

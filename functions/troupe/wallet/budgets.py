"""What a member spends of a company's money in a month, and what an API key spends: checked against
a cap, and counted, in the commit that holds it, so that requests at once cannot exceed the cap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from troupe.adapters.firestore import Create, Document, Increment, Merge, Update, Write
from troupe.caller import KeyUse
from troupe.errors import CompanyNotFound
from troupe.records import Record
from troupe.wallet.errors import CompanySuspended, KeyBudgetSpent, LicenseRequired
from troupe.wallet.records import Meter


class Cap(Record):
    """What a member may spend in a month; None: no limit."""

    tokens: int | None = None
    voice_seconds: int | None = None

    def meter(self, meter: Meter) -> int | None:
        return self.tokens if meter is Meter.TOKENS else self.voice_seconds


class Spent(Record):
    used: int = 0
    held: int = 0

    @property
    def total(self) -> int:
        return self.used + self.held


class Budget(Record):
    """`companies/{id}/budgets/{uid}-{yyyy-mm}`: of one member in one month, and
    `apiKeys/{id}/months/{yyyy-mm}`: of a key of `uid`. A job counts in the month (UTC) in which it
    was submitted."""

    id: str
    uid: str
    month: str
    tokens: Spent = Spent()
    voice_seconds: Spent = Spent()

    def meter(self, meter: Meter) -> Spent:
        return self.tokens if meter is Meter.TOKENS else self.voice_seconds


def budgets_path(company_id: str) -> str:
    return f"companies/{company_id}/budgets"


def member_path(company_id: str, uid: str) -> str:
    """Here, because companies know wallets, and not the other way round."""
    return f"companies/{company_id}/members/{uid}"


def month_of(at: datetime) -> str:
    return f"{at:%Y-%m}"


def budget_path(company_id: str, uid: str, at: datetime) -> str:
    return f"{budgets_path(company_id)}/{uid}-{month_of(at)}"


def key_months_path(key_id: str) -> str:
    return f"apiKeys/{key_id}/months"


def key_month_path(key_id: str, at: datetime) -> str:
    return f"{key_months_path(key_id)}/{month_of(at)}"


def _left(budget: Document, cap: int | None, meter: Meter) -> int | None:
    if cap is None:
        return None
    spent = Budget.of(budget).meter(meter).total if budget.exists else 0
    return max(0, cap - spent)


def _hold_writes(
    budget: Document, uid: str, cap: int | None, meter: Meter, amount: int, at: datetime
) -> list[Write]:
    """Counts a hold. With a cap, Stale or AlreadyExists if the budget changed since."""
    if cap is None:
        held = {"held": Increment(amount)}
        return [Merge(budget.path, {"uid": uid, "month": month_of(at), meter.value: held})]
    if budget.exists:
        return [Update(budget.path, {f"{meter}.held": Increment(amount)}, seen=budget)]
    fresh = Budget(id=budget.id, uid=uid, month=month_of(at))
    return [Create(budget.path, fresh.stored() | {meter.value: Spent(held=amount).stored()})]


@dataclass(frozen=True, slots=True)
class KeySpender:
    """An API key that spends its owner's money; `month`: the document of its budget."""

    key: KeyUse
    month: Document

    def left(self, meter: Meter) -> int | None:
        """How much more the key may spend this month; None without a cap."""
        return _left(self.month, self.key.cap.get(meter), meter)

    def check(self, tokens: int) -> None:
        """Raises KeyBudgetSpent if the key may not spend so many tokens."""
        left, limit = self.left(Meter.TOKENS), self.key.cap.get(Meter.TOKENS, 0)
        if left is not None and left < tokens:
            raise KeyBudgetSpent.of(tokens, limit, limit - left)

    def hold_writes(self, uid: str, meter: Meter, amount: int, at: datetime) -> list[Write]:
        """Counts a hold. With a cap, Stale or AlreadyExists if the budget changed since."""
        return _hold_writes(self.month, uid, self.key.cap.get(meter), meter, amount, at)


@dataclass(frozen=True, slots=True)
class Spender:
    """A member who spends a company's money: the documents of the company, of the member, and of
    the month's budget."""

    company: Document
    member: Document
    budget: Document

    @staticmethod
    def paths(company_id: str, uid: str, at: datetime) -> list[str]:
        return [
            f"companies/{company_id}",
            member_path(company_id, uid),
            budget_path(company_id, uid, at),
        ]

    def check(self) -> None:
        """Raises CompanyNotFound, CompanySuspended, and LicenseRequired for a member without a
        license in a company that has licenses. Those who manage the company need none."""
        company, member = self.company.data, self.member.data
        active = member.get("status", "active") == "active"
        if not self.company.exists or company.get("deletedAt") or not self.member.exists:
            raise CompanyNotFound
        if not active or company.get("status") in ("suspended", "closed"):
            raise CompanySuspended
        has_seats = company.get("seats", {}).get("total", 0) > 0
        if has_seats and member.get("role") == "member" and not member.get("licenseType"):
            raise LicenseRequired

    @property
    def cap(self) -> Cap:
        return Cap.model_validate(self.member.data.get("cap") or {})

    @property
    def member_since(self) -> datetime | None:
        since: datetime | None = self.member.data.get("joinedAt")
        return since

    def left(self, meter: Meter) -> int | None:
        """How much more the member may spend this month; None without a cap."""
        return _left(self.budget, self.cap.meter(meter), meter)

    def hold_writes(self, meter: Meter, amount: int, at: datetime) -> list[Write]:
        """Counts a hold. With a cap, Stale or AlreadyExists if the budget changed since."""
        return _hold_writes(self.budget, self.member.id, self.cap.meter(meter), meter, amount, at)


def settled_write(
    path: str, uid: str, meter: Meter, held: int, charge: int, submitted_at: datetime
) -> Write:
    """Turns a hold into what was charged, in the budget of the month of the hold."""
    change = {"held": Increment(-held), "used": Increment(charge)}
    return Merge(path, {"uid": uid, "month": month_of(submitted_at), meter.value: change})

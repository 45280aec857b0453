"""Errors of wallets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NotRequired

from typing_extensions import TypedDict

from troupe.errors import (
    CompanyNotFound,
    Conflict,
    Forbidden,
    NotFound,
    PaymentRequired,
    Unprocessable,
)
from troupe.wallet.records import Meter, Owner, OwnerKind


class PayerDetails(TypedDict):
    """The company whose wallet was to pay."""

    kind: OwnerKind
    id: str


class NotEnoughTokensDetails(TypedDict):
    meter: Meter
    needed: int
    available: int
    payer: NotRequired[PayerDetails]


class NotEnoughTokens(PaymentRequired):
    code = "not_enough_tokens"
    details_type = NotEnoughTokensDetails
    message = "You don't have enough tokens for this."

    @classmethod
    def of(cls, needed: int, available: int, payer: Owner | None = None) -> NotEnoughTokens:
        """`payer`: if it is a company, that is told."""
        details: dict[str, Any] = {"needed": needed, "available": available}
        whose = "you have"
        if payer is not None and payer.kind is OwnerKind.COMPANY:
            details["payer"] = payer._asdict()
            whose = "your company has"
        return cls(
            f"This needs {needed} tokens; {whose} {available}.",
            details={"meter": Meter.TOKENS, **details},
        )


class BillingBlocked(PaymentRequired):
    """A payment is disputed. What was made before stays readable."""

    code = "billing_blocked"
    details_type = None
    message = "A payment is disputed. Nothing can be spent or bought until the dispute is settled."


class CostAboveMaxDetails(TypedDict):
    """What it would cost, and the `maxTokens` of the request."""

    tokens: int
    maxTokens: int
    meter: Meter


class CostAboveMax(Conflict):
    code = "cost_above_max"
    details_type = CostAboveMaxDetails
    message = "This costs more than `maxTokens` allows."

    @classmethod
    def of(cls, tokens: int, max_tokens: int) -> CostAboveMax:
        return cls(
            f"This costs {tokens} tokens; `maxTokens` allows {max_tokens}.",
            details={"tokens": tokens, "maxTokens": max_tokens, "meter": Meter.TOKENS},
        )


class CapReachedDetails(TypedDict):
    """`left`: what the member may still spend until `resetsAt`."""

    meter: Meter
    needed: int
    left: int
    resetsAt: datetime


class CapReached(PaymentRequired):
    code = "cap_reached"
    details_type = CapReachedDetails
    message = "This is more than your company lets you spend this month."

    @classmethod
    def of(cls, needed: int, left: int) -> CapReached:
        resets = _next_month()
        return cls(
            f"This needs {needed} tokens; your company lets you spend {left} more until "
            f"{resets:%Y-%m-%d}.",
            details={
                "meter": Meter.TOKENS,
                "needed": needed,
                "left": left,
                "resetsAt": resets.isoformat(),
            },
        )


class KeyBudgetDetails(TypedDict):
    """`limit`: what the key may spend in a month; `used` includes what running jobs hold."""

    meter: Meter
    needed: int
    limit: int
    used: int
    resetsAt: datetime


class KeyBudgetSpent(PaymentRequired):
    code = "key_budget_spent"
    details_type = KeyBudgetDetails
    message = "This is more than the API key may spend this month."

    @classmethod
    def of(cls, needed: int, limit: int, used: int) -> KeyBudgetSpent:
        resets = _next_month()
        return cls(
            f"This needs {needed} tokens; the API key may spend {max(0, limit - used)} more until "
            f"{resets:%Y-%m-%d}.",
            details={
                "meter": Meter.TOKENS,
                "needed": needed,
                "limit": limit,
                "used": used,
                "resetsAt": resets.isoformat(),
            },
        )


class CompanyDiffers(Unprocessable):
    code = "company_differs"
    message = "The header `X-Troupe-Company` and `companyId` name different companies."


class CompanySuspended(Forbidden):
    code = "company_suspended"
    message = "The company, or your membership, is suspended."


class LicenseRequired(Forbidden):
    code = "license_required"
    message = "You need one of the company's licenses for this. Ask one of its administrators."


def _next_month() -> datetime:
    """When budgets begin anew."""
    following = (datetime.now(UTC).replace(day=1) + timedelta(days=32)).replace(day=1)
    return following.replace(hour=0, minute=0, second=0, microsecond=0)


# What can be wrong with who pays for a job.
PAYER_ERRORS = (
    BillingBlocked,
    CompanyNotFound,
    CompanyDiffers,
    CompanySuspended,
    LicenseRequired,
    CapReached,
    KeyBudgetSpent,
)


class WalletNotFound(NotFound):
    code = "user_not_found"
    message = "User not found."


class OwnerNotFound(NotFound):
    code = "owner_not_found"
    message = "There is no user or company with this id."


class StillHeld(Exception):
    """Unfinished jobs hold part of the wallet; end the jobs first."""

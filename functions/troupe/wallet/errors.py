"""Errors of wallets."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, NotFound, PaymentRequired
from troupe.wallet.records import Meter


class NotEnoughTokensDetails(TypedDict):
    meter: Meter
    needed: int
    available: int


class NotEnoughTokens(PaymentRequired):
    code = "not_enough_tokens"
    details_type = NotEnoughTokensDetails
    message = "You don't have enough tokens for this."

    @classmethod
    def of(cls, needed: int, available: int) -> NotEnoughTokens:
        return cls(
            f"This needs {needed} tokens; you have {available}.",
            details={"meter": Meter.TOKENS, "needed": needed, "available": available},
        )


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


class WalletNotFound(NotFound):
    code = "user_not_found"
    message = "User not found."


class StillHeld(Exception):
    """Unfinished jobs hold part of the wallet; end the jobs first."""

"""Errors of wallets."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import NotFound, PaymentRequired
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


class WalletNotFound(NotFound):
    code = "user_not_found"
    message = "User not found."


class StillHeld(Exception):
    """Unfinished jobs hold part of the wallet; end the jobs first."""

"""Errors in Stripe's shape, and those that are the fake's own."""

from __future__ import annotations

from typing import Any


class StripeFailure(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, kind: str, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.replayable = True  # whether an idempotency key keeps it
        self.error = {"message": message, "type": kind}
        self.error |= {name: value for name, value in fields.items() if value is not None}
        if "code" in self.error:
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.error['code']}"


class Mismatch(AssertionError):
    """The fake disagrees with the package, or lacks what it was asked for: a test must fail."""


def invalid(
    message: str, *, param: str | None = None, code: str | None = None, status: int = 400
) -> StripeFailure:
    return StripeFailure(status, "invalid_request_error", message, code=code, param=param)


def missing(noun: str, key: str, param: str = "id") -> StripeFailure:
    """404 for an id in the path; 400 for one in a parameter."""
    status = 404 if param == "id" else 400
    return invalid(f"No such {noun}: '{key}'", param=param, code="resource_missing", status=status)


def declined(decline_code: str, message: str, **fields: Any) -> StripeFailure:
    return StripeFailure(
        402, "card_error", message, code="card_declined", decline_code=decline_code, **fields
    )

"""Requests and responses of the token operations."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from troupe.wallet.records import Entry, EntryKind, Meter
from troupe.web.schema import Headers, Id, Line, Page, Schema, example


class CompanyHeader(Headers):
    x_troupe_company: Id | None = Field(
        None,
        description="The id of the company that the request is about, or that pays for it, in "
        "place of `companyId`.",
    )


class UserPath(Schema):
    user_id: Id


class TokenUsage(Schema):
    used_tokens: int
    total_tokens: int
    usage_percentage: float


class ConsumeTokens(Schema):
    model_config = example({"tokensToConsume": 1, "action": "A picture"})

    user_id: Id | None = Field(
        None, description="Defaults to you; administrators can name another user."
    )
    tokens_to_consume: int = Field(ge=1, le=1_000_000)
    action: Line = Field(max_length=200, description="What the tokens are spent on.")


class TokensLeft(Schema):
    remaining_tokens: int


class EntryView(Schema):
    """One entry of the ledger. `amount` is its effect on the balance: negative for a charge."""

    id: str
    kind: EntryKind
    meter: Meter
    amount: int
    held: int
    reason: str
    job_id: str | None
    created_at: datetime

    @classmethod
    def of(cls, entry: Entry) -> Self:
        return cls(
            id=entry.id,
            kind=entry.kind,
            meter=entry.meter,
            amount=entry.granted - entry.used,
            held=entry.held,
            reason=entry.reason,
            job_id=entry.job_id,
            created_at=entry.at,
        )


class LedgerQuery(Page):
    owner_id: Id | None = Field(
        None, description="For administrators: of this user or company, instead of your own."
    )


class Ledger(Schema):
    entries: list[EntryView]

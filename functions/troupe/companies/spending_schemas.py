"""Requests and responses about a company's spending."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.companies.spending import Usage
from troupe.wallet.records import Entry
from troupe.wallet.schemas import EntryView
from troupe.web.schema import Schema

MOST_MONTHS = 24
Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(?:0[1-9]|1[0-2])$", max_length=7)]


def _this_month() -> str:
    return f"{datetime.now(UTC):%Y-%m}"


class UsageQuery(Schema):
    first: Month | None = Field(
        None,
        alias="from",
        description="The first month, such as `2026-11`. Defaults to the current month, or to "
        "`to` if that is earlier.",
    )
    last: Month | None = Field(
        None,
        alias="to",
        description="The last month. Defaults to the current month, or to `from` if that is "
        "later. At most 24 months in all.",
    )
    by: Literal["month", "member"] = "month"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        first, last = self.months
        months = (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:]) + 1
        if not 1 <= months <= MOST_MONTHS:
            raise PydanticCustomError(
                "months", "`to` must not be before `from`, and the range must not exceed 24 months"
            )
        return self

    @property
    def months(self) -> tuple[str, str]:
        last = self.last or max(_this_month(), self.first or "")
        return self.first or min(_this_month(), last), last


class UsageView(Schema):
    """What was charged in a month (UTC), and what running jobs hold. A job counts in the month in
    which it was submitted."""

    month: str
    user_id: str | None = Field(description="Null unless `by` is `member`.")
    tokens: int
    voice_seconds: int
    tokens_held: int
    voice_seconds_held: int

    @classmethod
    def of(cls, usage: Usage) -> Self:
        return cls(
            month=usage.month,
            user_id=usage.user_id,
            tokens=usage.tokens,
            voice_seconds=usage.voice_seconds,
            tokens_held=usage.tokens_held,
            voice_seconds_held=usage.voice_seconds_held,
        )


class UsageTotals(Schema):
    tokens: int
    voice_seconds: int


class CompanyUsage(Schema):
    series: list[UsageView]
    totals: UsageTotals

    @classmethod
    def of(cls, found: list[Usage]) -> Self:
        totals = UsageTotals(
            tokens=sum(each.tokens for each in found),
            voice_seconds=sum(each.voice_seconds for each in found),
        )
        return cls(series=[UsageView.of(each) for each in found], totals=totals)


class CompanyEntryView(EntryView):
    user_id: str | None = Field(description="The member who spent or held it.")

    @classmethod
    def of(cls, entry: Entry) -> Self:
        return cls(**EntryView.of(entry).model_dump(), user_id=entry.by)


class CompanyLedger(Schema):
    entries: list[CompanyEntryView]

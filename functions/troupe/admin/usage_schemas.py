"""What the operation on usage takes and answers."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from troupe.admin.schemas import DaysQuery
from troupe.admin.usage import Grouping, Period, Source, Used
from troupe.plans.schemas import Moment
from troupe.web.schema import Id, Schema

_MOST_DAYS: dict[Grouping, int] = {"day": 92, "month": 366}


class AdminUsageQuery(DaysQuery):
    user_id: Id | None = None
    company_id: Id | None = None
    until: Moment | None = Field(
        None,
        alias="to",
        description="The last day (UTC). Defaults to today. At most 92 days by day, and 366 by "
        "month.",
    )
    by: Literal["day", "month"] = "day"

    @property
    def most_days(self) -> int:
        return _MOST_DAYS[self.by]

    @model_validator(mode="after")
    def _of_somebody(self) -> Self:
        if self.user_id is None and self.company_id is None:
            raise PydanticCustomError("of_whom", "Send `userId`, `companyId`, or both")
        return self


class UsedByKind(Schema):
    kind: str = Field(description="A kind of job, or `consume` for tokens spent at once.")
    company_id: str | None = Field(description="The company that paid; null for the user.")
    tokens: int
    voice_seconds: int
    jobs: int = Field(description="Jobs that ended with a charge, which may be 0.")

    @classmethod
    def of(cls, source: Source, used: Used) -> Self:
        company_id, kind = source
        return cls(
            kind=kind,
            company_id=company_id,
            tokens=used.tokens,
            voice_seconds=used.voice_seconds,
            jobs=used.jobs,
        )


class UsedView(Schema):
    tokens: int
    voice_seconds: int
    jobs: int
    messages: int | None = Field(
        description="Messages and captions that the user sent to rooms, as far as these still have "
        "them; null with `companyId`."
    )
    by_kind: list[UsedByKind]

    @classmethod
    def summed(cls, periods: list[Period]) -> Self:
        total, sources = Used(), dict[Source, Used]()
        for period in periods:
            for source, used in period.by_source.items():
                total.add(used)
                sources.setdefault(source, Used()).add(used)
        messages = [each.messages for each in periods if each.messages is not None]
        ordered = sorted(sources.items(), key=lambda each: (each[0][0] or "", each[0][1]))
        return cls(
            tokens=total.tokens,
            voice_seconds=total.voice_seconds,
            jobs=total.jobs,
            messages=sum(messages) if messages else None,
            by_kind=[UsedByKind.of(source, used) for source, used in ordered],
        )


class UsedInPeriod(UsedView):
    period: str = Field(description="`2026-11-27`, or `2026-11`.")


class AdminUsageView(Schema):
    periods: list[UsedInPeriod] = Field(description="Oldest first, also those without usage.")
    totals: UsedView

    @classmethod
    def of(cls, periods: list[Period]) -> Self:
        return cls(
            periods=[
                UsedInPeriod(period=each.name, **UsedView.summed([each]).model_dump())
                for each in periods
            ],
            totals=UsedView.summed(periods),
        )


class AdminUsageData(Schema):
    usage: AdminUsageView

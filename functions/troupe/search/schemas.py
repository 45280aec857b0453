"""What the search takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from troupe.companies.schemas import SearchText
from troupe.search.service import Hit, Kind
from troupe.web.schema import Id, Limit, Schema


def _known(text: str) -> str:
    names = dict.fromkeys(name.strip() for name in text.split(",") if name.strip())
    if not names.keys() <= set(Kind):
        raise PydanticCustomError("kinds", "must be of {kinds}", {"kinds": ", ".join(Kind)})
    return ",".join(names or Kind)


class CompanySearchQuery(Schema):
    q: SearchText = Field(
        "", description="The beginning of a word, or of the whole. Nothing is found without it."
    )
    kinds: Annotated[str, StringConstraints(max_length=100), AfterValidator(_known)] = Field(
        ",".join(Kind), description="Separated by commas."
    )
    limit: Limit = Field(10, description="Hits of each kind. Values above 100 count as 100.")
    company_id: Id | None = None

    def chosen(self) -> list[Kind]:
        return [Kind(name) for name in self.kinds.split(",")]


class HitView(Schema):
    kind: Kind
    id: str
    title: str
    detail: str
    created_at: datetime

    @classmethod
    def of(cls, hit: Hit) -> Self:
        return cls(kind=hit.kind, id=hit.id, title=hit.title, detail=hit.detail, created_at=hit.at)


class SearchData(Schema):
    hits: list[HitView]

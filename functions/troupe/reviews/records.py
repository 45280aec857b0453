"""Reviews as they are stored, and the counters of what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from troupe.records import Record

COLLECTION = "reviews"
RATINGS = "ratings"
STARS = range(1, 6)
MOST_CHARACTERS = 2000
MOST_TAGS = 5


class ReviewedKind(StrEnum):
    CALL = "call"
    COMPANY = "company"
    CHARACTER = "character"


class Aspects(Record):
    """What is rated on its own; None if the author has not."""

    service: int | None = None
    host: int | None = None

    @property
    def mean(self) -> int | None:
        """Rounded; halves are rounded up."""
        given = [each for each in (self.service, self.host) if each is not None]
        return (2 * sum(given) + len(given)) // (2 * len(given)) if given else None


class Response(Record):
    """The company's answer. `by`: the user; empty once their account is deleted."""

    text: str
    by: str
    at: datetime


class Review(Record):
    """`reviews/{hash of the subject and the author}`. `company_id` and `host_uid`: of the call, or
    of the company. `verified`: the author was in the call, or in one of the company. `revision`: 1,
    and one more with each change by the author. Name and text are empty, and `uid` too, once the
    account of the author is deleted."""

    id: str
    subject_kind: ReviewedKind
    subject_id: str
    company_id: str | None = None
    host_uid: str | None = None
    uid: str
    name: str
    guest: bool = False
    rating: int
    ratings: Aspects = Aspects()
    title: str = ""
    text: str = ""
    solved: bool | None = None
    tags: list[str] = Field(default_factory=list)
    verified: bool = False
    response: Response | None = None
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def subject(self) -> str:
        return subject_key(self.subject_kind, self.subject_id)

    def stored(self) -> dict[str, Any]:
        return super().stored() | {"subject": self.subject}


class RatingTotals(Record):
    """`ratings/{subject}`: the reviews of one subject, counted in the commits that change them.
    `solved` and `unsolved`: how many said so."""

    id: str
    rating_count: int = 0
    rating_sum: int = 0
    by_rating: dict[str, int] = Field(default_factory=dict)
    solved: int = 0
    unsolved: int = 0

    def plus(self, changes: Mapping[str, int]) -> RatingTotals:
        """With the changes of `writes.changes_of`."""
        by_rating = {
            str(star): self.by_rating.get(str(star), 0) + changes.get(f"ratings{star}", 0)
            for star in STARS
        }
        return self.model_copy(
            update={
                "rating_count": self.rating_count + changes.get("ratings", 0),
                "rating_sum": self.rating_sum + changes.get("ratingSum", 0),
                "by_rating": by_rating,
                "solved": self.solved + changes.get("solved", 0),
                "unsolved": self.unsolved + changes.get("unsolved", 0),
            }
        )


def subject_key(kind: str, subject_id: str) -> str:
    return f"{kind}-{subject_id}"

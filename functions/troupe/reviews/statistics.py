"""How a list of reviews was rated, without reading it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from troupe.adapters.firestore import Database
from troupe.reviews.records import COLLECTION, STARS, RatingTotals
from troupe.reviews.writes import ratings_path

Where = Sequence[tuple[str, str, Any]]


@dataclass(frozen=True, slots=True)
class Statistics:
    """`by_rating`: how many reviews have 1, 2, 3, 4 and 5 stars."""

    by_rating: Mapping[int, int]

    @classmethod
    def of(cls, totals: RatingTotals) -> Self:
        return cls({star: totals.by_rating.get(str(star), 0) for star in STARS})

    @property
    def count(self) -> int:
        return sum(self.by_rating.values())

    @property
    def average(self) -> float | None:
        """Rounded to two decimal places; None if there are no reviews."""
        total = sum(star * count for star, count in self.by_rating.items())
        return round(total / self.count, 2) if self.count else None


def of_subject(db: Database, subject: str) -> Statistics:
    """All reviews of one subject: one read."""
    document = db.get(ratings_path(subject))
    return Statistics.of(RatingTotals.of(document))


def counted(db: Database, where: Where, rating: int | None) -> Statistics:
    """The reviews that a query finds, which may be for one rating: a count for each rating. Counts
    read no documents, and run at the same time."""
    stars = STARS if rating is None else [rating]
    begun = {
        star: db.begin_count(COLLECTION, where=[*where, ("rating", "==", star)]) for star in stars
    }
    return Statistics({star: begun[star]() if star in begun else 0 for star in STARS})

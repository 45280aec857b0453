"""Reviews: paths, and the writes that count them.

Everything that is counted moves in the commit of the review, which names the review's version or
creates it. So nothing is counted twice, whatever is sent again.
"""

from __future__ import annotations

import hashlib
from collections import Counter

from troupe.adapters.firestore import Create, Document, Increment, Merge, Update, Write
from troupe.calls.records import CallReview
from troupe.calls.writes import call_path
from troupe.companies.writes import company_path
from troupe.dashboards.days import day_writes
from troupe.reviews.records import (
    COLLECTION,
    RATINGS,
    STARS,
    RatingTotals,
    Review,
    ReviewedKind,
    subject_key,
)


def review_path(review_id: str) -> str:
    return f"{COLLECTION}/{review_id}"


def ratings_path(subject: str) -> str:
    return f"{RATINGS}/{subject}"


def review_id_of(kind: ReviewedKind, subject_id: str, uid: str) -> str:
    """One for each author and subject."""
    named = f"{subject_key(kind, subject_id)}\n{uid}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def counted_paths(review: Review) -> list[str]:
    """The documents that `counting_writes` needs to have read."""
    paths = [ratings_path(review.subject)]
    if review.company_id is not None:
        paths.append(company_path(review.company_id))
    if review.subject_kind is ReviewedKind.CALL:
        paths.append(call_path(review.subject_id))
    return paths


def counting_writes(
    before: Review | None, after: Review | None, documents: dict[str, Document]
) -> list[Write]:
    """The writes that count a review that is added, changed or deleted. `documents`: those of
    `counted_paths`, as read. What no longer exists is not counted."""
    review = after or before
    assert review is not None
    changes = totals_of(after)
    changes.subtract(totals_of(before))
    changes = Counter({name: amount for name, amount in changes.items() if amount})
    if not changes:
        return []
    ratings = documents[ratings_path(review.subject)]
    call = documents.get(call_path(review.subject_id))
    writes: list[Write] = []
    if review.subject_kind is ReviewedKind.CALL and call is not None and call.exists:
        # The copy is made from the counters, so all who review a call name the versions of both.
        totals = RatingTotals.of(ratings).plus(changes)
        copy = _copy(totals)
        writes.append(_put(ratings, totals))
        fields = {"review": copy and copy.model_dump(by_alias=True)}
        writes.append(Update(call.path, fields, seen=call))
    else:
        writes.append(Merge(ratings.path, _increments(changes)))
    company_id = review.company_id
    if company_id is not None and documents[company_path(company_id)].exists:
        summed = {
            "totals.ratingCount": Increment(changes["ratings"]),
            "totals.ratingSum": Increment(changes["ratingSum"]),
        }
        writes.append(Update(company_path(company_id), summed))
        counted = {name: changes[name] for name in changes.keys() - {"solved", "unsolved"}}
        # At the time at which it was written: a change moves what was counted then.
        writes += day_writes(company_id, review.created_at, member=review.host_uid, **counted)
    return writes


def totals_of(review: Review | None) -> Counter[str]:
    """What one review adds to the counters, by the names of `troupe.dashboards.days`; `solved` and
    `unsolved`, which are of calls there, are the author's word."""
    counts: Counter[str] = Counter()
    if review is None:
        return counts
    counts.update({"ratings": 1, "ratingSum": review.rating, f"ratings{review.rating}": 1})
    for name, rating in (("host", review.ratings.host), ("service", review.ratings.service)):
        if rating is not None:
            counts.update({f"{name}Ratings": 1, f"{name}RatingSum": rating})
    if review.solved is not None:
        counts["solved" if review.solved else "unsolved"] += 1
    return counts


def _put(ratings: Document, totals: RatingTotals) -> Write:
    if ratings.exists:
        return Update(ratings.path, totals.stored(), seen=ratings)
    return Create(ratings.path, totals.stored())


def _increments(changes: Counter[str]) -> dict[str, object]:
    stars = {str(star): changes[f"ratings{star}"] for star in STARS}
    fields: dict[str, object] = {
        "ratingCount": Increment(changes["ratings"]),
        "ratingSum": Increment(changes["ratingSum"]),
        "solved": Increment(changes["solved"]),
        "unsolved": Increment(changes["unsolved"]),
    }
    moved = {star: Increment(amount) for star, amount in stars.items() if amount}
    return fields | ({"byRating": moved} if moved else {})


def _copy(totals: RatingTotals) -> CallReview | None:
    """What a call shows of its reviews: their mean, and solved if nobody says otherwise."""
    if not totals.rating_count:
        return None
    rating = (2 * totals.rating_sum + totals.rating_count) // (2 * totals.rating_count)
    solved = False if totals.unsolved else True if totals.solved else None
    return CallReview(rating=rating, solved=solved)

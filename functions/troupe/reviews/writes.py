"""Reviews: paths, and the writes that count them.

Everything that is counted moves in the commit of the review, which names the review's version or
creates it. So nothing is counted twice, whatever is sent again.
"""

from __future__ import annotations

import hashlib
from collections import Counter

from troupe.adapters.firestore import Create, Document, Increment, Merge, Update, Write
from troupe.calls.endings import solved_writes
from troupe.calls.records import Call, CallReview, CallStatus
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
    review: Review, changes: Counter[str], documents: dict[str, Document]
) -> list[Write]:
    """The writes that count the changes of a review. `documents`: those of `counted_paths`, as
    read. What no longer exists is not counted."""
    if not changes:
        return []
    ratings = documents[ratings_path(review.subject)]
    call_document = documents.get(call_path(review.subject_id))
    company_id = review.company_id
    company = documents.get(company_path(company_id or ""))
    has_company = company is not None and company.exists and not company.data.get("deletedAt")
    writes: list[Write] = []
    if review.subject_kind is ReviewedKind.CALL and call_document and call_document.exists:
        # The copy is made from the counters, so all who review a call name the versions of both.
        totals = RatingTotals.of(ratings).plus(changes)
        call = Call.of(call_document)
        after_call = call.model_copy(update={"review": _copy(totals)})
        copy = after_call.review and after_call.review.model_dump(by_alias=True)
        writes.append(_put(ratings, totals))
        shown = {"review": copy, "solved": after_call.solved}
        writes.append(Update(call_document.path, shown, seen=call_document))
        if has_company and call.status is CallStatus.ENDED:
            writes += solved_writes(call, call.solved, after_call.solved)
    else:
        writes.append(Merge(ratings.path, _increments(changes)))
    if company_id is not None and has_company:
        summed = {
            "totals.ratingCount": Increment(changes["ratings"]),
            "totals.ratingSum": Increment(changes["ratingSum"]),
        }
        if changes["ratings"] or changes["ratingSum"]:
            writes.append(Update(company_path(company_id), summed))
        counted = {name: changes[name] for name in changes.keys() - {"solved", "unsolved"}}
        # At the time at which it was written: a change moves what was counted then.
        writes += day_writes(company_id, review.created_at, member=review.host_uid, **counted)
    return writes


def changes_of(before: Review | None, after: Review | None) -> Counter[str]:
    """What changes if one review becomes the other. None: there is none."""
    changes = _counts(after)
    changes.subtract(_counts(before))
    return Counter({name: amount for name, amount in changes.items() if amount})


def _counts(review: Review | None) -> Counter[str]:
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

"""Reviews over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.calls.errors import CallNotFound
from troupe.characters.errors import CharacterNotFound
from troupe.companies.choice import chosen
from troupe.companies.errors import CompanyRequired
from troupe.errors import CompanyNotFound, Forbidden, GuestNotAllowed
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.paging import BadCursor, PageTooDeep
from troupe.reviews import schemas
from troupe.reviews.errors import (
    AlreadyReviewed,
    GuestTooLate,
    OwnSubject,
    ReviewBeingDeleted,
    ReviewChanged,
    ReviewNotFound,
    WasNotThere,
)
from troupe.wallet.errors import CompanyDiffers
from troupe.wallet.schemas import CompanyHeader
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.caller import Caller
    from troupe.reviews.service import Reviews

api = Api("reviews", "Reviews")

_SUBJECTS = (CallNotFound, CompanyNotFound, CharacterNotFound)
_WRITING = (*_SUBJECTS, WasNotThere, OwnSubject, GuestTooLate, GuestNotAllowed)


@api.get(
    "/api/reviews",
    data=schemas.ReviewsData,
    errors=(*_SUBJECTS, CompanyRequired, CompanyDiffers, Forbidden, BadCursor, PageTooDeep),
)
def list_reviews(
    header: CompanyHeader, query: schemas.ReviewsQuery, caller: Caller, reviews: Reviews
) -> Reply:
    """Lists reviews, newest first: those of a subject, of a company and its calls, or with `mine`,
    or if you have no company, the ones that you have written. Those of a company and its calls are
    for its managers; other members see those of the calls that they have hosted. Everybody sees
    those of a character. `meta.statistics` is of all that the list finds."""
    company_id = None
    given = (query.company_id, header.x_troupe_company)
    if query.subject_id is None and not query.mine and (any(given) or caller.companies):
        company_id = chosen(caller, *given)
    found = reviews.page(caller, query, company_id, query.filter())
    position = query.meta(found.page.total, found.page.next_cursor)
    meta = schemas.ReviewsMeta(
        **position.model_dump(), statistics=schemas.ReviewStatistics.of(found.statistics)
    )
    data = schemas.ReviewsData(reviews=[schemas.ReviewView.of(each) for each in found.reviews])
    return Reply(data, "Reviews fetched successfully", meta=meta)


@api.post(
    "/api/reviews",
    auth=Auth.MEMBER,
    status=201,
    data=schemas.ReviewData,
    errors=(*_WRITING, AlreadyReviewed, ReviewBeingDeleted, *MODERATION_ERRORS),
    headers=("Location",),
    limit="review",
)
def create_review(body: schemas.CreateReview, caller: AccountCaller, reviews: Reviews) -> Reply:
    """Reviews a call that you were in, a company that you had a call with, or a character, once.
    Guests of a call can do this with their session for 24 hours after its end."""
    review = reviews.create(caller, body.draft())
    headers = {"Location": f"/api/reviews/{review.id}"}
    return Reply(schemas.ReviewData.of(review), "Review created successfully", headers=headers)


@api.get(
    "/api/reviews/<reviewId>",
    auth=Auth.MEMBER,
    data=schemas.ReviewData,
    errors=(ReviewNotFound,),
)
def get_review(path: schemas.ReviewPath, caller: Caller, reviews: Reviews) -> Reply:
    """Returns a review of yours, of your company, of a call that you have hosted, or of a
    character."""
    review = reviews.get(caller, path.review_id)
    return Reply(schemas.ReviewData.of(review), "Review fetched successfully")


@api.put(
    "/api/reviews/<reviewId>",
    auth=Auth.OWNER,
    data=schemas.ReviewData,
    errors=(ReviewNotFound, *_WRITING, ReviewChanged, *MODERATION_ERRORS),
    limit="review",
)
def update_review(
    path: schemas.ReviewPath, body: schemas.UpdateReview, caller: Caller, reviews: Reviews
) -> Reply:
    """Changes a review of yours."""
    review = reviews.update(caller, path.review_id, body.changes(), body.revision)
    return Reply(schemas.ReviewData.of(review), "Review updated successfully")


@api.delete("/api/reviews/<reviewId>", auth=Auth.OWNER, errors=(ReviewNotFound,))
def delete_review(path: schemas.ReviewPath, caller: Caller, reviews: Reviews) -> Reply:
    """Deletes a review of yours with the comments on it, which takes a few minutes. Then you can
    write another one."""
    reviews.delete(caller, path.review_id)
    return Reply(message="Review deleted successfully")


@api.put(
    "/api/reviews/<reviewId>/response",
    auth=Auth.COMPANY,
    data=schemas.ReviewData,
    errors=(ReviewNotFound, Forbidden, *MODERATION_ERRORS),
    limit="review_response",
)
def respond_review(
    path: schemas.ReviewPath, body: schemas.RespondReview, caller: Caller, reviews: Reviews
) -> Reply:
    """Answers a review for your company, or replaces its answer."""
    review = reviews.respond(caller, path.review_id, body.text)
    return Reply(schemas.ReviewData.of(review), "Review answered successfully")

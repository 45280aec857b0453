"""What can go wrong with reviews, as the API reports it."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, Forbidden, NotFound


class ReviewNotFound(NotFound):
    """Also for a review that is not for the caller."""

    code = "review_not_found"
    message = "This review does not exist, or you do not have access to it."


class AlreadyReviewedDetails(TypedDict):
    """The id of the review."""

    reviewId: str


class AlreadyReviewed(Conflict):
    code = "already_reviewed"
    details_type = AlreadyReviewedDetails
    message = "You have already reviewed this. Change your review with `PUT /api/reviews/{id}`."


class ReviewBeingDeleted(Conflict):
    code = "review_being_deleted"
    message = (
        "The comments on the review that you have deleted are still being deleted. Try again in a"
        " few minutes."
    )


class ReviewChangedDetails(TypedDict):
    revision: int


class ReviewChanged(Conflict):
    code = "changed_since"
    details_type = ReviewChangedDetails
    message = (
        "This review has changed in the meantime. Fetch it again and send its current `revision`."
    )


class WasNotThere(Forbidden):
    code = "was_not_there"
    message = "Only people who were in a call can review it or its company."


class OwnSubject(Forbidden):
    code = "own_subject"
    message = "You cannot review your own calls, company or characters."


class GuestTooLate(Forbidden):
    code = "guest_too_late"
    message = "Guests can review and comment on a call only within 24 hours of its end."

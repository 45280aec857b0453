"""What can go wrong with comments, as the API reports it."""

from __future__ import annotations

from typing_extensions import TypedDict

from troupe.errors import Conflict, Forbidden, NotFound, Unprocessable


class CommentNotFound(NotFound):
    """Also for an internal one, to everybody outside the company."""

    code = "comment_not_found"
    message = "This comment does not exist, or you do not have access to it."


class CommentChangedDetails(TypedDict):
    revision: int


class CommentChanged(Conflict):
    code = "changed_since"
    details_type = CommentChangedDetails
    message = (
        "This comment has changed in the meantime. Fetch it again and send its current `revision`."
    )


class InternalForCompany(Forbidden):
    code = "internal_for_company"
    message = "Only members of the company can write internal comments."


class ParentIsInternal(Unprocessable):
    code = "parent_is_internal"
    message = "Replies to an internal comment must also be internal."

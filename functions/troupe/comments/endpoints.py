"""Comments over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.call_recordings.errors import RecordingNotFound
from troupe.calls.errors import CallNotFound
from troupe.comments import schemas
from troupe.comments.errors import (
    CommentChanged,
    CommentNotFound,
    InternalForCompany,
    ParentIsInternal,
)
from troupe.idempotency import KeyReused
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.paging import BadCursor, PageTooDeep
from troupe.reviews.errors import GuestTooLate, ReviewNotFound
from troupe.scripts.errors import ScriptNotFound
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.caller import Caller
    from troupe.comments.service import Comments

api = Api("comments", "Comments")

_SUBJECTS = (CallNotFound, RecordingNotFound, ReviewNotFound, ScriptNotFound)


@api.get(
    "/api/comments",
    data=schemas.CommentsData,
    errors=(*_SUBJECTS, BadCursor, PageTooDeep),
)
def list_comments(query: schemas.CommentsQuery, caller: Caller, comments: Comments) -> Reply:
    """Lists the comments on a call that you were in, on a review that you can read, on a script
    of yours, or on a recording of a call that you may see, newest first. Deleted ones keep their
    place and are empty. Internal ones are for the people of the company: its managers, the host,
    and members who were in the call."""
    found, page = comments.page(
        caller,
        query,
        query.subject_kind,
        query.subject_id,
        kind=query.kind,
        internal=query.internal,
        search=query.search,
    )
    data = schemas.CommentsData(comments=[schemas.CommentView.of(each) for each in found])
    meta = query.meta(page.total, page.next_cursor)
    return Reply(data, "Comments fetched successfully", meta=meta)


@api.post(
    "/api/comments",
    auth=Auth.MEMBER,
    status=201,
    data=schemas.CommentData,
    errors=(
        *(*_SUBJECTS, CommentNotFound, InternalForCompany, ParentIsInternal, GuestTooLate),
        *(KeyReused, *MODERATION_ERRORS),
    ),
    headers=("Location",),
    limit="comment",
)
def create_comment(
    header: KeyHeader, body: schemas.CreateComment, caller: AccountCaller, comments: Comments
) -> Reply:
    """Comments on a call, a review or a script. Without `internal`, those of the company's people
    are internal, and those of everybody else are not."""
    comment = comments.create(caller, body.draft(), header.idempotency_key)
    headers = {"Location": f"/api/comments/{comment.id}"}
    return Reply(schemas.CommentData.of(comment), "Comment created successfully", headers=headers)


@api.get(
    "/api/comments/<commentId>",
    auth=Auth.MEMBER,
    data=schemas.CommentData,
    errors=(CommentNotFound,),
)
def get_comment(path: schemas.CommentPath, caller: Caller, comments: Comments) -> Reply:
    """Returns a comment."""
    comment = comments.get(caller, path.comment_id)
    return Reply(schemas.CommentData.of(comment), "Comment fetched successfully")


@api.put(
    "/api/comments/<commentId>",
    auth=Auth.OWNER,
    data=schemas.CommentData,
    errors=(CommentNotFound, GuestTooLate, CommentChanged, *MODERATION_ERRORS),
    limit="comment",
)
def update_comment(
    path: schemas.CommentPath, body: schemas.UpdateComment, caller: Caller, comments: Comments
) -> Reply:
    """Changes a comment of yours."""
    comment = comments.update(caller, path.comment_id, body.changes(), body.revision)
    return Reply(schemas.CommentData.of(comment), "Comment updated successfully")


@api.delete("/api/comments/<commentId>", auth=Auth.OWNER, errors=(CommentNotFound,))
def delete_comment(path: schemas.CommentPath, caller: Caller, comments: Comments) -> Reply:
    """Deletes a comment's content; an empty placeholder remains. Allowed for its author and for the
    company's managers."""
    comments.delete(caller, path.comment_id)
    return Reply(message="Comment deleted successfully")

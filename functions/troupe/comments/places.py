"""What can be commented on, and what somebody is there.

Nothing here is recorded for the edge: the service records what it decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from troupe.access import belongs, manages
from troupe.adapters.firestore import Database, Document, now
from troupe.call_recordings.errors import RecordingNotFound
from troupe.caller import Caller
from troupe.calls.errors import CallNotFound
from troupe.calls.records import Call
from troupe.calls.visits import GUESTS_HAVE, is_late, was_in
from troupe.calls.writes import access_path, call_path, recording_path
from troupe.comments.errors import CommentNotFound
from troupe.comments.records import Comment, CommentedKind
from troupe.errors import TroupeError
from troupe.reviews.errors import ReviewNotFound
from troupe.reviews.records import Review
from troupe.reviews.subjects import is_inside, may_read
from troupe.reviews.writes import review_path
from troupe.scripts.errors import ScriptNotFound

_SCRIPTS = "scripts"  # not from scripts.writes, which loads all voices


@dataclass(frozen=True, slots=True)
class Place:
    """`admitted`: they read and write here. `inside`: they belong to the company, and read what is
    internal. `manages`: they may delete what others say. `late`: they may no longer write.
    `missing`: what is raised for everybody who is not admitted."""

    kind: CommentedKind
    id: str
    document: Document
    missing: type[TroupeError]
    company_id: str | None = None
    admitted: bool = False
    inside: bool = False
    manages: bool = False
    late: bool = False

    def shows(self, comment: Comment) -> bool:
        return self.admitted and (self.inside or not comment.internal)


def place(db: Database, caller: Caller, kind: CommentedKind, subject_id: str) -> Place:
    return _KINDS[kind](db, caller, subject_id)


def _call(db: Database, caller: Caller, call_id: str) -> Place:
    """For those who were in the call and were not removed, its host, and the company's managers.
    Members of the company are inside. Administrators of Troupe do not read what is said."""
    document, access = db.get_all([call_path(call_id), access_path(call_id, caller.uid)])
    call = Call.of(document) if document.exists else None
    if call is None or call.is_forgotten:  # nothing would erase what is said now
        return Place(CommentedKind.CALL, call_id, document, CallNotFound)
    came = access.data.get("state") in ("in", "left") and was_in(db, access)
    belonging = call.company_id in caller.companies
    managing = manages(call.company_id, caller)
    inside = belonging and (managing or came or call.host_uid == caller.uid)
    return Place(
        CommentedKind.CALL,
        call_id,
        document,
        CallNotFound,
        company_id=call.company_id,
        admitted=inside or (came and not belonging),
        inside=inside,
        manages=managing,
        late=is_late(caller, call, now()),
    )


def _review(db: Database, caller: Caller, review_id: str) -> Place:
    """For those who read the review. Its company's managers and its host are inside."""
    document = db.get(review_path(review_id))
    if not document.exists:
        return Place(CommentedKind.REVIEW, review_id, document, ReviewNotFound)
    review = Review.of(document)
    return Place(
        CommentedKind.REVIEW,
        review_id,
        document,
        ReviewNotFound,
        company_id=review.company_id,
        admitted=may_read(db, caller, review),
        inside=is_inside(caller, review),
        manages=manages(review.company_id, caller),
        late=caller.guest and now() > review.created_at + GUESTS_HAVE,
    )


def _recording(db: Database, caller: Caller, recording_id: str) -> Place:
    """For those who may see the recording: the host of the call, and the company's managers."""
    document = db.get(recording_path(recording_id))
    found = document.data if document.exists else {}
    call = db.get(call_path(found["callId"])) if found else None
    hosted = call is not None and call.data.get("hostUid") == caller.uid
    company_id = found.get("companyId")
    managing = manages(company_id, caller)
    inside = managing or (hosted and company_id in caller.companies)
    return Place(
        CommentedKind.RECORDING,
        recording_id,
        document,
        RecordingNotFound,
        company_id=company_id,
        admitted=inside,
        inside=inside,
        manages=managing,
    )


def _script(db: Database, caller: Caller, script_id: str) -> Place:
    document = db.get(f"{_SCRIPTS}/{script_id}")
    mine = belongs(document, caller.uid)
    return Place(CommentedKind.SCRIPT, script_id, document, ScriptNotFound, admitted=mine)


_KINDS: dict[CommentedKind, Callable[[Database, Caller, str], Place]] = {
    CommentedKind.CALL: _call,
    CommentedKind.REVIEW: _review,
    CommentedKind.SCRIPT: _script,
    CommentedKind.RECORDING: _recording,
}


def existing(document: Document) -> Comment:
    """Raises CommentNotFound, also for one that was deleted."""
    comment = Comment.of(document) if document.exists else None
    if comment is None or comment.deleted_at is not None:
        raise CommentNotFound
    return comment

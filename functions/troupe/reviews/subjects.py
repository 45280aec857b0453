"""What can be reviewed, by whom, and who reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from troupe.access import belongs, involved, manages
from troupe.adapters.firestore import Database, Document
from troupe.caller import Caller
from troupe.calls.errors import CallNotFound
from troupe.calls.records import ACCESS, Call
from troupe.calls.visits import is_late, was_in
from troupe.calls.writes import access_path, call_path
from troupe.characters.errors import not_found
from troupe.characters.records import Visibility
from troupe.characters.writes import character_path
from troupe.companies.writes import company_path
from troupe.errors import CompanyNotFound, GuestNotAllowed, TroupeError
from troupe.reviews.errors import GuestTooLate, OwnSubject, WasNotThere
from troupe.reviews.records import Review, ReviewedKind

Refusal = TroupeError | type[TroupeError]
_MOST_CALLS = 100  # each takes a few reads


@dataclass(frozen=True, slots=True)
class Subject:
    """What somebody may review. `verified`: they were in the call."""

    kind: ReviewedKind
    id: str
    company_id: str | None = None
    host_uid: str | None = None
    verified: bool = False


def reviewable(
    db: Database, caller: Caller, kind: ReviewedKind, subject_id: str, at: datetime
) -> Subject:
    """What the caller is about to review, and the check that they may.

    Raises CallNotFound, CompanyNotFound and CharacterNotFound for strangers, WasNotThere,
    OwnSubject, GuestTooLate and GuestNotAllowed.
    """
    return _KINDS[kind](db, caller, subject_id, at)


def _call(db: Database, caller: Caller, call_id: str, at: datetime) -> Subject:
    document, access = db.get_all([call_path(call_id), access_path(call_id, caller.uid)])
    call = Call.of(document) if document.exists else None
    refusal: Refusal | None = None
    if call is None or not _knows(caller, call, access):
        refusal = CallNotFound
    elif not was_in(db, access):
        refusal = WasNotThere
    elif call.host_uid == caller.uid:
        refusal = OwnSubject
    elif is_late(caller, call, at):
        refusal = GuestTooLate
    involved(document, caller.uid, refusal)
    if call is None:
        raise CallNotFound
    return Subject(ReviewedKind.CALL, call_id, call.company_id, call.host_uid, verified=True)


def _knows(caller: Caller, call: Call, access: Document) -> bool:
    """Whether the caller may know that there is such a call."""
    invited = any(each.uid == caller.uid for each in call.invitees)
    return access.exists or invited or call.company_id in caller.companies


def _company(db: Database, caller: Caller, company_id: str, at: datetime) -> Subject:
    document = db.get(company_path(company_id))
    refusal: Refusal | None = None
    if not document.exists or document.data.get("deletedAt"):
        refusal = CompanyNotFound
    elif company_id in caller.companies:
        refusal = OwnSubject
    else:
        refusal = _customer(db, caller, company_id, at)
    involved(document, caller.uid, refusal)
    return Subject(ReviewedKind.COMPANY, company_id, company_id, verified=True)


def _customer(db: Database, caller: Caller, company_id: str, at: datetime) -> Refusal | None:
    """None for somebody who was in a call of the company; else why they may not review it. Looks at
    no more than `_MOST_CALLS`."""
    refusal: Refusal = CompanyNotFound
    mine = [("uid", "==", caller.uid), ("companyId", "==", company_id)]
    found = db.walk(ACCESS, where=mine, group=True, batch=20)
    for access in islice(found, _MOST_CALLS):
        if not was_in(db, access):
            refusal = WasNotThere if refusal is CompanyNotFound else refusal
            continue
        if not caller.guest:
            return None
        call = db.get(call_path(access.data["callId"]))
        if call.exists and not is_late(caller, Call.of(call), at):
            return None
        refusal = GuestTooLate
    return refusal


def _character(db: Database, caller: Caller, character_id: str, at: datetime) -> Subject:
    document = db.get(character_path(character_id))
    refusal: Refusal | None = None
    if not visible(document, caller.uid):
        refusal = not_found(character_id)
    elif belongs(document, caller.uid):
        refusal = OwnSubject
    elif caller.guest:
        refusal = GuestNotAllowed  # a guest account costs nothing, so it could vote for ever
    involved(document, caller.uid, refusal)
    return Subject(ReviewedKind.CHARACTER, character_id)


_KINDS: dict[ReviewedKind, Callable[[Database, Caller, str, datetime], Subject]] = {
    ReviewedKind.CALL: _call,
    ReviewedKind.COMPANY: _company,
    ReviewedKind.CHARACTER: _character,
}


def visible(character: Document, uid: str) -> bool:
    """Whether `uid` can see a character. Not recorded."""
    if not character.exists:
        return False
    return character.data.get("visibility") != Visibility.PRIVATE or belongs(character, uid)


def may_read(db: Database, caller: Caller, review: Review) -> bool:
    """Authors read theirs, and everybody those of characters that they can see. Those of a company
    and its calls are for its managers, for hosts those of their calls, and for administrators."""
    if review.uid == caller.uid:
        return True
    if review.subject_kind is ReviewedKind.CHARACTER:
        return visible(db.get(character_path(review.subject_id)), caller.uid)
    return caller.role == "admin" or is_inside(caller, review)


def is_inside(caller: Caller, review: Review) -> bool:
    """Whether the caller reads a review for the company that it is about."""
    hosted = review.host_uid == caller.uid and review.company_id in caller.companies
    return hosted or manages(review.company_id, caller)

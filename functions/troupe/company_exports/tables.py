"""The rows of the tables, read a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from troupe.adapters.firestore import Database
from troupe.calls.records import COLLECTION as CALLS
from troupe.calls.records import Call
from troupe.comments.records import COLLECTION as COMMENTS
from troupe.comments.records import Comment
from troupe.companies.records import License, Member, listed_fields
from troupe.companies.writes import licenses_path, members_path
from troupe.company_exports.records import ExportInput, Table
from troupe.payments.records import PAYMENTS, Payment
from troupe.records import Record
from troupe.reviews.records import COLLECTION as REVIEWS
from troupe.reviews.records import Review
from troupe.wallet.budgets import Budget, budgets_path, month_of

Row = dict[str, Any]

# The columns of each table, in order.
COLUMNS: Mapping[Table, tuple[str, ...]] = {
    Table.USERS: (
        *("id", "name", "email", "phone", "role", "status", "language", "timezone"),
        *("licenseId", "licenseType", "tokensCap", "voiceSecondsCap", "inviterId", "joinedAt"),
    ),
    Table.LICENSES: (
        *("id", "type", "status", "userId", "assignedAt", "validFrom", "expiresAt", "autoRenew"),
        *("billingPeriod", "minutesIncluded", "callsPerMonth", "callsUsed", "totalCalls"),
        *("totalSeconds", "priceCents", "currency", "source", "createdAt"),
    ),
    Table.PAYMENTS: (
        *("id", "number", "kind", "status", "description", "amount", "tax", "discount"),
        *("refunded", "currency", "method", "reference", "issuedAt", "dueAt", "paidAt"),
    ),
    Table.USAGE: (
        *("month", "userId", "tokens", "voiceSeconds", "tokensHeld", "voiceSecondsHeld"),
    ),
    Table.CALLS: (
        *("id", "number", "status", "endReason", "title", "hostId", "hostName", "guestName"),
        *("guestPhone", "scheduledAt", "startedAt", "endedAt", "seconds", "peak", "guestCount"),
        *("waitingSeconds", "responseSeconds", "reconnects", "solved", "category", "note"),
        *("followUpAt", "billable", "billingCategory", "rating", "quality", "createdAt"),
    ),
    Table.REVIEWS: (
        *("id", "subjectKind", "subjectId", "hostId", "userId", "name", "guest", "rating"),
        *("serviceRating", "hostRating", "title", "text", "solved", "tags", "verified"),
        *("response", "respondedAt", "createdAt", "updatedAt"),
    ),
    Table.COMMENTS: (
        *("id", "subjectKind", "subjectId", "parentId", "userId", "name", "guest", "kind"),
        *("internal", "text", "tags", "atSeconds", "createdAt", "updatedAt"),
    ),
}


def rows(db: Database, given: ExportInput) -> Iterator[Row]:
    """In the order of their documents' ids."""
    for row, at in _READERS[given.table](db, given.company_id):
        if not _within(given, at):
            continue
        if all(str(row[name] or "") == value for name, value in given.filter.items()):
            yield row


def _within(given: ExportInput, at: datetime | str) -> bool:
    """`at`: a time, or a month."""
    if isinstance(at, str):
        first = month_of(given.since) if given.since else at
        return first <= at <= (month_of(given.until) if given.until else at)
    early = given.since is not None and at < given.since
    return not early and (given.until is None or at < given.until)


Dated = Iterator[tuple[Row, datetime | str]]


def _users(db: Database, company_id: str) -> Dated:
    for document in db.walk(members_path(company_id), select=listed_fields(Member)):
        member = Member.of(document)
        cap = member.cap
        more = {
            "tokensCap": cap.tokens if cap else None,
            "voiceSecondsCap": cap.voice_seconds if cap else None,
            "inviterId": member.invited_by,
        }
        yield _row(Table.USERS, member, more), member.joined_at


def _licenses(db: Database, company_id: str) -> Dated:
    for document in db.walk(licenses_path(company_id)):
        license = License.of(document)
        yield _row(Table.LICENSES, license), license.created_at


def _payments(db: Database, company_id: str) -> Dated:
    for document in db.walk(PAYMENTS, where=[("ownerId", "==", company_id)]):
        payment = Payment.of(document)
        yield _row(Table.PAYMENTS, payment), payment.issued_at


def _usage(db: Database, company_id: str) -> Dated:
    for document in db.walk(budgets_path(company_id)):
        budget = Budget.of(document)
        row = {
            "month": budget.month,
            "userId": budget.uid,
            "tokens": budget.tokens.used,
            "voiceSeconds": budget.voice_seconds.used,
            "tokensHeld": budget.tokens.held,
            "voiceSecondsHeld": budget.voice_seconds.held,
        }
        yield row, budget.month


def _calls(db: Database, company_id: str) -> Dated:
    for document in db.walk(CALLS, where=[("companyId", "==", company_id)]):
        call = Call.of(document)
        outcome = call.outcome.model_dump(mode="json", by_alias=True)
        more = outcome | {
            "hostId": call.host_uid,
            "guestPhone": next((each.phone for each in call.invitees if each.phone), ""),
            "solved": call.solved,
            "rating": call.review.rating if call.review else None,
            "quality": call.quality.word if call.quality else None,
        }
        yield _row(Table.CALLS, call, more), call.created_at


def _reviews(db: Database, company_id: str) -> Dated:
    for document in db.walk(REVIEWS, where=[("companyId", "==", company_id)]):
        review = Review.of(document)
        more = {
            "hostId": review.host_uid,
            "userId": review.uid,
            "serviceRating": review.ratings.service,
            "hostRating": review.ratings.host,
            "response": review.response.text if review.response else "",
            "respondedAt": review.response.at.isoformat() if review.response else None,
        }
        yield _row(Table.REVIEWS, review, more), review.created_at


def _comments(db: Database, company_id: str) -> Dated:
    """Also internal ones: the export is for those who manage the company."""
    for document in db.walk(COMMENTS, where=[("companyId", "==", company_id)]):
        comment = Comment.of(document)
        if comment.deleted_at is None:
            yield _row(Table.COMMENTS, comment, {"userId": comment.uid}), comment.created_at


_READERS: Mapping[Table, Callable[[Database, str], Dated]] = {
    Table.USERS: _users,
    Table.LICENSES: _licenses,
    Table.PAYMENTS: _payments,
    Table.USAGE: _usage,
    Table.CALLS: _calls,
    Table.REVIEWS: _reviews,
    Table.COMMENTS: _comments,
}


def _row(table: Table, record: Record, more: Mapping[str, Any] = MappingProxyType({})) -> Row:
    data = record.model_dump(mode="json", by_alias=True) | dict(more)
    return {name: data[name] for name in COLUMNS[table]}

"""The rows of the tables, read a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from troupe.adapters.firestore import Database
from troupe.companies.records import License, Member, listed_fields
from troupe.companies.writes import licenses_path, members_path
from troupe.company_exports.records import ExportInput, Table
from troupe.payments.records import PAYMENTS, Payment
from troupe.records import Record
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


_READERS: Mapping[Table, Callable[[Database, str], Dated]] = {
    Table.USERS: _users,
    Table.LICENSES: _licenses,
    Table.PAYMENTS: _payments,
    Table.USAGE: _usage,
}


def _row(table: Table, record: Record, more: Mapping[str, Any] = MappingProxyType({})) -> Row:
    data = record.model_dump(mode="json", by_alias=True) | dict(more)
    return {name: data[name] for name in COLUMNS[table]}

"""All users, for administrators and operators: lists, search and counts, answered from indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic.alias_generators import to_camel

from troupe.accounts.errors import UserNotFound
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import Database
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.text import name_key

USERS = "users"
# Everything but the sessions, which can be long and are private to the user.
_SELECTED = [to_camel(name) for name in UserRecord.model_fields if name not in ("id", "sessions")]
_PREFIX_END = "\uf8ff"  # a prefix followed by this sorts after every string with that prefix
_SEARCHED = ("email", "nameKey")

Where = tuple[str, str, Any]


class UserStatus(StrEnum):
    """`suspended` if the account is; else the plan's status, `active` before the first plan."""

    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    PAST_DUE = "past_due"  # a payment failed, and may still succeed
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Selects users by status and by the id of their current or last plan; None selects all."""

    status: UserStatus | None = None
    plan_id: str | None = None

    def where(self) -> list[Where]:
        """Equality filters; Firestore merges their single-field indexes. Deleted users have none of
        these fields."""
        where: list[Where] = []
        if self.status is UserStatus.SUSPENDED:
            where.append(("suspended", "==", True))
        elif self.status is not None:
            where += [("suspended", "==", False), ("planStatus", "==", self.status)]
        if self.plan_id is not None:
            where.append(("subscription.planId", "==", self.plan_id))
        return where


@dataclass(frozen=True, slots=True)
class Totals:
    users: int
    guests: int
    admins: int
    suspended: int


def status_of(user: UserRecord) -> UserStatus:
    return UserStatus.SUSPENDED if user.suspended else UserStatus(user.plan_status)


class Directory:
    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, uid: str) -> UserRecord:
        """Raises UserNotFound, also for a deleted user."""
        user = existing_user(self._db.get(user_path(uid)))
        if user is None:
            raise UserNotFound
        return user

    def find(self, email: str) -> UserRecord | None:
        """The user with an email address, or None."""
        found = self._db.find(USERS, where=[("email", "==", email.strip().lower())], limit=1)
        return UserRecord.of(found[0]) if found else None

    def page(
        self, request: PageRequest, user_filter: UserFilter
    ) -> tuple[list[UserRecord], PageOf]:
        """Newest first."""
        where = user_filter.where() or [("deletedAt", "==", None)]
        found = newest_first(
            self._db, USERS, request, field="createdAt", where=where, select=_SELECTED
        )
        return [UserRecord.of(document) for document in found.documents], found

    def search(
        self, text: str, user_filter: UserFilter, limit: int
    ) -> tuple[list[UserRecord], int]:
        """Users whose email address or name starts with `text`, sorted by name, and the total."""
        key, where = name_key(text), user_filter.where()
        found: dict[str, UserRecord] = {}
        complete = True
        for field in _SEARCHED:
            documents = self._db.find(
                USERS,
                where=[*_starts_with(field, key), *where],
                order=[(field, False)],
                limit=limit,
                select=_SELECTED,
            )
            complete = complete and len(documents) < limit
            found |= {document.id: UserRecord.of(document) for document in documents}
        users = sorted(found.values(), key=lambda user: (name_key(user.name), user.id))
        total = len(found) if complete else self._count(key, where)
        return users[:limit], total

    def emails(self, uids: Sequence[str]) -> dict[str, str | None]:
        """Email addresses by uid; None where the user is gone or has no address."""
        if not uids:
            return {}
        paths = [user_path(uid) for uid in dict.fromkeys(uids)]
        found = self._db.get_all(paths, select=["email"])
        return {document.id: document.data.get("email") for document in found}

    def totals(self) -> Totals:
        """Counted by aggregation."""
        return Totals(
            users=self._db.count(USERS, where=[("deletedAt", "==", None)]),
            guests=self._db.count(USERS, where=[("guest", "==", True)]),
            admins=self._db.count(USERS, where=[("role", "==", "admin")]),
            suspended=self._db.count(USERS, where=[("suspended", "==", True)]),
        )

    def _count(self, key: str, where: list[Where]) -> int:
        """Matches by email address plus matches by name, minus those that match both."""
        email, name = (_starts_with(field, key) for field in _SEARCHED)
        counts = [self._db.count(USERS, where=[*each, *where]) for each in (email, name)]
        return sum(counts) - self._db.count(USERS, where=[*email, *name, *where])


def _starts_with(field: str, key: str) -> list[Where]:
    return [(field, ">=", key), (field, "<", key + _PREFIX_END)]

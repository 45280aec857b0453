"""Searches a company's people, calls, licenses and comments by the beginnings of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from troupe.adapters.firestore import Database, Document
from troupe.audit.records import Actor
from troupe.calls.records import COLLECTION as CALLS
from troupe.calls.records import Call
from troupe.comments.records import COLLECTION as COMMENTS
from troupe.comments.records import Comment
from troupe.companies.choice import managed
from troupe.companies.records import License, Member
from troupe.companies.roster import Roster, is_outside_admin
from troupe.companies.writes import (
    company_of_license,
    company_path,
    license_path,
    members_path,
)
from troupe.text import search_key, shorten

if TYPE_CHECKING:
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller


_SHOWN = 80  # characters of a text


class Kind(StrEnum):
    USERS = "users"
    CALLS = "calls"
    LICENSES = "licenses"
    COMMENTS = "comments"


@dataclass(frozen=True, slots=True)
class Hit:
    """`title`: a name, or the beginning of a text. `detail`: what else helps to recognise it."""

    kind: Kind
    id: str
    title: str
    detail: str
    at: datetime


class CompanySearch:
    def __init__(self, db: Database, audit_log: Callable[[], AuditLog]) -> None:
        self._db = db
        self._audit_log = audit_log

    def find(
        self, caller: Caller, company_id: str, text: str, kinds: Sequence[Kind], most: int
    ) -> list[Hit]:
        """At most so many of each kind, in the order of `kinds`. What an administrator of Troupe
        finds is in the audit log; they do not read comments. Raises CompanyNotFound, Forbidden."""
        managed(caller, company_id)
        Roster(self._db, company_id)  # raises if the company is gone
        if is_outside_admin(caller, company_id):
            self._audit_log().read(Actor.of(caller), "search", company_path(company_id))
            kinds = [kind for kind in kinds if kind is not Kind.COMMENTS]
        if not search_key(text):
            return []
        of_members = {Kind.USERS, Kind.LICENSES} & {*kinds}
        members = self._members(company_id, text, most) if of_members else []
        ways: dict[Kind, Callable[[], list[Hit]]] = {
            Kind.USERS: lambda: self._users(members),
            Kind.CALLS: lambda: self._calls(company_id, text, most),
            Kind.LICENSES: lambda: self._licenses(company_id, text, members),
            Kind.COMMENTS: lambda: self._comments(company_id, text, most),
        }
        return [hit for kind in kinds for hit in ways[kind]()]

    def _users(self, members: list[Member]) -> list[Hit]:
        return [
            Hit(Kind.USERS, each.id, each.name or each.email, each.email, each.joined_at)
            for each in members
        ]

    def _calls(self, company_id: str, text: str, most: int) -> list[Hit]:
        """By title, number, and the names and phone numbers of those invited; latest first."""
        found = self._newest(CALLS, company_id, text, most)
        return [
            Hit(Kind.CALLS, call.id, call.title, f"#{call.number} {call.status}", call.created_at)
            for call in map(Call.of, found)
        ]

    def _licenses(self, company_id: str, text: str, members: list[Member]) -> list[Hit]:
        """By id, and by the name or address of those who have them."""
        names = {each.license_id: each.name or each.email for each in members if each.license_id}
        if company_of_license(text) == company_id:
            names.setdefault(text, "")
        found = self._db.get_all([license_path(each) for each in names])
        return [
            Hit(
                Kind.LICENSES,
                license.id,
                f"{license.type} {license.status}",
                names[license.id],
                license.created_at,
            )
            for license in (License.of(each) for each in found if each.exists)
        ]

    def _comments(self, company_id: str, text: str, most: int) -> list[Hit]:
        """By the first words of the text, and by tags; latest first. Also internal ones."""
        found = self._newest(COMMENTS, company_id, text, most)
        return [
            Hit(Kind.COMMENTS, each.id, shorten(each.text, _SHOWN), each.name, each.created_at)
            for each in map(Comment.of, found)
        ]

    def _newest(self, collection: str, company_id: str, text: str, most: int) -> list[Document]:
        return self._db.find(
            collection,
            where=[("companyId", "==", company_id), ("starts", "array_contains", search_key(text))],
            order=[("createdAt", True)],
            limit=most,
        )

    def _members(self, company_id: str, text: str, most: int) -> list[Member]:
        """By name or address."""
        found = self._db.find(
            members_path(company_id),
            where=[("starts", "array_contains", search_key(text))],
            order=[("nameKey", False)],
            limit=most,
        )
        return [Member.of(each) for each in found]

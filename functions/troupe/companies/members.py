"""The people of a company: list, change, remove, leave, transfer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from troupe.access import member_of
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import Database, Stale, contend
from troupe.caller import Caller, CompanyRole
from troupe.companies.choice import managed
from troupe.companies.errors import (
    LastOwner,
    LicenseNotFound,
    MemberNotFound,
    MemberSuspended,
    OwnerCannotLeave,
)
from troupe.companies.licensing import assign, drop, release, with_license
from troupe.companies.records import (
    LicenseType,
    Member,
    MemberStatus,
    listed_fields,
)
from troupe.companies.roster import Roster
from troupe.companies.writes import company_of_license, license_path, members_path
from troupe.errors import CompanyNotFound, TroupeError
from troupe.logs import log
from troupe.paging import PageOf, PageRequest, ordered_page
from troupe.text import search_key

Sort = Literal["newest", "name"]
_SORTS: dict[Sort, tuple[str, type[datetime] | type[str]]] = {
    "newest": ("joinedAt", datetime),
    "name": ("nameKey", str),
}
_ACCOUNT_FIELDS = ["name", "email", "emailVerified", "profilePicture", "createdAt", "updatedAt"]


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """`search`: the beginning of a word of the name, or of the address. `license`: its type, or
    `none`."""

    search: str = ""
    role: CompanyRole | None = None
    status: MemberStatus | None = None
    license: LicenseType | Literal["none"] | None = None
    sort: Sort = "newest"

    @property
    def order(self) -> Sort:
        """What a search finds is sorted by name: with a search, each combination of filters needs
        an index of its own for every order."""
        return "name" if self.search else self.sort

    def where(self) -> list[tuple[str, str, Any]]:
        where: list[tuple[str, str, Any]] = []
        if self.search:
            where.append(("starts", "array_contains", search_key(self.search)))
        if self.role:
            where.append(("role", "==", self.role))
        if self.status:
            where.append(("status", "==", self.status))
        if self.license:
            wanted = None if self.license == "none" else self.license
            where.append(("licenseType", "==", wanted))
        return where


@dataclass(frozen=True, slots=True)
class MemberAccount:
    """A member with the account; None if that is being deleted."""

    member: Member
    user: UserRecord | None


class Members:
    def __init__(self, db: Database, departed: Callable[[str, str], None]) -> None:
        """`departed`: ends what somebody takes part in, of a company that they have lost."""
        self._db = db
        self._departed = departed

    def page(
        self, caller: Caller, company_id: str, request: PageRequest, chosen: MemberFilter
    ) -> tuple[list[Member], PageOf]:
        """Raises CompanyNotFound, and Forbidden for members without administration rights, as all
        methods do but `leave`."""
        managed(caller, company_id)
        Roster(self._db, company_id)
        field, kind = _SORTS[chosen.order]
        found = ordered_page(
            self._db,
            members_path(company_id),
            request,
            field=field,
            kind=kind,
            descending=chosen.order == "newest",
            where=chosen.where(),
            select=listed_fields(Member),
        )
        return [Member.of(document) for document in found.documents], found

    def get(
        self,
        caller: Caller,
        company_id: str,
        uid: str,
        missing: type[TroupeError] = MemberNotFound,
    ) -> Member:
        """Raises `missing`."""
        managed(caller, company_id)
        return Roster(self._db, company_id, [uid]).member(uid, missing)

    def with_accounts(self, members: list[Member]) -> list[MemberAccount]:
        """One call."""
        fields = [*_ACCOUNT_FIELDS, "deletedAt"]
        found = self._db.get_all([user_path(each.id) for each in members], select=fields)
        return [
            MemberAccount(member, existing_user(document))
            for member, document in zip(members, found, strict=True)
        ]

    def update(
        self,
        caller: Caller,
        company_id: str,
        uid: str,
        changes: Mapping[str, Any],
        *,
        license_id: str | None = None,
        missing: type[TroupeError] = MemberNotFound,
    ) -> Member:
        """Changes the named fields of a member's entry. `license_id`: the license to assign; empty
        to take away the present one. Only the owner makes and unmakes administrators.

        Raises `missing`, LastOwner for the owner's role and status, LicenseNotFound, LicenseTaken,
        HasLicense, LicenseNotActive.
        """
        managed(caller, company_id)
        if license_id and company_of_license(license_id) != company_id:
            raise LicenseNotFound

        def attempt() -> Member:
            also = [license_path(license_id)] if license_id else []
            roster = with_license(self._db, company_id, uid, caller.uid, also=also, missing=missing)
            roster.require_manager(caller)
            member = roster.member(uid, missing)
            after = member.model_copy(update=dict(changes))
            if (after.role, after.status) != (member.role, member.status):
                if member.role == "owner":
                    raise LastOwner
                if "admin" in (after.role, member.role):
                    roster.require_owner(caller)
            if license_id is not None and license_id != (member.license_id or ""):
                after = release(roster, after, caller.uid, "replaced")
                if license_id:
                    after = assign(roster, after, license_id, caller.uid)
            roster.set_member(after)
            roster.commit("updateMember", caller)
            return after

        changed = contend(attempt)
        if changed.status is MemberStatus.SUSPENDED:
            self._departed(company_id, uid)
        return changed

    def remove(
        self,
        caller: Caller,
        company_id: str,
        uid: str,
        missing: type[TroupeError] = MemberNotFound,
    ) -> None:
        """Ends a membership at once, and frees the license. Only the owner removes administrators.
        Raises `missing`, LastOwner."""
        managed(caller, company_id)

        def attempt() -> None:
            roster = with_license(self._db, company_id, uid, caller.uid, missing=missing)
            roster.require_manager(caller)
            member = roster.member(uid, missing)
            if member.role == "owner":
                raise LastOwner
            if member.role == "admin" and uid != caller.uid:
                roster.require_owner(caller)
            drop(roster, member, caller.uid, "removed")
            roster.commit("dropMember", caller)

        contend(attempt)
        self._departed(company_id, uid)
        log.info("member_removed", companyId=company_id, memberId=uid)

    def leave(self, caller: Caller, company_id: str) -> None:
        """Raises CompanyNotFound, OwnerCannotLeave."""
        if member_of(company_id, caller, CompanyNotFound) == "owner":
            raise OwnerCannotLeave

        def attempt() -> None:
            roster = with_license(self._db, company_id, caller.uid, missing=CompanyNotFound)
            member = roster.member(caller.uid, CompanyNotFound)
            if member.role == "owner":
                raise OwnerCannotLeave
            drop(roster, member, caller.uid, "left")
            roster.commit("leaveCompany")

        contend(attempt)
        self._departed(company_id, caller.uid)
        log.info("member_left", companyId=company_id)

    def transfer(self, caller: Caller, company_id: str, uid: str) -> Member:
        """Makes a member the owner; the owner becomes an administrator. Only for the owner. Raises
        MemberNotFound, MemberSuspended."""
        managed(caller, company_id)

        def attempt() -> Member:
            owner = Roster(self._db, company_id).company.owner_uid
            roster = Roster(self._db, company_id, [caller.uid, owner, uid])
            if roster.company.owner_uid != owner:
                raise Stale
            roster.require_owner(caller)
            heir = roster.member(uid)
            if uid == owner:
                return heir
            if roster.user(uid) is None:
                raise MemberNotFound
            if heir.status is MemberStatus.SUSPENDED:
                raise MemberSuspended
            heir = heir.model_copy(update={"role": "owner"})
            roster.set_member(heir)
            if former := roster.find(owner):
                roster.set_member(former.model_copy(update={"role": "admin"}))
            roster.set_company(owner_uid=uid)
            roster.commit("transferCompany", caller)
            return heir

        made = contend(attempt)
        log.info("company_transferred", companyId=company_id, ownerId=uid)
        return made

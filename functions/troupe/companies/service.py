"""Companies: show, list, change, delete. `founding` creates them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Literal

from pydantic_core import PydanticCustomError

from troupe.accounts.errors import OrgNumberTaken
from troupe.accounts.fields import check_org_number
from troupe.adapters.firestore import Create, Database, Delete, Stale, Write, contend, now
from troupe.caller import Caller, CompanyRole
from troupe.companies.choice import managed
from troupe.companies.errors import CompanyInUse, LogoTooLarge, SlugTaken
from troupe.companies.founding import check_slug
from troupe.companies.records import (
    COLLECTION,
    Company,
    CompanyStatus,
    LicenseType,
    listed_fields,
)
from troupe.companies.roster import Roster
from troupe.companies.writes import company_path, number_path, slug_path
from troupe.ended_subjects import ending_write
from troupe.errors import CompanyNotFound, Forbidden, InvalidInput
from troupe.logs import log
from troupe.media.uploads.checks import File, PreparedImage
from troupe.orphans import NewFile, OrphanedFiles, OrphanRecord, orphan_record
from troupe.paging import PageOf, PageRequest, ordered_page
from troupe.text import name_key, search_key
from troupe.wallet.budgets import member_path

MAX_LOGO_BYTES = 5 * 1024 * 1024
_FOLDER, _URL = "static/images", "/api/static/images"  # served by the characters function
Sort = Literal["newest", "name", "members"]
_SORTS: dict[Sort, tuple[str, type[datetime] | type[str] | type[int]]] = {
    "newest": ("createdAt", datetime),
    "name": ("nameKey", str),
    "members": ("memberCount", int),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A company in a list. `role`: the caller's; None for an administrator of Troupe outside it."""

    company: Company
    role: CompanyRole | None
    license_type: LicenseType | None = None


class Companies:
    def __init__(
        self,
        db: Database,
        orphans: OrphanedFiles,
        prepare: Callable[[BinaryIO, str], PreparedImage],
        dismiss: Callable[[str], None],
    ) -> None:
        """`prepare` decodes and re-encodes a picture that a user sent. `dismiss` ends the
        memberships of a deleted company."""
        self._db = db
        self._orphans = orphans
        self._prepare = prepare
        self._dismiss = dismiss

    def get(self, caller: Caller, company_id: str) -> Company:
        """Raises CompanyNotFound, and Forbidden for members without administration rights, as all
        methods do that name a company."""
        managed(caller, company_id)
        return Roster(self._db, company_id).company

    def page(
        self,
        caller: Caller,
        request: PageRequest,
        *,
        search: str = "",
        status: CompanyStatus | None = None,
        sort: Sort = "newest",
    ) -> tuple[list[Listed], PageOf]:
        """The caller's own companies; all of them for administrators of Troupe. `search`: the
        beginning of a word of the name, or of the slug or number; what it finds is sorted by
        name."""
        sort = "name" if search else sort
        if caller.role != "admin":
            return self._mine(caller, request, search, status, sort)
        where: list[tuple[str, str, Any]] = [("status", "==", status)]
        if status is None:
            where = [("deletedAt", "==", None)]
        if search:
            where.append(("starts", "array_contains", search_key(search)))
        field, kind = _SORTS[sort]
        found = ordered_page(
            self._db,
            COLLECTION,
            request,
            field=field,
            kind=kind,
            descending=sort != "name",
            where=where,
            select=listed_fields(Company),
        )
        companies = [Company.of(document) for document in found.documents]
        return [Listed(each, caller.companies.get(each.id)) for each in companies], found

    def _mine(
        self,
        caller: Caller,
        request: PageRequest,
        search: str,
        status: CompanyStatus | None,
        sort: Sort,
    ) -> tuple[list[Listed], PageOf]:
        """At most twenty, so one call reads them all."""
        ids = list(caller.companies)
        found = self._db.get_all(
            [*map(company_path, ids), *(member_path(each, caller.uid) for each in ids)]
        )
        mine = []
        for document, member in zip(found[: len(ids)], found[len(ids) :], strict=True):
            if not document.exists or document.data.get("deletedAt"):
                continue
            if search and search_key(search) not in document.data["starts"]:
                continue
            if status in (None, document.data["status"]):
                role = caller.companies[document.id]
                mine.append(Listed(Company.of(document), role, member.data.get("licenseType")))
        keys: dict[Sort, Callable[[Listed], Any]] = {
            "newest": lambda listed: listed.company.created_at,
            "name": lambda listed: name_key(listed.company.name),
            "members": lambda listed: listed.company.member_count,
        }
        mine.sort(key=keys[sort], reverse=sort != "name")
        start = (request.page - 1) * request.limit
        return mine[start : start + request.limit], PageOf([], len(mine), None)

    def update(self, caller: Caller, company_id: str, changes: Mapping[str, Any]) -> Company:
        """Changes the named fields of a company. Raises SlugTaken, SlugReserved, OrgNumberTaken,
        InvalidInput for a number that does not suit the country."""
        managed(caller, company_id)
        if wanted := changes.get("slug"):
            check_slug(wanted)

        def attempt() -> Company:
            # What the new slug and number are depends on the company as it is now.
            before = Roster(self._db, company_id).company
            after = before.model_copy(update=dict(changes))
            if changes.keys() & {"country", "org_number"}:
                _check_number(after)
            renamed, renumbered = _moves(before, after)
            roster = Roster(self._db, company_id, [caller.uid], [*renamed.new, *renumbered.new])
            if roster.company != before:
                raise Stale
            roster.require_manager(caller)
            if any(roster.document(path).exists for path in renamed.new):
                raise SlugTaken
            if any(roster.document(path).exists for path in renumbered.new):
                raise OrgNumberTaken
            roster.set_company(**changes)
            roster.add(*renamed.writes(after), *renumbered.writes(after))
            roster.commit("updateCompany", caller)
            return roster.company

        return contend(attempt)

    def set_settings(
        self,
        caller: Caller,
        company_id: str,
        settings: Mapping[str, Any],
        fields: Mapping[str, Any],
    ) -> Company:
        """Changes the named settings; `fields`: those that are fields of the company."""
        managed(caller, company_id)

        def attempt() -> Company:
            roster = Roster(self._db, company_id, [caller.uid])
            roster.require_manager(caller)
            changed = roster.company.settings.model_copy(update=dict(settings))
            roster.set_company(settings=changed, **fields)
            roster.commit("companySettings", caller)
            return roster.company

        return contend(attempt)

    def set_logo(self, caller: Caller, company_id: str, file: File) -> Company:
        """Raises LogoTooLarge, UnsupportedFile, BrokenImage, ImageTooLarge, TooDemanding,
        DecodersBusy; stores nothing then."""
        managed(caller, company_id)
        Roster(self._db, company_id)
        if file.size > MAX_LOGO_BYTES:
            raise LogoTooLarge(details={"bytes": file.size, "maximum": MAX_LOGO_BYTES})
        image = self._prepare(file.stream, caller.uid)
        # Random, because the file is public: the name reveals neither the company nor older logos.
        name = f"logo_{secrets.token_hex(12)}-{secrets.token_hex(4)}{image.extension}"
        path = f"{_FOLDER}/{name}"

        def attempt() -> tuple[Company, list[str]]:
            roster = Roster(self._db, company_id, [caller.uid])
            if roster.company.logo_path == path:
                return roster.company, []  # our own commit, whose response was lost
            roster.require_manager(caller)
            old = [roster.company.logo_path] if roster.company.logo_path else []
            roster.set_company(logo_path=path, logo_url=f"{_URL}/{name}")
            roster.add(orphan.replace_write(old))
            roster.commit("companyLogo", caller)
            return roster.company, old

        with self._orphans.stored([NewFile(path, image.content_type, image.data)]) as orphan:
            company, old = contend(attempt)
        if old:
            self._orphans.clean(orphan.model_copy(update={"paths": old}))
        return company

    def delete(self, caller: Caller, company_id: str, confirm: str | None) -> None:
        """Closes a company for everybody at once; the sweep erases what is left of it. Only for the
        owner. `confirm`: its name, if others use it. Raises CompanyInUse."""
        managed(caller, company_id)
        if caller.role != "admin" and caller.companies.get(company_id) != "owner":
            raise Forbidden
        orphan = contend(lambda: self._delete(caller, company_id, confirm))
        log.info("company_deleted", companyId=company_id)
        self._dismiss(company_id)
        if orphan is not None:
            self._orphans.clean(orphan)

    def _delete(self, caller: Caller, company_id: str, confirm: str | None) -> OrphanRecord | None:
        owner = self._db.get(company_path(company_id)).data.get("ownerUid", caller.uid)
        roster = Roster(self._db, company_id, [caller.uid, owner])
        roster.require_owner(caller)
        company = roster.company
        in_use = company.member_count > 1 or company.seats.total or company.plan
        if in_use and confirm != company.name:
            raise CompanyInUse(
                details={
                    "members": company.member_count,
                    "licenses": company.seats.total,
                    "plan": company.plan,
                }
            )
        roster.drop_member(roster.member(company.owner_uid, CompanyNotFound))
        roster.add(*(Delete(path) for path in _reserved(company)))
        roster.add(ending_write("company", company_id))
        orphan = orphan_record([company.logo_path]) if company.logo_path else None
        if orphan is not None:
            roster.add(orphan.create_write())
        roster.set_company(
            status=CompanyStatus.CLOSED,
            deleted_at=roster.at,
            due_at=roster.at,
            logo_path=None,
            logo_url="",
        )
        roster.commit("deleteCompany", caller)
        return orphan


def _check_number(company: Company) -> None:
    """Raises InvalidInput. The request alone does not tell: one with only a country keeps the
    number."""
    try:
        check_org_number(company.org_number, company.country)
    except PydanticCustomError as error:
        wrong = {"field": "country", "message": error.message(), "type": error.type}
        raise InvalidInput(
            f"The company's number is not valid for this country: {error.message()}.",
            details={"fields": [wrong]},
        ) from None


@dataclass(frozen=True, slots=True)
class _Move:
    """From one reservation to another; either may be missing."""

    old: Sequence[str]
    new: Sequence[str]

    def writes(self, company: Company) -> list[Write]:
        taken = {"companyId": company.id, "createdAt": now()}
        return [*map(Delete, self.old), *(Create(path, taken) for path in self.new)]


def _moves(before: Company, after: Company) -> tuple[_Move, _Move]:
    """Of the slug, and of the number."""
    moves = []
    for old, new in zip(_places(before), _places(after), strict=True):
        moved = old != new
        moves.append(_Move([old] if old and moved else [], [new] if new and moved else []))
    return moves[0], moves[1]


def _places(company: Company) -> tuple[str, str]:
    """What reserves the slug, and the number; empty without one."""
    number = ""
    if company.org_number and company.country:
        number = number_path(company.country, company.org_number)
    return slug_path(company.slug), number


def _reserved(company: Company) -> list[str]:
    return [path for path in _places(company) if path]

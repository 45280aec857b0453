"""Licenses of companies: create, list, change, assign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from troupe.adapters.firestore import Database, Stale, contend, now
from troupe.caller import Caller
from troupe.companies.choice import managed
from troupe.companies.errors import (
    LicenseNotFound,
    LicensePaid,
    LicenseTaken,
    NotAMember,
    UsePortal,
)
from troupe.companies.licensing import assign, freed, told
from troupe.companies.records import License, LicenseStatus, LicenseType
from troupe.companies.roster import Roster
from troupe.companies.writes import (
    company_of_license,
    license_id_of,
    license_path,
    licenses_path,
)
from troupe.idempotency import KeyReused, keyed_id, request_hash
from troupe.logs import log
from troupe.paging import PageOf, PageRequest, newest_first, ordered_page

EXPIRING = timedelta(days=30)
# Of a license that is paid for, these follow the subscription.
_FOLLOWS = {"status", "valid_from", "expires_at"}


@dataclass(frozen=True, slots=True)
class LicenseFilter:
    """`expiring`: active, and until at most 30 days from now; these come first to end first."""

    status: LicenseStatus | None = None
    type: LicenseType | None = None
    assigned: bool | None = None
    user_id: str | None = None
    expiring: bool = False

    def where(self) -> list[tuple[str, str, Any]]:
        given = {
            "status": self.status,
            "type": self.type,
            "assigned": self.assigned,
            "userId": self.user_id,
        }
        return [(name, "==", value) for name, value in given.items() if value is not None]


class Licenses:
    def __init__(self, db: Database) -> None:
        self._db = db

    def page(
        self, caller: Caller, company_id: str, request: PageRequest, chosen: LicenseFilter
    ) -> tuple[list[License], PageOf]:
        """Newest first. Raises CompanyNotFound, and Forbidden for members without administration
        rights, as all methods do."""
        managed(caller, company_id)
        Roster(self._db, company_id)
        path, where = licenses_path(company_id), chosen.where()
        if chosen.expiring:
            # Rounded, because a cursor is valid only for the same filter.
            until = (now() + EXPIRING).replace(hour=0, minute=0, second=0, microsecond=0)
            found = ordered_page(
                self._db,
                path,
                request,
                field="lapsesAt",
                kind=datetime,
                descending=False,
                where=[*where, ("lapsesAt", "<=", until)],
            )
        else:
            found = newest_first(self._db, path, request, field="createdAt", where=where)
        return [License.of(document) for document in found.documents], found

    def get(self, caller: Caller, license_id: str) -> License:
        """Raises LicenseNotFound."""
        company_id = _managed(caller, license_id)
        path = license_path(license_id)
        return Roster(self._db, company_id, [], [path], LicenseNotFound).license(license_id)

    def create(
        self,
        caller: Caller,
        company_id: str,
        fields: Mapping[str, Any],
        count: int,
        user_id: str | None = None,
        key: str | None = None,
    ) -> list[License]:
        """Creates licenses of a company; only administrators of Troupe do, others raise UsePortal.
        `user_id`: the member who gets the only one. `key`: repeats with the same one create none.

        Raises NotAMember, HasLicense, LicenseNotActive, KeyReused.
        """
        managed(caller, company_id)
        if caller.role != "admin":
            raise UsePortal
        cause = keyed_id(caller.uid, key)
        body = {name: str(value) for name, value in fields.items()}
        body |= {"count": str(count), "userId": user_id or ""}
        asked = request_hash("createLicense", body) if key else None
        ids = [license_id_of(company_id, cause, number) for number in range(count)]

        def attempt() -> list[License]:
            people = [caller.uid, *([user_id] if user_id else [])]
            paths = [license_path(license_id) for license_id in ids]
            roster = Roster(self._db, company_id, people, paths)
            # By an earlier request with the same key.
            earlier = [each for each in map(roster.find_license, ids) if each is not None]
            if earlier and earlier[0].created_by != asked:
                raise KeyReused
            if earlier:
                return earlier
            for license_id in ids:
                roster.set_license(_new(license_id, company_id, fields, asked, roster.at))
            if user_id:
                member = roster.member(user_id, NotAMember)
                roster.set_member(assign(roster, member, ids[0], caller.uid))
            roster.commit("createLicense", caller)
            return [roster.license(license_id) for license_id in ids]

        made = contend(attempt)
        log.info("licenses_created", companyId=company_id, count=count)
        return made

    def update(self, caller: Caller, license_id: str, changes: Mapping[str, Any]) -> License:
        """Changes the named fields; only administrators of Troupe do, others raise UsePortal. One
        that is no longer active stays with its member, and gives no rights. Raises LicenseNotFound,
        LicenseTaken for one that an invitation holds, LicensePaid."""
        company_id = _managed(caller, license_id)
        if caller.role != "admin":
            raise UsePortal

        def attempt() -> License:
            roster, license = self._with_member(caller, company_id, license_id)
            if license.source == "stripe" and _FOLLOWS & changes.keys():
                raise LicensePaid
            after = license.model_copy(update=dict(changes))
            if license.held_for and after.status is not LicenseStatus.ACTIVE:
                raise LicenseTaken
            roster.set_license(after)
            if license.user_id and (member := roster.find(license.user_id)):
                roster.set_member(told(member, after))
            roster.commit("updateLicense", caller)
            return after

        return contend(attempt)

    def delete(self, caller: Caller, license_id: str) -> None:
        """Takes it away from its member, too; only administrators of Troupe do, others raise
        UsePortal. Raises LicenseNotFound, LicenseTaken for one that an invitation holds,
        LicensePaid."""
        company_id = _managed(caller, license_id)
        if caller.role != "admin":
            raise UsePortal

        def attempt() -> None:
            roster, license = self._with_member(caller, company_id, license_id)
            if license.source == "stripe":
                raise LicensePaid
            if license.held_for:
                raise LicenseTaken
            if license.user_id and (member := roster.find(license.user_id)):
                roster.set_member(told(member, None))
            roster.drop_license(license)
            roster.commit("deleteLicense", caller)

        contend(attempt)

    def assign(self, caller: Caller, license_id: str, uid: str) -> License:
        """Gives a license to a member; to the same one again changes nothing.

        Raises LicenseNotFound, NotAMember, LicenseTaken, HasLicense, LicenseNotActive.
        """
        company_id = _managed(caller, license_id)

        def attempt() -> License:
            path = license_path(license_id)
            roster = Roster(self._db, company_id, [caller.uid, uid], [path], LicenseNotFound)
            roster.license(license_id)
            roster.require_manager(caller)
            member = roster.member(uid, NotAMember)
            roster.set_member(assign(roster, member, license_id, caller.uid))
            roster.commit("assignLicense", caller)
            return roster.license(license_id)

        license = contend(attempt)
        log.info("license_assigned", licenseId=license_id, memberId=uid)
        return license

    def unassign(self, caller: Caller, license_id: str) -> License:
        """Takes a license away from its member, if it has one. Raises LicenseNotFound."""
        company_id = _managed(caller, license_id)

        def attempt() -> License:
            roster, license = self._with_member(caller, company_id, license_id)
            roster.require_manager(caller)
            if license.user_id is None:
                return license
            after = freed(license, caller.uid, "unassigned", roster)
            roster.set_license(after)
            if member := roster.find(license.user_id):
                roster.set_member(told(member, None))
            roster.commit("unassignLicense", caller)
            return after

        return contend(attempt)

    def expire(self, limit: int) -> int:
        """Ends licenses whose time has passed; returns how many."""
        due = self._db.due("licences", limit, field="lapsesAt", select=[], group=True)
        for document in due:
            contend(partial(self._expire, document.id))
        return len(due)

    def _expire(self, license_id: str) -> None:
        """One that an invitation holds ends, too: the invitation then gives none."""
        company_id = company_of_license(license_id)
        try:
            roster, license = self._with_member(None, company_id, license_id)
        except LicenseNotFound:  # its company is being erased
            return
        if license.lapses_at is None or license.lapses_at > roster.at:
            return
        after = license.model_copy(update={"status": LicenseStatus.EXPIRED, "held_for": None})
        roster.set_license(after)
        if license.user_id and (member := roster.find(license.user_id)):
            roster.set_member(told(member, after))
        roster.commit("expireLicense")

    def _with_member(
        self, caller: Caller | None, company_id: str, license_id: str
    ) -> tuple[Roster, License]:
        """Raises LicenseNotFound, Stale."""
        path = license_path(license_id)
        uid = self._db.get(path).data.get("userId")
        people = [each for each in (uid, caller.uid if caller else None) if each]
        roster = Roster(self._db, company_id, people, [path], LicenseNotFound)
        license = roster.license(license_id)
        if license.user_id != uid:
            raise Stale
        return roster, license


def _managed(caller: Caller, license_id: str) -> str:
    """The company of a license. Raises LicenseNotFound and Forbidden."""
    return managed(caller, company_of_license(license_id), LicenseNotFound)


def _new(
    license_id: str, company_id: str, fields: Mapping[str, Any], asked: str | None, at: datetime
) -> License:
    given = {"valid_from": at, **fields, "created_by": asked}
    return License(id=license_id, company_id=company_id, created_at=at, updated_at=at, **given)

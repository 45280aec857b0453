"""Assigns and releases licenses: changes of a `Roster`, which its commit applies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from troupe.adapters.firestore import Database, Delete, Stale, now
from troupe.companies.errors import (
    HasLicense,
    LicenseNotActive,
    LicenseTaken,
    MemberNotFound,
)
from troupe.companies.records import Assignment, License, LicenseStatus, LicenseType, Member
from troupe.companies.roster import Roster
from troupe.companies.telling import Reason
from troupe.companies.writes import invitation_id_of, invitation_path, license_path, licenses_path
from troupe.errors import TroupeError
from troupe.wallet.budgets import member_path

MOST_HISTORY = 20  # entries of a license


def with_license(
    db: Database,
    company_id: str,
    uid: str,
    *others: str,
    also: Sequence[str] = (),
    missing: type[TroupeError] = MemberNotFound,
) -> Roster:
    """The roster of a member, with the license that the member has. Raises Stale, and `missing` for
    one who does not belong to the company."""
    license_id = db.get(member_path(company_id, uid)).data.get("licenseId")
    paths = [*also, license_path(license_id)] if license_id else also
    roster = Roster(db, company_id, [*others, uid], paths)
    if roster.member(uid, missing).license_id != license_id:
        raise Stale
    return roster


def assign(roster: Roster, member: Member, license_id: str, by: str, *, held: str = "") -> Member:
    """The member with a license; the same one again changes nothing. `held`: the invitation that
    may hold it.

    Raises LicenseNotFound, LicenseTaken, LicenseNotActive, HasLicense.
    """
    license = roster.license(license_id)
    if license.user_id == member.id:
        return member
    if license.user_id or license.held_for not in (None, held):
        raise LicenseTaken
    if not usable(license, roster):
        raise LicenseNotActive
    if member.license_id is not None:
        raise HasLicense
    given = Assignment(user_id=member.id, assigned_at=roster.at, by=by)
    license = license.model_copy(
        update={
            "user_id": member.id,
            "held_for": None,
            "assigned_at": roster.at,
            "history": [*license.history, given][-MOST_HISTORY:],
        }
    )
    roster.set_license(license)
    return told(member, license)


def release(roster: Roster, member: Member, by: str, reason: str) -> Member:
    """The member without a license, which is free."""
    if member.license_id is None:
        return member
    license = roster.find_license(member.license_id)
    if license is not None:
        roster.set_license(freed(license, by, reason, roster))
    return told(member, None)


def drop(roster: Roster, member: Member, by: str, reason: Reason) -> None:
    """Ends a membership, frees the license, and forgets the invitation, which has the address."""
    release(roster, member, by, reason.replace("_", " "))
    roster.drop_member(member, reason)
    if member.email:
        invitation = invitation_path(roster.company.id, invitation_id_of(member.email))
        roster.add(Delete(invitation))


def freed(license: License, by: str, reason: str, roster: Roster) -> License:
    """The license without its member."""
    history = list(license.history)
    if history and history[-1].unassigned_at is None:
        ended = {"unassigned_at": roster.at, "by": by, "reason": reason}
        history[-1] = history[-1].model_copy(update=ended)
    return license.model_copy(update={"user_id": None, "assigned_at": None, "history": history})


def told(member: Member, license: License | None) -> Member:
    """The member whose entry says which license it is. The type only counts while that is
    active."""
    if license is None:
        return member.model_copy(update={"license_id": None, "license_type": None})
    active = license.status is LicenseStatus.ACTIVE
    given = {"license_id": license.id, "license_type": license.type if active else None}
    return member.model_copy(update=given)


def usable(license: License, roster: Roster) -> bool:
    """Whether it can be assigned at present."""
    valid = _valid(license.valid_from, license.expires_at, roster.at)
    return license.status is LicenseStatus.ACTIVE and valid


def free_licenses(db: Database, company_id: str, type: LicenseType | None = None) -> Iterator[str]:
    """The ids of all that can be assigned at present, read as needed."""
    where: list[tuple[str, str, Any]] = [
        ("status", "==", "active"),
        ("userId", "==", None),
        ("heldFor", "==", None),
    ]
    if type:
        where.append(("type", "==", type))
    fields = ["validFrom", "expiresAt"]
    for each in db.walk(licenses_path(company_id), where=where, batch=20, select=fields):
        if _valid(each.data["validFrom"], each.data.get("expiresAt"), now()):
            yield each.id


def _valid(start: datetime, end: datetime | None, at: datetime) -> bool:
    return start <= at and (end is None or end > at)

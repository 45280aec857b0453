"""One item of a bulk operation: the method of the single operation. Doing it again changes
nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troupe.accounts.directory import UserStatus
from troupe.accounts.errors import UserNotFound
from troupe.admin.changes import UserChange
from troupe.audit.records import Actor
from troupe.bulk.errors import InvalidEmail
from troupe.bulk.records import Action, BulkInput, Target
from troupe.bulk.writes import invitation_secret
from troupe.calls.errors import CallNotFound
from troupe.companies.errors import (
    HasLicense,
    LicenseNotActive,
    LicenseNotFound,
    LicenseTaken,
    NoFreeLicense,
)
from troupe.companies.licensing import free_licenses
from troupe.companies.records import LicenseStatus, MemberStatus
from troupe.companies.writes import company_of_license
from troupe.errors import Forbidden
from troupe.text import EMAIL, MOST_EMAIL

if TYPE_CHECKING:
    from troupe.adapters.firestore import Database
    from troupe.admin.users import AdminUsers
    from troupe.caller import Caller
    from troupe.calls.endings import CallEndings
    from troupe.calls.service import Calls
    from troupe.companies.invitations import Invitations
    from troupe.companies.licenses import Licenses
    from troupe.companies.members import Members


@dataclass(slots=True)
class Services:
    """Those of single operations. `free`: the free licenses that no item has tried yet, of the one
    type that an operation wants."""

    db: Database
    members: Members
    invitations: Invitations
    licenses: Licenses
    admin_users: Callable[[], AdminUsers]
    calls: Callable[[], Calls]
    call_endings: Callable[[], CallEndings]
    secret: str
    free: Iterator[str] | None = None

    def do(self, caller: Caller, job_id: str, given: BulkInput, number: int) -> None:
        """Does item `number`. Raises the errors of the single operation."""
        if given.target is Target.ACCOUNTS:
            _account(self.admin_users(), caller, given.action, given.ids[number])
        elif given.action is Action.INVITE:
            self._invite(caller, job_id, given, number)
        elif given.target is Target.LICENSES:
            self._license(caller, given, number)
        elif given.target is Target.CALLS:
            self._call(caller, given, given.ids[number])
        else:
            self._user(caller, given, given.ids[number])

    def _invite(self, caller: Caller, job_id: str, given: BulkInput, number: int) -> None:
        row = given.rows[number]
        if len(row.email) > MOST_EMAIL or not re.search(EMAIL, row.email):
            raise InvalidEmail
        self.invitations.invite(
            caller,
            str(given.company_id),
            row.email,
            role=row.role,
            name=row.name,
            phone=row.phone,
            secret=invitation_secret(self.secret, job_id, row.email),
        )

    def _user(self, caller: Caller, given: BulkInput, uid: str) -> None:
        company_id, changes = str(given.company_id), dict[str, Any]()
        match given.action:
            case Action.REMOVE:
                self.members.remove(caller, company_id, uid, UserNotFound)
                return
            case Action.ASSIGN_LICENSE:
                self._assign_any(caller, given, uid)
                return
            case Action.SET_ROLE:
                changes["role"] = given.role
            case Action.SUSPEND:
                changes["status"] = MemberStatus.SUSPENDED
            case Action.ACTIVATE:
                changes["status"] = MemberStatus.ACTIVE
        self.members.update(caller, company_id, uid, changes, missing=UserNotFound)

    def _assign_any(self, caller: Caller, given: BulkInput, uid: str) -> None:
        """A free license; none for a member who has an active one of that type already. Raises
        NoFreeLicense, HasLicense, UserNotFound."""
        company_id, wanted = str(given.company_id), given.license_type
        member = self.members.get(caller, company_id, uid, UserNotFound)
        if member.license_type and wanted in (None, member.license_type):
            return
        if member.license_id:
            raise HasLicense
        if self.free is None:
            self.free = free_licenses(self.db, company_id, wanted)
        try:
            for license_id in self.free:
                try:
                    self.licenses.assign(caller, license_id, uid)
                except (LicenseTaken, LicenseNotActive, LicenseNotFound):
                    continue
                return
        except Exception:
            # The license that was tried may still be free: the next item reads them anew.
            self.free = None
            raise
        raise NoFreeLicense

    def _call(self, caller: Caller, given: BulkInput, call_id: str) -> None:
        calls = self.calls()
        if calls.get(caller, call_id).company_id != given.company_id:
            raise CallNotFound
        if given.action is Action.CANCEL:
            calls.cancel(caller, call_id)
        else:
            self.call_endings().erase(call_id)

    def _license(self, caller: Caller, given: BulkInput, number: int) -> None:
        license_id = given.ids[number]
        if company_of_license(license_id) != given.company_id:
            raise LicenseNotFound
        match given.action:
            case Action.ASSIGN:
                self.licenses.assign(caller, license_id, given.user_ids[number])
            case Action.UNASSIGN:
                self.licenses.unassign(caller, license_id)
            case Action.SUSPEND:
                self.licenses.update(caller, license_id, {"status": LicenseStatus.SUSPENDED})
            case Action.RENEW:
                renewed = {"status": LicenseStatus.ACTIVE, "expires_at": given.expires_at}
                self.licenses.update(caller, license_id, renewed)


def _account(users: AdminUsers, caller: Caller, action: Action, uid: str) -> None:
    """Raises Forbidden for callers who are no longer administrators."""
    if caller.role != "admin":
        raise Forbidden
    actor = Actor.of(caller)
    if action is Action.DELETE:
        users.delete(actor, uid)
        return
    suspend = action is Action.SUSPEND
    # Only lifts a suspension: `active` would also restart a plan that has ended.
    if users.get(uid).user.suspended != suspend:
        status = UserStatus.SUSPENDED if suspend else UserStatus.ACTIVE
        users.update(actor, uid, UserChange(status=status))

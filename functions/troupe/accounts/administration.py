"""What administrators change about accounts: address, role, suspension. What is written belongs
into one commit with whatever else is changed, so it is handed over as writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troupe.accounts.admins import leave_writes
from troupe.accounts.errors import (
    CannotSuspendAdmin,
    NoEmail,
    OwnAccount,
    UserNotFound,
    shown,
)
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import present, user_path
from troupe.adapters.firestore import Database, Update, Write, now
from troupe.adapters.identity import Identity, IdentityError, WrongCredentials
from troupe.caller import Role
from troupe.logs import log


@dataclass(frozen=True, slots=True)
class AccountChange:
    """None leaves a thing as it is; `toggle` turns the suspension round."""

    email: str | None = None
    role: Role | None = None
    suspended: bool | None = None
    toggle: bool = False


@dataclass(frozen=True, slots=True)
class AccountDiff:
    """A user before and after a change, and the writes that make it."""

    before: UserRecord
    after: UserRecord
    writes: list[Write]


class Administration:
    def __init__(self, db: Database, identity: Identity) -> None:
        self._db = db
        self._identity = identity

    def change(self, uid: str, change: AccountChange, by: str) -> AccountDiff:
        """What has to be committed, first of all and at once, for the change; a commit that raises
        Stale or AlreadyExists has to begin here again. An address is Firebase Auth's to give: it
        is changed there when everything else has been found right.

        Raises UserNotFound, OwnAccount, CannotSuspendAdmin, LastAdmin, NoEmail, EmailTaken.
        """
        document = self._db.get(user_path(uid))
        before, at = present(document), now()
        if before is None:
            raise UserNotFound
        after = _applied(before, change)
        if after == before:
            return AccountDiff(before, after, [])
        _permit(before, after, by)
        fields: dict[str, Any] = {"updatedAt": at, "role": after.role}
        if after.suspended != before.suspended:
            fields["suspended"] = after.suspended
        if _ends_access(before, after):
            fields |= {"validAfter": at, "sessions": {}}
        writes: list[Write] = []
        if before.role == "admin" and after.role != "admin":
            writes += leave_writes(self._db)
        if after.email != before.email:
            fields |= {"email": after.email, "emailVerified": False}
            self._set_email(uid, str(after.email))
        return AccountDiff(before, after, [Update(document.path, fields, seen=document), *writes])

    def follow(self, changed: AccountDiff) -> None:
        """What comes behind the commit, which has ended all access here by itself: with this
        Firebase's own refresh tokens are void, too."""
        uid, suspended = changed.after.id, changed.after.suspended
        if suspended != changed.before.suspended:
            log.info("user_suspended" if suspended else "user_let_back_in", uid=uid)
        if _ends_access(changed.before, changed.after):
            try:
                self._identity.revoke(uid)
            except IdentityError as error:
                log.error("sign_ins_not_revoked", error, uid=uid)

    def _set_email(self, uid: str, email: str) -> None:
        try:
            self._identity.set_email(uid, email)
        except WrongCredentials as error:  # known here alone, as after a restore of one of both
            raise UserNotFound from error
        except IdentityError as error:
            raise shown(error) from error


def _ends_access(before: UserRecord, after: UserRecord) -> bool:
    """A suspension does, and so does a new address: one signs in by it, and ID tokens that still
    name the old one would bring it back."""
    return (after.suspended and not before.suspended) or after.email != before.email


def _applied(before: UserRecord, change: AccountChange) -> UserRecord:
    given: dict[str, Any] = {
        "email": change.email,
        "role": change.role,
        "suspended": not before.suspended if change.toggle else change.suspended,
    }
    return before.model_copy(update={k: v for k, v in given.items() if v is not None})


def _permit(before: UserRecord, after: UserRecord, by: str) -> None:
    promoted = after.role == "admin" and before.role != "admin"
    demoted = before.role == "admin" and after.role != "admin"
    suspended = after.suspended and not before.suspended
    if before.id == by and (suspended or demoted):
        raise OwnAccount
    if after.role == "admin" and after.suspended and (promoted or suspended):
        raise CannotSuspendAdmin
    if promoted and after.email is None:
        raise NoEmail

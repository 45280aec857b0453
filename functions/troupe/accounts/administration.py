"""Administrators' changes to accounts: email address, role, suspension. Returns writes, which the
caller commits together with its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from troupe.accounts.errors import (
    CannotSuspendAdmin,
    EmailUnproved,
    LastAdmin,
    NoEmail,
    OwnAccount,
    UserNotFound,
    public_error,
)
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import Create, Database, Update, Write, contend, now
from troupe.adapters.identity import Identity
from troupe.adapters.identity_errors import IdentityError, WrongCredentials
from troupe.caller import Role
from troupe.logs import log

_GUARD = "guards/admins"
_OPERATOR = "operator"  # no uid


@dataclass(frozen=True, slots=True)
class AccountChange:
    """None leaves a field unchanged; `toggle` flips the suspension."""

    email: str | None = None
    role: Role | None = None
    suspended: bool | None = None
    toggle: bool = False


@dataclass(frozen=True, slots=True)
class AccountDiff:
    """A user before and after a change, and the writes that apply it."""

    before: UserRecord
    after: UserRecord
    writes: list[Write]

    @property
    def suspends(self) -> bool:
        """If so, the user's jobs must end: see Admission.end_jobs."""
        return self.after.suspended and not self.before.suspended


class Administration:
    def __init__(self, db: Database, identity: Identity) -> None:
        self._db = db
        self._identity = identity

    def change(self, uid: str, change: AccountChange, by: str) -> AccountDiff:
        """Checks a change and returns its writes. If committing them raises Stale or AlreadyExists,
        start again from here.

        A new email address is set in Firebase Auth right away, after all other checks have passed.

        Raises UserNotFound, OwnAccount, CannotSuspendAdmin, LastAdmin, NoEmail,
        EmailTaken, EmailUnproved.
        """
        document = self._db.get(user_path(uid))
        before, at = existing_user(document), now()
        if before is None:
            raise UserNotFound
        after = _apply(before, change)
        if after == before:
            return AccountDiff(before, after, [])
        _check_allowed(before, after, by)
        fields: dict[str, Any] = {"updatedAt": at, "role": after.role}
        if after.suspended != before.suspended:
            fields["suspended"] = after.suspended
        if _ends_access(before, after):
            fields |= {"validAfter": at, "sessions": {}}
        writes: list[Write] = []
        if before.role == "admin" and after.role != "admin":
            writes += remove_admin_writes(self._db)
        if after.email != before.email:
            fields |= {"email": after.email, "emailVerified": False}
            self._set_email(uid, str(after.email))
        return AccountDiff(before, after, [Update(document.path, fields, seen=document), *writes])

    def make_admin(
        self, uid: str, extra_writes: Callable[[UserRecord], Sequence[Write]] = lambda user: ()
    ) -> UserRecord:
        """Makes a user an administrator, for an operator. `extra_writes`: further writes for the
        same commit. Raises UserNotFound, CannotSuspendAdmin, NoEmail, EmailUnproved."""

        def attempt() -> UserRecord:
            diff = self.change(uid, AccountChange(role="admin"), _OPERATOR)
            if diff.writes:
                self._db.commit(*diff.writes, *extra_writes(diff.before))
                log.info("admin_made", uid=uid)
            return diff.after

        return contend(attempt)

    def after_commit(self, changed: AccountDiff) -> None:
        """Revokes Firebase's refresh tokens if the change ends access. The commit itself has
        already ended our own sessions."""
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
        except WrongCredentials as error:  # not in Firebase Auth, e.g. after restoring a backup
            raise UserNotFound from error
        except IdentityError as error:
            raise public_error(error) from error


def _ends_access(before: UserRecord, after: UserRecord) -> bool:
    """A suspension does, and so does a new address: ID tokens issued before the change still carry
    the old address and would restore it."""
    return (after.suspended and not before.suspended) or after.email != before.email


def _apply(before: UserRecord, change: AccountChange) -> UserRecord:
    given: dict[str, Any] = {
        "email": change.email,
        "role": change.role,
        "suspended": not before.suspended if change.toggle else change.suspended,
    }
    return before.model_copy(update={k: v for k, v in given.items() if v is not None})


def _check_allowed(before: UserRecord, after: UserRecord, by: str) -> None:
    promoted = after.role == "admin" and before.role != "admin"
    demoted = before.role == "admin" and after.role != "admin"
    suspended = after.suspended and not before.suspended
    if before.id == by and (suspended or demoted):
        raise OwnAccount
    if after.role == "admin" and after.suspended and (promoted or suspended):
        raise CannotSuspendAdmin
    if promoted and after.email is None:
        raise NoEmail
    # Whoever registered an address that is not proved may not be its owner.
    if promoted and (not before.email_verified or after.email != before.email):
        raise EmailUnproved


def remove_admin_writes(db: Database) -> list[Write]:
    """Writes to commit together with the demotion or deletion of one administrator.

    They serialize such changes: two administrators leaving at once would each see the other one
    stay. If the commit raises Stale or AlreadyExists, read everything again.

    Raises LastAdmin if there is only one.
    """
    guard = db.get(_GUARD)
    if db.count("users", where=[("role", "==", "admin")]) <= 1:
        raise LastAdmin
    if guard.exists:
        return [Update(_GUARD, {"leftAt": now()}, seen=guard)]
    return [Create(_GUARD, {"leftAt": now()})]

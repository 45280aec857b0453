"""Passwords and email verification. Firebase Auth stores the passwords and mails the codes; this
module applies their effect on our own sessions."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime

from troupe.accounts.errors import CodeInvalid, NoEmail, NoPassword, WrongPassword, public_error
from troupe.accounts.records import AccountCaller, UserRecord
from troupe.accounts.writes import Users, change_write, user_path
from troupe.adapters.firestore import Database, Missing, Update, contend, now
from troupe.adapters.identity import (
    AccountDisabled,
    Identity,
    IdentityError,
    TooManyAttempts,
    WrongCredentials,
)
from troupe.errors import Unavailable
from troupe.logs import log
from troupe.rate_limits import Limiter
from troupe.tokens import TokenInvalid
from troupe.waiters import WAITERS

# At least as long as Firebase Auth takes to send a mail: a faster response would reveal that the
# address is unknown.
FORGOT_SECONDS = 1.0


class Passwords:
    def __init__(self, db: Database, identity: Identity, limiter: Limiter) -> None:
        self._users = Users(db)
        self._identity = identity
        self._limiter = limiter

    def forgot(self, email: str) -> None:
        """Mails a reset code if the address has an account. Does not reveal whether it does: the
        outcome is the same and takes at least FORGOT_SECONDS. Raises Unavailable if too many
        requests wait for that."""
        with WAITERS.place(email.lower()) as placed:
            if not placed:
                raise Unavailable(retry_after=1)
            self._forgot(email)

    def _forgot(self, email: str) -> None:
        started = time.monotonic()
        try:
            self._identity.send_reset(email)
        except (WrongCredentials, AccountDisabled):
            pass
        except TooManyAttempts:  # mails to this address: an error would reveal that it is known
            log.warning("reset_not_mailed")
        except IdentityError as error:
            raise public_error(error) from error
        time.sleep(max(0.0, FORGOT_SECONDS - (time.monotonic() - started)))

    def reset(self, code: str, password: str) -> None:
        """Sets a new password with a mailed one-time code, and ends every session.

        Raises CodeInvalid, NotAccepted.
        """
        try:
            email = self._identity.reset_address(code)
            uid = self._identity.uid_of(email)
            if uid is None:
                raise CodeInvalid
            # Before as well as after: if we crash in between, the code is used up and a retry
            # could no longer end the sessions.
            self._end_sessions(uid)
            self._identity.reset_password(code, password)
        except IdentityError as error:
            raise public_error(error) from error
        self._end_sessions(uid, {"emailVerified": True})  # the code was mailed there
        self._limiter.clear("login", email.lower())
        log.info("password_reset", uid=uid)

    def change(self, caller: AccountCaller, current: str, password: str) -> None:
        """Sets a new password, and ends every session but the caller's.

        Raises NoPassword, WrongPassword, NotAccepted.
        """
        self.check(caller, current)
        self._end_sessions(caller.uid, keep=caller.session_id)
        try:
            self._identity.set_password(caller.uid, password)
            self._identity.revoke(caller.uid)
        except IdentityError as error:
            raise public_error(error) from error
        # Also ends sessions opened with the old password since the line above ended the rest.
        self._end_sessions(caller.uid, keep=caller.session_id)
        log.info("password_changed", uid=caller.uid)

    def check(self, caller: AccountCaller, password: str) -> None:
        """Checks the caller's password. Raises NoPassword, WrongPassword."""
        if caller.email is None:
            raise NoPassword
        try:
            person = self._identity.sign_in(caller.email, password)
        except WrongCredentials:
            raise WrongPassword from None
        except IdentityError as error:
            raise public_error(error) from error
        if person.uid != caller.uid:
            raise WrongPassword

    def send_verification(self, caller: AccountCaller) -> bool:
        """Mails a code to the caller's address; returns False if it is already verified.

        Raises NoEmail.
        """
        if caller.email is None:
            raise NoEmail
        if caller.user.email_verified:
            return False
        try:
            self._identity.send_verification(caller.uid)
        except IdentityError as error:
            raise public_error(error) from error
        return True

    def verify(self, code: str) -> None:
        """Marks the address that received `code` as verified. Raises CodeInvalid."""
        try:
            uid = self._identity.verify_email(code)
        except IdentityError as error:
            raise public_error(error) from error
        # A user who exists only in Firebase Auth so far gets the flag from the first sign-in.
        with suppress(Missing):
            self._users.commit(change_write(uid, {"emailVerified": True}, now()))

    def _end_sessions(
        self, uid: str, changes: dict[str, bool] | None = None, *, keep: str | None = None
    ) -> None:
        def attempt() -> None:
            user, document = self._users.read(uid)
            if user is None:
                return
            at = now()
            kept = _kept(user, keep, at)
            fields = {"sessions": kept, "validAfter": at, "updatedAt": at, **(changes or {})}
            self._users.commit(Update(user_path(uid), fields, seen=document))

        contend(attempt)


def _kept(user: UserRecord, session_id: str | None, at: datetime) -> dict[str, object]:
    """The `sessions` field with only this session. Raises TokenInvalid if it has ended."""
    if session_id is None:
        return {}
    session = user.sessions.get(session_id)
    if session is None:
        raise TokenInvalid
    return {session_id: session.model_copy(update={"kept_at": at}).stored()}

"""Passwords and email verification. Firebase Auth stores the passwords and mails the codes; this
module applies their effect on our own sessions."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from troupe.accounts.errors import CodeInvalid, NoEmail, NoPassword, WrongPassword, public_error
from troupe.accounts.records import AccountCaller, default_name
from troupe.accounts.writes import Users, end_sessions_write
from troupe.adapters.firestore import Database, contend, now
from troupe.adapters.identity import Identity
from troupe.adapters.identity_errors import (
    AccountDisabled,
    EmailExists,
    IdentityError,
    TooManyAttempts,
    WrongCredentials,
)
from troupe.adapters.identity_records import Standing
from troupe.caller import Device
from troupe.errors import Unavailable
from troupe.logs import log
from troupe.rate_limits import Limiter
from troupe.tokens import TokenInvalid
from troupe.waiters import WAITERS

# At least as long as Firebase Auth takes to create an account and to send a mail: a faster response
# would reveal that the address is unknown, or known.
FORGOT_SECONDS = 1.0
REGISTER_SECONDS = 1.5


class Passwords:
    def __init__(self, db: Database, identity: Identity, limiter: Limiter) -> None:
        self._users = Users(db)
        self._identity = identity
        self._limiter = limiter

    def forgot(self, email: str) -> None:
        """Mails a reset code if the address has an account. Does not reveal whether it does: the
        outcome is the same and takes at least FORGOT_SECONDS. Raises Unavailable if too many
        requests wait for that."""
        with _at_least(FORGOT_SECONDS, email):
            self._mail_reset(email)

    def invite(self, email: str, name: str | None) -> None:
        """Registers an address without revealing whether it has an account already. Either way, its
        owner is mailed a code that sets the password, and nobody can sign in before that. Raises
        Unavailable."""
        with _at_least(REGISTER_SECONDS, email):
            try:
                self._identity.create(email, _unknowable(), name or default_name(guest=False))
            except EmailExists:
                log.info("registered_again")
            except IdentityError as error:
                raise public_error(error) from error
            self._mail_reset(email)

    def introduce(self, email: str, name: str) -> None:
        """Registers an address that somebody else has invited. If it is new, its owner is mailed a
        code that sets the password. Does not reveal whether it is. Raises Unavailable."""
        with _at_least(REGISTER_SECONDS, email):
            try:
                self._identity.create(email, _unknowable(), name or default_name(guest=False))
            except EmailExists:
                return
            except IdentityError as error:
                raise public_error(error) from error
            self._mail_reset(email)

    def reset(self, code: str, password: str, device: Device) -> None:
        """Sets a new password with a mailed one-time code, and ends every session. `device` may
        sign in at once, even if failed attempts have slowed the account down.

        Raises CodeInvalid, NotAccepted.
        """
        try:
            email = self._identity.address_of(code, "PASSWORD_RESET")
            uid = self._uid_of(email)
            # Before as well as after: if we crash in between, the code is used up and a retry
            # could no longer end the sessions.
            self._end_sessions(uid)
            self._drop_foreign_methods(uid)
            self._identity.reset_password(code, password)
        except IdentityError as error:
            raise public_error(error) from error
        self._end_sessions(uid, emailVerified=True)  # the code was mailed there
        self._limiter.clear("login", email.lower(), device)
        log.info("password_reset", uid=uid)
        _end_of_second()

    def change(self, caller: AccountCaller, current: str, password: str) -> None:
        """Sets a new password, and ends every session but the caller's.

        Raises NoPassword, WrongPassword, SecondFactorRequired, NotAccepted.
        """
        self.check(caller, current)
        keep = caller.session_id
        self._end_sessions(caller.uid, keep=keep)
        try:
            self._identity.set_password(caller.uid, password)
            self._identity.revoke(caller.uid)
            standing = self._identity.standing(caller.uid)
        except IdentityError as error:
            raise public_error(error) from error
        # Also ends sessions opened with the old password since the line above ended the rest.
        self._end_sessions(caller.uid, keep=keep, standing=standing)
        log.info("password_changed", uid=caller.uid)
        _end_of_second()

    def check(self, caller: AccountCaller, password: str) -> None:
        """Checks the caller's password. Raises NoPassword, WrongPassword, and SecondFactorRequired
        for an account where the password is only half of it."""
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

    def verify(self, code: str, caller: AccountCaller | None) -> bool:
        """Marks the address that received `code` as verified, and ends every session but the
        caller's. Returns whether the account's password still signs in.

        Without a session of the account, nobody knows whether the owner of the address is the one
        who registered it and chose the password. So the password is replaced by an unknown one, and
        sign-in methods of other addresses are removed. Raises CodeInvalid.
        """
        try:
            uid = self._uid_of(self._identity.address_of(code, "VERIFY_EMAIL"))
            keep = caller.session_id if caller is not None and caller.uid == uid else None
            if keep is None:
                self._drop_foreign_methods(uid, password=True)
                self._end_sessions(uid)  # a crash below must not leave them with a used-up code
            self._identity.verify_email(code)
            standing = self._identity.standing(uid)
        except IdentityError as error:
            raise public_error(error) from error
        self._end_sessions(uid, keep=keep, standing=standing, emailVerified=True)
        log.info("address_proved", uid=uid, kept=keep is not None)
        return keep is not None

    def _mail_reset(self, email: str) -> None:
        try:
            self._identity.send_reset(email)
        except (WrongCredentials, AccountDisabled):
            pass
        except TooManyAttempts:  # mails to this address: an error would reveal that it is known
            log.warning("reset_not_mailed")
        except IdentityError as error:
            raise public_error(error) from error

    def _uid_of(self, email: str) -> str:
        uid = self._identity.uid_of(email)
        if uid is None:
            raise CodeInvalid
        return uid

    def _drop_foreign_methods(self, uid: str, *, password: bool = False) -> None:
        """When an address is first proved, removes sign-in methods that vouch for another one, or
        for none: whoever registered the address before its owner may have linked their own.
        `password`: replaces the password, too."""
        user, _ = self._users.read(uid)
        standing = self._identity.standing(uid)
        if standing is None or (user is not None and user.email_verified):
            return
        foreign = [
            method
            for method, email in standing.providers.items()
            if method != "password" and (email or "").lower() != standing.email
        ]
        if password and "password" in standing.providers:
            self._identity.set_password(uid, _unknowable())
        if foreign:
            log.warning("unproved_sign_in_methods_removed", uid=uid, methods=foreign)
            self._identity.unlink(uid, foreign)

    def _end_sessions(
        self,
        uid: str,
        *,
        keep: str | None = None,
        standing: Standing | None = None,
        **changes: Any,
    ) -> None:
        """Ends all sessions but `keep`, which counts as signed in since Firebase revoked all
        sign-ins, by `standing`. Raises TokenInvalid if `keep` has ended. A user who exists only in
        Firebase Auth so far has nothing to end."""

        def attempt() -> None:
            user, document = self._users.read(uid)
            if user is None or user.deleted_at:
                return
            if keep is not None and keep not in user.sessions:
                raise TokenInvalid
            if keep is not None and standing is not None:
                since = datetime.fromtimestamp(standing.valid_after, UTC)
                user = user.signed_in_since(keep, since)
            kept = () if keep is None else (keep,)
            self._users.commit(end_sessions_write(document, user, now(), keep=kept, **changes))

        contend(attempt)


def _unknowable() -> str:
    """A password that nobody knows."""
    return f"{secrets.token_urlsafe(32)}-a1"


def _end_of_second() -> None:
    """Waits, because Firebase dates sign-ins in whole seconds: one with the new password in this
    second could not be distinguished from one with the old password."""
    time.sleep(1 - time.time() % 1)


@contextmanager
def _at_least(seconds: float, email: str) -> Iterator[None]:
    """Makes the block take at least `seconds`, so that its duration reveals nothing. Raises
    Unavailable if too many requests wait for that, or too many for this address."""
    with WAITERS.place(email.lower()) as placed:
        if not placed:
            raise Unavailable(retry_after=1)
        started = time.monotonic()
        yield
        time.sleep(max(0.0, seconds - (time.monotonic() - started)))

"""Passwords and proofs of an address. Firebase Auth keeps the ones and mails the others; what
they mean for our own sessions is decided here."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime

from troupe.accounts.errors import CodeInvalid, NoEmail, NoPassword, WrongPassword, shown
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
from troupe.logs import log
from troupe.rate_limits import Limiter
from troupe.tokens import TokenInvalid

# Long enough for Firebase Auth to send a mail: what is shorter would tell that there was none.
FORGOT_SECONDS = 1.0


class Passwords:
    def __init__(self, db: Database, identity: Identity, limiter: Limiter) -> None:
        self._users = Users(db)
        self._identity = identity
        self._limiter = limiter

    def forgot(self, email: str) -> None:
        """Mails a code to whoever has that address, and says nothing of whether anybody has: the
        answer is the same, and takes as long."""
        started = time.monotonic()
        try:
            self._identity.send_reset(email)
        except (WrongCredentials, AccountDisabled):
            pass
        except TooManyAttempts:  # of mails to this address, so somebody has it
            log.warning("reset_not_mailed")
        except IdentityError as error:
            raise shown(error) from error
        time.sleep(max(0.0, FORGOT_SECONDS - (time.monotonic() - started)))

    def reset(self, code: str, password: str) -> None:
        """Sets a password by a mailed code, once, and ends every session. Raises CodeInvalid,
        NotAccepted."""
        try:
            email = self._identity.reset_address(code)
            uid = self._identity.uid_of(email)
            if uid is None:
                raise CodeInvalid
            # Ended before as well as after: should we be stopped in between, the code is used up
            # and nobody could end them by it any more.
            self._end_sessions(uid)
            self._identity.reset_password(code, password)
        except IdentityError as error:
            raise shown(error) from error
        self._end_sessions(uid, {"emailVerified": True})  # the code has come by that mail
        self._limiter.clear("login", email.lower())
        log.info("password_reset", uid=uid)

    def change(self, caller: AccountCaller, current: str, password: str) -> None:
        """Every session but the caller's ends. Raises NoPassword, WrongPassword, NotAccepted."""
        self.check(caller, current)
        self._end_sessions(caller.uid, keep=caller.session_id)
        try:
            self._identity.set_password(caller.uid, password)
            self._identity.revoke(caller.uid)
        except IdentityError as error:
            raise shown(error) from error
        # Whoever signed in with the old one just before it was changed is out now, too.
        self._end_sessions(caller.uid, keep=caller.session_id)
        log.info("password_changed", uid=caller.uid)

    def check(self, caller: AccountCaller, password: str) -> None:
        """Raises NoPassword, WrongPassword."""
        if caller.email is None:
            raise NoPassword
        try:
            person = self._identity.sign_in(caller.email, password)
        except WrongCredentials:
            raise WrongPassword from None
        except IdentityError as error:
            raise shown(error) from error
        if person.uid != caller.uid:
            raise WrongPassword

    def send_verification(self, caller: AccountCaller) -> bool:
        """Mails a code to the caller's address; False when that is proven already. Raises
        NoEmail."""
        if caller.email is None:
            raise NoEmail
        if caller.user.email_verified:
            return False
        try:
            self._identity.send_verification(caller.uid)
        except IdentityError as error:
            raise shown(error) from error
        return True

    def verify(self, code: str) -> None:
        """Raises CodeInvalid."""
        try:
            uid = self._identity.verify_email(code)
        except IdentityError as error:
            raise shown(error) from error
        # Whom Firebase Auth alone knows so far, it vouches for with the first sign-in.
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
    """The one session that goes on, as it is stored. Raises TokenInvalid where it has ended."""
    if session_id is None:
        return {}
    session = user.sessions.get(session_id)
    if session is None:
        raise TokenInvalid
    return {session_id: session.model_copy(update={"kept_at": at}).stored()}

"""Adding a way to sign in: a guest becomes an account, a password account gets Google, and the
other way round.

Firebase changes first. If we crash before Firestore follows, the next sign-in, or the same request
again, completes it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from troupe.accounts.errors import (
    AccountSuspended,
    AddressNotProved,
    AlreadyLinked,
    EmailUnproved,
    NoEmail,
    OtherEmail,
    WrongGoogleToken,
    public_error,
)
from troupe.accounts.people import changes_of, cleaned
from troupe.accounts.provisioning import account_grant
from troupe.accounts.records import AccountCaller, UserRecord
from troupe.accounts.sessions import live_session
from troupe.accounts.writes import Users, end_sessions_write
from troupe.adapters import identity_errors
from troupe.adapters.firestore import (
    AlreadyExists,
    Database,
    Document,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.adapters.identity import GOOGLE, Identity
from troupe.adapters.identity_errors import IdentityError
from troupe.adapters.identity_records import Person, Standing
from troupe.logs import log
from troupe.settings import Settings
from troupe.tokens import TokenInvalid


class Linking:
    def __init__(self, db: Database, identity: Identity, settings: Settings) -> None:
        self._users = Users(db)
        self._identity = identity
        self._settings = settings

    def google(self, caller: AccountCaller, id_token: str) -> UserRecord:
        """Adds a Google account. If the account's address is not proved, only a Google account that
        proves it is accepted: otherwise, whoever registered the address could keep a way in.

        Raises WrongGoogleToken, GoogleTaken, EmailTaken, EmailUnproved, AlreadyLinked,
        AccountSuspended, TokenInvalid.
        """
        before = self._refuse_second(caller, GOOGLE)
        try:
            name = self._identity.link_google(caller.uid, id_token)
        except identity_errors.GoogleTokenRejected:
            raise WrongGoogleToken from None
        except identity_errors.GoogleTaken as error:
            self._refuse_second(caller, GOOGLE)  # the same request may have run at the same time
            raise public_error(error) from error
        except IdentityError as error:
            raise public_error(error) from error
        standing = self._standing(caller)
        # A request at the same time may have named an address meanwhile.
        named = before.email is not None or "password" in standing.providers
        if named and not standing.email_verified:
            self._unlink(caller, GOOGLE)
            raise EmailUnproved
        return self._record(caller, standing, name=name)

    def password(self, caller: AccountCaller, email: str | None, password: str) -> UserRecord:
        """Adds a password, and the address if the account has none; an account that has one may
        repeat it. Raises NoEmail, OtherEmail, EmailTaken, AddressNotProved, AlreadyLinked,
        NotAccepted, AccountSuspended, TokenInvalid."""
        before = self._refuse_second(caller, "password")
        if before.email is None and email is None:
            raise NoEmail
        if before.email is not None and email not in (None, before.email):
            raise OtherEmail
        if before.email is None and self._settings.email_enumeration == "hidden":
            raise AddressNotProved
        new_address = email if before.email is None else None
        try:
            self._identity.add_password(caller.uid, new_address, password)
        except IdentityError as error:
            raise public_error(error) from error
        standing = self._standing(caller)
        linked_meanwhile = GOOGLE in standing.providers and GOOGLE not in before.providers
        if linked_meanwhile and not standing.email_verified:
            self._unlink(caller, GOOGLE)  # see `google`
        return self._record(caller, standing, new_password=True)

    def _refuse_second(self, caller: AccountCaller, method: str) -> Standing:
        """The account at Firebase. Raises AlreadyLinked if it has such a method: a change of
        password takes the current one. If a crash has left the user a guest, completes the linking
        first."""
        standing = self._standing(caller)
        if method in standing.providers:
            if caller.guest:
                self._record(caller, standing)
            raise AlreadyLinked
        return standing

    def _unlink(self, caller: AccountCaller, method: str) -> None:
        try:
            self._identity.unlink(caller.uid, [method])
        except IdentityError as error:
            raise public_error(error) from error

    def _standing(self, caller: AccountCaller) -> Standing:
        try:
            standing = self._identity.standing(caller.uid)
        except IdentityError as error:
            raise public_error(error) from error
        if standing is None:
            raise TokenInvalid
        if standing.disabled:
            raise AccountSuspended
        return standing

    def _record(
        self,
        caller: AccountCaller,
        standing: Standing,
        *,
        name: str = "",
        new_password: bool = False,
    ) -> UserRecord:
        """Stores what Firebase knows now. Nothing ends when a guest becomes an account. Otherwise a
        new password, or the proof of an address, ends every sign-in but the caller's."""
        person = cleaned(_person(caller.uid, standing, name))

        def attempt() -> UserRecord:
            user, document = self._users.require(caller.uid)
            live_session(user, caller.session_id)
            changes = changes_of(user, person)
            at = now()
            writes: list[Write] = []
            if user.guest:
                kept = _signed_in_since(user, standing)
                writes = [
                    Update(document.path, changes | kept | {"updatedAt": at}, seen=document),
                    *account_grant(user.id, self._settings, at),
                ]
            elif new_password or changes.get("emailVerified"):
                writes = [_end_others(user, document, caller, standing, changes, at)]
            elif changes:
                writes = [Update(document.path, changes | {"updatedAt": at}, seen=document)]
            if not writes:
                return user
            try:
                self._users.commit(*writes)
            except AlreadyExists as error:  # the grant
                raise Stale from error
            log.info("account_linked", uid=user.id, guest=user.guest)
            return self._users.require(user.id)[0]

        return contend(attempt)


def _person(uid: str, standing: Standing, name: str) -> Person:
    return Person(
        uid=uid,
        email=standing.email,
        email_verified=standing.email_verified,
        name=name,
        picture="",
        anonymous=False,
        signed_in_at=standing.valid_after,
    )


def _signed_in_since(user: UserRecord, standing: Standing) -> dict[str, object]:
    """The stored sessions, which stay although Firebase has revoked the guest's sign-ins."""
    since = datetime.fromtimestamp(standing.valid_after, UTC)
    for session_id in user.sessions:
        user = user.signed_in_since(session_id, since)
    return {"sessions": {each: session.stored() for each, session in user.sessions.items()}}


def _end_others(
    user: UserRecord,
    document: Document,
    caller: AccountCaller,
    standing: Standing,
    changes: dict[str, object],
    at: datetime,
) -> Update:
    since = datetime.fromtimestamp(standing.valid_after, UTC)
    user = user.signed_in_since(caller.session_id, since)
    return end_sessions_write(document, user, at, keep=(caller.session_id,), **changes)

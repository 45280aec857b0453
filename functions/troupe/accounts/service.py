"""Accounts: authentication, sign-up, sign-in and sign-out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from troupe import tokens
from troupe.accounts import sessions
from troupe.accounts.errors import (
    AccountSuspended,
    NotAnAdmin,
    RefreshTokenReused,
    SessionNotFound,
    UsernameTaken,
    public_error,
)
from troupe.accounts.links import MediaLink, link_times
from troupe.accounts.records import AccountCaller, Session, UserRecord, default_name
from troupe.accounts.sessions import TokenPair
from troupe.accounts.writes import (
    Users,
    change_write,
    create_writes,
    end_session_write,
    session_write,
)
from troupe.adapters.firestore import (
    AlreadyExists,
    Database,
    Document,
    Stale,
    Write,
    contend,
    now,
)
from troupe.adapters.identity import Identity, IdentityError, Person
from troupe.caller import Role
from troupe.errors import Unavailable
from troupe.logs import log
from troupe.settings import Settings
from troupe.text import name_key
from troupe.tokens import TokenInvalid
from troupe.wallet.ledger import grant_writes, opening_writes
from troupe.wallet.records import Meter


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: UserRecord
    pair: TokenPair


class Accounts:
    def __init__(self, db: Database, identity: Identity, settings: Settings) -> None:
        self._users = Users(db)
        self._identity = identity
        self._settings = settings

    def authenticate(self, authorization: str | None) -> AccountCaller:
        """The caller of an Authorization header with a Firebase ID token or our own access token.

        Reads one document. Raises Unauthorized, TokenInvalid, TokenExpired, AccountSuspended.
        """
        token = tokens.bearer(authorization)
        if not tokens.is_ours(token):
            return _caller(self._firebase_user(token), None)
        claims = tokens.decode(token, purpose="access")
        user = self._users.get(claims.subject)
        if user is None or claims.session_id is None:
            raise TokenInvalid
        _live_session(user, claims.session_id)
        return _caller(user, claims.session_id)

    def media_link(self, caller: AccountCaller, address: str) -> MediaLink:
        """A temporary URL of a file, which anyone can open with the caller's access. `address`:
        path and query, as the API returns them."""
        user = caller.user
        issued_at, expires_at = link_times(self._settings.media_link_seconds, user.valid_after)
        path, mark, query = address.partition("?")
        token = tokens.encode_link(
            subject=user.id,
            path=path,
            issued_at=issued_at,
            expires_at=expires_at,
            session_id=caller.session_id,
        )
        url = f"{path}?{query}{'&' if mark else ''}token={token}"
        return MediaLink(url, datetime.fromtimestamp(expires_at, UTC))

    def authenticate_link(self, token: str, path: str) -> AccountCaller:
        """The user whose access a media link to `path` carries. A link ends with its session.

        Reads one document. Raises TokenInvalid, TokenExpired, AccountSuspended.
        """
        claims = tokens.decode(token, purpose=tokens.LINK_PURPOSE)
        if claims.path != path:
            raise TokenInvalid
        user = self._users.get(claims.subject)
        if user is None or user.deleted_at:
            raise TokenInvalid
        if claims.session_id is not None:
            _live_session(user, claims.session_id)
        elif user.suspended:
            raise AccountSuspended
        elif user.valid_after and claims.issued_at < user.valid_after.timestamp():
            raise TokenInvalid
        return _caller(user, claims.session_id)

    def register(
        self,
        *,
        email: str,
        password: str,
        name: str | None,
        username: str | None,
        picture: str | None,
        user_agent: str,
    ) -> SignedIn:
        """Creates an account and opens its first session. Raises EmailTaken, UsernameTaken."""
        if username is not None and self._users.owner_of(username) is not None:
            raise UsernameTaken
        display_name = name or username or default_name(guest=False)
        try:
            uid = self._identity.create(email, password, display_name)
        except IdentityError as error:
            raise public_error(error) from error
        at = now()
        issued = sessions.open_session(uid, user_agent, self._settings, at)
        user = UserRecord(
            id=uid,
            name=display_name,
            username=username,
            email=email,
            profile_picture=picture or "",
            tokens=self._settings.tokens_to_give,
            sessions={issued.session_id: issued.session},
            created_at=at,
            updated_at=at,
        )
        try:
            self._commit_new(user)
        except AlreadyExists:
            if username is not None and self._users.owner_of(username) not in (None, uid):
                self._undo_sign_up(uid)
                raise UsernameTaken from None
            # Its owner has signed in since `create` and was provisioned by that.
            user = self._require_user(uid)
            return self._open_session(user, user_agent)
        return SignedIn(user, issued.pair)

    def login(
        self, email: str, password: str, user_agent: str, *, role: Role | None = None
    ) -> SignedIn:
        """Opens a session. `role`: refuses users without it, but only after the password check.

        Raises InvalidCredentials, AccountSuspended, TooManyAttempts, NotAnAdmin.
        """
        try:
            person = self._identity.sign_in(email, password)
        except IdentityError as error:
            raise public_error(error) from error
        user = self._provision(person)
        if role is not None and user.role != role:
            raise NotAnAdmin
        return self._open_session(user, user_agent)

    def guest(self, user_agent: str) -> SignedIn:
        """Creates an anonymous user and opens a session."""
        try:
            person = self._identity.sign_up_guest()
        except IdentityError as error:
            raise public_error(error) from error
        return self._open_session(self._provision(person), user_agent)

    def refresh(self, refresh_token: str) -> SignedIn:
        """New tokens for a refresh token, once; an old one ends its session.

        Raises TokenInvalid, TokenExpired, RefreshTokenReused, AccountSuspended.
        """
        started = now()
        claims = tokens.decode(refresh_token, purpose="refresh")
        session_id = claims.session_id
        if session_id is None:
            raise TokenInvalid

        def attempt() -> SignedIn:
            user, document, session = self._session(claims.subject, session_id)
            if not sessions.is_current(session, refresh_token):
                # Concurrent uses (two tabs): one wins, the other gets the error. A use that started
                # after the rotation means that the token was stolen: end the session.
                if session.last_used_at < started:
                    self._users.commit(end_session_write(user.id, session_id))
                    log.warning("refresh_token_reused", uid=user.id, sessionId=session_id)
                raise RefreshTokenReused
            return self._rotate(user, document, session_id, session)

        return contend(attempt)

    def refresh_by_access(self, authorization: str | None, user_agent: str) -> SignedIn:
        """New tokens for a valid access token; a Firebase ID token opens a session."""
        caller = self.authenticate(authorization)
        session_id = caller.session_id
        if session_id is None:
            return self._open_session(caller.user, user_agent)

        def attempt() -> SignedIn:
            user, document, session = self._session(caller.uid, session_id)
            return self._rotate(user, document, session_id, session)

        return contend(attempt)

    def logout(self, caller: AccountCaller) -> None:
        """Ends the caller's session; with a Firebase ID token, every session of the user."""
        if caller.session_id is not None:
            self._users.commit(end_session_write(caller.uid, caller.session_id))
            return
        at = now()
        self._users.commit(change_write(caller.uid, {"validAfter": at, "sessions": {}}, at))
        try:
            self._identity.revoke(caller.uid)
        except IdentityError as error:
            # `validAfter` has already ended access here; Firebase's refresh tokens are still valid.
            raise public_error(error) from error

    def sessions(self, caller: AccountCaller) -> dict[str, Session]:
        """The caller's live sessions by id, most recently used first. Reads nothing."""
        at, user = now(), caller.user
        live = [each for each in user.sessions.items() if sessions.is_live(user, each[1], at)]
        return dict(sorted(live, key=lambda each: each[1].last_used_at, reverse=True))

    def revoke_session(self, caller: AccountCaller, session_id: str) -> None:
        """Ends one of the caller's sessions at once. Raises SessionNotFound."""
        if session_id not in self.sessions(caller):
            raise SessionNotFound
        self._users.commit(end_session_write(caller.uid, session_id))

    def find(self, email: str) -> UserRecord | None:
        """The user with an email address, or None. For operators and administrators only."""
        return self._users.by_email(email.strip().lower())

    def make_admin(
        self, email: str, extra_writes: Callable[[UserRecord], Sequence[Write]] = lambda user: ()
    ) -> UserRecord | None:
        """Makes a registered user an administrator; returns None if the address is unknown.

        `extra_writes`: further writes for the same commit.
        """
        user = self.find(email)
        if user is not None:
            write = change_write(user.id, {"role": "admin"}, now())
            self._users.commit(write, *extra_writes(user))
            log.info("admin_made", uid=user.id)
        return user

    def _firebase_user(self, token: str) -> UserRecord:
        try:
            person = self._identity.verify(token)
        except IdentityError as error:
            raise public_error(error) from error
        return self._provision(person, since=datetime.fromtimestamp(person.signed_in_at, UTC))

    def _provision(self, person: Person, *, since: datetime | None = None) -> UserRecord:
        """The stored user of a Firebase Auth user; creates or updates the record if needed.

        `since`: when the person signed in; None for just now.

        Raises AccountSuspended; TokenInvalid for a sign-in that has been ended, because its claims
        may be outdated.
        """
        user = self._users.get(person.uid) or self._create_user(person)
        if user.deleted_at:
            raise TokenInvalid
        if user.suspended:
            raise AccountSuspended
        if since is not None and user.valid_after and since < user.valid_after:
            raise TokenInvalid
        changes = _identity_changes(user, person)
        return self._update(user, changes) if changes else user

    def _create_user(self, person: Person) -> UserRecord:
        """Creates the record. Of concurrent first requests one creates it and gives the sign-up
        grant; the others read it."""
        at = now()
        guest_tokens = self._settings.guest_tokens_to_give if person.anonymous else None
        user = UserRecord(
            id=person.uid,
            name=person.name or default_name(guest=person.anonymous),
            email=person.email,
            email_verified=person.email_verified,
            profile_picture=person.picture,
            guest=person.anonymous,
            tokens=self._settings.tokens_to_give if guest_tokens is None else guest_tokens,
            created_at=at,
            updated_at=at,
        )
        try:
            self._commit_new(user)
        except AlreadyExists:
            return self._require_user(person.uid)
        return user

    def _commit_new(self, user: UserRecord) -> None:
        wallet = opening_writes(user.id, user.tokens, user.created_at)
        self._users.commit(*create_writes(user), *wallet)

    def _update(self, user: UserRecord, changes: dict[str, Any]) -> UserRecord:
        """Stores changes from Firebase Auth. A guest who has become an account gets the rest of the
        sign-up tokens, once: the ledger entry can only be created once."""
        at = now()
        writes: list[Write] = [change_write(user.id, changes, at)]
        settings = self._settings
        rest = max(0, settings.tokens_to_give - settings.guest_tokens_to_give)
        if changes.get("guest") is False and rest:
            writes += grant_writes(user.id, "account-grant", Meter.TOKENS, rest, "account", at)
        try:
            self._users.commit(*writes)
        except (AlreadyExists, Stale):
            log.info("account_update_lost_race", uid=user.id)
        return self._require_user(user.id)

    def _open_session(self, user: UserRecord, user_agent: str) -> SignedIn:
        at = now()
        issued = sessions.open_session(user.id, user_agent, self._settings, at)
        dropped = sessions.to_drop(user, at)
        self._users.commit(session_write(user.id, issued.session_id, issued.session, dropped))
        return SignedIn(user, issued.pair)

    def _rotate(
        self, user: UserRecord, document: Document, session_id: str, session: Session
    ) -> SignedIn:
        rotated = sessions.rotate(user.id, session_id, session, self._settings, now())
        self._users.commit(session_write(user.id, session_id, rotated.session, seen=document))
        return SignedIn(user, rotated.pair)

    def _session(self, uid: str, session_id: str) -> tuple[UserRecord, Document, Session]:
        user, document = self._users.read(uid)
        if user is None:
            raise TokenInvalid
        return user, document, _live_session(user, session_id)

    def _require_user(self, uid: str) -> UserRecord:
        user = self._users.get(uid)
        if user is None:
            raise Unavailable(retry_after=1)
        return user

    def _undo_sign_up(self, uid: str) -> None:
        try:
            self._identity.delete(uid)
        except IdentityError as error:
            # The address stays taken; its owner can sign in and is provisioned then.
            log.error("sign_up_not_undone", error, uid=uid)


def _live_session(user: UserRecord, session_id: str) -> Session:
    session = user.sessions.get(session_id)
    if session is None or user.deleted_at or not sessions.is_live(user, session, now()):
        raise TokenInvalid
    if user.suspended:
        raise AccountSuspended
    return session


def _caller(user: UserRecord, session_id: str | None) -> AccountCaller:
    return AccountCaller(
        uid=user.id,
        role=user.role,
        guest=user.guest,
        email=user.email,
        companies=user.companies,
        session_id=session_id,
        user=user,
    )


def _identity_changes(user: UserRecord, person: Person) -> dict[str, Any]:
    """Fields of the user record to update from Firebase Auth."""
    changes: dict[str, Any] = {}
    if person.email and person.email != user.email:
        changes |= {"email": person.email, "emailVerified": person.email_verified}
    elif person.email_verified and not user.email_verified:  # an older token may not know it yet
        changes["emailVerified"] = True
    if user.guest and not person.anonymous:
        changes["guest"] = False
        if person.name:
            changes |= {"name": person.name, "nameKey": name_key(person.name)}
    return changes

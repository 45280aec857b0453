"""Accounts: sign-up, sign-in, refreshing and sign-out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from troupe import tokens
from troupe.accounts import sessions
from troupe.accounts.callers import Callers, no_keys
from troupe.accounts.companies import Founder, NewCompany
from troupe.accounts.errors import (
    FirebaseSession,
    NotAnAdmin,
    OrgNumberTaken,
    RecentSignInRequired,
    RefreshTokenReused,
    SessionNotFound,
    UsernameTaken,
    public_error,
)
from troupe.accounts.provisioning import Provisioning
from troupe.accounts.records import AccountCaller, Session, UserRecord, default_name
from troupe.accounts.revocations import Revocations
from troupe.accounts.sessions import TokenPair, live_session
from troupe.accounts.writes import (
    Users,
    add_session_changes,
    end_session_write,
    end_sessions_write,
    session_write,
)
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
from troupe.adapters.identity import Identity
from troupe.adapters.identity_errors import IdentityError
from troupe.adapters.identity_records import Person
from troupe.caller import Device, Role
from troupe.logs import log
from troupe.rate_limits import Limiter
from troupe.settings import Settings
from troupe.tokens import TokenInvalid

# How long after signing in an account can be deleted or exported without its password.
RECENT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: UserRecord
    pair: TokenPair


class Accounts:
    def __init__(
        self,
        db: Database,
        identity: Identity,
        limiter: Limiter,
        settings: Settings,
        founder: Callable[[], Founder],
    ) -> None:
        """`founder` creates the companies that come with registrations; few do."""
        self._users = Users(db)
        self._callers = Callers(db, self.by_id_token, no_keys)
        self._identity = identity
        self._settings = settings
        self._founder = founder
        self._revocations = Revocations(self._users, identity)
        self._provisioning = Provisioning(self._users, self._revocations, limiter, settings)

    def authenticate(
        self, authorization: str | None, device: Callable[[], Device] = Device
    ) -> AccountCaller:
        """See `Callers.authenticate`."""
        return self._callers.authenticate(authorization, device)

    def by_id_token(self, token: str, device: Device) -> AccountCaller:
        """The caller with a Firebase ID token. A listener's is one more token of the session that
        it belongs to: it ends with that, and is never a sign-in of its own. Raises like
        `authenticate`."""
        try:
            person = self._identity.verify(token)
        except IdentityError as error:
            raise public_error(error) from error
        if person.session_id is not None:
            user, _, _ = self._session(person.uid, person.session_id)
            return AccountCaller.of(user, person.session_id)
        user, sign_in = self._provisioning.by_id_token(person, device)
        return AccountCaller.of(user, sign_in)

    def register(
        self,
        *,
        email: str,
        password: str,
        name: str | None,
        username: str | None,
        picture: str | None,
        device: Device,
        verified: bool = False,
        phone: str = "",
        company: NewCompany | None = None,
    ) -> SignedIn:
        """Creates an account and opens its first session. `verified`: an operator vouches for the
        address; `company`: created in the same commit. Raises EmailTaken, UsernameTaken,
        OrgNumberTaken."""
        if username is not None and self._users.owner_of(username) is not None:
            raise UsernameTaken
        if company is not None:
            self._founder().check(company)
        display_name = name or username or default_name(guest=False)
        try:
            uid, since = self._identity.create(email, password, display_name, verified=verified)
        except IdentityError as error:
            raise public_error(error) from error
        at = now()
        signed_in_at = datetime.fromtimestamp(since, UTC)
        issued = sessions.open_session(uid, device, self._settings, at, signed_in_at=signed_in_at)
        user = UserRecord(
            id=uid,
            name=display_name,
            username=username,
            email=email,
            email_verified=verified,
            profile_picture=picture or "",
            phone=phone,
            tokens=self._settings.tokens_to_give,
            sessions={issued.session_id: issued.session},
            created_at=at,
            updated_at=at,
        )
        created = contend(lambda: self._create(user, company))
        if created is not None:
            return SignedIn(created, issued.pair)
        # Its owner has signed in since and was provisioned by that.
        signed_in = contend(
            lambda: self._open_session(*self._users.require(uid), device, signed_in_at)
        )
        if company is None or signed_in.user.companies:
            return signed_in
        return SignedIn(self._founder().found_for(uid, company), signed_in.pair)

    def _create(self, user: UserRecord, company: NewCompany | None) -> UserRecord | None:
        """The stored user; None if there is one already. If somebody else has just taken the
        username, or the number of the company, the account does not stay. Raises UsernameTaken,
        OrgNumberTaken, Stale."""
        writes: Sequence[Write] = ()
        try:
            if company is not None:
                founded = self._founder().found(user, company)
                user, writes = founded.user, founded.writes
            self._provisioning.create(user, writes)
        except OrgNumberTaken:
            self._undo_sign_up(user.id)
            raise
        except AlreadyExists as error:
            username = user.username
            if username is not None and self._users.owner_of(username) not in (None, user.id):
                self._undo_sign_up(user.id)
                raise UsernameTaken from None
            if self._users.get(user.id) is None:  # the slug or the number of the company
                raise Stale from error
            return None
        return user

    def login(
        self, email: str, password: str, device: Device, *, role: Role | None = None
    ) -> SignedIn:
        """Opens a session. `role`: rejects users without it, but only after the password check.

        Raises InvalidCredentials, SecondFactorRequired, AccountSuspended, TooManyAttempts,
        NotAnAdmin, and TooManyRequests for a new account of a network that has made many.
        """
        try:
            person = self._identity.sign_in(email, password)
        except IdentityError as error:
            raise public_error(error) from error
        return self._signed_in(person, device, role)

    def google(
        self,
        id_token: str,
        device: Device,
        *,
        nonce: str | None = None,
        first_use_within: timedelta | None = None,
    ) -> SignedIn:
        """Opens a session for an ID token of Google, with a new account if there is none.
        `first_use_within`: see `sessions.open_session`.

        Raises GoogleTokenInvalid; EmailTaken if Google does not vouch for the address of an
        account; and like `login`.
        """
        try:
            person = self._identity.sign_in_with_google(id_token, nonce)
        except IdentityError as error:
            raise public_error(error) from error
        return self._signed_in(person, device, first_use_within=first_use_within)

    def guest(self, device: Device) -> SignedIn:
        """Creates an anonymous user and opens a session."""
        try:
            person = self._identity.sign_up_guest()
        except IdentityError as error:
            raise public_error(error) from error
        return self._signed_in(person, device)

    def refresh(self, refresh_token: str, device: Device) -> SignedIn:
        """New tokens for a refresh token. It works once, and for another `sessions.GRACE` on the
        same device, where it gets the same new one; otherwise reuse ends its session.

        Firebase is asked whether the sign-in still holds. If it does not answer, nothing changes,
        and the refresh token stays valid.

        Raises TokenInvalid, TokenExpired, RefreshTokenReused, AccountSuspended, Unavailable.
        """
        claims = tokens.decode(refresh_token, purpose="refresh")
        session_id = claims.session_id
        if session_id is None:
            raise TokenInvalid
        standing = self._revocations.asked_once(claims.subject)

        def attempt() -> SignedIn:
            user, document, session = self._session(claims.subject, session_id)
            if sessions.is_current(session, refresh_token):
                self._revocations.check(user, document, standing())
                return self._rotate(user, document, session_id, session, device)
            if sessions.was_previous(session, refresh_token):
                again = self._again(user, session_id, session, device)
                if again is not None:
                    return again
            # Two clients have the token, so one of them stole it.
            self._users.commit(end_session_write(document, user, session_id))
            log.warning("refresh_token_reused", uid=user.id, sessionId=session_id)
            raise RefreshTokenReused

        return contend(attempt)

    def refresh_by_access(self, authorization: str | None, device: Device) -> SignedIn:
        """New tokens for a valid access token; a Firebase ID token opens a session, which ends with
        the sign-in that the token is from. A listener cannot prolong its session: it would never
        end, because Firebase renews sign-ins for ever. Raises like `refresh`."""
        caller = self.authenticate(authorization, lambda: device)
        session_id = caller.session_id
        ours = tokens.is_ours(tokens.bearer(authorization))
        if not ours and not sessions.is_of_sdk(session_id):
            raise TokenInvalid
        standing = self._revocations.asked_once(caller.uid)

        def attempt() -> SignedIn:
            user, document, session = self._session(caller.uid, session_id)
            again = self._again(user, session_id, session, device)
            if again is not None:
                return again
            self._revocations.check(user, document, standing())
            if sessions.is_of_sdk(session_id):
                return self._open_session(user, document, device, sessions.sdk_time(session_id))
            return self._rotate(user, document, session_id, session, device)

        return contend(attempt)

    def firebase_token(self, caller: AccountCaller) -> str:
        """A custom token with which a client of the caller's session signs in to the Firebase SDK,
        to listen. Raises FirebaseSession, Unavailable."""
        if sessions.is_of_sdk(caller.session_id):
            raise FirebaseSession
        try:
            return self._identity.listener_token(caller.uid, caller.session_id)
        except IdentityError as error:
            raise public_error(error) from error

    def logout(self, caller: AccountCaller) -> None:
        """Ends the caller's session; with a Firebase ID token, the sign-in that it is from."""
        self._end(caller.uid, caller.session_id)

    def sessions(self, caller: AccountCaller) -> dict[str, Session]:
        """The caller's live sessions and sign-ins by id, most recently used first. Reads
        nothing."""
        at, user = now(), caller.user
        live = [each for each in user.sessions.items() if sessions.is_live(user, each[1], at)]
        return dict(sorted(live, key=lambda each: each[1].last_used_at, reverse=True))

    def revoke_session(self, caller: AccountCaller, session_id: str) -> None:
        """Ends one of the caller's sessions or sign-ins at once. Raises SessionNotFound."""
        if session_id not in self.sessions(caller):
            raise SessionNotFound
        self._end(caller.uid, session_id)

    def revoke_sessions(self, caller: AccountCaller) -> int:
        """Ends all of the caller's sessions and sign-ins but the one that asks, at once; returns
        how many were listed. Sign-ins of the Firebase SDK that have never called us end, too.

        A refresh at the same time either comes first, and is undone, or finds its session gone:
        both commits name the version that they read. Raises TokenInvalid, AccountSuspended if the
        caller's own session has ended meanwhile.
        """
        keep = caller.session_id
        ended: set[str] = set()  # also of an attempt whose response was lost

        def attempt() -> None:
            user, document, session = self._session(caller.uid, keep)
            at = now()
            # Being kept is no sign-in: nothing was proved.
            user = user.signed_in_since(keep, sessions.signed_in_at(session))
            ended.update(
                each
                for each, session in user.sessions.items()
                if each != keep and sessions.is_live(user, session, at)
            )
            self._users.commit(end_sessions_write(document, user, at, keep=[keep]))

        contend(attempt)
        log.info("sessions_revoked", uid=caller.uid, sessions=len(ended))
        return len(ended)

    def require_recent_sign_in(self, caller: AccountCaller) -> None:
        """Raises RecentSignInRequired unless the caller has just proved who they are. A guest has
        nothing to prove it with."""
        session = caller.user.sessions.get(caller.session_id)
        since = None if session is None else sessions.signed_in_at(session)
        if not caller.guest and (since is None or now() - since > RECENT):
            raise RecentSignInRequired

    def _signed_in(
        self,
        person: Person,
        device: Device,
        role: Role | None = None,
        first_use_within: timedelta | None = None,
    ) -> SignedIn:
        signed_in_at = datetime.fromtimestamp(person.signed_in_at, UTC)

        def attempt() -> SignedIn:
            user, document = self._provisioning.signed_in(person, device)
            if role is not None and user.role != role:
                raise NotAnAdmin
            return self._open_session(user, document, device, signed_in_at, first_use_within)

        return contend(attempt)

    def _open_session(
        self,
        user: UserRecord,
        document: Document,
        device: Device,
        signed_in_at: datetime,
        first_use_within: timedelta | None = None,
    ) -> SignedIn:
        """Raises Stale."""
        at = now()
        issued = sessions.open_session(
            user.id,
            device,
            self._settings,
            at,
            signed_in_at=signed_in_at,
            first_use_within=first_use_within,
        )
        changes = add_session_changes(user, issued.session_id, issued.session, at)
        self._users.commit(Update(document.path, changes, seen=document))
        return SignedIn(user, issued.pair)

    def _again(
        self, user: UserRecord, session_id: str, session: Session, device: Device
    ) -> SignedIn | None:
        """The tokens that the device got a moment ago, when Firebase was asked; None if it got
        none."""
        pair = sessions.repeat(user.id, session_id, session, device, self._settings, now())
        return None if pair is None else SignedIn(user, pair)

    def _rotate(
        self,
        user: UserRecord,
        document: Document,
        session_id: str,
        session: Session,
        device: Device,
    ) -> SignedIn:
        rotated = sessions.rotate(user.id, session_id, session, device, self._settings, now())
        self._users.commit(session_write(user.id, session_id, rotated.session, seen=document))
        return SignedIn(user, rotated.pair)

    def _session(self, uid: str, session_id: str) -> tuple[UserRecord, Document, Session]:
        user, document = self._users.read(uid)
        if user is None:
            raise TokenInvalid
        return user, document, live_session(user, session_id)

    def _end(self, uid: str, session_id: str) -> None:
        def attempt() -> None:
            user, document = self._users.read(uid)
            if user is not None and session_id in user.sessions:
                self._users.commit(end_session_write(document, user, session_id))

        contend(attempt)

    def _undo_sign_up(self, uid: str) -> None:
        try:
            self._identity.delete(uid)
        except IdentityError as error:
            # The address stays taken; its owner can sign in and is provisioned then.
            log.error("sign_up_not_undone", error, uid=uid)

"""Stored users of people whom Firebase Auth has authenticated: created on the first sign-in, and
kept up to date with what later sign-ins tell.

An address may have been registered by somebody else. So the commit that first records an address as
proved ends every sign-in from before, and removes sign-in methods of other addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from troupe.accounts import sessions
from troupe.accounts.errors import AccountSuspended, public_error
from troupe.accounts.pictures import clean_picture
from troupe.accounts.records import Session, UserRecord, default_name
from troupe.accounts.writes import (
    Users,
    add_session_changes,
    create_writes,
    end_sessions_write,
)
from troupe.adapters.firestore import (
    DELETE_FIELD,
    AlreadyExists,
    Document,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.adapters.identity import Identity, IdentityError, Person, Standing
from troupe.caller import Device
from troupe.errors import TooManyRequests, Unavailable
from troupe.logs import log
from troupe.rate_limits import Limiter
from troupe.settings import Settings
from troupe.text import clean_email, clean_name, name_key
from troupe.tokens import TokenInvalid
from troupe.wallet.ledger import grant_writes, opening_writes
from troupe.wallet.records import Meter

# How often the last use of a sign-in with the Firebase SDK is recorded.
SEEN_EVERY = timedelta(days=1)
_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class _SignIn:
    """A sign-in with the Firebase SDK, as its ID token names it."""

    id: str
    at: datetime


class Provisioning:
    def __init__(
        self, users: Users, identity: Identity, limiter: Limiter, settings: Settings
    ) -> None:
        self._users = users
        self._identity = identity
        self._limiter = limiter
        self._settings = settings

    def signed_in(self, person: Person) -> UserRecord:
        """The user of a person who has just signed in through us. Raises AccountSuspended,
        TokenInvalid if the account is being deleted."""
        person = _cleaned(person)
        return contend(lambda: self._attempt(person, None, Device(), lambda: None))

    def by_id_token(self, person: Person, device: Device) -> tuple[UserRecord, str]:
        """The user of a Firebase ID token, and the id of its sign-in.

        One read, if the token tells nothing new. For a sign-in or details that are new, Firebase is
        asked whether they still hold. Raises AccountSuspended, Unavailable, TokenInvalid for a
        sign-in that has ended, and TooManyRequests for a new user of a network that has made many.
        """
        person = _cleaned(person)
        at = datetime.fromtimestamp(person.signed_in_at, UTC)
        sign_in = _SignIn(sessions.sign_in_id(person.signed_in_at, person.provider), at)
        standing = self.asked_once(person.uid)
        return contend(lambda: self._attempt(person, sign_in, device, standing)), sign_in.id

    def standing(self, uid: str) -> Standing | None:
        """The account as Firebase knows it now. Raises Unavailable."""
        try:
            return self._identity.standing(uid)
        except IdentityError as error:
            raise public_error(error) from error

    def check(self, user: UserRecord, document: Document, standing: Standing | None) -> None:
        """Ends the sign-ins that have ended at Firebase, or were made before the address was
        proved there. Raises Stale."""
        at = now()
        if standing is None or standing.disabled:
            log.info("sign_ins_ended_at_firebase", uid=user.id, gone=standing is None)
            self._users.commit(end_sessions_write(document, user, at))
        elif standing.email_verified and not user.email_verified and standing.email == user.email:
            log.info("address_proved", uid=user.id, sessions_ended=len(user.sessions))
            self._users.commit(end_sessions_write(document, user, at, emailVerified=True))
        elif revoked := _revoked(user, standing):
            log.info("sign_ins_revoked_at_firebase", uid=user.id, sessions=len(revoked))
            self._users.commit(_revocation_write(document, user, revoked, standing))
        else:
            return
        raise Stale  # decide again with the changed document

    def _attempt(
        self,
        person: Person,
        sign_in: _SignIn | None,
        device: Device,
        ask: Callable[[], Standing | None],
    ) -> UserRecord:
        user, document = self._users.read(person.uid)
        if user is None:
            return self._create(person, sign_in, device, ask)
        at = now()
        entry = _listed(user, sign_in, at)
        _check_access(user, sign_in, entry)
        new = sign_in is not None and entry is None
        changes = _identity_changes(user, person)
        if sign_in is not None and (new or changes):
            # A token may be older than what it claims, and its sign-in may have been revoked.
            changes = _identity_changes(user, _confirmed(person, ask()))
        if changes.get("emailVerified") and user.email is not None:
            return self._record_proof(user, document, sign_in, device, changes)
        if sign_in is not None and (entry is None or at - entry.last_used_at > SEEN_EVERY):
            seen = self._sdk_session(sign_in, device, entry, at)
            changes |= add_session_changes(user, sign_in.id, seen, at)
        if not changes:
            return user
        write = Update(document.path, changes | {"updatedAt": at}, seen=document)
        return self._commit(user, changes, [write], at)

    def _record_proof(
        self,
        user: UserRecord,
        document: Document,
        sign_in: _SignIn | None,
        device: Device,
        changes: dict[str, Any],
    ) -> UserRecord:
        """Stores that the address is proved, and ends every sign-in from before in that commit. One
        that we saw while the address was not proved is one of those."""
        at = now()
        entries: dict[str, Any] = {}
        if sign_in is not None and sign_in.id not in user.sessions:
            entry = self._sdk_session(sign_in, device, None, at)
            entries = {sign_in.id: entry.model_copy(update={"kept_at": at}).stored()}
        write = end_sessions_write(document, user, at, **changes, sessions=entries)
        changed = self._commit(user, changes, [write], at)
        log.info("address_proved", uid=user.id, sessions_ended=len(user.sessions))
        if sign_in is not None and not entries:
            raise TokenInvalid
        return changed

    def _sdk_session(
        self, sign_in: _SignIn, device: Device, before: Session | None, at: datetime
    ) -> Session:
        entry = sessions.sdk_session(sign_in.at, device, self._settings, at)
        return entry if before is None else sessions.seen_again(before, entry)

    def _commit(
        self, user: UserRecord, changes: dict[str, Any], writes: list[Write], at: datetime
    ) -> UserRecord:
        """Stores changes. A guest who has become an account gets the rest of the sign-up tokens,
        once: the ledger entry can only be created once."""
        settings = self._settings
        rest = max(0, settings.tokens_to_give - settings.guest_tokens_to_give)
        if changes.get("guest") is False and rest:
            writes += grant_writes(user.id, "account-grant", Meter.TOKENS, rest, "account", at)
        try:
            self._users.commit(*writes)
        except AlreadyExists as error:
            raise Stale from error
        return self._require_user(user.id)

    def _create(
        self,
        person: Person,
        sign_in: _SignIn | None,
        device: Device,
        ask: Callable[[], Standing | None],
    ) -> UserRecord:
        """Creates the record. Of concurrent first requests one creates it and gives the sign-up
        grant; the others read it."""
        at = now()
        entries = {}
        if sign_in is not None:
            person = _confirmed(person, ask())
            self._count(person, device)
            entries = {sign_in.id: self._sdk_session(sign_in, device, None, at)}
        guest_tokens = self._settings.guest_tokens_to_give if person.anonymous else None
        user = UserRecord(
            id=person.uid,
            name=person.name or default_name(guest=person.anonymous),
            email=person.email,
            email_verified=person.email_verified,
            profile_picture=person.picture,
            guest=person.anonymous,
            sessions=entries,
            tokens=self._settings.tokens_to_give if guest_tokens is None else guest_tokens,
            created_at=at,
            updated_at=at,
        )
        try:
            self.create(user)
        except AlreadyExists as error:
            raise Stale from error
        return user

    def _count(self, person: Person, device: Device) -> None:
        """Counts an account that was made with Firebase's own API like one made with ours: each
        gets the sign-up grant. Raises TooManyRequests."""
        name = "guest" if person.anonymous else "register"
        counted = self._limiter.count(name, account=None, sources=device.sources)
        if counted is not None and counted.exceeded:
            log.warning("rate_limited", limit=name)
            raise TooManyRequests(retry_after=counted.reset)

    def create(self, user: UserRecord) -> None:
        """Stores a new user with a wallet. Raises AlreadyExists."""
        wallet = opening_writes(user.id, user.tokens, user.created_at)
        self._users.commit(*create_writes(user), *wallet)

    def asked_once(self, uid: str) -> Callable[[], Standing | None]:
        """Asks Firebase for the account on the first call, and remembers the answer. The call
        raises Unavailable."""
        answers: list[Standing | None] = []

        def ask() -> Standing | None:
            if not answers:
                answers.append(self.standing(uid))
            return answers[0]

        return ask

    def _require_user(self, uid: str) -> UserRecord:
        user = self._users.get(uid)
        if user is None:
            raise Unavailable(retry_after=1)
        return user


def _listed(user: UserRecord, sign_in: _SignIn | None, at: datetime) -> Session | None:
    """The entry of a sign-in; None if it has none, or has not been used for long."""
    entry = user.sessions.get(sign_in.id) if sign_in else None
    return None if entry is None or entry.expires_at <= at else entry


def _check_access(user: UserRecord, sign_in: _SignIn | None, entry: Session | None) -> None:
    """Raises AccountSuspended; TokenInvalid for a deleted user or a sign-in that has been ended."""
    if user.deleted_at:
        raise TokenInvalid
    if user.suspended:
        raise AccountSuspended
    if sign_in is None:
        return
    since = (entry and entry.kept_at) or sign_in.at
    if user.valid_after and since < user.valid_after:
        raise TokenInvalid
    if entry is None and user.sign_ins_after and sign_in.at <= user.sign_ins_after:
        raise TokenInvalid


def _confirmed(person: Person, standing: Standing | None) -> Person:
    """The person with the address that Firebase has now. Raises TokenInvalid if the sign-in has
    been revoked, or the account disabled or deleted."""
    if standing is None or standing.disabled or person.signed_in_at < standing.valid_after:
        raise TokenInvalid
    email = clean_email(standing.email or "")
    verified = standing.email_verified and email is not None
    return replace(person, email=email, email_verified=verified)


def _cleaned(person: Person) -> Person:
    """The person with details that would be accepted from anybody. Firebase Auth stores whatever an
    SDK client sends, and emulators and custom providers may vouch for anything."""
    email = clean_email(person.email or "")
    return replace(
        person,
        email=email,
        email_verified=person.email_verified and email is not None,
        name=clean_name(person.name, _MAX_NAME),
        picture=clean_picture(person.picture),
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


def _revoked(user: UserRecord, standing: Standing) -> list[str]:
    """Ids of the sessions whose sign-in Firebase has revoked."""
    return [
        each
        for each, session in user.sessions.items()
        if sessions.signed_in_at(session).timestamp() < standing.valid_after
    ]


def _revocation_write(
    document: Document, user: UserRecord, revoked: list[str], standing: Standing
) -> Update:
    """Ends the revoked sign-ins, and those of the Firebase SDK that are not listed yet."""
    last = datetime.fromtimestamp(standing.valid_after - 1, UTC)
    ended = {f"sessions.{each}": DELETE_FIELD for each in revoked}
    floor = max(filter(None, [last, user.sign_ins_after]))
    return Update(document.path, ended | {"signInsAfter": floor}, seen=document)

"""Stored users of people whom Firebase Auth has authenticated: created on the first sign-in, and
kept up to date by later ones.

An address may have been registered by somebody else. So the commit that first records an address as
proved ends every sign-in from before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from troupe.accounts import sessions
from troupe.accounts.errors import AccountSuspended
from troupe.accounts.people import changes_of, cleaned, confirmed
from troupe.accounts.records import Session, UserRecord, default_name
from troupe.accounts.revocations import Revocations
from troupe.accounts.writes import (
    Users,
    add_session_changes,
    create_writes,
    end_sessions_write,
)
from troupe.adapters.firestore import AlreadyExists, Document, Stale, Update, Write, contend, now
from troupe.adapters.identity_records import Person, Standing
from troupe.caller import Device
from troupe.errors import TooManyRequests
from troupe.logs import log
from troupe.rate_limits import Limiter, LimitStatus
from troupe.settings import Settings
from troupe.tokens import TokenInvalid
from troupe.wallet.ledger import grant_writes, opening_writes
from troupe.wallet.records import Meter, Owner

# How often the last use of a sign-in with the Firebase SDK is recorded.
SEEN_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _SignIn:
    """A sign-in with the Firebase SDK, as its ID token names it."""

    id: str
    at: datetime


class Provisioning:
    def __init__(
        self, users: Users, revocations: Revocations, limiter: Limiter, settings: Settings
    ) -> None:
        self._users = users
        self._revocations = revocations
        self._limiter = limiter
        self._settings = settings

    def signed_in(self, person: Person, device: Device) -> tuple[UserRecord, Document]:
        """The user of a person who has just signed in through us, and the document to use as a
        precondition. Raises Stale, AccountSuspended, TokenInvalid if the account is being deleted,
        and TooManyRequests for a new account of a network that has made many."""
        return self._attempt(cleaned(person), None, device, lambda: None)

    def by_id_token(self, person: Person, device: Device) -> tuple[UserRecord, str]:
        """The user of a Firebase ID token, and the id of its sign-in.

        One read, if the token says nothing new. For a sign-in or details that are new, Firebase is
        asked whether they still hold. Raises AccountSuspended, Unavailable, TokenInvalid for a
        sign-in that has ended, and TooManyRequests for a new user, or a guest who has become an
        account, of a network that has made many.
        """
        person = cleaned(person)
        at = datetime.fromtimestamp(person.signed_in_at, UTC)
        sign_in = _SignIn(sessions.sign_in_id(person.signed_in_at, person.provider), at)
        standing = self._revocations.asked_once(person.uid)
        user, _ = contend(lambda: self._attempt(person, sign_in, device, standing))
        return user, sign_in.id

    def _attempt(
        self,
        person: Person,
        sign_in: _SignIn | None,
        device: Device,
        ask: Callable[[], Standing | None],
    ) -> tuple[UserRecord, Document]:
        user, document = self._users.read(person.uid)
        if user is None:
            return self._create(person, sign_in, device, ask)
        at = now()
        entry = _listed(user, sign_in, at)
        _check_access(user, sign_in, entry)
        new = sign_in is not None and entry is None
        changes = changes_of(user, person)
        if sign_in is not None and (new or changes):
            # A token may be older than what it claims, and its sign-in may have been revoked.
            changes = changes_of(user, confirmed(person, ask()))
        if changes.get("emailVerified") and user.email is not None:
            return self._record_proof(user, document, sign_in, device, changes)
        if sign_in is not None and (entry is None or at - entry.last_used_at > SEEN_EVERY):
            seen = self._sdk_session(sign_in, device, entry, at)
            changes |= add_session_changes(user, sign_in.id, seen, at)
        if not changes:
            return user, document
        write = Update(document.path, changes | {"updatedAt": at}, seen=document)
        return self._commit(user, changes, [write], device, at)

    def _record_proof(
        self,
        user: UserRecord,
        document: Document,
        sign_in: _SignIn | None,
        device: Device,
        changes: dict[str, Any],
    ) -> tuple[UserRecord, Document]:
        """Stores that the address is proved, and ends every sign-in from before in that commit. One
        that we saw while the address was not proved is one of those."""
        at = now()
        entries: dict[str, Any] = {}
        if sign_in is not None and sign_in.id not in user.sessions:
            entry = self._sdk_session(sign_in, device, None, at)
            entries = {sign_in.id: entry.model_copy(update={"kept_at": at}).stored()}
        write = end_sessions_write(document, user, at, **changes, sessions=entries)
        changed = self._commit(user, changes, [write], device, at)
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
        self,
        user: UserRecord,
        changes: dict[str, Any],
        writes: list[Write],
        device: Device,
        at: datetime,
    ) -> tuple[UserRecord, Document]:
        """Stores changes. A guest who has become an account counts like a registration and gets the
        rest of the sign-up tokens, once: the ledger entry can only be created once."""
        counted = None
        if changes.get("guest") is False:
            counted = self._count("register", device)
            writes += account_grant(user.id, self._settings, at)
        try:
            self._users.commit(*writes)
        except (AlreadyExists, Stale) as error:
            self._limiter.forget(counted)
            raise Stale from error
        return self._users.require(user.id)

    def _create(
        self,
        person: Person,
        sign_in: _SignIn | None,
        device: Device,
        ask: Callable[[], Standing | None],
    ) -> tuple[UserRecord, Document]:
        """Creates the record. Of concurrent first requests one creates it and gives the sign-up
        grant; the others read it."""
        at = now()
        entries, counted = {}, None
        if sign_in is not None:
            person = confirmed(person, ask())
            entries = {sign_in.id: self._sdk_session(sign_in, device, None, at)}
        if not person.anonymous:
            counted = self._count("register", device)
        elif sign_in is not None:  # our own requests for a guest are counted before they run
            counted = self._count("guest", device)
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
            return user, self.create(user)
        except AlreadyExists as error:
            self._limiter.forget(counted)  # an app's first requests often come together
            raise Stale from error

    def _count(self, name: str, device: Device) -> LimitStatus | None:
        """Counts an account that was made with Firebase's own API like one made with ours, because
        each gets the sign-up grant. Raises TooManyRequests."""
        counted = self._limiter.count(name, account=None, sources=device.sources)
        if counted is not None and counted.exceeded:
            log.warning("rate_limited", limit=name)
            raise TooManyRequests(retry_after=counted.reset)
        return counted

    def create(self, user: UserRecord, more: Sequence[Write] = ()) -> Document:
        """Stores a new user with a wallet, and with `more`. Raises AlreadyExists."""
        first, *others = create_writes(user)
        wallet = opening_writes(Owner.user(user.id), user.tokens, user.created_at)
        committed = self._users.commit(first, *others, *wallet, *more)
        return Document(first.path, user.stored(), True, committed.update_times[0])


def account_grant(uid: str, settings: Settings, at: datetime) -> list[Write]:
    """The rest of the sign-up tokens, for a guest who becomes an account. Their entry in the ledger
    can only be created once."""
    rest = settings.tokens_to_give - settings.guest_tokens_to_give
    if rest <= 0:
        return []
    return grant_writes(Owner.user(uid), "account-grant", Meter.TOKENS, rest, "account", at)


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

"""API keys: create, list, change, rotate, revoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from troupe.access import belongs, company_admin, keeper, manages
from troupe.adapters.firestore import (
    AlreadyExists,
    Create,
    Database,
    Document,
    Increment,
    Stale,
    Update,
    contend,
    now,
)
from troupe.api_keys import secrets
from troupe.api_keys.errors import (
    ApiKeyNotFound,
    ApiKeyRequired,
    ApiKeysNotConfigured,
    KeyRevoked,
    TooManyKeys,
)
from troupe.api_keys.records import (
    COLLECTION,
    MOST_KEYS,
    ApiKey,
    key_path,
    owner_path,
    warning_of,
)
from troupe.api_keys.telling import expiring_events
from troupe.caller import Caller
from troupe.errors import CompanyNotFound, GuestNotAllowed
from troupe.logs import log
from troupe.wallet.budgets import Budget, Cap, key_month_path
from troupe.wallet.ledger import wallet_path
from troupe.wallet.records import Wallet

_RETRY_AFTER_FAILURE = timedelta(hours=1)  # before a warning that failed is tried again


@dataclass(frozen=True, slots=True)
class KeyWithUse:
    """`spent`: this month's, None if the key has spent nothing."""

    key: ApiKey
    spent: Budget | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """`text`: the whole key, which is shown once."""

    key: ApiKey
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    name: str
    scopes: Sequence[str]
    expires_at: datetime | None
    ip_allow: Sequence[str]
    cap: Cap
    per_minute: int | None


class ApiKeys:
    def __init__(self, db: Database, pepper: str) -> None:
        self._db = db
        self._pepper = pepper

    def create(self, caller: Caller, company_id: str | None, draft: Draft) -> NewSecret:
        """`company_id`: None for a key of the caller's own. Raises GuestNotAllowed,
        CompanyNotFound, Forbidden for members who do not manage the company, TooManyKeys,
        ApiKeysNotConfigured."""
        if not self._pepper:
            raise ApiKeysNotConfigured
        if caller.guest:
            raise GuestNotAllowed
        if company_id is not None:
            company_admin(company_id, caller, CompanyNotFound)
            # An administrator of Troupe is let in, but a key acts as a member.
            if company_id not in caller.companies:
                raise CompanyNotFound
        at = now()
        secret = secrets.new_secret(secrets.new_id())
        key = ApiKey(
            id=secret.id,
            uid=caller.uid,
            company_id=company_id,
            owner_id=company_id or caller.uid,
            name=draft.name,
            last4=secret.last4,
            hash=secrets.hash_of(secret.secret, self._pepper),
            scopes=sorted(draft.scopes),
            expires_at=draft.expires_at,
            warn_at=warning_of(draft.expires_at),
            ip_allow=list(draft.ip_allow),
            cap=draft.cap,
            per_minute=draft.per_minute,
            created_at=at,
        )
        counted = owner_path(caller.uid, company_id)

        def attempt() -> None:
            owner = self._db.get(counted)
            if owner.data.get("apiKeys", 0) >= MOST_KEYS:
                raise TooManyKeys
            try:
                self._db.commit(
                    Create(key_path(key.id), key.stored()),
                    Update(counted, {"apiKeys": Increment(1)}, seen=owner),
                )
            except AlreadyExists:
                return  # our own commit, sent again after its response was lost

        contend(attempt, on=counted)
        return NewSecret(key, secret.text)

    def page(self, caller: Caller, company_id: str | None) -> list[KeyWithUse]:
        """The keys that are not revoked, newest first, at most MOST_KEYS. Raises CompanyNotFound,
        Forbidden."""
        if company_id is not None:
            company_admin(company_id, caller, CompanyNotFound)
        found = self._db.find(
            COLLECTION,
            where=[("ownerId", "==", company_id or caller.uid), ("revokedAt", "==", None)],
            limit=MOST_KEYS,
        )
        keys = sorted(map(ApiKey.of, found), key=lambda key: key.created_at, reverse=True)
        return self._with_use(keys)

    def get(self, caller: Caller, key_id: str) -> KeyWithUse:
        """Raises ApiKeyNotFound, also for another owner's."""
        return self._with_use([ApiKey.of(self._mine(caller, key_id))])[0]

    def this(self, caller: Caller) -> tuple[KeyWithUse, Wallet]:
        """The key that the request came with, and the wallet that it spends from. Raises
        ApiKeyRequired."""
        if caller.key is None:
            raise ApiKeyRequired
        document, month, wallet = self._db.get_all(
            [
                key_path(caller.key.id),
                key_month_path(caller.key.id, now()),
                wallet_path(caller.key.company_id or caller.uid),
            ]
        )
        spent = Budget.of(month) if month.exists else None
        return KeyWithUse(ApiKey.of(document), spent), Wallet.of(wallet)

    def update(self, caller: Caller, key_id: str, changes: Mapping[str, Any]) -> KeyWithUse:
        """Replaces the fields in `changes`, which have the names of ApiKey. Raises ApiKeyNotFound,
        KeyRevoked."""

        def attempt() -> ApiKey:
            document = self._mine(caller, key_id)
            before = ApiKey.of(document)
            if before.revoked_at is not None:
                raise KeyRevoked
            after = before.model_copy(update=dict(changes))
            if after.expires_at != before.expires_at:
                after = after.model_copy(update={"warn_at": warning_of(after.expires_at)})
            self._db.commit(Update(key_path(key_id), after.stored(), seen=document))
            return after

        return self._with_use([contend(attempt, on=key_path(key_id))])[0]

    def rotate(self, caller: Caller, key_id: str, grace: timedelta) -> NewSecret:
        """A new secret; the one before is accepted for `grace` more, any older one no longer.
        Raises ApiKeyNotFound, KeyRevoked, ApiKeysNotConfigured."""
        if not self._pepper:
            raise ApiKeysNotConfigured
        secret = secrets.new_secret(key_id)
        hashed = secrets.hash_of(secret.secret, self._pepper)

        def attempt() -> ApiKey:
            document = self._mine(caller, key_id)
            before = ApiKey.of(document)
            if before.revoked_at is not None:
                raise KeyRevoked
            if before.hash == hashed:  # our own commit, sent again
                return before
            at = now()
            fields = {
                "hash": hashed,
                "last4": secret.last4,
                "previousHash": before.hash if grace else None,
                "previousUntil": at + grace if grace else None,
                # Whoever uses the new secret may not know when the key expires.
                "warnAt": warning_of(before.expires_at),
            }
            self._db.commit(
                Update(key_path(key_id), fields, seen=document),
            )
            return ApiKey.model_validate({"id": key_id, **document.data, **fields})

        return NewSecret(contend(attempt, on=key_path(key_id)), secret.text)

    def revoke(self, caller: Caller, key_id: str) -> None:
        """Ends the key at once. Its document stays, because jobs name it; a revoked key stays
        revoked. Raises ApiKeyNotFound."""

        def attempt() -> None:
            document = self._mine(caller, key_id)
            key = ApiKey.of(document)
            if key.revoked_at is not None:
                return
            counted = owner_path(key.uid, key.company_id)
            fields = {"revokedAt": now(), "previousHash": None, "warnAt": None}
            self._db.commit(
                Update(document.path, fields, seen=document),
                Update(counted, {"apiKeys": Increment(-1)}),
            )

        contend(attempt, on=key_path(key_id))

    def warn(self, limit: int) -> int:
        """Called by the sweep: tells webhooks of up to `limit` keys that expire soon, once for each
        expiry and rotation; returns how many keys were due."""
        due = self._db.due(COLLECTION, limit, field="warnAt")
        for document in due:
            try:
                self._warn(document)
            except Stale:
                continue  # it has changed: the next sweep looks again
            except Exception as error:  # one key must not block the others, now or next time
                log.error("key_stumbled", error, keyId=document.id)
                with suppress(Exception):
                    later = {"warnAt": now() + _RETRY_AFTER_FAILURE}
                    self._db.commit(Update(document.path, later, seen=document))
        return len(due)

    def _warn(self, document: Document) -> None:
        """Raises Stale."""
        key, at = ApiKey.of(document), now()
        owner = self._db.get(owner_path(key.uid, key.company_id)).data
        told = [] if owner.get("deletedAt") else expiring_events(owner, key, at)
        self._db.commit_or_stale(Update(document.path, {"warnAt": None}, seen=document), *told)

    def _mine(self, caller: Caller, key_id: str) -> Document:
        """Also a key that a colleague made for a company that the caller manages."""
        document = self._db.get(key_path(key_id))
        company_id = document.data.get("companyId")
        mine = manages(company_id, caller) if company_id else belongs(document, caller.uid)
        keeper(document, caller.uid, None if mine else ApiKeyNotFound)
        return document

    def _with_use(self, keys: list[ApiKey]) -> list[KeyWithUse]:
        at = now()
        months = self._db.get_all([key_month_path(key.id, at) for key in keys]) if keys else []
        return [
            KeyWithUse(key, Budget.of(month) if month.exists else None)
            for key, month in zip(keys, months, strict=True)
        ]

"""Who sends a request with an API key."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network

from troupe.accounts.errors import AccountSuspended
from troupe.accounts.records import AccountCaller
from troupe.accounts.writes import Users
from troupe.adapters.firestore import Database, Missing, Update, now
from troupe.api_keys import secrets
from troupe.api_keys.errors import AddressNotAllowed, ApiKeyExpired, ApiKeyInvalid
from troupe.api_keys.records import ApiKey, key_path
from troupe.caller import Device

# How exact `lastUsedAt` is. A write for each request would double what a key costs.
_USE_RECORDED = timedelta(minutes=10)


class KeyCallers:
    def __init__(self, db: Database, pepper: str) -> None:
        self._db = db
        self._users = Users(db)
        self._pepper = pepper

    def authenticate(self, text: str, device: Device) -> AccountCaller:
        """The user for whom a key acts. Reads the key and the user; a mistyped key reads nothing.

        Raises ApiKeyInvalid, ApiKeyExpired, AddressNotAllowed, AccountSuspended.
        """
        sent = secrets.parse(text)
        if sent is None or not self._pepper:
            raise ApiKeyInvalid
        key = self._key(sent.id)
        if not self._is_current(key, sent.secret):
            raise ApiKeyInvalid
        caller = self._caller(key)
        if key.expires_at is not None and key.expires_at <= now():
            raise ApiKeyExpired
        if key.ip_allow and not _is_allowed(device.address, key.ip_allow):
            raise AddressNotAllowed
        self._record_use(key)
        return caller

    def of_link(self, key_id: str) -> AccountCaller:
        """The user whose file a link opens that was made for a request with a key. Raises
        ApiKeyInvalid, ApiKeyExpired, AccountSuspended."""
        key = self._key(key_id)
        if key.expires_at is not None and key.expires_at <= now():
            raise ApiKeyExpired
        return self._caller(key)

    def _key(self, key_id: str) -> ApiKey:
        document = self._db.get(key_path(key_id))
        if not document.exists:
            raise ApiKeyInvalid
        key = ApiKey.of(document)
        if key.revoked_at is not None:
            raise ApiKeyInvalid
        return key

    def _is_current(self, key: ApiKey, secret: str) -> bool:
        if secrets.matches(secret, self._pepper, key.hash):
            return True
        if key.previous_hash is None or key.previous_until is None or key.previous_until <= now():
            return False
        return secrets.matches(secret, self._pepper, key.previous_hash)

    def _caller(self, key: ApiKey) -> AccountCaller:
        user = self._users.get(key.uid)
        if user is None or user.deleted_at:
            raise ApiKeyInvalid
        if user.suspended:
            raise AccountSuspended
        caller = AccountCaller.by_key(user, key.use)
        # Who no longer manages the company has no key to it.
        if key.company_id and caller.companies.get(key.company_id) not in ("owner", "admin"):
            raise ApiKeyInvalid
        return caller

    def _record_use(self, key: ApiKey) -> None:
        at = now()
        if key.last_used_at is None or at - key.last_used_at >= _USE_RECORDED:
            with suppress(Missing):  # erased in the meantime
                self._db.commit(Update(key_path(key.id), {"lastUsedAt": at}))


def _is_allowed(address: str | None, networks: list[str]) -> bool:
    """`address`: an address, or the /64 of IPv6; None if it is not known."""
    if address is None:
        return False
    here = ip_network(address)
    return any(
        here.subnet_of(allowed)  # type: ignore[arg-type]
        for allowed in map(ip_network, networks)
        if allowed.version == here.version
    )

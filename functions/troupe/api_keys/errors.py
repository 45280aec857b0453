"""What can be wrong with an API key, and with a request that comes with one."""

from __future__ import annotations

from troupe.errors import (
    Conflict,
    Forbidden,
    NotFound,
    ScopeMissing,
    Unauthorized,
    Unavailable,
)


class ApiKeyInvalid(Unauthorized):
    """One answer for keys that never were, have another secret, or are revoked."""

    code = "api_key_invalid"
    message = "This API key is invalid, or was revoked."


class ApiKeyExpired(Unauthorized):
    code = "api_key_expired"
    message = "This API key has expired. Create a new one, or give it a later `expiresAt`."


class ApiKeyRequired(Unauthorized):
    code = "api_key_required"
    message = "This operation tells about an API key. Send it with one."


class AddressNotAllowed(Forbidden):
    code = "address_not_allowed"
    message = "This API key is not accepted from this network address."


class ApiKeyNotFound(NotFound):
    code = "api_key_not_found"
    message = "You don't have an API key with this id."


class TooManyKeys(Conflict):
    code = "too_many_keys"
    message = "There are 20 API keys already. Revoke one that is not needed."


class KeyRevoked(Conflict):
    code = "key_revoked"
    message = "This API key was revoked. Create a new one."


class ApiKeysNotConfigured(Unavailable):
    code = "api_keys_not_configured"
    message = "This server has no API keys: API_KEYS is off."


# Of a request with a key.
KEY_ERRORS = (ApiKeyInvalid, ApiKeyExpired, AddressNotAllowed, ScopeMissing)

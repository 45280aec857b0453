"""API keys over HTTP. No key can call any of this but `thisKey`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from troupe.api_keys import schemas
from troupe.api_keys.errors import (
    ApiKeyNotFound,
    ApiKeyRequired,
    ApiKeysNotConfigured,
    KeyRevoked,
    TooManyKeys,
)
from troupe.caller import Scope
from troupe.errors import CompanyNotFound, Forbidden, GuestNotAllowed
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.api_keys.service import ApiKeys
    from troupe.caller import Caller

api = Api("api_keys", "API keys")


@api.post(
    "/api/keys",
    status=201,
    data=schemas.KeySecret,
    errors=(GuestNotAllowed, CompanyNotFound, Forbidden, TooManyKeys, ApiKeysNotConfigured),
    headers=("Location",),
    limit="new_key",
)
def create_key(body: schemas.CreateKey, caller: Caller, api_keys: ApiKeys) -> Reply:
    """Creates an API key for your programs, or for those of a company that you manage. The answer
    has the key; it is never shown again. Everything that is done with it is done in your name, and
    paid by you or the company. At most 20 keys each."""
    made = api_keys.create(caller, body.company_id, body.draft)
    data = schemas.KeySecret(key=schemas.KeyView.of(made.key), secret=made.text)
    message = "API key created. Store it now: it is not shown again"
    return Reply(data, message, headers={"Location": f"/api/keys/{made.key.id}"})


@api.get("/api/keys", data=schemas.KeyList, errors=(CompanyNotFound, Forbidden))
def list_keys(query: schemas.KeysQuery, caller: Caller, api_keys: ApiKeys) -> Reply:
    """Lists your API keys, or those of a company, newest first, with what they spent this month.
    Revoked ones are left out."""
    found = api_keys.page(caller, query.company_id)
    data = schemas.KeyList(keys=[schemas.KeyView.of(each) for each in found])
    return Reply(data, "API keys fetched successfully")


@api.get("/api/keys/me", scope=Scope.ANY, data=schemas.ThisKey, errors=(ApiKeyRequired,))
def this_key(caller: Caller, api_keys: ApiKeys) -> Reply:
    """Tells an API key about itself: its scopes and limits, what it spent this month, and what its
    owner has available. Send the key itself."""
    found, wallet = api_keys.this(caller)
    owner = schemas.KeyOwnerView(kind=wallet.owner.kind, id=wallet.owner.id)
    data = schemas.ThisKey(
        key=schemas.KeyView.of(found), owner=owner, balance=schemas.KeyBalanceView.of(wallet)
    )
    return Reply(data, "API key fetched successfully")


@api.get("/api/keys/<keyId>", auth=Auth.OWNER, data=schemas.KeyData, errors=(ApiKeyNotFound,))
def get_key(path: schemas.KeyPath, caller: Caller, api_keys: ApiKeys) -> Reply:
    """Returns an API key, also a revoked one."""
    return _one(schemas.KeyView.of(api_keys.get(caller, path.key_id)), "fetched")


@api.put(
    "/api/keys/<keyId>",
    auth=Auth.OWNER,
    data=schemas.KeyData,
    errors=(ApiKeyNotFound, KeyRevoked),
)
def update_key(
    path: schemas.KeyPath, body: schemas.UpdateKey, caller: Caller, api_keys: ApiKeys
) -> Reply:
    """Changes the name, the scopes, the networks, the limits or the expiry of an API key, from the
    next request on."""
    changed = api_keys.update(caller, path.key_id, body.changes)
    return _one(schemas.KeyView.of(changed), "updated")


@api.post(
    "/api/keys/<keyId>/rotate",
    auth=Auth.OWNER,
    data=schemas.KeySecret,
    errors=(ApiKeyNotFound, KeyRevoked, ApiKeysNotConfigured),
    limit="new_key",
)
def rotate_key(
    path: schemas.KeyPath, body: schemas.RotateKey, caller: Caller, api_keys: ApiKeys
) -> Reply:
    """Gives an API key a new secret. The one before is accepted for `graceHours` more, so that
    programs can change over; an older one no longer."""
    made = api_keys.rotate(caller, path.key_id, timedelta(hours=body.grace_hours))
    data = schemas.KeySecret(key=schemas.KeyView.of(made.key), secret=made.text)
    return Reply(data, "API key rotated. Store it now: it is not shown again")


@api.delete("/api/keys/<keyId>", auth=Auth.OWNER, errors=(ApiKeyNotFound,))
def revoke_key(path: schemas.KeyPath, caller: Caller, api_keys: ApiKeys) -> Reply:
    """Revokes an API key at once and for good. Jobs that it started go on."""
    api_keys.revoke(caller, path.key_id)
    return Reply(message="API key revoked successfully")


def _one(view: schemas.KeyView, done: str) -> Reply:
    return Reply(schemas.KeyData(key=view), f"API key {done} successfully")

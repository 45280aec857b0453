"""Requests and responses of the operations on API keys."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from troupe.adapters.firestore import now
from troupe.api_keys.records import MOST_ADDRESSES, MOST_KEYS, ApiKey
from troupe.api_keys.service import Draft, KeyWithUse
from troupe.caller import Scope
from troupe.tokens import KEY_PREFIX
from troupe.wallet.budgets import Cap
from troupe.wallet.records import Meter, OwnerKind, Wallet
from troupe.web.schema import Id, Line, Schema, Time, example

_SCOPES = sorted(scope.value for scope in Scope if scope is not Scope.ANY)
_MOST = 1_000_000_000
# Requests are only known by the /64 of an IPv6 address.
_LONGEST_IPV6 = 64


def _scopes(given: list[str]) -> list[str]:
    if unknown := sorted(set(given) - set(_SCOPES)):
        raise PydanticCustomError(
            "unknown_scope",
            "has the unknown scope {unknown}; the scopes are {scopes}",
            {"unknown": unknown[0], "scopes": ", ".join(_SCOPES)},
        )
    return sorted(set(given))


def _network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise PydanticCustomError(
            "network", "must be an address or a network such as 203.0.113.0/24"
        ) from None
    if network.version == 6 and network.prefixlen > _LONGEST_IPV6:
        raise PydanticCustomError(
            "network", "must be a network of IPv6 such as 2001:db8::/64, and no smaller one"
        )
    return str(network)


def _later(at: datetime) -> datetime:
    if at <= now():
        raise PydanticCustomError("in_the_past", "must be in the future")
    return at


Scopes = Annotated[
    list[Annotated[str, StringConstraints(max_length=40)]],
    Field(
        min_length=1,
        max_length=2 * len(_SCOPES),
        description="What the key may do, of " + ", ".join(f"`{each}`" for each in _SCOPES) + ".",
    ),
    AfterValidator(_scopes),
]
Networks = Annotated[
    list[Annotated[str, StringConstraints(max_length=50), AfterValidator(_network)]],
    Field(
        max_length=MOST_ADDRESSES,
        description="The networks that requests may come from; empty: any. An IPv6 network has at "
        "least a /64.",
    ),
]
PerMinute = Annotated[
    int, Field(ge=1, le=10_000, description="How many requests the key may make in a minute.")
]
Expiry = Annotated[Time, AfterValidator(_later)]


class KeyCap(Schema):
    """What the key may spend in a calendar month (UTC); a missing meter has no limit."""

    tokens: int | None = Field(None, ge=0, le=_MOST)
    voice_seconds: int | None = Field(None, ge=0, le=_MOST)

    @property
    def cap(self) -> Cap:
        return Cap(tokens=self.tokens, voice_seconds=self.voice_seconds)


class CreateKey(Schema):
    model_config = example(
        {"name": "Blog", "scopes": ["speech"], "cap": {"tokens": 100}, "rate": 60}
    )

    name: Line = Field(max_length=100)
    scopes: Scopes
    expires_at: Expiry | None = None
    ip_allow: Networks = Field(default_factory=list)
    cap: KeyCap | None = None
    rate: PerMinute | None = None
    company_id: Id | None = Field(
        None, description="The company that the key belongs to, and that pays; you manage it."
    )

    @property
    def draft(self) -> Draft:
        return Draft(
            name=self.name,
            scopes=self.scopes,
            expires_at=self.expires_at,
            ip_allow=self.ip_allow,
            cap=self.cap.cap if self.cap else Cap(),
            per_minute=self.rate,
        )


class UpdateKey(Schema):
    """Fields that are missing keep their values; null removes an expiry, a cap or a rate."""

    model_config = example({"name": "Blog", "cap": {"tokens": 200}})

    name: Annotated[Line, Field(max_length=100)] | None = None
    scopes: Scopes | None = None
    expires_at: Expiry | None = None
    ip_allow: Networks | None = None
    cap: KeyCap | None = None
    rate: PerMinute | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing_to_change", "must have a field to change")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        given = self.model_fields_set
        if self.name is not None:
            changes["name"] = self.name
        if self.scopes is not None:
            changes["scopes"] = self.scopes
        if "expires_at" in given:
            changes["expires_at"] = self.expires_at
        if "ip_allow" in given:
            changes["ip_allow"] = self.ip_allow or []
        if "cap" in given:
            changes["cap"] = self.cap.cap if self.cap else Cap()
        if "rate" in given:
            changes["per_minute"] = self.rate
        return changes


class KeysQuery(Schema):
    company_id: Id | None = Field(None, description="For the keys of a company that you manage.")


class RotateKey(Schema):
    model_config = example({"graceHours": 24})

    grace_hours: int = Field(
        24, ge=0, le=72, description="How long the secret before is still accepted."
    )


class KeyPath(Schema):
    key_id: Id


class KeyCapView(Schema):
    """Null: no limit."""

    tokens: int | None
    voice_seconds: int | None


class KeyUsedView(Schema):
    """Including what running jobs hold."""

    tokens: int
    voice_seconds: int


class KeyView(Schema):
    id: str
    name: str
    prefix: str = Field(description="How the key begins.")
    last4: str = Field(description="How it ends.")
    company_id: str | None
    created_by: str = Field(description="The id of the user who made it.")
    scopes: list[str]
    expires_at: datetime | None
    ip_allow: list[str]
    cap: KeyCapView
    rate: int | None = Field(
        description="How many requests it may make in a minute; null: the server's default."
    )
    used_this_month: KeyUsedView
    created_at: datetime
    last_used_at: datetime | None = Field(description="Exact to ten minutes.")
    previous_valid_until: datetime | None = Field(
        description="Until when the secret before the last rotation is accepted."
    )
    revoked_at: datetime | None

    @classmethod
    def of(cls, given: KeyWithUse | ApiKey) -> Self:
        key = given if isinstance(given, ApiKey) else given.key
        spent = None if isinstance(given, ApiKey) else given.spent
        until = key.previous_until
        return cls(
            id=key.id,
            name=key.name,
            prefix=f"{KEY_PREFIX}{key.id}",
            last4=key.last4,
            company_id=key.company_id,
            created_by=key.uid,
            scopes=key.scopes,
            expires_at=key.expires_at,
            ip_allow=key.ip_allow,
            cap=KeyCapView(tokens=key.cap.tokens, voice_seconds=key.cap.voice_seconds),
            rate=key.per_minute,
            used_this_month=KeyUsedView(
                tokens=spent.tokens.total if spent else 0,
                voice_seconds=spent.voice_seconds.total if spent else 0,
            ),
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            previous_valid_until=until if until and until > now() else None,
            revoked_at=key.revoked_at,
        )


class KeyData(Schema):
    key: KeyView


class KeySecret(Schema):
    key: KeyView
    secret: str = Field(description="The whole key. It is shown only this once.")


class KeyList(Schema):
    keys: list[KeyView] = Field(max_length=MOST_KEYS)


class KeyOwnerView(Schema):
    kind: OwnerKind
    id: str


class KeyBalanceView(Schema):
    """What the owner has available."""

    tokens: int
    voice_seconds: int

    @classmethod
    def of(cls, wallet: Wallet) -> Self:
        available = {meter: wallet.meter(meter).available for meter in Meter}
        return cls(tokens=available[Meter.TOKENS], voice_seconds=available[Meter.VOICE_SECONDS])


class ThisKey(Schema):
    key: KeyView
    owner: KeyOwnerView
    balance: KeyBalanceView

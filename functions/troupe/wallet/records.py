"""Wallets and ledger entries. Amounts are integers, in tokens or seconds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from troupe.records import Record


class OwnerKind(StrEnum):
    USER = "user"
    COMPANY = "company"


class Owner(NamedTuple):
    """Who pays: a user or a company. Wallets, subscriptions and payments belong to one, and carry
    its id; the kind is passed along with it, and is never guessed from the id."""

    kind: OwnerKind
    id: str

    @classmethod
    def user(cls, uid: str) -> Owner:
        return cls(OwnerKind.USER, uid)

    @classmethod
    def company(cls, company_id: str) -> Owner:
        return cls(OwnerKind.COMPANY, company_id)

    @classmethod
    def of(cls, uid: str, company_id: str | None) -> Owner:
        """The company, if it pays for its member `uid`."""
        return cls.company(company_id) if company_id else cls.user(uid)

    @property
    def company_id(self) -> str | None:
        return self.id if self.kind is OwnerKind.COMPANY else None

    @property
    def path(self) -> str:
        """The owner's document, which repeats the balances and the plan."""
        return f"users/{self.id}" if self.kind is OwnerKind.USER else f"companies/{self.id}"


class Meter(StrEnum):
    TOKENS = "tokens"
    VOICE_SECONDS = "voiceSeconds"


class EntryKind(StrEnum):
    GRANT = "grant"
    HOLD = "hold"
    SETTLE = "settle"
    RELEASE = "release"
    CONSUME = "consume"
    EXPIRE = "expire"  # a plan's minutes that were neither used nor held when the period ended
    REVERSE = "reverse"  # what was paid for was paid back, or disputed; or that was undone
    ADJUST = "adjust"  # an administrator set the balance


class Balance(Record):
    """One meter. `held` is reserved for running jobs and cannot pay for anything else."""

    granted: int = 0
    used: int = 0
    held: int = 0

    @property
    def available(self) -> int:
        return self.granted - self.used - self.held


class Level(Record):
    """`full`: what was not used of a meter at the first charge after `granted` had changed. `told`:
    webhooks know that little of it is left."""

    granted: int
    full: int
    told: bool = False


class Wallet(Record):
    """`wallets/{ownerId}`. `levels`: of owners with webhooks."""

    id: str
    kind: OwnerKind = OwnerKind.USER
    tokens: Balance = Balance()
    voice_seconds: Balance = Balance()
    blocked: str | None = None  # why nothing may be spent: `dispute`, of a payment
    levels: dict[Meter, Level] = Field(default_factory=dict)

    @property
    def owner(self) -> Owner:
        return Owner(self.kind, self.id)

    def meter(self, meter: Meter) -> Balance:
        return self.tokens if meter is Meter.TOKENS else self.voice_seconds


class GrantCause(StrEnum):
    """Why a period of a plan gave anything."""

    PAYMENT = "payment"
    ADMIN = "admin"
    FREE = "free"  # the plan costs nothing
    UNPAID = "unpaid"  # it has a price, but payments were off


class Entry(Record):
    """One entry of the ledger: how much each part of the meter changed, and why.

    `granted`, `used` and `held` are signed changes; summed over the ledger they equal the wallet.
    `by`: the member who spent a company's money. `cap` and `member_since`, of such a hold: how much
    the member could spend in the month (None: no limit), and since when they were a member, as the
    commit found it. `cause`, of a plan's grant. The audit needs these three; older entries do not
    have them.
    """

    id: str
    kind: EntryKind
    meter: Meter
    granted: int = 0
    used: int = 0
    held: int = 0
    reason: str
    job_id: str | None = None
    by: str | None = None
    cap: int | None = None
    member_since: datetime | None = None
    cause: GrantCause | None = None
    request_hash: str | None = None  # of a keyed request
    remaining: int | None = (
        None  # available after it, so that a repeated request gets the same answer
    )
    total: int | None = None  # granted after it, for the same reason
    at: datetime

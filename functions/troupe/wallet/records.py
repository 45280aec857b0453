"""Wallets and ledger entries. Amounts are integers, in tokens or seconds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from troupe.records import Record


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
    ADJUST = "adjust"  # an administrator set the balance


class Balance(Record):
    """One meter. `held` is reserved for running jobs and cannot pay for anything else."""

    granted: int = 0
    used: int = 0
    held: int = 0

    @property
    def available(self) -> int:
        return self.granted - self.used - self.held


class Wallet(Record):
    id: str
    tokens: Balance = Balance()
    voice_seconds: Balance = Balance()

    def meter(self, meter: Meter) -> Balance:
        return self.tokens if meter is Meter.TOKENS else self.voice_seconds


class Entry(Record):
    """One entry of the ledger: how much each part of the meter changed, and why.

    `granted`, `used` and `held` are signed changes; summed over the ledger they equal the wallet.
    """

    id: str
    kind: EntryKind
    meter: Meter
    granted: int = 0
    used: int = 0
    held: int = 0
    reason: str
    job_id: str | None = None
    request_hash: str | None = None  # of a keyed request
    remaining: int | None = (
        None  # available after it, so that a repeated request gets the same answer
    )
    total: int | None = None  # granted after it, for the same reason
    at: datetime

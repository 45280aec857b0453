"""Balances, and spending tokens without a job."""

from __future__ import annotations

from dataclasses import dataclass

from troupe.adapters.firestore import AlreadyExists, Database, Stale, contend, now
from troupe.errors import GuestNotAllowed
from troupe.idempotency import KeyReused, keyed_id, request_hash
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.wallet.errors import BillingBlocked, NotEnoughTokens, WalletNotFound
from troupe.wallet.ledger import (
    entry_writes,
    grant_writes,
    ledger_path,
    user_path,
    wallet_path,
)
from troupe.wallet.low import low_writes
from troupe.wallet.records import Entry, EntryKind, Meter, Owner, Wallet


@dataclass(frozen=True, slots=True)
class Usage:
    used: int
    total: int

    @property
    def percentage(self) -> float:
        return round(100 * self.used / self.total, 2) if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Added:
    """A meter after an addition."""

    total: int
    available: int


class WalletService:
    def __init__(self, db: Database) -> None:
        self._db = db

    def balance(self, uid: str) -> Wallet:
        document = self._db.get(wallet_path(uid))
        if not document.exists:
            raise WalletNotFound
        return Wallet.of(document)

    def usage(self, uid: str) -> Usage:
        tokens = self.balance(uid).tokens
        return Usage(tokens.used, tokens.granted)

    def consume(self, uid: str, tokens: int, action: str, key: str | None) -> int:
        """Spends tokens at once; returns how many remain available.

        With a key, a repeat of the same request spends nothing and returns the same.
        Raises NotEnoughTokens, WalletNotFound, KeyReused.
        """
        entry_id = f"consume-{keyed_id(uid, key)}"
        fingerprint = request_hash("consumeTokens", {"tokens": tokens, "action": action})
        paths = [wallet_path(uid), f"{ledger_path(uid)}/{entry_id}", user_path(uid)]

        def attempt() -> int:
            document, earlier, user = self._db.get_all(paths)
            if earlier.exists:
                return _repeated(Entry.of(earlier), fingerprint).remaining or 0
            if not document.exists:
                raise WalletNotFound
            wallet = Wallet.of(document)
            if wallet.blocked:
                raise BillingBlocked
            available = wallet.tokens.available
            if available < tokens:
                raise NotEnoughTokens.of(tokens, available)
            entry = Entry(
                id=entry_id,
                kind=EntryKind.CONSUME,
                meter=Meter.TOKENS,
                used=tokens,
                reason=action,
                request_hash=fingerprint,
                remaining=available - tokens,
                at=now(),
            )
            low = low_writes(document, user.data, Meter.TOKENS, tokens, entry_id, entry.at)
            try:
                self._db.commit(*entry_writes(document, [entry]), *low)
            except AlreadyExists:
                # A concurrent request with the same key, or our own commit retried: read again.
                raise Stale from None
            return available - tokens

        return contend(attempt, on=wallet_path(uid))

    def grant(self, uid: str, entry_id: str, meter: Meter, amount: int, reason: str) -> bool:
        """Adds to a meter; False if this `entry_id` was granted before."""
        try:
            self._db.commit(*grant_writes(Owner.user(uid), entry_id, meter, amount, reason, now()))
        except AlreadyExists:
            return False
        return True

    def add(self, uid: str, meter: Meter, amount: int, reason: str, key: str | None) -> Added:
        """Adds an amount that never expires to a meter. With a key, a repeat of the same request
        adds nothing and returns the same. Raises GuestNotAllowed, WalletNotFound, KeyReused."""
        entry_id = f"add-{keyed_id(uid, key)}"
        fingerprint = request_hash("add", {"meter": meter, "amount": amount})
        paths = [user_path(uid), wallet_path(uid), f"{ledger_path(uid)}/{entry_id}"]

        def attempt() -> Added:
            user, document, earlier = self._db.get_all(paths)
            if user.data.get("guest"):
                raise GuestNotAllowed
            if earlier.exists:
                entry = _repeated(Entry.of(earlier), fingerprint)
                return Added(entry.total or 0, entry.remaining or 0)
            if not document.exists:
                raise WalletNotFound
            balance = Wallet.of(document).meter(meter)
            added = Added(balance.granted + amount, balance.available + amount)
            entry = Entry(
                id=entry_id,
                kind=EntryKind.GRANT,
                meter=meter,
                granted=amount,
                reason=reason,
                request_hash=fingerprint,
                remaining=added.available,
                total=added.total,
                at=now(),
            )
            try:
                self._db.commit(*entry_writes(document, [entry]))
            except AlreadyExists:
                raise Stale from None  # as in `consume`
            return added

        return contend(attempt, on=wallet_path(uid))

    def ledger(self, uid: str, page: PageRequest) -> tuple[list[Entry], PageOf]:
        found = newest_first(self._db, ledger_path(uid), page, field="at")
        return [Entry.of(document) for document in found.documents], found


def _repeated(earlier: Entry, fingerprint: str) -> Entry:
    if earlier.request_hash != fingerprint:
        raise KeyReused
    return earlier

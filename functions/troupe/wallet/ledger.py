"""The ledger: every change to a wallet is a pair of writes, committed with those of its cause.

Entry ids are derived from the cause (`{jobId}-settle`), and entries are created, never set, so
the same cause cannot be committed twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from troupe.adapters.firestore import Create, Document, Increment, Update, Write
from troupe.wallet.records import Balance, Entry, EntryKind, Meter, Owner, Wallet

_VOICE_SECONDS = f"{Meter.VOICE_SECONDS}."


def wallet_path(owner_id: str) -> str:
    return f"wallets/{owner_id}"


def user_path(uid: str) -> str:
    """The user's document, which repeats the balances and marks guests."""
    return f"users/{uid}"


def ledger_path(owner_id: str) -> str:
    return f"wallets/{owner_id}/ledger"


def plan_grant_id(owner_id: str, period: int, meter: Meter) -> str:
    """The id of the entry for what a period of a subscription grants."""
    return f"plan-{owner_id}-{period}-{meter}"


def opening_writes(owner: Owner, tokens: int, at: datetime) -> list[Write]:
    """A new wallet with the sign-up grant; committed with the new owner, whose document must show
    these tokens."""
    wallet = Wallet(id=owner.id, kind=owner.kind, tokens=Balance(granted=tokens))
    entry = Entry(
        id="signup-grant",
        kind=EntryKind.GRANT,
        meter=Meter.TOKENS,
        granted=tokens,
        reason="signup",
        at=at,
    )
    opened = Create(wallet_path(owner.id), wallet.stored() | {"updatedAt": at})
    return [opened, *([_created(owner.id, entry)] if tokens else [])]


def grant_writes(
    owner: Owner, entry_id: str, meter: Meter, amount: int, reason: str, at: datetime
) -> list[Write]:
    """Adds to a meter, once per `entry_id`."""
    entry = Entry(
        id=entry_id, kind=EntryKind.GRANT, meter=meter, granted=amount, reason=reason, at=at
    )
    return _change(owner, entry)


def hold_writes(
    wallet: Document,
    job_id: str,
    meter: Meter,
    amount: int,
    reason: str,
    at: datetime,
    by: str | None = None,
    cap: int | None = None,
    member_since: datetime | None = None,
) -> list[Write]:
    """Holds `amount` for a job. Stale if the wallet changed since it was read, because the caller
    compared `amount` with what was available then. `by`, `cap`, `member_since`: see Entry."""
    entry = Entry(
        id=f"{job_id}-hold",
        kind=EntryKind.HOLD,
        meter=meter,
        held=amount,
        reason=reason,
        job_id=job_id,
        by=by,
        cap=cap,
        member_since=member_since,
        at=at,
    )
    return _change(Wallet.of(wallet).owner, entry, seen=wallet)


def settle_writes(
    owner: Owner,
    job_id: str,
    meter: Meter,
    held: int,
    charge: int,
    reason: str,
    at: datetime,
    by: str | None = None,
) -> list[Write]:
    """Turns a hold into a charge of at most the held amount, and releases the rest.

    Nothing needs to be read: the job, written in the same commit, ensures this happens once.
    """
    if not 0 <= charge <= held:
        raise ValueError(f"a charge of {charge} does not fit a hold of {held}")
    entry = Entry(
        id=f"{job_id}-settle",
        kind=EntryKind.SETTLE,
        meter=meter,
        used=charge,
        held=-held,
        reason=reason,
        job_id=job_id,
        by=by,
        at=at,
    )
    return _change(owner, entry)


def release_writes(
    owner: Owner,
    job_id: str,
    meter: Meter,
    held: int,
    reason: str,
    at: datetime,
    by: str | None = None,
) -> list[Write]:
    """Releases a whole hold."""
    entry = Entry(
        id=f"{job_id}-release",
        kind=EntryKind.RELEASE,
        meter=meter,
        held=-held,
        reason=reason,
        job_id=job_id,
        by=by,
        at=at,
    )
    return _change(owner, entry)


def entry_writes(wallet: Document, entries: Sequence[Entry]) -> list[Write]:
    """Entries computed from the wallet as it was read. Stale if it changed since."""
    return _change(Wallet.of(wallet).owner, *entries, seen=wallet)


def _change(owner: Owner, *entries: Entry, seen: Document | None = None) -> list[Write]:
    deltas: Counter[str] = Counter()
    for entry in entries:
        for part, amount in (
            ("granted", entry.granted),
            ("used", entry.used),
            ("held", entry.held),
        ):
            deltas[f"{entry.meter}.{part}"] += amount
    fields = {name: Increment(amount) for name, amount in deltas.items() if amount}
    writes: list[Write] = [
        Update(wallet_path(owner.id), fields | {"updatedAt": entries[-1].at}, seen=seen),
        *(_created(owner.id, entry) for entry in entries),
    ]
    documented = sum(e.granted - e.used for e in entries if e.meter is Meter.TOKENS)
    # The owner's document repeats the balances that the API shows, so that a request, or a row of a
    # list, reads one document. Token holds are left out: tokens are shown as spent on settlement.
    shown = {name: change for name, change in fields.items() if name.startswith(_VOICE_SECONDS)}
    if documented:
        shown["tokens"] = Increment(documented)
    if shown:
        writes.append(Update(owner.path, shown))
    return writes


def _created(owner_id: str, entry: Entry) -> Create:
    return Create(f"{ledger_path(owner_id)}/{entry.id}", entry.stored())

"""The hold of a job: what it may cost, in the wallet and in the budget of whoever spends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troupe.adapters.firestore import Document, Write
from troupe.jobs import charges
from troupe.jobs.charges import Left, Quote
from troupe.jobs.records import Job
from troupe.wallet.budgets import KeySpender, Spender
from troupe.wallet.errors import CapReached
from troupe.wallet.ledger import hold_writes
from troupe.wallet.low import low_writes
from troupe.wallet.records import Meter, Wallet


def hold_for(
    job: Job,
    quote: Quote,
    wallet: Document,
    payer: Mapping[str, Any],
    spender: Spender | None = None,
    key: KeySpender | None = None,
    max_tokens: int | None = None,
) -> tuple[Job, list[Write]]:
    """The job with its charge, and the writes that hold it. `payer`: the data of the payer's
    document. `spender`: checked before, if a company pays. `key`: if the request came with an API
    key. Raises NotEnoughTokens, CostAboveMax, CapReached, KeyBudgetSpent, BillingBlocked."""
    try:
        charge = charges.hold(Wallet.of(wallet), quote, max_tokens, left_of(spender, key))
    except CapReached:
        if key is not None:
            key.check(quote.tokens)
        raise
    writes = hold_writes(
        wallet,
        job.id,
        charge.meter,
        charge.held,
        job.kind,
        job.created_at,
        by=job.spender,
        cap=spender.cap.meter(charge.meter) if spender else None,
        member_since=spender.member_since if spender else None,
    )
    writes += low_writes(wallet, payer, charge.meter, charge.held, job.id, job.created_at)
    if spender is not None:
        writes += spender.hold_writes(charge.meter, charge.held, job.created_at)
    if key is not None:
        writes += key.hold_writes(job.uid, charge.meter, charge.held, job.created_at)
    return job.model_copy(update={"charge": charge}), writes


def left_of(spender: Spender | None, key: KeySpender | None) -> Left:
    """What the member and the key may both still spend."""
    both = [each.left for each in (spender, key) if each is not None]

    def left(meter: Meter) -> int | None:
        return min((most for of in both if (most := of(meter)) is not None), default=None)

    return left

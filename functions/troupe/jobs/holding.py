"""The hold of a job: what it may cost, in the wallet and in the budget of whoever spends it."""

from __future__ import annotations

from troupe.adapters.firestore import Document, Write
from troupe.jobs import charges
from troupe.jobs.charges import Quote
from troupe.jobs.records import Job
from troupe.wallet.budgets import Spender
from troupe.wallet.ledger import hold_writes
from troupe.wallet.records import Wallet


def hold_for(
    job: Job,
    quote: Quote,
    wallet: Document,
    spender: Spender | None = None,
    max_tokens: int | None = None,
) -> tuple[Job, list[Write]]:
    """The job with its charge, and the writes that hold it. `spender`: checked before, if a company
    pays. Raises NotEnoughTokens, CostAboveMax, CapReached, BillingBlocked."""
    left = spender.left if spender else charges.uncapped
    charge = charges.hold(Wallet.of(wallet), quote, max_tokens, left)
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
    if spender is not None:
        writes += spender.hold_writes(charge.meter, charge.held, job.created_at)
    return job.model_copy(update={"charge": charge}), writes

"""The headers of paid requests: what they cost, who pays, and what is left."""

from __future__ import annotations

from troupe.jobs.records import Job
from troupe.wallet.records import Owner

PAID_HEADERS = (
    "X-Troupe-Tokens-Charged",
    "X-Troupe-Tokens-Remaining",
    "X-Troupe-Budget-Remaining",
    "X-Troupe-Payer",
)


def paid_headers(job: Job) -> dict[str, str]:
    """A job that pays with tokens is charged what it holds, which is known before its end. What is
    left is as it was right after the hold: a repeat gets the same answer, and nothing is read."""
    owner = Owner.company(job.company_id) if job.company_id else Owner.user(job.uid)
    headers = {"X-Troupe-Payer": f"{owner.kind}:{owner.id}"}
    charge = job.charge
    if charge is not None:
        released = charge.tokens_held - charge.tokens_due
        headers["X-Troupe-Tokens-Charged"] = str(charge.tokens_due)
        headers["X-Troupe-Tokens-Remaining"] = str(charge.remaining_tokens + released)
        if charge.remaining_budget is not None:
            headers["X-Troupe-Budget-Remaining"] = str(charge.remaining_budget + released)
    return headers

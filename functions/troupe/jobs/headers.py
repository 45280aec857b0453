"""What a paid request tells in its headers: what it costs, who pays, and what is left."""

from __future__ import annotations

from troupe.jobs.records import Job

PAID_HEADERS = (
    "X-Troupe-Tokens-Charged",
    "X-Troupe-Tokens-Remaining",
    "X-Troupe-Budget-Remaining",
    "X-Troupe-Payer",
)


def paid_headers(job: Job) -> dict[str, str]:
    """A job that pays with tokens is charged what it holds, which is known before its end. What is
    left is that of the moment of the hold: a repeat gets the same answer, and nothing is read."""
    headers = {"X-Troupe-Payer": f"{job.payer.kind}:{job.payer.id}"}
    charge = job.charge
    if charge is not None:
        released = charge.tokens_held - charge.tokens_due
        headers["X-Troupe-Tokens-Charged"] = str(charge.tokens_due)
        headers["X-Troupe-Tokens-Remaining"] = str(charge.remaining_tokens + released)
        if charge.remaining_budget is not None:
            headers["X-Troupe-Budget-Remaining"] = str(charge.remaining_budget + released)
    return headers

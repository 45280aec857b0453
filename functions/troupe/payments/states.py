"""The states of billing, each machine a dict: from a state to those that may follow."""

from __future__ import annotations

from collections.abc import Mapping

from troupe.payments.records import PaymentStatus
from troupe.plans.records import SubscriptionStatus

# What a status of a subscription at Stripe means here. None: there is no subscription (yet).
OURS: Mapping[str, SubscriptionStatus | None] = {
    "incomplete": None,
    "incomplete_expired": None,
    "trialing": SubscriptionStatus.ACTIVE,
    "active": SubscriptionStatus.ACTIVE,
    "past_due": SubscriptionStatus.PAST_DUE,
    "unpaid": SubscriptionStatus.EXPIRED,
    "paused": SubscriptionStatus.EXPIRED,
    "canceled": SubscriptionStatus.CANCELLED,
}

# Disputes that have taken the money. Inquiries (`warning_…`) have not, nor has a prevented one.
OPEN_DISPUTES = frozenset({"needs_response", "under_review"})
LOST_DISPUTE = "lost"


def our_status(stripe_status: str, *, failed: bool) -> SubscriptionStatus | None:
    """`failed`: it was cancelled because nobody paid. A status that Stripe adds one day counts as
    no subscription, so that it gives nothing."""
    status = OURS.get(stripe_status)
    if status is SubscriptionStatus.CANCELLED and failed:
        return SubscriptionStatus.EXPIRED
    return status


_P = PaymentStatus
# Whoever reads the present state may miss what was between: from paid to lost, for example.
_SETTLED = frozenset({_P.PAID, _P.PARTLY_REFUNDED, _P.REFUNDED, _P.DISPUTED, _P.LOST})
PAYMENT_STATES: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    _P.OPEN: frozenset({_P.PAID, _P.OVERDUE, _P.VOID}),
    _P.OVERDUE: frozenset({_P.PAID, _P.VOID}),
    _P.VOID: frozenset(),
    _P.PAID: _SETTLED - {_P.PAID},
    _P.PARTLY_REFUNDED: _SETTLED - {_P.PARTLY_REFUNDED},  # a refund can fail: paid again
    _P.REFUNDED: _SETTLED - {_P.REFUNDED},
    _P.DISPUTED: _SETTLED - {_P.DISPUTED},
    _P.LOST: frozenset(),
}

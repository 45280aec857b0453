"""What refunds and disputes take back. Pure.

This is computed per group (a period of a subscription, or a top-up), not per charge: rounding per
charge would leave something to a payer whose every charge was reversed. It depends only on the
current state, so a won dispute gives back by the same rule, and a repeat changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from troupe.adapters.stripe_records import Charge
from troupe.payments.records import Group, Meters, PaymentStatus, Period
from troupe.payments.states import LOST_DISPUTE, OPEN_DISPUTES
from troupe.wallet.records import Meter

P = TypeVar("P", bound=Period)


@dataclass(frozen=True, slots=True)
class Reversal:
    """What has become of a payment's money. `reversed` never exceeds what was paid, although a
    payment can be refunded and disputed as well."""

    refunded: int
    disputed: int
    reversed: int
    dispute_status: str | None
    open_dispute: bool
    status: PaymentStatus


def reversal(paid: int, charges: Iterable[Charge]) -> Reversal:
    """The state of a payment by its charges."""
    charges = list(charges)
    disputes = [dispute for charge in charges for dispute in charge.disputes]
    counted = [each for each in disputes if each.status in (*OPEN_DISPUTES, LOST_DISPUTE)]
    refunded = sum(charge.refunded for charge in charges)
    disputed = sum(each.amount for each in counted)
    statuses = {each.status for each in disputes}
    is_open = bool(statuses & OPEN_DISPUTES)
    if is_open:
        status = PaymentStatus.DISPUTED
    elif LOST_DISPUTE in statuses:
        status = PaymentStatus.LOST
    elif refunded and refunded >= paid:
        status = PaymentStatus.REFUNDED
    else:
        status = PaymentStatus.PARTLY_REFUNDED if refunded else PaymentStatus.PAID
    return Reversal(
        refunded=refunded,
        disputed=disputed,
        reversed=min(paid, refunded + disputed),
        dispute_status=disputes[-1].status if disputes else None,
        open_dispute=is_open,
        status=status,
    )


def target(group: Group, meter: Meter) -> int:
    """How much of what a group gave is to be taken back, in whole units, rounded up: what was
    credited, and of the rest the share of the money that was reversed. Who gets all of it back
    keeps nothing.

    Minutes that expired unused are gone already. What had been taken when the period ended would
    have expired with it, so it is not given back later: it makes no difference to a payer whether a
    reversal was noticed before the end of the period or after it.
    """
    gave = group.gave.get(meter, 0)
    back = min(gave, group.credited.get(meter, 0))
    if group.worth > 0:
        back += -(-(gave - back) * min(group.reversed, group.worth) // group.worth)
    return max(0, back - group.expired.get(meter, 0), group.kept_back.get(meter, 0))


def spread(periods: Iterable[P]) -> list[P]:
    """Periods in their order, each with what was reversed of it: its own money, and the share of
    the balance that covered it. That came from credits of the periods before, so it is worth as
    much as they still are: who buys a year, changes to a month and has the year paid back must not
    keep the months that the difference paid for."""
    done: list[P] = []
    lost, of = 0, 1  # of the money before
    for period in periods:
        reversed_ = period.cash_reversed - (-period.covered * lost // of)
        found = period.model_copy(update={"reversed": min(period.worth, reversed_)})
        if found.worth:
            lost, of = found.reversed, found.worth
        done.append(found)
    return done


def take(group: Group, available: Mapping[Meter, int]) -> Meters:
    """What to take now, negative to give back; never more than is available."""
    wanted = {meter: target(group, meter) - group.reversed_of.get(meter, 0) for meter in Meter}
    moves = {
        meter: min(amount, max(0, available.get(meter, 0))) if amount > 0 else amount
        for meter, amount in wanted.items()
    }
    return {meter: amount for meter, amount in moves.items() if amount}


def owed(groups: Iterable[Group]) -> Meters:
    """What reversals could not take, because it was used or is held."""
    sums = dict.fromkeys(Meter, 0)
    for group in groups:
        for meter in Meter:
            sums[meter] += max(0, target(group, meter) - group.reversed_of.get(meter, 0))
    return {meter: amount for meter, amount in sums.items() if amount}

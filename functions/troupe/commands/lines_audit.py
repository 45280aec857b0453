"""The audit of what was granted: each line of a payment gave what its terms say, exactly those
entries are in the ledger, and no other entry claims to have been paid for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from troupe.commands.notes import Notes
from troupe.payments.records import (
    LineRule,
    Meters,
    Payment,
    PaymentKind,
    PaymentLine,
    Period,
    added,
)
from troupe.plans.periods import months_after
from troupe.plans.records import Source, Subscription
from troupe.wallet.ledger import plan_grant_id
from troupe.wallet.records import Entry, EntryKind, GrantCause, Meter, Owner

OLD_LINES = "lines of payments from before their terms were recorded"
OLD_GRANTS = "grants of plans from before their cause was recorded"
_WHOLE = (LineRule.WHOLE, LineRule.TRIAL)
_SHARES = (LineRule.SHARE, LineRule.CREDIT)
_MONTHS = (1, 12)


class LinesAudit:
    """Of one owner."""

    def __init__(
        self,
        owner: Owner,
        ledger: Mapping[str, Entry],
        payments: Mapping[str, Payment],
        periods: Mapping[int, Period],
        subscription: Subscription | None,
        notes: Notes,
        *,
        guest: bool,
    ) -> None:
        self._owner = owner
        self._ledger = ledger
        self._payments = payments
        self._periods = periods
        self._subscription = subscription
        self._notes = notes
        self._guest = guest
        self._expected: dict[str, int] = {}
        self._old = {each.id for each in payments.values() if any(map(_is_old, each.lines))}
        self._old_periods = {payments[name].period for name in self._old}

    def problems(self) -> Iterator[str]:
        for payment in self._payments.values():
            if payment.kind is PaymentKind.MANUAL:
                yield from self._manual(payment)
                continue
            for line in payment.lines:
                if _is_old(line):
                    self._notes.unchecked[OLD_LINES] += 1
                else:
                    yield from self._line(payment, line)
        yield from self._entries()
        if not self._old:
            yield from self._credits()

    def _manual(self, payment: Payment) -> Iterator[str]:
        if not payment.paid_at:
            return
        due = _present(
            {Meter.TOKENS: payment.tokens, Meter.VOICE_SECONDS: payment.voice_minutes * 60}
        )
        if payment.gave != due:
            yield f"payment {payment.id} gave {shown(payment.gave)}, not {shown(due)}"
        for meter, amount in payment.gave.items():
            self._expected[f"topup-{payment.id}-{meter}"] = amount

    def _line(self, payment: Payment, line: PaymentLine) -> Iterator[str]:
        where = f"line {line.line_id} of payment {payment.id}"
        period = self._periods.get(line.period) if line.period is not None else None
        if line.period is not None and period is None:
            yield f"{where} counts for period {line.period}, which does not exist"
            return
        if line.rule in _SHARES:
            yield from (f"{where} {each}" for each in self._seconds(line))
        due = _due(line, period)
        if line.gave != due and not (not line.gave and self._may_give_nothing(payment, line)):
            yield f"{where} gave {shown(line.gave)}; its terms give {shown(due)}"
        self._expect(payment, line, period)

    def _seconds(self, line: PaymentLine) -> Iterator[str]:
        """The length of the part, and of the whole: that of a period, or a month or year."""
        if line.start is None or line.end is None or not line.of_seconds:
            yield "has no dates, or no length of its period"
            return
        wholes = {_length(each.start, each.end) for each in self._periods.values()}
        wholes |= {_length(months_after(line.end, -months), line.end) for months in _MONTHS}
        if line.of_seconds not in wholes:
            yield f"is a share of {line.of_seconds} seconds, but no period is that long"
        seconds = min(max(0, _length(line.start, line.end)), line.of_seconds)
        if line.seconds != seconds:
            yield f"counts {line.seconds} seconds, its time is {seconds}"

    def _may_give_nothing(self, payment: Payment, line: PaymentLine) -> bool:
        if line.rule in _SHARES or self._guest:
            return line.period is None  # no period ran; and guests are given nothing
        if line.rule is LineRule.TRIAL:
            return True  # the card had one before
        return line.rule is LineRule.WHOLE and any(
            other.rule is LineRule.WHOLE and other.period == line.period and other.gave
            for each in self._payments.values()
            if each.id != payment.id
            for other in each.lines
        )

    def _expect(self, payment: Payment, line: PaymentLine, period: Period | None) -> None:
        """The entries that the ledger must have of a line."""
        if line.rule is LineRule.CREDIT:
            return
        for meter, amount in line.gave.items():
            if line.rule is LineRule.TOPUP:
                suffix = f"-{line.line_id}" if len(payment.lines) > 1 else ""
                self._expected[f"topup-{payment.id}-{meter}{suffix}"] = amount
            elif period is not None:
                began = line.rule in _WHOLE and not _is_over(line, period)
                suffix = "" if began else f"-{line.line_id}"
                self._expected[f"{plan_grant_id(self._owner.id, period.n, meter)}{suffix}"] = amount

    def _entries(self) -> Iterator[str]:
        for name, amount in self._expected.items():
            entry = self._ledger.get(name)
            if entry is None:
                yield f"{name} of {amount} was paid for, and is not in the ledger"
            elif entry.granted != amount:
                yield f"{name} granted {entry.granted}, {amount} was paid for"
        plan = f"plan-{self._owner.id}-"
        for name, entry in self._ledger.items():
            if entry.kind is not EntryKind.GRANT or name in self._expected:
                continue
            if name.startswith("topup-"):
                payment_id = name.split("-")[1]
                if payment_id in self._payments and payment_id not in self._old:
                    yield f"{name} was granted, and no line of the payment gives it"
            elif name.startswith(plan):
                yield from self._plan(name, entry, name.removeprefix(plan).split("-")[0])

    def _plan(self, name: str, entry: Entry, number: str) -> Iterator[str]:
        """A grant for a period that no line of a payment gives."""
        n = int(number) if number.isdecimal() else 0
        has = self._subscription
        if not n or has is None or n > has.period:
            yield f"{name} was granted for a period that has not begun"
        elif n in self._periods:
            if n not in self._old_periods:
                yield f"{name} was granted, and no line of a payment gives it"
        elif "cause" not in entry.model_fields_set:
            if n != has.period or not (has.source is Source.ADMIN or has.plan.price_cents == 0):
                self._notes.unchecked[OLD_GRANTS] += 1
        elif entry.cause is GrantCause.UNPAID:
            since = self._notes.paying_since
            if since is not None and entry.at >= since:
                yield f"{name} was granted for a plan with a price, and was not paid for"
        elif entry.cause not in (GrantCause.ADMIN, GrantCause.FREE):
            yield f"{name} was granted without a payment, an administrator or a free plan"
        elif n == has.period and not _is_cause(entry.cause, has):
            yield (
                f"{name} has the cause {entry.cause}, but the source of the subscription is "
                f"{has.source}"
            )

    def _credits(self) -> Iterator[str]:
        """What was credited of each period is what the lines say, and no more than it gave."""
        sums: dict[int, Meters] = {}
        first: dict[int, Meters] = {}
        for payment in self._payments.values():
            for line in payment.lines:
                if line.period is None:
                    continue
                if line.rule is LineRule.CREDIT:
                    more = {meter: -amount for meter, amount in line.gave.items()}
                    sums[line.period] = added(sums.get(line.period, {}), more)
                elif line.rule in _WHOLE and line.start == self._start(line.period):
                    first[line.period] = added(first.get(line.period, {}), line.gave)
        for n, period in self._periods.items():
            for meter in Meter:
                said, lines = period.credited.get(meter, 0), sums.get(n, {}).get(meter, 0)
                # It never exceeds what the period had given by then, which was at least the first.
                least = min(lines, first.get(n, {}).get(meter, 0))
                if not least <= said <= min(lines, period.gave.get(meter, 0)):
                    yield f"period {n} says that {said} {meter} were credited, its lines {lines}"

    def _start(self, n: int) -> datetime | None:
        period = self._periods.get(n)
        return period.start if period is not None else None


def granted(
    owner: Owner, ledger: Mapping[str, Entry], payments: Mapping[str, Payment]
) -> Counter[tuple[str, Meter]]:
    """What the ledger has of each group, by the group's cause and the meter."""
    sums: Counter[tuple[str, Meter]] = Counter()
    periods = {name: each.period for name, each in payments.items()}
    plan = f"plan-{owner.id}-"
    for name, entry in ledger.items():
        if entry.kind is not EntryKind.GRANT:
            continue
        if name.startswith(plan):
            n = name.removeprefix(plan).split("-")[0]
            sums[f"{owner.id}-{n}", entry.meter] += entry.granted
        elif name.startswith("topup-"):
            payment_id = name.split("-")[1]
            n_ = periods.get(payment_id)
            cause = payment_id if n_ is None else f"{owner.id}-{n_}"
            sums[cause, entry.meter] += entry.granted
    return sums


def _due(line: PaymentLine, period: Period | None) -> Meters:
    """What a line gives by the terms that were recorded with it, computed with fractions."""
    if line.rule is LineRule.NOTHING or line.rule is None:
        return {}
    count = 1 if line.rule is LineRule.TRIAL else line.quantity
    part = Fraction(line.seconds or 0, line.of_seconds or 1) if line.rule in _SHARES else 1
    if line.rule is LineRule.CREDIT:
        due = {meter: -math.ceil(each * count * part) for meter, each in line.each.items()}
    else:
        due = {meter: math.floor(each * count * part) for meter, each in line.each.items()}
    if period is not None and _is_over(line, period):
        due.pop(Meter.VOICE_SECONDS, None)
    return _present(due)


def _is_over(line: PaymentLine, period: Period) -> bool:
    """Whether the line is about a time before the period that it counts for: its minutes have
    expired by then."""
    if line.start is None or line.end is None:
        return False
    if line.rule in _WHOLE:
        return line.start < period.start
    return line.rule is LineRule.SHARE and line.end <= period.start


def _is_cause(cause: GrantCause, has: Subscription) -> bool:
    if cause is GrantCause.ADMIN:
        return has.source is Source.ADMIN
    return has.source is not Source.STRIPE and has.plan.price_cents == 0


def _is_old(line: PaymentLine) -> bool:
    return line.rule is None


def _length(start: datetime, end: datetime) -> int:
    return (end - start) // timedelta(seconds=1)


def _present(gives: Meters) -> Meters:
    return {meter: amount for meter, amount in gives.items() if amount}


def shown(gives: Meters) -> str:
    parts: Sequence[str] = [f"{amount} {meter}" for meter, amount in sorted(gives.items())]
    return " and ".join(parts) or "nothing"

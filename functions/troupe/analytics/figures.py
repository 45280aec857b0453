"""Figures of companies: what is computed from counters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from troupe.dashboards.days import MONEY, ROUND_TRIPS

Sums = Mapping[str, int]
Figure = int | float | None  # None: there is nothing that it could be computed from
Compute = Callable[[Sums], Figure]

_ENDS = ("callsEnded", "callsMissed", "callsFailed", "callsCancelled")


def _count(name: str) -> Compute:
    return lambda sums: sums.get(name, 0)


def _mean(name: str, *of: str, digits: int = 1) -> Compute:
    return lambda sums: _divided(sums.get(name, 0), sum(sums.get(each, 0) for each in of), digits)


def _share(name: str, *of: str) -> Compute:
    """From 0 to 1."""
    return _mean(name, *of, digits=4)


def _minutes(sums: Sums) -> Figure:
    return round(sums.get("participantSeconds", 0) / 60, 1)


def _loss(sums: Sums) -> Figure:
    return _divided(sums.get("lossPermille", 0) / 10, sums.get("lossReports", 0), 2)


def _percentile(share: float) -> Compute:
    """Of round trips, to within a class of the histogram."""

    def compute(sums: Sums) -> Figure:
        classes = [sums.get(f"roundTrips{number}", 0) for number in range(len(ROUND_TRIPS) + 1)]
        wanted, below = share * sum(classes), 0
        if not wanted:
            return None
        for number, within in enumerate(classes):
            if within and below + within >= wanted:
                low = ROUND_TRIPS[number - 1] if number else 0
                # Of the last class, only its lower bound is known.
                high = ROUND_TRIPS[number] if number < len(ROUND_TRIPS) else low
                return round(low + (high - low) * (wanted - below) / within)
            below += within
        return None

    return compute


FIGURES: Mapping[str, Compute] = {
    "calls": _count("callsStarted"),
    "ended": _count("callsEnded"),
    "missed": _count("callsMissed"),
    "failed": _count("callsFailed"),
    "cancelled": _count("callsCancelled"),
    "successRate": _share("callsEnded", *_ENDS),
    "solved": _count("solved"),
    "unsolved": _count("unsolved"),
    "solvedRate": _share("solved", "solved", "unsolved"),
    "minutes": _minutes,
    # Of the calls in which people met.
    "averageSeconds": _mean("callSeconds", "callsEnded", "callsFailed"),
    "averageWaitingSeconds": _mean("waitingSeconds", "callsEnded", "callsFailed"),
    "averageResponseSeconds": _mean("responseSeconds", "callsEnded", "callsFailed"),
    "guests": _count("guestJoins"),
    "recordings": _count("recordings"),
    "joins": _count("joins"),
    "failedJoins": _count("failedJoins"),
    "reconnects": _count("reconnects"),
    "qualityReports": _count("qualityReports"),
    "relayShare": _share("relayed", "qualityReports"),
    "lossPercent": _loss,
    "roundTripP50": _percentile(0.5),
    "roundTripP95": _percentile(0.95),
    "ratings": _count("ratings"),
    "rating": _mean("ratingSum", "ratings", digits=2),
    "hostRating": _mean("hostRatingSum", "hostRatings", digits=2),
    "serviceRating": _mean("serviceRatingSum", "serviceRatings", digits=2),
    "newMembers": _count("newMembers"),
    "lostMembers": _count("lostMembers"),
    "newLicenses": _count("newLicenses"),
    "lostLicenses": _count("lostLicenses"),
}


def figures(names: Iterable[str], sums: Sums) -> dict[str, Figure]:
    return {name: FIGURES[name](sums) for name in names}


def growth(current: Mapping[str, Figure], before: Mapping[str, Figure]) -> dict[str, Figure]:
    """By how many percent each figure is larger than before; None where there was nothing, or not
    only numbers."""
    found: dict[str, Figure] = {}
    for name, value in current.items():
        earlier = before.get(name)
        found[name] = (
            round((value - earlier) / earlier * 100, 1) if value is not None and earlier else None
        )
    return found


def money(sums: Sums) -> dict[str, dict[str, int]]:
    """The amounts of each currency, in its smallest unit."""
    found: dict[str, dict[str, int]] = {}
    for name, amount in sums.items():
        kind, _, currency = name.partition(":")
        if currency:
            found.setdefault(currency, {})[kind] = amount
    return {currency: _with_net(found[currency]) for currency in sorted(found)}


def paid(sums: Sums, currency: str) -> dict[str, Figure]:
    """The amounts of one currency."""
    return dict(money(sums).get(currency) or _with_net({}))


def _with_net(amounts: Mapping[str, int]) -> dict[str, int]:
    full = {name: amounts.get(name, 0) for name in MONEY}
    lost = full["tax"] + full["refunded"] + full["disputed"]
    return full | {"net": full["gross"] - lost}


def _divided(amount: float, by: int, digits: int) -> Figure:
    return round(amount / by, digits) if by else None

"""The views of a dashboard: what each shows besides the figures that were counted by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from troupe.adapters.firestore import Database, now
from troupe.analytics.figures import FIGURES, Figure, Sums, figures, growth, money, paid
from troupe.analytics.groups import by_hour, by_weekday
from troupe.analytics.periods import Granularity, Period
from troupe.calls.records import COLLECTION as CALLS
from troupe.calls.records import Call, CallStatus
from troupe.companies.records import Company, License, LicenseStatus, LicenseType, Member
from troupe.companies.writes import licenses_path, members_path
from troupe.dashboards.counts import Counts, read, time_of
from troupe.payments.records import PAYMENTS, Billing, Payment, Price, billing_path
from troupe.plans.writes import PRICES
from troupe.reviews.records import COLLECTION as REVIEWS
from troupe.reviews.records import Review
from troupe.wallet.budgets import member_path

View = Literal[
    "overview",
    "revenue",
    "calls",
    "users",
    "licenses",
    "satisfaction",
    "technical",
    "realtime",
]

MOST_MEMBERS = 100  # in the table
MOST_LISTED = 20
MOST_PAYMENTS = 1_000
EXPIRING = timedelta(days=30)
_LATEST = 5
_ACTIVE = "activeMembers"
_STARTED = "callsStarted"
# What shows that a member was active.
_ACTS = (_STARTED, "callsEnded", "joins")
# The figures of each view: of a period, and of a step of its series.
_FIGURES: Mapping[View, tuple[Sequence[str], Sequence[str]]] = {
    "overview": (
        (
            *("calls", "ended", "missed", "successRate", "solved", "unsolved", "solvedRate"),
            *("saved", "minutes", "averageSeconds", "guests", "ratings", "rating"),
            *(_ACTIVE, "newMembers"),
        ),
        ("calls", "ended", "solved", "saved", "minutes", "ratings", "rating"),
    ),
    "revenue": ((), ()),  # see `paid`
    "calls": (
        (
            *("calls", "ended", "missed", "failed", "cancelled", "successRate", "solved"),
            *("unsolved", "solvedRate", "saved", "minutes", "averageSeconds"),
            *("averageWaitingSeconds", "averageResponseSeconds", "guests", "recordings"),
        ),
        (
            *("calls", "ended", "missed", "failed", "cancelled", "solved", "unsolved", "saved"),
            *("minutes", "averageSeconds"),
        ),
    ),
    "users": (
        (_ACTIVE, "newMembers", "lostMembers"),
        (_ACTIVE, "newMembers", "lostMembers"),
    ),
    "licenses": (("newLicenses", "lostLicenses"), ("newLicenses", "lostLicenses")),
    "satisfaction": (
        ("ratings", "rating", "serviceRating", "hostRating", "solved", "unsolved", "solvedRate"),
        ("ratings", "rating", "serviceRating", "hostRating", "solvedRate"),
    ),
    "technical": (
        (
            *("joins", "failedJoins", "reconnects", "failed", "qualityReports", "relayShare"),
            *("lossPercent", "roundTripP50", "roundTripP95"),
        ),
        ("joins", "failedJoins", "reconnects", "lossPercent", "roundTripP95"),
    ),
    "realtime": (("calls", "ended", "missed", "solved", "minutes"), ()),
}
_OF_MEMBER = (
    *("calls", "ended", "solved", "unsolved", "solvedRate", "minutes", "averageSeconds"),
    *("ratings", "rating"),
)
_DURATIONS = ("0-5", "5-15", "15-30", "30-60", "60+")  # minutes
_QUALITY = ("excellent", "good", "fair", "poor")
_ENDS = ("ended", "missed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class StepFigures:
    """`day`: the first one of the step."""

    day: date
    values: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class MemberFigures:
    """`member` is None once somebody has left."""

    uid: str
    member: Member | None
    values: dict[str, Figure]


@dataclass(slots=True)
class Dashboard:
    """`now`: what is there at present, whatever the period. `parts`: what something consists of,
    such as calls of durations. `currency`: of the amounts in `totals`."""

    view: View
    company: Company
    period: Period
    granularity: Granularity
    currency: str
    totals: dict[str, Figure] = field(default_factory=dict)
    previous: dict[str, Figure] = field(default_factory=dict)
    growth: dict[str, Figure] = field(default_factory=dict)
    series: list[StepFigures] = field(default_factory=list)
    now: dict[str, Figure] = field(default_factory=dict)
    parts: dict[str, dict[str, int]] = field(default_factory=dict)
    money: dict[str, dict[str, int]] = field(default_factory=dict)
    members: list[MemberFigures] = field(default_factory=list)
    latest_members: list[Member] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    licenses: list[License] = field(default_factory=list)


class Views:
    def __init__(self, db: Database) -> None:
        self._db = db

    def of(
        self, company: Company, view: View, period: Period, granularity: Granularity
    ) -> Dashboard:
        """The view `realtime` is always of today."""
        if view == "realtime":
            today = now().astimezone(period.zone).date()
            period = Period(today, today, period.zone)
        made = Dashboard(view, company, period, granularity, company.settings.currency.lower())
        by_member = view in ("overview", "calls", "users", "satisfaction")
        counts = self._read(company, period, members=by_member)
        before = self._read(company, period.before, members=_ACTIVE in _FIGURES[view][0])
        fill: Mapping[View, Callable[[Dashboard, Counts], None]] = {
            "overview": self._overview,
            "revenue": self._revenue,
            "calls": self._calls,
            "users": self._users,
            "licenses": self._licenses,
            "satisfaction": self._satisfaction,
            "technical": self._technical,
            "realtime": self._realtime,
        }
        fill[view](made, counts)
        _compute(made, counts, before)
        return made

    def _read(self, company: Company, period: Period, *, members: bool) -> Counts:
        return read(self._db, company.id, period.since, period.until, members=members)

    def _overview(self, made: Dashboard, counts: Counts) -> None:
        made.money = money(_sums(made, counts))
        made.now = {"members": made.company.member_count, **_seats(made.company)}
        made.latest_members = self._latest_members(made.company.id)
        mine = [("companyId", "==", made.company.id)]
        made.calls = self._calls_of(mine, _LATEST)

    def _calls(self, made: Dashboard, counts: Counts) -> None:
        sums = _sums(made, counts)
        made.parts = {
            "byStatus": {name: int(FIGURES[name](sums) or 0) for name in _ENDS},
            "durations": _classes(sums, "durations", _DURATIONS),
            "quality": _classes(sums, "quality", _QUALITY),
            "byHour": _started(by_hour(counts, made.period, _STARTED)),
            "byWeekday": _started(by_weekday(counts, made.period)),
        }
        made.members = self._members(made, counts, "calls")

    def _users(self, made: Dashboard, counts: Counts) -> None:
        roles = ("owner", "admin", "member")
        found = self._numbers(
            members_path(made.company.id),
            {
                **{role: [("role", "==", role)] for role in roles},
                "suspended": [("status", "==", "suspended")],
                "unlicensed": [("licenseType", "==", None)],
            },
        )
        made.parts = {"byRole": {role: found[role] for role in roles}}
        everybody = sum(made.parts["byRole"].values())
        made.now = {
            "members": everybody,
            "suspended": found["suspended"],
            "licensed": everybody - found["unlicensed"],
            "unlicensed": found["unlicensed"],
        }
        made.members = self._members(made, counts, "calls")
        made.latest_members = self._latest_members(made.company.id)

    def _licenses(self, made: Dashboard, counts: Counts) -> None:
        path = licenses_path(made.company.id)
        active = ("status", "==", LicenseStatus.ACTIVE)
        soon = [("lapsesAt", "<=", now() + EXPIRING)]
        found = self._numbers(
            path,
            {
                **{status: [("status", "==", status)] for status in LicenseStatus},
                **{f"of {type}": [active, ("type", "==", type)] for type in LicenseType},
                "expiring": soon,
            },
        )
        made.parts = {
            "byStatus": {status: found[status] for status in LicenseStatus},
            "byType": {type: found[f"of {type}"] for type in LicenseType},
        }
        made.now = {
            **_seats(made.company),
            "allLicenses": sum(made.parts["byStatus"].values()),
            "expiring": found["expiring"],
        }
        listed = self._db.find(path, where=soon, order=[("lapsesAt", False)], limit=MOST_LISTED)
        made.licenses = [License.of(each) for each in listed]

    def _satisfaction(self, made: Dashboard, counts: Counts) -> None:
        sums = _sums(made, counts)
        made.parts = {"byRating": {str(n): sums.get(f"ratings{n}", 0) for n in range(1, 6)}}
        made.members = self._members(made, counts, "ratings")
        mine = [("companyId", "==", made.company.id)]
        found = self._db.find(REVIEWS, where=mine, order=[("createdAt", True)], limit=_LATEST)
        made.reviews = [Review.of(each) for each in found]

    def _technical(self, made: Dashboard, counts: Counts) -> None:
        made.parts = {"quality": _classes(_sums(made, counts), "quality", _QUALITY)}

    def _revenue(self, made: Dashboard, counts: Counts) -> None:
        """In the currency of the company's settings, or in the one in which most was paid if
        nothing was paid in that."""
        made.money = money(_sums(made, counts))
        if made.money and made.currency not in made.money:
            made.currency = max(made.money, key=lambda each: made.money[each]["gross"])
        made.now = {"monthly": self._monthly(made.company.id, made.currency)}
        made.parts = self._sources(made)

    def _sources(self, made: Dashboard) -> dict[str, dict[str, int]]:
        """What was paid for, and how, by the payments themselves."""
        found = self._db.find(
            PAYMENTS,
            where=[
                ("ownerId", "==", made.company.id),
                ("paidAt", ">=", time_of(made.period.since)),
                ("paidAt", "<", time_of(made.period.until)),
            ],
            order=[("paidAt", True)],
            limit=MOST_PAYMENTS,
        )
        plans: Counter[str] = Counter()
        addons: Counter[str] = Counter()
        methods: Counter[str] = Counter()
        for payment in map(Payment.of, found):
            if payment.currency != made.currency:
                continue
            methods[payment.method] += payment.amount
            for line in payment.lines:
                if line.plan_id:
                    plans[line.plan_id] += line.amount
                if line.addon_id:
                    addons[line.addon_id] += line.amount
        return {"byPlan": dict(plans), "byAddon": dict(addons), "byMethod": dict(methods)}

    def _monthly(self, company_id: str, currency: str) -> int:
        """What the running subscription costs in a month, without taxes and discounts."""
        document = self._db.get(billing_path(company_id))
        billing = Billing.of(document) if document.exists else None
        if billing is None or not billing.live:
            return 0
        quantities: Counter[str] = Counter()
        for item in billing.items:
            quantities[item.price_id] += item.quantity
        found = self._db.get_all([f"{PRICES}/{each}" for each in quantities])
        months = {"month": 1, "year": 12}
        return sum(
            price.unit_amount * quantities[price.id] // months[price.interval]
            for price in (Price.of(each) for each in found if each.exists)
            if price.currency == currency and price.interval in months
        )

    def _realtime(self, made: Dashboard, counts: Counts) -> None:
        mine = ("companyId", "==", made.company.id)
        live = [mine, ("status", "in", [CallStatus.RINGING, CallStatus.ACTIVE])]
        ringing = self._db.count(CALLS, where=[mine, ("status", "==", CallStatus.RINGING)])
        calls, people = self._db.count_and_sum(CALLS, "participantCount", where=live)
        _, waiting = self._db.count_and_sum(CALLS, "waitingCount", where=live)
        made.now = {
            "activeCalls": calls - ringing,
            "ringingCalls": ringing,
            "participants": people,
            "waiting": waiting,
        }
        made.parts = {"byHour": _started(by_hour(counts, made.period, _STARTED))}
        made.calls = self._calls_of(live, MOST_LISTED)

    def _members(self, made: Dashboard, counts: Counts, by: str) -> list[MemberFigures]:
        """Those with most of something; those who have nothing are left out."""
        found = counts.by_member(made.period.since, made.period.until)
        values = {uid: figures(_OF_MEMBER, sums) for uid, sums in found.items()}
        first = sorted(values, key=lambda uid: (-(values[uid][by] or 0), uid))[:MOST_MEMBERS]
        members = self._db.get_all([member_path(made.company.id, uid) for uid in first])
        return [
            MemberFigures(uid, Member.of(each) if each.exists else None, values[uid])
            for uid, each in zip(first, members, strict=True)
        ]

    def _numbers(
        self, path: str, wheres: Mapping[str, Iterable[tuple[str, str, Any]]]
    ) -> dict[str, int]:
        """Of several queries at once."""
        begun = {name: self._db.begin_count(path, where=where) for name, where in wheres.items()}
        return {name: finish() for name, finish in begun.items()}

    def _latest_members(self, company_id: str) -> list[Member]:
        order = [("joinedAt", True)]
        found = self._db.find(members_path(company_id), order=order, limit=_LATEST)
        return [Member.of(each) for each in found]

    def _calls_of(self, where: Sequence[tuple[str, str, Any]], limit: int) -> list[Call]:
        found = self._db.find(CALLS, where=where, order=[("createdAt", True)], limit=limit)
        return [Call.of(each) for each in found]


def values_of(names: Iterable[str], sums: Sums, company: Company) -> dict[str, Figure]:
    """Figures, and `saved`: what a company says that a solved call saves it."""
    found: dict[str, Figure] = {}
    for name in names:
        if name == "saved":
            found[name] = sums.get("solved", 0) * company.settings.cost_per_solved_call
        elif name != _ACTIVE:
            found[name] = FIGURES[name](sums)
    return found


def _compute(made: Dashboard, counts: Counts, earlier: Counts) -> None:
    """The figures of the period, of the one before, and of each step."""
    of_period, of_step = _FIGURES[made.view]
    period, before = made.period, made.period.before
    steps = period.steps(made.granularity)

    def values(names: Sequence[str], sums: Sums) -> dict[str, Figure]:
        if made.view == "revenue":
            return paid(sums, made.currency)
        return values_of(names, sums, made.company)

    made.totals = values(of_period, counts.sums(period.since, period.until))
    made.previous = values(of_period, earlier.sums(before.since, before.until))
    if of_step or made.view == "revenue":
        made.series = [
            StepFigures(step.first, values(of_step, counts.sums(step.since, step.until)))
            for step in steps
        ]
    if _ACTIVE in of_period:
        made.totals[_ACTIVE] = len(counts.active(_ACTS, [period.since, period.until])[0])
        made.previous[_ACTIVE] = len(earlier.active(_ACTS, [before.since, before.until])[0])
    if _ACTIVE in of_step:
        bounds = [*(step.since for step in steps), period.until]
        for step, uids in zip(made.series, counts.active(_ACTS, bounds), strict=True):
            step.values[_ACTIVE] = len(uids)
    made.growth = growth(made.totals, made.previous)


def _sums(made: Dashboard, counts: Counts) -> Sums:
    return counts.sums(made.period.since, made.period.until)


def _classes(sums: Sums, name: str, keys: Sequence[str]) -> dict[str, int]:
    """The classes of a histogram."""
    return {key: sums.get(f"{name}{number}", 0) for number, key in enumerate(keys)}


def _started(groups: Mapping[str, Sums]) -> dict[str, int]:
    return {key: sums.get(_STARTED, 0) for key, sums in groups.items()}


def _seats(company: Company) -> dict[str, Figure]:
    """Of active licenses."""
    seats = company.seats
    share = round(seats.assigned / seats.total, 4) if seats.total else None
    return {
        "licenses": seats.total,
        "assignedLicenses": seats.assigned,
        "freeLicenses": seats.free,
        "utilisation": share,
    }

"""What a user or a company used: charges of the ledger by day or month and kind of job."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from troupe.accounts.errors import UserNotFound
from troupe.adapters.firestore import Database, Document
from troupe.errors import CompanyNotFound, Unprocessable
from troupe.wallet.ledger import ledger_path, wallet_path
from troupe.wallet.records import Entry, EntryKind, Meter, OwnerKind, Wallet

Grouping = Literal["day", "month"]
# Of the ledger, in one answer. Each is a read that is paid for.
MOST_CHARGES = 20_000
_BATCH = 1000
# The entries that charge something. Those of other kinds have `used` = 0.
_CHARGES = [EntryKind.SETTLE, EntryKind.CONSUME]
_FIELDS = ["kind", "meter", "used", "reason", "jobId", "at"]
_OTHER = "other"  # a job whose kind is not known any longer


class TooMuchUsage(Unprocessable):
    code = "too_much_usage"
    message = f"There are more than {MOST_CHARGES:,} charges in this range. Choose a shorter one."


@dataclass(slots=True)
class Used:
    """`jobs`: how many ended with a charge, which may be 0."""

    tokens: int = 0
    voice_seconds: int = 0
    jobs: int = 0

    def add(self, other: Used) -> None:
        self.tokens += other.tokens
        self.voice_seconds += other.voice_seconds
        self.jobs += other.jobs


# The company that paid (None: the user), and the kind of job, or `consume`.
Source = tuple[str | None, str]


@dataclass(slots=True)
class Period:
    """A day or a month. `messages`: that the user sent to rooms, captions among them, as far as the
    rooms still have them; None for a company."""

    name: str
    by_source: dict[Source, Used] = field(default_factory=lambda: defaultdict(Used))
    messages: int | None = None


class UsageReport:
    def __init__(self, db: Database, kinds: Collection[str]) -> None:
        """`kinds`: of jobs."""
        self._db = db
        self._kinds = kinds

    def between(
        self, uid: str | None, company_id: str | None, since: date, until: date, by: Grouping
    ) -> list[Period]:
        """The periods from `since` to `until` (both included), oldest first, also empty ones. Of a
        user: what they paid for and what companies paid for them. Of a company: what it paid for.
        Of both: what the company paid for the user.

        Reads the charges in the range, and counts messages without reading them. Raises
        UserNotFound, CompanyNotFound, TooMuchUsage.
        """
        self._check(uid, company_id)
        start, end = _midnight(since), _midnight(until + timedelta(days=1))
        days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
        periods = {name: Period(name) for name in dict.fromkeys(_name(day, by) for day in days)}
        unnamed: list[tuple[str, Entry]] = []
        for number, document in enumerate(self._charges(uid, company_id, start, end)):
            if number == MOST_CHARGES:
                raise TooMuchUsage
            payer = document.path.split("/")[1]
            entry = Entry.of(document)
            if entry.kind is EntryKind.SETTLE and entry.reason not in self._kinds:
                unnamed.append((payer, entry))
                continue
            kind = entry.reason if entry.kind is EntryKind.SETTLE else "consume"
            source = (None if payer == uid else payer, kind)
            periods[_name(entry.at.date(), by)].by_source[source].add(_used(entry))
        for payer, entry, kind in self._named(unnamed):
            source = (None if payer == uid else payer, kind)
            periods[_name(entry.at.date(), by)].by_source[source].add(_used(entry))
        counts = self._begin_counting(uid, days, by) if uid and not company_id else {}
        for name, finish in counts.items():
            periods[name].messages = finish()
        return list(periods.values())

    def _named(self, entries: list[tuple[str, Entry]]) -> Iterator[tuple[str, Entry, str]]:
        """Charges of jobs that ended without a result, whose reason is why, each with the kind of
        its job, which is the reason of the hold."""
        for start in range(0, len(entries), _BATCH):
            some = entries[start : start + _BATCH]
            paths = [f"{ledger_path(payer)}/{entry.job_id}-hold" for payer, entry in some]
            holds = self._db.get_all(paths, select=["reason"])
            for (payer, entry), hold in zip(some, holds, strict=True):
                yield payer, entry, hold.data.get("reason", _OTHER)

    def _check(self, uid: str | None, company_id: str | None) -> None:
        if company_id:  # its members may have deleted their accounts since
            uid = None
        paths = [wallet_path(each) for each in (uid, company_id) if each]
        found = {each.id: Wallet.of(each).kind for each in self._db.get_all(paths) if each.exists}
        if uid and found.get(uid) is not OwnerKind.USER:
            raise UserNotFound
        if company_id and found.get(company_id) is not OwnerKind.COMPANY:
            raise CompanyNotFound("There is no company with this id.")

    def _charges(
        self, uid: str | None, company_id: str | None, start: datetime, end: datetime
    ) -> Iterator[Document]:
        where = [("kind", "in", _CHARGES), ("at", ">=", start), ("at", "<", end)]
        if uid and company_id:
            yield from self._pages(ledger_path(company_id), [("by", "==", uid), *where])
            return
        yield from self._pages(ledger_path(uid or company_id or ""), where)
        if uid:
            yield from self._pages("ledger", [("by", "==", uid), *where], group=True)

    def _pages(
        self, collection: str, where: list[tuple[str, str, Any]], *, group: bool = False
    ) -> Iterator[Document]:
        after = None
        while True:
            found = self._db.find(
                collection,
                where=where,
                order=[("at", False), ("__name__", False)],
                limit=_BATCH,
                after=after,
                select=_FIELDS,
                group=group,
            )
            yield from found
            if len(found) < _BATCH:
                return
            last = found[-1]
            after = [last.data["at"], last.path if group else last.id]

    def _begin_counting(
        self, uid: str, days: list[date], by: Grouping
    ) -> dict[str, Callable[[], int]]:
        """By the name of each period, what waits for the number of messages in it."""
        counts = {}
        for name in dict.fromkeys(_name(day, by) for day in days):
            inside = [day for day in days if _name(day, by) == name]
            start, end = _midnight(inside[0]), _midnight(inside[-1] + timedelta(days=1))
            where = [("uid", "==", uid), ("createdAt", ">=", start), ("createdAt", "<", end)]
            counts[name] = self._db.begin_count("messages", where=where, group=True)
        return counts


def _used(entry: Entry) -> Used:
    in_tokens = entry.meter is Meter.TOKENS
    return Used(
        tokens=entry.used if in_tokens else 0,
        voice_seconds=0 if in_tokens else entry.used,
        jobs=int(entry.kind is EntryKind.SETTLE),
    )


def _name(day: date, by: Grouping) -> str:
    return day.isoformat() if by == "day" else f"{day:%Y-%m}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

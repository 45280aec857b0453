"""What a company's members have spent of its money."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from troupe.adapters.firestore import Database
from troupe.caller import Caller
from troupe.companies.choice import managed
from troupe.paging import PageOf, PageRequest
from troupe.wallet.budgets import Budget, budgets_path
from troupe.wallet.records import Entry
from troupe.wallet.service import WalletService

MOST_BUDGETS = 5_000  # of the members in the months that are asked for


@dataclass(frozen=True, slots=True)
class Usage:
    """What was charged in a month, of one member (None: of all), and what running jobs hold."""

    month: str
    user_id: str | None
    tokens: int = 0
    voice_seconds: int = 0
    tokens_held: int = 0
    voice_seconds_held: int = 0


class Spending:
    def __init__(self, db: Database, wallet: WalletService) -> None:
        self._db = db
        self._wallet = wallet

    def usage(
        self, caller: Caller, company_id: str, first: str, last: str, *, by_member: bool
    ) -> list[Usage]:
        """By month, from `first` to `last` (`2026-11`), oldest first; with `by_member`, one for
        each member who spent something. At most MOST_BUDGETS of the latest months are read. Raises
        CompanyNotFound, Forbidden."""
        managed(caller, company_id)
        found = self._db.find(
            budgets_path(company_id),
            where=[("month", ">=", first), ("month", "<=", last)],
            order=[("month", True)],
            limit=MOST_BUDGETS,
        )
        budgets = sorted(map(Budget.of, found), key=attrgetter("month", "uid"))
        if by_member:
            return [_usage(each.month, each.uid, [each]) for each in budgets]
        return list(_by_month(budgets))

    def ledger(
        self, caller: Caller, company_id: str, page: PageRequest
    ) -> tuple[list[Entry], PageOf]:
        """Newest first. Raises CompanyNotFound, Forbidden, BadCursor, PageTooDeep."""
        managed(caller, company_id)
        return self._wallet.ledger(company_id, page)


def _by_month(budgets: list[Budget]) -> Iterator[Usage]:
    for month, those in groupby(budgets, key=attrgetter("month")):
        yield _usage(month, None, those)


def _usage(month: str, uid: str | None, budgets: Iterable[Budget]) -> Usage:
    spent = list(budgets)
    return Usage(
        month,
        uid,
        tokens=sum(each.tokens.used for each in spent),
        voice_seconds=sum(each.voice_seconds.used for each in spent),
        tokens_held=sum(each.tokens.held for each in spent),
        voice_seconds_held=sum(each.voice_seconds.held for each in spent),
    )

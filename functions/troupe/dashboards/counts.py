"""What was counted of a company, as it is stored and as it is added up.

Times are numbers of quarters of an hour since 1970 (`slot`). What is stored of a day is described
in `days`. A pack, `companies/{id}/days/{yyyymm}-{n}`, has past days of a month: `everybody` is JSON
`{counter: [slots, numbers]}`, counted from the beginning of the month, and `members` has the same
for each member, `{uid: {counter: …}}`. Text is smaller than a map, and read much faster.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from troupe.adapters.firestore import Database, Document
from troupe.dashboards.days import NOBODY, QUARTER, days_path

MOST_DOCUMENTS = 5_000  # of one read: more than two years of days that were never folded
_SECONDS = int(QUARTER.total_seconds())

Cells = defaultdict[str, defaultdict[str, Counter[int]]]  # who, counter, slot: how many
Runs = dict[str, list[list[int]]]  # counter: ascending slots, and as many numbers


def slot_of(at: datetime) -> int:
    return int(at.timestamp()) // _SECONDS


def time_of(slot: int) -> datetime:
    return datetime.fromtimestamp(slot * _SECONDS, UTC)


def no_cells() -> Cells:
    return defaultdict(lambda: defaultdict(Counter))


def add_day(cells: Cells, data: Mapping[str, Any], base: int = 0) -> None:
    """Adds what a document of a day has; slots are counted from `base`."""
    start = start_of(data["day"]) - base
    for who, counters in data.get("counts", {}).items():
        for name, quarters in counters.items():
            for quarter, number in quarters.items():
                cells[who][name][start + int(quarter)] += number


def add_pack(cells: Cells, data: Mapping[str, Any]) -> None:
    """Adds a pack; slots are the pack's own."""
    members: dict[str, Runs] = json.loads(data["members"])
    for who, counters in members.items():
        for name, (slots, numbers) in counters.items():
            cells[who][name].update(dict(zip(slots, numbers, strict=True)))


def packed(cells: Cells) -> dict[str, str]:
    """The fields of a pack."""
    members = {who: _runs(each) for who, each in sorted(cells.items())}
    fields = {"everybody": _runs(_together(cells)), "members": members}
    return {name: json.dumps(each, separators=(",", ":")) for name, each in fields.items()}


@dataclass(frozen=True)
class _Piece:
    """Counts whose slots are counted from `base`. `members` is JSON, or nothing."""

    base: int
    everybody: Runs
    members: str | None

    @cached_property
    def by_member(self) -> dict[str, Runs]:
        return json.loads(self.members) if self.members else {}


class Counts:
    """What was counted in a time; ranges are of slots, without the end."""

    def __init__(self, pieces: Iterable[_Piece]) -> None:
        self._pieces = list(pieces)

    def sums(self, since: int, until: int) -> Counter[str]:
        """By counter, without zeros."""
        return _added(((piece.everybody, piece.base) for piece in self._pieces), since, until)

    def by_member(self, since: int, until: int) -> dict[str, Counter[str]]:
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for piece in self._pieces:
            for who, runs in piece.by_member.items():
                found[who].update(_added([(runs, piece.base)], since, until))
        return {who: sums for who, sums in found.items() if sums and who != NOBODY}

    def cells(
        self, since: int, until: int, only: str | None = None
    ) -> Iterator[tuple[str, int, int]]:
        """Counters, slots and numbers, in no order. `only`: the counter, None for all."""
        for piece in self._pieces:
            for name, (slots, numbers) in piece.everybody.items():
                if only not in (None, name):
                    continue
                first = bisect_left(slots, since - piece.base)
                for place in range(first, bisect_left(slots, until - piece.base)):
                    yield name, slots[place] + piece.base, numbers[place]

    def active(self, names: Iterable[str], bounds: Sequence[int]) -> list[set[str]]:
        """The members who have something under one of the names, between each two of `bounds`."""
        found: list[set[str]] = [set() for _ in bounds[1:]]
        for piece in self._pieces:
            for who, runs in piece.by_member.items():
                if who == NOBODY:
                    continue
                for name in names:
                    for slot in runs.get(name, [[]])[0]:
                        place = bisect_right(bounds, slot + piece.base) - 1
                        if 0 <= place < len(found):
                            found[place].add(who)
        return found


def read(db: Database, company_id: str, since: int, until: int, *, members: bool) -> Counts:
    """The counts of a company from `since` to before `until`, by one query, so that nothing is
    missing, or there twice, if days are folded meanwhile. `members`: also by member."""
    first, last = time_of(since), time_of(until - 1)
    fields = ["day", "counts", "everybody", *(["members"] if members else [])]
    found = db.find(
        days_path(company_id),
        # A month is before its days: 202611 and 20261101.
        where=[("day", ">=", f"{first:%Y%m}"), ("day", "<=", f"{last:%Y%m%d}")],
        limit=MOST_DOCUMENTS,
        select=fields,
    )
    return Counts(_pieces(found))


def _pieces(found: Iterable[Document]) -> Iterator[_Piece]:
    loose = no_cells()
    for document in found:
        if "everybody" in document.data:
            data = document.data
            everybody = json.loads(data["everybody"])
            yield _Piece(start_of(data["day"]), everybody, data.get("members"))
        else:
            add_day(loose, document.data)
    if loose:
        fields = packed(loose)
        yield _Piece(0, json.loads(fields["everybody"]), fields["members"])


def _added(pieces: Iterable[tuple[Runs, int]], since: int, until: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for runs, base in pieces:
        for name, (slots, numbers) in runs.items():
            if slots[-1] + base < since or slots[0] + base >= until:
                continue
            first, end = bisect_left(slots, since - base), bisect_left(slots, until - base)
            if number := sum(numbers[first:end]):
                found[name] += number
    return found


def _together(cells: Cells) -> dict[str, Counter[int]]:
    sums: dict[str, Counter[int]] = defaultdict(Counter)
    for counters in cells.values():
        for name, slots in counters.items():
            sums[name].update(slots)
    return sums


def _runs(counters: Mapping[str, Mapping[int, int]]) -> Runs:
    """Without zeros."""
    runs: Runs = {}
    for name, cells in sorted(counters.items()):
        if slots := sorted(slot for slot, number in cells.items() if number):
            runs[name] = [slots, [cells[slot] for slot in slots]]
    return runs


def start_of(day: str) -> int:
    """The first slot of a day, or of a month."""
    return slot_of(datetime.strptime(f"{day}01"[:8], "%Y%m%d").replace(tzinfo=UTC))

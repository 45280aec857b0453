"""What was counted of a company, as it is stored and as it is added up.

Times are numbers of quarters of an hour since 1970 (`slot`). What is stored of a day is described
in `days`. A pack, `companies/{id}/days/{yyyymm}-{n}`, has past days of a month: `members` has the
counters of each member, and `everybody` their sums. Both are compressed: the names in JSON, then
all slots, counted from the beginning of the month, and then the numbers. A map with as many fields
would take much longer to read.
"""

from __future__ import annotations

import json
import zlib
from array import array
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
Runs = dict[str, tuple[Sequence[int], Sequence[int]]]  # counter: ascending slots, and numbers


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
    for who, counters in _unpacked(data["members"]).items():
        for name, (slots, numbers) in counters.items():
            cells[who][name].update(dict(zip(slots, numbers, strict=True)))


def packed(cells: Cells) -> dict[str, bytes]:
    """The fields of a pack."""
    members = {who: _runs(each) for who, each in sorted(cells.items())}
    return {"everybody": _packed({"": _runs(_together(cells))}), "members": _packed(members)}


def _packed(runs: Mapping[str, Runs]) -> bytes:
    """Bytes are in the order of every processor that this runs on: the lowest first."""
    names = [
        [who, name, len(slots)] for who, each in runs.items() for name, (slots, _) in each.items()
    ]
    all_slots, all_numbers = array("H"), array("q")
    for each in runs.values():
        for slots, numbers in each.values():
            all_slots.extend(slots)
            all_numbers.extend(numbers)
    head = json.dumps(names).encode()
    body = all_slots.tobytes() + all_numbers.tobytes()
    return zlib.compress(len(head).to_bytes(4, "little") + head + body, 6)


def _unpacked(data: bytes) -> dict[str, Runs]:
    content = memoryview(zlib.decompress(data))
    begin = 4 + int.from_bytes(content[:4], "little")
    names = json.loads(bytes(content[4:begin]))
    middle = begin + 2 * sum(count for _, _, count in names)
    slots, numbers = content[begin:middle].cast("H"), content[middle:].cast("q")
    found: dict[str, Runs] = {}
    place = 0
    for who, name, count in names:
        found.setdefault(who, {})[name] = (
            slots[place : place + count],
            numbers[place : place + count],
        )
        place += count
    return found


@dataclass(frozen=True)
class _Piece:
    """Counts whose slots are counted from `base`. `members` may not have been read."""

    base: int
    everybody: Runs
    members: Mapping[str, Runs] | bytes | None

    @cached_property
    def by_member(self) -> Mapping[str, Runs]:
        return _unpacked(self.members) if isinstance(self.members, bytes) else self.members or {}


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
                    slots = runs[name][0] if name in runs else ()
                    at = bisect_left(slots, bounds[0] - piece.base)
                    while at < len(slots):
                        place = bisect_right(bounds, slots[at] + piece.base) - 1
                        if place >= len(found):
                            break
                        found[place].add(who)
                        at = bisect_left(slots, bounds[place + 1] - piece.base, at)
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
            everybody = _unpacked(document.data["everybody"]).get("", {})
            base = start_of(document.data["day"])
            yield _Piece(base, everybody, document.data.get("members"))
        else:
            add_day(loose, document.data)
    if loose:
        members = {who: _runs(each) for who, each in loose.items()}
        yield _Piece(0, _runs(_together(loose)), members)


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
            runs[name] = slots, [cells[slot] for slot in slots]
    return runs


def start_of(day: str) -> int:
    """The first slot of a day, or of a month."""
    return slot_of(datetime.strptime(f"{day}01"[:8], "%Y%m%d").replace(tzinfo=UTC))

"""A user's pronunciation dictionary: finds its terms in a text, and says them its way."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from troupe.speech.text.entry import Entry
from troupe.speech.text.folding import Borders, borders, folded, key_of

# Of an alias in which the other entries are applied. Otherwise thirty entries of ten times the
# next one's term would fill the memory.
MOST_SPOKEN = 1_000


class Match(NamedTuple):
    """`[start:end]` of a text is the term of an entry."""

    start: int
    end: int
    entry: Entry


class Phonemes(NamedTuple):
    """`[start:end]` of a text sounds like `ipa`."""

    start: int
    end: int
    ipa: str


def entry_key(entry: Entry) -> tuple[str, bool]:
    """Different for all entries of a dictionary."""
    return key_of(entry.term, case=entry.case_sensitive), entry.case_sensitive


class AliasCycle(ValueError):
    """The entries, by number, whose aliases contain each other's terms: each that of the next, and
    the last that of the first."""

    def __init__(self, numbers: Sequence[int]) -> None:
        super().__init__(f"the aliases of the entries {numbers} contain each other's terms")
        self.numbers = numbers


class AliasTooLong(ValueError):
    """The entry, by number, whose alias gets longer than MOST_SPOKEN characters."""

    def __init__(self, number: int) -> None:
        super().__init__(f"the alias of entry {number} is longer than {MOST_SPOKEN} characters")
        self.number = number


class Dictionary:
    """The entries of one version, ready to be applied. `sha256`: names the version in cache keys.

    Terms are found as whole words (see `folding.borders`), whatever their case and normal form (see
    `folding.key_of`). Where several begin, the longest counts, and a case-sensitive one before an
    equal one that is not. An alias is read with the other entries applied, once each: no chain of
    aliases leads back to its beginning. Thread-safe.
    """

    def __init__(self, entries: Sequence[Entry], sha256: str = "") -> None:
        """Raises AliasCycle, AliasTooLong, and ValueError for entries with the same key."""
        self.sha256 = sha256
        self._exact = _Terms(each for each in entries if each.case_sensitive)
        self._caseless = _Terms(each for each in entries if not each.case_sensitive)
        if len(self._exact) + len(self._caseless) != len(entries):
            raise ValueError("several entries have the same term")
        self._aliases: dict[Entry, tuple[str, list[Phonemes]]] = {}
        self._read_aliases(entries)

    def find(self, text: str) -> list[Match]:
        """The terms in `text`, in order and without overlap. Linear."""
        if not text or not (self._exact or self._caseless):
            return []
        where = borders(text)
        exact = self._exact.longest(text, where, case=True)
        caseless = self._caseless.longest(text, where, case=False)
        found = exact + caseless
        if exact and caseless:
            found.sort(key=_first_and_longest)  # stable: of equal ones, the exact one is first
        matches, at = [], 0
        for match in found:
            if match[0] >= at:
                matches.append(Match(*match))
                at = match[1]
        return matches

    def alias(self, entry: Entry) -> tuple[str, list[Phonemes]]:
        """The alias of an entry, with the other entries applied, and the sounds in it."""
        return self._aliases[entry]

    def _read(self, alias: str, matches: Iterable[Match]) -> tuple[str, list[Phonemes]]:
        """An alias with the entries of its matches applied, and the sounds in it."""
        pieces: list[str] = []
        phonemes: list[Phonemes] = []
        at = length = 0  # in the alias, and of what is read
        for start, end, entry in matches:
            if entry.ipa is not None:
                text, sounds = alias[start:end], [Phonemes(0, end - start, entry.ipa)]
            else:
                text, sounds = self._aliases[entry]
            first = length + start - at
            phonemes += [Phonemes(first + each[0], first + each[1], each[2]) for each in sounds]
            pieces += [alias[at:start], text]
            at, length = end, first + len(text)
        return "".join([*pieces, alias[at:]]), phonemes

    def _read_aliases(self, entries: Sequence[Entry]) -> None:
        numbers = {entry: number for number, entry in enumerate(entries)}
        matches = {n: self.find(each.alias or "") for n, each in enumerate(entries)}
        uses = {n: [numbers[match.entry] for match in found] for n, found in matches.items()}
        try:
            order = list(TopologicalSorter(uses).static_order())
        except CycleError as error:
            raise AliasCycle(error.args[1][:0:-1]) from None
        for number in order:
            entry = entries[number]
            if entry.alias is None:
                continue
            said, phonemes = self._read(entry.alias, matches[number])
            if len(said) > MOST_SPOKEN:
                raise AliasTooLong(number)
            self._aliases[entry] = said, phonemes


class _Terms:
    """The automaton of Aho and Corasick, over reversed terms: read backwards, a text shows at each
    place all terms that begin there, the longest first. https://doi.org/10.1145/360825.360855

    A loop over the places that tries one length after the other takes a hundred times as long for
    a text of one letter and terms of up to a hundred of it, and so does `re` with all terms as
    alternatives.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        # By node; the first is the root.
        self._entries: list[Entry | None] = [None]
        self._steps: list[dict[str, int]] = [{}]
        self._lengths = array("i", [0])
        self._count = 0
        for entry in entries:
            self._add(entry)
        # The longest proper suffix of a node, and the longest that is a term.
        self._suffix = array("i", bytes(self._lengths.itemsize * len(self._steps)))
        self._shorter = self._suffix[:]
        self._link()

    def __len__(self) -> int:
        return self._count

    def longest(self, text: str, where: Borders, *, case: bool) -> list[tuple[int, int, Entry]]:
        """For each place where terms are whole words, the start and end of the longest one, and its
        entry; in order."""
        longest: list[tuple[int, int, Entry]] = []
        if not self._count:
            return longest
        key, offsets = folded(text, case=case)
        starts, ends = _within(where.starts, offsets), _within(where.ends, offsets)
        steps, suffix, entries, shorter = self._steps, self._suffix, self._entries, self._shorter
        node = 0
        for at in range(len(key) - 1, -1, -1):
            character = key[at]
            while (step := steps[node].get(character)) is None and node:
                node = suffix[node]
            node = step or 0
            if not node or not starts[at]:
                continue
            found = node if entries[node] is not None else shorter[node]
            while found:
                end = at + self._lengths[found]
                entry = entries[found]
                if ends[end] and entry is not None:
                    longest.append((offsets[at], offsets[end], entry))
                    break
                found = shorter[found]
        longest.reverse()
        return longest

    def _add(self, entry: Entry) -> None:
        node = 0
        for character in reversed(key_of(entry.term, case=entry.case_sensitive)):
            step = self._steps[node].get(character)
            if step is None:
                step = self._steps[node][character] = len(self._steps)
                self._steps.append({})
                self._entries.append(None)
                self._lengths.append(self._lengths[node] + 1)
            node = step
        self._count += self._entries[node] is None
        self._entries[node] = entry

    def _link(self) -> None:
        nodes = deque([0])
        while nodes:
            parent = nodes.popleft()
            for character, node in self._steps[parent].items():
                nodes.append(node)
                suffix = self._suffix[parent]
                while character not in self._steps[suffix] and suffix:
                    suffix = self._suffix[suffix]
                step = self._steps[suffix].get(character, 0)
                suffix = step if step != node else 0
                self._suffix[node] = suffix
                is_term = self._entries[suffix] is not None
                self._shorter[node] = suffix if is_term else self._shorter[suffix]


def _first_and_longest(found: tuple[int, int, Entry]) -> tuple[int, int]:
    return found[0], -found[1]


def _within(flags: bytearray, offsets: Sequence[int]) -> bytearray:
    """The flags of the source at each character of a key; none inside what one character of the
    source became."""
    if isinstance(offsets, range):
        return flags
    return bytearray(
        0 if number and offsets[number - 1] == at else flags[at]
        for number, at in enumerate(offsets)
    )

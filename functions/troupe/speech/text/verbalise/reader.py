"""One pass over a sentence: finds what is read in words, and says it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain, groupby
from typing import NamedTuple

from troupe.speech.text.mapped import Edit
from troupe.speech.text.verbalise import addresses, cldr, dates, numbers, quantities, words
from troupe.speech.text.verbalise.rules import Kind, Rules

_NAME = re.compile(r"\(\?P<\w+>")
_AT_END = re.compile(r"[^\w\s.,;:!?]{0,5}\s*$")
# What a kind may begin with: spaces and most of punctuation are passed over.
_BEGIN = re.compile(
    rf"(?P<c>\d++(?=\S))|(?P<d>[\d{''.join(numbers.FRACTIONS)}])|(?P<w>[^\W\d_])|(?P<m>[^\w\s,;:!?\")\]}}»”])"
)
# Two of a kind with a dash between are a range: 9:30–11:00, 5 % - 10 %.
_RANGED = frozenset({"time", "quantity", "money", "date", "month", "numeric date", "iso date"})
# What stands in the case that the words around it ask for.
_DECLINED = frozenset({"number", "range", "quantity", "money", "scale"})
# What may have a suffix of `Rules.attach`.
_SUFFIXED = _DECLINED | {"time", "date", "numeric date", "iso date", "fraction", "part"}
_CODE = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?(?:-.*)?")
# CLDR knows Mandarin as Chinese. In other scripts than these a language is written otherwise than
# its words here: Serbian in Latin letters, English in Shavian.
_CODES = {"cmn": "zh", "no": "nb"}
_SCRIPTS = (None, "hans", "hant", "arab", "cyrl")


def rules_for(language: str) -> Rules | None:
    """The rules of a language; None if nobody knows how it spells its numbers, or in which script.

    A module `languages/xx.py` refines what CLDR says, by `rules(base, region) -> Rules`.
    """
    match = _CODE.fullmatch(language.lower())
    if match is None or match[2] not in _SCRIPTS:
        return None
    code = _CODES.get(match[1], match[1])
    rules = cldr.base(code, (match[3] or "").upper())
    module = f"troupe.speech.text.verbalise.languages.{code}"
    if rules is None or find_spec(module) is None:
        return rules
    refined: Rules = importlib.import_module(module).rules(rules, rules.region)
    return refined


_Compiled = tuple[Kind, re.Pattern[str]]


class _Start(NamedTuple):
    """The kinds that may begin with a digit, a letter or a mark. In the pattern of `match` each has
    a group; its last part, without a group, skips what none of them takes. `kinds`: by group, its
    kind and those to try after it."""

    match: Callable[[str, int], re.Match[str] | None]
    kinds: Mapping[str | None, Sequence[_Compiled]]


class Reader:
    """The compiled kinds of a language."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        kinds = tuple(
            chain(
                rules.kinds,
                dates.kinds(rules),
                addresses.kinds(rules),
                words.kinds(rules),
                quantities.kinds(rules),
                numbers.kinds(rules),
                words.symbols(rules),
            )
        )
        self.kinds: tuple[_Compiled, ...] = tuple(
            (kind, re.compile(kind.pattern)) for kind in kinds
        )
        # Words, and what is made of letters and digits (MP3, 10x, 3D), are passed over whole.
        skips = {
            "d": r"\d\w*+(?:[.,:/'’]\w++)*+",
            "w": r"[^\W\d_]\w*+(?:['’.]\w++)*+",
            "m": ".",
        }
        skips["c"] = skips["d"]
        if rules.unspaced:
            skips["d"] = skips["c"] = r"\d++[A-Za-z]*+(?:[.,:/]\d++)*+"
            skips["w"] = r"[A-Za-z][A-Za-z0-9]*+(?:['.][A-Za-z0-9]++)*+|[^\W\d_A-Za-z]++|\w"
        self._dash = re.compile(rf"{numbers.SPACE}?{rules.dash}{numbers.SPACE}?")
        to = f" {rules.words['to']} " if "to" in rules.words else ""
        # The same few numbers are said again and again.
        polish = rules.polish
        self._polish = None if polish is None else lru_cache(maxsize=16_384)(polish)
        self._to = polish(to) if polish is not None else to
        self._starts = {start: self._start(start, skip) for start, skip in skips.items()}

    def _start(self, start: str, skip: str) -> _Start:
        kinds = [
            (kind, pattern)
            for kind, pattern in self.kinds
            if start in kind.starts or (start == "c" and "d" in kind.starts)
        ]
        patterns = []
        for needs, group in groupby(enumerate(kinds), lambda each: each[1][0].needs):
            # The empty groups tell which matched. Around the patterns they would cost time at
            # each one that fails.
            any_of = "|".join(
                f"(?:{_NAME.sub('(?:', kind.pattern)})(?P<k{at}>)" for at, (kind, _) in group
            )
            patterns.append(f"(?={needs})(?:{any_of})" if needs else any_of)
        match = re.compile("|".join([*patterns, skip]), re.DOTALL).match
        return _Start(match, {f"k{at}": tuple(kinds[at:]) for at in range(len(kinds))})

    def edits(self, text: str) -> list[Edit]:
        edits: list[Edit] = []
        at, begin, starts = 0, _BEGIN.search, self._starts
        to, last_name, last = self._to, "", 0
        while (first := begin(text, at)) is not None:
            match, kinds = starts[first.lastgroup or "m"]
            found = match(text, first.start())
            if found is None:  # "_" in a word
                at = first.end()
                continue
            at = found.end()
            if (group := found.lastgroup) is None:
                continue
            read = self._read(found, kinds[group])
            if read is None:
                continue
            name, edit = read
            start, at, said = edit
            if name == last_name and name in _RANGED and self._dash.fullmatch(text, last, start):
                edits.append(Edit(last, start, to))
            last_name, last = (name, at) if to else ("", 0)
            if said != text[start:at]:
                edits.append(edit)
        return edits

    def _read(self, found: re.Match[str], kinds: Sequence[_Compiled]) -> tuple[str, Edit] | None:
        """By the first of `kinds` that has something to say where they were found."""
        text, start = found.string, found.start()
        for kind, pattern in kinds:
            match = pattern.match(text, start)
            if match is None:
                continue
            rules = self.rules
            if rules.in_context is not None and kind.name in _DECLINED:
                rules = rules.in_context(match) or rules
            if (said := kind.read(match, rules)) is None:
                continue
            if self._polish is not None:
                said = self._polish(said)
            end = match.end()
            if rules.attach is not None and kind.name in _SUFFIXED:
                said, taken = rules.attach(said, text[end : end + 20])
                end += taken
            if text[end - 1] == "." and said[-1:] != "." and _AT_END.match(text, end):
                said += "."  # the full stop of an abbreviation ends the sentence too
            return kind.name, Edit(start, end, said)
        return None


@lru_cache(maxsize=32)
def reader(language: str) -> Reader | None:
    rules = rules_for(language)
    return None if rules is None else Reader(rules)


def verbalise(text: str, language: str) -> list[Edit]:
    """What a listener expects to hear in words, in one sentence or heading of clean text (NFC, no
    markup). `language` is BCP 47. Edits in order, not overlapping. Linear in time."""
    found = reader(language)
    return [] if found is None else found.edits(text)

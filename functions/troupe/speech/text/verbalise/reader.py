"""One pass over a sentence: finds what is read in words, and says it."""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain

from troupe.speech.text.mapped import Edit
from troupe.speech.text.verbalise import addresses, cldr, dates, numbers, quantities, words
from troupe.speech.text.verbalise.rules import Kind, Rules

_NAME = re.compile(r"\(\?P<\w+>")
_AT_END = re.compile(r"[^\w\s.,;:!?]{0,5}\s*$")
_CODE = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?(?:-.*)?")
# Chinese has a macrolanguage in CLDR; its usual scripts are no other spelling of its numbers' words.
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


class Reader:
    """The compiled kinds of a language."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        kinds = tuple(
            chain(
                rules.kinds,
                addresses.kinds(rules),
                words.kinds(rules),
                dates.kinds(rules),
                quantities.kinds(rules),
                numbers.kinds(rules),
                words.symbols(rules),
            )
        )
        self.kinds: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
            (kind, re.compile(kind.pattern)) for kind in kinds
        )
        word = "[A-Za-z]" if rules.unspaced else r"[^\W\d_]"
        # Every kind is a group of one pattern, so that the text is searched once. Words and what is
        # made of letters and digits (MP3, v2, 10x, 3D) are passed over as wholes.
        groups = [f"(?P<k{at}>{_NAME.sub('(?:', kind.pattern)})" for at, kind in enumerate(kinds)]
        skip = rf"{word}\w*+(?:['’.]\w++)*+|\d\w*+(?:[.,:/'’]\w++)*+"  # noqa: RUF001
        if rules.unspaced:
            skip = r"[A-Za-z][A-Za-z0-9]*+(?:['.][A-Za-z0-9]++)*+|\d++[A-Za-z]*+"
        self._search = re.compile("|".join([*groups, f"(?P<skip>{skip})"]))

    def edits(self, text: str) -> list[Edit]:
        edits: list[Edit] = []
        at, search, size = 0, self._search.search, len(text)
        while at < size and (found := search(text, at)) is not None:
            at = found.end()
            group = found.lastgroup
            if group == "skip" or group is None:
                continue
            edit = self._read(found, int(group[1:]))
            if edit is None:
                continue
            at = edit.end
            if edit.text != text[edit.start : edit.end]:
                edits.append(edit)
        return edits

    def _read(self, found: re.Match[str], first: int) -> Edit | None:
        text, start = found.string, found.start()
        for kind, pattern in self.kinds[first:]:
            match = pattern.match(text, start)
            if match is None or (said := kind.read(match, self.rules)) is None:
                continue
            end = match.end()
            if text[end - 1] == "." and said[-1:] != "." and _AT_END.match(text, end):
                said += "."  # the full stop of an abbreviation ends the sentence too
            return Edit(start, end, said)
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

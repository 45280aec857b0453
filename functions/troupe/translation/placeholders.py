"""What must survive a translation unchanged, and the placeholders that stand for it meanwhile.

Links, addresses, names with @, tags, code, emoji, amounts of money and numbers with marks inside
are kept as they are; terms of a glossary get their own translation. For a translator, each is
`⟦n⟧`, and a translation is accepted only if it has every placeholder of its text exactly once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

_LONGEST_WORD = 60  # characters; what is longer is no word, and slow to translate
# Of scripts without spaces, whose sentences are one run: Thai to Khmer, kana, ideographs.
_UNSPACED = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Symbols and pictures, with the invisible characters that join and colour them.
_PICTURES = (
    "\u00a6\u00a7\u00a9\u00ac\u00ae\u00b0-\u00b3\u00b5\u00b6\u00b9\u00bc-\u00be\u00d7\u00f7"
    "\u2020\u2021\u2030-\u2038\u2044\u2070-\u209f\u20d0-\u2bff\u2e80-\u2eff\u3003\u3004\u3012\u3013"
    "\u3020\u3030\u3036\u3037\u303d-\u303f\u3297\u3299\ue000-\uf8ff\ufe0f\ufffd"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f\U000f0000-\U0010ffff"
)
_MONEY = "$¢£¤¥\u20a0-\u20cf"
# With brackets that are closed, and not the marks of the sentence around it.
_ADDRESS = r"(?:[^\s<>\"\u201d\u00bb⟦⟧()]|\([^\s<>\"⟦⟧()]{0,300}\)){1,2000}(?<![.,;:!?'\]])"
_NUMBER = r"\d+(?:[.,:/'\u2019\u00a0\u202f-]\d+)*"
# In the order in which they are tried at a place. The terms of a glossary come after the first
# ones, so that they are not found inside a link.
_FIRST = (
    r"```.*?```|`[^`\n]{1,500}`",
    # What tells a voice how to read: docs/reading.md.
    r"\[(?:pause|spell|say)\b[^\[\]\n]{0,200}\]",
    rf"(?i:(?:https?|ftp|wss?)://|mailto:|www\.){_ADDRESS}",
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}",
)
_THEN = (
    r"⟦\d{1,9}⟧|[⟦⟧]+",
    # Domains that stand alone.
    r"(?<![\w@.])(?:[A-Za-z0-9-]{1,63}\.){1,5}(?:com|org|net|edu|gov|io|dev|app|info|eu|uk|de|fr"
    r"|es|it|nl|br|pt|pl|ru|jp|cn|kr|no|se|dk|fi|ch|at)(?:/[^\s<>\"⟦⟧]{0,500}(?<![.,;:!?)'\]]))?"
    r"(?!\w)",
    # Names, and mentions of users by their ids.
    r"<[@#][\w-]{1,128}>|[@#]\w(?:[\w.-]{0,98}\w)?",
    r"(?<!\w):[a-z0-9_+-]{2,40}:(?!\w)",
    # Markup, entities and variables of templates.
    r"</?[A-Za-z][^<>\n]{0,500}>|&(?:[a-zA-Z]{2,20}|#\d{1,7});|\{\{[^{}\n]{1,100}\}\}"
    r"|\$?\{[^{}\n]{1,100}\}|%(?:\(\w{1,40}\))?[sdif](?!\w)|\\[nrt](?!\w)",
    # A sign between two numbers belongs to the one that it touches.
    rf"(?:\b[A-Z]{{1,3}})?[{_MONEY}][ \u00a0]?{_NUMBER}"
    rf"|{_NUMBER}(?:[{_MONEY}]|[ \u00a0][{_MONEY}](?!\d))|[{_MONEY}]+",
    # Numbers with marks inside, and long ones: a time, a date, a price, a telephone number.
    r"\+\d{1,3}(?:[ .-]?(?:\(\d{1,5}\)|\d{1,5})){2,6}|"
    r"\+?\d+(?:[.,:/'\u2019\u00a0\u202f-]\d+)+(?:e[+-]?\d+)?%?|\d{5,}",
    # Marks that set the direction of writing.
    r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+",
    rf"[0-9#*]\ufe0f?\u20e3|[{_PICTURES}](?:[\u200d{_PICTURES}])*",
    rf"[^\s{_UNSPACED}⟦⟧]{{{_LONGEST_WORD + 1},}}",
)
# Letters with the marks on them; alone in scripts without spaces.
_WORD = re.compile(
    rf"[{_UNSPACED}]|(?:[^\W{_UNSPACED}]|[\u0300-\u036f\u0591-\u05c7\u0610-\u065f\u0900-\u0dff])+"
    r"|[^\w\s]"
)
_SPACED_LETTER = re.compile(rf"[^\W{_UNSPACED}]")
MARK = re.compile(r"⟦(\d{1,5})⟧")
BETWEEN = re.compile(r"(⟦\d{1,5}⟧)")  # splits a text into what is between marks, and the marks
# Neighbours, which are one thing to the translator.
_NEIGHBOURS = re.compile(r"⟦\d{1,5}⟧(?:[ \u00a0]?⟦\d{1,5}⟧)+")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a placeholder stands for. `tight_left`, `tight_right`: whether a letter or digit touches
    it there, with no space between them."""

    text: str
    tight_left: bool = False
    tight_right: bool = False


_SPACED = re.compile(r"( ?)⟦(\d{1,5})⟧( ?)")


@dataclass(slots=True)
class Masked:
    """A text with placeholders: `⟦n⟧` stands for `kept[n - 1]`. `reworded`: whether one stands for
    other words than the text has, as the glossary says."""

    text: str
    kept: list[Kept] = field(default_factory=list)
    reworded: bool = False

    def unmasked(self, text: str) -> str:
        """`text` with what its placeholders stand for."""
        return _SPACED.sub(self._shown, text)

    def _shown(self, found: re.Match[str]) -> str:
        number = int(found[2])
        if not 1 <= number <= len(self.kept):
            return found[0]
        kept = self.kept[number - 1]
        left = "" if kept.tight_left else found[1]
        right = "" if kept.tight_right else found[3]
        return left + kept.text + right


def masked(
    text: str,
    glossary: Mapping[str, str],
    alphabet: frozenset[str] | None = None,
    exact: Collection[str] = (),
) -> Masked:
    """`text` with placeholders. `glossary`: terms and their translations; terms are whole words,
    in any letter case but for those in `exact`, and longer ones come first. `alphabet`: words with
    other characters are kept."""
    made = Masked("")
    terms = {term.casefold(): said for term, said in glossary.items() if term not in exact}
    written = {term: glossary[term] for term in exact}

    def keep(found: re.Match[str]) -> str:
        said = found[0]
        if found.lastgroup == "term":
            said = written.get(said) or terms.get(said.casefold(), said)
            made.reworded |= said.casefold() != found[0].casefold()
        return _added(made, said, found)

    ways = [*((term, True) for term in written), *((term, False) for term in terms)]
    text = _pattern(tuple(sorted(ways, key=_length, reverse=True))).sub(keep, text)
    if alphabet is not None:
        text = _readable(text, made, alphabet)
    made.text = _joined(text, made)
    return made


@cache
def _plain_pattern() -> re.Pattern[str]:
    return re.compile("|".join((*_FIRST, *_THEN)), re.DOTALL)


def _length(term: tuple[str, bool]) -> int:
    return len(term[0])


def _pattern(terms: tuple[tuple[str, bool], ...]) -> re.Pattern[str]:
    """`terms`: each with whether it counts only in its own letter case."""
    if not terms:
        return _plain_pattern()
    either = "|".join(_whole(term) if exact else f"(?i:{_whole(term)})" for term, exact in terms)
    return re.compile("|".join((*_FIRST, f"(?P<term>{either})", *_THEN)), re.DOTALL)


def _whole(term: str) -> str:
    left = r"(?<!\w)" if _SPACED_LETTER.match(term[0]) else ""
    right = r"(?!\w)" if _SPACED_LETTER.match(term[-1]) else ""
    return left + re.escape(term) + right


def _added(made: Masked, said: str, found: re.Match[str]) -> str:
    text = found.string
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    kept = Kept(said, before.isalnum(), after.isalnum())
    made.kept.append(kept)
    mark = f"⟦{len(made.kept)}⟧"
    return f"{' ' * kept.tight_left}{mark}{' ' * kept.tight_right}"


def _readable(text: str, made: Masked, alphabet: frozenset[str]) -> str:
    """`text` with placeholders also for words that have characters outside `alphabet`."""

    def keep(found: re.Match[str]) -> str:
        # Some vocabularies have a letter only as a small one.
        for form in (found[0], found[0].lower()):
            if alphabet.issuperset(form):
                return form
        return _added(made, found[0], found)

    parts = enumerate(BETWEEN.split(text))
    return "".join(part if number % 2 else _WORD.sub(keep, part) for number, part in parts)


def _joined(text: str, made: Masked) -> str:
    """`text` with one placeholder in place of several neighbours."""

    def join(found: re.Match[str]) -> str:
        spaces = MARK.split(found[0])[2::2]
        first, *others = (made.kept[int(number) - 1] for number in MARK.findall(found[0]))
        together = first
        for space, other in zip(spaces, others, strict=False):
            touch = together.tight_right or other.tight_left
            said = together.text + ("" if touch else space) + other.text
            together = Kept(said, first.tight_left, other.tight_right)
        made.kept.append(together)
        return f"⟦{len(made.kept)}⟧"

    return _NEIGHBOURS.sub(join, text)


def numbered(text: str) -> tuple[str, list[str]]:
    """`text` with its placeholders counted from 1, and what they were."""
    marks: list[str] = []

    def count(found: re.Match[str]) -> str:
        marks.append(found[0])
        return f"⟦{len(marks)}⟧"

    return MARK.sub(count, text), marks


def renumbered(text: str, marks: list[str]) -> str | None:
    """Undoes `numbered` in a translation; None if a placeholder is lost, doubled or new."""
    found = MARK.findall(text)
    if sorted(found) != sorted(map(str, range(1, len(marks) + 1))):
        return None
    return MARK.sub(lambda mark: marks[int(mark[1]) - 1], text)


def letters(text: str) -> Iterator[str]:
    """The letters of `text` outside placeholders."""
    return (character for character in MARK.sub("", text) if character.isalpha())

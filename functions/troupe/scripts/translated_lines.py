"""Which parts of a line stay untranslated: stage directions and the names of the cast.

Each becomes a placeholder, which the translator keeps exactly once
(`troupe.translation.placeholders`). Whether a bracket is a direction depends on what surrounds it,
so in a translation a direction could be spoken, or spoken text could become a direction. Both are
checked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from troupe.speech.text.directions import OPENINGS, direction_spans
from troupe.translation.placeholders import MARK


def names_pattern(names: Iterable[str], known: Collection[str]) -> re.Pattern[str]:
    """Finds the names as they are written, and in capitals; not those of one letter, which may be
    words. `known`: the terms of the glossary, which are translated as it says."""
    terms = {term.casefold() for term in known}
    kept = {name for name in names if len(name) > 1 and name.casefold() not in terms}
    found = sorted(kept | {name.upper() for name in kept}, key=len, reverse=True)
    either = "|".join(map(re.escape, found)) or "(?!)"
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)")


@dataclass(slots=True)
class Masked:
    """`text`: with placeholders. `names` and `directions`: what each placeholder stands for.
    `directed`: whether the text can have directions."""

    text: str
    directed: bool = True
    names: dict[str, str] = field(default_factory=dict)
    directions: dict[str, str] = field(default_factory=dict)

    def unmasked(self, translated: str) -> str | None:
        """The translation, with the originals in place of placeholders; None if one is lost, or if
        the directions differ."""
        if not self.directed:
            return _replaced(translated, self.names)
        for text in (translated, self._set_apart(translated)):
            said = _replaced(text, self.names | self.directions)
            if said is not None and sorted(_directions(said)) == sorted(self.directions.values()):
                return said
        return None

    def _set_apart(self, text: str) -> str:
        """With each direction on a line of its own, where it always is one, and without the
        brackets of text that would now be taken for a direction."""
        for start, end in reversed(direction_spans(text)):
            inside = text[start:end].strip("*_")
            inside = inside[1:-1] if inside[0] in OPENINGS else inside
            text = text[:start] + inside + text[end:]
        for mark in self.directions:
            text = text.replace(mark, f"\n{mark}\n")
        return "\n".join(line for each in text.splitlines() if (line := each.strip()))


def masked(text: str, names: re.Pattern[str], *, directed: bool = True) -> Masked:
    """`directed`: whether the text can have directions."""
    made = Masked("", directed)
    marks = _unused_marks(text)

    def name(found: re.Match[str]) -> str:
        mark = next(marks)
        made.names[mark] = found[0]
        return mark

    at = 0
    for start, end in direction_spans(text) if directed else ():
        made.text += names.sub(name, text[at:start])
        mark = next(marks)
        made.directions[mark] = text[start:end]
        made.text += mark
        at = end
    made.text += names.sub(name, text[at:])
    return made


def _unused_marks(text: str) -> Iterator[str]:
    marks = (f"⟦{number}⟧" for number in count(1))
    return (mark for mark in marks if mark not in text)


def _replaced(text: str, kept: dict[str, str]) -> str | None:
    """None if a placeholder is lost or doubled."""
    if any(text.count(mark) != 1 for mark in kept):
        return None
    return MARK.sub(lambda mark: kept.get(mark[0], mark[0]), text)


def _directions(text: str) -> list[str]:
    return [text[start:end] for start, end in direction_spans(text)]

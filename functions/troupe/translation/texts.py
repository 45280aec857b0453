"""Translates texts by any translator, so that nothing that must survive is lost.

What a translator does to a text is checked. A line that comes back without one of its placeholders
is translated again sentence by sentence, such a sentence by what is between its placeholders, and
what still fails stays as it was.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from troupe.counters import COUNTERS
from troupe.text import normalized
from troupe.translation import pieces
from troupe.translation.placeholders import letters, masked, numbered, renumbered
from troupe.translation.translator import TranslationRequest, Translator, timed_out

_CUTS = (pieces.lines, pieces.sentences, pieces.gaps)
# A longer translation is a repetition, or says something else.
_MOST_TIMES, _MOST_MORE = 4, 100


@dataclass(frozen=True, slots=True)
class Translations:
    """`kept`: how many stretches of the texts could not be translated, and are as they were.
    `reworded`: whether the glossary has put words of its own into one of them."""

    texts: list[str]
    kept: int
    reworded: bool = False


def translate(
    translator: Translator,
    texts: Sequence[str],
    source: str,
    target: str,
    *,
    deadline: float,
    glossary: Mapping[str, str] | None = None,
    exact: Collection[str] = (),
    style: str = "",
) -> Translations:
    """The texts in another language. `source` and `target`: codes of `translator.languages`;
    `glossary`: terms and their translations; `exact`: those that count only in their letter case;
    `deadline`: of time.monotonic. Raises TranslationError."""
    alphabet = translator.alphabet(source, target)
    terms = glossary or {}
    made = [masked(normalized("NFC", text), terms, alphabet, exact) for text in texts]
    work = _Work(translator, TranslationRequest([], source, target, deadline, style))
    translated = work.translated([each.text for each in made], 0)
    COUNTERS.add("translatedCharacters", sum(map(len, texts)))
    shown = [each.unmasked(text) for each, text in zip(made, translated, strict=True)]
    return Translations(shown, work.kept, any(each.reworded for each in made))


class _Work:
    def __init__(self, translator: Translator, request: TranslationRequest) -> None:
        self._translator = translator
        self._request = request
        self._answers: dict[str, str | None] = {}  # None: not usable
        self.kept = 0

    def translated(self, texts: Sequence[str], level: int) -> list[str]:
        """The texts, cut by `_CUTS[level]`, and what fails by the next one."""
        if level == len(_CUTS):
            self.kept += len(texts)
            return list(texts)
        most = self._translator.capabilities.text_characters
        cut = [list(_CUTS[level](text, most)) for text in texts]
        cores = dict.fromkeys(piece.core for text in cut for piece in text)
        wanted = [core for core in cores if any(letters(core))]
        self._ask([core for core in wanted if core not in self._answers])
        said = {core: self._answers[core] for core in wanted}
        failed = [core for core in wanted if said[core] is None]
        if failed:
            said |= dict(zip(failed, self.translated(failed, level + 1), strict=True))
        return [
            "".join(f"{before}{said.get(core, core)}{after}" for before, core, after in text)
            for text in cut
        ]

    def _ask(self, cores: Sequence[str]) -> None:
        counted = {core: numbered(core) for core in cores}
        answers: dict[str, str] = {}
        for batch in self._batches(dict.fromkeys(text for text, _ in counted.values())):
            if time.monotonic() >= self._request.deadline:
                raise timed_out()
            said = self._translator.translate(replace(self._request, texts=batch))
            answers |= dict(zip(batch, said, strict=True))
        for core, (text, marks) in counted.items():
            self._answers[core] = _accepted(text, answers[text], marks)

    def _batches(self, texts: Iterable[str]) -> Iterator[list[str]]:
        limits = self._translator.capabilities
        batch: list[str] = []
        size = 0
        for text in texts:
            if batch and (len(batch) == limits.texts or size + len(text) > limits.characters):
                yield batch
                batch, size = [], 0
            batch.append(text)
            size += len(text)
        if batch:
            yield batch


def _accepted(text: str, answer: str, marks: list[str]) -> str | None:
    """The answer with the placeholders of the core, or None if it cannot be right."""
    answer = " ".join(answer.split())
    if not answer or len(answer) > _MOST_TIMES * len(text) + _MOST_MORE:
        return None
    return renumbered(answer, marks)

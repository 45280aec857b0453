"""How French, Spanish, Italian and Portuguese say fractions: alone, of a noun, after units."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.languages.romance import FEMININE, MASCULINE, Gender
from troupe.speech.text.verbalise.rules import Kind, Rules


@dataclass(frozen=True, kw_only=True)
class Fractions:
    """What a language says; the methods are the functions of `Rules`."""

    gender: Gender
    part: Callable[[Rules, int, int], str]
    """(numerator, denominator) → "tres cuartos"."""
    over: str
    """Between the numbers of a mark: "siete sobre diez"."""
    joined: str
    """Between units and a fraction: "dos tazas y media"."""
    short: Mapping[int, str]
    """Denominator → its one part after units, without an article: {2: "medio"}."""
    feminine_half: str
    of: Callable[[str], str] = lambda noun: "de "
    """(noun) → what stands before it, with its space: "d'"."""

    def say(self, rules: Rules, whole: int, numerator: int, denominator: int) -> str:
        if not whole and (denominator in (10, 20, 100) or numerator == denominator):
            above, below = (numbers.cardinal(rules, number) for number in (numerator, denominator))
            return f"{above} {self.over} {below}"
        if not whole:
            return self.part(rules, numerator, denominator)
        units = numbers.cardinal(rules, whole)
        return self.with_units(rules, units, numerator, denominator, "")

    def of_noun(self, rules: Rules, numerator: int, denominator: int, noun: str) -> str:
        if denominator == 2:
            return f"{self._half(noun)} {noun}"
        return f"{self.part(rules, numerator, denominator)} {self.of(noun)}{noun}"

    def with_units(
        self, rules: Rules, units: str, numerator: int, denominator: int, noun: str
    ) -> str:
        if denominator == 2:
            part = self._half(noun)
        elif numerator == 1 and denominator in self.short:
            part = self.short[denominator]
        else:
            part = self.part(rules, numerator, denominator)
        return f"{units} {self.joined} {part}"

    def _half(self, noun: str) -> str:
        return self.feminine_half if self.gender.is_feminine(noun) else self.short[2]


def measured(
    rules: Rules, gender: Gender, measures: str, singular: Callable[[str], str] = lambda noun: noun
) -> Kind:
    """A fraction before a written measure: ½ cup, 2 1/2 cups. `singular` is the form of a measure
    that is counted by less than two."""

    def read(match: re.Match[str], rules: Rules) -> str | None:
        parts, noun = numbers.parse_fraction(match["fraction"]), match["noun"]
        if parts is None or rules.say_part is None or rules.say_mixed is None:
            return None
        whole, numerator, denominator = parts
        if whole < 2:
            noun = singular(noun)
        if not whole:
            return rules.say_part(rules, numerator, denominator, noun)
        ruleset = FEMININE if gender.is_feminine(noun) else MASCULINE
        units = f"{numbers.cardinal(rules, whole, ruleset)} {noun}"
        return rules.say_mixed(rules, units, numerator, denominator, noun)

    return Kind(
        "part",
        rf"{rules.left}(?P<fraction>{numbers.FRACTION})\s(?P<noun>{measures})(?!\w)",
        read,
        "d",
    )

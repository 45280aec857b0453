"""Rules of numbers in a case, for languages that decline them (Slavic ones)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from troupe.speech.text.verbalise.rules import Noun, Rules, before

GENDERS = ("masculine", "feminine", "neuter")


def last_number(match: re.Match[str]) -> str:
    """The number that stands before the noun: the last of a range."""
    return match.groupdict().get("last") or match["number"]


def is_asked(match: re.Match[str]) -> bool:
    """Whether a word, its full stop or a sign of comparison stands before a number, which may ask
    for a case."""
    last = before(match).rstrip()[-1:]
    return last.isalpha() or (last != "" and last in ".<>≤≥")


def _is_alone(match: re.Match[str]) -> bool:
    """Whether no word stands beside a number, so that it agrees with nothing: as among numbers."""
    text, end = match.string, match.end()
    return not (text[end : end + 1].isspace() and text[end + 1 : end + 2].isalpha()) and (
        not is_asked(match)
    )


def declined(
    base: Rules,
    cases: tuple[str, ...],
    agreement: Callable[[re.Match[str]], tuple[str, str, str]],
    nouns: Mapping[str, Mapping[str, Noun]],
) -> Rules:
    """The rules of a language whose numbers agree with what they count.

    `agreement` gives the noun after a match ("" for none), its gender and its case; `nouns`:
    by case, forms that CLDR lacks.
    """
    variants = {}
    for case in cases:
        for gender in GENDERS:
            variant = in_case(base, case, gender)
            known = {**variant.nouns, **nouns.get(case, {})}
            variants[case, gender] = replace(variant, nouns=known)

    def in_context(match: re.Match[str]) -> Rules | None:
        if _is_alone(match):
            return None
        noun, gender, case = agreement(match)
        if not case and gender == "masculine" and not (noun and "," in last_number(match)):
            return None
        return variants[case, gender]

    return replace(base, in_context=in_context)


def in_case(base: Rules, case: str, gender: str) -> Rules:
    """The rules by which a number is said in a case of ICU's rulesets ("" for the nominative) with
    a noun of a gender. In the genitive the nouns that are counted have it too."""
    suffix = f"-{case}" if case else ""
    if not case:
        return replace(base, number=f"spellout-cardinal-{gender}", in_context=None)

    def noun(known: Noun) -> Noun:
        return known._replace(ruleset=known.ruleset and known.ruleset + suffix)

    def plural(value: Decimal) -> str:
        category = base.plural(value)
        if case != "genitive":
            return category
        # CLDR's form of a part is the genitive of the singular, that of 5 the one of the plural.
        return "other" if category in ("one", "other") else "many"

    return replace(
        base,
        number=f"spellout-cardinal-{gender}{suffix}",
        counted=f"{base.counted}{suffix}",
        unit_rulesets={unit: name + suffix for unit, name in base.unit_rulesets.items()},
        nouns={key: noun(known) for key, known in base.nouns.items()},
        money={
            key: known._replace(major=noun(known.major), minor=known.minor and noun(known.minor))
            for key, known in base.money.items()
        },
        scales={
            key: known._replace(ruleset=known.ruleset + suffix)
            for key, known in base.scales.items()
        },
        plural=plural,
        in_context=None,
    )

"""What CLDR knows: spelling of numbers (by ICU), names of units, currencies and months."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from icu4py.messageformat import MessageFormat

from troupe.speech.text.verbalise.rules import Currency, Date, Noun, Rules

_UNSPACED = frozenset({"zh", "yue", "ja", "ko", "th", "lo", "km", "my"})
_TOKEN = re.compile(r"'([^']*)'|(d+|M+|L+|y+|G+)|.")
_SPACES = re.compile(r"\s+")
# What ICU's words lack: the dots of ё, which tell engines the stress; a letter.
_MENDED = {
    "ru": (
        *(("трех", "трёх"), ("трем", "трём"), ("трёмя", "тремя")),
        *(("четырех", "четырёх"), ("четырем", "четырём"), ("четверт", "четвёрт")),
    ),
    "pl": (("dziewiętdziesiąt", "dziewięćdziesiąt"),),
}


@lru_cache(maxsize=256)
def _formatter(locale: str, ruleset: str) -> MessageFormat:
    return MessageFormat(f"{{n, spellout,%{ruleset}}}", locale)


@lru_cache(maxsize=16_384)
def spelled(number: int, locale: str, ruleset: str) -> str:
    """A number of at most 15 digits in words, by a ruleset of ICU (if it has none of that name,
    by the locale's first). Soft hyphens, which some rulesets have, are taken out."""
    said = _formatter(locale, ruleset).format({"n": number}).replace("\u00ad", "")
    for wrong, right in _MENDED.get(locale[:2], ()):
        said = said.replace(wrong, right)
    return said


def _small_words(locale: str) -> dict[str, str]:
    """The words of a decimal point and of a minus, as ICU says them."""
    say = MessageFormat("{n, spellout}", locale)
    zero, five, half, negative = (
        say.format({"n": number}).replace("\u00ad", "") for number in (0, 5, 0.5, -5)
    )
    words = {}
    if half.startswith(zero) and half.endswith(five):
        words["point"] = half[len(zero) : len(half) - len(five)].strip()
    if negative.endswith(five):
        words["minus"] = negative[: -len(five)].strip()
    return words


@lru_cache(maxsize=32)
def _babel(locale: str) -> Locale:
    return Locale.parse(locale)


def base(language: str, region: str) -> Rules | None:
    """What CLDR says of a language; None if it cannot spell its numbers."""
    locale = f"{language}_{region}" if region else language
    try:
        known = _babel(locale)
    except (UnknownLocaleError, ValueError):
        locale, region = language, ""
        try:
            known = _babel(language)
        except (UnknownLocaleError, ValueError):
            return None
    # ICU falls back to English, or to digits, for a locale without rules.
    sample = spelled(7, locale, "spellout-numbering")
    if any(character.isdigit() for character in sample) or (language != "en" and sample == "seven"):
        return None
    symbols = known.number_symbols["latn"]
    months: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in known.months[context][width].items():
                if not any(character.isdigit() for character in name):
                    months[name.lower()] = number
    order = "".join(dict.fromkeys(re.findall("[dMy]", known.date_formats["short"].pattern)))
    group = symbols["group"]

    @lru_cache(maxsize=4096)
    def plural(number: str) -> str:
        return str(known.plural_form(Decimal(number)))

    return Rules(
        locale=locale,
        region=region,
        unspaced=language in _UNSPACED,
        decimal=symbols["decimal"],
        groups=(" ",) if group.isspace() else (group,),
        words=_small_words(locale),
        month_names=tuple(known.months["format"]["wide"][number] for number in range(1, 13)),
        months=months,
        date_order=order.lower(),
        # 1 and 1.0 are equal, but not in the plural.
        plural=lambda number: plural(str(number)),
    )


def _noun(forms: object, ruleset: str) -> Noun | None:
    if not isinstance(forms, dict) and not hasattr(forms, "items"):
        return None
    texts = {key: text for key, text in forms.items() if isinstance(text, str) and "{0}" in text}
    return Noun(texts, ruleset) if texts else None


@lru_cache(maxsize=4096)
def _unit(locale: str, unit: str, ruleset: str) -> Noun | None:
    data = _babel(locale)._data["unit_patterns"].get(unit)
    return None if data is None else _noun(data.get("long"), ruleset)


def unit_noun(rules: Rules, unit: str) -> Noun | None:
    """The noun of CLDR's unit, or of the language's own key."""
    return rules.nouns.get(unit) or _unit(rules.locale, unit, rules.unit_rulesets.get(unit, ""))


@lru_cache(maxsize=512)
def _per(locale: str, unit: str) -> str:
    known = _babel(locale)._data
    patterns = known["unit_patterns"].get(unit)
    if patterns is not None and isinstance(pattern := patterns.get("per"), str):
        return pattern
    single = _unit(locale, unit, "")
    compound = known["compound_unit_patterns"].get("per", {}).get("long", {}).get("compound")
    if single is None or compound is None:
        return ""
    forms = single.forms
    name = forms.get("one", forms["other"]).replace("{0}", "").strip()
    return str(compound).replace("{1}", name)


def per(rules: Rules, unit: str) -> str:
    """The pattern of "… per unit", with {0}; "" if CLDR has none in words."""
    noun = rules.nouns.get(unit)
    if noun is not None and "per" in noun.forms:
        return noun.forms["per"]
    pattern = _per(rules.locale, unit)
    return "" if "/" in pattern else pattern


@lru_cache(maxsize=512)
def _currency(locale: str, code: str) -> Currency | None:
    known = _babel(locale)
    names = known._data["currency_names_plural"].get(code) or {}
    name = known.currencies.get(code)
    if not names and name is None:
        return None
    patterns = known._data["currency_unit_patterns"]
    forms = {}
    for category in ("zero", "one", "two", "few", "many", "other"):
        pattern = patterns.get(category) or patterns.get("other") or "{0} {1}"
        if category in names or category == "other":
            forms[category] = pattern.replace("{1}", names.get(category) or name or code)
    return Currency(Noun(forms))


def currency(rules: Rules, key: str) -> Currency | None:
    """The names of a currency by ISO 4217, or by the language's own key."""
    return rules.money.get(key) or _currency(rules.locale, key)


def counted(
    noun: Noun, number: str, value: Decimal, rules: Rules, *, millions: bool = False
) -> str:
    """A number in words with its noun in the form that the value asks for; `millions` tells that
    the number ends with such a word."""
    forms = noun.forms
    category = rules.plural(value)
    pattern = forms.get(category) or forms.get("other") or next(iter(forms.values()))
    if rules.millions_of is not None and (millions or category == "many"):
        pattern = rules.millions_of(pattern)
    return _SPACES.sub(" ", pattern.replace("{0}", number)).strip()


def date_pattern(rules: Rules) -> str:
    """CLDR's long pattern of a date, as `d. MMMM y`."""
    return str(_babel(rules.locale).date_formats["long"].pattern)


def long_date(rules: Rules, date: Date, day: str, year: str) -> str:
    """A date by CLDR's long pattern, with words in place of numbers."""
    pattern = date_pattern(rules)
    number = spelled(date.month, rules.locale, rules.number)
    name = rules.month_names[date.month - 1]

    def part(match: re.Match[str]) -> str:
        literal, field = match.groups()
        if field is None:
            return match[0] if literal is None else str(literal)
        if field[0] in "ML":
            return name if len(field) > 2 else number
        return {"d": day, "y": year}.get(field[0], "")  # no era

    said = _TOKEN.sub(part, pattern)
    return _SPACES.sub(" ", said.replace(".", " ").replace(",", " ")).strip()

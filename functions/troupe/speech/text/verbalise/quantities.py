"""Numbers with units, percent and money."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from troupe.speech.text.verbalise import cldr, numbers
from troupe.speech.text.verbalise.numbers import FRACTION, SIGN, SPACE, Number
from troupe.speech.text.verbalise.rules import (
    Currency,
    Kind,
    Noun,
    Rules,
    Scale,
    after,
    alternatives,
    follows,
    plain,
    spellings,
)
from troupe.speech.text.verbalise.symbols import APART, CURRENCIES, UNITS


@lru_cache(maxsize=64)
def _units(rules: Rules) -> dict[str, str]:
    known = spellings({**UNITS, **rules.units})
    return {symbol: unit for symbol, unit in known.items() if unit and cldr.unit_noun(rules, unit)}


@lru_cache(maxsize=64)
def _currencies(rules: Rules) -> dict[str, str]:
    known = spellings({**CURRENCIES, **rules.currencies})
    return {symbol: code for symbol, code in known.items() if code and cldr.currency(rules, code)}


def _times(noun: Noun, rules: Rules, number: Number, scale: Scale | None, word: str) -> str:
    """`5.3 billion` of a noun."""
    said = numbers.say(rules, number, scale.ruleset if scale else noun.ruleset or rules.counted)
    value = number.value
    if scale is not None:
        forms = scale.forms
        if forms:
            word = forms.get(rules.plural(value)) or forms["other"]
        said = f"{said} {word}"
        value *= Decimal(10) ** scale.power
        if value == value.to_integral_value():
            value = value.to_integral_value()  # 5.3 billion has no decimals to count by
    millions = scale is not None and scale.power >= 6
    return cldr.counted(noun, said, value, rules, millions=millions)


def kinds(rules: Rules) -> Iterator[Kind]:
    number, left, edge = numbers.pattern(rules), rules.left, rf"{rules.right}(?![.,]\d)"
    dash = rules.dash
    sign = rf"(?:(?<![\w.,)\]%°])(?P<sign>{SIGN}|~|≈))?+"
    # 5 m' is no length; 5 m'lik is one where suffixes are written so.
    stop = r"(?![/²³])" if rules.attach is not None else r"(?!['’/²³])"
    symbols, units = alternatives(_currencies(rules)), alternatives(_units(rules))
    tail = rf"(?:/(?P<per>{units}))?{edge}"
    scale = (
        rf"(?:{SPACE}?(?P<scale>{alternatives(rules.scales)}))?"
        if rules.scales
        else "(?P<scale>(?!))?"
    )
    names = (*_currencies(rules), *_units(rules), *rules.scales)
    needs = numbers.leads_to(rules, (*(name[0] for name in names), *numbers.IN_FRACTION))
    yield Kind(
        "money",
        rf"{sign}(?<![A-Za-z0-9$€£])(?P<currency>{symbols}){SPACE}?"
        rf"(?P<number>{number})(?:{dash}(?:{symbols})?(?P<last>{number}))?+{scale}{tail}",
        _read_money,
        "wm",
    )
    yield Kind(
        "money",
        rf"{sign}{left}(?P<number>{number})(?:{SPACE}?{dash}{SPACE}?(?P<last>{number}))?+"
        rf"{scale}{SPACE}?(?P<currency>{symbols}){tail}",
        _read_money,
        "dm",
        needs,
    )
    yield Kind(
        "quantity",
        rf"{sign}{left}(?P<number>{number})"
        rf"(?:{SPACE}?{dash}{SPACE}?(?P<last>{number}))?+"
        rf"(?P<space>{SPACE}?)(?P<unit>{units})(?:/(?P<per>{units}))?{rules.right}{stop}",
        _read_quantity,
        "dm",
        needs,
    )
    yield Kind(
        "part",
        rf"{left}(?P<fraction>{FRACTION}){SPACE}?(?P<unit>{units}){rules.right}{stop}",
        _read_part,
        "d",
        needs,
    )
    plain = {s: scale for s, scale in rules.scales.items() if not scale.money and scale.forms}
    if plain:
        yield Kind(
            "scale",
            rf"{left}(?P<number>{number}){SPACE}?(?P<scale>{alternatives(frozenset(plain))})"
            rf"{rules.right}",
            _read_scale,
            "dm",
            needs,
        )


def _read_scale(match: re.Match[str], rules: Rules) -> str:
    number = numbers.parse(rules, match["number"])
    return _times(Noun({"other": "{0}"}), rules, number, _scale(rules, match["scale"]), "")


def _scale(rules: Rules, text: str | None) -> Scale | None:
    return None if text is None else rules.scales.get(plain(text))


def _adjective(noun: Noun, match: re.Match[str], rules: Rules) -> Noun:
    """The noun as it is before another: "a five kilometer run"."""
    if (
        "one" in noun.forms
        and re.match(r"[\s-][a-z]", after(match))
        and follows(match, rules.attributive)
    ):
        return noun._replace(forms={"other": noun.forms["one"]})
    return noun


def _sign(match: re.Match[str], rules: Rules, said: str) -> str:
    sign = match["sign"] or ""
    if sign in ("~", "≈"):
        about = rules.words.get("about", "")
        return f"{about} {said}".strip()
    return numbers.with_sign(rules, sign, said)


def _per(match: re.Match[str], rules: Rules, said: str) -> str | None:
    """With "per kilogram" after it, where the text has it; None if there is no such word."""
    if match["per"] is None:
        return said
    pattern = cldr.per(rules, _units(rules)[plain(match["per"])])
    return pattern.replace("{0}", said) if pattern else None


def _read_money(match: re.Match[str], rules: Rules) -> str | None:
    said = _price(match, rules)
    return None if said is None else _per(match, rules, said)


def _price(match: re.Match[str], rules: Rules) -> str | None:
    names = cldr.currency(rules, _currencies(rules)[plain(match["currency"])])
    if names is None:
        return None
    names = names._replace(major=_adjective(names.major, match, rules))
    number, last = numbers.parse(rules, match["number"]), match["last"]
    scale, word = _scale(rules, match["scale"]), match["scale"] or ""
    if last is not None:
        first = numbers.say(rules, number, names.major.ruleset or rules.counted)
        end = _times(names.major, rules, numbers.parse(rules, last), scale, word)
        return f"{first} {rules.words['to']} {end}" if "to" in rules.words else None
    return _sign(match, rules, _amount(rules, names, number, scale, word))


def _amount(rules: Rules, names: Currency, number: Number, scale: Scale | None, word: str) -> str:
    if names.minor is None or scale is not None or len(number.fraction) != 2 or not rules.price:
        if not number.fraction.strip("0") and scale is None:
            number = number._replace(fraction="")
        return _times(names.major, rules, number, scale, word)
    units, hundredths = number._replace(fraction=""), Number(str(int(number.fraction)), "")
    major = _times(names.major, rules, units, None, "")
    if hundredths.value == 0:
        return major
    minor = _times(names.minor, rules, hundredths, None, "")
    if units.value == 0:
        return minor
    bare = numbers.say(rules, hundredths)
    return rules.price.format(major=major, minor=minor, number=bare)


def _read_quantity(match: re.Match[str], rules: Rules) -> str | None:
    symbol = match["unit"]
    if symbol in APART and not match["space"]:
        return None
    noun = cldr.unit_noun(rules, _units(rules)[plain(symbol)])
    if noun is None:
        return None
    noun = _adjective(noun, match, rules)
    number = numbers.parse(rules, match["number"])
    if match["last"] is not None:
        end = numbers.parse(rules, match["last"])
        if "to" not in rules.words or number.value >= end.value:
            return None
        first = numbers.say(rules, number, noun.ruleset or rules.counted)
        if noun.forms.get("other", "{0}").startswith("{0}"):
            said = f"{first} {rules.words['to']} {_times(noun, rules, end, None, '')}"
        else:
            last = numbers.say(rules, end, noun.ruleset or rules.counted)
            said = cldr.counted(noun, f"{first} {rules.words['to']} {last}", end.value, rules)
    else:
        said = _times(noun, rules, number, None, "")
    said_per = _per(match, rules, said)
    return None if said_per is None else _sign(match, rules, said_per)


def _read_part(match: re.Match[str], rules: Rules) -> str | None:
    parts = numbers.parse_fraction(match["fraction"])
    noun = cldr.unit_noun(rules, _units(rules)[plain(match["unit"])])
    if parts is None or noun is None:
        return None
    whole, numerator, denominator = parts
    if not whole and rules.say_part is not None:
        single = noun.forms.get("one", noun.forms["other"]).replace("{0}", "").strip()
        return rules.say_part(rules, numerator, denominator, single)
    if whole and rules.say_mixed is not None:
        said = numbers.cardinal(rules, whole, noun.ruleset or rules.counted)
        single = noun.forms.get("one", noun.forms["other"]).replace("{0}", "").strip()
        units = cldr.counted(noun, said, Decimal(whole), rules)
        return rules.say_mixed(rules, units, numerator, denominator, single)
    part = numbers.fraction(rules, whole, numerator, denominator)
    value = whole + Decimal(numerator) / denominator
    return None if part is None else cldr.counted(noun, part, value, rules)

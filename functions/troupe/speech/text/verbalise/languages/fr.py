"""French of France, Belgium, Switzerland and Canada."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.languages import romance
from troupe.speech.text.verbalise.languages.fr_tables import (
    ABBREVIATIONS,
    CURRENCIES,
    FEMININE_NAMES,
    FIXED,
    GENDER,
    MEASURES,
    MONEY,
    NOUNS,
    ROMAN_NAMES,
    ROMAN_NUMBERS,
    SCALES,
    UNIT_RULESETS,
    UNITS,
    WORDS,
    YEAR_BEFORE,
)
from troupe.speech.text.verbalise.languages.romance import FEMININE, MASCULINE
from troupe.speech.text.verbalise.languages.romance_fractions import Fractions, measured
from troupe.speech.text.verbalise.numbers import SPACE
from troupe.speech.text.verbalise.rules import Kind, Rules, Time, before
from troupe.speech.text.verbalise.words import roman

_SUFFIX = "(?P<suffix>ers?|ᵉʳ|res?|ères?|ʳᵉ|e|ᵉ|è|es|ème|èmes|eme|emes|ième|ièmes|nds?|ndes?)"
_VOWELS = "aeiouéèêhâîôœ"


def ordinal(rules: Rules, number: int, suffix: str = "") -> str:
    """ICU says "quatre-vingt-et-onzième", so that it is made from the cardinal."""
    plural = "s" if suffix.endswith("s") else ""
    if suffix.startswith("nd"):
        return ("seconde" if "de" in suffix else "second") + plural
    if number == 1:
        return ("première" if suffix.startswith(("r", "è", "ʳ")) else "premier") + plural
    said = numbers.cardinal(rules, number, MASCULINE)
    if said.endswith(("vingts", "cents", "millions", "milliards")):
        said = said[:-1]
    said = {"q": said + "u", "f": said[:-1] + "v", "e": said[:-1]}.get(said[-1], said)
    return f"{said}ième{plural}"


def _part(rules: Rules, numerator: int, denominator: int) -> str:
    known = {2: "demi", 3: "tiers", 4: "quart"}
    one = known.get(denominator) or ordinal(rules, denominator)
    plural = "" if numerator == 1 or one.endswith("s") else "s"
    return f"{numbers.cardinal(rules, numerator)} {one}{plural}"


def _of(noun: str) -> str:
    return "d'" if noun[0] in _VOWELS else "de "


_FRACTIONS = Fractions(
    gender=GENDER,
    part=_part,
    over="sur",
    joined="et",
    short={2: "demi", 4: "quart"},
    feminine_half="demie",
    of=_of,
)


def say_part(rules: Rules, numerator: int, denominator: int, noun: str) -> str:
    if denominator == 2:
        return f"{'une' if GENDER.is_feminine(noun) else 'un'} demi-{noun}"
    return _FRACTIONS.of_noun(rules, numerator, denominator, noun)


def say_time(rules: Rules, time: Time) -> str | None:
    def count(number: int, noun: str) -> str:
        plural = "s" if number > 1 else ""
        return f"{numbers.cardinal(rules, number, FEMININE)} {noun}{plural}"

    minute, second = time.minute or 0, time.second or 0
    if time.duration:
        units = ((time.hour, "heure"), (minute, "minute"), (second, "seconde"))
        said = [count(number, noun) for number, noun in units if number]
        return " et ".join(filter(None, (" ".join(said[:-1]), *said[-1:]))) or None
    said_time = count(time.hour, "heure")
    if minute:
        said_time += f" {numbers.cardinal(rules, minute, FEMININE)}"
    if second:
        said_time += f" et {count(second, 'seconde')}"
    return said_time


def say_regnal(rules: Rules, number: int, name: str) -> str:
    if not name:
        return ordinal(rules, number)
    if number == 1:
        return "première" if name in FEMININE_NAMES else "premier"
    return numbers.cardinal(rules, number)


def _read_ordinal(match: re.Match[str], rules: Rules) -> str | None:
    number, suffix = int(match["digits"]), match["suffix"]
    is_first = suffix.startswith(("er", "ᵉʳ", "r", "ʳ", "è")) and suffix not in ("è",)
    if is_first and number != 1 and not suffix.startswith("èm"):
        return None
    if number == 0 or (suffix.startswith("nd") and number != 2):
        return None
    return ordinal(rules, number, suffix if number != 1 or not suffix.startswith("è") else "re")


def _read_roman(match: re.Match[str], rules: Rules) -> str | None:
    number, suffix = roman(match["roman"]), match["suffix"]
    if number is None:
        return None
    if number == 1:
        # "Ire" is a word too.
        if suffix.startswith("r") and not re.search(r"[A-ZÀ-Þ][\w-]*\s$", before(match)):
            return None
        return ordinal(rules, 1, suffix)
    return ordinal(rules, number, "s" if suffix.endswith("s") else "")


def _read_hour(match: re.Match[str], rules: Rules) -> str | None:
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    if hour > 24 or minute > 59 or second > 59:
        return None
    return say_time(rules, Time(hour, minute, second))


def _kinds(rules: Rules) -> tuple[Kind, ...]:
    left, right = rules.left, rules.right
    return (
        romance.decade(rules),
        Kind(
            "time",
            rf"{left}(?P<hour>\d{{1,2}}){SPACE}?h{SPACE}?(?P<minute>[0-5]\d)"
            rf"(?:{SPACE}?(?:min|mn|m)?{SPACE}?(?P<second>[0-5]\d){SPACE}?s)?"
            rf"(?:{SPACE}?(?:min|mn))?{right}",
            _read_hour,
            "cd",
        ),
        Kind("ordinal", rf"{left}(?P<digits>\d{{1,4}}){_SUFFIX}{right}", _read_ordinal, "c"),
        Kind(
            "ordinal",
            rf"(?<![\w.-])(?P<roman>[IVXLC]{{2,9}}(?=[eèiᵉ])|I(?=er|ᵉʳ|re|ʳᵉ)"
            rf"|[VX](?=[eᵉ]{SPACE}(?:siècle|[Rr]épublique|dynastie|arrondissement|Internationale)))"
            rf"{_SUFFIX}{right}",
            _read_roman,
            "w",
        ),
        Kind(
            "telephone",
            r"(?<![\w.,/+])(?:(?:\+|00)(?:33|32|41)[ .]?(?:\(0\)[ .]?)?\d(?:[ .]?\d\d){4}"
            r"|0\d(?:[ .-]\d\d){4})(?![\w-])(?![.,/]\d)",
            _read_telephone,
            "dm",
        ),
        romance.month_alone(rules),
        romance.size(rules),
        measured(rules, GENDER, MEASURES, lambda noun: noun.removesuffix("s")),
        romance.agreeing(
            rules,
            GENDER,
            "chapitre|page|article|numéro|partie|section|tome|volume|groupe|type|phase|ligne",
            "",
        ),
    )


def _read_telephone(match: re.Match[str], rules: Rules) -> str:
    text = match[0].replace("(0)", "")
    plus = f"{rules.words['plus']} " if text[0] == "+" else ""
    return plus + romance.pairs(rules, _GROUPS.sub(r"\1 \2 \3 \4 \5 \6", text))


_GROUPS = re.compile(r"(\+33|\+32|\+41)(\d)(\d\d)(\d\d)(\d\d)(\d\d)")


def _read_swiss(match: re.Match[str], rules: Rules) -> str:
    """CHF 1'234.50: prices have a point, though other numbers have a comma."""
    number = numbers.Number(re.sub(r"\D", "", match["whole"]), match["fraction"])
    if match["before"] is None and match["after"] is None:
        return numbers.say(rules, number)
    francs = f"{numbers.say(rules, number._replace(fraction=''))} franc"
    francs += "" if number.whole in ("0", "1") else "s"
    cents = int(number.fraction)
    return f"{francs} {numbers.cardinal(rules, cents)}" if cents else francs


def _swiss(rules: Rules) -> Kind:
    franc = r"(?:CHF|Fr\.|francs?(?!\w))"
    return Kind(
        "money",
        rf"(?<!\w)(?P<before>{franc}{SPACE}?)?(?<![\w.,'’])(?P<whole>\d{{1,3}}(?:['’]\d{{3}}){{0,4}})"
        rf"\.(?P<fraction>\d\d)(?![\w.,:]\d|\w)(?P<after>{SPACE}?{franc})?",
        _read_swiss,
        "cdw",
    )


def _plural(number: Decimal) -> str:
    """As CLDR: `one` up to 1.9, `many` for whole millions."""
    if number < 2:
        return "one"
    return "many" if number % 1_000_000 == 0 else "other"


def rules(base: Rules, region: str) -> Rules:
    groups = {"BE": (" ", "."), "CH": ("'", "’", " ")}.get(region, (" ",))
    changed = replace(
        base,
        groups=groups,
        counted=MASCULINE,
        ordinals={"er|re|ère|e|ᵉ|ème": "spellout-ordinal-masculine"},
        year="spellout-numbering",
        years=range(1100, 2100),
        year_before=YEAR_BEFORE,
        words=WORDS,
        units=UNITS,
        nouns=NOUNS,
        unit_rulesets=UNIT_RULESETS,
        currencies=CURRENCIES,
        money=MONEY,
        price="{major} {number}",
        scales=SCALES,
        abbreviations=ABBREVIATIONS,
        fixed=FIXED,
        roman_numbers=ROMAN_NUMBERS,
        roman_names=ROMAN_NAMES,
        roman_after="siècles?",
        range_before=r"pp?\.|pages?|chapitres?|entre|de|versets?|articles?",
        scores="victoire|défaite|score|succès|mi-temps",
        say_decimal=romance.decimal(3),
        say_date=romance.date("premier"),
        say_time=say_time,
        say_fraction=_FRACTIONS.say,
        say_part=say_part,
        say_mixed=_FRACTIONS.with_units,
        say_regnal=say_regnal,
        millions_of=romance.millions_of("de", "d'"),
        plural=_plural,
    )
    swiss = (_swiss(changed),) if region == "CH" else ()
    return replace(changed, kinds=(*swiss, *_kinds(changed)))

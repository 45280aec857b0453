"""English, American and British."""

from __future__ import annotations

import re
from dataclasses import replace

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.rules import (
    Abbreviation,
    Currency,
    Date,
    Kind,
    Noun,
    Rules,
    Scale,
    Time,
)

# Regions that write the month first; the others say "and" in "one hundred and one".
_AMERICAN = frozenset({"", "US", "PH"})

_WORDS = {
    "point": "point",
    "minus": "minus",
    "plus": "plus",
    "plus_minus": "plus or minus",
    "to": "to",
    "by": "by",
    "times": "times",
    "divided": "divided by",
    "equals": "equals",
    "not_equal": "is not equal to",
    "about": "about",
    "less": "less than",
    "more": "more than",
    "at_most": "at most",
    "at_least": "at least",
    "and": "and",
    "at": "at",
    "dot": "dot",
    "slash": "slash",
    "dash": "dash",
    "underscore": "underscore",
    "hashtag": "hashtag",
    "number": "number",
    "section": "section",
    "sections": "sections",
    "version": "version",
}


def _noun(one: str, other: str) -> Noun:
    return Noun({"one": f"{{0}} {one}", "other": f"{{0}} {other}"})


_NOUNS = {
    "mile": _noun("mile", "miles"),
    "foot": _noun("foot", "feet"),
    "decibel": _noun("decibel", "decibels"),
    "rpm": _noun("revolution per minute", "revolutions per minute"),
    "mbps": _noun("megabit per second", "megabits per second"),
    "gbps": _noun("gigabit per second", "gigabits per second"),
    "percent": _noun("percent", "percent"),
}

_UNITS = {
    "%": "percent",
    "in.": "length-inch",
    "ft": "length-foot",
    "ft.": "length-foot",
    "yd": "length-yard",
    "mi": "mile",
    "mph": "speed-mile-per-hour",
    "kph": "speed-kilometer-per-hour",
    "kmh": "speed-kilometer-per-hour",
    "sq ft": "area-square-foot",
    "sq. ft.": "area-square-foot",
    "ft²": "area-square-foot",
    "lb": "mass-pound",
    "lbs": "mass-pound",
    "lb.": "mass-pound",
    "lbs.": "mass-pound",
    "oz": "mass-ounce",
    "oz.": "mass-ounce",
    "fl oz": "volume-fluid-ounce",
    "fl. oz.": "volume-fluid-ounce",
    "tsp": "volume-teaspoon",
    "tsp.": "volume-teaspoon",
    "tbsp": "volume-tablespoon",
    "tbsp.": "volume-tablespoon",
    "Tbsp": "volume-tablespoon",
    "qt": "volume-quart",
    "pt": "volume-pint",
    "gal": "volume-gallon",
    "gal.": "volume-gallon",
    "hr": "duration-hour",
    "hr.": "duration-hour",
    "hrs": "duration-hour",
    "hrs.": "duration-hour",
    "min.": "duration-minute",
    "mins": "duration-minute",
    "sec": "duration-second",
    "sec.": "duration-second",
    "secs": "duration-second",
    "Mbps": "mbps",
    "Gbps": "gbps",
    "dB": "decibel",
    "rpm": "rpm",
    "psi": "pressure-pound-force-per-square-inch",
    "hp": "power-horsepower",
    "mpg": "consumption-mile-per-gallon",
    "kn": "speed-knot",
    "″": "length-inch",
}

_CENTS = _noun("cent", "cents")
_DOLLARS = Currency(_noun("dollar", "dollars"), _CENTS)
_MONEY = {
    "dollar": _DOLLARS,
    "USD": Currency(_noun("US dollar", "US dollars"), _CENTS),
    "CAD": Currency(_noun("Canadian dollar", "Canadian dollars"), _CENTS),
    "AUD": Currency(_noun("Australian dollar", "Australian dollars"), _CENTS),
    "EUR": Currency(_noun("euro", "euros"), _CENTS),
    "GBP": Currency(_noun("pound", "pounds"), Currency(_noun("penny", "pence")).major),
    "JPY": Currency(_noun("yen", "yen")),
    "INR": Currency(_noun("rupee", "rupees"), _noun("paisa", "paise")),
    "RUB": Currency(_noun("ruble", "rubles"), _noun("kopeck", "kopecks")),
    "KRW": Currency(_noun("won", "won")),
}

_SCALES = {
    **{
        word: Scale(power)
        for word, power in (
            ("hundred", 2),
            ("thousand", 3),
            ("million", 6),
            ("billion", 9),
            ("trillion", 12),
        )
    },
    **{
        text: Scale(power, {"other": word}, money)
        for text, power, word, money in (
            ("k", 3, "thousand", True),
            ("K", 3, "thousand", True),
            ("m", 6, "million", True),
            ("M", 6, "million", True),
            ("mn", 6, "million", True),
            ("MM", 6, "million", True),
            ("b", 9, "billion", True),
            ("B", 9, "billion", True),
            ("bn", 9, "billion", False),
            ("tn", 12, "trillion", False),
            ("T", 12, "trillion", True),
        )
    },
}

_CAPITAL = r"\s(?-i:[A-Z])"
_NUMBER = r"\s?(?:\d|[IVXLC]+\b)"
_NAME_BEFORE = r"(?:^|[^\w\s])\s*$|\b[a-z]+[,;]?\s$|^$"
_STREET = r"\b[A-Z0-9][\w'’]*\s$"  # noqa: RUF001


def _titles(**words: str) -> dict[str, tuple[Abbreviation, ...]]:
    return {f"{short}.": (Abbreviation(word, "", _CAPITAL),) for short, word in words.items()}


def _numbered(**words: str) -> dict[str, tuple[Abbreviation, ...]]:
    return {f"{short}.": (Abbreviation(word, "", _NUMBER),) for short, word in words.items()}


def _always(**words: str) -> dict[str, tuple[Abbreviation, ...]]:
    return {f"{short}.": (Abbreviation(word),) for short, word in words.items()}


_ABBREVIATIONS = {
    **_titles(
        Mr="Mister",
        Mrs="Missus",
        Ms="Miz",
        Prof="Professor",
        Rev="Reverend",
        Gen="General",
        Col="Colonel",
        Maj="Major",
        Lt="Lieutenant",
        Sgt="Sergeant",
        Capt="Captain",
        Cmdr="Commander",
        Gov="Governor",
        Sen="Senator",
        Rep="Representative",
        Hon="Honorable",
        Mt="Mount",
        Ft="Fort",
    ),
    "Mr": (Abbreviation("Mister", "", _CAPITAL),),
    "Mrs": (Abbreviation("Missus", "", _CAPITAL),),
    "Ms": (Abbreviation("Miz", "", _CAPITAL),),
    "Dr": (Abbreviation("Doctor", "", _CAPITAL),),
    "Dr.": (
        Abbreviation("Doctor", "", _CAPITAL),
        Abbreviation("Drive", _STREET),
    ),
    "St.": (
        Abbreviation("Street", r"(?:\d(?:st|nd|rd|th)|\d+ [A-Z][a-z]+)\s$"),
        Abbreviation("Saint", "", _CAPITAL),
        Abbreviation("Street", _STREET),
    ),
    **{
        f"{short}.": (Abbreviation(word, _STREET),)
        for short, word in (
            ("Ave", "Avenue"),
            ("Blvd", "Boulevard"),
            ("Rd", "Road"),
            ("Ln", "Lane"),
        )
    },
    **_numbered(
        No="number",
        no="number",
        Nos="numbers",
        nos="numbers",
        Ch="chapter",
        ch="chapter",
        Chap="chapter",
        chap="chapter",
        Vol="volume",
        vol="volume",
        Fig="figure",
        fig="figure",
        Figs="figures",
        Eq="equation",
        Sec="section",
        sec="section",
        Art="article",
        art="article",
        Pt="part",
        pt="part",
        Ep="episode",
        ep="episode",
        p="page",
        P="page",
        pp="pages",
        pg="page",
        ca="circa",
        c="circa",
        Ext="extension",
        ext="extension",
        Tel="telephone",
    ),
    **_always(
        vs="versus",
        etc="et cetera",
        approx="approximately",
        dept="department",
        Dept="Department",
        govt="government",
        Jr="Junior",
        Sr="Senior",
        esp="especially",
        incl="including",
    ),
    "e.g.": (Abbreviation("for example"),),
    "i.e.": (Abbreviation("that is"),),
    "et al.": (Abbreviation("and others"),),
    "vs": (Abbreviation("versus"),),
    "w/o": (Abbreviation("without"),),
    "w/": (Abbreviation("with", "", r"\s"),),
    "a.k.a.": (Abbreviation("also known as"),),
}

_FIXED = {
    "24/7": "twenty-four seven",
    "9/11": "nine eleven",
    "50/50": "fifty-fifty",
    "50-50": "fifty-fifty",
    "20/20": "twenty-twenty",
    "and/or": "and or",
    "℅": "care of",
}

_ROMAN_NUMBERS = frozenset(
    "chapter part act scene volume book section article phase title war vol ch pt bowl type class "  # noqa: SIM905
    "stage level mark appendix episode canto psalm figure table factor".split()
)
_ROMAN_NAMES = frozenset(
    "Henry Louis Elizabeth Charles George Edward Richard William James John Paul Benedict Pius Leo "  # noqa: SIM905
    "Gregory Clement Innocent Alexander Nicholas Catherine Peter Philip Napoleon Wilhelm Frederick "
    "Ferdinand Francis Mary Robert David Malcolm Otto Gustav Christian Haakon Olaf Umberto Emmanuel "
    "Ramses Ramesses Thutmose Amenhotep Ptolemy Cleopatra Darius Xerxes Mehmed Selim Urban Boniface "
    "Sixtus Julius Stephen Constantine Leopold Albert Baldwin Rudolf Maximilian Joseph".split()
)

_MONTH_BEFORE = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
)
_YEAR_BEFORE = (
    "in|since|from|until|till|by|of|year|years|circa|before|after|during|around|late|early|mid|"
    f"spring|summer|autumn|fall|winter|c\\.|ca\\.|between|{_MONTH_BEFORE}"
)

_DENOMINATORS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_MEASURES = "cup|teaspoon|tablespoon|pint|quart|gallon|ounce|pound|inch|foot|yard|mile|acre|hour"


def _ordinal(rules: Rules, number: int) -> str:
    return spelled(number, rules.locale, rules.ordinals["st|nd|rd|th"])


def _parts(rules: Rules, numerator: int, denominator: int) -> str:
    one, other = _DENOMINATORS.get(denominator) or (
        (word := _ordinal(rules, denominator)),
        word + "s",
    )
    return f"{spelled(numerator, rules.locale, rules.number)} {one if numerator == 1 else other}"


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    if whole:
        part = "a half" if denominator == 2 else _parts(rules, numerator, denominator)
        part = re.sub("^one ", "a ", part) if denominator != 8 else re.sub("^one ", "an ", part)
        return f"{spelled(whole, rules.locale, rules.number)} and {part}"
    if denominator in (10, 100) or numerator * 2 == denominator != 2:
        above, below = (spelled(n, rules.locale, rules.number) for n in (numerator, denominator))
        return f"{above} out of {below}"
    return _parts(rules, numerator, denominator)


def say_part(rules: Rules, numerator: int, denominator: int, noun: str) -> str:
    article = "an" if noun[0] in "aeiou" or noun.startswith("hour") else "a"
    if denominator == 2:
        return f"half {article} {noun}"
    return f"{_parts(rules, numerator, denominator)} of {article} {noun}"


def say_year(rules: Rules, number: int) -> str:
    if 2000 < number < 2010 and rules.region not in _AMERICAN:
        return f"two thousand and {spelled(number - 2000, rules.locale, rules.number)}"
    return spelled(number, rules.locale, rules.year)


def say_date(rules: Rules, date: Date) -> str:
    month = rules.month_names[date.month - 1]
    if date.day is None:
        said = month
    elif date.day_first:
        article = "" if re.search(r"\bthe\s$", date.before, re.IGNORECASE) else "the "
        said = f"{article}{_ordinal(rules, date.day)} of {month}"
    else:
        said = f"{month} {_ordinal(rules, date.day)}"
    return said if date.year is None else f"{said}, {numbers.year(rules, date.year)}"


def say_time(rules: Rules, time: Time) -> str | None:
    def say(number: int) -> str:
        return spelled(number, rules.locale, rules.number)

    if time.duration:
        parts = (
            (time.hour, "hour"),
            (time.minute or 0, "minute"),
            (time.second or 0, "second"),
        )
        said = [f"{say(n)} {name}{'' if n == 1 else 's'}" for n, name in parts if n]
        return " and ".join(filter(None, (", ".join(said[:-1]), *said[-1:]))) or None
    hour, minute = time.hour, time.minute or 0
    if minute:
        said_time = f"{say(hour)} {'oh ' if minute < 10 else ''}{say(minute)}"
    elif time.period:
        said_time = say(hour)
    elif 0 < hour < 13:
        said_time = f"{say(hour)} o'clock"
    else:
        said_time = f"{say(hour)} hundred"
    if time.second:
        said_time += f" and {say(time.second)} second{'' if time.second == 1 else 's'}"
    return f"{said_time} {time.period.upper()}" if time.period else said_time


def say_regnal(rules: Rules, number: int, name: str) -> str:
    return f"the {_ordinal(rules, number)}" if name else _ordinal(rules, number)


def _plural(said: str) -> str:
    """twenty → twenties"""
    return said[:-1] + "ies" if said.endswith("y") else said + "s"


def _read_decade(match: re.Match[str], rules: Rules) -> str | None:
    century, decade = match["century"], match["decade"]
    if century:
        return _plural(numbers.year(rules, int(century + decade)))
    number = int(decade)
    return None if number < 20 else _plural(spelled(number, rules.locale, rules.number))


def _read_height(match: re.Match[str], rules: Rules) -> str:
    feet = numbers.cardinal(rules, int(match["feet"]))
    if match["inches"] is None:
        return f"{feet} {'foot' if match['feet'] == '1' else 'feet'}"
    return f"{feet} foot {numbers.cardinal(rules, int(match['inches']))}"


def _read_part(match: re.Match[str], rules: Rules) -> str | None:
    parts = numbers.parse_fraction(match["fraction"])
    if parts is None or parts[0]:
        return None
    return say_part(rules, parts[1], parts[2], match["noun"])


def _read_by(match: re.Match[str], rules: Rules) -> str:
    return f"{numbers.say(rules, numbers.parse(rules, match['number']))} by "


def _read_hour(match: re.Match[str], rules: Rules) -> str | None:
    hour = int(match["hour"])
    if not 0 < hour < 13:
        return None
    return say_time(rules, Time(hour, None, None, match["period"].replace(".", "").lower()))


def _read_ratio(match: re.Match[str], rules: Rules) -> str:
    first, last = (numbers.cardinal(rules, int(match[name])) for name in ("first", "last"))
    return f"{first} to {last}"


def _read_inches(match: re.Match[str], rules: Rules) -> str:
    number = numbers.parse(rules, match["number"])
    word = "inch" if number.whole == "1" and not number.fraction else "inches"
    return f"{numbers.say(rules, number)} {word}"


def _kinds(rules: Rules) -> tuple[Kind, ...]:
    number = numbers.pattern(rules)
    quote, double = "['′’]", "(?:[\"″”]|'')"  # noqa: RUF001
    return (
        Kind(
            "decade",
            r"(?<![\w.,$€£])['’‘]?(?P<century>1[1-9]|20)?(?P<decade>\d0)['’]?s(?!\w)",  # noqa: RUF001
            _read_decade,
        ),
        Kind(
            "length",
            rf"(?<![\w.,])(?P<feet>\d{{1,3}}){quote}\s?(?:(?P<inches>\d{{1,2}}){double})(?!\w)",
            _read_height,
        ),
        Kind("length", r"(?<![\w.,])(?P<feet>\d{1,3})′(?P<inches>(?!))?", _read_height),
        Kind("length", rf"(?<![\w.,])(?P<number>{number})[\"″](?=\s[a-z]|[,.;:)])", _read_inches),
        Kind(
            "part",
            rf"(?<![\w.,])(?P<fraction>{numbers.FRACTION})\s(?P<noun>{_MEASURES})(?!\w)",
            _read_part,
        ),
        Kind(
            "length",
            rf"(?<![\w.,])(?P<number>{number})\s?×\s?(?=\d[\d.,]*+(?:\s?×\s?\d[\d.,]*+)?\s?(?:[mc]m|km|ft|in|px|m)\b)",
            _read_by,
        ),
        Kind(
            "time",
            r"(?<![\w.,:/])(?P<hour>\d{1,2})\s?(?P<period>[AaPp]\.[Mm]\.|[AaPp][Mm])(?!\w)",
            _read_hour,
        ),
        Kind("ratio", r"(?<![\w.,:])(?P<first>\d{1,3}):(?P<last>\d)(?![\w:]|[.,]\d)", _read_ratio),
    )


def rules(base: Rules, region: str) -> Rules:
    american = region in _AMERICAN
    number = "spellout-numbering" if american else "spellout-numbering-verbose"
    nouns = dict(_NOUNS)
    changed = replace(
        base,
        number=number,
        counted=number,
        ordinals={"st|nd|rd|th": "spellout-ordinal" if american else "spellout-ordinal-verbose"},
        years=range(1900, 2100),
        year_before=_YEAR_BEFORE,
        words=_WORDS,
        date_order="mdy" if american else "dmy",
        units=_UNITS,
        nouns=nouns,
        currencies={"$": "dollar", "¢": "cent"},
        money={**_MONEY, "cent": Currency(_CENTS)},
        price="{major} and {minor}",
        scales=_SCALES,
        abbreviations=_ABBREVIATIONS,
        fixed=_FIXED,
        roman_numbers=_ROMAN_NUMBERS,
        roman_names=_ROMAN_NAMES,
        roman_after="century|centuries",
        scores="win|loss|defeat|victory|score|draw|lead|record|majority|vote|tie|thriller",
        range_before=r"pp\.|[Pp]ages?|[Cc]hapters?|[Vv]erses?|[Aa]ges?|[Aa]ged|[Bb]etween|[Ff]rom",
        lakh=region == "IN",
        say_year=say_year,
        say_date=say_date,
        say_time=say_time,
        say_fraction=say_fraction,
        say_part=say_part,
        say_regnal=say_regnal,
    )
    return replace(changed, kinds=_kinds(changed))

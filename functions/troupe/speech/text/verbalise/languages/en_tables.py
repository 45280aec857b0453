"""English: tables."""

from __future__ import annotations

from troupe.speech.text.verbalise.rules import Abbreviation, Currency, Noun, Scale

WORDS = {
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
    "greater": "is greater than",
    "smaller": "is less than",
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
    "ratio": "to",
    "number": "number",
    "section": "section",
    "sections": "sections",
    "version": "version",
}


def _noun(one: str, other: str) -> Noun:
    return Noun({"one": f"{{0}} {one}", "other": f"{{0}} {other}"})


NOUNS = {
    "mile": _noun("mile", "miles"),
    "foot": _noun("foot", "feet"),
    "decibel": _noun("decibel", "decibels"),
    "rpm": _noun("revolution per minute", "revolutions per minute"),
    "mbps": _noun("megabit per second", "megabits per second"),
    "gbps": _noun("gigabit per second", "gigabits per second"),
    "percent": _noun("percent", "percent"),
}

UNITS = {
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

CENTS = _noun("cent", "cents")
_DOLLARS = Currency(_noun("dollar", "dollars"), CENTS)
MONEY = {
    "dollar": _DOLLARS,
    "USD": Currency(_noun("US dollar", "US dollars"), CENTS),
    "CAD": Currency(_noun("Canadian dollar", "Canadian dollars"), CENTS),
    "AUD": Currency(_noun("Australian dollar", "Australian dollars"), CENTS),
    "EUR": Currency(_noun("euro", "euros"), CENTS),
    "GBP": Currency(_noun("pound", "pounds"), Currency(_noun("penny", "pence")).major),
    "JPY": Currency(_noun("yen", "yen")),
    "INR": Currency(_noun("rupee", "rupees"), _noun("paisa", "paise")),
    "RUB": Currency(_noun("ruble", "rubles"), _noun("kopeck", "kopecks")),
    "KRW": Currency(_noun("won", "won")),
}

SCALES = {
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
_STREET = r"\b[A-Z0-9][\w'’]*\s$"


def _titles(**words: str) -> dict[str, tuple[Abbreviation, ...]]:
    return {f"{short}.": (Abbreviation(word, "", _CAPITAL),) for short, word in words.items()}


def _numbered(**words: str) -> dict[str, tuple[Abbreviation, ...]]:
    return {f"{short}.": (Abbreviation(word, "", _NUMBER),) for short, word in words.items()}


def _always(**words: str) -> dict[str, tuple[Abbreviation, ...]]:
    return {f"{short}.": (Abbreviation(word),) for short, word in words.items()}


ABBREVIATIONS = {
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

FIXED = {
    "24/7": "twenty-four seven",
    "9/11": "nine eleven",
    "50/50": "fifty-fifty",
    "50-50": "fifty-fifty",
    "20/20": "twenty-twenty",
    "and/or": "and or",
    "℅": "care of",
}

ROMAN_NUMBERS = frozenset(
    (
        *("chapter", "part", "act", "scene", "volume", "book", "section", "article", "phase"),
        *("title", "war", "vol", "ch", "pt", "bowl", "type", "class", "stage", "level"),
        *("mark", "appendix", "episode", "canto", "psalm", "figure", "table", "factor"),
    )
)
ROMAN_NAMES = frozenset(
    (
        *("Henry", "Louis", "Elizabeth", "Charles", "George", "Edward", "Richard", "William"),
        *("James", "John", "Paul", "Benedict", "Pius", "Leo", "Gregory", "Clement"),
        *("Innocent", "Alexander", "Nicholas", "Catherine", "Peter", "Philip", "Napoleon"),
        *("Wilhelm", "Frederick", "Ferdinand", "Francis", "Mary", "Robert", "David"),
        *("Otto", "Gustav", "Christian", "Haakon", "Olaf", "Umberto", "Emmanuel"),
        *("Ramses", "Ramesses", "Thutmose", "Amenhotep", "Ptolemy", "Cleopatra", "Darius"),
        *("Xerxes", "Mehmed", "Selim", "Urban", "Boniface", "Sixtus", "Julius", "Stephen"),
        *("Constantine", "Leopold", "Albert", "Baldwin", "Rudolf", "Maximilian", "Joseph"),
    )
)

_MONTH_BEFORE = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
)
YEAR_BEFORE = (
    "in|since|from|until|till|by|of|year|years|circa|before|after|during|around|late|early|mid|"
    f"spring|summer|autumn|fall|winter|c\\.|ca\\.|between|{_MONTH_BEFORE}"
)

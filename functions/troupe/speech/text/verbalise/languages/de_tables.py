"""German: tables."""

from __future__ import annotations

from troupe.speech.text.verbalise.rules import Abbreviation, Currency, Noun, Scale

FEMININE = "spellout-cardinal-feminine"

WORDS = {
    "point": "Komma",
    "version_point": "Punkt",
    "minus": "minus",
    "plus": "plus",
    "plus_minus": "plus minus",
    "to": "bis",
    "times": "mal",
    "divided": "geteilt durch",
    "equals": "gleich",
    "not_equal": "ungleich",
    "about": "etwa",
    "less": "weniger als",
    "more": "mehr als",
    "smaller": "kleiner als",
    "greater": "größer als",
    "at_most": "höchstens",
    "at_least": "mindestens",
    "and": "und",
    "at": "at",
    "dot": "Punkt",
    "slash": "Schrägstrich",
    "dash": "Bindestrich",
    "underscore": "Unterstrich",
    "hashtag": "Hashtag",
    "number": "Nummer",
    "ratio": "zu",
    "section": "Paragraf",
    "sections": "Paragrafen",
    "version": "Version",
}


def _noun(one: str, other: str = "", ruleset: str = "") -> Noun:
    return Noun({"one": f"{{0}} {one}", "other": f"{{0}} {other or one}"}, ruleset)


NOUNS = {
    "Esslöffel": _noun("Esslöffel"),
    "Teelöffel": _noun("Teelöffel"),
    "Dezibel": _noun("Dezibel"),
    "Packung": _noun("Packung", "Packungen", FEMININE),
    "Prise": _noun("Prise", "Prisen", FEMININE),
    "Stück": _noun("Stück"),
    "Umdrehungen": _noun("Umdrehung pro Minute", "Umdrehungen pro Minute", FEMININE),
}

UNITS = {
    "EL": "Esslöffel",
    "TL": "Teelöffel",
    "Pck.": "Packung",
    "Pkg.": "Packung",
    "Pr.": "Prise",
    "Stk.": "Stück",
    "dB": "Dezibel",
    "U/min": "Umdrehungen",
    "qm": "area-square-meter",
    "qkm": "area-square-kilometer",
    "Std.": "duration-hour",
    "Std": "duration-hour",
    "Min.": "duration-minute",
    "min.": "duration-minute",
    "Sek.": "duration-second",
    "sec": "duration-second",
    "PS": "power-horsepower",
    "km/Std.": "speed-kilometer-per-hour",
}

UNIT_RULESETS = dict.fromkeys(
    (
        *("mass-tonne", "length-mile", "energy-kilowatt-hour", "energy-kilocalorie"),
        *("duration-hour", "duration-minute", "duration-second", "duration-millisecond"),
        *("pressure-atmosphere", "length-nautical-mile"),
    ),
    FEMININE,
)

_CENT = _noun("Cent")
MONEY = {
    "EUR": Currency(_noun("Euro"), _CENT),
    "dollar": Currency(_noun("Dollar"), _CENT),
    "USD": Currency(_noun("US-Dollar"), _CENT),
    "GBP": Currency(_noun("Pfund"), _noun("Penny", "Pence")),
    "CHF": Currency(_noun("Franken"), _noun("Rappen")),
    "JPY": Currency(_noun("Yen")),
    "Cent": Currency(_CENT),
    "DM": Currency(_noun("Mark", "", FEMININE), _noun("Pfennig")),
}
CURRENCIES = {
    "$": "dollar",
    "Euro": "EUR",
    "Dollar": "dollar",
    "US-Dollar": "USD",
    "Franken": "CHF",
    "Fr.": "CHF",
    "sFr.": "CHF",
    "Cent": "Cent",
    "ct": "Cent",
    "DM": "DM",
    "Pfund": "GBP",
    "Yen": "JPY",
}


def _scale(power: int, one: str, other: str) -> Scale:
    return Scale(power, {"one": one, "other": other}, ruleset=FEMININE)


_MILLION = _scale(6, "Million", "Millionen")
_MILLIARD = _scale(9, "Milliarde", "Milliarden")
_BILLION = _scale(12, "Billion", "Billionen")
SCALES = {
    "Mio.": _MILLION,
    "Mio": _MILLION,
    "Million": _MILLION,
    "Millionen": _MILLION,
    "Mrd.": _MILLIARD,
    "Mrd": _MILLIARD,
    "Milliarde": _MILLIARD,
    "Milliarden": _MILLIARD,
    "Bio.": _BILLION,
    "Billion": _BILLION,
    "Billionen": _BILLION,
    "Tsd.": Scale(3, {"other": "Tausend"}),
}

_NUMBER = r"\s?(?:\d|[IVXLC]+\b)"
_CAPITAL = r"\s(?-i:[A-ZÄÖÜ])"

ABBREVIATIONS = {
    **{
        short: (Abbreviation(words),)
        for short, words in {
            "z. B.": "zum Beispiel",
            "Z. B.": "Zum Beispiel",
            "d. h.": "das heißt",
            "D. h.": "Das heißt",
            "u. a.": "unter anderem",
            "u. U.": "unter Umständen",
            "u. Ä.": "und Ähnliches",
            "o. Ä.": "oder Ähnliches",
            "i. d. R.": "in der Regel",
            "z. T.": "zum Teil",
            "v. a.": "vor allem",
            "m. E.": "meines Erachtens",
            "s. o.": "siehe oben",
            "s. u.": "siehe unten",
            "v. Chr.": "vor Christus",
            "n. Chr.": "nach Christus",
            "z. Zt.": "zur Zeit",
            "usw.": "und so weiter",
            "usf.": "und so fort",
            "etc.": "et cetera",
            "bzw.": "beziehungsweise",
            "ca.": "circa",
            "Ca.": "Circa",
            "evtl.": "eventuell",
            "ggf.": "gegebenenfalls",
            "inkl.": "inklusive",
            "exkl.": "exklusive",
            "zzgl.": "zuzüglich",
            "mind.": "mindestens",
            "max.": "maximal",
            "bzgl.": "bezüglich",
            "vgl.": "vergleiche",
            "Vgl.": "Vergleiche",
            "geb.": "geboren",
            "gest.": "gestorben",
            "Jh.": "Jahrhundert",
            "Jhd.": "Jahrhundert",
            "Str.": "Straße",
            "Tel.": "Telefon",
            "Dipl.-Ing.": "Diplomingenieur",
        }.items()
    },
    **{
        short: (Abbreviation(words, "", _CAPITAL),)
        for short, words in {
            "Hr.": "Herr",
            "Hrn.": "Herrn",
            "Fr.": "Frau",
            "Dr.": "Doktor",
            "Prof.": "Professor",
            "St.": "Sankt",
        }.items()
    },
    **{
        short: (Abbreviation(words, "", _NUMBER),)
        for short, words in {
            "Mo.": "Montag",
            "Di.": "Dienstag",
            "Mi.": "Mittwoch",
            "Do.": "Donnerstag",
            "Sa.": "Samstag",
            "So.": "Sonntag",
            "Nr.": "Nummer",
            "Nrn.": "Nummern",
            "S.": "Seite",
            "Bd.": "Band",
            "Kap.": "Kapitel",
            "Abb.": "Abbildung",
            "Abs.": "Absatz",
            "Art.": "Artikel",
            "Tab.": "Tabelle",
            "Anm.": "Anmerkung",
            "H.": "Heft",
        }.items()
    },
}

FIXED = {
    "24/7": "vierundzwanzig sieben",
    "50/50": "fünfzig fünfzig",
    "50:50": "fünfzig zu fünfzig",
    "und/oder": "und oder",
}

# Nouns that an ordinal stands before, and their gender.
GENDERS = {
    "m": (
        *(
            "Platz",
            "Stock",
            "Tag",
            "Monat",
            "Geburtstag",
            "Weltkrieg",
            "Bezirk",
            "Spieltag",
            "Teil",
        ),
        *(
            "Akt",
            "Band",
            "Advent",
            "Gang",
            "Mai",
            "Versuch",
            "Rang",
            "Sieg",
            "Abschnitt",
            "Schritt",
        ),
        *("Artikel", "Absatz", "Satz", "Grad", "Jahrestag", "Juli"),
    ),
    "f": (
        *("Klasse", "Etage", "Auflage", "Woche", "Liga", "Runde", "Minute", "Stunde", "Sinfonie"),
        *(
            "Symphonie",
            "Person",
            "Ordnung",
            "Ausgabe",
            "Staffel",
            "Folge",
            "Szene",
            "Phase",
            "Reihe",
        ),
        *("Generation", "Hälfte", "Stufe", "Strophe", "Bundesliga", "Stelle", "Wahl"),
    ),
    "n": (
        *(
            "Jahrhundert",
            "Jahrtausend",
            "Mal",
            "Kapitel",
            "Jahr",
            "Semester",
            "Quartal",
            "Halbjahr",
        ),
        *("Lebensjahr", "Buch", "Obergeschoss", "Untergeschoss", "Kind", "Drittel", "Jh", "Reich"),
    ),
}
KINGS = frozenset(
    (
        *(
            "Ludwig",
            "Heinrich",
            "Karl",
            "Wilhelm",
            "Friedrich",
            "Otto",
            "Johannes",
            "Paul",
            "Georg",
        ),
        *("Franz", "Joseph", "Leopold", "Ferdinand", "Maximilian", "Rudolf", "Philipp", "Gustav"),
        *("Benedikt", "Pius", "Leo", "Gregor", "Klemens", "Innozenz", "Alexander", "Nikolaus"),
        *("Peter", "Napoleon", "Albert", "Christian", "Konrad", "Lothar", "Ramses", "Eduard"),
        *("Richard", "Jakob", "Charles", "Adolf", "August", "Sigismund", "Urban", "Iwan"),
    )
)
QUEENS = frozenset(
    ("Elisabeth", "Katharina", "Maria", "Margarethe", "Anna", "Kleopatra", "Isabella")
)
ROMAN_NUMBERS = frozenset(
    (
        *("kapitel", "teil", "band", "akt", "szene", "buch", "artikel", "phase", "typ", "klasse"),
        *("weltkrieg", "abschnitt", "stufe", "hartz", "bd", "kap", "liga", "block"),
    )
)

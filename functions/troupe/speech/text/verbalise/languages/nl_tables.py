"""Dutch: tables."""

from __future__ import annotations

from troupe.speech.text.verbalise.rules import Abbreviation, Currency, Noun, Scale

WORDS = {
    "point": "komma",
    "version_point": "punt",
    "minus": "min",
    "plus": "plus",
    "plus_minus": "plus of min",
    "to": "tot",
    "times": "maal",
    "divided": "gedeeld door",
    "equals": "is",
    "not_equal": "is niet",
    "about": "ongeveer",
    "less": "minder dan",
    "more": "meer dan",
    "smaller": "kleiner dan",
    "greater": "groter dan",
    "at_most": "hoogstens",
    "at_least": "minstens",
    "and": "en",
    "at": "apenstaartje",
    "dot": "punt",
    "slash": "slash",
    "dash": "streepje",
    "underscore": "laag streepje",
    "hashtag": "hashtag",
    "number": "nummer",
    "ratio": "tegen",
    "section": "paragraaf",
    "sections": "paragrafen",
    "version": "versie",
}


def _noun(one: str, other: str = "") -> Noun:
    return Noun({"one": f"{{0}} {one}", "other": f"{{0}} {other or one}"})


NOUNS = {
    "ton": _noun("ton"),
    "decibel": _noun("decibel"),
    "eetlepel": _noun("eetlepel", "eetlepels"),
    "theelepel": _noun("theelepel", "theelepels"),
}
UNITS = {
    "t": "ton",
    "dB": "decibel",
    "el": "eetlepel",
    "tl": "theelepel",
    "min.": "duration-minute",
    "sec.": "duration-second",
    "sec": "duration-second",
    "km/u": "speed-kilometer-per-hour",
    "pk": "power-horsepower",
}
NEUTER = frozenset({"uur", "pond", "ons"})
DENOMINATORS = {2: ("half", "halve"), 4: ("kwart", "kwart"), 8: ("achtste", "achtste")}

_CENT = _noun("cent")
MONEY = {
    "EUR": Currency(_noun("euro"), _CENT),
    "dollar": Currency(_noun("dollar"), _CENT),
    "USD": Currency(_noun("Amerikaanse dollar"), _CENT),
    "GBP": Currency(_noun("pond"), _noun("penny", "pence")),
    "cent": Currency(_CENT),
    "gulden": Currency(_noun("gulden"), _CENT),
}
CURRENCIES = {
    "$": "dollar",
    "euro": "EUR",
    "dollar": "dollar",
    "cent": "cent",
    "ct": "cent",
    "ƒ": "gulden",
}
SCALES = {
    text: Scale(power, {"other": word})
    for text, power, word in (
        ("mln.", 6, "miljoen"),
        ("mln", 6, "miljoen"),
        ("miljoen", 6, "miljoen"),
        ("mld.", 9, "miljard"),
        ("mld", 9, "miljard"),
        ("miljard", 9, "miljard"),
        ("biljoen", 12, "biljoen"),
        ("duizend", 3, "duizend"),
    )
}

_NUMBER = r"\s?(?:\d|[IVXLC]+\b)"
_CAPITAL = r"\s(?-i:[A-Z])"
ABBREVIATIONS = {
    **{
        short: (Abbreviation(words),)
        for short, words in {
            "bijv.": "bijvoorbeeld",
            "bv.": "bijvoorbeeld",
            "d.w.z.": "dat wil zeggen",
            "enz.": "enzovoort",
            "etc.": "et cetera",
            "e.d.": "en dergelijke",
            "o.a.": "onder andere",
            "m.a.w.": "met andere woorden",
            "m.b.t.": "met betrekking tot",
            "i.p.v.": "in plaats van",
            "t/m": "tot en met",
            "t.a.v.": "ter attentie van",
            "t.o.v.": "ten opzichte van",
            "z.o.z.": "zie ommezijde",
            "ca.": "circa",
            "incl.": "inclusief",
            "excl.": "exclusief",
            "max.": "maximaal",
            "v.Chr.": "voor Christus",
            "v. Chr.": "voor Christus",
            "n. Chr.": "na Christus",
            "tel.": "telefoon",
            "jl.": "jongstleden",
            "a.u.b.": "alstublieft",
        }.items()
    },
    **{
        short: (Abbreviation(words, "", _CAPITAL),)
        for short, words in {
            "Dhr.": "De heer",
            "dhr.": "de heer",
            "Mevr.": "Mevrouw",
            "mevr.": "mevrouw",
            "Mw.": "Mevrouw",
            "mw.": "mevrouw",
            "Dr.": "Doctor",
            "dr.": "doctor",
            "Prof.": "Professor",
            "prof.": "professor",
            "Ir.": "Ingenieur",
            "ir.": "ingenieur",
            "mr.": "meester",
            "St.": "Sint",
        }.items()
    },
    **{
        short: (Abbreviation(words, "", _NUMBER),)
        for short, words in {
            "nr.": "nummer",
            "Nr.": "Nummer",
            "blz.": "bladzijde",
            "p.": "pagina",
            "hfst.": "hoofdstuk",
            "art.": "artikel",
            "afb.": "afbeelding",
        }.items()
    },
}
ROMAN_NUMBERS = frozenset(
    ("hoofdstuk", "deel", "akte", "boek", "artikel", "fase", "wereldoorlog", "hfst", "band", "type")
)
ROMAN_NAMES = frozenset(
    (
        *("Willem", "Lodewijk", "Hendrik", "Karel", "Filips", "Elizabeth", "Boudewijn", "Albert"),
        *("Leopold", "Johannes", "Paulus", "Benedictus", "Pius", "Leo", "Gregorius", "Napoleon"),
        *("Frederik", "Wilhelm", "George", "Charles", "Peter", "Catharina", "Jacobus"),
    )
)

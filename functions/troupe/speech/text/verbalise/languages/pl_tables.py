"""Polish: tables."""

from __future__ import annotations

from troupe.speech.text.verbalise.rules import Abbreviation, Currency, Noun, Scale

FEMININE = "spellout-cardinal-feminine"

WORDS = {
    "point": "przecinek",
    "version_point": "kropka",
    "minus": "minus",
    "plus": "plus",
    "plus_minus": "plus minus",
    "to": "–",  # said as a short pause
    "times": "razy",
    "divided": "podzielić przez",
    "equals": "równa się",
    "not_equal": "nie równa się",
    "about": "mniej więcej",
    "less": "mniej niż",
    "more": "więcej niż",
    "smaller": "mniejsze niż",
    "greater": "większe niż",
    "at_most": "najwyżej",
    "at_least": "co najmniej",
    "and": "i",
    "at": "małpa",
    "dot": "kropka",
    "slash": "ukośnik",
    "dash": "myślnik",
    "underscore": "podkreślnik",
    "hashtag": "hasztag",
    "number": "numer",
    "section": "paragraf",
    "sections": "paragrafy",
    "version": "wersja",
}
MONTHS = (
    ("stycznia", "styczeń", "styczniu"),
    ("lutego", "luty", "lutym"),
    ("marca", "marzec", "marcu"),
    ("kwietnia", "kwiecień", "kwietniu"),
    ("maja", "maj", "maju"),
    ("czerwca", "czerwiec", "czerwcu"),
    ("lipca", "lipiec", "lipcu"),
    ("sierpnia", "sierpień", "sierpniu"),
    ("września", "wrzesień", "wrześniu"),
    ("października", "październik", "październiku"),
    ("listopada", "listopad", "listopadzie"),
    ("grudnia", "grudzień", "grudniu"),
)


def _noun(one: str, few: str, many: str, part: str, ruleset: str = "") -> Noun:
    """Forms of 1, 2 and 5, and of a part (genitive)."""
    forms = {"one": one, "few": few, "many": many, "other": part}
    return Noun({category: f"{{0}} {form}" for category, form in forms.items()}, ruleset)


NOUNS = {
    "person": _noun("osoba", "osoby", "osób", "osoby", FEMININE),
    "piece": _noun("sztuka", "sztuki", "sztuk", "sztuki", FEMININE),
    "horsepower": _noun(
        "koń mechaniczny", "konie mechaniczne", "koni mechanicznych", "konia mechanicznego"
    ),
    "decibel": _noun("decybel", "decybele", "decybeli", "decybela"),
}
UNITS = {
    **dict.fromkeys(("godz.", "godz"), "duration-hour"),
    **{"min.": "duration-minute", "sek.": "duration-second", "sek": "duration-second"},
    **{"km/godz.": "speed-kilometer-per-hour", "os.": "person", "szt.": "piece"},
    **{"KM": "horsepower", "dB": "decibel", "kg.": "mass-kilogram"},
}
UNIT_RULESETS = dict.fromkeys(
    (
        *("mass-tonne", "energy-kilocalorie", "energy-kilowatt-hour", "length-mile"),
        *("duration-hour", "duration-minute", "duration-second", "duration-millisecond"),
    ),
    FEMININE,
)

_GROSZ = _noun("grosz", "grosze", "groszy", "grosza")
_CENT = _noun("cent", "centy", "centów", "centa")
MONEY = {
    "PLN": Currency(_noun("złoty", "złote", "złotych", "złotego"), _GROSZ),
    "grosz": Currency(_GROSZ),
    "USD": Currency(_noun("dolar", "dolary", "dolarów", "dolara"), _CENT),
    "EUR": Currency(_noun("euro", "euro", "euro", "euro"), _CENT),
    "GBP": Currency(
        _noun("funt", "funty", "funtów", "funta"), _noun("pens", "pensy", "pensów", "pensa")
    ),
    "CHF": Currency(_noun("frank", "franki", "franków", "franka")),
    "CZK": Currency(_noun("korona", "korony", "koron", "korony", FEMININE)),
    "RUB": Currency(_noun("rubel", "ruble", "rubli", "rubla")),
    "UAH": Currency(_noun("hrywna", "hrywny", "hrywien", "hrywny", FEMININE)),
    "JPY": Currency(_noun("jen", "jeny", "jenów", "jena")),
}
CURRENCIES = {
    **dict.fromkeys(("zł.", "złoty", "złote", "złotych"), "PLN"),
    **{"gr": "grosz", "gr.": "grosz", "euro": "EUR"},
    **dict.fromkeys(("dolar", "dolary", "dolarów"), "USD"),
}


def _scale(power: int, one: str, few: str, many: str, part: str) -> Scale:
    forms = {"one": one, "few": few, "many": many, "other": part}
    return Scale(power, forms, ruleset="spellout-cardinal-masculine")


_THOUSAND = _scale(3, "tysiąc", "tysiące", "tysięcy", "tysiąca")
_MILLION = _scale(6, "milion", "miliony", "milionów", "miliona")
_MILLIARD = _scale(9, "miliard", "miliardy", "miliardów", "miliarda")
_BILLION = _scale(12, "bilion", "biliony", "bilionów", "biliona")
SCALES = {
    **dict.fromkeys(("tys.", "tys", "tysiąc", "tysiące", "tysięcy"), _THOUSAND),
    **dict.fromkeys(("mln", "mln.", "milion", "miliony", "milionów", "miliona"), _MILLION),
    **dict.fromkeys(("mld", "mld.", "miliard", "miliardy", "miliardów", "miliarda"), _MILLIARD),
    **dict.fromkeys(("bln", "bilion", "biliony", "bilionów"), _BILLION),
}

_NUMBER = r"\s?(?:\d|[IVXLC]+\b)"
_CAPITAL = r"\s[A-ZĄĆĘŁŃÓŚŹŻ]"
_SCALED = r"(?:tys\.?|mln|mld)\s$"
_AT = r"\b(?:[Nn]a|[Pp]rzy|[Pp]o|[Zz]|[Dd]o|[Oo]d)\s$"
ABBREVIATIONS = {
    **{
        short: (Abbreviation(words),)
        for short, words in {
            "np.": "na przykład",
            "Np.": "Na przykład",
            "itd.": "i tak dalej",
            "itp.": "i tym podobne",
            "m.in.": "między innymi",
            "m. in.": "między innymi",
            "tzn.": "to znaczy",
            "tj.": "to jest",
            "wg": "według",
            "br.": "bieżącego roku",
            "ub. r.": "ubiegłego roku",
            "p.n.e.": "przed naszą erą",
            "n.e.": "naszej ery",
            "cd.": "ciąg dalszy",
            "zob.": "zobacz",
            "tel.": "telefon",
            "Tel.": "Telefon",
            "ok.": "około",
            "Ok.": "Około",
            "godz.": "godzina",
        }.items()
    },
    **{
        short: (Abbreviation(words, "", _CAPITAL),)
        for short, words in {
            "dr": "doktor",
            "Dr": "Doktor",
            "prof.": "profesor",
            "Prof.": "Profesor",
            "mgr": "magister",
            "inż.": "inżynier",
            "ks.": "ksiądz",
            "gen.": "generał",
            "płk": "pułkownik",
            "im.": "imienia",
            "pl.": "plac",
        }.items()
    },
    **{
        short: (Abbreviation(words, "", _NUMBER),)
        for short, words in {
            "nr": "numer",
            "Nr": "Numer",
            "str.": "strona",
            "Str.": "Strona",
            "Rys.": "Rysunek",
            "Tab.": "Tabela",
            "s.": "strona",
            "rozdz.": "rozdział",
            "rys.": "rysunek",
            "tab.": "tabela",
            "art.": "artykuł",
            "ust.": "ustęp",
            "pkt": "punkt",
        }.items()
    },
    "pt.": (Abbreviation("pod tytułem", "", '\\s[„"A-ZŁŚŻ]'),),
    "ul.": (Abbreviation("ulicy", _AT, _CAPITAL), Abbreviation("ulica", "", _CAPITAL)),
    "al.": (Abbreviation("alei", _AT, _CAPITAL), Abbreviation("aleja", "", _CAPITAL)),
    "km": (Abbreviation("kilometrów", _SCALED),),
    "ha": (Abbreviation("hektarów", _SCALED),),
    "osób": (Abbreviation("osób", _SCALED),),
}

# Genders of nouns that are often counted, where their endings do not tell them.
MEN = frozenset(
    ("mężczyzna", "kolega", "kierowca", "sędzia", "turysta", "artysta", "poeta", "dzień", "tata")
)
SOFT = frozenset(("noc", "część", "rzecz", "wieś", "mysz", "twarz", "pieśń", "sól", "krew"))
NEUTER = frozenset(("imię", "zwierzę", "ramię", "dziecię", "plemię"))
FEMININES = frozenset(
    (
        *("godziny", "minuty", "sekundy", "osoby", "książki", "kobiety", "strony", "tony", "łyżki"),
        *("łyżeczki", "szklanki", "córki", "siostry", "matki", "żony", "dziewczyny", "dziewczynki"),
        *("klasy", "grupy", "drogi", "ulice", "noce", "firmy", "szkoły", "sztuki", "kartki"),
        *("gwiazdki", "butelki", "filiżanki", "części", "rzeczy", "próby", "szanse", "drużyny"),
        *("rundy", "połowy", "bramki", "litery", "liczby", "cyfry", "torebki", "puszki", "paczki"),
        *("tabletki", "krople", "rodziny", "sprawy", "wizyty", "rozmowy", "małe", "wyspy", "rzeki"),
        *("góry", "gry", "karty", "nogi", "ręce", "róże", "nauczycielki", "koleżanki", "kawy"),
    )
)
# Men in the genitive: dwóch studentów, pięciu studentów.
PERSONS = frozenset(
    (
        *("mężczyzn", "ludzi", "chłopców", "studentów", "uczniów", "nauczycieli", "żołnierzy"),
        *("lekarzy", "policjantów", "zawodników", "graczy", "piłkarzy", "pracowników", "synów"),
        *("mieszkańców", "uczestników", "kolegów", "braci", "przyjaciół", "panów", "turystów"),
        *("pasażerów", "kandydatów", "posłów", "rycerzy", "królów", "autorów", "obywateli"),
    )
)

# Nouns with an ordinal before them (3. klasa, II wojna) or after them (rozdział IV).
_F, _M, _N = (f"spellout-ordinal-{gender}" for gender in ("feminine", "masculine", "neuter"))


def _forms(ruleset: str, *words: str) -> dict[str, str]:
    """Nominative, genitive, locative, accusative and instrumental, as far as they differ."""
    cases = ("", "-genitive", "-locative", "-accusative", "-instrumental")
    by_case = dict(zip(words, cases, strict=False))
    if ruleset == _N:  # ICU has the oblique forms, which are the same, for the masculine
        return {word: (_M + case if case else _N) for word, case in by_case.items()}
    return {word: ruleset + case for word, case in by_case.items()}


ORDINALS = {
    **_forms(_F, "klasa", "klasy", "klasie", "klasę", "klasą"),
    **_forms(_F, "wojna", "wojny", "wojnie", "wojnę", "wojną"),
    **_forms(_F, "rocznica", "rocznicy", "", "rocznicę", "rocznicą"),
    **_forms(_F, "edycja", "edycji", "", "edycję", "edycją"),
    **_forms(_F, "liga", "ligi", "lidze", "ligę", "ligą"),
    **_forms(_F, "część", "części", "", "", "częścią"),
    **_forms(_F, "księga", "księgi", "księdze", "księgę", "księgą"),
    **_forms(_F, "runda", "rundy", "rundzie", "rundę", "rundą"),
    **_forms(_F, "połowa", "połowy", "połowie", "połowę", "połową"),
    **_forms(_F, "rzesza", "rzeszy", "", "rzeszę", "rzeszą"),
    **_forms(_F, "rzeczpospolita", "rzeczypospolitej", "", "rzeczpospolitą"),
    **_forms(_N, "miejsce", "miejsca", "miejscu"),
    **_forms(_N, "piętro", "piętra", "piętrze"),
    **_forms(_M, "dzień", "dnia", "dniu"),
    **_forms(_M, "raz", "razu", "", "", "razem"),
    **_forms(_M, "etap", "etapu", "etapie"),
    **_forms(_M, "kwartał", "kwartału", "kwartale"),
    **_forms(_M, "rozdział", "rozdziału", "rozdziale", "", "rozdziałem"),
    **_forms(_M, "tom", "tomu", "tomie"),
    **_forms(_M, "akt", "aktu", "akcie"),
    **_forms(_M, "stopień", "stopnia", "stopniu"),
    **_forms(_M, "tydzień", "tygodnia", "tygodniu"),
    **_forms(_M, "miesiąc", "miesiąca", "miesiącu"),
    **_forms(_M, "maraton", "maratonu", "maratonie"),
    **_forms(_M, "zjazd", "zjazdu", "zjeździe"),
}
ORDINALS.pop("", None)

_MASCULINE = {"": "", "a": "-genitive", "owi": "-dative", "em": "-instrumental", "ie": "-locative"}
_A = {"a": "", "y": "-genitive", "ę": "-accusative", "ą": "-instrumental", "ie": "-locative"}
_II = {"ia": "", "ii": "-genitive", "ię": "-accusative", "ią": "-instrumental"}
KINGS = {
    stem + ending: f"spellout-ordinal-{gender}{case}"
    for gender, endings, stems in (
        (
            "masculine",
            _MASCULINE,
            "Jan Zygmunt Stanisław Władysław Kazimierz August Karol Wilhelm Mikołaj Piotr Pius "
            "Leon Benedykt Napoleon Filip Edward Ryszard Bolesław Jakub Grzegorz Ramzes Klemens",
        ),
        ("masculine", {**_MASCULINE, "iem": "-instrumental"}, "Henryk Ludwik Fryderyk"),
        ("feminine", _A, "Katarzyn Ann"),
        ("feminine", {**_A, "cie": "-locative"}, "Elżbiet"),
        ("feminine", _II, "Mar Wiktor"),
    )
    for stem in stems.split()
    for ending, case in endings.items()
}
for _first, _stem in (("Paweł", "Pawł"), ("Mieszko", "Mieszk"), ("Franciszek", "Franciszk")):
    KINGS |= {_stem + ending: f"{_M}{case}" for ending, case in _MASCULINE.items() if ending}
    KINGS[_first] = _M
KINGS |= {"Aleksander": _M, "Aleksandra": f"{_M}-genitive", "Aleksandrem": f"{_M}-instrumental"}

# Numbers as the first part of an adjective: osiemnastoletni.
PARTS = {
    **{1: "jedno", 2: "dwu", 3: "trzy", 4: "cztero", 5: "pięcio", 6: "sześcio", 7: "siedmio"},
    **{8: "ośmio", 9: "dziewięcio", 10: "dziesięcio", 11: "jedenasto", 12: "dwunasto"},
    **{13: "trzynasto", 14: "czternasto", 15: "piętnasto", 16: "szesnasto", 17: "siedemnasto"},
    **{18: "osiemnasto", 19: "dziewiętnasto", 20: "dwudziesto", 30: "trzydziesto"},
    **{40: "czterdziesto", 50: "pięćdziesięcio", 60: "sześćdziesięcio", 70: "siedemdziesięcio"},
    **{80: "osiemdziesięcio", 90: "dziewięćdziesięcio", 100: "stu"},
}

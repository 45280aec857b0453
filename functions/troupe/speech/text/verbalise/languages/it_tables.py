"""Italian: tables."""

from __future__ import annotations

from troupe.speech.text.verbalise.languages.romance import (
    DIGIT,
    NUMBER,
    Gender,
    always,
    money,
    noun,
    numbered,
    titles,
)
from troupe.speech.text.verbalise.rules import Abbreviation, Currency, Noun, Scale

WORDS = {
    "minus": "meno",
    "plus": "più",
    "plus_minus": "più o meno",
    "to": "a",
    "by": "per",
    "times": "per",
    "divided": "diviso",
    "equals": "uguale",
    "not_equal": "diverso da",
    "about": "circa",
    "less": "meno di",
    "more": "più di",
    "smaller": "è minore di",
    "greater": "è maggiore di",
    "at_most": "al massimo",
    "at_least": "almeno",
    "and": "e",
    "at": "chiocciola",
    "dot": "punto",
    "slash": "barra",
    "dash": "trattino",
    "underscore": "trattino basso",
    "hashtag": "hashtag",
    "number": "numero",
    "section": "paragrafo",
    "sections": "paragrafi",
    "version": "versione",
}

GENDER = Gender(
    feminine_ends=("zione", "sione", "tà", "tù", "tudine", "trice", "a"),
    feminine=frozenset(
        (
            *("ora", "ore", "mano", "mani", "foto", "moto", "auto", "radio", "notte", "notti"),
            *("volta", "volte", "parte", "parti", "classe", "classi", "chiave", "chiavi"),
            *("nave", "navi", "legge", "leggi", "settimana", "settimane", "persone", "tazze"),
            *("cipolle", "carote", "uova", "libbre", "sterline", "bottiglie", "fette"),
        )
    ),
    masculine_ends=("o", "ore", "one"),
    masculine=frozenset(
        (
            *("problema", "sistema", "programma", "tema", "clima", "poeta", "pianeta"),
            *("mese", "bicchiere", "fiume", "nome", "paese", "cane", "pesce", "turista"),
        )
    ),
    plural_ends=(),  # "ventuno case": only of 1 the gender is heard
)
# What begins as a noun does after a number, and is none.
NO_NOUNS = (
    "alla|dalla|della|nella|sulla|una|dello|nello|allo|dallo|sullo|uno|questa|questo|quella|quello|"
    "sono|era|stato|stata|hanno|fanno|vanno|aveva|ancora|anno|dopo|contro|entro|verso|poco|"
    "molto|tanto|quando|come|circa|senza|sopra|fuori|prima|mentre|ma|inizia|parla|tratta|racconta"
)


def _feminine(one: str, other: str) -> Noun:
    return Noun({"one": one, "other": f"{{0}} {other}"}, NUMBER)


NOUNS = {
    "duration-hour": _feminine("un'ora", "ore"),
    "mass-pound": _feminine("una libbra", "libbre"),
    "mass-ounce": _feminine("un'oncia", "once"),
    "energy-kilocalorie": _feminine("una chilocaloria", "chilocalorie"),
    "percent": noun("per cento", "per cento", NUMBER),
    "ton": _feminine("una tonnellata", "tonnellate"),
    "gram": noun("grammo", "grammi"),
    "decibel": noun("decibel", "decibel"),
    "amp": noun("ampere", "ampere"),
    "rpm": noun("giro al minuto", "giri al minuto"),
    "mbps": noun("megabit al secondo", "megabit al secondo"),
    "horse": noun("cavallo", "cavalli"),
    "teaspoon": noun("cucchiaino", "cucchiaini"),
    "tablespoon": noun("cucchiaio", "cucchiai"),
}
UNITS = {
    "%": "percent",
    "t": "ton",
    "gr": "gram",
    "gr.": "gram",
    "Km": "length-kilometer",
    "Km/h": "speed-kilometer-per-hour",
    "Kg": "mass-kilogram",
    "mq": "area-square-meter",
    "mc": "volume-cubic-meter",
    "kmq": "area-square-kilometer",
    "cc": "volume-cubic-centimeter",
    "dB": "decibel",
    "A": "amp",
    "Mbps": "mbps",
    "Mbit/s": "mbps",
    "CV": "horse",
    "cv": "horse",
    "min.": "duration-minute",
    "sec": "duration-second",
    "sec.": "duration-second",
}
UNIT_RULESETS = {"concentr-permille": NUMBER}


_CENT = noun("centesimo", "centesimi")
MONEY = {
    "dollar": money("dollaro", "dollari", _CENT),
    "lira": Currency(_feminine("una lira", "lire")),
    "EUR": money("euro", "euro", _CENT),
    "USD": money("dollaro statunitense", "dollari statunitensi", _CENT),
    "GBP": Currency(_feminine("una sterlina", "sterline"), noun("penny", "pence")),
    "CHF": money("franco svizzero", "franchi svizzeri", _CENT),
    "JPY": money("yen", "yen"),
    "INR": Currency(_feminine("una rupia", "rupie")),
    "RUB": money("rublo", "rubli"),
    "franc": money("franco", "franchi", _CENT),
}
CURRENCIES = {"$": "dollar", "Lit.": "lira", "L.": "lira", "Fr.": "franc", "US$": "USD"}

_MILLIONS = {"one": "milione", "other": "milioni"}
_BILLIONS = {"one": "miliardo", "other": "miliardi"}
SCALES = {
    "mila": Scale(3),
    "milione": Scale(6),
    "milioni": Scale(6),
    "miliardo": Scale(9),
    "miliardi": Scale(9),
    "M": Scale(6, _MILLIONS, True),
    "mln": Scale(6, _MILLIONS),
    "mln.": Scale(6, _MILLIONS),
    "mld": Scale(9, _BILLIONS),
    "mld.": Scale(9, _BILLIONS),
    "k": Scale(3, {"other": "mila"}, True),
}

_ROMAN = r"\s?[IVX]+\b"
ABBREVIATIONS = {
    **titles(
        {
            "Sig.": "signor",
            "sig.": "signor",
            "Sig.ra": "signora",
            "sig.ra": "signora",
            "Sig.na": "signorina",
            "Sigg.": "signori",
            "Dott.": "dottor",
            "dott.": "dottor",
            "Dott.ssa": "dottoressa",
            "dott.ssa": "dottoressa",
            "Dr.": "dottor",
            "Dr.ssa": "dottoressa",
            "Prof.": "professor",
            "prof.": "professor",
            "Prof.ssa": "professoressa",
            "prof.ssa": "professoressa",
            "Avv.": "avvocato",
            "avv.": "avvocato",
            "Ing.": "ingegner",
            "ing.": "ingegner",
            "Arch.": "architetto",
            "Geom.": "geometra",
            "Rag.": "ragionier",
            "On.": "onorevole",
            "Gen.": "generale",
            "Col.": "colonnello",
            "Cap.": "capitano",
            "Mons.": "monsignor",
            "V.le": "viale",
            "P.zza": "piazza",
            "C.so": "corso",
            "L.go": "largo",
        }
    ),
    **numbered(
        {
            "n.": "numero",
            "N.": "numero",
            "n°": "numero",
            "N°": "numero",
            "nº": "numero",
            "nr.": "numero",
            "nn.": "numeri",
            "pag.": "pagina",
            "Pag.": "pagina",
            "pagg.": "pagine",
            "pp.": "pagine",
            "p.": "pagina",
            "cap.": "capitolo",
            "capp.": "capitoli",
            "vol.": "volume",
            "Vol.": "volume",
            "fig.": "figura",
            "Fig.": "figura",
            "figg.": "figure",
            "tab.": "tabella",
            "art.": "articolo",
            "Art.": "articolo",
            "artt.": "articoli",
            "ed.": "edizione",
            "tel.": "telefono",
            "Tel.": "telefono",
            "ca.": "circa",
            "max.": "massimo",
            "min.": "minimo",
        }
    ),
    "sec.": (Abbreviation("secolo", "", _ROMAN), Abbreviation("secolo", r"[IVX]\s$")),
    "secc.": (Abbreviation("secoli", "", _ROMAN),),
    "tel.:": (Abbreviation("telefono:", "", DIGIT),),
    "Tel.:": (Abbreviation("telefono:", "", DIGIT),),
    **always(
        {
            "ecc.": "eccetera",
            "etc.": "eccetera",
            "p. es.": "per esempio",
            "per es.": "per esempio",
            "ad es.": "ad esempio",
            "a. C.": "avanti Cristo",
            "d. C.": "dopo Cristo",
            "cfr.": "confronta",
            "Cfr.": "confronta",
            "c.d.": "cosiddetto",
            "S.p.A.": "società per azioni",
            "S.p.a.": "società per azioni",
            "S. r. l.": "società a responsabilità limitata",
            "S.r.l.": "società a responsabilità limitata",
            "F.lli": "fratelli",
            "vs.": "versus",
            "vs": "versus",
            "et al.": "e altri",
            "c/o": "presso",
        }
    ),
}
FIXED = {"24/7": "ventiquattro ore su ventiquattro", "50/50": "cinquanta e cinquanta", "e/o": "e o"}

ROMAN_NUMBERS = frozenset(
    (
        *("volume", "libro", "titolo", "fase", "tipo", "allegato", "episodio", "figura"),
        *("tabella", "vol", "livello", "numero", "articolo", "sezione"),
    )
)
FEMININE_NAMES = frozenset(
    (
        *("Elisabetta", "Caterina", "Maria", "Cleopatra", "Giovanna", "Margherita"),
        *("parte", "Parte", "scena", "Scena"),
    )
)
ROMAN_NAMES = FEMININE_NAMES | frozenset(
    (
        # What is counted by ordinals
        *("secolo", "Secolo", "secoli", "sec", "secc", "capitolo", "Capitolo", "cap", "Cap"),
        *("atto", "Atto", "canto", "Canto", "tomo", "Tomo"),
        # Kings and popes
        *("Emanuele", "Umberto", "Luigi", "Enrico", "Carlo", "Filippo", "Napoleone"),
        *("Giovanni", "Paolo", "Benedetto", "Pio", "Leone", "Gregorio", "Clemente"),
        *("Innocenzo", "Urbano", "Bonifacio", "Sisto", "Giulio", "Alessandro", "Giorgio"),
        *("Edoardo", "Riccardo", "Guglielmo", "Nicola", "Pietro", "Stefano", "Costantino"),
        *("Leopoldo", "Alberto", "Rodolfo", "Massimiliano", "Giuseppe", "Federico"),
        *("Ferdinando", "Francesco", "Roberto", "Ramses", "Tolomeo", "Dario", "Serse"),
        *("Cosimo", "Amedeo", "Callisto", "Celestino", "Onorio", "Adriano", "Ottone"),
    )
)
YEAR_BEFORE = (
    "nel|dal|del|al|fino al|anno|anni|gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|"
    "settembre|ottobre|novembre|dicembre|estate|inverno|autunno|primavera"
)
MEASURES = (
    "tazz[ae]|cucchiai(?:o|ni|no)?|or[ae]|litr[oi]|bicchier[ei]|chil[oi]|metr[oi]|bottigli[ae]|"
    "cipoll[ae]|giornat[ae]|chilometr[oi]|ettar[oi]|limon[ei]"
)

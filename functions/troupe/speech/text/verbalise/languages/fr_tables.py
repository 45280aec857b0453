"""French: tables."""

from __future__ import annotations

from troupe.speech.text.verbalise.languages.romance import (
    CAPITAL,
    DIGIT,
    FEMININE,
    NUMBER,
    Gender,
    always,
    money,
    noun,
    numbered,
    titles,
)
from troupe.speech.text.verbalise.rules import Abbreviation, Currency, Scale

WORDS = {
    "point": "virgule",
    "minus": "moins",
    "plus": "plus",
    "plus_minus": "plus ou moins",
    "to": "à",
    "by": "sur",
    "times": "fois",
    "divided": "divisé par",
    "equals": "égale",
    "not_equal": "est différent de",
    "about": "environ",
    "less": "moins de",
    "more": "plus de",
    "smaller": "est inférieur à",
    "greater": "est supérieur à",
    "at_most": "au plus",
    "at_least": "au moins",
    "and": "et",
    "at": "arobase",
    "dot": "point",
    "slash": "barre oblique",
    "dash": "tiret",
    "underscore": "tiret bas",
    "hashtag": "hashtag",
    "number": "numéro",
    "section": "paragraphe",
    "sections": "paragraphes",
    "version": "version",
}

GENDER = Gender(
    feminine_ends=(
        *("tion", "tions", "sion", "sions", "xion", "xions", "ette", "ettes", "esse", "esses"),
        *("ance", "ances", "ence", "ences", "euse", "euses", "trice", "trices", "ité", "ités"),
        *("aine", "aines", "ière", "ières", "ouette", "logie", "logies", "ienne", "iennes"),
    ),
    feminine=frozenset(
        (
            *("personne", "personnes", "page", "pages", "heure", "heures", "minute", "minutes"),
            *("seconde", "secondes", "année", "années", "fois", "femme", "femmes", "fille"),
            *("filles", "voiture", "voitures", "maison", "maisons", "journée", "journées"),
            *("place", "places", "tonne", "tonnes", "ville", "villes", "voix", "étoile"),
            *("étoiles", "tasse", "tasses", "cuillère", "cuillères", "chambre", "chambres"),
            *("pièce", "pièces", "partie", "parties", "ligne", "lignes", "langue", "langues"),
            *("photo", "photos", "vidéo", "vidéos", "équipe", "équipes", "entreprise"),
            *("entreprises", "famille", "familles", "bouteille", "bouteilles", "table"),
            *("tables", "boîte", "boîtes", "lettre", "lettres", "victime", "victimes"),
            *("nuit", "nuits", "soirée", "soirées", "commune", "communes", "école", "écoles"),
            *("gousse", "gousses", "pincée", "pincées", "tranche", "tranches", "île", "îles"),
            *("élève", "mesure", "mesures", "livraison", "erreur", "erreurs", "couleur"),
            *("couleurs", "roue", "roues", "porte", "portes", "arme", "armes", "œuvre"),
        )
    )
    - {"élève"},
    masculine_ends=(),
    plural_ends=("s", "x"),
    masculine=frozenset(("capitaine", "capitaines", "domaine", "domaines", "cimetière")),
)

NOUNS = {
    "decibel": noun("décibel", "décibels"),
    "amp": noun("ampère", "ampères"),
    "rpm": noun("tour par minute", "tours par minute"),
    "mbps": noun("mégabit par seconde", "mégabits par seconde"),
    "kmh": noun("kilomètre-heure", "kilomètres-heure"),
    "kwh": noun("kilowattheure", "kilowattheures"),
    "horse": noun("cheval", "chevaux"),
    "teaspoon": noun("cuillère à café", "cuillères à café", FEMININE),
    "tablespoon": noun("cuillère à soupe", "cuillères à soupe", FEMININE),
    "day": noun("jour", "jours"),
}

UNITS = {
    "km/h": "kmh",
    "kWh": "kwh",
    "ko": "digital-kilobyte",
    "Ko": "digital-kilobyte",
    "Mo": "digital-megabyte",
    "Go": "digital-gigabyte",
    "To": "digital-terabyte",
    "Po": "digital-petabyte",
    "dB": "decibel",
    "A": "amp",
    "tr/min": "rpm",
    "Mbit/s": "mbps",
    "Mb/s": "mbps",
    "ch": "horse",
    "mn": "duration-minute",
    "min.": "duration-minute",
    "sec": "duration-second",
    "c. à c.": "teaspoon",
    "c. à s.": "tablespoon",
    "j": "day",
}

UNIT_RULESETS = {
    "concentr-percent": NUMBER,
    "concentr-permille": NUMBER,
    **dict.fromkeys(
        (
            *("duration-hour", "duration-minute", "duration-second", "duration-millisecond"),
            *("mass-tonne", "energy-kilocalorie", "mass-pound", "mass-ounce"),
            "concentr-part-per-1e6",
        ),
        FEMININE,
    ),
}

CENTIMES = noun("centime", "centimes")
CENTS = noun("cent", "cents")
MONEY = {
    "dollar": money("dollar", "dollars", CENTS),
    "franc": money("franc", "francs", CENTIMES),
    "cent": Currency(CENTIMES),
    "EUR": money("euro", "euros", CENTIMES),
    "USD": money("dollar américain", "dollars américains", CENTS),
    "CAD": money("dollar canadien", "dollars canadiens", CENTS),
    "CHF": money("franc suisse", "francs suisses", CENTIMES),
    "GBP": money("livre", "livres", noun("penny", "pence"), FEMININE),
    "JPY": money("yen", "yens"),
    "INR": money("roupie", "roupies", None, FEMININE),
    "RUB": money("rouble", "roubles"),
    "SEK": money("couronne suédoise", "couronnes suédoises", None, FEMININE),
    "NOK": money("couronne norvégienne", "couronnes norvégiennes", None, FEMININE),
    "DKK": money("couronne danoise", "couronnes danoises", None, FEMININE),
    "CZK": money("couronne tchèque", "couronnes tchèques", None, FEMININE),
    "TRY": money("livre turque", "livres turques", None, FEMININE),
    "EGP": money("livre égyptienne", "livres égyptiennes", None, FEMININE),
}
CURRENCIES = {
    "$": "dollar",
    "$ US": "USD",
    "$US": "USD",
    "$ CA": "CAD",
    "$CA": "CAD",
    "F": "franc",
    "FF": "franc",
    "Fr.": "franc",
    "¢": "cent",
}

SCALES = {
    "mille": Scale(3),
    "million": Scale(6),
    "millions": Scale(6),
    "milliard": Scale(9),
    "milliards": Scale(9),
    "k": Scale(3, {"other": "mille"}, True),
    "M": Scale(6, {"one": "million", "other": "millions"}, True),
    "Md": Scale(9, {"one": "milliard", "other": "milliards"}, True),
    "Mds": Scale(9, {"one": "milliard", "other": "milliards"}),
    "Mrd": Scale(9, {"one": "milliard", "other": "milliards"}),
}

ABBREVIATIONS = {
    **titles(
        {
            "M.": "monsieur",
            "MM.": "messieurs",
            "Mme": "madame",
            "Mmes": "mesdames",
            "Mlle": "mademoiselle",
            "Mlles": "mesdemoiselles",
            "Mme.": "madame",
            "Mlle.": "mademoiselle",
            "Mgr": "monseigneur",
            "Me": "maître",
            "Dr": "docteur",
            "Dr.": "docteur",
            "Dre": "docteure",
            "Drs": "docteurs",
            "Pr": "professeur",
            "Pr.": "professeur",
            "Prof.": "professeur",
            "bd": "boulevard",
            "Bd": "boulevard",
            "bd.": "boulevard",
            "boul.": "boulevard",
        }
    ),
    **{
        short: (Abbreviation(words, "", r"[-\s](?-i:[A-ZÀ-Þ])"),)
        for short, words in (("St", "Saint"), ("Ste", "Sainte"), ("Sts", "Saints"))
    },
    "av.": (
        Abbreviation("avant", "", r"\sJ\.?-C"),
        Abbreviation("avenue", "", rf"\s(?:de|du|des)\b|{CAPITAL}"),
    ),
    "apr.": (Abbreviation("après", "", r"\sJ\.?-C"),),
    "r.": (Abbreviation("rue", r"\d,?\s$", r"\s(?:de|du|des)\b"),),
    **numbered(
        {
            "n°": "numéro",
            "N°": "numéro",
            "nº": "numéro",
            "Nº": "numéro",
            "no": "numéro",
            "No": "numéro",
            "nos": "numéros",
            "n°s": "numéros",
            "n.": "numéro",
            "pp.": "pages",
            "chap.": "chapitre",
            "Chap.": "chapitre",
            "ch.": "chapitre",
            "vol.": "volume",
            "Vol.": "volume",
            "t.": "tome",
            "fig.": "figure",
            "Fig.": "figure",
            "art.": "article",
            "Art.": "article",
            "al.": "alinéa",
            "éd.": "édition",
            "ép.": "épisode",
            "tél.": "téléphone",
            "Tél.": "téléphone",
            "env.": "environ",
            "v.": "vers",
            "réf.": "référence",
        }
    ),
    "p.": (
        Abbreviation("pages", "", r"\s?\d+\s?(?:[-–]|à|et)\s?\d"),
        Abbreviation("page", "", DIGIT),
    ),
    "tél. :": (Abbreviation("téléphone :"),),
    "Tél. :": (Abbreviation("téléphone :"),),
    **always(
        {
            "J.-C.": "Jésus-Christ",
            "etc.": "et cetera",
            "p. ex.": "par exemple",
            "par ex.": "par exemple",
            "c.-à-d.": "c'est-à-dire",
            "c.à.d.": "c'est-à-dire",
            "cf.": "confer",
            "s. v. p.": "s'il vous plaît",
            "svp": "s'il vous plaît",
            "SVP": "s'il vous plaît",
            "N. B.": "nota bene",
            "et al.": "et alii",
            "approx.": "approximativement",
            "dép.": "département",
            "vs": "versus",
            "vs.": "versus",
            "RDV": "rendez-vous",
            "Cie": "compagnie",
            "Éts": "établissements",
            "Ets": "établissements",
        }
    ),
}

FIXED = {
    "24/7": "vingt-quatre heures sur vingt-quatre et sept jours sur sept",
    "24h/24": "vingt-quatre heures sur vingt-quatre",
    "24 h/24": "vingt-quatre heures sur vingt-quatre",
    "7j/7": "sept jours sur sept",
    "7 j/7": "sept jours sur sept",
    "50/50": "cinquante-cinquante",
    "et/ou": "et ou",
    "M/Mme": "monsieur ou madame",
}

ROMAN_NUMBERS = frozenset(
    (
        *("chapitre", "partie", "acte", "scène", "volume", "livre", "section", "article"),
        *("tome", "titre", "phase", "type", "annexe", "épisode", "chant", "psaume", "figure"),
        *("tableau", "guerre", "vol", "chap", "niveau", "paris", "lyon", "numéro", "vatican"),
    )
)
FEMININE_NAMES = frozenset(
    ("Élisabeth", "Elizabeth", "Catherine", "Marie", "Cléopâtre", "Isabelle", "Marguerite")
)
ROMAN_NAMES = FEMININE_NAMES | frozenset(
    (
        *("Louis", "François", "Henri", "Charles", "Philippe", "Napoléon", "Jean", "Paul"),
        *("Jacques", "Georges", "Édouard", "Richard", "Guillaume", "Pierre", "Nicolas"),
        *("Alexandre", "Benoît", "Pie", "Léon", "Grégoire", "Clément", "Innocent", "Urbain"),
        *("Boniface", "Sixte", "Jules", "Étienne", "Constantin", "Léopold", "Albert"),
        *("Baudouin", "Rodolphe", "Maximilien", "Joseph", "Frédéric", "Ferdinand", "Robert"),
        *("Ramsès", "Ptolémée", "Darius", "Xerxès", "Mehmed", "Alphonse", "Juan", "Carlos"),
        *("Rainier", "Hugues", "Lothaire", "Clovis", "Childéric", "Dagobert", "Otton"),
    )
)

YEAR_BEFORE = (
    "en|depuis|vers|dès|avant|après|années?|an|janvier|février|mars|avril|mai|juin|juillet|août|"
    "septembre|octobre|novembre|décembre|printemps|été|automne|hiver"
)

MEASURES = "tasses?|cuill[eè]res?|heures?|litres?|verres?|journées?|bouteilles?|kilos?|mètres?"

"""Turkish: tables."""

from __future__ import annotations

from troupe.speech.text.verbalise.rules import Abbreviation, Currency, Noun, Scale

WORDS = {
    "point": "virgül",
    "version_point": "nokta",
    "minus": "eksi",
    "plus": "artı",
    "plus_minus": "artı eksi",
    "to": "ila",
    "times": "çarpı",
    "divided": "bölü",
    "equals": "eşittir",
    "not_equal": "eşit değildir",
    "about": "yaklaşık",
    "at_most": "en çok",
    "at_least": "en az",
    "and": "ve",
    "at": "et",
    "dot": "nokta",
    "slash": "eğik çizgi",
    "dash": "tire",
    "underscore": "alt çizgi",
    "hashtag": "hashtag",
    "number": "numara",
    "version": "sürüm",
}
PER = {"%": "yüzde", "‰": "binde"}
ORDINALS = {
    **{"sıfır": "sıfırıncı", "bir": "birinci", "iki": "ikinci", "üç": "üçüncü"},
    **{"dört": "dördüncü", "beş": "beşinci", "altı": "altıncı", "yedi": "yedinci"},
    **{"sekiz": "sekizinci", "dokuz": "dokuzuncu", "on": "onuncu", "yirmi": "yirminci"},
    **{"otuz": "otuzuncu", "kırk": "kırkıncı", "elli": "ellinci", "altmış": "altmışıncı"},
    **{"yetmiş": "yetmişinci", "seksen": "sekseninci", "doksan": "doksanıncı"},
    **{"yüz": "yüzüncü", "bin": "bininci", "milyon": "milyonuncu"},
}


def _noun(words: str) -> Noun:
    return Noun({"other": words if "{0}" in words else f"{{0}} {words}"})


NOUNS = {
    "speed-kilometer-per-hour": _noun("saatte {0} kilometre"),
    "speed-meter-per-second": _noun("saniyede {0} metre"),
    "concentr-part-per-1e6": _noun("milyonda {0}"),
    "horsepower": _noun("beygir gücü"),
    "decibel": _noun("desibel"),
    "piece": _noun("adet"),
}
UNITS = {
    **{"gr": "mass-gram", "lt": "volume-liter", "dk": "duration-minute", "dk.": "duration-minute"},
    **{"sn": "duration-second", "sn.": "duration-second", "sa": "duration-hour"},
    **{"km/sa": "speed-kilometer-per-hour", "km/s": "speed-kilometer-per-hour"},
    **{"bg": "horsepower", "dB": "decibel", "ad.": "piece"},
}
_CENT = _noun("sent")
MONEY = {
    "TRY": Currency(_noun("lira"), _noun("kuruş")),
    "kuruş": Currency(_noun("kuruş")),
    "USD": Currency(_noun("dolar"), _CENT),
    "EUR": Currency(_noun("euro"), _CENT),
    "GBP": Currency(_noun("sterlin"), _noun("peni")),
    "JPY": Currency(_noun("yen")),
    "RUB": Currency(_noun("ruble")),
    "CHF": Currency(_noun("frank")),
}
CURRENCIES = {
    **dict.fromkeys(("TL", "lira", "₺"), "TRY"),
    **{"kr.": "kuruş", "kr": "kuruş", "dolar": "USD", "euro": "EUR", "avro": "EUR"},
}
SCALES = {
    text: Scale(power, {"other": word})
    for text, power, word in (
        ("bin", 3, "bin"),
        ("milyon", 6, "milyon"),
        ("mn", 6, "milyon"),
        ("milyar", 9, "milyar"),
        ("mr", 9, "milyar"),
        ("trilyon", 12, "trilyon"),
    )
}

_NUMBER = r"\s?(?:\d|[IVXLC]+\b)"
_CAPITAL = r"\s(?-i:[A-ZÇĞİÖŞÜ])"
ABBREVIATIONS = {
    **{
        short: (Abbreviation(words),)
        for short, words in {
            "vb.": "ve benzeri",
            "vs.": "vesaire",
            "vd.": "ve diğerleri",
            "bkz.": "bakınız",
            "Bkz.": "Bakınız",
            "örn.": "örneğin",
            "Örn.": "Örneğin",
            "yy.": "yüzyıl",
            "yak.": "yaklaşık",
            "M.Ö.": "milattan önce",
            "MÖ": "milattan önce",
            "M.S.": "milattan sonra",
            "A.Ş.": "Anonim Şirketi",
            "Ltd. Şti.": "Limited Şirketi",
            "Cad.": "Caddesi",
            "Sok.": "Sokağı",
            "Sk.": "Sokağı",
            "Mah.": "Mahallesi",
            "Apt.": "Apartmanı",
            "Tel.": "Telefon",
            "tel.": "telefon",
        }.items()
    },
    **{
        short: (Abbreviation(words, "", _CAPITAL),)
        for short, words in {
            "Dr.": "Doktor",
            "Prof.": "Profesör",
            "Doç.": "Doçent",
            "Av.": "Avukat",
            "Sn.": "Sayın",
            "Hz.": "Hazreti",
            "Müh.": "Mühendis",
            "Uzm.": "Uzman",
        }.items()
    },
    **{
        short: (Abbreviation(words, "", _NUMBER),)
        for short, words in {
            "No:": "numara",
            "no:": "numara",
            "No.": "numara",
            "no.": "numara",
            "s.": "sayfa",
            "c.": "cilt",
            "böl.": "bölüm",
            "md.": "madde",
        }.items()
    },
    "MS": (Abbreviation("milattan sonra", "", r"\s\d"),),
}
FIXED = {"7/24": "yedi yirmi dört", "24/7": "yirmi dört yedi", "ve/veya": "ve veya"}
ROMAN_NUMBERS = frozenset(("bölüm", "cilt", "kısım", "perde", "sahne", "kitap", "madde", "ek"))
# Words with a capital that an ordinal stands before.
NUMBERED = frozenset(
    (
        *("Dünya", "Bölüm", "Cadde", "Sokak", "Ordu", "Lig", "Sınıf", "Kat", "Perde", "Sahne"),
        *("Cilt", "Kısım", "Ulusal", "Uluslararası", "Olağan", "Genel", "Hukuk", "Ceza", "Levent"),
        *("Cumhurbaşkanı", "Dönem", "Yıl", "Yüzyıl", "Köprü", "Etap", "Tur", "Madde", "Noter"),
    )
)

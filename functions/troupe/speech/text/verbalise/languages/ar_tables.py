"""Words of Arabic: units, money, months, what is counted."""

from __future__ import annotations

from troupe.speech.text.verbalise.languages.ar_numbers import COUNTED, FEMININE, MASCULINE
from troupe.speech.text.verbalise.rules import Abbreviation, Currency, Noun, Scale


def _noun(
    one: str, two: str, few: str, many: str, other: str = "", gender: str = MASCULINE
) -> Noun:
    """A noun in its forms; "one" and "two" say the number themselves."""
    other = other or one
    single = "واحدة" if gender == FEMININE else "واحد"
    return Noun(
        {
            "one": f"{one} {single}",
            "two": two,
            "few": "{0} " + few,
            "many": "{0} " + many,
            "other": "{0} " + other,
        },
        COUNTED[gender],
    )


def _regular(one: str, tail: str = "", tails: str = "", plural: str = "") -> Noun:
    """A masculine noun of a regular plural: كيلومتر, with an adjective for one and for many."""
    after, afters = (f" {tail}" if tail else "", f" {tails}" if tails else "")
    dual = f" {tail}ان" if tail else ""
    return _noun(
        one + after,
        f"{one}ان{dual}",
        (plural or one + "ات") + afters,
        f"{one}ًا{after and after + 'ًا'}",
    )


def _same(name: str) -> Noun:
    return Noun({"other": "{0} " + name}, COUNTED[MASCULINE])


NOUNS = {
    "length-kilometer": _regular("كيلومتر"),
    "length-meter": _regular("متر", plural="أمتار"),
    "length-centimeter": _regular("سنتيمتر"),
    "length-millimeter": _regular("مليمتر"),
    "area-square-meter": _regular("متر", "مربع", "مربعة", "أمتار"),
    "area-square-kilometer": _regular("كيلومتر", "مربع", "مربعة"),
    "volume-cubic-meter": _regular("متر", "مكعب", "مكعبة", "أمتار"),
    "mass-kilogram": _regular("كيلوغرام"),
    "mass-gram": _regular("غرام"),
    "mass-milligram": _regular("مليغرام"),
    "mass-tonne": _regular("طن", plural="أطنان"),
    "volume-liter": _regular("لتر"),
    "volume-milliliter": _regular("مليلتر"),
    "temperature-celsius": _noun(
        "درجة مئوية", "درجتان مئويتان", "درجات مئوية", "درجة مئوية", gender=FEMININE
    ),
    "angle-degree": _noun("درجة", "درجتان", "درجات", "درجة", gender=FEMININE),
    "concentr-percent": Noun({"other": "{0} بالمئة"}, MASCULINE),
    "concentr-permille": Noun({"other": "{0} بالألف"}, MASCULINE),
    "duration-hour": _noun("ساعة", "ساعتان", "ساعات", "ساعة", gender=FEMININE),
    "duration-minute": _noun("دقيقة", "دقيقتان", "دقائق", "دقيقة", gender=FEMININE),
    "duration-second": _noun("ثانية", "ثانيتان", "ثوان", "ثانية", gender=FEMININE),
    "digital-kilobyte": _same("كيلوبايت"),
    "digital-megabyte": _same("ميغابايت"),
    "digital-gigabyte": _same("غيغابايت"),
    "digital-terabyte": _same("تيرابايت"),
}
_SPEED = NOUNS["length-kilometer"]
NOUNS["speed-kilometer-per-hour"] = Noun(
    {key: f"{form} في الساعة" for key, form in _SPEED.forms.items()}, _SPEED.ruleset
)
UNITS = {
    "كم": "length-kilometer",
    "كلم": "length-kilometer",
    "سم": "length-centimeter",
    "ملم": "length-millimeter",
    "كم/س": "speed-kilometer-per-hour",
    "كم/ساعة": "speed-kilometer-per-hour",
    "م²": "area-square-meter",
    "م2": "area-square-meter",
    "كغ": "mass-kilogram",
    "كجم": "mass-kilogram",
    "كلغ": "mass-kilogram",
    "غم": "mass-gram",
    "مل": "volume-milliliter",
    "°م": "temperature-celsius",
    "٪": "concentr-percent",
}

CENT = _regular("سنت")
MONEY = {
    "USD": Currency(_regular("دولار"), CENT),
    "EUR": Currency(_same("يورو"), CENT),
    "GBP": Currency(_regular("جنيه", "إسترليني", "إسترلينية"), None),
    "EGP": Currency(_regular("جنيه", "مصري", "مصرية"), _regular("قرش", plural="قروش")),
    "SAR": Currency(
        _regular("ريال", "سعودي", "سعودية"),
        _noun("هللة", "هللتان", "هللات", "هللة", gender=FEMININE),
    ),
    "AED": Currency(
        _regular("درهم", "إماراتي", "إماراتية", "دراهم"), _regular("فلس", plural="فلوس")
    ),
}
CURRENCIES = {"ر.س": "SAR", "ر.س.": "SAR", "﷼": "SAR", "د.إ": "AED", "د.إ.": "AED", "ج.م": "EGP"}
CURRENCIES |= {"ج.م.": "EGP", "Ft": ""}

_FORMS = {
    "ألف": (3, "آلاف", "ألفًا"),
    "مليون": (6, "ملايين", "مليونًا"),
    "مليار": (9, "مليارات", "مليارًا"),
    "تريليون": (12, "تريليونات", "تريليونًا"),
}
SCALES = {
    written: Scale(power, {"few": few, "many": many, "other": one})
    for one, (power, few, many) in _FORMS.items()
    for written in (one, few, many, one + "اً")
}

MONTHS = (
    *("يناير", "فبراير", "مارس", "أبريل", "إبريل", "ابريل", "مايو", "يونيو", "يوليو", "أغسطس"),
    *("سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر", "جانفي", "فيفري", "أفريل", "ماي", "جوان"),
    *("جويلية", "أوت", "كانون الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران", "تموز", "آب"),
    *("أيلول", "تشرين الأول", "تشرين الثاني", "كانون الأول"),
    *("محرم", "صفر", "ربيع الأول", "ربيع الآخر", "رجب", "شعبان", "رمضان", "شوال"),
    *("ذو القعدة", "ذي القعدة", "ذو الحجة", "ذي الحجة"),
)
# Counted nouns whose singular is feminine, in the singular and the plural.
FEMININE_NOUNS = (
    *("ساعة", "ساعات", "دقيقة", "دقائق", "ثانية", "ثوان", "ثواني", "سنة", "سنوات", "سنين"),
    *("مرة", "مرات", "ليلة", "ليال", "ليالي", "دولة", "دول", "مدينة", "مدن", "قرية", "قرى"),
    *("شركة", "شركات", "صفحة", "صفحات", "غرفة", "غرف", "سيارة", "سيارات", "طائرة", "طائرات"),
    *("مدرسة", "مدارس", "جامعة", "جامعات", "لغة", "لغات", "كلمة", "كلمات", "نسخة", "نسخ"),
    *("امرأة", "نساء", "بنت", "بنات", "طالبة", "طالبات", "درجة", "درجات", "نقطة", "نقاط"),
    *("خطوة", "خطوات", "قصة", "قصص", "رسالة", "رسائل", "صورة", "صور", "دورة", "دورات"),
)
MASCULINE_NOUNS = (
    *("يوم", "يوما", "يومًا", "أيام", "شهر", "شهرا", "شهرًا", "أشهر", "شهور", "أسبوع", "أسابيع"),
    *("عام", "عاما", "عامًا", "أعوام", "كتاب", "كتابا", "كتابًا", "كتب", "رجل", "رجال"),
    *("شخص", "شخصا", "شخصًا", "أشخاص", "طالب", "طلاب", "كيلومتر", "كيلومترات", "متر", "أمتار"),
    *("دولار", "دولارات", "ريال", "ريالات", "جنيه", "جنيهات", "درهم", "دراهم", "دينار"),
)

_NAME = r"\s?[\u0621-\u064a]"
ABBREVIATIONS = {
    "أ.د.": (Abbreviation("الأستاذ الدكتور", after=_NAME),),
    "د.": (Abbreviation("الدكتور", after=_NAME),),
    "أ.": (Abbreviation("الأستاذ", after=_NAME),),
    "م.": (Abbreviation("المهندس", after=_NAME),),
    "ص.": (Abbreviation("صفحة", after=r"\s?\d"),),
    "إلخ": (Abbreviation("إلى آخره"),),
    "الخ": (Abbreviation("إلى آخره"),),
    "ق.م": (Abbreviation("قبل الميلاد"),),
    "ق.م.": (Abbreviation("قبل الميلاد"),),
}

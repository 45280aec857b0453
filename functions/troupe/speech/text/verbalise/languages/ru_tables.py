"""Russian: tables."""

from __future__ import annotations

from troupe.speech.text.verbalise.rules import Abbreviation, Currency, Noun, Scale

FEMININE = "spellout-cardinal-feminine"

WORDS = {
    "point": "запятая",
    "version_point": "точка",
    "minus": "минус",
    "plus": "плюс",
    "plus_minus": "плюс-минус",
    "to": "–",  # said as a short pause
    "times": "умножить на",
    "divided": "разделить на",
    "equals": "равно",
    "not_equal": "не равно",
    "about": "примерно",
    "less": "меньше",
    "more": "больше",
    "at_most": "не больше",
    "at_least": "не меньше",
    "and": "и",
    "at": "собака",
    "dot": "точка",
    "slash": "слэш",
    "dash": "дефис",
    "underscore": "нижнее подчёркивание",
    "hashtag": "хештег",
    "number": "номер",
    "ratio": "–",
    "section": "параграф",
    "sections": "параграфы",
    "version": "версия",
}
MONTHS = (
    *("январ", "феврал", "март", "апрел", "ма", "июн", "июл", "август", "сентябр", "октябр"),
    *("ноябр", "декабр"),
)
SHORT_MONTHS = {
    **{"янв": 1, "фев": 2, "февр": 2, "мар": 3, "апр": 4, "июн": 6, "июл": 7, "авг": 8},
    **{"сен": 9, "сент": 9, "окт": 10, "ноя": 11, "нояб": 11, "дек": 12},
}


def _noun(one: str, few: str, many: str, other: str = "", ruleset: str = "") -> Noun:
    """Forms of 1, 2 and 5, and of a part (genitive)."""
    forms = {"one": one, "few": few, "many": many, "other": other or few}
    return Noun({category: f"{{0}} {form}" for category, form in forms.items()}, ruleset)


NOUNS = {
    "teaspoon": _noun(
        "чайная ложка", "чайные ложки", "чайных ложек", "чайной ложки", ruleset=FEMININE
    ),
    "tablespoon": _noun(
        "столовая ложка", "столовые ложки", "столовых ложек", "столовой ложки", ruleset=FEMININE
    ),
    "piece": _noun("штука", "штуки", "штук", ruleset=FEMININE),
    "person": _noun("человек", "человека", "человек"),
    "horsepower": _noun(
        "лошадиная сила", "лошадиные силы", "лошадиных сил", "лошадиной силы", ruleset=FEMININE
    ),
    "decibel": _noun("децибел", "децибела", "децибел"),
}
# Of distances and temperatures, after "в" and "при".
PREPOSITIONAL = {
    unit: Noun({"other": f"{{0}} {word}"})
    for unit, word in (
        ("length-kilometer", "километрах"),
        ("length-meter", "метрах"),
        ("length-centimeter", "сантиметрах"),
        ("temperature-celsius", "градусах Цельсия"),
        ("angle-degree", "градусах"),
    )
}
UNITS = {
    **{"км": "length-kilometer", "м": "length-meter", "см": "length-centimeter"},
    **{"мм": "length-millimeter", "дм": "length-decimeter", "мкм": "length-micrometer"},
    **{"км²": "area-square-kilometer", "км2": "area-square-kilometer"},
    **dict.fromkeys(("м²", "м2", "кв. м"), "area-square-meter"),
    **dict.fromkeys(("м³", "м3", "куб. м"), "volume-cubic-meter"),
    **{"кв. км": "area-square-kilometer", "см²": "area-square-centimeter", "га": "area-hectare"},
    **{"км/ч": "speed-kilometer-per-hour", "м/с": "speed-meter-per-second"},
    **{"кг": "mass-kilogram", "г": "mass-gram", "гр.": "mass-gram", "мг": "mass-milligram"},
    **{"мкг": "mass-microgram", "т": "mass-tonne", "л": "volume-liter", "мл": "volume-milliliter"},
    **{"°С": "temperature-celsius", "Вт": "power-watt", "кВт": "power-kilowatt"},
    **{"МВт": "power-megawatt", "кВт·ч": "energy-kilowatt-hour", "кВтч": "energy-kilowatt-hour"},
    **{"ккал": "energy-kilocalorie", "кДж": "energy-kilojoule", "Гц": "frequency-hertz"},
    **{"кГц": "frequency-kilohertz", "МГц": "frequency-megahertz", "ГГц": "frequency-gigahertz"},
    **{"КБ": "digital-kilobyte", "МБ": "digital-megabyte", "ГБ": "digital-gigabyte"},
    **{"Мб": "digital-megabyte", "Гб": "digital-gigabyte", "ТБ": "digital-terabyte"},
    **dict.fromkeys(("ч", "ч.", "час."), "duration-hour"),
    **dict.fromkeys(("мин", "мин."), "duration-minute"),
    **dict.fromkeys(("сек", "сек."), "duration-second"),
    **{"мс": "duration-millisecond", "дБ": "decibel", "л. с.": "horsepower"},
    **{"ч. л.": "teaspoon", "ст. л.": "tablespoon", "шт.": "piece", "чел.": "person"},
}
UNIT_RULESETS = dict.fromkeys(
    (
        *("mass-tonne", "energy-kilocalorie", "length-mile", "concentr-part-per-1e6"),
        *("duration-minute", "duration-second", "duration-millisecond"),
    ),
    FEMININE,
)

_KOPECK = _noun("копейка", "копейки", "копеек", ruleset=FEMININE)
_CENT = _noun("цент", "цента", "центов")
MONEY = {
    "RUB": Currency(_noun("рубль", "рубля", "рублей"), _KOPECK),
    "kopeck": Currency(_KOPECK),
    "USD": Currency(_noun("доллар", "доллара", "долларов"), _CENT),
    "EUR": Currency(_noun("евро", "евро", "евро"), _CENT),
    "GBP": Currency(_noun("фунт", "фунта", "фунтов"), _noun("пенс", "пенса", "пенсов")),
    "UAH": Currency(
        _noun("гривна", "гривны", "гривен", ruleset=FEMININE),
        _KOPECK,
    ),
    "JPY": Currency(_noun("иена", "иены", "иен", ruleset=FEMININE)),
    "CNY": Currency(_noun("юань", "юаня", "юаней")),
    "TRY": Currency(_noun("лира", "лиры", "лир", ruleset=FEMININE)),
}
CURRENCIES = {
    **dict.fromkeys(("руб.", "руб", "р."), "RUB"),
    **{"коп.": "kopeck", "коп": "kopeck", "долл.": "USD", "грн": "UAH", "грн.": "UAH"},
    **dict.fromkeys(("евро",), "EUR"),
    **dict.fromkeys(("рубль", "рубля", "рублей"), "RUB"),
    **dict.fromkeys(("доллар", "доллара", "долларов"), "USD"),
}


def _scale(power: int, one: str, few: str, many: str, ruleset: str = "") -> Scale:
    forms = {"one": one, "few": few, "many": many, "other": few}
    return Scale(power, forms, ruleset=ruleset or "spellout-cardinal-masculine")


_THOUSAND = _scale(3, "тысяча", "тысячи", "тысяч", FEMININE)
_MILLION = _scale(6, "миллион", "миллиона", "миллионов")
_MILLIARD = _scale(9, "миллиард", "миллиарда", "миллиардов")
_TRILLION = _scale(12, "триллион", "триллиона", "триллионов")
SCALES = {
    **dict.fromkeys(("тыс.", "тыс", "тысяча", "тысячи", "тысяч"), _THOUSAND),
    **dict.fromkeys(("млн.", "млн", "миллион", "миллиона", "миллионов"), _MILLION),
    **dict.fromkeys(("млрд.", "млрд", "миллиард", "миллиарда", "миллиардов"), _MILLIARD),
    **dict.fromkeys(("трлн.", "трлн", "триллион", "триллиона", "триллионов"), _TRILLION),
}

_NUMBER = r"\s?(?:\d|[IVXLC]+\b)"
_CAPITAL = r"\s[А-ЯЁ]"
_IN, _FROM = r"\b[Вв]о?\s$", r"\b(?:[Ии]з|[Дд]о|[Оо]т|[Оо]коло)\s$"
_SCALED = r"(?:тыс\.?|млн\.?|млрд\.?)\s$"
ABBREVIATIONS = {
    **{
        short: (Abbreviation(words),)
        for short, words in {
            "т. е.": "то есть",
            "т. к.": "так как",
            "и т. д.": "и так далее",
            "и т. п.": "и тому подобное",
            "и др.": "и другие",
            "и пр.": "и прочее",
            "напр.": "например",
            "см.": "смотри",
            "См.": "Смотри",
            "до н. э.": "до нашей эры",
            "н. э.": "нашей эры",
            "тел.": "телефон",
            "Тел.": "Телефон",
            "д-р": "доктор",
            "г-н": "господин",
            "г-жа": "госпожа",
        }.items()
    },
    **{
        short: (Abbreviation(words, "", _CAPITAL),)
        for short, words in {
            "проф.": "профессор",
            "Проф.": "Профессор",
            "акад.": "академик",
            "доц.": "доцент",
            "им.": "имени",
        }.items()
    },
    **{
        short: (Abbreviation(words, "", _NUMBER),)
        for short, words in {
            "стр.": "страница",
            "Стр.": "Страница",
            "Рис.": "Рисунок",
            "Гл.": "Глава",
            "с.": "страница",
            "гл.": "глава",
            "рис.": "рисунок",
            "табл.": "таблица",
            "п.": "пункт",
            "ст.": "статья",
            "ч.": "часть",
            "д.": "дом",
            "кв.": "квартира",
            "корп.": "корпус",
            "ок.": "около",
        }.items()
    },
    "г.": (
        Abbreviation("городе", _IN, _CAPITAL),
        Abbreviation("города", _FROM, _CAPITAL),
        Abbreviation("город", r"(?:^|[^\d\s]\s?)$", _CAPITAL),
    ),
    "ул.": (
        Abbreviation("улице", r"\b(?:[Нн]а|[Пп]о)\s$", _CAPITAL),
        Abbreviation("улицы", _FROM, _CAPITAL),
        Abbreviation("улица", "", _CAPITAL),
    ),
    "км": (Abbreviation("километров", _SCALED),),
    "кв. м": (Abbreviation("квадратных метров", _SCALED),),
    "кв. км": (Abbreviation("квадратных километров", _SCALED),),
    "т": (Abbreviation("тонн", _SCALED),),
    "га": (Abbreviation("гектаров", _SCALED),),
    "чел.": (Abbreviation("человек", _SCALED),),
}

# Words after a number whose endings mislead: nouns of men, and what is no noun.
MEN = frozenset(
    (
        *("мужчина", "папа", "дедушка", "дядя", "юноша", "судья", "мужчины", "папы", "дедушки"),
        *("дяди", "юноши", "судьи", "пути"),
    )
)
NO_NOUNS = frozenset(
    (
        *("или", "при", "эти", "они", "почти", "чтобы", "нами", "вами", "ими", "для", "меня"),
        *("тебя", "себя", "когда", "тогда", "всегда", "после", "более", "менее", "уже", "ещё"),
        *("только", "это", "все", "нее", "что", "как", "раза", "про", "около", "была", "было"),
    )
)
IN_LI = frozenset(
    ("недели", "капли", "модели", "роли", "цели", "доли", "земли", "петли", "туфли", "сабли")
)
SOFT = frozenset(
    (
        *("ночь", "дверь", "часть", "область", "площадь", "жизнь", "треть", "четверть", "дочь"),
        *("мать", "речь", "вещь", "кость", "роль", "цель", "модель", "соль", "кровать", "тетрадь"),
    )
)

# The endings of names, and the case that they tell.
_HARD = {"": "", "а": "-genitive", "у": "-dative", "ом": "-instrumental", "е": "-prepositional"}
_Y = {"й": "", "я": "-genitive", "ю": "-dative", "ем": "-instrumental", "е": "-prepositional"}
_IY = {**_Y, "и": "-prepositional"}
_A = {"а": "", "ы": "-genitive", "е": "-dative", "у": "-accusative", "ой": "-instrumental"}
_IYA = {"я": "", "и": "-genitive", "ю": "-accusative", "ей": "-instrumental"}
_NAMES = (
    (
        "masculine",
        _HARD,
        "Александр Людовик Генрих Карл Фридрих Вильгельм Филипп Иван Иоанн Эдуард Георг Яков "
        "Ричард Наполеон Франциск Бенедикт Фёдор Федор Рамсес Мехмед Селим Густав Оттон Леопольд "
        "Альберт Сигизмунд Болеслав Казимир Климент Урбан Константин Владислав Фердинанд",
    ),
    ("masculine", _Y, "Никола Алексе Андре"),
    ("masculine", _IY, "Пи Григори Васили Дмитри Юли Иннокенти"),
    ("feminine", _A, "Екатерин Елизавет Изабелл Анн Маргарет Клеопатр"),
    ("feminine", _IYA, "Мари Виктори"),
)
KINGS = {
    stem + ending: f"spellout-ordinal-{gender}{case}"
    for gender, endings, stems in _NAMES
    for stem in stems.split()
    for ending, case in endings.items()
}
for _first, _stem in (("Пётр", "Петр"), ("Петр", "Петр"), ("Павел", "Павл"), ("Лев", "Льв")):
    KINGS |= {
        _stem + end: f"spellout-ordinal-masculine{case}" for end, case in _HARD.items() if end
    }
    KINGS[_first] = "spellout-ordinal-masculine"

# Words before a Roman numeral that is an ordinal: the chapter, the volume.
_FEMININE, _MASCULINE = "spellout-ordinal-feminine", "spellout-ordinal-masculine"
DIVISIONS = {
    **dict.fromkeys(("глава", "часть", "книга", "сцена", "серия", "песнь"), _FEMININE),
    **dict.fromkeys(("главы", "главе", "части", "книге", "сцены"), f"{_FEMININE}-genitive"),
    **dict.fromkeys(("главу", "книгу", "сцену"), f"{_FEMININE}-accusative"),
    **dict.fromkeys(("том", "акт", "раздел", "параграф", "этап", "тип", "класс"), _MASCULINE),
    **dict.fromkeys(("тома", "акта", "раздела", "этапа", "типа"), f"{_MASCULINE}-genitive"),
    **dict.fromkeys(("томе", "акте", "разделе", "этапе"), f"{_MASCULINE}-prepositional"),
    "действие": "spellout-ordinal-neuter",
    "явление": "spellout-ordinal-neuter",
}
# Endings of the word after a Roman numeral: the second world war.
AGREEING = {
    **{"ая": _FEMININE, "ой": f"{_FEMININE}-genitive", "ую": f"{_FEMININE}-accusative"},
    **{"степени": f"{_FEMININE}-genitive", "группы": f"{_FEMININE}-genitive"},
    **{"ый": _MASCULINE, "ий": _MASCULINE, "ого": f"{_MASCULINE}-genitive"},
    **{"квартал": _MASCULINE, "квартала": f"{_MASCULINE}-genitive"},
    **{"квартале": f"{_MASCULINE}-prepositional", "тур": _MASCULINE, "этап": _MASCULINE},
    **{"съезд": _MASCULINE, "съезда": f"{_MASCULINE}-genitive", "ое": "spellout-ordinal-neuter"},
    **{"ые": "spellout-ordinal-plural", "ие": "spellout-ordinal-plural"},
    **{"ых": "spellout-ordinal-plural-genitive", "их": "spellout-ordinal-plural-genitive"},
}

"""Japanese. Numbers become kanji, whose special readings (三日, 一人) are left to the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from troupe.speech.text.verbalise import numbers, words
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import east_asian
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

_WORDS = {
    "point": "点",
    "minus": "マイナス",
    "plus": "プラス",
    "plus_minus": "プラスマイナス",
    "to": "から",
    "times": "かける",
    "divided": "割る",
    "equals": "イコール",
    "about": "約",
    "at": "アット",
    "dot": "ドット",
    "slash": "スラッシュ",
    "dash": "ハイフン",
    "underscore": "アンダーバー",
    "hashtag": "ハッシュタグ",
    "and": "アンド",
    "section": "セクション",
    "number": "ナンバー",
    "version": "バージョン",
}
_UNITS = {
    "temperature-celsius": "{0}度",
    "temperature-fahrenheit": "華氏{0}度",
    "speed-meter-per-second": "秒速{0}メートル",
    "energy-kilowatt-hour": "{0}キロワット時",
    "mass-tonne": "{0}トン",
    "concentr-part-per-1e6": "{0}ピーピーエム",
}
_MONEY = {
    "USD": ("ドル", "セント"),
    "US": ("米ドル", "セント"),
    "EUR": ("ユーロ", "セント"),
    "GBP": ("ポンド", "ペンス"),
    "JPY": ("円", ""),
    "CNY": ("人民元", ""),
    "KRW": ("ウォン", ""),
    "INR": ("ルピー", ""),
    "RUB": ("ルーブル", ""),
    "TWD": ("台湾ドル", ""),
    "HKD": ("香港ドル", ""),
    "THB": ("バーツ", ""),
    "CHF": ("スイスフラン", ""),
}
_COUNTERS = (
    *("年", "月", "日", "時", "分", "秒", "時間", "週間", "か月", "ヶ月", "カ月", "歳", "才", "代"),
    *(
        "人",
        "名",
        "個",
        "つ",
        "本",
        "枚",
        "冊",
        "台",
        "匹",
        "頭",
        "羽",
        "杯",
        "回",
        "度",
        "階",
        "倍",
    ),
    *(
        "円",
        "ドル",
        "万",
        "億",
        "兆",
        "千",
        "百",
        "割",
        "番",
        "位",
        "章",
        "ページ",
        "頁",
        "行",
        "巻",
    ),
    *("話", "曲", "点", "件", "社", "校", "店", "軒", "歩", "畳", "坪", "泊", "世紀", "号", "丁目"),
    *(
        "キロ",
        "メートル",
        "センチ",
        "ミリ",
        "グラム",
        "リットル",
        "パーセント",
        "トン",
        "切れ",
        "粒",
    ),
)
_SHORT = {"no": "ナンバー", "vol": "ボリューム", "ver": "バージョン"}
_ERAS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}

_ZEROS = re.compile("ゼロ(?=ゼロ|[一二三四五六七八九])|(?<=[ロ一二三四五六七八九])ゼロ")
# Ten million is 一千万, not 千万.
_THOUSANDS = re.compile("(?<![二三四五六七八九])千(?=[万億兆])")


def say_cardinal(number: int, ruleset: str) -> str:
    return spelled(number, "ja", ruleset) if number else "ゼロ"


def say_decimal(rules: Rules, whole: str, fraction: str, ruleset: str) -> str:
    said = "零" if not int(whole) else numbers.cardinal(rules, int(whole))
    return f"{said}点{_digits(fraction)}"


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    part = f"{numbers.cardinal(rules, denominator)}分の{numbers.cardinal(rules, numerator)}"
    return f"{numbers.cardinal(rules, whole)}と{part}" if whole else part


def polish(said: str) -> str:
    # Digits one by one have the round zero between them.
    return _ZEROS.sub("〇", _THOUSANDS.sub("一千", east_asian.unspaced(said)))


def _digits(text: str) -> str:
    return "".join("〇一二三四五六七八九"[int(digit)] for digit in text if digit.isdecimal())


def say_date(rules: Rules, date: Date) -> str:
    year = "" if date.year is None else f"{numbers.year(rules, date.year)}年"
    day = "" if date.day is None else f"{numbers.cardinal(rules, date.day)}日"
    return f"{year}{numbers.cardinal(rules, date.month)}月{day}"


def say_time(rules: Rules, time: Time) -> str:
    parts = [(time.hour, "時間")] if time.duration else []
    parts += [(n, name) for n, name in ((time.minute, "分"), (time.second, "秒")) if n]
    period = {"am": "午前", "pm": "午後"}.get(time.period, "")
    hour = "" if time.duration else f"{numbers.cardinal(rules, time.hour) if time.hour else '零'}時"
    return period + hour + "".join(f"{numbers.cardinal(rules, n)}{name}" for n, name in parts)


def _era_year(rules: Rules, text: str) -> str:
    return "元" if int(text) == 1 else numbers.cardinal(rules, int(text))


def _read_era_date(match: re.Match[str], rules: Rules) -> str | None:
    month, day = int(match["month"]), int(match["day"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    date = say_date(rules, Date(day, month, None, False))
    return f"{_ERAS[match['era']]}{_era_year(rules, match['year'])}年{date}"


def _kinds(rules: Rules) -> Iterator[Kind]:
    yield from east_asian.date_kinds()
    yield Kind(
        "era",
        r"(?<![A-Za-z0-9])(?P<era>[MTSHR])(?P<year>\d\d?)(?=年)",
        lambda m, r: _ERAS[m["era"]] + _era_year(r, m["year"]),
        "w",
    )
    yield Kind(
        "era",
        r"(?<![A-Za-z0-9])(?P<era>[MTSHR])(?P<year>\d\d?)[./](?P<month>\d\d?)[./](?P<day>\d\d?)"
        r"(?![A-Za-z0-9./])",
        _read_era_date,
        "w",
    )
    yield Kind("era", r"(?<=令和|平成|昭和|大正|明治)1(?=年)", lambda _, __: "元", "cd")
    yield Kind(
        "leading zero",
        r"(?<![A-Za-z0-9.,:/-])0(?P<digit>\d)(?=[年月日時分秒])",
        lambda m, r: numbers.cardinal(r, int(m["digit"])),
        "d",
    )
    yield Kind("hour", r"(?<![A-Za-z0-9.,:/-])0(?=時(?!間))", lambda _, __: "零", "d")
    yield Kind(
        "address",
        r"(?<![A-Za-z0-9.,/-])[1-9]\d{0,3}-\d{1,4}-\d{1,4}(?![A-Za-z0-9-])",
        lambda m, r: "の".join(numbers.cardinal(r, int(part)) for part in m[0].split("-")),
        "d",
    )
    yield Kind(
        "postal code",
        r"〒\s?(?P<first>\d{3})-(?P<last>\d{4})(?![\d-])",
        lambda m, _: f"郵便番号{_digits(m['first'])}の{_digits(m['last'])}",
        "m",
    )
    yield Kind(
        "telephone",
        r"(?<![A-Za-z0-9.,/-])0\d{1,4}(?:-\d{1,4}-\d{3,4}|\(\d{1,4}\)\d{3,4})(?![\d-])",
        lambda m, _: "の".join(_digits(part) for part in re.findall(r"\d{1,5}", m[0])),
        "d",
    )
    yield Kind(
        "page",
        r"(?<![A-Za-z0-9])(?:pp?|P)\.\s?(?P<first>\d{1,4})(?:[-\u2013~\u301c\uff5e](?P<last>\d{1,4}))?"
        r"(?![A-Za-z0-9]|[.,-]\d)",
        lambda m, r: "から".join(numbers.cardinal(r, int(n)) for n in m.groups() if n) + "ページ",
        "w",
    )
    yield Kind(
        "roman",
        r"(?<=第)[IVX]{1,8}(?=[章部巻編話節条])|(?<![A-Za-z0-9])[IVX]{1,8}(?=世)",
        _read_roman,
        "w",
    )
    yield Kind(
        "abbreviation",
        r"(?<![A-Za-z0-9])(?P<word>No|NO|Vol|vol|Ver|ver)\.\s?(?=\d)",
        lambda m, _: _SHORT[m["word"].lower()],
        "w",
    )
    yield Kind(
        "abbreviation",
        r"[(\uff08](?:(?P<stock>株)|有)[)\uff09]|(?P<sign>㈱)|㈲",
        lambda m, _: "株式会社" if m["stock"] or m["sign"] else "有限会社",
        "wm",
    )
    yield Kind(
        "day of the week",
        r"(?<=[\d日])[(\uff08](?P<day>[月火水木金土日])[)\uff09]",
        lambda m, _: f"{m['day']}曜日",
        "m",
    )
    yield east_asian.score("で(?:勝|敗|負|引|快|圧)|の(?:勝|敗|引)", "対")
    yield east_asian.speed("時速", "{}キロメートル")
    # 10時〜: from ten on
    yield Kind(
        "open range",
        rf"(?:(?<=\d[時分日月年円%％℃])|(?<=:\d\d)){east_asian.WAVE}(?![^\W_])",
        lambda _, __: "から",
        "m",
    )
    yield from east_asian.range_kinds(_COUNTERS, "から", "月|日(?!間)|時(?!間)")
    yield east_asian.below_zero("マイナス")


def _read_roman(match: re.Match[str], rules: Rules) -> str | None:
    value = words.roman(match[0])
    return None if value is None else numbers.cardinal(rules, value)


def rules(base: Rules, region: str) -> Rules:
    nouns = east_asian.unit_nouns(base, _UNITS, lambda text: text.replace(" ", ""))
    changed = replace(
        base,
        unspaced=True,
        dash=east_asian.DASH,
        words=_WORDS,
        months={},
        units=east_asian.UNITS,
        nouns=east_asian.per(nouns, "一{unit}あたり{0}"),
        currencies={"US$": "US", "元": "", "원": "KRW", "Ft": ""},
        money={
            code: Currency(
                Noun({"other": "{0}" + name}), Noun({"other": "{0}" + minor}) if minor else None
            )
            for code, (name, minor) in _MONEY.items()
        },
        price="{major}{minor}",
        scales={
            word: Scale(power, {"other": word}, True)
            for word, power in (("千", 3), ("万", 4), ("億", 8), ("兆", 12))
        },
        abbreviations={
            "vs.": (Abbreviation("対"),),
            "vs": (Abbreviation("対"),),
            "etc.": (Abbreviation("など"),),
        },
        say_cardinal=say_cardinal,
        say_year=numbers.cardinal,
        say_decimal=say_decimal,
        say_fraction=say_fraction,
        say_date=say_date,
        say_time=say_time,
        polish=polish,
    )
    return replace(changed, kinds=tuple(_kinds(changed)))

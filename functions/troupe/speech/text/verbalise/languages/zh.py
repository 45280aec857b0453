"""Chinese: Mandarin in simplified letters, in Taiwan and Hong Kong in traditional ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import east_asian
from troupe.speech.text.verbalise.languages.zh_tables import MEASURES, MONEY, OTHERS, UNITS, WORDS
from troupe.speech.text.verbalise.numbers import Number
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

_TWO = re.compile(rf"\s?(?!年级|年級|月)(?:{'|'.join(MEASURES)})")
# 两百, but 一千二百.
_INNER_TWO = re.compile("(?<=[千万亿零])两(?=百)")
_TRADITIONAL_REGIONS = frozenset({"TW", "HK", "MO"})
# What counts no 2 by 两: a place in an order.
_ORDER = re.compile(r"第\s?$")
_CALLED = "|".join(
    f"(?<={word})" for word in ("拨打", "房间", "致电", "电话", "热线", "報警", "電話", "撥打")
)
# The letters of the words here that are others in Taiwan and Hong Kong.
_TRADITIONAL = str.maketrans(
    "点负乘于约线话题节页张台万亿两华氏摄顿吨镑韩币币欧卢铢间时钟个划横杠",
    "點負乘於約線話題節頁張台萬億兩華氏攝頓噸鎊韓幣幣歐盧銖間時鐘個劃橫槓",
)


def say_cardinal(number: int, ruleset: str) -> str:
    if number < 200 or ruleset == "spellout-ordinal":
        said = spelled(number, "zh", "spellout-cardinal")
        return f"第{said}" if ruleset == "spellout-ordinal" else said
    return _INNER_TWO.sub("二", spelled(number, "zh", "spellout-cardinal-alternate2"))


def say_decimal(rules: Rules, whole: str, fraction: str, ruleset: str) -> str:
    return f"{numbers.cardinal(rules, int(whole))}点{digits(fraction)}"


def digits(text: str, one: str = "一") -> str:
    """Digits one by one; in telephone numbers of the mainland "1" is 幺."""
    return "".join(
        one if digit == "1" else "零一二三四五六七八九"[int(digit)]
        for digit in text
        if digit.isdecimal()
    )


def _traditional(said: str) -> str:
    return east_asian.unspaced(said).translate(_TRADITIONAL)


def say_year(rules: Rules, number: int) -> str:
    return digits(str(number))


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    part = f"{numbers.cardinal(rules, denominator)}分之{numbers.cardinal(rules, numerator)}"
    return f"{numbers.cardinal(rules, whole)}又{part}" if whole else part


def say_date(rules: Rules, date: Date) -> str:
    year = "" if date.year is None else f"{numbers.year(rules, date.year)}年"
    day = "" if date.day is None else f"{numbers.cardinal(rules, date.day)}日"
    return f"{year}{numbers.cardinal(rules, date.month)}月{day}"


def say_time(rules: Rules, time: Time) -> str:
    def say(number: int) -> str:
        return "两" if number == 2 else numbers.cardinal(rules, number)

    hour, minute, second = time.hour, time.minute or 0, time.second or 0
    if time.duration:
        parts = ((hour, "小时"), (minute, "分钟"), (second, "秒"))
        return "".join(f"{say(n)}{name}" for n, name in parts if n)
    said = {"am": "上午", "pm": "下午"}.get(time.period, "") + f"{say(hour)}点"
    if minute or second:
        said += f"{'零' if minute < 10 else ''}{numbers.cardinal(rules, minute)}分"
    return said + (f"{numbers.cardinal(rules, second)}秒" if second else "")


def _read_two(match: re.Match[str], rules: Rules) -> str | None:
    return None if _ORDER.search(match.string[max(0, match.start() - 2) : match.start()]) else "两"


def _read_yuan(match: re.Match[str], rules: Rules) -> str | None:
    """¥5.50 → five yuan and five jiao."""
    number = numbers.parse(rules, match["before"] or match["after"])
    if len(number.fraction) != 2 or not number.is_quantity:
        return None
    jiao, fen = (int(digit) for digit in number.fraction)
    units = Number(number.whole, "")
    said = "" if not int(number.whole) else f"{_counted(rules, units)}元"
    if jiao:
        said += f"{numbers.cardinal(rules, jiao)}角"
    elif fen and said:
        said += "零"
    said += f"{numbers.cardinal(rules, fen)}分" if fen else ""
    return said or "零元"


def _counted(rules: Rules, number: Number) -> str:
    return "两" if number.whole == "2" and not number.fraction else numbers.say(rules, number)


def _kinds(rules: Rules, mainland: bool) -> Iterator[Kind]:
    number = numbers.pattern(rules)
    one = "幺" if mainland else "一"
    edge = r"(?<![A-Za-z0-9./:-])(?<!\d,)"
    yield from east_asian.date_kinds()
    yield Kind(
        "leading zero",
        rf"{edge}0(?P<digit>\d)(?=[年月日号號时時点點分秒])",
        lambda m, r: numbers.cardinal(r, int(m["digit"])),
        "d",
    )
    yield Kind(
        "year",
        rf"{edge}(?P<year>[12]\d{{3}}|\d\d(?=年代))(?=\s?年(?!前|后|後|来|來|间|間|以|历史|的历史|的歷史))",
        _read_year,
        "d",
    )
    yield Kind(
        "telephone",
        rf"{edge}(?:1[3-9]\d{{9}}|1[3-9]\d-\d{{4}}-\d{{4}}|0\d{{1,3}}-\d{{3,4}}-?\d{{4}}"
        r"|[48]00-\d{3,4}-\d{3,4})(?![\d-])",
        lambda m, _: "、".join(digits(part, one) for part in m[0].split("-")),
        "d",
    )
    yield Kind(
        "telephone",
        rf"(?:{_CALLED})\d{{3,8}}(?: \d{{3,4}})?(?![\d.,-])|{edge}\d{{3,5}}(?=热线|熱線)",
        lambda m, _: "、".join(digits(part, one) for part in m[0].split()),
        "d",
    )
    yield Kind(
        "money",
        rf"(?<![A-Za-z0-9$])(?:[¥\uffe5]\s?(?P<before>{number})(?![A-Za-z0-9.千百万亿萬億])"
        rf"|(?P<after>{number})\s?(?:元|块钱|塊錢))",
        _read_yuan,
        "dm",
    )
    yield Kind(
        "counted",
        rf"{edge}2(?={_TWO.pattern})",
        _read_two,
        "d",
    )
    yield Kind(
        "page",
        r"(?<![A-Za-z0-9])pp?\.\s?(?P<first>\d{1,4})(?:[-\u2013~](?P<last>\d{1,4}))?(?![\w.-])",
        lambda m, r: f"第{'到'.join(numbers.cardinal(r, int(n)) for n in m.groups() if n)}页",
        "w",
    )
    yield Kind("abbreviation", r"(?<![A-Za-z0-9])N[oO]\.\s?(?=\d)", lambda _, __: "第", "w")
    yield Kind(
        "sign",
        r"(?<=[^\W\dA-Za-z_])[-\u2212](?=\d{1,3}(?:\.\d{1,2})?\s?(?:℃|°C|度|摄氏度))",
        lambda _, __: "零下",
        "m",
    )
    yield Kind(
        "quantity",
        rf"(?<![\w.,)-])[-\u2212](?P<number>{number})\s?(?:℃|°C)",
        lambda m, r: f"零下{numbers.say(r, numbers.parse(r, m['number']))}摄氏度",
        "m",
    )
    yield from east_asian.range_kinds((*MEASURES, *OTHERS), "到", "月|日|号|號|点|點|时(?!间)")
    yield east_asian.score("战胜|取胜|击败|获胜|不敌|领先|落后|擊敗|領先|的比分|大胜|险胜", "比")
    yield east_asian.speed("时速|時速|每小时|每小時", "{}公里")
    yield east_asian.below_zero("负")


def _read_year(match: re.Match[str], rules: Rules) -> str:
    text = match["year"]
    return digits(text) if len(text) == 4 else numbers.cardinal(rules, int(text))


def _price(name: str) -> Currency:
    return Currency(Noun({"one": "两" + name, "other": "{0}" + name}))


def rules(base: Rules, region: str) -> Rules:
    nouns = east_asian.unit_nouns(base, UNITS, lambda text: text.replace(" ", ""))
    # "两公里": two of a unit, where the number comes first; 二十度, 百分之二.
    nouns = {
        unit: Noun({"one": noun.forms["other"].replace("{0}", "两"), **noun.forms})
        if noun.forms["other"].startswith("{0}") and not noun.forms["other"].endswith("度")
        else noun
        for unit, noun in nouns.items()
    }
    money = {code: _price(name) for code, name in {"CNY": "元", **MONEY}.items()}
    changed = replace(
        base,
        unspaced=True,
        dash=east_asian.DASH,
        words=WORDS,
        months={},
        units=east_asian.UNITS,
        nouns=east_asian.per(nouns, "每{unit}{0}"),
        currencies={
            "¥": "CNY",
            "￥": "CNY",
            "元": "CNY",
            "円": "JPY",
            "원": "KRW",
            "Ft": "",
            "RMB": "CNY",
            "$": "CNY" if region in _TRADITIONAL_REGIONS else "USD",
        },
        money=money,
        scales={
            word: Scale(power, {"other": word}, True)
            for word, power in (
                *(("千", 3), ("万", 4), ("百万", 6), ("亿", 8), ("万亿", 12), ("萬", 4)),
                *(("億", 8), ("百萬", 6)),
            )
        },
        abbreviations={"vs.": (Abbreviation("对"),), "vs": (Abbreviation("对"),)},
        plural=lambda number: "one" if number == 2 else "other",
        say_cardinal=say_cardinal,
        say_year=say_year,
        say_decimal=say_decimal,
        say_fraction=say_fraction,
        say_date=say_date,
        say_time=say_time,
        polish=east_asian.unspaced,
    )
    if region in _TRADITIONAL_REGIONS:
        changed = replace(changed, polish=_traditional)
    return replace(changed, kinds=tuple(_kinds(changed, region not in _TRADITIONAL_REGIONS)))

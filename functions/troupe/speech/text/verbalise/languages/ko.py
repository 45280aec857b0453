"""Korean: native numbers before the counters that ask for them, else Sino-Korean ones.

Forms: 한글 맞춤법 (44) for spaces, 표준국어대사전 for counters, 유월 and 시월.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from troupe.speech.text.verbalise import numbers
from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import east_asian
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
    alternatives,
)

_WORDS = {
    "point": "점",
    "minus": "마이너스",
    "plus": "플러스",
    "plus_minus": "플러스 마이너스",
    "to": "에서",
    "times": "곱하기",
    "divided": "나누기",
    "equals": "이퀄",
    "about": "약",
    "at": "골뱅이",
    "dot": "점",
    "slash": "슬래시",
    "dash": "하이픈",
    "underscore": "언더바",
    "hashtag": "해시태그",
    "and": "앤드",
    "number": "넘버",
    "version": "버전",
}
_UNITS = {
    "concentr-percent": "{0} 퍼센트",
    "concentr-permille": "{0} 퍼밀",
    "temperature-celsius": "섭씨 {0} 도",
    "speed-kilometer-per-hour": "시속 {0} 킬로미터",
    "speed-meter-per-second": "초속 {0} 미터",
}
_MONEY = {
    "KRW": "원",
    "USD": "달러",
    "US": "미국 달러",
    "EUR": "유로",
    "GBP": "파운드",
    "JPY": "엔",
    "CNY": "위안",
    "INR": "루피",
    "RUB": "루블",
}
# Counters of native numbers, up to 99.
_NATIVE = (
    *("개", "명", "살", "마리", "권", "잔", "병", "시간", "사람", "송이", "그루", "켤레", "벌"),
    *("채", "척", "자루", "가지", "군데", "곳", "쌍", "통", "달", "갑", "그릇", "접시", "조각"),
    *("봉지", "상자", "다발", "모금", "걸음", "방울", "알", "톨", "배", "번째", "시"),
)
_SINO = (
    *("년", "월", "일", "분", "초", "원", "달러", "유로", "엔", "층", "호", "주", "주일", "학년"),
    *("개월", "인분", "도", "킬로", "미터", "센티", "그램", "리터", "퍼센트", "프로", "세기", "위"),
    *("회", "세", "만", "억", "조", "천", "백", "페이지", "쪽", "장", "절", "권", "명", "점", "차"),
)
_MONTHS = {6: "유", 10: "시"}
# Not these: 개월, 개국, 개년, 달러, 배럴, 채널, 시속, 시리즈, 시즌, 병동, 통계.
_NATIVE_COUNTER = (
    r"(?:(?:"
    + "|".join(sorted(_NATIVE, key=len, reverse=True))
    + r")(?!월|국|년|러|럴|널|속|리|즌|동|계)|째)"
)
# Over these the Sino-Korean number is said: 20배 is 이십 배, 100개 is 백 개.
_SINO_FROM = {"배": 20, "시": 13, "시간": 21}
# Days that are names.
_EVENTS = {"3·1": "삼일", "4·19": "사일구", "5·18": "오일팔", "6·25": "육이오", "8·15": "팔일오"}
_SCALE = re.compile(" (?=(?:천|천만|만|억|조)(?: |$))")


def native(number: int) -> str:
    return spelled(number, "ko", "spellout-cardinal-native-attributive").replace(" ", "")


def say_cardinal(number: int, ruleset: str) -> str:
    if ruleset == "spellout-ordinal":
        return spelled(number, "ko", "spellout-ordinal-native-count")
    return spelled(number, "ko", "spellout-cardinal-sinokorean")


def polish(said: str) -> str:
    # 오천만 원; 십에서 이십
    return said if " " not in said else _SCALE.sub("", said).replace(" 에서 ", "에서 ")


def digits(text: str) -> str:
    """Digits one by one, as of telephone numbers: 공일공."""
    return "".join("공일이삼사오육칠팔구"[int(digit)] for digit in text if digit.isdecimal())


def say_decimal(rules: Rules, whole: str, fraction: str, ruleset: str) -> str:
    said = "".join("영일이삼사오육칠팔구"[int(digit)] for digit in fraction)
    return f"{numbers.cardinal(rules, int(whole))} 점 {said}"


def say_fraction(rules: Rules, whole: int, numerator: int, denominator: int) -> str:
    part = f"{numbers.cardinal(rules, denominator)}분의 {numbers.cardinal(rules, numerator)}"
    if not whole:
        return part
    said = numbers.cardinal(rules, whole)
    closed = (ord(said[-1]) - 0xAC00) % 28  # 삼과, 이와
    return f"{said}{'과' if closed else '와'} {part}"


def _month(rules: Rules, number: int) -> str:
    return f"{_MONTHS.get(number) or numbers.cardinal(rules, number)}월"


def say_date(rules: Rules, date: Date) -> str:
    year = "" if date.year is None else f"{numbers.year(rules, date.year)}년 "
    day = "" if date.day is None else f" {numbers.cardinal(rules, date.day)}일"
    return f"{year}{_month(rules, date.month)}{day}"


def say_time(rules: Rules, time: Time) -> str:
    def hour(number: int) -> str:
        return native(number) if 0 < number <= 12 else numbers.cardinal(rules, number)

    if time.duration:
        said = [f"{native(time.hour)} 시간"] if time.hour else []
    else:
        period = {"am": "오전", "pm": "오후"}.get(time.period)
        said = [period] if period else []
        said.append(f"{hour(time.hour)} 시")
    said += [
        f"{numbers.cardinal(rules, number)} {name}"
        for number, name in ((time.minute, "분"), (time.second, "초"))
        if number
    ]
    return " ".join(said)


@lru_cache(maxsize=4096)
def _native_number(text: str, counter: str) -> str | None:
    number = int(text)
    if not 0 < number < _SINO_FROM.get(counter, 100):
        return None
    if counter == "째":
        return spelled(number, "ko", "spellout-ordinal-native").removesuffix("째")
    return "첫" if counter == "번째" and number == 1 else native(number)


def _read_counted(match: re.Match[str], rules: Rules) -> str | None:
    counter, number = match["counter"], numbers.parse(rules, match["number"])
    if number.fraction or not number.is_quantity:
        return None
    said = _native_number(number.whole, counter)
    if said is None:
        return f"{numbers.say(rules, number)} {counter}" if match["first"] is None else None
    if match["first"] is not None:
        first = _native_number(match["first"], counter)
        if first is None or int(match["first"]) >= int(match["number"]):
            return None
        twice = f" {counter}" if counter == "시" else ""
        said = f"{first}{twice}에서 {said}"
    return f"{said} {counter}" if counter != "째" else f"{said}째"


def _read_telephone(match: re.Match[str], rules: Rules) -> str:
    country = "플러스 팔이, " if match["country"] else ""
    parts = re.split("[- ]", match[0][len(match["country"] or "") :])
    return country + ", ".join(digits(part) for part in parts)


def _read_month(match: re.Match[str], rules: Rules) -> str | None:
    month = int(match["month"])
    return _month(rules, month) if 1 <= month <= 12 else None


def _read_sino(match: re.Match[str], rules: Rules) -> str | None:
    number = numbers.parse(rules, match["number"])
    if not number.is_quantity:
        if len(number.whole) > 2:
            return None
        number = Number(str(int(number.whole)), "")
    return f"{numbers.say(rules, number)}{match['counter']}"


def _kinds(rules: Rules) -> Iterator[Kind]:
    number = numbers.pattern(rules)
    edge = r"(?<![A-Za-z0-9./:-])(?<!\d,)"
    yield from east_asian.date_kinds()
    yield Kind(
        "telephone",
        rf"{edge}(?P<country>\+82[- ]?)?(?:0?\d{{1,2}}[- ]\d{{3,4}}[- ]\d{{4}}|1[568]\d\d-\d{{4}}"
        r"|01\d{9})(?![\d-])(?!년)",
        _read_telephone,
        "dm",
    )
    yield Kind(
        "telephone",
        rf"{edge}(?:1\d\d(?=(?:에|로|으로)\s?(?:전화|신고))|0\d{{2,14}}(?![\d.,:/-]))",
        lambda m, _: digits(m[0]),
        "d",
    )
    yield Kind(
        "event", rf"{edge}(?:{alternatives(_EVENTS)})(?![\d.])", lambda m, _: _EVENTS[m[0]], "d"
    )
    yield Kind(
        "counted",
        r"(?:(?<=하루 )|(?<=하루에 )|(?<=주일에 )|(?<=한 달에 ))(?P<number>\d{1,2})번",
        lambda m, _: f"{native(int(m['number']))} 번" if int(m["number"]) else None,
        "d",
    )
    yield Kind(
        "day of the week",
        r"(?<=[\d일])\((?P<day>[월화수목금토일])\)",
        lambda m, _: f" {m['day']}요일",
        "m",
    )
    yield Kind("month", rf"{edge}(?P<month>\d{{1,2}})월(?!드)", _read_month, "d")
    yield Kind(
        "counted",
        rf"{edge}(?<!제)(?<!제 )(?:(?P<first>\d{{1,2}}){rules.dash})?+(?P<number>{number})\s?"
        rf"(?P<counter>{_NATIVE_COUNTER})",
        _read_counted,
        "d",
    )
    yield Kind("leading zero", rf"{edge}(?P<number>0\d)(?P<counter>[일분초])", _read_sino, "d")
    yield Kind(
        "page",
        r"(?<![A-Za-z0-9])pp?\.\s?(?P<first>\d{1,4})(?:[-\u2013~](?P<last>\d{1,4}))?(?![\d.-])",
        lambda m, r: "에서 ".join(numbers.cardinal(r, int(n)) for n in m.groups() if n) + "쪽",
        "w",
    )
    yield Kind("abbreviation", r"(?<![A-Za-z0-9])N[oO]\.\s?(?=\d)", lambda _, __: "넘버 ", "w")
    yield Kind("abbreviation", r"[(\uff08]주[)\uff09]|㈜", lambda _, __: "주식회사 ", "m")
    yield from east_asian.range_kinds((*_SINO, *_NATIVE), "에서 ", "월|일(?!간)|시(?!간)")
    yield east_asian.score("으로 (?:이|승|졌|패|꺾)|로 (?:이|승|졌|패|꺾)", " 대 ")
    yield east_asian.speed("시속 |시속", "{} 킬로미터")
    yield Kind(
        "quantity",
        rf"(?<![A-Za-z0-9.,)-])[-\u2212](?P<number>{number})\s?(?:℃|°C|도(?!로))",
        lambda m, r: f"영하 {numbers.say(r, numbers.parse(r, m['number']))} 도",
        "m",
    )
    yield east_asian.below_zero("마이너스 ")


def rules(base: Rules, region: str) -> Rules:
    nouns = east_asian.unit_nouns(base, _UNITS, lambda text: re.sub(r"\{0\}(?=\w)", "{0} ", text))
    changed = replace(
        base,
        unspaced=True,
        dash=east_asian.DASH,
        words=_WORDS,
        months={},
        units=east_asian.UNITS,
        nouns=east_asian.per(nouns, "{unit}당 {0}"),
        currencies={"US$": "US", "원": "KRW", "엔": "JPY", "달러": "USD", "元": "CNY"},
        money={code: Currency(Noun({"other": "{0} " + name})) for code, name in _MONEY.items()},
        scales={
            word: Scale(power, {"other": word.strip()}, True)
            for word, power in (("천", 3), ("만", 4), ("천만", 7), ("억", 8), ("조", 12))
        },
        abbreviations={"vs.": (Abbreviation("대"),), "vs": (Abbreviation("대"),)},
        say_cardinal=say_cardinal,
        say_year=numbers.cardinal,
        say_decimal=say_decimal,
        say_fraction=say_fraction,
        say_date=say_date,
        say_time=say_time,
        polish=polish,
    )
    return replace(changed, kinds=tuple(_kinds(changed)))

"""What clients write about people and companies, in one form: phone and register numbers, time
zones."""

from __future__ import annotations

import re
import zoneinfo
from functools import cache
from typing import Any

from pydantic_core import PydanticCustomError

_TIMEZONE = re.compile(r"[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)*")
# Digits of the number in the register of a country; other countries' are not checked.
_DIGITS = {"NO": 9, "SE": 10, "DK": 8, "FI": 8}


def upper(text: Any) -> Any:
    return text.strip().upper() if isinstance(text, str) else text


def lower(text: Any) -> Any:
    return text.strip().lower() if isinstance(text, str) else text


def without_spaces(text: Any) -> Any:
    """A phone number without the marks that people group digits with."""
    return re.sub(r"[\s().-]", "", text) if isinstance(text, str) else text


def plain_number(text: Any) -> Any:
    """A register number without the marks that people group digits with."""
    return re.sub(r"[\s./-]", "", text).upper() if isinstance(text, str) else text


def check_org_number(number: str | None, country: str | None) -> None:
    """Raises PydanticCustomError: a number needs a country, whose numbers may have a fixed
    length."""
    if not number:
        return
    if country is None:
        raise PydanticCustomError("country_missing", "`orgNumber` needs a `country`")
    digits = _DIGITS.get(country)
    if digits and not (number.isdecimal() and len(number) == digits):
        message = "`orgNumber` must have {digits} digits in {country}"
        raise PydanticCustomError("org_number", message, {"digits": digits, "country": country})


def known_timezone(name: str) -> str:
    """Raises PydanticCustomError."""
    known = _timezones()  # empty on a machine without the database
    if name and (name not in known if known else not _TIMEZONE.fullmatch(name)):
        raise PydanticCustomError("timezone", "must be a time zone such as Europe/Oslo")
    return name


@cache
def _timezones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())

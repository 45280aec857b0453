"""The rules for new passwords that settings change: their length, and the list of common ones.

The list is Django's, by Royce Williams: the 20,000 passwords that occur most often in breaches, in
lower case. It is read when the first password is set, which most requests do not.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from pydantic_core import PydanticCustomError

from troupe.settings import settings

_LIST = Path(__file__).parent / "data" / "common-passwords.txt.gz"


def check_password(password: str) -> str:
    """Raises PydanticCustomError, whose type is the code of the rule: `password_too_short` or
    `password_too_common`."""
    rules = settings()
    if len(password) < rules.password_min_length:
        raise PydanticCustomError(
            "password_too_short",
            "must have at least {least} characters",
            {"least": rules.password_min_length},
        )
    if rules.common_passwords == "refuse" and password.lower() in _common():
        raise PydanticCustomError(
            "password_too_common", "is one of the most common passwords; choose another"
        )
    return password


@cache
def _common() -> frozenset[str]:
    with gzip.open(_LIST, "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines)

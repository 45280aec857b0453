"""Codes of languages, and which of a translator's a code means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

# What language models are asked for: languages that are common on the web.
KNOWN = (
    *("af", "am", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el"),
    *("en-US", "en-GB", "es", "es-419", "et", "eu", "fa", "fi", "fil", "fr", "fr-CA", "ga", "gl"),
    *("gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "km", "kn", "ko"),
    *("lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "mt", "my", "nb", "ne", "nl", "pa", "pl"),
    *("pt-BR", "pt-PT", "ro", "ru", "si", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th"),
    *("tr", "uk", "ur", "uz", "vi", "zh-Hans", "zh-Hant", "zu"),
)
CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}")
# Codes of one language: a macrolanguage and its usual member, or a code and the one before it.
_SAME = {"nb": "no", "nn": "no", "cmn": "zh", "fil": "tl", "iw": "he", "in": "id", "yue": "zh"}
# The script that a region means.
_SCRIPTS = {
    "zh-cn": "hans", "zh-sg": "hans", "zh-tw": "hant", "zh-hk": "hant", "zh-mo": "hant",
    "yue": "hant", "cmn": "hans",
}  # fmt: skip
_SCRIPT = re.compile(r"-([a-z]{4})(?:-|$)")


def primary(code: str) -> str:
    """The language of a code, without region, script or variant."""
    language = code.replace("_", "-").partition("-")[0].lower()
    return _SAME.get(language, language)


def script(code: str) -> str:
    """The script that a code says, in lower case; "" if none."""
    code = code.replace("_", "-").lower()
    found = _SCRIPT.search(code)
    return found[1] if found else _SCRIPTS.get(code, "")


def same(one: str, other: str) -> bool:
    """Whether nothing has to be translated: the language is the same, and no other script asked
    for."""
    scripts = {script(one), script(other)} - {""}
    return primary(one) == primary(other) and len(scripts) < 2


def offered_code(code: str, offered: Sequence[str]) -> str | None:
    """The offered code that `code` means, or None: the same one, else one without its region, else
    the first one of the same language and script."""
    known = {each.lower(): each for each in reversed(offered)}
    wanted = code.strip().replace("_", "-").lower()
    shorter = wanted
    while shorter:
        if shorter in known and same(shorter, wanted):
            return known[shorter]
        shorter = shorter.rpartition("-")[0]
    return next((each for each in offered if same(each, wanted)), None)


@cache
def english_name(code: str) -> str:
    """The name of a language in English; the code itself if it has none."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(code, sep="-").get_display_name("en") or code
    except (ValueError, UnknownLocaleError):
        return str(Locale("en").languages.get(code.lower(), code))

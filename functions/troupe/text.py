"""Comparison keys of names, slugs, shortened texts, and what a line of text may contain."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

# On one letter; no language has so many. Python needs quadratic time to put more in order (a minute
# for 200,000): https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format
MOST_MARKS = 30
MOST_PREFIX = 40  # characters of a word that a search can match


def normalized(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """`text` in a Unicode normal form, in linear time: of a longer run of marks than any language
    has, the first ones are kept."""
    if text.isascii():
        return text
    if marks := "".join(c for c in set(text) if unicodedata.category(c)[0] == "M"):
        text = re.sub(f"([{marks}]{{{MOST_MARKS}}})[{marks}]+", r"\1", text)
    return unicodedata.normalize(form, text)


def name_key(name: str) -> str:
    """A key for comparing and finding names, regardless of case, extra spaces and compatibility
    forms (full width, ligatures)."""
    return " ".join(normalized("NFKC", name).casefold().split())


def prefixes(*texts: str) -> list[str]:
    """The beginnings of each text and of each of its words. A search is then an equality filter,
    which combines with any other filter and order."""
    found: dict[str, None] = {}
    for text in texts:
        key = name_key(text)
        words = key.split(" ")
        for part in [key, *words[1:6]]:
            found |= dict.fromkeys(part[:end] for end in range(1, min(len(part), MOST_PREFIX) + 1))
    return list(found)


def search_key(text: str) -> str:
    """What a search for `text` compares with `prefixes`."""
    return name_key(text)[:MOST_PREFIX]


def slug(name: str) -> str:
    """Latin letters without accents, and digits, in lower case: `Größe XL` becomes `grosse-xl`.
    Empty if the name has neither."""
    plain = normalized("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def shorten(text: str, most: int) -> str:
    """The text on one line, cut to `most` characters with an ellipsis if it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


# Reorder the text around them, so that it reads as something else:
# https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Loose: Firebase Auth validates addresses fully, and stores them in lower case.
EMAIL = r"^[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+\.[^\s@\x00-\x1f\x7f]+$"
MOST_EMAIL = 254  # RFC 5321
_NOT_IN_LINES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def belongs_in_line(character: str) -> bool:
    """False for control characters, line breaks and unpaired surrogates."""
    return unicodedata.category(character) not in _NOT_IN_LINES


def reorders(character: str) -> bool:
    """Whether a character only changes the direction of the text around it."""
    return character in _BIDI_CONTROLS


def is_visible(text: str) -> bool:
    """Whether the text has at least one character that is neither a space nor invisible."""
    return any(unicodedata.category(character)[0] not in "CZ" for character in text)


def clean_name(text: str, most: int) -> str:
    """A name from a source that does not validate it: one line of at most `most` characters,
    without control characters. Empty if nothing visible is left."""
    kept = "".join(c if belongs_in_line(c) else " " for c in text if not reorders(c))
    line = " ".join(kept.split())[:most].rstrip()
    return line if is_visible(line) else ""


def clean_email(text: str) -> str | None:
    """An address from a source that does not validate it, in lower case; None if it is none."""
    email = text.strip().lower()
    plain = all(belongs_in_line(c) and not reorders(c) for c in email)
    return email if plain and len(email) <= MOST_EMAIL and re.search(EMAIL, email) else None

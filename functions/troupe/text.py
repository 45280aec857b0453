"""Comparison keys of names, slugs, and shortened texts."""

from __future__ import annotations

import re
import unicodedata


def name_key(name: str) -> str:
    """A key for comparing and finding names, regardless of case, extra spaces and compatibility
    forms (full width, ligatures)."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def slug(name: str) -> str:
    """Latin letters without accents, and digits, in lower case: `Größe XL` becomes `grosse-xl`.
    Empty if the name has neither."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def shorten(text: str, most: int) -> str:
    """The text on one line, cut to `most` characters with an ellipsis if it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"

"""Short texts made of longer ones: keys that names are compared by, slugs, titles."""

from __future__ import annotations

import re
import unicodedata


def name_key(name: str) -> str:
    """A name without regard to case, spaces and compatibility forms (full width, ligatures), by
    which it is compared and found."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def slug(name: str) -> str:
    """Latin letters without their accents, and digits, in lower case: `Größe XL` is `grosse-xl`.
    Empty for a name that has neither."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def shorten(text: str, most: int) -> str:
    """One line of at most `most` characters, with an ellipsis where it was longer."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"

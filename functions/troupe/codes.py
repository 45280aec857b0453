"""Codes that people read out and type, in Crockford's alphabet: https://www.crockford.com/base32"""

from __future__ import annotations

import secrets

# Without the letters that are taken for digits, or for each other.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new_code(length: int) -> str:
    """Five bits for each character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def clean_code(typed: str) -> str:
    """A code as `new_code` makes it, from what people type: in any case, with spaces and hyphens,
    and letters that look like its digits."""
    return typed.upper().translate(_MISREAD)


def is_code(text: str, length: int) -> bool:
    return len(text) == length and all(character in _ALPHABET for character in text)

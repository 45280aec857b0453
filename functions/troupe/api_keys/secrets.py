"""The form of API keys: `trp_`, the id of the key's document, `_`, the secret, and a checksum, so
that a mistyped key is refused before anything is read, and scanners for leaked keys find ours.

Only an HMAC of the secret is stored. It has 238 bits, so no slow hash is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from string import ascii_letters, digits
from typing import NamedTuple
from zlib import crc32

from troupe.tokens import KEY_PREFIX

_ALPHABET = digits + ascii_letters
_ID, _SECRET, _CHECKSUM = 12, 40, 6
_FORM = re.compile(
    rf"{KEY_PREFIX}([0-9A-Za-z]{{{_ID}}})_([0-9A-Za-z]{{{_SECRET}}})[0-9A-Za-z]{{{_CHECKSUM}}}"
)


class Secret(NamedTuple):
    """`text`: the whole key, as clients send it."""

    id: str
    secret: str

    @property
    def text(self) -> str:
        body = f"{KEY_PREFIX}{self.id}_{self.secret}"
        return body + _checksum(body)

    @property
    def last4(self) -> str:
        return self.text[-4:]


def new_id() -> str:
    return _random(_ID)


def new_secret(key_id: str) -> Secret:
    return Secret(key_id, _random(_SECRET))


def parse(text: str) -> Secret | None:
    """None for what is no key, or was mistyped."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    parsed = Secret(found[1], found[2])
    return parsed if parsed.text == text else None


def hash_of(secret: str, pepper: str) -> str:
    return hmac.new(pepper.encode(), secret.encode(), hashlib.sha256).hexdigest()


def matches(secret: str, pepper: str, stored: str) -> bool:
    return hmac.compare_digest(hash_of(secret, pepper), stored)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number, written = crc32(body.encode()), ""
    while len(written) < _CHECKSUM:
        number, digit = divmod(number, len(_ALPHABET))
        written = _ALPHABET[digit] + written
    return written

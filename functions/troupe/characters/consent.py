"""Consents to the cloning of a voice: checking what was sent, and the record of it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from troupe.characters.errors import ConsentRequired, ConsentTooNarrow
from troupe.characters.records import Consent, Purpose, Relationship
from troupe.characters.wording import STATEMENT, VERSION


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """A consent as it was sent. `speaker` is None for the account's owner; `address` is the
    client's network address, None if unknown."""

    statement: str
    version: str
    speaker: str | None
    relationship: Relationship
    purposes: tuple[Purpose, ...]
    address: str | None

    def check_use(self, allow_use: bool | None) -> None:
        """Raises ConsentTooNarrow if it does not permit the requested use by others."""
        if allow_use and Purpose.USE_BY_OTHERS not in self.purposes:
            raise ConsentTooNarrow

    def record(self, owner: str, sample_sha256: str, secret: str, at: datetime) -> Consent:
        """`owner`: the name of the account's owner; `secret` keys the hash of the address."""
        return Consent(
            statement=STATEMENT,
            version=VERSION,
            speaker=self.speaker or owner,
            relationship=self.relationship,
            purposes=list(self.purposes),
            at=at,
            address_hash=_address_hash(self.address, secret),
            sample_sha256=sample_sha256,
        )


def required_consent(given: GivenConsent | None) -> GivenConsent:
    """The consent, if it has the required wording; white space does not count. Raises
    ConsentRequired."""
    if given is None or given.version != VERSION:
        raise ConsentRequired
    if given.statement.split() != STATEMENT.split():
        raise ConsentRequired
    return given


def _address_hash(address: str | None, secret: str) -> str | None:
    if address is None:
        return None
    named = f"consent\n{address}".encode()
    return hmac.new(secret.encode(), named, hashlib.sha256).hexdigest()[:40]

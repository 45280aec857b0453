"""Idempotency keys: the document that a keyed request creates gets its id from the key, and so
records the request."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Self

from troupe.errors import Conflict


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    message = "This Idempotency-Key was already used for a different request. Use a new key."


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that creates something: the `id` of what it creates, and what identifies the
    request, None without a key. The document keeps the latter as `created_by`."""

    id: str
    created_by: str | None = None

    @classmethod
    def of(cls, uid: str, operation: str, body: Mapping[str, Any], key: str | None) -> Self:
        return cls(keyed_id(uid, key), request_hash(operation, body) if key else None)

    def check(self, created_by: str | None) -> None:
        """Raises KeyReused if what has the id was created by another request."""
        if created_by != self.created_by:
            raise KeyReused


def keyed_id(uid: str, key: str | None) -> str:
    """32 hex digits: a hash of user and key, or random without a key."""
    if key is None:
        return secrets.token_hex(16)
    return hashlib.sha256(json.dumps([uid, key]).encode()).hexdigest()[:32]


def request_hash(operation: str, body: Mapping[str, Any]) -> str:
    """Identifies a request, to detect a different one with the same key."""
    canonical = json.dumps([operation, body], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def file_hash(stream: BinaryIO) -> str:
    """The SHA-256 of a whole file in hex, for the `body` of a request."""
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()

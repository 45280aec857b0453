"""Idempotency keys: what a keyed request makes gets its id from the key, so that the document
itself is the memory of the request."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from troupe.errors import Conflict


class KeyReused(Conflict):
    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used for a different request. Use a new key."


def keyed_id(uid: str, key: str | None) -> str:
    """32 hex digits: the same for the same user and key; random without a key."""
    if key is None:
        return secrets.token_hex(16)
    return hashlib.sha256(json.dumps([uid, key]).encode()).hexdigest()[:32]


def request_hash(operation: str, body: Mapping[str, Any]) -> str:
    """Tells two requests under one key apart."""
    canonical = json.dumps([operation, body], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()

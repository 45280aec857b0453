"""API keys say when webhooks are told that they expire soon.

Since 28 November 2026 the sweep finds keys by that time. Older ones would expire without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from troupe.adapters.firestore import Document, now
from troupe.migrations.records import Migration

_BEFORE = timedelta(days=7)


def _change(key: Document, others: Mapping[str, Document]) -> Mapping[str, Any]:
    data = key.data
    expires = data.get("expiresAt")
    if data.get("warnAt") or data.get("revokedAt") or expires is None or expires <= now():
        return {}
    at = expires - _BEFORE
    # A key that was changed since has the field, without a time. If one that expires sooner has no
    # time, it may have been told of.
    return {} if "warnAt" in data and at <= now() else {"warnAt": at}


MIGRATION = Migration(
    number=5,
    title="API keys say when webhooks are told that they expire soon",
    collection="apiKeys",
    change=_change,
)

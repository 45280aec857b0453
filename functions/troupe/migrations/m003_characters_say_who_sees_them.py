"""Characters say who sees them, and whether others may cast them.

Since 26 November 2026 lists are queries on `visibility`. Older characters were public and could be
cast by everybody, and stay so, except those of guests, who publish nothing any longer (see
docs/decisions/029-voices.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troupe.adapters.firestore import Document
from troupe.migrations.records import Migration


def _others(character: Document) -> Sequence[str]:
    return (f"users/{character.data['uid']}",)


def _change(character: Document, others: Mapping[str, Document]) -> Mapping[str, Any]:
    (owner,) = others.values()
    published = not owner.data.get("guest", False)
    fields = {
        "visibility": "public" if published else "private",
        "allowUse": published,
        "hiddenAt": None,
    }
    return {name: value for name, value in fields.items() if name not in character.data}


MIGRATION = Migration(
    number=3,
    title="characters say who sees them and whether others may cast them",
    collection="characters",
    others=_others,
    change=_change,
)

"""What of a log line is stored: numbers and identifiers, nothing that somebody wrote.

Log lines should have nothing else anyway (troupe.logs). But messages of exceptions may quote a
text; they stay in Cloud Logging.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Without spaces, `@` and what else texts and addresses have. Our tokens are longer.
_IDENTIFIER = re.compile(r"(?!eyJ)[A-Za-z0-9_.:/<>-]{1,64}")
# Words of names whose strings are not stored, whatever they look like.
_PRIVATE = frozenset(
    {
        *("token", "secret", "password", "key", "cookie", "authorization", "hash"),
        *("email", "phone", "address", "name", "text", "url", "title"),
    }
)
_WORD = re.compile(r"[A-Z]?[a-z]+")
_MOST_FIELDS, _MOST_ITEMS = 20, 20


def cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields to store; `omitted` names the others."""
    kept: dict[str, Any] = {}
    omitted: list[str] = []
    for name, value in fields.items():
        # The trace by which Cloud Logging groups lines; and the text whose places are in `stack`.
        if name.startswith("logging.") or name == "stack_trace":
            continue
        if len(kept) < _MOST_FIELDS and _is_harmless(name, value):
            kept[name] = value
        else:
            omitted.append(name[:64])
    return kept | ({"omitted": omitted[:_MOST_ITEMS]} if omitted else {})


def _is_harmless(name: str, value: Any) -> bool:
    if value is None or isinstance(value, bool | int | float):
        return not isinstance(value, int) or -(2**63) <= value < 2**63
    if _PRIVATE.intersection(word.lower() for word in _WORD.findall(name)):
        return False
    if isinstance(value, str):
        return _IDENTIFIER.fullmatch(value) is not None
    if isinstance(value, list | tuple) and len(value) <= _MOST_ITEMS:
        return all(not isinstance(each, list | tuple) and _is_harmless("", each) for each in value)
    return False

"""What an audit knows beforehand, and what it could not check."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Notes:
    """`paying_since`: since when plans with a price must be paid for; None: they need not be.
    `unchecked`: how many documents lack what a check needs, by what they are."""

    paying_since: datetime | None = None
    unchecked: Counter[str] = field(default_factory=Counter)

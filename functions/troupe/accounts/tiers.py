"""What settings limit by plan, and by which names they find a user's limits."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Kept(StrEnum):
    """What is counted: also the collection, whose documents have a `uid`."""

    CHARACTERS = "characters"
    SCRIPTS = "scripts"
    FILES = "files"
    DICTIONARIES = "dictionaries"


# The collection of files that are still arriving. They have a `uid` and a `size`, as files do.
UPLOADS = "uploads"


def tier_names(user: Mapping[str, Any]) -> list[str]:
    """The names of a user's entry in JOB_SHARES and QUOTAS, the most specific one first. `user`:
    the data of `users/{uid}`."""
    if user.get("guest"):
        return ["guest"]
    plan, summary = user.get("plan"), user.get("subscription") or {}
    if plan is None:
        return ["none"]
    return [plan, "paid" if summary.get("priceCents") else "none"]

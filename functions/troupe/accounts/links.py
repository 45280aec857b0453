"""Addresses of files that `<audio>` and `<video>` can play: they send no bearer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from time import time


@dataclass(frozen=True, slots=True)
class MediaLink:
    url: str
    expires_at: datetime


def link_times(seconds: int, valid_after: datetime | None) -> tuple[int, int]:
    """When a link that is made now counts as issued and when it ends, in seconds since 1970.

    It lives for `seconds`, or up to a quarter less: links of the same quarter are the same, so
    that a client which asks again goes on playing, and finds in its cache what it has heard.
    `valid_after`: sign-ins before it are void, and so is what was issued then.
    """
    now, step = int(time()), seconds // 4
    begun = now - now % step
    issued_at = begun if valid_after is None else max(begun, math.ceil(valid_after.timestamp()))
    return issued_at, begun + seconds

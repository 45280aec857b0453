"""File URLs for `<audio>` and `<video>`, which send no bearer token."""

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
    """The issue time and expiry of a link created now, in seconds since 1970.

    A link lasts `seconds`, or up to a quarter less: links created in the same quarter are
    identical, so a client that asks again keeps playing and reuses its cache. `valid_after`:
    sign-ins before it are void, and so are links issued before it.
    """
    now, step = int(time()), seconds // 4
    begun = now - now % step
    issued_at = begun if valid_after is None else max(begun, math.ceil(valid_after.timestamp()))
    return issued_at, begun + seconds

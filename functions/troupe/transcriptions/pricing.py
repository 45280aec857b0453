"""What a transcription costs: the seconds in which somebody speaks, in voice seconds, or else a
token for every started minute of them.

They are known only when the work is done, so the whole length of the sound is held before. Work
that ends without a text costs nothing.
"""

from __future__ import annotations

import math

from troupe.jobs.charges import Quote
from troupe.jobs.records import Charge
from troupe.settings import Prices
from troupe.wallet.records import Meter


def quote(seconds: float, prices: Prices) -> Quote:
    return Quote(tokens=tokens_of(seconds, prices), voice_seconds=math.ceil(seconds))


def charge_for(heard: float, charge: Charge | None, prices: Prices) -> int:
    """For `heard` seconds of speech, at most the hold."""
    if charge is None:
        return 0
    in_seconds = charge.meter is Meter.VOICE_SECONDS
    return min(math.ceil(heard) if in_seconds else tokens_of(heard, prices), charge.held)


def tokens_of(seconds: float, prices: Prices) -> int:
    """For `seconds` of speech."""
    return -(-math.ceil(seconds) // prices.transcribed_seconds_per_token)

"""What a dubbing costs: its transcription and its speech, each as it would cost alone.

In voice seconds: those in which somebody speaks in the original, plus those of the new speech.
In tokens: one for every started minute of speech in the original, plus one for every started
thousand characters of the translation. Neither is known before the work is done, so the most that a
recording of this length can cost is held. Work that ends without a result costs nothing.
"""

from __future__ import annotations

import math

from troupe.jobs.charges import Quote, speech_tariff
from troupe.jobs.records import Charge
from troupe.settings import Prices
from troupe.transcriptions.pricing import tokens_of
from troupe.wallet.records import Meter

# Of a translation, for each second of the original. Fast speakers say 20. A hold in voice seconds
# is for new speech as long as the recording.
CHARACTERS_PER_SECOND = 25


def quote(seconds: float, prices: Prices) -> Quote:
    """The most that a recording of this length can cost."""
    tokens = _tokens(seconds, math.ceil(seconds * CHARACTERS_PER_SECOND), prices)
    return Quote(tokens=tokens, voice_seconds=2 * math.ceil(seconds))


def charge_for(
    heard: float, spoken: float, characters: int, charge: Charge | None, prices: Prices
) -> int:
    """For `heard` seconds of speech, and `spoken` seconds of new speech of so many characters; at
    most the hold."""
    if charge is None:
        return 0
    in_seconds = charge.meter is Meter.VOICE_SECONDS
    cost = math.ceil(heard + spoken) if in_seconds else _tokens(heard, characters, prices)
    return min(cost, charge.held)


def _tokens(heard: float, characters: int, prices: Prices) -> int:
    return tokens_of(heard, prices) + speech_tariff(prices).tokens(characters)

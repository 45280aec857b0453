"""How a stretch of speech differs from the rest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prosody:
    """`rate`: a factor, 0.5 to 2; `pitch` in semitones, -12 to 12; `volume` in dB, -96 (silent)
    to 10. The default changes nothing."""

    rate: float = 1.0
    pitch: float = 0.0
    volume: float = 0.0

    def within(self, outer: Prosody) -> Prosody:
        """This one inside of another: both apply, within the limits above."""
        return Prosody(
            min(max(self.rate * outer.rate, 0.5), 2.0),
            min(max(self.pitch + outer.pitch, -12.0), 12.0),
            min(max(self.volume + outer.volume, -96.0), 10.0),
        )


PLAIN = Prosody()

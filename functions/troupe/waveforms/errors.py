"""What can go wrong with waveforms."""

from __future__ import annotations

from troupe.errors import NotFound


class NoWaveform(NotFound):
    code = "no_waveform"
    message = "This audio was made before waveforms were kept. Make it again to have one."

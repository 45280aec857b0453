"""When cues are shown.

Netflix: at least 5/6 s, at most 7 s, two frames between cues or none, and up to 20 characters a
second for adults.
https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617-Timed-Text-Style-Guide-General-Requirements
BBC: no more than 1.5 s after the speech. https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from troupe.media.captions.cue import Cue, width

MIN_SECONDS, MAX_SECONDS = 5 / 6, 7.0
READING = 20.0  # columns a second; an ideograph has 2.6
FRAMES = 0.08  # two frames of 25 a second: a shorter gap is only a flicker
_COMFORT = 19.0  # columns a second, where silence allows it; more would keep cues in every pause
_HANG = 1.5


def shown_until(start: float, end: float, columns: float, limit: float) -> float:
    """When a cue that is spoken from `start` to `end` disappears, in seconds: it stays until it can
    be read, but at most until `limit`, where the next one starts."""
    until = start + (columns / _COMFORT if columns > _COMFORT * MIN_SECONDS else MIN_SECONDS)
    if until < end:
        until = end
    elif until > end + _HANG:
        until = end + _HANG
    return limit if until > limit - FRAMES else until


def timed(spoken: Sequence[Cue], until: float | None = None) -> list[Cue]:
    """The cues, which end with their last words, as long as they should be shown; in order and
    without overlap. `until`: the end of the audio in seconds; without it, the last cue ends with
    its speech."""
    result: list[Cue] = []
    for index, cue in enumerate(spoken):
        start = max(cue.start, result[-1].end) if result else cue.start
        end = max(cue.end, start)
        if index + 1 < len(spoken):
            limit = max(spoken[index + 1].start, start)
        else:
            limit = end if until is None else max(end, until)
        columns = width(cue.text.replace("\n", " "))
        shown = shown_until(start, end, columns, limit)
        result.append(replace(cue, start=start, end=shown))
    return result

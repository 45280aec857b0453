"""The prices of a script's audio and video, and which of its lines they are for.

A line that was spoken is paid for. It costs nothing more until its text or its voice changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from troupe.jobs.charges import Quote, speech_tariff
from troupe.jobs.records import Tariff
from troupe.scripts.records import VIDEO_KIND, Line, Performer, performer_of
from troupe.scripts.voice_key import line_keys
from troupe.settings import Settings
from troupe.speech.estimate import pause_seconds, seconds_about, seconds_at_most
from troupe.speech.request import silence_of
from troupe.speech.text.marks import parse_marks

PAUSE_SECONDS = 1.0  # more than the usual pauses before and after a line


def new_characters(lines: Sequence[Line], performers: Mapping[str, Performer]) -> list[int]:
    """For each line, how many characters to charge: none if its voice has spoken it before."""
    key = line_keys(performers)

    def spoken(line: Line) -> bool:
        # Lines spoken before 26 November 2026 do not name their voice.
        return line.audio is not None and line.voice_key in (None, key(line))

    return [0 if spoken(line) else len(line.text) for line in lines]


def quote(
    kind: str,
    lines: Sequence[Line],
    new: Sequence[int],
    performers: Mapping[str, Performer],
    settings: Settings,
) -> Quote:
    """`new`: see new_characters. An audio costs at least a token, because joining its lines is
    work too; a video is paid in tokens alone."""
    prices, characters = settings.prices, sum(new)
    if kind == VIDEO_KIND:
        included = settings.video_included_characters
        tariff = Tariff(
            base=prices.tokens_per_video, included=included, per_token=prices.characters_per_token
        )
        return Quote.of(tariff, characters)
    at_most = about = 0.0
    for line in (line for line, many in zip(lines, new, strict=True) if many):
        voice = performer_of(line, performers)
        silence = silence_of(parse_marks(line.text), settings.pauses)
        pauses = silence + pause_seconds(line.text, settings.pauses) / voice.speed + PAUSE_SECONDS
        pauses += (line.pause or 0) / 1000
        at_most += seconds_at_most(line.text, voice.language, voice.speed) + pauses
        about += seconds_about(line.text, voice.language, voice.speed) + silence
    # Without new lines there are no seconds to charge, so tokens pay for the joining.
    return Quote.of(speech_tariff(prices), characters, math.ceil(at_most) or None, math.ceil(about))

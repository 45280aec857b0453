"""How long a dialogue will last, before it is spoken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from troupe.scripts.records import Line, Performance
from troupe.speech.estimate import seconds_about

# Silence between two lines, on top of the 0.2 s at the end of every utterance: people answer each
# other after about half a second, and continue themselves a little sooner.
SAME_SPEAKER_SECONDS = 0.15
OTHER_SPEAKER_SECONDS = 0.35


def pause_before(lines: Sequence[Line], number: int) -> float:
    """The silence before a line, in seconds."""
    if not number:
        return 0.0
    same = lines[number - 1].speaker == lines[number].speaker
    return SAME_SPEAKER_SECONDS if same else OTHER_SPEAKER_SECONDS


def dialogue_seconds(performance: Performance) -> float:
    """The likely duration of all lines with their pauses."""
    texts: dict[str, list[str]] = defaultdict(list)
    for line in performance.lines:
        texts[line.speaker].append(line.text)
    spoken = sum(
        seconds_about("\n".join(said), performer.language, performer.speed)
        for speaker, said in texts.items()
        for performer in (performance.performers[speaker],)
    )
    pauses = sum(
        pause_before(performance.lines, number) + 0.2 for number in range(len(performance.lines))
    )
    return spoken + pauses

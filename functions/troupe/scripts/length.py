"""How long a dialogue will last, before it is spoken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from troupe.scripts.records import Line, Performer, performer_of
from troupe.speech.estimate import seconds_about

# Silence between two lines, on top of the 0.2 s at the end of every utterance: people answer each
# other after about half a second, and continue themselves a little sooner.
SAME_SPEAKER_SECONDS = 0.15
OTHER_SPEAKER_SECONDS = 0.35


def pause_before(lines: Sequence[Line], number: int) -> float:
    """The silence before a line, in seconds."""
    if not number:
        return 0.0
    if (chosen := lines[number].pause) is not None:
        return chosen / 1000
    same = lines[number - 1].speaker == lines[number].speaker
    return SAME_SPEAKER_SECONDS if same else OTHER_SPEAKER_SECONDS


def dialogue_seconds(lines: Sequence[Line], performers: Mapping[str, Performer]) -> float:
    """The likely duration of all lines with their pauses."""
    texts: dict[tuple[str, float], list[str]] = defaultdict(list)
    for line in lines:
        texts[line.speaker, performer_of(line, performers).speed].append(line.text)
    spoken = sum(
        seconds_about("\n".join(said), performers[speaker].language, speed)
        for (speaker, speed), said in texts.items()
    )
    pauses = sum(pause_before(lines, number) + 0.2 for number in range(len(lines)))
    return spoken + pauses

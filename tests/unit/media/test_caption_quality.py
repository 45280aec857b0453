"""The measures of `python -m bench.captions`, over texts of many kinds, spoken by espeak."""

from __future__ import annotations

from collections import Counter

from bench.captions import LIMITS, corpus, cues_of, faults


def test_a_subtitler_would_sign_the_captions_of_the_corpus() -> None:
    found: list[tuple[str, str, str]] = []
    count = 0
    for text in corpus():
        shown = cues_of(text)
        count += len(shown)
        found += ((what, text.name, where) for what, where in faults(text, shown))
    assert count > 300
    times = Counter(what for what, _, _ in found)
    over = {what for what, limit in LIMITS.items() if 100 * times[what] / count > limit}
    assert not over, [each for each in found if each[0] in over]

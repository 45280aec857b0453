"""What a line of a dubbing is."""

from __future__ import annotations

from troupe.dubbing.lines import lines_of
from troupe.recognition.transcriber import Segment, Word


def heard(text: str, *starts: float) -> Segment:
    """Words of 0.4 seconds that begin at the given times."""
    words = zip(text.split(), starts, strict=True)
    return Segment(tuple(Word(f"{word} ", start, start + 0.4) for word, start in words))


def test_a_line_is_a_sentence_or_what_is_said_after_a_long_pause() -> None:
    """However the recogniser has divided it into segments."""
    segments = [heard("Good evening. And", 0.1, 0.5, 1.0), heard("welcome. All of", 1.4, 2.0, 2.4)]
    found = lines_of([*segments, heard("you.", 5.0)])
    assert [(line.text, line.start, line.end) for line in found] == [
        ("Good evening.", 0.1, 0.9),
        ("And welcome.", 1.0, 1.8),
        ("All of", 2.0, 2.8),
        ("you.", 5.0, 5.4),
    ]


def test_a_long_sentence_is_divided_where_its_speaker_pauses() -> None:
    calm = heard("One two, three four, five six.", 0.0, 0.5, 1.5, 2.4, 3.3, 4.65)
    found = lines_of([calm])
    assert [line.text for line in found] == ["One two,", "three four, five six."]
    quick = heard("One two, three four, five six.", 0.0, 0.5, 1.5, 2.4, 3.3, 4.55)
    assert len(lines_of([quick])) == 1

from __future__ import annotations

import json

import pytest

from troupe.borders import Border
from troupe.media.captions import (
    Cue,
    cues_from_json,
    cues_to_json,
    formatted,
    words_from_json,
    words_to_json,
)
from troupe.speech.engine import WordTiming


def test_json_keeps_words_to_the_millisecond() -> None:
    words = [
        WordTiming('a "b" é 字 ', 0.0004, 1.2345),
        WordTiming("c", 1.2345, 3700.5, Border.SENTENCE),
    ]
    data = words_to_json(words)
    assert data == '[["a \\"b\\" é 字 ",0,1234],["c",1234,3700500,"sentence"]]'
    assert words_from_json(data.encode()) == [
        WordTiming('a "b" é 字 ', 0.0, 1.234),
        WordTiming("c", 1.234, 3700.5, Border.SENTENCE),
    ]


@pytest.mark.parametrize(
    "data", ["", "5", "[1]", '[["a",1]]', '[["a","b","c"]]', "{}x", '[["a",1,2,"x"]]']
)
def test_json_that_is_not_a_word_list_is_rejected(data: str) -> None:
    with pytest.raises(ValueError):  # json's own message, or ours
        words_from_json(data)


CUE = Cue(
    *(0.5, 2.0, "Good\nevening. -->", "Ann", 3),
    words=(WordTiming("Good ", 0.5, 0.8), WordTiming("evening. -->", 0.8, 1.7)),
)


def test_stored_cues_are_read_again() -> None:
    assert cues_from_json(cues_to_json([CUE]).encode()) == [CUE]
    assert json.loads(cues_to_json([CUE]))["version"] == 2


def test_cues_stored_by_earlier_versions_are_read() -> None:
    assert cues_from_json('[[500,2000,"Yes.","Ann"],[2000,3000,"No",null]]') == [
        Cue(0.5, 2.0, "Yes.", "Ann"),
        Cue(2.0, 3.0, "No"),
    ]


@pytest.mark.parametrize(
    "data",
    ["", "5", "[1]", '[["a",1]]', "{}", '{"version":9,"cues":[]}', '{"version":2,"cues":[[0]]}'],
)
def test_json_that_is_no_list_of_cues_is_rejected(data: str) -> None:
    with pytest.raises(ValueError):  # json's own message, or ours
        cues_from_json(data)


def test_json_for_players_has_the_words_in_seconds() -> None:
    assert json.loads(formatted([CUE, Cue(2.0, 3.0, "old")], "json")) == {
        "cues": [
            {
                **{"start": 0.5, "end": 2.0, "text": "Good\nevening. -->"},
                **{"speaker": "Ann", "line": 3},
                "words": [
                    {"text": "Good", "start": 0.5, "end": 0.8},
                    {"text": "evening. -->", "start": 0.8, "end": 1.7},
                ],
            },
            {
                **{"start": 2.0, "end": 3.0, "text": "old", "speaker": None, "line": None},
                "words": [],
            },
        ]
    }

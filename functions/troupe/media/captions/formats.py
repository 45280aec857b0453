"""Captions as WebVTT, SubRip and JSON, and as they are stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Literal

from troupe.borders import Border
from troupe.media.captions.cue import LINE, Cue, label, width
from troupe.speech.engine import WordTiming

CaptionFormat = Literal["vtt", "srt", "json"]
MIME_TYPES: dict[CaptionFormat, str] = {
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "json": "application/json",
}
# Not no-break and ideographic ones, which lines keep.
_SPACES = re.compile(r"[^\S\u00a0\u202f\u3000]+")
_VERSION = 2  # of the stored cues


def formatted(shown: Iterable[Cue], form: CaptionFormat) -> str:
    """The cues in one of the formats."""
    write = {"vtt": to_vtt, "srt": to_srt, "json": to_json}[form]
    return write(shown)


def _stamp(milliseconds: int, separator: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{separator}{milliseconds:03}"


def _time_spans(shown: Iterable[Cue]) -> Iterable[tuple[int, int, Cue]]:
    """Start and end in whole milliseconds. A cue lasts at least one, and cues do not overlap."""
    last = 0
    for cue in shown:
        start = max(last, round(cue.start * 1000))
        last = max(start + 1, round(cue.end * 1000))
        yield start, last, cue


def _text_lines(text: str) -> str:
    """Without blank lines, which would end the cue, and without U+0000, which is not allowed."""
    lines = (_SPACES.sub(" ", line.replace("\0", "")).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def to_vtt(shown: Iterable[Cue]) -> str:
    """WebVTT (https://www.w3.org/TR/webvtt1/), escaped so that text cannot end a cue or form a
    tag."""
    blocks = ["WEBVTT"]
    for start, end, cue in _time_spans(shown):
        text = _escaped(_text_lines(cue.text))
        if cue.speaker:
            text = f"<v {_escaped(' '.join(cue.speaker.split()))}>{text}"
        blocks.append(f"{_stamp(start, '.')} --> {_stamp(end, '.')}\n{text}")
    return "\n\n".join(blocks) + "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_srt(shown: Iterable[Cue]) -> str:
    """SubRip, which has no escapes: `-->`, which could be read as a time line, becomes `→`. A
    speaker's name comes first: on the first line, or alone if that line has no room for it."""
    blocks = []
    for number, (start, end, cue) in enumerate(_time_spans(shown), 1):
        text = _text_lines(cue.text)
        name = label(cue.speaker)
        if name and width(name) + width(text.partition("\n")[0]) > LINE:
            name = name.rstrip() + "\n"
        times = f"{_stamp(start, ',')} --> {_stamp(end, ',')}"
        blocks.append(f"{number}\n{times}\n{(name + text).replace('-->', '→')}\n")
    return "\n".join(blocks)


def to_json(shown: Iterable[Cue]) -> str:
    """`{"cues": [{start, end, text, speaker, line, words: [{text, start, end}]}]}` in seconds.
    `line` counts the lines of a script from 0; cues made before 28 November 2026 have no words."""
    rows = [
        {
            **{"start": start / 1000, "end": end / 1000, "text": _text_lines(cue.text)},
            **{"speaker": cue.speaker, "line": cue.line},
            "words": [
                {"text": word.text.strip(), "start": word.start, "end": word.end}
                for word in cue.words
            ],
        }
        for start, end, cue in _time_spans(shown)
    ]
    return json.dumps({"cues": rows}, ensure_ascii=False, separators=(",", ":"))


def words_to_json(words: Iterable[WordTiming]) -> str:
    """A compact list of [text, start, end] or [text, start, end, border], in whole milliseconds."""
    return _compact([[*_timing(word), *([word.border] if word.border else [])] for word in words])


def words_from_json(data: str | bytes) -> list[WordTiming]:
    """Reads the output of `words_to_json`. Raises ValueError if it is anything else."""
    try:
        return [_word(*row) for row in json.loads(data)]
    except TypeError as error:
        raise ValueError("not a list of word timings") from error


def cues_to_json(shown: Iterable[Cue]) -> str:
    """Compact: `{"version": 2, "cues": [[start, end, text, speaker, line, words], ...]}`, words as
    [text, start, end]; times in whole milliseconds."""
    rows = [
        [
            *(round(cue.start * 1000), round(cue.end * 1000), cue.text, cue.speaker, cue.line),
            [_timing(word) for word in cue.words],
        ]
        for cue in shown
    ]
    return _compact({"version": _VERSION, "cues": rows})


def cues_from_json(data: str | bytes) -> list[Cue]:
    """Reads the output of `cues_to_json`, and that of versions before 28 November 2026: a list of
    [start, end, text, speaker]. Raises ValueError if it is anything else."""
    stored = json.loads(data)
    try:
        if isinstance(stored, dict):
            if stored["version"] != _VERSION:
                raise ValueError(f"cues of version {stored['version']!r}")
            stored = stored["cues"]
        return [_stored_cue(*row) for row in stored]
    except (TypeError, KeyError) as error:
        raise ValueError("not a list of caption cues") from error


def _timing(word: WordTiming) -> list[Any]:
    return [word.text, round(word.start * 1000), round(word.end * 1000)]


def _word(text: Any, start: float, end: float, border: str | None = None) -> WordTiming:
    return WordTiming(str(text), start / 1000, end / 1000, Border(border) if border else None)


def _stored_cue(
    start: float,
    end: float,
    text: str,
    speaker: str | None,
    line: int | None = None,
    words: Iterable[Any] = (),
) -> Cue:
    timings = tuple(_word(*row) for row in words)
    return Cue(start / 1000, end / 1000, text, speaker, line, timings)


def _compact(rows: Any) -> str:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))

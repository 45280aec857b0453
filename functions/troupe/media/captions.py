"""Captions from word timings: cues, WebVTT, SubRip and compact JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from unicodedata import category, east_asian_width

from troupe.speech.engine import WordTiming
from troupe.speech.text.graphemes import is_joined

LINE = 42  # columns; two lines of 42 are the usual limit for Latin script
WIDE = LINE / 16  # columns of an ideograph, so that sixteen fit on a line
MAX_SECONDS, MIN_SECONDS = 6.0, 1.0
_PAUSE = 0.7  # seconds of silence that separate two cues

_ENDS = tuple(".!?…。！？।॥؟۔።")  # noqa: RUF001 - full stops of other scripts
_BREAKS = tuple(",;:—–、，；：،؛")  # noqa: RUF001 - commas of other scripts
_CLOSERS = "\"'”’»)]}」』】）》"  # noqa: RUF001 - closing quotes of other scripts


@dataclass(frozen=True, slots=True)
class Cue:
    """`text` (one or two lines) is shown from `start` to `end`, in seconds."""

    start: float
    end: float
    text: str
    speaker: str | None = None


def cues(words: Sequence[WordTiming], *, speaker: str | None = None) -> list[Cue]:
    """Groups `words`, which are in order, into cues that do not overlap.

    A cue ends at the end of a sentence, at a pause, after about six seconds, or when two lines are
    full. A cue shorter than a second stays until the next one starts, for at most a second; the
    last one ends with its last word.
    """
    done: list[Cue] = []
    waiting: list[WordTiming] = []
    for word in _split_wide_words(words):
        while waiting and not _fits(waiting, word):
            at = _break_index(waiting)
            done.append(_cue(waiting[:at], speaker))
            del waiting[:at]
        if waiting and _ends_before(waiting, word):
            done.append(_cue(waiting, speaker))
            waiting = []
        waiting.append(word)
    if waiting:
        done.append(_cue(waiting, speaker))
    return _adjust_times(done)


def _adjust_times(done: list[Cue]) -> list[Cue]:
    """Makes times monotonic, and extends short cues into the silence after them."""
    result: list[Cue] = []
    for index, cue in enumerate(done):
        start = max(cue.start, result[-1].end) if result else cue.start
        end = max(cue.end, start)
        if index + 1 < len(done):
            end = max(end, min(start + MIN_SECONDS, done[index + 1].start))
        result.append(replace(cue, start=start, end=end))
    return result


def _ends_before(waiting: list[WordTiming], word: WordTiming) -> bool:
    if word.start - waiting[-1].end > _PAUSE:
        return True
    long_enough = waiting[-1].end - waiting[0].start >= MIN_SECONDS
    return long_enough and waiting[-1].text.rstrip(_CLOSERS).endswith(_ENDS)


def _fits(waiting: list[WordTiming], word: WordTiming) -> bool:
    if word.end - waiting[0].start > MAX_SECONDS:
        return False
    return len(_lines([*(each.text for each in waiting), word.text])) <= 2


def _break_index(waiting: list[WordTiming]) -> int:
    """After the last comma in the second half, so that phrases stay together; else the end."""
    for at in range(len(waiting) - 1, len(waiting) // 2, -1):
        if waiting[at - 1].text.rstrip(_CLOSERS).endswith(_ENDS + _BREAKS):
            return at
    return len(waiting)


def _cue(words: list[WordTiming], speaker: str | None) -> Cue:
    lines = _lines([word.text for word in words])
    if len(lines) == 2:
        lines = _balanced([word.text for word in words])
    return Cue(words[0].start, words[-1].end, "\n".join(lines), speaker)


def _lines(texts: list[str]) -> list[str]:
    lines = [texts[0]]
    for text in texts[1:]:
        joined = _join(lines[-1], text)
        if width(joined) <= LINE:
            lines[-1] = joined
        else:
            lines.append(text)
    return lines


def _balanced(texts: list[str]) -> list[str]:
    """Two lines of similar width."""
    best: tuple[float, list[str]] | None = None
    for at in range(1, len(texts)):
        pair = [_join_all(texts[:at]), _join_all(texts[at:])]
        widest = max(map(width, pair))
        if best is None or widest < best[0]:
            best = widest, pair
    return best[1] if best else texts


def _join_all(texts: list[str]) -> str:
    line = texts[0]
    for text in texts[1:]:
        line = _join(line, text)
    return line


def _join(left: str, right: str) -> str:
    """Joined with a space, unless one side's script has no spaces."""
    unspaced = _is_unspaced(left.rstrip(_CLOSERS)[-1:]) or _is_unspaced(right[:1])
    return left + right if unspaced else f"{left} {right}"


def _is_unspaced(character: str) -> bool:
    if not character:
        return False
    code = ord(character)
    if 0x0E00 <= code <= 0x0EFF or 0x1000 <= code <= 0x109F or 0x1780 <= code <= 0x17FF:
        return True
    hangul = 0x1100 <= code <= 0x11FF or 0x3130 <= code <= 0x318F or 0xAC00 <= code <= 0xD7FF
    emoji = category(character) == "So"
    return east_asian_width(character) in "WF" and not hangul and not emoji


def width(text: str) -> float:
    """Width of `text` on a caption line, in columns."""
    if text.isascii():
        return float(len(text))
    total = 0.0
    for character in text:
        if east_asian_width(character) in "WF":
            total += WIDE
        elif category(character) not in ("Mn", "Me", "Cf"):
            total += 1
    return total


def _split_wide_words(words: Iterable[WordTiming]) -> Iterable[WordTiming]:
    """Splits words that are wider than a line; each piece gets its share of the time."""
    for word in words:
        text = " ".join(word.text.split())
        if not text:
            continue
        if width(text) <= LINE:
            yield replace(word, text=text)
            continue
        start = 0
        per_character = (word.end - word.start) / len(text)
        while start < len(text):
            end = _line_end(text, start)
            last = word.end if end == len(text) else word.start + end * per_character
            yield WordTiming(text[start:end], word.start + start * per_character, last)
            start = end


def _line_end(text: str, start: int) -> int:
    total, end = 0.0, start
    while end < len(text) and total <= LINE:
        total += width(text[end])
        end += 1
    if total > LINE:
        end -= 1
    whole = end
    while start < whole < len(text) and is_joined(text, whole):
        whole -= 1
    return whole if whole > start else max(end, start + 1)


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
    """Without blank lines, which would end the cue, and without control characters."""
    lines = (" ".join(line.replace("\0", "").split()) for line in text.splitlines())
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
    """SubRip, which has no escapes: `-->`, which could be read as a time line, becomes `→`."""
    blocks = []
    for number, (start, end, cue) in enumerate(_time_spans(shown), 1):
        text = _text_lines(cue.text)
        if cue.speaker:
            text = f"{' '.join(cue.speaker.split())}: {text}"
        times = f"{_stamp(start, ',')} --> {_stamp(end, ',')}"
        blocks.append(f"{number}\n{times}\n{text.replace('-->', '→')}\n")
    return "\n".join(blocks)


def words_to_json(words: Iterable[WordTiming]) -> str:
    """A compact list of [text, start, end], in whole milliseconds."""
    rows = [[word.text, round(word.start * 1000), round(word.end * 1000)] for word in words]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def words_from_json(data: str | bytes) -> list[WordTiming]:
    """Reads the output of `words_to_json`. Raises ValueError if it is anything else."""
    try:
        return [WordTiming(str(t), s / 1000, e / 1000) for t, s, e in json.loads(data)]
    except TypeError as error:
        raise ValueError("not a list of word timings") from error


def cues_to_json(shown: Iterable[Cue]) -> str:
    """A compact list of [start, end, text, speaker], in whole milliseconds."""
    rows = [
        [round(cue.start * 1000), round(cue.end * 1000), cue.text, cue.speaker] for cue in shown
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def cues_from_json(data: str | bytes) -> list[Cue]:
    """Reads the output of `cues_to_json`. Raises ValueError if it is anything else."""
    try:
        return [Cue(s / 1000, e / 1000, text, who) for s, e, text, who in json.loads(data)]
    except TypeError as error:
        raise ValueError("not a list of caption cues") from error

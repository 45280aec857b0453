"""Word timings to captions: cues, WebVTT, SubRip and compact JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from unicodedata import category, east_asian_width

from troupe.speech.engine import WordTiming
from troupe.speech.text.graphemes import is_joined

LINE = 42  # columns, for two lines: the usual limit for Latin script
WIDE = LINE / 16  # columns of an ideograph, for lines of sixteen
MAX_SECONDS, MIN_SECONDS = 6.0, 1.0
_PAUSE = 0.7  # seconds of silence that part two cues

_ENDS = tuple(".!?…。！？।॥؟۔።")  # noqa: RUF001 - full stops of other scripts
_BREAKS = tuple(",;:—–、，；：،؛")  # noqa: RUF001 - and their commas
_CLOSERS = "\"'”’»)]}」』】）》"  # noqa: RUF001 - and their quotes


@dataclass(frozen=True, slots=True)
class Cue:
    """`text` of one or two lines, shown from `start` to `end` seconds; `speaker` may be None."""

    start: float
    end: float
    text: str
    speaker: str | None = None


def cues(words: Sequence[WordTiming], *, speaker: str | None = None) -> list[Cue]:
    """Words, in order, to cues that follow one another without overlap.

    A cue ends with a sentence, at a pause, after some six seconds, or when two lines are full. One
    shorter than a second stays on while nothing follows; the last ends with its last word.
    """
    done: list[Cue] = []
    waiting: list[WordTiming] = []
    for word in _narrow(words):
        while waiting and not _fits(waiting, word):
            at = _break_place(waiting)
            done.append(_cue(waiting[:at], speaker))
            del waiting[:at]
        if waiting and _is_over(waiting, word):
            done.append(_cue(waiting, speaker))
            waiting = []
        waiting.append(word)
    if waiting:
        done.append(_cue(waiting, speaker))
    return _lengthened(done)


def _lengthened(done: list[Cue]) -> list[Cue]:
    """Times that never run backwards, and the short cues stretched into the silence after them."""
    result: list[Cue] = []
    for index, cue in enumerate(done):
        start = max(cue.start, result[-1].end) if result else cue.start
        end = max(cue.end, start)
        if index + 1 < len(done):
            end = max(end, min(start + MIN_SECONDS, done[index + 1].start))
        result.append(replace(cue, start=start, end=end))
    return result


def _is_over(waiting: list[WordTiming], word: WordTiming) -> bool:
    if word.start - waiting[-1].end > _PAUSE:
        return True
    long_enough = waiting[-1].end - waiting[0].start >= MIN_SECONDS
    return long_enough and waiting[-1].text.rstrip(_CLOSERS).endswith(_ENDS)


def _fits(waiting: list[WordTiming], word: WordTiming) -> bool:
    if word.end - waiting[0].start > MAX_SECONDS:
        return False
    return len(_lines([*(each.text for each in waiting), word.text])) <= 2


def _break_place(waiting: list[WordTiming]) -> int:
    """After the last comma of the second half, so that a phrase stays together; else the end."""
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
    """Two lines of about the same width."""
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
    """With a space, unless one side is of a script that writes none."""
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
    """Columns that `text` takes on a caption line."""
    if text.isascii():
        return float(len(text))
    total = 0.0
    for character in text:
        if east_asian_width(character) in "WF":
            total += WIDE
        elif category(character) not in ("Mn", "Me", "Cf"):
            total += 1
    return total


def _narrow(words: Iterable[WordTiming]) -> Iterable[WordTiming]:
    """Words that are wider than a line in pieces that are not, with their share of the time."""
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


def _spans(shown: Iterable[Cue]) -> Iterable[tuple[int, int, Cue]]:
    """Whole milliseconds: a cue lasts one at least, and begins when the last has ended."""
    last = 0
    for cue in shown:
        start = max(last, round(cue.start * 1000))
        last = max(start + 1, round(cue.end * 1000))
        yield start, last, cue


def _text_lines(text: str) -> str:
    """A blank line would end the cue, and other controls have no meaning in one."""
    lines = (" ".join(line.replace("\0", "").split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def to_vtt(shown: Iterable[Cue]) -> str:
    """WebVTT (https://www.w3.org/TR/webvtt1/). No text can end a cue or become a tag."""
    blocks = ["WEBVTT"]
    for start, end, cue in _spans(shown):
        text = _escaped(_text_lines(cue.text))
        if cue.speaker:
            text = f"<v {_escaped(' '.join(cue.speaker.split()))}>{text}"
        blocks.append(f"{_stamp(start, '.')} --> {_stamp(end, '.')}\n{text}")
    return "\n\n".join(blocks) + "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_srt(shown: Iterable[Cue]) -> str:
    """SubRip. It has no escapes: an arrow that could be read as a time line is written `→`."""
    blocks = []
    for number, (start, end, cue) in enumerate(_spans(shown), 1):
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
    """What `words_to_json` wrote. Raises ValueError when it is not that."""
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
    """What `cues_to_json` wrote. Raises ValueError when it is not that."""
    try:
        return [Cue(s / 1000, e / 1000, text, who) for s, e, text, who in json.loads(data)]
    except TypeError as error:
        raise ValueError("not a list of caption cues") from error

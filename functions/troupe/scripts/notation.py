# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""What nobody speaks in a screenplay: headings, transitions, cues for sound, times. By the rules of
Fountain (https://fountain.io/syntax/), and the words of plays and transcripts."""

from __future__ import annotations

import re
from typing import NamedTuple

from troupe.scripts.names import loose_key, speaker_key
from troupe.scripts.vocabulary import (
    CAST_LISTS,
    CUES,
    ENDINGS,
    NOTES,
    TITLE_KEYS,
    TRANSITIONS,
)

BLANK = " \t\u00a0\u202f\u3000\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad"

_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,:;]\d{1,3})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_RANGE = rf"{_CLOCK}(?:\s?(?:-->|[-–—])\s?{_CLOCK})?"
_WHEN = rf"(?:\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}},?\s)?{_RANGE}"
_STAMP = re.compile(
    rf"(?:(?P<closed>\[{_WHEN}\]|\({_WHEN}\)|<{_WHEN}>)|{_WHEN}(?=\s|$))\s*(?:[-–—|>]\s+)?"
)
STAMP = re.compile(_WHEN)
_AFTER_NAME = re.compile(rf"[\s,;|–—-]{{1,4}}(?:\[{_RANGE}\]|\({_RANGE}\)|{_RANGE})$")
_TIMING = re.compile(rf"{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?")

_NUMBER = (
    r"(?:\d+|[ivxlc]+|[a-z]|one|two|three|four|five|eins|zwei|drei|un|deux|trois|uno|dos|tres|due|tre|"
    r"um|dois|três|première?|premier|primero|primera|primo|prima|primeiro|primeira|the \w+)"
)
_NUMBERED = re.compile(
    r"(?:(?:act|scene|part|episode|chapter|akt|aufzug|auftritt|szene|bild|acte|scène|tableau|acto|escena|"
    rf"cuadro|atto|scena|ato|cena|quadro|действие|сцена|akt|scena)\s{_NUMBER}(?:[.:)]|\s[-–—]|$).*"
    r"|第[\d一二三四五六七八九十百]+[幕場场回話话章集].*"
    rf"|(?:end of|ende des|ende der|fin de|fine del|fim do|fim da)\s(?:the\s)?"
    r"(?:act|scene|play|episode|show|part|akts|aktes|szene|l'acte|la scène|acto|escena|atto|scena|"
    r"ato|cena)\b.*)"
)
_PLACE = re.compile(
    r"(?:(?:INT|EXT|INT\.?/EXT|EXT\.?/INT|I/E|E/I|INNEN|AUSSEN|INNEN/AUSSEN|INTERNO|ESTERNO|INTERIOR|"
    r"EXTERIOR|INTÉRIEUR|EXTÉRIEUR|ИНТ|НАТ|ЭКСТ)(?:\.\s?|\s?[-–—:]\s|\s)|EST\.\s)\S.*"
)
_PLACE_ANY_CASE = re.compile(r"(?:int|ext|est|int\.?/ext|ext\.?/int|i/e|e/i)\.\s.*", re.IGNORECASE)
_RULE = re.compile(r"[-*_=~]{3,}|(?:[-*_=]\s){2,}[-*_=]|#{1,6}(?:\s.*)?|=\s.*")

# The longest first: alternatives are tried in order.
_TRANSITIONS = "|".join(sorted(TRANSITIONS, key=len, reverse=True))
_TRANSITION_CAPS = re.compile(rf"(?:{_TRANSITIONS})(?:\s.*|[:.].*)?")
_NOTE = re.compile(r"\[\[(?:[^\[\]\n]|\n(?![ \t]*+\n)){0,5000}+\]\]")
_CUE_NUMBER = re.compile(r"[\s#.-]*(?:\d+|\bcue\b)[\s.]*$")

_MOST_HEADING = 40  # characters of an ending, or of the heading of a list

_LOOSE_CUES, _LOOSE_NOTES, _LOOSE_ENDS = (
    frozenset(loose_key(speaker_key(word)) for word in words) for words in (CUES, NOTES, ENDINGS)
)


class Stamp(NamedTuple):
    """A time at the start of a line. `certain`: it has brackets, so it is nothing else."""

    rest: str
    certain: bool


def is_caps(text: str) -> bool:
    """Whether the letters of a text that have cases are capitals, and there are some."""
    return text != text.lower() and not any(map(str.islower, text))


def stamped(line: str) -> Stamp | None:
    """A line without the time it begins with: `[00:01:02] ...`, `00:01 ...`,
    `12/05/2026, 14:30 - ...`; None if it begins with none."""
    match = _STAMP.match(line)
    return Stamp(line[match.end() :], match["closed"] is not None) if match else None


def without_stamp(name: str) -> str:
    """A name without the time after it: `Anna 0:15`, `Anna - 00:00:15`."""
    match = _AFTER_NAME.search(name, max(0, len(name) - 40))
    return name[: match.start()] if match else name


def is_timing(line: str) -> bool:
    """Whether a line is the timing of a subtitle (SRT, WebVTT)."""
    return "-->" in line and _TIMING.fullmatch(line) is not None


def is_heading(line: str, *, within_speech: bool) -> bool:
    """Scene headings, acts, sections, synopses, rules and transitions. Inside a speech, words
    must be capitals: somebody may say "part two"."""
    if _RULE.fullmatch(line) or _PLACE.fullmatch(line) or _PLACE_ANY_CASE.fullmatch(line):
        return True
    bare = line.strip("*_ ")
    folded = bare.casefold()
    if is_caps(bare) and (bare.endswith(" TO:") or _TRANSITION_CAPS.fullmatch(folded)):
        return True
    if within_speech and not is_caps(bare.split(" ", 1)[0]):
        return False
    return bool(_NUMBERED.fullmatch(folded) or folded.rstrip(" .:") in TRANSITIONS)


def is_ending(line: str, *, within_speech: bool) -> bool:
    """`THE END`, `FIN`, `ENDE`. Inside a speech only capitals are: somebody may say "the end"."""
    if within_speech and not is_caps(line):
        return False
    return len(line) <= _MOST_HEADING and loose_key(speaker_key(line)) in _LOOSE_ENDS


def is_cue(line: str, *, within_speech: bool) -> bool:
    """`SFX: a door`, `MUSIQUE :`, `NOTE: ...`."""
    head, colon, _ = line[:60].replace("：", ":").partition(":")
    if not colon:
        return False
    key = loose_key(_CUE_NUMBER.sub("", speaker_key(head)))
    if key in _LOOSE_CUES:
        return True
    return key in _LOOSE_NOTES and (is_caps(head) or not within_speech)


def is_cast_list(line: str) -> bool:
    """The heading of a list of the characters."""
    # Keys are cached: a whole book on one line must not be.
    return len(line) <= _MOST_HEADING and speaker_key(line.rstrip(" :：")) in CAST_LISTS


def is_title_line(line: str) -> bool:
    """A line of Fountain's title page, `Title: ...`."""
    head, colon, _ = line[:40].partition(":")
    return bool(colon) and speaker_key(head) in TITLE_KEYS


def without_comments(text: str) -> str:
    """Without Fountain's boneyards (`/* */`) and notes (`[[ ]]`), and with as many lines."""
    kept, at = [], 0
    while (start := text.find("/*", at)) >= 0 and (end := text.find("*/", start + 2)) >= 0:
        kept += [text[at:start], "\n" * text.count("\n", start, end)]
        at = end + 2
    return _NOTE.sub(lambda note: "\n" * note[0].count("\n"), "".join([*kept, text[at:]]))

# ruff: noqa: RUF001 - this file is about the punctuation of other scripts
"""Where sentences and clauses end. The only splitter: the planner of parts, the calls of engines
and the captions use it."""

from __future__ import annotations

import re
from functools import lru_cache

from troupe.speech.text.graphemes import is_joined

# Sentence ends and commas of scripts with spaces (Latin, Armenian, Ethiopic, Arabic, Devanagari,
# Urdu, Myanmar, Khmer, Tibetan), and of scripts without, where no space follows.
ENDS = ".!?…‽։።፧।॥؟۔။៕།"
COMMAS = ",;:—–،؛፣፤၊"
UNSPACED_ENDS = "。！？｡．"
UNSPACED_COMMAS = "、，；："
CLOSERS = "\"'”’»›)\\]}」』】）》〉"

SENTENCE = re.compile(
    rf"(?:(?P<stop>\.)|[{ENDS}])[{CLOSERS}]*\s+|[{UNSPACED_ENDS}…]+[{CLOSERS}]*\s*"
)
CLAUSE = re.compile(rf"[{COMMAS}][{CLOSERS}]*\s+|[{UNSPACED_COMMAS}]+[{CLOSERS}]*\s*|[^\S\n]*\n\s*")
# A comma or a dash at the end of a word; a colon between digits is none.
_CLAUSE_END = re.compile(rf"[{COMMAS}{UNSPACED_COMMAS}][{CLOSERS}]*\Z|\A[—–-]\Z")

_TO_LAST_WORD = re.compile(r".*[\s\"“‘«(\[{]", re.DOTALL)
_DOTTED = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]\Z")  # "e.g", "U.S" and initials
_LOOK_BACK = 40

# Abbreviations, in lower case, whose full stop never ends a sentence: something belongs to them.
_ALWAYS = frozenset(
    (  # noqa: SIM905 - a hundred short words are easier to read as text
        "mr mrs ms mx dr prof st ste rev fr hon gen col maj capt cpt lt sgt cmdr adm gov sen "
        "rep pres fig figs eq ch sec art par eds al vs cf viz approx ave blvd mt ft "
        "gr mag ing bzw usw ca hr fr inkl evtl ggf vgl abb bd hrsg str geb sog dipl tel "  # German
        "mm mme mmes mlle mgr chap av bd "  # French
        "sra sr srta dra ud uds vd vds pág págs núm d dña exmo av "  # Spanish, Portuguese
        "sig sigg dott pag ecc avv arch egr "  # Italian
        "dhr mevr mw bijv blz drs ir "  # Dutch
        "гг ул рис им др пр тыс млн млрд см стр проф акад "  # Russian
        "ul prof dr inż mgr np tzn tzw ks św "  # Polish
        "sn bkz doç yrd örn "  # Turkish
    ).split()
)
# These end a sentence if a new one begins: before a word that often begins one.
_SOMETIMES = frozenset(
    (  # noqa: SIM905
        "etc jr sr inc ltd corp bros co dept ed ext jan feb mar apr jun jul aug sep sept oct nov "
        "dec rd vol vols pp p no nr nos env éd enz г ст т kg km cm mm min max oz lb lbs tsp tbsp"
    ).split()
)
# Before a number only: "No. 7" and "No. I will not."
_BEFORE_NUMBER = frozenset(
    (  # noqa: SIM905
        "no nos nr p pp vol vols núm n art s str para paras cl reg abs lit rn т ст"
    ).split()
)
_BEGINNERS = frozenset(
    (  # noqa: SIM905
        "the a an he she it they we you i in on at but and this that these those there then when "
        "if what why how who his her our my your their as for after before so yet now no yes "
        "der die das er sie es wir ich ein eine und aber dann wenn le la les il elle nous vous un "
        "une et mais el los las ella ellos un una y pero o os ele ela lo gli egli noi ma de het "
        "een en maar он она они мы вы я но и а в на то это"
    ).split()
)
_NEXT_WORD = re.compile(r"[\"'“‘«(\[¿¡]*(\w+)")
# Languages that write ordinals as "3.".
_ORDINAL_DOT = re.compile("da|de|et|fi|hr|hu|is|lb|lv|nb|nn|no|sk|sl|sr|cs|bs|pl|tr")


def ends_clause(text: str) -> bool:
    """Whether a clause ends with a text."""
    end = text.rstrip()
    return not end[-1:].isalnum() and _CLAUSE_END.search(end) is not None


@lru_cache(maxsize=256)
def writes_ordinals_with_dot(language: str) -> bool:
    return bool(_ORDINAL_DOT.fullmatch(language.partition("-")[0].lower()))


def sentence_ends(text: str, language: str) -> list[int]:
    """The offsets after each sentence and the white space behind it; the end of the text is left
    out. Linear."""
    if SENTENCE.search(text) is None:
        return []
    ordinal_dot = writes_ordinals_with_dot(language)
    return [
        at
        for match in SENTENCE.finditer(text)
        if (at := match.end()) < len(text)
        and not is_joined(text, at)
        and is_end(text, match, ordinal_dot)
    ]


def is_end(text: str, match: re.Match[str], ordinal_dot: bool) -> bool:
    """Whether a match really is a boundary: a full stop may follow an abbreviation or a number."""
    if match.re is not SENTENCE:
        return True
    if match["stop"] is None:
        # "Stop!" she said. "What?" he asked.
        closed = match[0].rstrip()[-1:] in "\"'”’»›" or match[0].startswith("…")
        return not (closed and text[match.end() : match.end() + 1].islower())
    follows = _NEXT_WORD.match(text, match.end())
    if text[match.end() : match.end() + 1].islower() or (follows and follows[1][0].islower()):
        return False
    stop = match.start()
    before = text[max(0, stop - _LOOK_BACK) : stop]
    found = _TO_LAST_WORD.match(before)
    word = before[found.end() :] if found else before
    return _ends_after(word, before, follows[1] if follows else "", ordinal_dot)


def _ends_after(word: str, before: str, follows: str, ordinal_dot: bool) -> bool:
    """Whether the stop after `word` ends a sentence, if `follows` is the next word."""
    key = word.lower()
    if key in _BEFORE_NUMBER and follows[:1].isdecimal():
        return False
    if key in _ALWAYS:
        return False
    if _DOTTED.fullmatch(word):
        # "in the U.S. The law" and "at 5 p.m. We left", but "J. Smith" and "z. B. The".
        return len(word) > 1 and follows.lower() in _BEGINNERS
    if key in _SOMETIMES:
        short = key in _BEFORE_NUMBER and key in ("no", "p", "s", "n")  # also words
        return short or follows.lower() in _BEGINNERS
    if word.isdecimal():
        line = before[: len(before) - len(word)].rstrip(" \t")
        numbered = not line or line.endswith("\n")  # "1. One" begins a list item
        return not (numbered or (ordinal_dot and len(word) < 3))
    return True

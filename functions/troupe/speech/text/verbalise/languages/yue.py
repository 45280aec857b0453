"""Cantonese, written as in Hong Kong."""

from __future__ import annotations

from dataclasses import replace

from troupe.speech.text.verbalise.cldr import spelled
from troupe.speech.text.verbalise.languages import zh
from troupe.speech.text.verbalise.rules import Rules


def say_cardinal(number: int, ruleset: str) -> str:
    # 二百, 二千: only the number two alone is 兩.
    ordinal = ruleset == "spellout-ordinal"
    return spelled(number, "yue", ruleset if ordinal else "spellout-numbering")


def rules(base: Rules, region: str) -> Rules:
    return replace(zh.rules(base, "HK"), say_cardinal=say_cardinal)

"""Reads numbers, dates, money, units, abbreviations and addresses in words.

To add a language: write `languages/xx.py` (ISO 639) with `rules(base, region) -> Rules`, which
replaces tables of `base` (what CLDR says of the language: see `cldr.base`), and
`tests/unit/speech/reading/test_xx.py` with a table of rows. Reading is done by kinds of text
(`rules.Kind`), in the order of `reader.Reader`; a language may put its own before them.
"""

from troupe.speech.text.verbalise.reader import verbalise
from troupe.speech.text.verbalise.say_as import say_as, spell

__all__ = ["say_as", "spell", "verbalise"]

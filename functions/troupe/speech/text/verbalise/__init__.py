"""Reads numbers, dates, money, units, abbreviations and addresses in words.

`reader` looks once through a sentence for the kinds of text (`rules.Kind`) of a language, and each
kind says its matches by the tables of the language (`rules.Rules`). What is not certain is left to
the engine. A language without a module of its own is read by what CLDR says of it (`cldr.base`):
its numbers, units, currencies, percent, dates; ICU spells the numbers.

To add a language:

1. Write `languages/xx.py` (ISO 639) with `rules(base, region) -> Rules`: `base` with the tables
   replaced that CLDR lacks or has otherwise. Large tables go to `languages/xx_tables.py`. The first
   to fill is `words`: kinds whose words are missing are not read.
2. Number forms are ICU's rulesets: `spellout-numbering`, `spellout-cardinal-feminine`,
   `spellout-ordinal-masculine`, … (CLDR, `common/rbnf/xx.xml`). Give `counted` for nouns, a ruleset
   to nouns of another gender (`unit_rulesets`, `Noun.ruleset`, `Scale.ruleset`), and `ordinals` by
   the suffixes that people write.
3. What tables cannot express are functions: `say_date`, `say_time`, `say_year`, `say_fraction`, …;
   what only this language writes ("3. Mai", "9h30") are `kinds` of its own, tried before others.
   Their patterns must be linear: repeat possessively or a bounded number of times.
4. Write `tests/unit/speech/reading/test_language.py` with a table of rows, like `test_german.py`,
   and add the language to `LANGUAGES` of `test_reader.py`.
"""

from troupe.speech.text.verbalise.reader import verbalise
from troupe.speech.text.verbalise.say_as import say_as, spell

__all__ = ["say_as", "spell", "verbalise"]

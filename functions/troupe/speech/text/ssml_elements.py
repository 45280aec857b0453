# ruff: noqa: RUF001 - IPA has letters that look like others
"""What the elements of SSML mean, apart from where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from troupe.borders import Border
from troupe.speech.prosody import Prosody
from troupe.speech.text import ssml_values as values
from troupe.speech.text.ipa import InvalidIPA, parse_ipa
from troupe.speech.text.marks import MarkKind, MarkValue, SayAs

T = TypeVar("T")
Given = Mapping[str, str]  # the attributes
Warn = Callable[[str], None]

# The supported elements and their attributes.
SUPPORTED: dict[str, tuple[str, ...]] = {
    "speak": (),
    "p": (),
    "s": (),
    "break": ("time", "strength"),
    "say-as": ("interpret-as", "format"),
    "sub": ("alias",),
    "phoneme": ("alphabet", "ph"),
    "emphasis": ("level",),
    "prosody": ("rate", "pitch", "volume"),
}
# The others of SSML 1.1, and those of Google, Microsoft, IBM and Amazon that have no prefix.
IGNORED = frozenset(
    (
        "audio", "bookmark", "desc", "express-as", "lang", "lexicon", "lookup", "mark", "media",
        "meta", "metadata", "par", "seq", "token", "voice", "voice-transformation", "w",
    )
)  # fmt: skip
TEXT_ONLY = frozenset({"say-as", "sub", "phoneme"})  # and they must have some
_SPELLED = ("characters", "spell-out", "verbatim")
_SAY_AS = (
    "address", "cardinal", "currency", "date", "digits", "fraction", "number", "ordinal",
    "telephone", "time", "unit",
)  # fmt: skip


class BadElement(ValueError):
    """`expected`: a sentence about what would be right."""

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(problem)
        self.expected = expected


class Meaning(NamedTuple):
    kind: MarkKind | None = None
    value: MarkValue = None


def meaning(name: str, given: Given, warn: Warn) -> Meaning:
    """What an element of SUPPORTED marks. Raises BadElement."""
    for attribute in given:
        declares = attribute == "xmlns" or attribute.startswith("xmlns:")
        if name != "speak" and not declares and attribute not in SUPPORTED[name]:
            warn(f"The attribute {attribute[:40]} of <{name}> is ignored.")
    found = _MEANINGS.get(name)
    return found(given, warn) if found else Meaning()


def _needed(name: str, given: Given, attribute: str) -> str:
    value = given.get(attribute, "").strip()
    if not value:
        raise BadElement(f"<{name}> has no {attribute}", f'Write <{name} {attribute}="…">.')
    return value


def _value(name: str, given: Given, attribute: str, parse: Callable[[str], T]) -> T | None:
    if attribute not in given:
        return None
    try:
        return parse(given[attribute].strip())
    except values.BadValue as error:
        raise BadElement(f"the {attribute} of <{name}> is wrong", f"It must be {error}.") from None


def _pause(given: Given, _: Warn) -> Meaning:
    if "time" in given:
        return Meaning(MarkKind.PAUSE, _value("break", given, "time", values.time))
    strength = _value("break", given, "strength", values.strength)
    return Meaning(MarkKind.PAUSE, Border.SENTENCE if strength is None else strength)


def _alias(given: Given, _: Warn) -> Meaning:
    return Meaning(MarkKind.ALIAS, " ".join(_needed("sub", given, "alias").split()))


def _emphasis(given: Given, _: Warn) -> Meaning:
    level = _value("emphasis", given, "level", values.level)
    return Meaning(MarkKind.EMPHASIS, level or "moderate")


def _say_as(given: Given, warn: Warn) -> Meaning:
    wanted = _needed("say-as", given, "interpret-as")
    if wanted in _SPELLED:
        return Meaning(MarkKind.SPELL)
    if wanted in _SAY_AS:
        return Meaning(MarkKind.SAY_AS, SayAs(wanted, given.get("format", "").strip()))
    known = ", ".join((*_SPELLED, *_SAY_AS))
    warn(f"An interpret-as of <say-as> is ignored. Supported are {known}.")
    return Meaning()


def _phoneme(given: Given, warn: Warn) -> Meaning:
    said = _needed("phoneme", given, "ph")
    if given.get("alphabet", "ipa").strip() != "ipa":
        warn("A <phoneme> in another alphabet than ipa is ignored; its text is spoken.")
        return Meaning()
    try:
        return Meaning(MarkKind.PHONEMES, parse_ipa(said))
    except InvalidIPA as error:
        problem = f"the pronunciation in ph {error}"
        raise BadElement(problem, 'Write IPA, such as ph="ˈwɪn".') from None


def _prosody(given: Given, warn: Warn) -> Meaning:
    rate = _value("prosody", given, "rate", values.rate)
    pitch = _value("prosody", given, "pitch", values.pitch)
    volume = _value("prosody", given, "volume", values.volume)
    if "pitch" in given and pitch is None:
        warn("A pitch in Hz is ignored. Write a change, such as +2st or -10%.")
    wanted = Prosody(1.0 if rate is None else rate, pitch or 0.0, volume or 0.0)
    return Meaning() if wanted == Prosody() else Meaning(MarkKind.PROSODY, wanted)


_MEANINGS: dict[str, Callable[[Given, Warn], Meaning]] = {
    "p": lambda given, warn: Meaning(MarkKind.BORDER, Border.PARAGRAPH),
    "s": lambda given, warn: Meaning(MarkKind.BORDER, Border.SENTENCE),
    "break": _pause,
    "say-as": _say_as,
    "sub": _alias,
    "phoneme": _phoneme,
    "emphasis": _emphasis,
    "prosody": _prosody,
}

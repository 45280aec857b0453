"""The catalogue: styles, and the languages, voice types and limits of each engine.

It is static, so that the HTTP functions answer and validate without loading an engine; a test
compares it with the engines themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from troupe.speech.engine import Capabilities, Language, VoiceType
from troupe.speech.languages import ALIASES, ESPEAK, OPENAI

DEFAULT_STYLE = "neutral"
MIN_SPEED, MAX_SPEED = 0.5, 2.0

# Text of one call, in code points. espeak has no limit of its own: this one keeps the sound of a
# call within a few minutes, so memory stays flat. OpenAI: 4096 characters, see its API reference.
ESPEAK_CHARACTERS = 2_000
OPENAI_CHARACTERS = 4_096


@dataclass(frozen=True, slots=True)
class Style:
    """A way of speaking that every engine here can express by rate, pitch, range or wording."""

    id: str
    name: str
    description: str


STYLES = (
    Style("neutral", "Neutral", "Even and clear; fits any text."),
    Style("narration", "Narration", "Measured, with room between words, for stories and lessons."),
    Style("conversational", "Conversational", "A little quicker and livelier, as among friends."),
    Style("cheerful", "Cheerful", "Bright and lively, with a wide range of pitch."),
    Style("calm", "Calm", "Slow, soft and level."),
    Style("serious", "Serious", "Lower and flatter, for news and notices."),
    Style("excited", "Excited", "Fast and high, with a very wide range of pitch."),
    Style("whisper", "Whisper", "Breath without voice."),
)


def flag(region: str) -> str:
    """The flag emoji of an ISO 3166-1 region ("DE") or a UK subdivision ("gbwls"); "" for ""."""
    if len(region) == 2:
        return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in region)
    if region:
        tags = "".join(chr(0xE0000 + ord(letter)) for letter in region)
        return f"\U0001f3f4{tags}\U000e007f"  # Unicode TR 51, emoji tag sequence
    return ""


@cache
def capabilities(engine_name: str) -> Capabilities:
    """What the engine of that name can do. Raises ValueError for a name that is none."""
    if engine_name == "espeak":
        rows = tuple(row[:3] for row in ESPEAK)
    elif engine_name == "openai":
        rows = OPENAI
    else:
        raise ValueError(f"no speech engine is called {engine_name!r}; there are {ENGINES}")
    return Capabilities(
        languages=tuple(Language(code, name, flag(region)) for code, name, region in rows),
        voice_types=frozenset(VoiceType),
        styles=tuple(style.id for style in STYLES),
        max_characters=ESPEAK_CHARACTERS if engine_name == "espeak" else OPENAI_CHARACTERS,
        cloning=False,
        word_timings=engine_name == "espeak",
    )


ENGINES = ("espeak", "openai")


@cache
def _codes(engine_name: str) -> dict[str, Language]:
    return {item.code.lower(): item for item in capabilities(engine_name).languages}


def language_named(code: str, engine_name: str) -> Language | None:
    """The language that `code` means to the engine, in any letter case, or None.

    An exact code wins, then an alias ("en", "zh-CN", "es-MX"), then the code without its last
    subtags ("de-AT" is "de"): a region that an engine has no accent for is still that language.
    """
    known = _codes(engine_name)
    wanted = code.strip().replace("_", "-").lower()
    while wanted:
        if wanted in known:
            return known[wanted]
        for candidate in ALIASES.get(wanted, ()):
            if candidate.lower() in known:
                return known[candidate.lower()]
        wanted = wanted.rpartition("-")[0]
    return None


def style_named(style_id: str) -> Style | None:
    return next((style for style in STYLES if style.id == style_id), None)

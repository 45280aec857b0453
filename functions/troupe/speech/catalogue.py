"""The catalogue: styles, and the languages, voice types and limits of each engine.

It is static, so that the HTTP functions can answer and validate without loading an engine. A test
compares it with the engines themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from troupe.speech.engine import Capabilities, Control, Language, VoiceType
from troupe.speech.languages import ALIASES, ESPEAK
from troupe.speech.languages_remote import ELEVENLABS, F5TTS, GOOGLE, OPENAI
from troupe.speech.voices_kokoro import LANGUAGES as KOKORO
from troupe.speech.voices_piper import folders, installed, languages

DEFAULT_STYLE = "neutral"
MIN_SPEED, MAX_SPEED = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Style:
    """A speaking style. Each engine offers the styles it supports."""

    id: str
    name: str
    description: str


STYLES = (
    Style("neutral", "Neutral", "Even and clear; fits any text."),
    Style("narration", "Narration", "Measured, with space between words, for stories and lessons."),
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


_ALL_STYLES = tuple(style.id for style in STYLES)
# Possible with rate and pitch alone, without wider intonation or whispering.
_BY_PROSODY = ("neutral", "narration", "conversational", "calm", "serious")
_BY_STABILITY = ("neutral", "narration", "conversational", "calm")


@dataclass(frozen=True, slots=True)
class _Offer:
    """What an engine supports. `max_characters`: per call, in code points."""

    languages: tuple[tuple[str, str, str], ...]
    max_characters: int
    styles: tuple[str, ...] = _ALL_STYLES
    cloning: bool = False
    keeps_clones: bool = False
    word_timings: bool = False
    groups_sentences: bool = True
    reads_all_languages: bool = False
    controls: frozenset[Control] = frozenset((Control.RATE, Control.VOLUME))


_ALL_BUT_EMPHASIS = frozenset(Control) - {Control.EMPHASIS}
_OFFERS = {
    # It has no limit of its own. This one keeps the audio of a call within a few minutes, to bound
    # memory.
    "espeak": _Offer(
        tuple(row[:3] for row in ESPEAK),
        2_000,
        word_timings=True,
        groups_sentences=False,
        controls=_ALL_BUT_EMPHASIS,
    ),
    # A minute of speech: about fifteen seconds of work.
    "kokoro": _Offer(
        KOKORO,
        1_000,
        _BY_PROSODY,
        word_timings=True,
        groups_sentences=False,
        controls=_ALL_BUT_EMPHASIS,
    ),
    # Its languages are those of the voices that are installed.
    "piper": _Offer(
        (),
        1_000,
        _BY_STABILITY,
        word_timings=True,
        groups_sentences=False,
        controls=frozenset((Control.RATE, Control.VOLUME, Control.PHONEMES)),
    ),
    "openai": _Offer(OPENAI, 4_096, reads_all_languages=True),  # from its API reference
    # It cuts text itself. About 40 s of speech keep a call within its timeout on a busy server.
    "f5tts": _Offer(F5TTS, 600, ("neutral",), cloning=True, reads_all_languages=True),
    # The limit of the free plan; other plans allow 10,000. Only its English models take phonemes.
    "elevenlabs": _Offer(
        ELEVENLABS,
        2_500,
        _BY_STABILITY,
        cloning=True,
        keeps_clones=True,
        word_timings=True,
        reads_all_languages=True,
    ),
    # 5,000 bytes, at up to four per code point: https://cloud.google.com/text-to-speech/quotas
    "google": _Offer(GOOGLE, 1_250, _BY_PROSODY, controls=_ALL_BUT_EMPHASIS),
}
ENGINES = tuple(_OFFERS)


@cache
def capabilities(engine_name: str) -> Capabilities:
    """What the named engine supports. Raises ValueError for an unknown name."""
    offer = _OFFERS.get(engine_name)
    if offer is None:
        raise ValueError(
            f"unknown speech engine {engine_name!r}; the engines are {', '.join(ENGINES)}"
        )
    rows = offer.languages
    if engine_name == "piper":
        rows = languages(installed(folders()).values())
    return Capabilities(
        languages=tuple(Language(code, name, flag(region)) for code, name, region in rows),
        voice_types=frozenset(VoiceType),
        styles=offer.styles,
        max_characters=offer.max_characters,
        cloning=offer.cloning,
        keeps_clones=offer.keeps_clones,
        word_timings=offer.word_timings,
        groups_sentences=offer.groups_sentences,
        reads_all_languages=offer.reads_all_languages,
        controls=offer.controls,
    )


@cache
def _codes(engine_name: str) -> dict[str, Language]:
    return {item.code.lower(): item for item in capabilities(engine_name).languages}


def language_named(code: str, engine_name: str) -> Language | None:
    """The engine's language for `code`, ignoring case, or None.

    Tries the exact code, then aliases ("en", "zh-CN", "es-MX"), then the code without its last
    subtags ("de-AT" is "de"), since a region without its own accent is still that language.
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


# Codes of one language: a macrolanguage and its usual member, or a code and the one before it.
_PRIMARY = {"cmn": "zh", "nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id"}


def same_language(one: str, other: str) -> bool:
    """Whether two codes are of one language, whatever its region, script or variant."""
    first, second = (code.partition("-")[0].lower() for code in (one, other))
    return _PRIMARY.get(first, first) == _PRIMARY.get(second, second)


def style_named(style_id: str) -> Style | None:
    return next((style for style in STYLES if style.id == style_id), None)

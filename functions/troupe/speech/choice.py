"""Which of the engines, and which of its voices, speaks what a request asks for.

SPEECH_ENGINES lists the engines that are there, the preferred one first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from troupe.errors import UnknownChoice, WrongField
from troupe.speech.catalogue import DEFAULT_STYLE, STYLES, Style, capabilities, language_named
from troupe.speech.engine import Language, SpeechEngine, VoiceType
from troupe.speech.voices import NamedVoice, all_voices, voices_of

Engines = Callable[[str], SpeechEngine]
"""Returns the engine with a name; for "", the preferred one. Raises ValueError if it does not exist
or a setting is missing, RuntimeError if its package is not installed."""

# That an error names.
_MOST_VOICES = 60
_MOST_BLENDED = 4


class VoiceChoice(NamedTuple):
    """Who speaks: an engine, its code of the language, a type, and a name that the engine knows, or
    a blend of names; "" if it chooses by language, type and style."""

    engine: str
    language: str
    type: VoiceType
    voice_id: str = ""


def choose_voice(
    engines: tuple[str, ...],
    language: str,
    voice_type: VoiceType,
    style: str,
    *,
    clones: bool = False,
) -> VoiceChoice:
    """The first engine that speaks the language in a voice of this type and style. An engine that
    has just this region or variant goes first: "en-scotland" before "en".
    `clones`: there is a recording to clone, so engines that can go first.

    Raises UnknownChoice with the allowed values.
    """
    speaking = _speaking(language, engines)
    if clones:
        speaking.sort(key=lambda each: not capabilities(each[0]).cloning)
    for engine, found in speaking:
        offered = capabilities(engine)
        if voice_type in offered.voice_types and style in offered.styles:
            return VoiceChoice(engine, found.code, voice_type)
    wrong = []
    if not speaking:
        codes = [each.code for each in offered_languages(engines)]
        wrong.append(UnknownChoice.field("language", codes))
    those = tuple(engine for engine, _ in speaking) or engines
    types = sorted({each for engine in those for each in capabilities(engine).voice_types})
    if voice_type not in types:
        wrong.append(UnknownChoice.field("voiceType", list(types)))
    styles = [each.id for each in offered_styles(those)]
    if style not in styles or not wrong:
        wrong.append(UnknownChoice.field("voiceStyle", styles))
    raise UnknownChoice(details={"fields": wrong})


def choose_named(engines: tuple[str, ...], voice_id: str, language: str, style: str) -> VoiceChoice:
    """The voice with this id, or a blend of voices of one engine: "af_heart:0.7+am_michael:0.3".

    Raises UnknownChoice with the allowed values.
    """
    known = all_voices(engines)
    parts = [part.partition(":") for part in voice_id.split("+")]
    voices = [known[name.strip()] for name, _, _ in parts if name.strip() in known]
    if len(voices) < len(parts) or not _can_blend(voices, [weight for _, _, weight in parts]):
        raise UnknownChoice(details={"fields": [_voice_field(engines, language)]})
    engine = voices[0].engine
    found = language_named(language, engine)
    if found is None or any(found.code not in voice.languages for voice in voices):
        raise UnknownChoice(
            f"The voice {voice_id} does not speak {language}.",
            details={"fields": [_voice_field(engines, language)]},
        )
    styles = capabilities(engine).styles
    if style not in styles:
        raise UnknownChoice(details={"fields": [UnknownChoice.field("voiceStyle", list(styles))]})
    name = "" if voices[0].by_type else voice_id.replace(" ", "")
    return VoiceChoice(engine, found.code, voices[0].type or VoiceType.FEMALE, name)


def check_named(engines: tuple[str, ...], voice_id: str) -> None:
    """Raises UnknownChoice unless there is this voice, or blend of voices."""
    choose_named(engines, voice_id, best_language(engines, voice_id), DEFAULT_STYLE)


def best_language(engines: tuple[str, ...], voice_id: str) -> str:
    """The language that the voice speaks best, or the first of a blend; "" for an unknown one."""
    first = voice_id.partition("+")[0].partition(":")[0].strip()
    voice = all_voices(engines).get(first)
    return voice.languages[0] if voice else ""


def _can_blend(voices: list[NamedVoice], weights: list[str]) -> bool:
    """Whether one engine can speak as all of them together, in positive shares."""
    if len(voices) == 1:
        return weights == [""]
    if len(voices) > _MOST_BLENDED or len({voice.engine for voice in voices}) > 1:
        return False
    try:
        shares = [float(weight or 1) for weight in weights]
    except ValueError:
        return False
    return not any(voice.by_type for voice in voices) and all(0 < each <= 100 for each in shares)


def _voice_field(engines: tuple[str, ...], language: str) -> WrongField:
    """Names voices that speak the language, or any, if none does."""
    voices = _that_speak(language, engines) or list(all_voices(engines).values())
    return UnknownChoice.field("voiceId", [voice.id for voice in voices[:_MOST_VOICES]])


def find_voices(
    engines: tuple[str, ...],
    *,
    language: str | None = None,
    voice_type: VoiceType | None = None,
    engine: str | None = None,
    style: str | None = None,
    search: str | None = None,
) -> list[NamedVoice]:
    """The voices that fit, in the order in which a request would get them. `search`: words of the
    name, the id or the description."""
    voices = list(all_voices(engines).values())
    if language is not None:
        voices = _that_speak(language, engines)
    words = (search or "").casefold().split()

    def fits(voice: NamedVoice) -> bool:
        said = f"{voice.id} {voice.name} {voice.description}".casefold()
        return (
            voice_type in (None, voice.type)
            and engine in (None, voice.engine)
            and (style is None or style in capabilities(voice.engine).styles)
            and all(word in said for word in words)
        )

    return [voice for voice in voices if fits(voice)]


def _that_speak(language: str, engines: tuple[str, ...]) -> list[NamedVoice]:
    """For each engine, those that speak it best first."""
    spoken = []
    for engine, found in _speaking(language, engines):
        there = [voice for voice in voices_of(engine) if found.code in voice.languages]
        spoken += sorted(there, key=lambda voice: voice.languages[0] != found.code)
    return spoken


def offered_languages(engines: tuple[str, ...]) -> list[Language]:
    """The languages of all engines by name, each code once, as the first engine writes it."""
    found: dict[str, Language] = {}
    for engine in engines:
        for language in capabilities(engine).languages:
            found.setdefault(language.code.lower(), language)
    return sorted(found.values(), key=lambda each: each.name)


def count_voices(engines: tuple[str, ...], code: str) -> dict[str, int]:
    """How many voices each engine has for a language, in the order in which they are chosen."""
    return {
        engine: sum(found.code in voice.languages for voice in voices_of(engine))
        for engine, found in _speaking(code, engines)
    }


def offered_styles(engines: tuple[str, ...]) -> list[Style]:
    """The styles that any of the engines has."""
    ids = {style for engine in engines for style in capabilities(engine).styles}
    return [style for style in STYLES if style.id in ids]


def known_language(code: str, engines: tuple[str, ...]) -> Language | None:
    """The language as it is written by the engine that would speak it, or None."""
    return next((language for _, language in _speaking(code, engines)), None)


def offered_language(code: str, engines: tuple[str, ...]) -> Language:
    """As known_language. Raises UnknownChoice."""
    if language := known_language(code, engines):
        return language
    allowed = [each.code for each in offered_languages(engines)]
    raise UnknownChoice(details={"fields": [UnknownChoice.field("language", allowed)]})


def _speaking(code: str, engines: tuple[str, ...]) -> list[tuple[str, Language]]:
    """The engines that speak a language, in order of preference; but for a region or variant, first
    those that have just this code, whether others would speak it in another accent or not."""
    wanted = code.strip().replace("_", "-").lower()
    found = [(engine, language) for engine in engines if (language := language_named(code, engine))]
    if "-" not in wanted:
        return found
    return sorted(found, key=lambda each: each[1].code.lower() != wanted)

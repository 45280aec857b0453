"""The voices that a request can name, of all engines, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from troupe.speech import voices_kokoro as kokoro
from troupe.speech import voices_piper as piper
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import Language, VoiceType

_TYPE_NAMES = {VoiceType.FEMALE: "woman", VoiceType.MALE: "man", VoiceType.KIDS: "child"}


@dataclass(frozen=True, slots=True)
class NamedVoice:
    """A voice of an engine. `id`: unique among all engines; `languages`: codes of its engine, the
    best first; `type`: None if nobody knows it; `licence`: an SPDX id, or the terms of its service;
    `rate`: samples per second; `cost_factor`: what it costs the operator, relative to the engine's
    cheapest voice. `by_type`: the engine has no name for it and finds it by language and type."""

    id: str
    name: str
    engine: str
    languages: tuple[str, ...]
    type: VoiceType | None
    description: str
    licence: str
    rate: int
    cost_factor: float = 1.0
    by_type: bool = False


@cache
def voices_of(engine: str) -> tuple[NamedVoice, ...]:
    """The voices of an engine, its default first; none of one that speaks only as recordings."""
    if engine == "kokoro":
        return tuple(map(_of_kokoro, kokoro.VOICES.values()))
    if engine == "piper":
        return tuple(map(_of_piper, piper.installed(piper.folders()).values()))
    if engine not in _TERMS:
        return ()
    licence, rate = _TERMS[engine]
    offered = capabilities(engine)
    if offered.reads_all_languages:
        codes = tuple(each.code for each in offered.languages)
        return tuple(_of_service(engine, type_, codes, licence, rate) for type_ in _TYPE_NAMES)
    return tuple(
        _of_language(engine, language, type_, licence, rate)
        for language in offered.languages
        for type_ in _TYPE_NAMES
    )


@cache
def all_voices(engines: tuple[str, ...]) -> dict[str, NamedVoice]:
    """The voices of these engines, by id."""
    return {voice.id: voice for engine in engines for voice in voices_of(engine)}


# Each engine's licence, or the terms of its service, and its samples per second.
_TERMS = {
    "espeak": ("GPL-3.0-or-later", 22_050),
    "openai": ("https://openai.com/policies/services-agreement", 24_000),
    "elevenlabs": ("https://elevenlabs.io/terms-of-use", 24_000),
    "google": ("https://cloud.google.com/terms", 24_000),
}


def _of_kokoro(voice: kokoro.KokoroVoice) -> NamedVoice:
    return NamedVoice(
        id=voice.id,
        name=voice.name,
        engine="kokoro",
        languages=voice.languages,
        type=voice.type,
        description=voice.description,
        licence=kokoro.LICENCE,
        rate=kokoro.RATE,
    )


def _of_piper(voice: piper.PiperVoice) -> NamedVoice:
    return NamedVoice(
        id=voice.id,
        name=voice.id,
        engine="piper",
        languages=(voice.language,),
        type=None,
        description=f"A Piper voice for {voice.language_name}.",
        licence="see its model card",
        rate=voice.rate,
    )


def _of_language(
    engine: str, language: Language, type_: VoiceType, licence: str, rate: int
) -> NamedVoice:
    return NamedVoice(
        id=f"{engine}-{language.code}-{type_}".lower(),
        name=f"{language.name}, {_TYPE_NAMES[type_]}",
        engine=engine,
        languages=(language.code,),
        type=type_,
        description=f"The {type_} voice of {engine} for {language.name}.",
        licence=licence,
        rate=rate,
        by_type=True,
    )


def _of_service(
    engine: str, type_: VoiceType, codes: tuple[str, ...], licence: str, rate: int
) -> NamedVoice:
    return NamedVoice(
        id=f"{engine}-{type_}",
        name=f"{engine}, {_TYPE_NAMES[type_]}",
        engine=engine,
        languages=codes,
        type=type_,
        description=f"The {type_} voice of {engine}, in every language it has.",
        licence=licence,
        rate=rate,
        by_type=True,
    )

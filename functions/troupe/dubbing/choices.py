"""The languages and the voice of a dubbing, checked before anything is stored or held."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from troupe.dubbing.errors import SameLanguage
from troupe.errors import UnknownChoice
from troupe.recognition.catalogue import language_code
from troupe.settings import Settings
from troupe.speech.catalogue import DEFAULT_STYLE
from troupe.speech.choice import VoiceChoice, choose_named, choose_voice, known_language
from troupe.speech.engine import VoiceType
from troupe.transcriptions.errors import TranscriberNotConfigured
from troupe.translation.errors import TranslatorNotConfigured
from troupe.translation.languages import offered_code, same

if TYPE_CHECKING:
    from troupe.translation.translator import Languages

_TYPE = VoiceType.FEMALE


class Chosen(NamedTuple):
    """`source` and `target`: codes of the translator, `source` "" to detect it. `heard`: the
    transcriber's code of the source, None to detect it. `voice`: who speaks."""

    source: str
    heard: str | None
    target: str
    voice: VoiceChoice


def choose(
    languages: Callable[[], Languages],
    settings: Settings,
    target: str,
    source: str | None,
    voice_id: str | None,
) -> Chosen:
    """`languages`: those of the translator. Raises TranscriberNotConfigured, UnknownChoice,
    SameLanguage and the TRANSLATOR_ERRORS."""
    if settings.transcriber == "off":
        raise TranscriberNotConfigured
    offered = languages()
    if not offered.targets:
        raise TranslatorNotConfigured
    engines = settings.speech_engines
    into = offered_code(target, offered.targets)
    if into is None or known_language(target, engines) is None:
        spoken = [each for each in offered.targets if known_language(each, engines)]
        raise UnknownChoice(details={"fields": [UnknownChoice.field("targetLanguage", spoken)]})
    voice = (
        choose_voice(engines, target, _TYPE, DEFAULT_STYLE)
        if voice_id is None
        else choose_named(engines, voice_id, target, DEFAULT_STYLE)
    )
    if source is None:
        return Chosen("", None, into, voice)
    origin, heard = (
        offered_code(source, offered.sources),
        language_code(source, settings.transcriber),
    )
    if origin is None or heard is None:
        known = [each for each in offered.sources if language_code(each, settings.transcriber)]
        raise UnknownChoice(details={"fields": [UnknownChoice.field("sourceLanguage", known)]})
    if same(origin, into):
        raise SameLanguage
    return Chosen(origin, heard, into, voice)

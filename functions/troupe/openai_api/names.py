"""OpenAI's names of models and voices, and what they mean here."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import NamedTuple

from troupe.speech.choice import known_language
from troupe.speech.engine import VoiceType
from troupe.speech.voices import all_voices

# As OpenAI describes them.
_MALE = ("ash", "ballad", "cedar", "echo", "fable", "onyx", "verse")
_FEMALE = ("alloy", "coral", "marin", "nova", "sage", "shimmer")
VOICES = {
    **dict.fromkeys(_MALE, VoiceType.MALE),
    **dict.fromkeys(_FEMALE, VoiceType.FEMALE),
}
ANY = "troupe"  # the model of whatever speaks or listens here
_SPEAKING = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
_LISTENING = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-transcribe")
_DATED = r"(-\d{4}(-\d{2}-\d{2})?)?"  # tts-1-1106, gpt-4o-mini-tts-2025-12-15
# The first word of the names of letters in Unicode, for scripts that tell the language well enough.
_SCRIPTS = {
    "ARABIC": "ar",
    "ARMENIAN": "hy",
    "BENGALI": "bn",
    "CJK": "zh",
    "CYRILLIC": "ru",
    "DEVANAGARI": "hi",
    "GEORGIAN": "ka",
    "GREEK": "el",
    "GUJARATI": "gu",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KANNADA": "kn",
    "KATAKANA": "ja",
    "MALAYALAM": "ml",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
}
_LOOKED_AT = 400  # characters of a text


def speaks(model: str, engines: tuple[str, ...]) -> bool:
    return model == ANY or engine_of(model, engines) is not None or _is_one(model, _SPEAKING)


def listens(model: str) -> bool:
    return model == ANY or _is_one(model, _LISTENING)


def _is_one(model: str, known: tuple[str, ...]) -> bool:
    return any(re.fullmatch(re.escape(name) + _DATED, model) for name in known)


def engine_of(model: str, engines: tuple[str, ...]) -> str | None:
    """The engine that the model names: `troupe-espeak`."""
    name = model.removeprefix(f"{ANY}-")
    return name if name != model and name in engines else None


def speaking_models(engines: tuple[str, ...]) -> list[str]:
    """Those that a request for speech can name; OpenAI's also with a date."""
    return [ANY, *(f"{ANY}-{engine}" for engine in engines), *_SPEAKING]


def models(engines: tuple[str, ...], *, transcribes: bool) -> list[str]:
    """Those of all requests."""
    return [*speaking_models(engines), *(_LISTENING if transcribes else ())]


class ChosenVoice(NamedTuple):
    """One of the three, or none."""

    voice_id: str | None = None
    voice_type: VoiceType | None = None
    character_id: str | None = None


def chosen_voice(voice: str | None, engines: tuple[str, ...]) -> ChosenVoice:
    """A voice of ours, one of OpenAI's, a type, or else a character."""
    if not voice:
        return ChosenVoice()
    if voice in all_voices(engines) or "+" in voice:
        return ChosenVoice(voice_id=voice)
    if found := VOICES.get(voice.lower()):
        return ChosenVoice(voice_type=found)
    if voice.lower() in list(VoiceType):
        return ChosenVoice(voice_type=VoiceType(voice.lower()))
    return ChosenVoice(character_id=voice)


def language_of(text: str, engines: tuple[str, ...]) -> str | None:
    """The language that the script of a text tells, if an engine speaks it; None for Latin."""
    names = [unicodedata.name(letter, "") for letter in text[:_LOOKED_AT] if letter.isalpha()]
    scripts = Counter(_SCRIPTS.get(name.partition(" ")[0]) for name in names)
    if scripts["ja"]:  # Japanese has Chinese letters, too
        scripts["ja"] += scripts.pop("zh", 0)
    language = max(scripts, key=lambda each: scripts[each], default=None)
    return language if language and known_language(language, engines) else None

"""Speech engines, one module each. Only what speaks is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.speech.catalogue import ENGINES

if TYPE_CHECKING:
    from troupe.settings import Settings
    from troupe.speech.engine import SpeechEngine


def engine_named(name: str, settings: Settings) -> SpeechEngine:
    """Raises ValueError if the engine does not exist or a setting is missing, RuntimeError if its
    package is not installed."""
    embedded = _embedded(name, settings)
    if embedded is not None:
        return embedded
    if name == "openai":
        from troupe.speech.engines.openai import OpenAIEngine

        return OpenAIEngine(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            model=settings.openai_speech_model,
        )
    if name == "f5tts":
        from troupe.speech.engines.f5tts import F5TTSEngine

        return F5TTSEngine(settings.f5tts_url)
    if name == "elevenlabs":
        from troupe.speech.engines.elevenlabs import ElevenLabsEngine

        return ElevenLabsEngine(
            api_key=settings.elevenlabs_api_key,
            base_url=settings.elevenlabs_base_url,
            model=settings.elevenlabs_model,
            voices=settings.elevenlabs_voices,
        )
    if name == "google":
        from troupe.speech.engines.google import GoogleEngine

        return GoogleEngine(settings.google_tts_endpoint)
    raise ValueError(f"unknown speech engine {name!r}; the engines are {', '.join(ENGINES)}")


def _embedded(name: str, settings: Settings) -> SpeechEngine | None:
    """The engine, if it runs in this process or a child of it."""
    if name == "espeak":
        from troupe.speech.engines.espeak import EspeakEngine

        return EspeakEngine()
    if name == "kokoro":
        from troupe.adapters.models.files import ModelFiles
        from troupe.speech.engines.kokoro import KokoroEngine

        return KokoroEngine(ModelFiles.of(settings), settings.speech_threads)
    if name == "piper":
        from troupe.speech.engines.piper import PiperEngine

        return PiperEngine(settings.speech_threads)
    return None

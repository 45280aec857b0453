"""Transcribers, one module each. Only the selected one is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.recognition.catalogue import TRANSCRIBERS

if TYPE_CHECKING:
    from troupe.recognition.transcriber import Transcriber
    from troupe.settings import Settings


def transcriber_named(settings: Settings) -> Transcriber:
    """The transcriber selected by TRANSCRIBER. Raises ValueError if there is none or a setting is
    missing, RuntimeError if its package is not installed."""
    name = settings.transcriber
    if name == "whisper":
        from troupe.adapters.models.files import ModelFiles
        from troupe.recognition.engines.whisper import WhisperTranscriber

        return WhisperTranscriber(ModelFiles.of(settings))
    if name == "openai":
        from troupe.recognition.engines.openai import OpenAITranscriber

        return OpenAITranscriber(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            model=settings.openai_transcription_model,
        )
    if name == "google":
        from troupe.recognition.engines.google import GoogleTranscriber

        return GoogleTranscriber(
            settings.project_id,
            settings.google_stt_endpoint,
            settings.google_stt_languages.split(","),
        )
    if name == "elevenlabs":
        from troupe.recognition.engines.elevenlabs import ElevenLabsTranscriber

        return ElevenLabsTranscriber(
            api_key=settings.elevenlabs_api_key,
            base_url=settings.elevenlabs_base_url,
            model=settings.elevenlabs_transcription_model,
        )
    raise ValueError(f"there is no transcriber {name!r}; they are {', '.join(TRANSCRIBERS)}")

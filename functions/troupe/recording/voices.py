"""Turns voice snapshots into voices for an engine."""

from __future__ import annotations

from dataclasses import replace

from troupe.adapters.storage import Files
from troupe.recording.records import VoiceSnapshot
from troupe.recording.references import References
from troupe.speech.engine import SpeechEngine, Voice, VoiceType


class Voices:
    """Voices for one engine, with recordings from one bucket."""

    def __init__(self, engine: SpeechEngine, files: Files) -> None:
        self._engine = engine
        self._references = References(files)

    def voice(self, snapshot: VoiceSnapshot) -> Voice:
        """The voice, with its recording if it has one and the engine can clone.

        Raises SpeechError("reference_missing") if the recording is gone.
        """
        voice = Voice(
            language=snapshot.language,
            type=VoiceType(snapshot.voice_type),
            style=snapshot.voice_style,
            speed=snapshot.speed,
        )
        if not snapshot.sample_path or not self._engine.capabilities.cloning:
            return voice
        return replace(
            voice,
            reference=self._references.load(
                snapshot.sample_path, snapshot.sample_sha256 or "", snapshot.sample_text
            ),
            nfe_steps=snapshot.nfe_steps,
            cross_fade_seconds=snapshot.cross_fade_duration,
            remove_silences=snapshot.remove_silences,
        )

"""A character's voice, for speech jobs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from troupe.dictionaries.records import Attachment
from troupe.errors import UnknownChoice
from troupe.recording.records import VoiceSnapshot
from troupe.speech.catalogue import DEFAULT_STYLE
from troupe.speech.choice import VoiceChoice, choose_named, choose_voice
from troupe.speech.engine import VoiceType

if TYPE_CHECKING:
    from troupe.characters.records import Character
    from troupe.dictionaries.records import DictionaryRef


def attachment(character: Character, language: str) -> Attachment:
    """The character's dictionary, for a text in `language`."""
    return Attachment(character.uid, character.config.dictionary_id, language)


def character_voice(
    engines: tuple[str, ...],
    character: Character,
    language: str,
    voice_type: VoiceType | None = None,
    style: str = DEFAULT_STYLE,
) -> VoiceChoice:
    """Who speaks for a character: the voice that it names, unless another type is asked for or that
    voice cannot speak the language; else its recording, or a voice of its type.

    Raises UnknownChoice.
    """
    if character.config.voice_id and voice_type is None:
        with suppress(UnknownChoice):
            return choose_named(engines, character.config.voice_id, language, style)
    return choose_voice(
        engines,
        language,
        voice_type or VoiceType(character.voice_type),
        style,
        clones=character.clonable,
    )


def voice_snapshot(
    character: Character, voice: VoiceChoice, uid: str, dictionary: DictionaryRef | None = None
) -> VoiceSnapshot:
    """A snapshot of the voice that speaks for a character. Without consent, or once it has been
    revoked, it has no recording to clone.

    `uid`: who casts the character, and can read the snapshot in the job's document. The transcript
    of the sample is for its owner only; without one, engines transcribe the sample themselves.
    """
    config = character.config
    sample = character.sample if character.clonable and not voice.voice_id else None
    return VoiceSnapshot(
        engine=voice.engine,
        voice_id=voice.voice_id,
        language=voice.language,
        voice_type=voice.type,
        speed=config.speed,
        sample_path=sample.path if sample else None,
        sample_sha256=sample.sha256 if sample else None,
        sample_text=sample.text if sample and character.uid == uid else "",
        nfe_steps=config.nfe_steps,
        cross_fade_duration=config.cross_fade_duration,
        remove_silences=config.remove_silences,
        **dictionary_fields(dictionary),
    )


def dictionary_fields(dictionary: DictionaryRef | None) -> dict[str, Any]:
    """The fields of a snapshot that name a dictionary."""
    if dictionary is None:
        return {}
    return {f"dictionary_{name}": value for name, value in dictionary._asdict().items()}

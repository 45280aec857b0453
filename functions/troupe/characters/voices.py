"""A character's voice, for speech jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troupe.dictionaries.records import Attachment
from troupe.recording.records import VoiceSnapshot

if TYPE_CHECKING:
    from troupe.characters.records import Character
    from troupe.dictionaries.records import DictionaryRef


def attachment(character: Character, language: str) -> Attachment:
    """The character's dictionary, for a text in `language`."""
    return Attachment(character.uid, character.config.dictionary_id, language)


def voice_snapshot(
    character: Character, language: str, uid: str, dictionary: DictionaryRef | None = None
) -> VoiceSnapshot:
    """A snapshot of the voice, speaking `language` (a code). Without consent, or once it has been
    revoked, it has no recording to clone, and the engine picks a voice by language and type.

    `uid`: who casts the character, and can read the snapshot in the job's document. The transcript
    of the sample is for its owner only; without one, engines transcribe the sample themselves.
    """
    config = character.config
    sample = character.sample if character.clonable else None
    return VoiceSnapshot(
        language=language,
        voice_type=character.voice_type,
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

"""The keys of a message's `speech`: the language code, with a suffix for what was asked for in a
default voice although the sender's own is there."""

from __future__ import annotations

from troupe.rooms.records import Message, MessageSpeech, SpeechVoice

OTHER_VOICE = "-x-default"  # appended to a language: a private use subtag of BCP 47


def live(message: Message) -> dict[str, MessageSpeech]:
    """What was spoken, or is being."""
    return {key: each for key, each in message.speech.items() if each.state != "failed"}


def key_of(message: Message, language: str, voice: SpeechVoice) -> str | None:
    """Of what was spoken, or is being."""
    there = live(message)
    if language in there and (voice == "sender" or there[language].voice == "default"):
        return language
    other = language + OTHER_VOICE
    return other if voice == "default" and other in there else None


def audio_url(room_id: str, message_id: str, key: str) -> str:
    """Where the sound under a key is served."""
    language = key.removesuffix(OTHER_VOICE)
    voice = "" if language == key else "&voice=default"
    return f"/api/rooms/{room_id}/messages/{message_id}/audio?language={language}{voice}"

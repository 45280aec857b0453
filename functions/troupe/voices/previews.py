"""A short sentence in each voice: made once, kept, and heard by everybody."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from troupe.adapters.storage import Files
from troupe.errors import FileMissing, Unavailable
from troupe.logs import log
from troupe.media.audio import AudioWriter
from troupe.media.formats import AudioFormat
from troupe.speech.catalogue import DEFAULT_STYLE
from troupe.speech.choice import Engines, choose_named
from troupe.speech.engine import SpeechRequest, Voice
from troupe.speech.errors import SpeechError
from troupe.speech.voices import NamedVoice, all_voices
from troupe.voices.errors import VoiceNotFound
from troupe.voices.sentences import sentence

FORM = AudioFormat.MP3


class NoPreview(Unavailable):
    code = "no_preview"
    message = "This voice does not speak at the moment. Please try again."


@dataclass(frozen=True, slots=True)
class Preview:
    """The file at `path`, of `size` bytes."""

    path: str
    size: int


class Previews:
    def __init__(self, files: Files, engines: Engines, names: tuple[str, ...]) -> None:
        """`names`: of the engines."""
        self._files = files
        self._engines = engines
        self._names = names

    def get(self, voice_id: str) -> Preview:
        """The preview, which is made if there is none yet. Raises VoiceNotFound and NoPreview."""
        voice = all_voices(self._names).get(voice_id)
        if voice is None:
            raise VoiceNotFound
        text = sentence(voice.languages[0])
        path = self._path(voice, text)
        try:
            return Preview(path, self._files.stat(path).size)
        except FileMissing:
            try:
                return self._make(voice, text, path)
            except SpeechError as error:
                log.error("no_preview", error, voiceId=voice_id)
                raise NoPreview from None

    def _path(self, voice: NamedVoice, text: str) -> str:
        """Changes with everything that the sound depends on."""
        version = self._engines(voice.engine).version
        made_of = hashlib.sha256(f"{voice.id}\n{version}\n{text}".encode()).hexdigest()
        return f"previews/{made_of[:32]}{FORM.extension}"

    def _make(self, voice: NamedVoice, text: str, path: str) -> Preview:
        chosen = choose_named(self._names, voice.id, voice.languages[0], DEFAULT_STYLE)
        speaker = Voice(chosen.language, chosen.type, DEFAULT_STYLE, id=chosen.voice_id)
        speech = self._engines(voice.engine).synthesize(SpeechRequest(text, speaker))
        with TemporaryDirectory(prefix="troupe-") as folder:
            local = Path(folder) / f"preview{FORM.extension}"
            with AudioWriter(local, FORM, speech.rate, title=voice.name) as writer:
                writer.write(speech.samples)
            return Preview(path, self._files.upload(path, local, FORM.mime_type))

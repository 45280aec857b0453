"""Speech from OpenAI's `/audio/speech`, or from any compatible server."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import openai

from troupe.riff import parse_wav
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import (
    Capabilities,
    Speech,
    SpeechRequest,
    VoiceType,
)
from troupe.speech.engines.openai_faults import explain, late, timeout_until
from troupe.speech.engines.remote import (
    bad_audio,
    check,
    estimated,
    server_hash,
    sound_chunks,
    with_retry,
)

# Part of the cache key. Increase it when the tables below change.
_TABLES = "1"

# "pcm" is raw 24 kHz 16-bit little-endian mono without a header:
# https://developers.openai.com/api/docs/guides/text-to-speech#supported-output-formats
_PCM_RATE = 24_000
_MIN_RATE, _MAX_RATE = 8_000, 192_000
_NOT_AUDIO = (b'{"', b"{\n", b"<!", b"<html", b"<?xml")

_VOICES = {VoiceType.MALE: "onyx", VoiceType.FEMALE: "nova", VoiceType.KIDS: "shimmer"}
_TYPES = {
    VoiceType.MALE: "Speak as an adult man.",
    VoiceType.FEMALE: "Speak as an adult woman.",
    VoiceType.KIDS: "Speak with the high, light voice of a child of about eight.",
}
_STYLES = {
    "neutral": "Speak evenly and clearly.",
    "narration": "Speak like the narrator of an audio book: measured, with room between phrases.",
    "conversational": "Speak lightly and naturally, as among friends.",
    "cheerful": "Speak brightly and cheerfully.",
    "calm": "Speak slowly, softly and calmly.",
    "serious": "Speak seriously, like a news reader.",
    "excited": "Speak fast and with great excitement.",
    "whisper": "Whisper.",
}


@dataclass(frozen=True, slots=True)
class _Reply:
    content_type: str
    body: bytes


class OpenAIEngine:
    """Thread-safe. `timeout`: seconds per call, including its retry.

    Timings are estimated, as the API reports none. The kids voice and the styles are requested by
    instructions, which `tts-1` and `tts-1-hd` do not support.
    """

    name = "openai"

    def __init__(
        self, api_key: str, base_url: str | None, model: str, *, timeout: float = 60.0
    ) -> None:
        self._model = model
        self._timeout = timeout
        # The client would wait up to two minutes if the server asks for it: we retry ourselves.
        self._client = openai.OpenAI(api_key=api_key, base_url=base_url, max_retries=0)
        self._server = server_hash(str(self._client.base_url))

    @property
    def version(self) -> str:
        """Includes the server, since the same model name elsewhere is another voice."""
        return f"{self._model}@{self._server}+{_TABLES}"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        self._client.close()

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak `request.text`.

        Raises SpeechError. Retryable: engine_timeout, engine_unavailable (connection, 5xx),
        engine_rate_limited, engine_bad_audio. Final: engine_auth_failed (401, 403), engine_refused
        (other 4xx), unknown_voice, text_too_long, nothing_to_speak.
        """
        language = check(request, self.name).name
        reply = with_retry(
            lambda deadline: self._ask(request, language, deadline), explain, self._timeout
        )
        samples, rate = _decode(reply)
        return estimated(samples, rate, request)

    def _ask(self, request: SpeechRequest, language: str, deadline: float) -> _Reply:
        voice = request.voice
        instructions = f"{_TYPES[voice.type]} {_STYLES[voice.style]} The text is {language}."
        with self._client.audio.speech.with_streaming_response.create(
            model=self._model,
            input=request.text,
            voice=_VOICES[voice.type],
            instructions=openai.omit if self._model.startswith("tts-1") else instructions,
            response_format="pcm",
            speed=max(0.25, min(4.0, request.speed)),
            timeout=timeout_until(deadline),
        ) as response:
            body = b"".join(sound_chunks(response.iter_bytes(), deadline, late))
            return _Reply(response.headers.get("content-type", "").lower(), body)


def _decode(reply: _Reply) -> tuple[np.ndarray[tuple[int], np.dtype[np.int16]], int]:
    body = reply.body
    kind = reply.content_type
    if body[:4] == b"RIFF" and body[8:12] == b"WAVE":
        # Some servers always send WAV. Its header is exact.
        try:
            return parse_wav(body)
        except ValueError as error:
            raise bad_audio(f"The speech server sent unusable audio: {error}.") from error
    if kind.startswith(("text/", "application/json")) or body.lstrip()[:8].startswith(_NOT_AUDIO):
        raise bad_audio("The speech server sent text instead of audio.")
    if body[:3] == b"ID3" or "mpeg" in kind or body[:4] in (b"OggS", b"fLaC"):
        raise bad_audio("The speech server sent neither PCM nor WAV.")
    if not body or len(body) % 2:
        raise bad_audio(f"The speech server sent {len(body)} bytes, which is not 16-bit audio.")
    said = re.search(r"rate=(\d{4,6})", kind)
    rate = int(said[1]) if said else _PCM_RATE
    if not _MIN_RATE <= rate <= _MAX_RATE:
        raise bad_audio(f"The speech server sent an invalid sample rate ({rate} Hz).")
    return np.frombuffer(body, "<i2").astype(np.int16), rate

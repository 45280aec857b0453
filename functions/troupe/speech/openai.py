"""Speech by any server with OpenAI's `/audio/speech`: its own, or a compatible one."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass

import httpx2
import numpy as np
import openai

from troupe.speech.engine import (
    Capabilities,
    Speech,
    SpeechError,
    SpeechRequest,
    TimingSource,
    Voice,
    VoiceType,
)
from troupe.speech.riff import parse_wav
from troupe.speech.voices import capabilities, language_named
from troupe.speech.words import estimate_words, is_speakable

# Part of the cache key: raise it when the tables below change.
_TABLES = "1"

# "pcm" is raw 24 kHz 16-bit little-endian mono without a header:
# https://developers.openai.com/api/docs/guides/text-to-speech#supported-output-formats
_PCM_RATE = 24_000
_MIN_RATE, _MAX_RATE = 8_000, 192_000
_MAX_BYTES = 64 << 20  # 4,096 characters at half speed are some 30 MB
_SILENT = 200  # of 32767
_NOT_AUDIO = (b'{"', b"{\n", b"<!", b"<html", b"<?xml")
_ATTEMPTS = 2
_FIRST_WAIT = 0.5  # seconds before the second attempt, unless the server says

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
    """Thread-safe. `timeout`: seconds that one call may take, with its repeat and all.

    Timings are estimated: the API reports none. The kids voice and the styles are asked for by
    instructions, which `tts-1` and `tts-1-hd` do not take.
    """

    name = "openai"

    def __init__(
        self, api_key: str, base_url: str | None, model: str, *, timeout: float = 60.0
    ) -> None:
        self._model = model
        self._timeout = timeout
        # The client would wait up to two minutes when a server says so: repeats are made here.
        self._client = openai.OpenAI(api_key=api_key, base_url=base_url, max_retries=0)
        self._server = hashlib.sha256(str(self._client.base_url).encode()).hexdigest()[:8]

    @property
    def version(self) -> str:
        """With the server: the same model name elsewhere is another voice."""
        return f"{self._model}@{self._server}+{_TABLES}"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        self._client.close()

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak `request.text`.

        Raises SpeechError. May pass: engine_timeout, engine_unavailable (connection, 5xx),
        engine_rate_limited, engine_bad_audio. Final: engine_auth_failed (401, 403), engine_refused
        (other 4xx), unknown_voice, text_too_long, nothing_to_speak.
        """
        if not is_speakable(request.text):
            raise SpeechError("nothing_to_speak", "there is nothing to say", retryable=False)
        if len(request.text) > self.capabilities.max_characters:
            raise SpeechError("text_too_long", "too much text for one call", retryable=False)
        reply = self._ask(request.text, request.voice)
        samples, rate = _decode(reply)
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENT)
        first, last = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(samples))
        words = estimate_words(request.text, last / rate, start=first / rate)
        return Speech(samples, rate, words, TimingSource.ESTIMATED)

    def _ask(self, text: str, voice: Voice) -> _Reply:
        deadline = time.monotonic() + self._timeout
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._ask_once(text, voice, deadline)
            except openai.APIStatusError as error:
                failure = _refusal(error)
                wait = _retry_after(error)
                cause: Exception = error
            except (openai.APITimeoutError, httpx2.TimeoutException) as error:
                failure = SpeechError("engine_timeout", "no answer in time", retryable=True)
                wait, cause = _FIRST_WAIT, error
            # While a body is streamed, the transport's own errors come through.
            except (openai.APIConnectionError, httpx2.TransportError) as error:
                failure = SpeechError("engine_unavailable", "no connection", retryable=True)
                wait, cause = _FIRST_WAIT, error
            out_of_time = time.monotonic() + wait >= deadline
            if attempt == _ATTEMPTS or not failure.retryable or out_of_time:
                raise failure from cause
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _ask_once(self, text: str, voice: Voice, deadline: float) -> _Reply:
        language = language_named(voice.language, self.name)
        if language is None or voice.style not in _STYLES:
            raise SpeechError("unknown_voice", "no such language or style", retryable=False)
        left = max(0.1, deadline - time.monotonic())
        # Read time-outs count from byte to byte: half for each, and the deadline over all.
        timeout = httpx2.Timeout(left, connect=min(5.0, left), read=left / 2)
        instructions = f"{_TYPES[voice.type]} {_STYLES[voice.style]} The text is {language.name}."
        with self._client.audio.speech.with_streaming_response.create(
            model=self._model,
            input=text,
            voice=_VOICES[voice.type],
            instructions=openai.omit if self._model.startswith("tts-1") else instructions,
            response_format="pcm",
            speed=max(0.25, min(4.0, voice.speed)),
            timeout=timeout,
        ) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("the answer comes too slowly")
                if len(body) > _MAX_BYTES:
                    raise _bad_audio("more sound than the text can have")
            return _Reply(response.headers.get("content-type", "").lower(), bytes(body))


def _refusal(error: openai.APIStatusError) -> SpeechError:
    """Messages of a server may hold the text that was sent: none is passed on."""
    status = error.status_code
    if status in (401, 403):
        return SpeechError("engine_auth_failed", f"refused the key ({status})", retryable=False)
    if status == 429:
        # "insufficient_quota" comes as 429 too, and no waiting helps.
        if error.code == "insufficient_quota":
            return SpeechError("engine_auth_failed", "the account has no credit", retryable=False)
        return SpeechError("engine_rate_limited", "too many requests (429)", retryable=True)
    if status in (408, 409) or status >= 500:
        return SpeechError("engine_unavailable", f"the server failed ({status})", retryable=True)
    return SpeechError("engine_refused", f"refused the request ({status})", retryable=False)


def _retry_after(error: openai.APIStatusError) -> float:
    try:
        return max(0.0, float(error.response.headers["retry-after"]))
    except (KeyError, ValueError):  # absent, or a date
        return _FIRST_WAIT


def _bad_audio(message: str) -> SpeechError:
    return SpeechError("engine_bad_audio", message, retryable=True)


def _decode(reply: _Reply) -> tuple[np.ndarray[tuple[int], np.dtype[np.int16]], int]:
    body = reply.body
    kind = reply.content_type
    if body[:4] == b"RIFF" and body[8:12] == b"WAVE":
        # Some servers send WAV whatever is asked for; what it says of itself is exact.
        try:
            return parse_wav(body)
        except ValueError as error:
            raise _bad_audio(str(error)) from error
    if kind.startswith(("text/", "application/json")) or body.lstrip()[:8].startswith(_NOT_AUDIO):
        raise _bad_audio("the server sent a text instead of sound")
    if body[:3] == b"ID3" or "mpeg" in kind or body[:4] in (b"OggS", b"fLaC"):
        raise _bad_audio("the server does not send PCM or WAV")
    if not body or len(body) % 2:
        raise _bad_audio(f"{len(body)} bytes are no 16-bit sound")
    said = re.search(r"rate=(\d{4,6})", kind)
    rate = int(said[1]) if said else _PCM_RATE
    if not _MIN_RATE <= rate <= _MAX_RATE:
        raise _bad_audio("a sample rate that is none")
    return np.frombuffer(body, "<i2").astype(np.int16), rate

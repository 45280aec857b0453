"""Cloned speech from an F5-TTS server, through the HTTP API of its Gradio app."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2

from troupe.riff import parse_wav
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import Capabilities, Reference, Speech, SpeechRequest
from troupe.speech.engines.remote import (
    MAX_BYTES,
    Fault,
    OncePerKey,
    bad_audio,
    check,
    estimated,
    server_hash,
    sound_chunks,
    status_fault,
    timed_out,
    unavailable,
    with_retry,
)
from troupe.speech.errors import SpeechError

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

# Part of the cache key. Increase it when the inputs of the endpoint change.
_TABLES = "1"

_API = "/gradio_api"
_ENDPOINT = "basic_tts"
_MAX_EVENTS = 1 << 20  # bytes of an event stream: a heartbeat every 15 s and one answer
# The server cuts longer references to this length, and then a transcript of the whole would not
# match. We send none in that case, and the server transcribes what it kept
# (preprocess_ref_audio_text of F5-TTS).
_REFERENCE_SECONDS = 12.0
_SEEDS = 2**31 - 1  # the server replaces larger seeds by random ones


class _BadStatus(Exception):
    def __init__(self, response: httpx2.Response) -> None:
        self.fault = status_fault(response.status_code, response.headers)
        super().__init__(f"status {response.status_code}")


class F5TTSEngine:
    """Thread-safe. `timeout`: seconds per call, including its retry. `silence`: seconds the server
    may send nothing (it sends a heartbeat every 15 s while it works).

    The same request always sounds the same, because the seed is derived from it. The server does
    not say which model it runs, so a server with another model needs another URL for the cache key.
    """

    name = "f5tts"

    def __init__(self, url: str, *, timeout: float = 180.0, silence: float = 60.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("F5TTS_URL must begin with http:// or https://")
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._silence = silence
        # Cookies keep us on one server of several, because uploads are on one of them only.
        self._client = httpx2.Client()
        self._uploads: OncePerKey[str] = OncePerKey()

    @property
    def version(self) -> str:
        return f"{server_hash(self._url)}+{_TABLES}"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        self._client.close()

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak `request.text` in the voice of `request.voice.reference`.

        Raises SpeechError. Retryable: engine_timeout, engine_unavailable (connection, 5xx, an error
        of the model), engine_rate_limited, engine_bad_audio. Final: reference_required,
        reference_unusable, engine_auth_failed (401, 403), engine_refused (other 4xx),
        unknown_voice, text_too_long, nothing_to_speak.
        """
        check(request, self.name)
        reference = request.voice.reference
        if reference is None:
            raise SpeechError(
                "reference_required",
                "This engine needs a recording of the voice.",
                retryable=False,
            )
        settings = _settings(request, reference)
        samples, rate = with_retry(
            lambda deadline: self._ask(reference, settings, deadline), _explain, self._timeout
        )
        return estimated(samples, rate, request)

    def _ask(
        self, reference: Reference, settings: list[Any], deadline: float
    ) -> tuple[Samples, int]:
        key = reference.sha256
        try:
            path = self._uploads.get(key, lambda: self._upload(reference, deadline), deadline)
            file = {"path": path, "meta": {"_type": "gradio.FileData"}}
            content = {"data": [file, *settings]}
            answer = _parsed(self._read("POST", f"/call/{_ENDPOINT}", deadline, json=content))
            event = answer.get("event_id") if isinstance(answer, dict) else None
            if not isinstance(event, str):
                raise bad_audio("The speech server's response is not from a Gradio app.")
            sound = _path_of(self._result(event, deadline))
            return _decode(self._read("GET", f"/file={quote(sound)}", deadline))
        except Exception:
            # A restarted server has lost the file, and reports only "error".
            self._uploads.forget(key)
            raise

    def _upload(self, reference: Reference, deadline: float) -> str:
        files = {"files": ("reference.wav", reference.audio, "audio/wav")}
        paths = _parsed(self._read("POST", "/upload", deadline, files=files))
        if not isinstance(paths, list) or not paths or not isinstance(paths[0], str):
            raise bad_audio("The speech server does not accept uploads as a Gradio app does.")
        return paths[0]

    def _result(self, event: str, deadline: float) -> Any:
        """The outputs of a call, read from its event stream."""
        name, pending = "", b""
        for chunk in self._chunks(
            "GET", f"/call/{_ENDPOINT}/{quote(event, safe='')}", deadline, _MAX_EVENTS
        ):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                field, _, value = line.decode("utf-8", "replace").partition(":")
                if field == "event":
                    name = value.strip()
                elif field == "data" and name == "complete":
                    return _parsed(value.encode())
                elif field == "data" and name == "error":
                    raise unavailable("The speech model failed.")
        raise unavailable("The speech server closed the connection before it was done.")

    def _read(self, method: str, path: str, deadline: float, **content: Any) -> bytes:
        return b"".join(self._chunks(method, path, deadline, MAX_BYTES, **content))

    def _chunks(
        self, method: str, path: str, deadline: float, limit: int, **content: Any
    ) -> Iterator[bytes]:
        left = max(0.1, deadline - time.monotonic())
        timeout = httpx2.Timeout(min(self._silence, left), connect=min(5.0, left))
        url = f"{self._url}{_API}{path}"
        with self._client.stream(method, url, timeout=timeout, **content) as response:
            if response.status_code != 200:
                raise _BadStatus(response)
            yield from sound_chunks(response.iter_bytes(), deadline, timed_out, limit)


def _settings(request: SpeechRequest, reference: Reference) -> list[Any]:
    """The inputs of the endpoint after the recording, in order."""
    voice = request.voice
    try:
        samples, rate = parse_wav(reference.audio)
    except ValueError as error:
        message = f"The recording of the voice is unusable: {error}."
        raise SpeechError("reference_unusable", message, retryable=False) from error
    said = reference.text if len(samples) / rate <= _REFERENCE_SECONDS else ""
    chosen = [voice.cross_fade_seconds, voice.nfe_steps, request.speed]
    content = [reference.sha256, said, request.text, voice.remove_silences, *chosen]
    digest = hashlib.sha256(json.dumps(content, allow_nan=False).encode()).digest()
    seed = int.from_bytes(digest[:8], "big") % _SEEDS
    return [said, request.text, voice.remove_silences, False, seed, *chosen]


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_audio("The speech server did not send JSON.") from error


def _path_of(outputs: Any) -> str:
    first = outputs[0] if isinstance(outputs, list) and outputs else None
    path = first.get("path") if isinstance(first, dict) else None
    if not isinstance(path, str):
        raise bad_audio("The speech server sent no audio.")
    return path


def _decode(body: bytes) -> tuple[Samples, int]:
    try:
        return parse_wav(body)
    except ValueError as error:
        raise bad_audio(f"The speech server sent unusable audio: {error}.") from error


def _explain(error: Exception) -> Fault | None:
    if isinstance(error, SpeechError):
        return Fault(error)
    if isinstance(error, _BadStatus):
        return error.fault
    if isinstance(error, httpx2.TimeoutException):
        return Fault(timed_out())
    if isinstance(error, httpx2.TransportError | httpx2.DecodingError):
        return Fault(unavailable())
    return None

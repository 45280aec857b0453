"""A gRPC server with the service and the messages of Google's Text-to-Speech, on a real socket.

Its voice is a tone whose pitch depends on the requested voice and semitones.
`server.script("ListVoices", "UNAVAILABLE")` answers the next call of that method with that status.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import grpc
import numpy as np
from google.cloud import texttospeech
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from tests.fakes.openai_server import wav

SERVICE = "google.cloud.texttospeech.v1.TextToSpeech"
WORD_SECONDS = 0.4
MESSAGE = "the text was: One two, three. Four!"
MALE = texttospeech.SsmlVoiceGender.MALE
FEMALE = texttospeech.SsmlVoiceGender.FEMALE
# Named as Google's voices are. Tests rely on which voices are missing.
VOICES = {
    "en-US": {
        "en-US-Chirp3-HD-Charon": MALE,
        "en-US-Chirp3-HD-Kore": FEMALE,
        "en-US-Neural2-C": FEMALE,
        "en-US-Neural2-D": MALE,
        "en-US-Neural2-A": MALE,
        "en-US-Standard-A": MALE,
        "en-US-Wavenet-F": FEMALE,
    },
    "cs-CZ": {"cs-CZ-Chirp3-HD-Puck": MALE, "cs-CZ-Wavenet-A": FEMALE},
    "th-TH": {"th-TH-Chirp3-HD-Puck": MALE, "th-TH-Chirp3-HD-Kore": FEMALE},
    "he-IL": {"he-IL-Standard-A": FEMALE},
}
_PITCH = {MALE: 110.0, FEMALE: 200.0}


@dataclass
class FakeGoogle:
    endpoint: str = ""
    requests: list[texttospeech.SynthesizeSpeechRequest] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    retry_seconds: float | None = None
    released: threading.Event = field(default_factory=threading.Event)
    _scripts: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))

    def script(self, method: str, *steps: str) -> None:
        """Steps: the name of a gRPC status, "hang", "empty" or "mp3"."""
        self._scripts[method].extend(steps)

    def count(self, method: str) -> int:
        return self.calls.count(method)

    def begin(self, method: str, context: grpc.ServicerContext) -> str:
        self.calls.append(method)
        step = self._scripts[method].popleft() if self._scripts[method] else "ok"
        if step == "hang":
            self.released.wait(10)
        elif step.isupper():
            self._fail(getattr(grpc.StatusCode, step), context)
        return step

    def _fail(self, code: grpc.StatusCode, context: grpc.ServicerContext) -> None:
        if self.retry_seconds is not None:
            info = RetryInfo()
            info.retry_delay.FromMilliseconds(round(self.retry_seconds * 1000))
            packed = AnyMessage()
            packed.Pack(info)
            status = Status(code=code.value[0], message=MESSAGE, details=[packed])
            trailer = ("grpc-status-details-bin", status.SerializeToString())
            context.set_trailing_metadata((trailer,))
        context.abort(code, MESSAGE)

    def list_voices(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.begin("ListVoices", context)
        voices = [
            texttospeech.Voice(
                language_codes=[request.language_code],
                name=name,
                ssml_gender=gender,
                natural_sample_rate_hertz=24_000,
            )
            for name, gender in VOICES.get(request.language_code, {}).items()
        ]
        return texttospeech.ListVoicesResponse(voices=voices)

    def synthesize_speech(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.requests.append(request)
        step = self.begin("SynthesizeSpeech", context)
        if step in ("empty", "mp3"):
            audio = b"" if step == "empty" else b"ID3\x04" + bytes(600)
            return texttospeech.SynthesizeSpeechResponse(audio_content=audio)
        voices, name = VOICES[request.voice.language_code], request.voice.name
        if "Chirp" in name and request.audio_config.pitch:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "This voice does not support pitch")
        text = request.input.text
        if request.input.ssml:
            text = "".join(ElementTree.fromstring(request.input.ssml).itertext())  # noqa: S314
        seconds = WORD_SECONDS * len(text.split()) / request.audio_config.speaking_rate
        rate = request.audio_config.sample_rate_hertz
        frequency = _PITCH[voices[name]] * 2 ** (request.audio_config.pitch / 12)
        times = np.arange(round(rate * seconds)) / rate
        tone = (8000 * np.sin(2 * np.pi * frequency * times)).astype("<i2")
        return texttospeech.SynthesizeSpeechResponse(audio_content=wav(tone.tobytes(), rate))


def _handler(method: Callable[..., Any], request: Any, answer: Any) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(
        method, request_deserializer=request.deserialize, response_serializer=answer.serialize
    )


@contextmanager
def google_server() -> Iterator[FakeGoogle]:
    fake = FakeGoogle()
    handlers = {
        "ListVoices": _handler(
            fake.list_voices, texttospeech.ListVoicesRequest, texttospeech.ListVoicesResponse
        ),
        "SynthesizeSpeech": _handler(
            fake.synthesize_speech,
            texttospeech.SynthesizeSpeechRequest,
            texttospeech.SynthesizeSpeechResponse,
        ),
    }
    server = grpc.server(ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    fake.endpoint = f"http://127.0.0.1:{port}"
    server.start()
    try:
        yield fake
    finally:
        fake.released.set()
        server.stop(None).wait()

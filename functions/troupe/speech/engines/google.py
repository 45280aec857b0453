"""Speech from Google Cloud Text-to-Speech. It cannot clone; the voice type selects the voice."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from troupe.riff import parse_wav
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import Capabilities, Speech, SpeechRequest, VoiceType
from troupe.speech.engines.remote import (
    Fault,
    OncePerKey,
    bad_audio,
    check,
    estimated,
    server_hash,
    status_fault,
    timed_out,
    unavailable,
    with_retry,
)
from troupe.speech.errors import SpeechError

try:
    import grpc
    from google.api_core.client_options import ClientOptions
    from google.api_core.exceptions import DeadlineExceeded, GoogleAPICallError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud import texttospeech
    from google.cloud.texttospeech_v1.services.text_to_speech.transports import (
        TextToSpeechGrpcTransport,
    )
    from google.rpc.error_details_pb2 import RetryInfo
except ImportError as error:
    raise RuntimeError(
        "the speech engine google needs its package: pip install -r requirements-extras.txt"
    ) from error

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

# Part of the cache key. Increase it when the tables below change.
_TABLES = "1"

_RATE = 24_000
_MIN_RATE, _MAX_RATE = 0.25, 2.0  # the API's limits of the speaking rate
_MIN_PITCH, _MAX_PITCH = -20.0, 20.0  # and of the pitch, in semitones
_MOST_BYTES = 5_000  # of text or SSML: https://cloud.google.com/text-to-speech/quotas
# Kinds of voice whose pitch can be changed, best first. Chirp's cannot.
_PITCHED = ("Neural2", "Wavenet", "Standard")
_FLAT = ("Chirp3-HD",)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CHILD = 5.0  # semitones above a woman's voice: about 200 Hz become 270
# Speed factor and semitones.
_STYLES = {
    "neutral": (1.0, 0.0),
    "narration": (0.92, 0.0),
    "conversational": (1.05, 0.5),
    "calm": (0.87, -1.0),
    "serious": (0.96, -2.0),
}


class GoogleEngine:
    """Thread-safe. `timeout`: seconds per call, including its retry. `endpoint`: another API host
    (such as a region's), or http://HOST:PORT for a test server without credentials.

    Uses the platform's default credentials. The voice is the first one of the best kind that the
    language has for the gender. There are no children's voices: a woman's voice is raised by five
    semitones, and a language without a voice that can be raised has no kids voice. Voices with a
    fixed pitch express styles by rate alone. Timings are estimated.
    """

    name = "google"

    def __init__(self, endpoint: str | None = None, *, timeout: float = 60.0) -> None:
        self._timeout = timeout
        self._server = server_hash(endpoint or "")
        if endpoint is not None and endpoint.startswith("http://"):
            channel = grpc.insecure_channel(endpoint.removeprefix("http://"))
            self._client = texttospeech.TextToSpeechClient(
                transport=TextToSpeechGrpcTransport(channel=channel)
            )
        else:
            options = ClientOptions(api_endpoint=endpoint) if endpoint else None
            self._client = texttospeech.TextToSpeechClient(client_options=options)
        self._names: OncePerKey[dict[VoiceType, str]] = OncePerKey()

    @property
    def version(self) -> str:
        return f"{self._server}+{_TABLES}"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        self._client.transport.close()  # type: ignore[no-untyped-call]

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak `request.text`.

        Raises SpeechError. Retryable: engine_timeout, engine_unavailable (connection, internal
        errors), engine_rate_limited, engine_bad_audio. Final: engine_auth_failed, engine_refused,
        unknown_voice (also: no such voice type in this language), text_too_long, nothing_to_speak.
        """
        language = check(request, self.name).code
        samples, rate = with_retry(
            lambda deadline: self._ask(request, language, deadline), _explain, self._timeout
        )
        return estimated(samples, rate, request)

    def _ask(self, request: SpeechRequest, language: str, deadline: float) -> tuple[Samples, int]:
        voice = request.voice
        names = self._names.get(language, lambda: self._voices(language, deadline), deadline)
        if voice.type not in names:
            message = f"Google has no {voice.type} voice in this language."
            raise SpeechError("unknown_voice", message, retryable=False)
        name = names[voice.type]
        pace, semitones = _STYLES[voice.style]
        pitch = semitones + (_CHILD if voice.type is VoiceType.KIDS else 0.0)
        pitch += request.prosody.pitch
        answer = self._client.synthesize_speech(
            input=_input(request),
            voice=texttospeech.VoiceSelectionParams(language_code=language, name=name),
            audio_config=texttospeech.AudioConfig(
                audio_encoding=texttospeech.AudioEncoding.LINEAR16,
                sample_rate_hertz=_RATE,
                speaking_rate=max(_MIN_RATE, min(_MAX_RATE, request.speed * pace)),
                pitch=max(_MIN_PITCH, min(_MAX_PITCH, pitch)) if _kind(name) in _PITCHED else 0.0,
            ),
            retry=None,
            timeout=_share(deadline),
        )
        try:
            return parse_wav(answer.audio_content)  # LINEAR16 comes with a WAV header
        except ValueError as error:
            raise bad_audio(f"The speech server sent unusable audio: {error}.") from error

    def _voices(self, language: str, deadline: float) -> dict[VoiceType, str]:
        """The voice name for each voice type; types without a voice are left out."""
        answer = self._client.list_voices(
            language_code=language, retry=None, timeout=_share(deadline)
        )
        gender = texttospeech.SsmlVoiceGender
        men = [voice.name for voice in answer.voices if voice.ssml_gender == gender.MALE]
        women = [voice.name for voice in answer.voices if voice.ssml_gender == gender.FEMALE]
        chosen = {
            VoiceType.MALE: _best(men, (*_PITCHED, *_FLAT)),
            VoiceType.FEMALE: _best(women, (*_PITCHED, *_FLAT)),
            VoiceType.KIDS: _best(women, _PITCHED),
        }
        return {kind: name for kind, name in chosen.items() if name is not None}


def _input(request: SpeechRequest) -> texttospeech.SynthesisInput:
    """Text, or SSML if there are pronunciations. SSML is longer than its text: if it is too long,
    the text is spoken without them."""
    if request.phonemes:
        ssml = _ssml(request)
        if len(ssml.encode()) <= _MOST_BYTES:
            return texttospeech.SynthesisInput(ssml=ssml)
    return texttospeech.SynthesisInput(text=request.text)


def _ssml(request: SpeechRequest) -> str:
    parts, at = ["<speak>"], 0
    for item in request.phonemes:
        word = _escaped(request.text[item.start : item.end])
        parts.append(_escaped(request.text[at : item.start]))
        parts.append(f'<phoneme alphabet="ipa" ph={quoteattr(item.ipa)}>{word}</phoneme>')
        at = item.end
    return "".join([*parts, _escaped(request.text[at:]), "</speak>"])


def _escaped(text: str) -> str:
    """As the text of an element, without what XML cannot have."""
    return escape(_NOT_XML.sub(" ", text))


def _kind(name: str) -> str:
    """The kind in a voice name: "Chirp3-HD" for "en-US-Chirp3-HD-Kore"."""
    return "-".join(name.split("-")[2:-1])


def _best(names: list[str], kinds: tuple[str, ...]) -> str | None:
    """The alphabetically first name of the first kind that has any."""
    for kind in kinds:
        if same := sorted(name for name in names if _kind(name) == kind):
            return same[0]
    return None


def _share(deadline: float) -> float:
    """Half of the time left, so that an unresponsive server can be asked again."""
    return max(0.1, (deadline - time.monotonic()) / 2)


def _explain(error: Exception) -> Fault | None:
    if isinstance(error, SpeechError):
        return Fault(error)
    if isinstance(error, DeadlineExceeded):
        return Fault(timed_out())
    if isinstance(error, GoogleAPICallError):
        waits = [
            detail.retry_delay.ToTimedelta().total_seconds()
            for detail in error.details
            if isinstance(detail, RetryInfo)
        ]
        headers = {"retry-after": str(waits[0])} if waits else {}
        return status_fault(int(error.code or 500), headers)
    if isinstance(error, GoogleAuthError):
        return Fault(unavailable("The server has no credentials for Google."))
    return None

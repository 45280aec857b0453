"""Speech from ElevenLabs: stock voices, and instant clones of recordings."""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from troupe.speech.catalogue import capabilities
from troupe.speech.engine import (
    Capabilities,
    Reference,
    Speech,
    SpeechRequest,
    TimingSource,
    VoiceType,
    WordTiming,
)
from troupe.speech.engines.remote import (
    Fault,
    OncePerKey,
    bad_audio,
    check,
    estimated,
    server_hash,
    unavailable,
    with_retry,
)
from troupe.speech.engines.volume import with_volume
from troupe.speech.errors import SpeechError
from troupe.speech.text.words import word_spans

try:
    import httpx
    from elevenlabs.client import ElevenLabs
    from elevenlabs.core.api_error import ApiError
    from elevenlabs.core.request_options import RequestOptions
    from elevenlabs.types import VoiceSettings

    from troupe.speech.engines.bounded import Bounded
    from troupe.speech.engines.elevenlabs_faults import FULL, explain, status_of
    from troupe.speech.engines.elevenlabs_slots import (
        clone_name,
        delete_voice,
        make_room,
    )
except ImportError as error:
    raise RuntimeError(
        "the speech engine elevenlabs needs its package: pip install -r requirements-extras.txt"
    ) from error

if TYPE_CHECKING:
    from elevenlabs.types import (
        AddVoiceIvcResponseModel,
        AudioWithTimestampsResponse,
        CharacterAlignmentResponseModel,
    )

    from troupe.speech.engine import Samples

T = TypeVar("T")

# Part of the cache key. Increase it when the tables below change.
_TABLES = "1"

_RATE = 24_000
# Voices that every account has. There is no child's voice: "kids" is the youngest woman's.
_STOCK = {
    VoiceType.MALE: "JBFqnCBsd6RMkjVDRZzb",  # George
    VoiceType.FEMALE: "EXAVITQu4vr4xnSDxMaL",  # Sarah
    VoiceType.KIDS: "cgSgspJ2msm6clMCkdW9",  # Jessica
}
# Stability (higher is more even) and speed factor.
_STYLES = {
    "neutral": (0.5, 1.0),
    "narration": (0.6, 0.93),
    "conversational": (0.35, 1.04),
    "calm": (0.85, 0.88),
}
_MIN_SPEED, _MAX_SPEED = 0.7, 1.2  # the API's limits
# The only model that rejects a language code: it detects the language from the text.
_DETECTING_MODEL = "eleven_multilingual_v2"
_SEEDS = 2**32


class ElevenLabsEngine:
    """Thread-safe. `timeout`: seconds per call, including its retry. `voices`: the voices to use
    without a recording, as "male=ID,female=ID,kids=ID", each optional.

    A recording is cloned once, as a voice named after its hash. Later calls find it by that name,
    in other processes too, until `forget` deletes it, or until a full account needs room for
    another and it is the least recently used. Speeds are clamped to the API's limits, 0.7
    to 1.2.
    """

    name = "elevenlabs"

    def __init__(
        self,
        api_key: str,
        base_url: str | None,
        model: str,
        *,
        voices: str = "",
        timeout: float = 120.0,
    ) -> None:
        if not api_key:
            raise ValueError("the speech engine elevenlabs needs ELEVENLABS_API_KEY")
        self._model = model
        self._timeout = timeout
        self._stock = _STOCK | _parsed_voices(voices)
        # The package reads whole responses, so the transport limits their time and size.
        self._http = httpx.Client(
            transport=Bounded(httpx.HTTPTransport()), headers={"accept-encoding": "identity"}
        )
        self._client = ElevenLabs(api_key=api_key, base_url=base_url, httpx_client=self._http)
        self._server = server_hash(str(base_url), *self._stock.values())
        self._clones: OncePerKey[str] = OncePerKey()

    @property
    def version(self) -> str:
        return f"{self._model}@{self._server}+{_TABLES}"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        self._http.close()

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak `request.text`.

        Raises SpeechError. Retryable: engine_timeout, engine_unavailable (connection, 5xx),
        engine_rate_limited, engine_bad_audio. Final: engine_auth_failed (401, 403, no credit),
        engine_refused (other 4xx, a voice that must be verified), engine_voices_full,
        unknown_voice, text_too_long, nothing_to_speak.
        """
        language = check(request, self.name)
        code = None if self._model == _DETECTING_MODEL else language.code
        answer = with_retry(
            lambda deadline: self._ask(request, code, deadline), _explain, self._timeout
        )
        samples = _decode(getattr(answer, "audio_base_64", None))
        seconds = len(samples) / _RATE
        words = _timed_words(request.text, getattr(answer, "alignment", None), seconds)
        if words is None:
            return estimated(samples, _RATE, request)
        speech = Speech(samples, _RATE, words, TimingSource.ENGINE)
        return with_volume(speech, request.prosody.volume)

    def forget(self, sha256: str) -> None:
        """Deletes all clones of the recording with this hash, if any.

        Raises SpeechError as `synthesize` does.
        """
        name = clone_name(sha256)
        with_retry(lambda deadline: self._forget(name, deadline), _explain, self._timeout)
        self._clones.forget(sha256)

    def _forget(self, name: str, deadline: float) -> None:
        for voice_id in _checked(lambda: self._named(name, deadline)):
            delete_voice(self._client, voice_id, lambda: self._within(deadline))

    def _ask(
        self, request: SpeechRequest, code: str | None, deadline: float
    ) -> AudioWithTimestampsResponse:
        voice = request.voice
        stability, pace = _STYLES[voice.style]
        try:
            voice_id = self._voice_id(request, deadline)
            return _checked(
                lambda: self._client.text_to_speech.convert_with_timestamps(
                    voice_id,
                    text=request.text,
                    model_id=self._model,
                    language_code=code,
                    output_format="pcm_24000",
                    voice_settings=VoiceSettings(
                        stability=stability,
                        similarity_boost=0.75,
                        speed=max(_MIN_SPEED, min(_MAX_SPEED, request.speed * pace)),
                    ),
                    seed=_seed(request),
                    request_options=self._within(deadline),
                )
            )
        except ApiError as error:
            if voice.reference is not None and status_of(error) == "voice_not_found":
                # The clone was deleted elsewhere: the retry makes a new one.
                self._clones.forget(voice.reference.sha256)
                raise unavailable("The cloned voice no longer exists at ElevenLabs.") from error
            raise

    def _voice_id(self, request: SpeechRequest, deadline: float) -> str:
        reference = request.voice.reference
        if reference is None:
            return self._stock[request.voice.type]
        return self._clones.get(
            reference.sha256, lambda: self._clone(reference, deadline), deadline
        )

    def _clone(self, reference: Reference, deadline: float) -> str:
        name = clone_name(reference.sha256)
        found = _checked(lambda: self._named(name, deadline))
        if found:
            return found[0]

        def create() -> AddVoiceIvcResponseModel:
            made: AddVoiceIvcResponseModel = self._client.voices.ivc.create(
                name=name,
                files=[("reference.wav", reference.audio, "audio/wav")],
                request_options=self._within(deadline),
            )
            return made

        try:
            made = _checked(create)
        except ApiError as error:
            if status_of(error) != FULL:
                raise
            if not _checked(lambda: make_room(self._client, lambda: self._within(deadline))):
                raise
            made = _checked(create)
        if getattr(made, "requires_verification", False):
            message = "ElevenLabs requires manual verification of this voice."
            raise SpeechError("engine_refused", message, retryable=False)
        voice_id = getattr(made, "voice_id", None)
        if not isinstance(voice_id, str):
            raise bad_audio("The speech server's response is not from ElevenLabs.")
        return voice_id

    def _named(self, name: str, deadline: float) -> list[str]:
        """The ids of the voices with exactly this name, oldest first. If two processes cloned at
        once, later calls all use the oldest."""
        answer = self._client.voices.search(
            search=name, page_size=100, request_options=self._within(deadline)
        )
        same = [
            (voice.created_at_unix or 0, str(voice.voice_id))
            for voice in answer.voices
            if voice.name == name
        ]
        return [voice_id for _, voice_id in sorted(same)]

    def _within(self, deadline: float) -> RequestOptions:
        """Half of the time left for each request, so that an unresponsive server can be asked
        again. The package's own retries would ignore the deadline."""
        left = max(1.0, (deadline - time.monotonic()) / 2)
        return RequestOptions(timeout_in_seconds=math.ceil(left), max_retries=0)


def _checked(call: Callable[[], T]) -> T:
    """Returns `call()`. The package builds its records from any JSON, unchecked, and raises
    AttributeError or TypeError for unexpected shapes."""
    try:
        return call()
    except (AttributeError, TypeError) as error:
        raise bad_audio("The speech server's response is not from ElevenLabs.") from error


def _parsed_voices(voices: str) -> dict[VoiceType, str]:
    pairs = [pair.partition("=") for pair in voices.split(",") if pair.strip()]
    try:
        chosen = {VoiceType(kind.strip()): voice_id.strip() for kind, _, voice_id in pairs}
    except ValueError as error:
        raise ValueError("ELEVENLABS_VOICES must look like male=ID,female=ID,kids=ID") from error
    if not all(chosen.values()):
        raise ValueError("ELEVENLABS_VOICES has a voice type without an id")
    return chosen


def _seed(request: SpeechRequest) -> int:
    """Derived from the text, so that the same request tends to sound the same."""
    digest = hashlib.sha256(request.text.encode()).digest()
    return int.from_bytes(digest[:8], "big") % _SEEDS


def _decode(audio: Any) -> Samples:
    try:
        pcm = base64.b64decode(audio, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise bad_audio("The speech server sent no audio.") from error
    if not pcm or len(pcm) % 2:
        raise bad_audio(f"The speech server sent {len(pcm)} bytes, which is not 16-bit audio.")
    return np.frombuffer(pcm, "<i2").astype(np.int16)


def _timed_words(
    text: str, alignment: CharacterAlignmentResponseModel | None, seconds: float
) -> tuple[WordTiming, ...] | None:
    """The timings of the words of `text`, from those of its characters, within `seconds`; None if
    the alignment does not match the text."""
    characters = getattr(alignment, "characters", None) or []
    starts = getattr(alignment, "character_start_times_seconds", None) or []
    ends = getattr(alignment, "character_end_times_seconds", None) or []
    if "".join(map(str, characters)) != text or not len(characters) == len(starts) == len(ends):
        return None
    try:
        starts, ends = [float(time) for time in starts], [float(time) for time in ends]
    except (TypeError, ValueError):
        return None
    # An entry may be several code points.
    owner = [index for index, entry in enumerate(characters) for _ in str(entry)]
    words, at = [], 0.0
    for first, last in word_spans(text):
        start = min(max(at, starts[owner[first]]), seconds)
        at = min(max(start, ends[owner[last - 1]]), seconds)
        words.append(WordTiming(text[first:last], start, at))
    return tuple(words)


def _explain(error: Exception) -> Fault | None:
    return explain(error, bad_audio("The speech server did not send JSON."))

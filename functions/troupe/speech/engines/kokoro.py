"""The embedded neural engine: Kokoro-82M (https://github.com/hexgrad/kokoro) with onnxruntime.

espeak-ng, in its child process, tells how a text is pronounced; the model does the rest. It takes a
style for each number of symbols, and its memory grows with that number, so long texts are spoken in
chunks. The same request gives the same samples.
"""

from __future__ import annotations

import hashlib
import threading
from functools import cached_property, partial

from troupe.adapters.models.files import ModelFiles
from troupe.adapters.models.table import KOKORO, KOKORO_VOICES, MODELS
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import Capabilities, Speech, SpeechRequest, TimingSource, VoiceType
from troupe.speech.engines.chunked import found_models, spoken
from troupe.speech.engines.espeak import EspeakEngine, cleaned
from troupe.speech.engines.espeak_timing import word_timings
from troupe.speech.engines.kokoro_alphabet import TABLES as ALPHABET
from troupe.speech.engines.kokoro_alphabet import KokoroAlphabet
from troupe.speech.engines.kokoro_model import KokoroModel
from troupe.speech.engines.remote import check
from troupe.speech.engines.symbols import line
from troupe.speech.engines.volume import with_volume
from troupe.speech.errors import SpeechError
from troupe.speech.voices_kokoro import MEN, RATE, VOICES, WOMEN, blended

# Part of the cache key. Increase it when the same symbols would sound different.
_TABLES = "1"

# The model takes 508 symbols, but its memory grows with their number: from 450 MB at 50 of them to
# 675 MB at 200 and 1,050 MB at 508.
_MOST_SYMBOLS = 200
# espeak-ng's voice files.
_READERS = {
    "en-US": "gmw/en-US",
    "en-GB": "gmw/en",
    "es": "roa/es",
    "fr": "roa/fr",
    "hi": "inc/hi",
    "it": "roa/it",
    "pt-BR": "roa/pt-BR",
}
# Pace, and change of pitch in semitones.
_STYLES = {
    "neutral": (1.0, 0.0),
    "narration": (0.92, 0.0),
    "conversational": (1.05, 0.0),
    "calm": (0.88, -0.5),
    "serious": (0.95, -1.0),
}
# How much faster than it was spoken a voice is played, to sound as another type.
_CHILD, _MAN_BY_WOMAN = 1.25, 0.82
_SLOWEST, _FASTEST = 0.75, 1.35  # play: more would not sound human


class KokoroEngine:
    """Thread-safe; one text is spoken at a time, since each needs several hundred megabytes.

    `reader` tells pronunciations. `threads`: of one run; more than free cores make it slower.
    The model is loaded when the first text comes (1.5 s).
    """

    name = "kokoro"

    def __init__(
        self, files: ModelFiles, threads: int = 1, reader: EspeakEngine | None = None
    ) -> None:
        self._model = KokoroModel(files, threads)
        self._reader = reader or EspeakEngine()
        self._lock = threading.Lock()

    @cached_property
    def version(self) -> str:
        hashes = "".join((MODELS[KOKORO].sha256, *KOKORO_VOICES.values()))
        model = hashlib.sha256(hashes.encode()).hexdigest()[:12]
        return f"{model}+{_TABLES}+{ALPHABET}+espeak-{self._reader.version}"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        self._reader.close()

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak `request.text` at 24 kHz with the model's own word timings.

        Raises SpeechError. Final: nothing_to_speak, text_too_long, unknown_voice, model_missing,
        engine_crashed (espeak-ng cannot read the text). Retryable: engine_timeout,
        engine_unavailable.
        """
        language = check(request, self.name).code
        shares, play = _cast(request, language)
        pace, semitones = _STYLES[request.voice.style]
        play *= 2 ** ((semitones + request.prosody.pitch) / 12)
        play = min(max(play, _SLOWEST), _FASTEST)
        text = cleaned(request.text)
        spelled = self._reader.spell(text, _READERS[language], request.phonemes)
        said = line(text, spelled, request.phonemes, KokoroAlphabet(language))
        with self._lock, found_models():
            samples, events = spoken(
                said,
                partial(self._model.run, shares),
                rate=RATE,
                speed=request.speed * pace,
                play=play,
                most=_MOST_SYMBOLS,
            )
        words = word_timings(text, events, samples, RATE)
        if not words or not samples.any():
            raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)
        speech = Speech(samples, RATE, words, TimingSource.ENGINE)
        return with_volume(speech, request.prosody.volume)


def _cast(request: SpeechRequest, language: str) -> tuple[dict[str, float], float]:
    """The voices that speak, with their shares, and how much faster than spoken they are played.

    Raises SpeechError("unknown_voice").
    """
    voice = request.voice
    if not voice.id:
        woman = {WOMEN[language]: 1.0}
        if voice.type is VoiceType.KIDS:
            return woman, _CHILD
        if voice.type is VoiceType.MALE:
            return ({MEN[language]: 1.0}, 1.0) if language in MEN else (woman, _MAN_BY_WOMAN)
        return woman, 1.0
    there = [name for name, each in VOICES.items() if language in each.languages]
    try:
        shares = blended(voice.id)
    except ValueError:
        shares = {}
    if not shares or not set(shares) <= set(there):
        raise SpeechError(
            "unknown_voice",
            f"Kokoro has no such voice for {language}. It has {', '.join(there)}, and blends of "
            f"them, such as {there[0]}:0.7+{there[-1]}:0.3.",
            retryable=False,
        )
    return shares, 1.0

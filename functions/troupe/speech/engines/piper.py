"""Piper voices (https://github.com/rhasspy/piper) with onnxruntime, one file for each voice.

espeak-ng, in its child process, tells how a text is pronounced. Piper draws noise for each text;
here it is left out, so that the same request gives the same samples.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from troupe.adapters.models.files import sha256
from troupe.speech.catalogue import capabilities
from troupe.speech.engine import Capabilities, Speech, SpeechRequest, TimingSource, VoiceType
from troupe.speech.engines.chunked import spoken
from troupe.speech.engines.espeak import EspeakEngine, cleaned
from troupe.speech.engines.espeak_ipa import nearest, stressed
from troupe.speech.engines.espeak_timing import word_timings
from troupe.speech.engines.onnx_graph import open_graph
from troupe.speech.engines.remote import check
from troupe.speech.engines.symbols import MARKS, line
from troupe.speech.engines.volume import with_volume
from troupe.speech.errors import SpeechError
from troupe.speech.voices_piper import PiperVoice, folders, installed
from troupe.text import normalized

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

# Part of the cache key. Increase it when the same files would sound different.
_TABLES = "1"

_DURATIONS = "/Ceil_output_0"  # of each id, in steps
_STEP = 256  # samples
_PAD, _BEGIN, _FINISH = "_^$"
_CONTROLS = {_PAD, _BEGIN, _FINISH}
_MOST_SYMBOLS = 400  # of a run; the longest Piper was trained with
_CHILD = 1.25  # how much faster a voice is played to sound like a child
_STYLES = {"neutral": 1.0, "narration": 0.92, "conversational": 1.05, "calm": 0.88}  # pace


class PiperAlphabet:
    """IPA, as far as a voice knows it. `ids`: of each symbol."""

    def __init__(self, ids: Mapping[str, list[int]]) -> None:
        self.ids = ids
        self.marks = MARKS & ids.keys()
        self._sounds = {symbol: symbol for symbol in ids.keys() - self.marks - _CONTROLS}

    def sound(self, ipa: str) -> str:
        return "".join(nearest(symbol, self._sounds) for symbol in normalized("NFD", ipa))

    def word(self, ipa: str) -> str:
        return self.sound(stressed(ipa))


class PiperEngine:
    """Thread-safe; one text is spoken at a time. A voice is loaded when its first text comes.

    `places`: folders of voices; `threads`: of one run; `reader` tells pronunciations.
    """

    name = "piper"

    def __init__(
        self,
        threads: int = 1,
        reader: EspeakEngine | None = None,
        places: tuple[Path, ...] | None = None,
    ) -> None:
        self._voices = installed(folders() if places is None else places)
        self._threads = threads
        self._reader = reader or EspeakEngine()
        self._lock = threading.Lock()

    @cached_property
    def version(self) -> str:
        digest = hashlib.sha256()
        for voice in self._voices.values():
            digest.update(sha256(voice.path).encode() + _config_path(voice).read_bytes())
        return f"{digest.hexdigest()[:12]}+{_TABLES}+espeak-{self._reader.version}"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities(self.name)

    def close(self) -> None:
        self._reader.close()

    def synthesize(self, request: SpeechRequest) -> Speech:
        """Speak `request.text` at the rate of the voice with the model's own word timings.

        Raises SpeechError. Final: nothing_to_speak, text_too_long, unknown_voice, model_missing,
        engine_crashed (espeak-ng cannot read the text). Retryable: engine_timeout,
        engine_unavailable.
        """
        voice = self._voice(request, check(request, self.name).code)
        text = cleaned(request.text)
        with self._lock:
            model = _model(voice, self._threads)
            spelled = self._reader.spell(text, voice.reader, request.phonemes)
            samples, events = spoken(
                line(text, spelled, request.phonemes, model.alphabet),
                model.run,
                rate=voice.rate,
                speed=request.speed * _STYLES[request.voice.style],
                play=_CHILD if request.voice.type is VoiceType.KIDS else 1.0,
                most=_MOST_SYMBOLS,
            )
        words = word_timings(text, events, samples, voice.rate)
        if not words or not samples.any():
            raise SpeechError("nothing_to_speak", "There is nothing to speak.", retryable=False)
        speech = Speech(samples, voice.rate, words, TimingSource.ENGINE)
        return with_volume(speech, request.prosody.volume)

    def _voice(self, request: SpeechRequest, language: str) -> PiperVoice:
        there = {name: each for name, each in self._voices.items() if each.language == language}
        wanted = request.voice.id or next(iter(there), "")
        if wanted not in there:
            message = f"Piper has no such voice for {language}. It has {', '.join(there)}."
            raise SpeechError("unknown_voice", message, retryable=False)
        return there[wanted]


@dataclass(frozen=True, slots=True)
class _Model:
    graph: InferenceSession
    alphabet: PiperAlphabet
    pace: float  # durations at normal speed
    speakers: int

    def run(self, symbols: str, speed: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        known = self.alphabet.ids
        pad = known[_PAD]
        ids, places = [*known[_BEGIN], *pad], []
        for symbol in symbols:
            places.append(len(ids))
            ids += [*known[symbol], *pad]
        places.append(len(ids))
        ids += known[_FINISH]
        inputs = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([0.0, self.pace / speed, 0.0], np.float32),  # without noise
        }
        if self.speakers > 1:
            inputs["sid"] = np.zeros(1, np.int64)
        sound, durations = self.graph.run(None, inputs)
        starts = np.concatenate([[0], np.cumsum(durations.reshape(-1))]).astype(np.int64) * _STEP
        return sound.reshape(-1), starts[places]


@lru_cache(maxsize=4)
def _model(voice: PiperVoice, threads: int) -> _Model:
    """Raises SpeechError("model_missing") if the file cannot be read."""
    try:
        config = json.loads(_config_path(voice).read_bytes())
        return _Model(
            graph=open_graph(voice.path.read_bytes(), threads, _DURATIONS),
            alphabet=PiperAlphabet(config["phoneme_id_map"]),
            pace=config["inference"]["length_scale"],
            speakers=config["num_speakers"],
        )
    except Exception as error:  # onnxruntime has no class of its own for errors
        message = f"The voice {voice.id} cannot be loaded."
        raise SpeechError("model_missing", message, retryable=False) from error


def _config_path(voice: PiperVoice) -> Path:
    return voice.path.with_name(f"{voice.path.name}.json")

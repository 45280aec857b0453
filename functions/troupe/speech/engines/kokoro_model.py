"""Kokoro's graph and its voices: symbols in, sound and durations out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from troupe.adapters.models.files import ModelFiles
from troupe.adapters.models.table import KOKORO, kokoro_voice
from troupe.speech.engines.kokoro_alphabet import IDS
from troupe.speech.engines.onnx_graph import open_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

    Sound = NDArray[np.float32]

MOST_SYMBOLS = 508  # of one run

_DURATIONS = "/encoder/Round_output_0"  # of each symbol, in steps
_STEP = 600  # samples
_STYLE = 256  # numbers
_PAD = 0
# How loud each voice speaks: the level of its sound without pauses, in dB of full scale, measured
# with one sentence. All are brought to the level of espeak-ng, as a constant for each voice, so
# that no sentence sounds louder than the one before it.
_LEVEL = -19.0
_LEVELS = {
    "af_heart": -21.3, "af_bella": -20.7, "af_nicole": -17.2, "af_aoede": -15.4, "af_kore": -16.5,
    "af_sarah": -18.5, "af_alloy": -18.3, "af_nova": -23.4, "af_sky": -21.1, "af_jessica": -20.0,
    "af_river": -19.4, "am_michael": -21.3, "am_fenrir": -17.0, "am_puck": -15.7, "am_echo": -19.2,
    "am_eric": -18.9, "am_liam": -19.4, "am_onyx": -19.3, "am_santa": -20.8, "am_adam": -16.7,
    "bf_emma": -18.4, "bf_isabella": -15.1, "bf_alice": -18.6, "bf_lily": -19.1, "bm_fable": -20.1,
    "bm_george": -19.2, "bm_lewis": -20.1, "bm_daniel": -19.8, "ef_dora": -21.8, "em_alex": -20.7,
    "em_santa": -20.9, "ff_siwis": -17.1, "hf_alpha": -13.0, "hf_beta": -14.3, "hm_omega": -13.4,
    "hm_psi": -14.6, "if_sara": -11.7, "im_nicola": -16.5, "pf_dora": -21.4, "pm_alex": -21.0,
    "pm_santa": -20.7,
}  # fmt: skip


class KokoroModel:
    """Loads the graph on first use, once per process. Raises ModelMissing then."""

    def __init__(self, files: ModelFiles, threads: int) -> None:
        self._files = files
        self._threads = threads

    def run(
        self, shares: Mapping[str, float], symbols: str, speed: float
    ) -> tuple[Sound, NDArray[np.int64]]:
        """Speaks 1 to MOST_SYMBOLS symbols. `shares` of voices add up to 1.

        Returns the sound, float32 at 24 kHz, shape (n,), and where each symbol begins, in samples,
        with the end of the last one: shape (symbols + 1,). Sounds begin about a step earlier than
        the model says, which is subtracted.
        """
        ids = [_PAD, *(IDS[symbol] for symbol in symbols), _PAD]
        # A voice has a style for each number of symbols.
        row = len(symbols) - 1
        style = sum(share * self._voice(name)[row] for name, share in shares.items())
        graph = _graph(self._files, self._threads)
        sound, durations = graph.run(
            None,
            {
                "tokens": np.array([ids], np.int64),
                "style": np.asarray(style, np.float32)[np.newaxis],
                "speed": np.array([speed], np.float32),
            },
        )
        ends = np.cumsum(durations.reshape(-1)).astype(np.int64) * _STEP
        level = sum(share * _LEVELS[name] for name, share in shares.items())
        return sound * 10 ** ((_LEVEL - level) / 20), np.maximum(0, ends[:-1] - _STEP)

    def _voice(self, name: str) -> NDArray[np.float32]:
        return _voice(self._files, name)


@cache
def _graph(files: ModelFiles, threads: int) -> InferenceSession:
    return open_graph(files.read(KOKORO), threads, _DURATIONS)


@lru_cache(maxsize=64)
def _voice(files: ModelFiles, name: str) -> NDArray[np.float32]:
    """The styles of a voice by the number of symbols: shape (510, 256)."""
    return np.frombuffer(files.read(kokoro_voice(name)), np.float32).reshape(-1, _STYLE)

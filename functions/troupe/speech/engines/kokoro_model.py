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
        return sound, np.maximum(0, ends[:-1] - _STEP)

    def _voice(self, name: str) -> NDArray[np.float32]:
        return _voice(self._files, name)


@cache
def _graph(files: ModelFiles, threads: int) -> InferenceSession:
    return open_graph(files.read(KOKORO), threads, _DURATIONS)


@lru_cache(maxsize=64)
def _voice(files: ModelFiles, name: str) -> NDArray[np.float32]:
    """The styles of a voice by the number of symbols: shape (510, 256)."""
    return np.frombuffer(files.read(kokoro_voice(name)), np.float32).reshape(-1, _STYLE)

"""Which samples of an engine's sound can be heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from troupe.speech.engine import Samples

SILENT = 100  # of 32767


def audible(samples: Samples, silent: int = SILENT) -> NDArray[np.intp]:
    """The positions of the samples that are louder than `silent`, in order. Measured from their
    mean: a constant offset, which some models and codecs add, is not heard."""
    if not len(samples):
        return np.zeros(0, np.intp)
    offset = round(float(samples.mean()))
    return np.flatnonzero(np.abs(samples.astype(np.int32) - offset) > silent)

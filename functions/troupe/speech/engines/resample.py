"""Changes the pitch of a voice by playing it faster or slower."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def played(samples: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """The samples, shape (n,), played `factor` times as fast: shape (round(n / factor),). Pitch and
    formants rise by the same factor. Resampled in the frequency domain, so nothing aliases; the
    ends should be silent, because the domain is circular."""
    size = round(len(samples) / factor)
    if size == len(samples) or not size:
        return samples[:size]
    spectrum = np.fft.rfft(samples)[: size // 2 + 1]
    return (np.fft.irfft(spectrum, size) * (size / len(samples))).astype(np.float32)

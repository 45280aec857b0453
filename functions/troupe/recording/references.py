"""Loads the recordings that engines clone."""

from __future__ import annotations

from collections import OrderedDict

from troupe.adapters.storage import Files
from troupe.errors import FileMissing
from troupe.speech.engine import Reference
from troupe.speech.errors import SpeechError

_KEPT = 8  # the cast of one scene, at most 3 MB each


class References:
    """A cache of the most recently used recordings, one per process."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._kept: OrderedDict[tuple[str, str], Reference] = OrderedDict()

    def load(self, path: str, sha256: str, text: str) -> Reference:
        """The recording at `path`. Raises SpeechError("reference_missing") if it is gone, also
        from the cache: a revoked consent ends the use of the voice."""
        key = (path, text)
        kept = self._kept.get(key)
        try:
            if kept is None:
                kept = Reference(self._files.read(path), sha256, text)
            else:
                self._files.stat(path)
        except FileMissing:
            self._kept.pop(key, None)
            raise SpeechError(
                "reference_missing",
                "The recording of this character's voice no longer exists. It was replaced or "
                "deleted, or its consent was revoked.",
                retryable=False,
            ) from None
        self._kept[key] = kept
        self._kept.move_to_end(key)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept

"""A database in which something happens next to a commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from troupe.adapters.firestore import Committed, Database, Write


def of(path: str) -> Callable[[Write], bool]:
    """Whether a write is of this document."""
    return lambda write: write.path == path


class Meanwhile(Database):
    """Calls `before` and `after` around the first commit that has a write for which `met`."""

    def __init__(
        self,
        db: Database,
        met: Callable[[Write], bool],
        *,
        before: Callable[[], object] = lambda: None,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(db._client)
        self.met = met
        self.before = before
        self.after = after
        self.happened = False

    def commit(self, *writes: Any) -> Committed:
        if self.happened or not any(map(self.met, writes)):
            return super().commit(*writes)
        self.happened = True
        self.before()
        committed = super().commit(*writes)
        self.after()
        return committed

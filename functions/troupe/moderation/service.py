"""The check that services call before they store a text or accept work on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from troupe.adapters.model import Failure, ModelError
from troupe.logs import log
from troupe.moderation.errors import ContentRefused, ModerationUnavailable

RETRY_AFTER = 5  # seconds, if the service does not say

# Returns the categories of what is not allowed in texts, none if everything is. Raises ModelError.
Judge = Callable[[Sequence[str]], set[str]]


class Moderation:
    def __init__(self, judge: Callable[[], Judge] | None) -> None:
        """`judge` is called when there is something to check, because judges load slowly; None:
        everything is allowed."""
        self._judge = judge

    def check(self, uid: str, *texts: str | None) -> None:
        """Raises ContentRefused, and ModerationUnavailable if the texts cannot be checked."""
        given = [text for text in texts if text]
        if self._judge is None or not given:
            return
        try:
            categories = sorted(self._judge()(given))
        except ModelError as error:
            broken = error.failure in (Failure.MISCONFIGURED, Failure.BAD_ANSWER)
            write = log.error if broken else log.warning
            write("moderation_failed", failure=str(error.failure), reason=str(error))
            raise ModerationUnavailable(retry_after=error.retry_after or RETRY_AFTER) from error
        if categories:
            # Neither the text nor the words that are not allowed: logs and answers show none.
            log.warning("content_refused", uid=uid, categories=categories)
            raise ContentRefused(details={"categories": categories})

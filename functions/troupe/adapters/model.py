"""What a language model is to the rest: one method, and the failures that a caller can act on.

Apart from `adapters.llm`, whose SDK is slow to load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol


class Failure(StrEnum):
    REFUSED = "refused"  # the model, or its guard, will not write this
    UNAVAILABLE = "unavailable"  # no connection, no answer in time, 5xx
    BUSY = "busy"  # 429
    MISCONFIGURED = "misconfigured"  # key, credit, model or address are not right
    BAD_ANSWER = "bad_answer"  # no chat completion, or an error that repeating does not mend


class ModelError(Exception):
    """No answer. The message never holds what was sent. `retry_after`: seconds, where known."""

    def __init__(self, failure: Failure, message: str, retry_after: int | None = None) -> None:
        self.failure = failure
        self.retry_after = retry_after
        super().__init__(message)


class Model(Protocol):
    def answer(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], deadline: float
    ) -> str:
        """The model's text, which should be JSON of `schema` (named by its `title`), but has to be
        checked all the same. `deadline`, of time.monotonic(), ends the call with its repeats and
        all. Raises ModelError."""
        ...

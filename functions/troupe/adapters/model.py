"""The interface of a language model, and its failures.

Separate from `adapters.llm`, whose SDK is slow to import.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol


class Failure(StrEnum):
    REFUSED = "refused"  # by the model or its content filter
    UNAVAILABLE = "unavailable"  # no connection, timeout, 5xx
    BUSY = "busy"  # 429
    MISCONFIGURED = "misconfigured"  # wrong key, credit, model or address
    BAD_ANSWER = "bad_answer"  # not a chat completion, or an error that a retry does not fix


class ModelError(Exception):
    """A failed call. The message never contains the prompt. `retry_after`: seconds, if known."""

    def __init__(self, failure: Failure, message: str, retry_after: int | None = None) -> None:
        self.failure = failure
        self.retry_after = retry_after
        super().__init__(message)


class Model(Protocol):
    def answer(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], deadline: float
    ) -> str:
        """The model's answer, which should be JSON of `schema` (named by its `title`) but must be
        validated. `deadline`, on time.monotonic(), ends the call including retries. Raises
        ModelError."""
        ...

"""A language model on any server with OpenAI's `/chat/completions`, which answers in JSON."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import openai

from troupe.adapters.model import Failure, ModelError
from troupe.calls import bounded, retry

_MAX_BYTES = 4 << 20  # sixty lines are about 20 kB
# Seconds before the second and the third attempt, unless the server sends Retry-After.
_WAITS = (0.5, 1.0)
_LONGEST_WAIT = 10.0  # seconds; if the server asks for more, the caller gets Failure.BUSY
# While a body is streamed, the SDK does not wrap the transport's errors.
_FAILURES = (openai.APIStatusError, openai.APIConnectionError, httpx2.TransportError)
_UNKNOWN_FORMAT = (400, 415, 422, 501)  # from servers that do not support the response format


class LanguageModel:
    """A `Model`. Thread-safe."""

    def __init__(self, api_key: str, base_url: str | None, model: str) -> None:
        self._model = model
        # Retries are done here, within the caller's deadline. The SDK requires a key even for
        # servers that need none.
        self._client = openai.OpenAI(
            api_key=api_key or "not-needed", base_url=base_url, max_retries=0
        )
        self._knows_schemas = True

    def close(self) -> None:
        self._client.close()

    def answer(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], deadline: float
    ) -> str:
        """See `Model.answer`. If the server does not support JSON schemas, the schema goes into the
        prompt and the response format is any JSON."""
        if self._knows_schemas:
            strict = {"name": schema["title"], "schema": schema, "strict": True}
            try:
                return self._ask(messages, {"type": "json_schema", "json_schema": strict}, deadline)
            except _FormatUnknown:
                pass
        instructions = {
            "role": "system",
            "content": f"Answer with one JSON object and nothing else. Its JSON schema: "
            f"{json.dumps(schema, ensure_ascii=False)}",
        }
        try:
            text = self._ask([instructions, *messages], {"type": "json_object"}, deadline)
        except _FormatUnknown as error:
            raise ModelError(Failure.BAD_ANSWER, "the server rejected the request") from error
        self._knows_schemas = False  # the format was the reason; do not try it again
        return text

    def _ask(
        self, messages: Sequence[Mapping[str, str]], form: Mapping[str, Any], deadline: float
    ) -> str:
        left = itertools.count(len(_WAITS), -1)
        try:
            return retry(
                lambda: _text(self._ask_once(messages, form, deadline, last=next(left) == 0)),
                _pause,
                _WAITS,
                deadline=deadline,
            )
        except _FAILURES as error:
            raise _failure(error) from error

    def _ask_once(
        self,
        messages: Sequence[Mapping[str, str]],
        form: Mapping[str, Any],
        deadline: float,
        *,
        last: bool,
    ) -> bytes:
        left = max(0.1, deadline - time.monotonic())
        # Gives up on a hanging server while there is time for another attempt.
        read = left if last else left * 2 / 3
        # The SDK's types require a class for each role and format.
        create: Any = self._client.chat.completions.with_streaming_response.create
        with create(
            model=self._model,
            messages=messages,
            response_format=form,
            timeout=httpx2.Timeout(left, connect=min(5.0, left), read=read),
        ) as response:
            chunks = bounded(
                response.iter_bytes(),
                deadline=deadline,
                limit=_MAX_BYTES,
                late=lambda: httpx2.ReadTimeout("the answer is too slow"),
                large=lambda: ModelError(Failure.BAD_ANSWER, "the answer is too long"),
            )
            return b"".join(chunks)


class _FormatUnknown(Exception):
    """The server rejected the request, perhaps because of its response format."""


def _text(body: bytes) -> str:
    """The text of a chat completion. Raises ModelError."""
    try:
        choice = json.loads(body)["choices"][0]
        message = choice["message"]
        if message.get("refusal") or choice.get("finish_reason") == "content_filter":
            raise ModelError(Failure.REFUSED, "the model refused")
        return str(message["content"] or "")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(Failure.BAD_ANSWER, "the answer is not a chat completion") from error


def _pause(error: Exception, planned: float) -> float | None:
    """Seconds to wait before the next attempt; None if another attempt is useless."""
    if not isinstance(error, _FAILURES):
        return None
    said = _retry_after(error) if isinstance(error, openai.APIStatusError) else None
    wait = planned if said is None else said
    passing = _failure(error).failure in (Failure.UNAVAILABLE, Failure.BUSY)
    return wait if passing and wait <= _LONGEST_WAIT else None


def _failure(error: Exception) -> ModelError:
    """The ModelError for an exception of the client. Raises _FormatUnknown."""
    if isinstance(error, openai.APIStatusError):
        return _refusal(error)
    return ModelError(Failure.UNAVAILABLE, "no answer")


def _refusal(error: openai.APIStatusError) -> ModelError:
    """The ModelError for an HTTP error. Does not pass on the server's message, which may contain
    the prompt. Raises _FormatUnknown."""
    status = error.status_code
    if error.code in ("content_filter", "content_policy_violation"):
        return ModelError(Failure.REFUSED, "the server's content filter refused")
    # "insufficient_quota" is a 429 too, but waiting does not help.
    if status in (401, 402, 403, 404) or error.code == "insufficient_quota":
        message = f"the server rejected the key or the model ({status})"
        return ModelError(Failure.MISCONFIGURED, message)
    if status == 429:
        wait = _retry_after(error)
        seconds = None if wait is None else max(1, math.ceil(wait))
        return ModelError(Failure.BUSY, "too many requests (429)", seconds)
    if status in (408, 409) or (status >= 500 and status != 501):
        return ModelError(Failure.UNAVAILABLE, f"the server failed ({status})")
    if status in _UNKNOWN_FORMAT:
        raise _FormatUnknown from error
    return ModelError(Failure.BAD_ANSWER, f"the server rejected the request ({status})")


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        seconds = float(error.response.headers["retry-after"])
    except (KeyError, ValueError):  # absent, or a date
        return None
    return min(max(0.0, seconds), 3600.0)

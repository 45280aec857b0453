"""A language model behind any server with OpenAI's `/chat/completions`: JSON for a prompt."""

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

_MAX_BYTES = 4 << 20  # sixty lines are some 20 kB
# Seconds before the second try and before the third, unless the server says.
_WAITS = (0.5, 1.0)
_LONGEST_WAIT = 10.0  # a server that asks for more is busy, and the caller is told so
# While a body is streamed, the transport's own errors come through.
_FAILURES = (openai.APIStatusError, openai.APIConnectionError, httpx2.TransportError)
_UNKNOWN_FORMAT = (400, 415, 422, 501)  # what servers say that do not know a response format


class LanguageModel:
    """A `Model`. Thread-safe."""

    def __init__(self, api_key: str, base_url: str | None, model: str) -> None:
        self._model = model
        # Repeats are made here, within the caller's time. A server of one's own may want no key,
        # but the client insists on one.
        self._client = openai.OpenAI(
            api_key=api_key or "not-needed", base_url=base_url, max_retries=0
        )
        self._knows_schemas = True

    def close(self) -> None:
        self._client.close()

    def answer(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], deadline: float
    ) -> str:
        """As `Model.answer`. A server that does not know schemas gets it in words, and is asked
        for any JSON."""
        if self._knows_schemas:
            strict = {"name": schema["title"], "schema": schema, "strict": True}
            try:
                return self._ask(messages, {"type": "json_schema", "json_schema": strict}, deadline)
            except _FormatUnknown:
                pass
        told = {
            "role": "system",
            "content": f"Answer with one JSON object and nothing else. Its JSON schema: "
            f"{json.dumps(schema, ensure_ascii=False)}",
        }
        try:
            text = self._ask([told, *messages], {"type": "json_object"}, deadline)
        except _FormatUnknown as error:
            raise ModelError(Failure.BAD_ANSWER, "the server refused the request") from error
        self._knows_schemas = False  # it was the format, then: not to be tried each time
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
        # A server that hangs is given up while there is time to ask again.
        read = left if last else left * 2 / 3
        # The SDK wants a class for each role and format.
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
                late=lambda: httpx2.ReadTimeout("the answer comes too slowly"),
                large=lambda: ModelError(Failure.BAD_ANSWER, "the answer is too long"),
            )
            return b"".join(chunks)


class _FormatUnknown(Exception):
    """The server does not take the request as it is, perhaps for its response format."""


def _text(body: bytes) -> str:
    """The text of a chat completion. Raises ModelError."""
    try:
        choice = json.loads(body)["choices"][0]
        message = choice["message"]
        if message.get("refusal") or choice.get("finish_reason") == "content_filter":
            raise ModelError(Failure.REFUSED, "the model refused")
        return str(message["content"] or "")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(Failure.BAD_ANSWER, "the answer is no chat completion") from error


def _pause(error: Exception, planned: float) -> float | None:
    """Seconds to wait before another try; None where there is no use in one."""
    if not isinstance(error, _FAILURES):
        return None
    said = _retry_after(error) if isinstance(error, openai.APIStatusError) else None
    wait = planned if said is None else said
    passing = _failure(error).failure in (Failure.UNAVAILABLE, Failure.BUSY)
    return wait if passing and wait <= _LONGEST_WAIT else None


def _failure(error: Exception) -> ModelError:
    """Raises _FormatUnknown."""
    if isinstance(error, openai.APIStatusError):
        return _refusal(error)
    return ModelError(Failure.UNAVAILABLE, "no answer")


def _refusal(error: openai.APIStatusError) -> ModelError:
    """Messages of a server may hold what was sent: none is passed on. Raises _FormatUnknown."""
    status = error.status_code
    if error.code in ("content_filter", "content_policy_violation"):
        return ModelError(Failure.REFUSED, "the server's guard refused")
    # "insufficient_quota" comes as 429 too, and no waiting helps.
    if status in (401, 402, 403, 404) or error.code == "insufficient_quota":
        return ModelError(Failure.MISCONFIGURED, f"the server refused key or model ({status})")
    if status == 429:
        wait = _retry_after(error)
        seconds = None if wait is None else max(1, math.ceil(wait))
        return ModelError(Failure.BUSY, "too many requests (429)", seconds)
    if status in (408, 409) or (status >= 500 and status != 501):
        return ModelError(Failure.UNAVAILABLE, f"the server failed ({status})")
    if status in _UNKNOWN_FORMAT:
        raise _FormatUnknown from error
    return ModelError(Failure.BAD_ANSWER, f"the server refused the request ({status})")


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        seconds = float(error.response.headers["retry-after"])
    except (KeyError, ValueError):  # absent, or a date
        return None
    return min(max(0.0, seconds), 3600.0)

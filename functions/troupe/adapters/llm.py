"""A language model on any server with OpenAI's `/chat/completions`, which answers in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import openai

from troupe.adapters.model import Failure, ModelError
from troupe.adapters.openai_calls import RequestRejected, client, read_body, retried


class LanguageModel:
    """A `Model`. Thread-safe."""

    def __init__(self, api_key: str, base_url: str | None, model: str) -> None:
        self._model = model
        self._client: openai.OpenAI = client(api_key, base_url)
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
            except RequestRejected:
                pass
        instructions = {
            "role": "system",
            "content": f"Answer with one JSON object and nothing else. Its JSON schema: "
            f"{json.dumps(schema, ensure_ascii=False)}",
        }
        try:
            text = self._ask([instructions, *messages], {"type": "json_object"}, deadline)
        except RequestRejected as error:
            raise ModelError(Failure.BAD_ANSWER, "the server rejected the request") from error
        self._knows_schemas = False  # the format was the reason; do not try it again
        return text

    def _ask(
        self, messages: Sequence[Mapping[str, str]], form: Mapping[str, Any], deadline: float
    ) -> str:
        def attempt(last: bool) -> str:
            request = {"model": self._model, "messages": messages, "response_format": form}
            return _text(read_body(self._client.chat.completions, request, deadline, last=last))

        return retried(attempt, deadline)


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

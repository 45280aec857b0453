"""Moderation by any server with OpenAI's `/moderations`."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from troupe.adapters.model import Failure, ModelError
from troupe.adapters.openai_calls import RequestRejected, client, read_body, retried

SECONDS = 6.0  # for all requests about one text; a function has 60 s, and writing a script takes 45
# Classifiers judge short texts best. Pieces overlap, so that no sentence is seen only in halves.
PIECE_CHARACTERS, OVERLAP_CHARACTERS = 2_000, 200
PIECES = 32  # in a request
_REQUESTS_AT_ONCE = 4
_NAME = re.compile(r"[a-z][a-z_/-]{0,39}")
OTHER = "other"  # the category of a text that the server flags without naming one


class ModerationServer:
    """A judge: see `troupe.moderation.service`. Thread-safe."""

    def __init__(
        self, api_key: str, base_url: str | None, model: str, *, seconds: float = SECONDS
    ) -> None:
        self._client = client(api_key, base_url)
        self._model = model
        self._seconds = seconds

    def close(self) -> None:
        self._client.close()

    def __call__(self, texts: Sequence[str]) -> set[str]:
        """The categories that the server found in the texts. Raises ModelError."""
        deadline = time.monotonic() + self._seconds
        pieces = list(_pieces(texts))
        batches = [pieces[at : at + PIECES] for at in range(0, len(pieces), PIECES)]
        if len(batches) == 1:
            return self._ask(batches[0], deadline)
        with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
            answers = pool.map(lambda batch: self._ask(batch, deadline), batches)
            return {category for answer in answers for category in answer}

    def _ask(self, pieces: list[str], deadline: float) -> set[str]:
        if time.monotonic() >= deadline:
            raise ModelError(Failure.UNAVAILABLE, "no time is left")
        request = {"model": self._model, "input": pieces}

        def attempt(last: bool) -> set[str]:
            body = read_body(self._client.moderations, request, deadline, last=last)
            return _categories(body, len(pieces))

        try:
            return retried(attempt, deadline)
        except RequestRejected as error:
            raise ModelError(Failure.BAD_ANSWER, "the server rejected the request") from error


def _pieces(texts: Sequence[str]) -> Iterator[str]:
    """Short texts together, long ones in overlapping pieces."""
    together = ""
    for text in texts:
        if together and len(together) + len(text) >= PIECE_CHARACTERS:
            yield together
            together = ""
        if len(text) <= PIECE_CHARACTERS:
            together = f"{together}\n{text}" if together else text
            continue
        step = PIECE_CHARACTERS - OVERLAP_CHARACTERS
        for at in range(0, len(text) - OVERLAP_CHARACTERS, step):
            yield text[at : at + PIECE_CHARACTERS]
    if together:
        yield together


def _categories(body: bytes, pieces: int) -> set[str]:
    """Raises ModelError."""
    found: set[str] = set()
    try:
        results = json.loads(body)["results"]
        if len(results) != pieces:
            raise ValueError("a result is missing")
        for result in results:
            if result["flagged"] is not False:
                named = {name for name, holds in result["categories"].items() if holds}
                found |= {name if _NAME.fullmatch(name) else OTHER for name in named} or {OTHER}
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(Failure.BAD_ANSWER, "the answer is not a moderation") from error
    return found

"""Commits whose answers are lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from google.api_core.exceptions import ServiceUnavailable

from troupe.adapters.firestore import Database


@contextmanager
def lost_answer(db: Database, path: str) -> Iterator[list[str]]:
    """The first commit that writes `path` is made, but Firestore does not answer. Yields the path
    once that has happened."""
    client, lost, name = db._client, list[str](), f'/documents/{path}"'
    api = client._firestore_api

    class Proxy:
        def __getattr__(self, name: str) -> Any:
            return getattr(api, name)

        def commit(self, *args: Any, **given: Any) -> Any:
            answer = api.commit(*args, **given)
            if not lost and any(name in str(write) for write in given["request"]["writes"]):
                lost.append(path)
                raise ServiceUnavailable("the answer was lost")
            return answer

    client._firestore_api_internal = Proxy()
    try:
        yield lost
    finally:
        client._firestore_api_internal = api

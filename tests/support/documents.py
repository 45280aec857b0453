"""Clients that follow one of the documents of `compat`, example by example."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from werkzeug.test import Client

from tests.support.wiring import app_for
from troupe.app.compat import Compat

SEEDS = Path(__file__).parents[1] / "seeds"
NAMES = ("raket", "selftalk", "cloning")


@cache
def examples(document: str) -> dict[str, dict[str, Any]]:
    """By method and path. Where the document has only the names of fields, the request is a list
    of them, and the answer has null for every value."""
    told = json.loads((SEEDS / f"{document}.json").read_text()) if document in NAMES else []
    return {each["place"]: each for each in told}


def unnamed(place: str) -> str:
    """Without the names of parameters, which differ between a document and our paths."""
    return re.sub(r"{\w+}", "{}", place)


class Follower:
    """A client of one document. `left`: the examples that it has yet to follow."""

    def __init__(self, document: str, *, on: bool = True) -> None:
        self.document = document
        self.headers: dict[str, str] = {}
        self.left = set(examples(document))
        self._client = Client(Compat(app_for, on=on))

    def sign_in(self, token: str) -> None:
        self.headers = {"Authorization": f"Bearer {token}"}

    def open(self, method: str, path: str, **given: Any) -> Any:
        headers = self.headers | given.pop("headers", {})
        return self._client.open(
            f"/as/{self.document}{path}", method=method, headers=headers, **given
        )

    def follow(
        self, place: str, *ids: str, body: dict[str, Any] | None = None, **given: Any
    ) -> Any:
        """Sends the request of an example. Returns the answer, and fails unless it has exactly the
        fields of the example. `body`: other values for fields of the request."""
        example = examples(self.document)[place]
        self.left.discard(place)
        answer = self.ask(place, *ids, body=body, **given)
        assert answer.status_code == example.get("status", answer.status_code), answer.text
        assert answer.status_code < 300, answer.text
        if "answer" not in example:
            return answer
        found = answer.json
        alike(found, example["answer"], place)
        return found

    def refused(self, place: str, *ids: str, **given: Any) -> str:
        """Like `follow`, for the example of an error. Returns the message."""
        (error,) = examples(self.document)[place]["errors"]
        answer = self.ask(place, *ids, **given)
        assert (answer.status_code, answer.json["statusCode"]) == (error["status"],) * 2
        alike(answer.json, error["answer"], place)
        return str(answer.json["message"])

    def ask(self, place: str, *ids: str, body: dict[str, Any] | None = None, **given: Any) -> Any:
        method, path = place.split(" ")
        request = examples(self.document)[place].get("request")
        if isinstance(request, list):
            assert set(request) == set(body or {}), place
            given["json"] = body
        elif request is not None:
            assert set(body or {}) <= set(request), place
            given["json"] = request | (body or {})
        for each in ids:
            path = re.sub(r"{\w+}", each, path, count=1)
        assert "{" not in path
        return self.open(method, path, **given)


def alike(found: Any, example: Any, place: str) -> None:
    """Fails unless `found` has exactly the fields of the example, at every depth. Its values have
    the same types or are null, and no list of objects is empty. A null in the example stands for
    any value, and an object whose names are numbers for one of any size."""
    if isinstance(example, dict):
        assert isinstance(found, dict), place
        if all(name.isdigit() for name in example):
            assert all(name.isdigit() for name in found), place
            return
        assert sorted(found) == sorted(example), place
        for name, value in example.items():
            alike(found[name], value, f"{place}.{name}")
    elif isinstance(example, list):
        assert isinstance(found, list), place
        assert found or not isinstance(example[0], dict), place
        for item in found:
            alike(item, example[0], f"{place}[]")
    elif isinstance(example, int | float) and not isinstance(example, bool):
        assert found is None or isinstance(found, int | float), place
    elif example is not None:
        assert found is None or type(found) is type(example), place

"""The documents that clients were written for, before there was an API to call.

The paths and the requests are ours already, in camelCase or in snake_case. So a rule says only what
becomes of the answer, and what is assumed about a client that knows no better. It has nothing to
say about who sends the request, and no way to add to its body: whatever an operation asks for, a
consent or a password, the client has to send.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from troupe.compat.shapes import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One request of a document."""

    answer: Shape | None = None  # of the envelope; None: a file, which is passed on
    limit: int | None = None  # of a list without pages, unless the client sends one
    wait: int | None = None  # seconds for which the client waits for the result of a job


@dataclass(frozen=True)
class Document:
    """`rules`: for each of our functions, by method and path. `failure`: the shape of errors."""

    rules: Mapping[str, Mapping[str, Rule]]
    failure: Shape

    def find(self, method: str, path: str) -> tuple[str, Rule] | None:
        """The function and the rule for a request; None if the document does not have it. A
        preflight, whose answer has no body, gets any rule of its path."""
        method = "GET" if method == "HEAD" else method
        for wanted, pattern, function, rule in self._patterns:
            if method in (wanted, "OPTIONS") and pattern.fullmatch(path):
                return function, rule
        return None

    def each(self) -> Iterator[tuple[str, str, str, Rule]]:
        """Function, method, path and rule."""
        for function, rules in self.rules.items():
            for place, rule in rules.items():
                method, path = place.split(" ")
                yield function, method, path, rule

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str], str, Rule]]:
        return [
            (method, re.compile(re.sub(r"{\w+}", "[^/]+", path)), function, rule)
            for function, method, path, rule in self.each()
        ]


FILE = Rule()
MOST = 100  # entries of a list: no operation gives more at once

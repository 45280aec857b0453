"""Documents that clients were written for before this API existed.

Their paths are ours, and the API takes requests in their spelling. So a rule says how the answer is
reshaped, and adds what such a client does not know about: how long a list may be, and that it waits
for a job. A rule cannot change who sends the request, or add to the body: the client itself sends
whatever an operation asks for, such as a consent or a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from troupe.compat.shapes import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One request of a document."""

    answer: Shape | None = None  # made from our envelope; None: a file, which is passed through
    limit: int | None = None  # of a list without pages, unless the client sends a limit
    wait: int | None = None  # seconds to wait for the result of a job
    statuses: Mapping[int, int] = field(default_factory=dict)  # our status: the document's


@dataclass(frozen=True)
class Document:
    """`rules`: by function, and then by method and path. `failure`: the shape of errors."""

    rules: Mapping[str, Mapping[str, Rule]]
    failure: Shape

    def find(self, method: str, path: str) -> tuple[str, Rule] | None:
        """The function and the rule for a request; None if the document has no such request. A
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
MOST = 100  # entries of a list: no operation returns more at once

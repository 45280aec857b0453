"""The rewrites of Firebase Hosting, derived from the routes: which function serves which path.

`python -m troupe hosting` writes them to firebase.json, with the region of the functions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from troupe.app.domains import apis, functions
from troupe.web.headers import ALWAYS

# Serves unknown paths: its 404 is in the envelope of the API.
_FALLBACK = "support"
# A static page has styles, and nothing else.
_PAGE_HEADERS = {
    **ALWAYS,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# The page of calls runs scripts of the site, and uses what a call needs.
_CALL_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Permissions-Policy": ALWAYS["Permissions-Policy"]
    .replace("camera=()", "camera=(self)")
    .replace("display-capture=()", "display-capture=(self)")
    .replace("microphone=()", "microphone=(self)"),
}


@dataclass
class _Node:
    """A path segment: the functions that serve it, and its child segments."""

    functions: set[str] = field(default_factory=set)  # of this path and all below it
    here: set[str] = field(default_factory=set)
    below: dict[str, _Node] = field(default_factory=dict)


def rewrites(region: str) -> list[dict[str, Any]]:
    """One entry per subtree of paths that a single function serves. Subtrees shared by several
    functions are split further. Raises ValueError for a path served by two functions."""
    root = _Node()
    for function in functions():
        for api in apis(function):
            for route in api.routes:
                node = root
                for segment in route.path.strip("/").split("/"):
                    node = node.below.setdefault("*" if "<" in segment else segment, _Node())
                    node.functions.add(function)
                node.here.add(function)
    sources = [*_sources(root.below["api"], "/api"), ("/api/**", _FALLBACK)]
    return [
        {"source": source, "function": {"functionId": function, "region": region}}
        for source, function in sources
    ]


def _sources(node: _Node, path: str) -> Iterator[tuple[str, str]]:
    # Literal segments before wildcards.
    for segment, each in sorted(node.below.items(), key=lambda item: (item[0] == "*", item[0])):
        address = f"{path}/{segment}"
        if len(each.functions) == 1:
            (function,) = each.functions
            if each.here:
                yield address, function
            if each.below:
                yield f"{address}/**", function
            continue
        if len(each.here) > 1:
            raise ValueError(f"{address} is served by {sorted(each.here)}")
        places = [(address, next(iter(each.here)))] if each.here else []
        below = _sources(each, address)
        # What is below a wildcard comes before it, whatever a reader takes `*` for.
        yield from [*below, *places] if segment == "*" else [*places, *below]


def configured(firebase_json: str, region: str) -> str:
    """firebase.json with updated rewrites, and the headers of the static pages."""
    config = json.loads(firebase_json)
    hosting = config["hosting"]
    # The functions set their own. Where two match, Hosting sends the later one.
    hosting["headers"] = [
        {
            "source": source,
            "headers": [{"key": name, "value": value} for name, value in headers.items()],
        }
        for source, headers in (("!/api/**", _PAGE_HEADERS), ("/call.html", _CALL_HEADERS))
    ]
    hosting["rewrites"] = rewrites(region)
    return json.dumps(config, indent=2) + "\n"

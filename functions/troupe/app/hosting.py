"""The rewrites of Firebase Hosting, derived from the routes: which function serves which path, and
which paths are pages of the studio.

`python -m troupe hosting` writes them to firebase.json, with the region of the functions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from troupe.app.domains import COMPAT, apis, functions
from troupe.web.headers import ALWAYS

# Serves unknown paths: its 404 is in the envelope of the API.
_FALLBACK = "support"
_STUDIO_PATHS = Path(__file__).parents[3] / "studio/paths.json"
# The studio runs its own scripts, makes none from text, and talks to the API and to Firebase. Files
# that the API redirects to are at Cloud Storage. Signing in with Google needs nothing here: its
# page is navigated to, not loaded into the studio (decision 043).
_STUDIO_HEADERS = {
    **ALWAYS,
    # Keys of Firebase can be restricted to the origins that use them.
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": ALWAYS["Permissions-Policy"]
    .replace("camera=()", "camera=(self)")
    .replace("display-capture=()", "display-capture=(self)")
    .replace("microphone=()", "microphone=(self)"),
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob: https://storage.googleapis.com; "
    "media-src 'self' blob: https://storage.googleapis.com; font-src 'self'; "
    "connect-src 'self' https://identitytoolkit.googleapis.com "
    "https://securetoken.googleapis.com https://firestore.googleapis.com "
    "https://storage.googleapis.com; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
# Their names have a hash of their contents.
_ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}
# The page of calls runs scripts of the site, and uses what a call needs.
_CALL_HEADERS = {
    "Referrer-Policy": ALWAYS["Referrer-Policy"],
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
    # Whole functions that answer as another service does, unknown paths included.
    others = [
        (f"/{segment}/**", function)
        for segment, node in sorted(root.below.items())
        if segment != "api"
        for function in node.functions
    ]
    sources = [*_sources(root.below["api"], "/api"), *others, ("/api/**", _FALLBACK)]
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


def studio_rewrites() -> list[dict[str, str]]:
    """The paths of the studio's pages, which all are the same file. Other unknown paths get
    404.html."""
    paths: list[str] = json.loads(_STUDIO_PATHS.read_text())
    # `/history/**` is what is below `/history`.
    whole = [each for path in paths for each in dict.fromkeys((path.removesuffix("/**"), path))]
    return [{"source": path, "destination": "/index.html"} for path in whole]


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
        for source, headers in (
            ("!/@(api|as|v1|v2)/**", _STUDIO_HEADERS),
            ("/assets/**", _ASSET_HEADERS),
            ("/call.html", _CALL_HEADERS),
        )
    ]
    documents = {"source": "/as/**", "function": {"functionId": COMPAT, "region": region}}
    hosting["rewrites"] = [*rewrites(region), documents, *studio_rewrites()]
    return json.dumps(config, indent=2) + "\n"

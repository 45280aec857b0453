"""Media links: file URLs in responses that a player can open without a bearer token.

A schema declares such a field as `MediaUrl`, and the route that serves the file has `media=True`.
Documents and services use the plain path; the token is added when the response is serialized.
"""

from __future__ import annotations

from typing import Annotated

from flask import g
from pydantic import Field, PlainSerializer

from troupe.web.provided import services


def linked(url: str) -> str:
    """The URL with a token of the current caller."""
    caller = g.get("caller")
    if not url or caller is None:
        return url
    # A page of scripts has thousands of lines, which share their script's path and token.
    path, mark, query = url.partition("?")
    links: dict[str, str] = g.setdefault("media_links", {})
    if path not in links:
        links[path] = services().media_links.make(caller, path).url
    url = links[path]
    return url.replace("?", f"?{query}&", 1) if mark else url


MediaUrl = Annotated[
    str,
    PlainSerializer(linked, return_type=str, when_used="json"),
    Field(
        description="For `<audio>` and `<video>`: opens without a bearer token, for up to an hour.",
        json_schema_extra={"format": "uri-reference"},
    ),
]

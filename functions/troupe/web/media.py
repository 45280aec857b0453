"""Media links: addresses of files in answers that a player opens as they are.

A schema declares such a field as `MediaUrl`, and a route that serves one as `media=True`. What is
stored, and what services pass around, is the plain path; the token is added as the answer is
written.
"""

from __future__ import annotations

from typing import Annotated

from flask import g
from pydantic import Field, PlainSerializer

from troupe.web.provided import services


def linked(address: str) -> str:
    """The address with a token of the present caller."""
    caller = g.get("caller")
    if not address or caller is None:
        return address
    # Lines of a script share a path, and so a token: a page of scripts has thousands of them.
    path, mark, query = address.partition("?")
    links: dict[str, str] = g.setdefault("media_links", {})
    if path not in links:
        links[path] = services().accounts.media_link(caller, path).url
    url = links[path]
    return url.replace("?", f"?{query}&", 1) if mark else url


MediaUrl = Annotated[
    str,
    PlainSerializer(linked, return_type=str, when_used="json"),
    Field(
        description="Opens without a bearer, for an hour at most: for `<audio>` and `<video>`.",
        json_schema_extra={"format": "uri-reference"},
    ),
]

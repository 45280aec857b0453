"""The function `compat`: `/as/DOCUMENT/...` answers in the shapes of a document (decision 069).

It calls the app of the function that serves the operation, in the same process. So all but the
shape of the answer stays the same: who may call it, limits, checks, CORS, metrics and logs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

from flask import Response
from pydantic_core import from_json, to_json

from troupe.app.functions import app_for
from troupe.compat.cloning import CLONING
from troupe.compat.documents import Document, Rule
from troupe.compat.raket import RAKET
from troupe.compat.selftalk import SELFTALK
from troupe.compat.shapes import Shape, shaped
from troupe.settings import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DOCUMENTS: dict[str, Document] = {"raket": RAKET, "selftalk": SELFTALK, "cloning": CLONING}
# Its app answers a request that has no rule with 404, as it answers any unknown path.
_FALLBACK, _UNKNOWN = "support", "/as"
_PATH = re.compile(r"/as/(\w+)(/.*)", re.DOTALL)


@cache
def app() -> Compat:
    """The app of the function, as deployed."""
    return Compat(app_for, on=settings().compatibility == "on")


class Compat:
    """A WSGI app. `on`: whether any document is served."""

    def __init__(self, app_for: Callable[[str], WSGIApplication], *, on: bool) -> None:
        self._app_for = app_for
        self._documents = DOCUMENTS if on else {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        document = self._documents.get(asked[1]) if asked else None
        found = document.find(environ["REQUEST_METHOD"], asked[2]) if asked and document else None
        function, rule = found or (_FALLBACK, Rule())
        path = asked[2] if asked and found else _UNKNOWN
        passed = _passed(environ, path, rule)
        response = cast(Response, Response.from_app(self._app_for(function), passed))
        failed = response.status_code >= 400
        response.status_code = rule.statuses.get(response.status_code, response.status_code)
        shape = document.failure if failed and document else rule.answer
        if shape is not None and response.mimetype == "application/json":
            _reshape(response, shape)
        return response(environ, start_response)


def _passed(environ: WSGIEnvironment, path: str, rule: Rule) -> WSGIEnvironment:
    """The request that the operation gets. Its body is not read here, so the operation's own limits
    apply."""
    passed = environ | {"PATH_INFO": path}
    query = environ.get("QUERY_STRING", "")
    if rule.limit is not None and "limit" not in parse_qs(query, keep_blank_values=True):
        passed["QUERY_STRING"] = "&".join(filter(None, (query, f"limit={rule.limit}")))
    if rule.answer is not None and environ["REQUEST_METHOD"] == "HEAD":
        passed["REQUEST_METHOD"] = "GET"  # for Content-Length; no body is sent
    if rule.wait is not None:  # the operation limits how many requests wait
        passed.setdefault("HTTP_PREFER", f"wait={rule.wait}")
    return passed


def _reshape(response: Response, shape: Shape) -> None:
    if body := response.get_data():  # a HEAD request for a file has none
        response.set_data(to_json(shaped(shape, from_json(body))))

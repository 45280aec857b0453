"""The function `compat`: `/as/DOCUMENT/...` answers as a document says (decision 069).

It calls the app of the function that has the operation, in this process. So everything else is as
it is there: who may do it, limits, checks, CORS, and what is counted and logged.
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
# Its app answers what no rule takes: 404, as for any unknown path.
_FALLBACK = "support"
_PATH = re.compile(r"/as/(\w+)(/.*)")


@cache
def app() -> Compat:
    """The app of the function, as deployed."""
    return Compat(app_for, on=settings().compatibility == "on")


class Compat:
    """A WSGI app. `on`: whether there are documents at all."""

    def __init__(self, app_for: Callable[[str], WSGIApplication], *, on: bool) -> None:
        self._app_for = app_for
        self._documents = DOCUMENTS if on else {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        document = self._documents.get(asked[1]) if asked else None
        found = document.find(environ["REQUEST_METHOD"], asked[2]) if asked and document else None
        function, rule = found or (_FALLBACK, Rule())
        passed = _passed(environ, asked[2], rule) if asked and found else environ
        response = cast(Response, Response.from_app(self._app_for(function), passed))
        failed = response.status_code >= 400
        shape = document.failure if failed and document else rule.answer
        if shape is not None and response.mimetype == "application/json":
            _reshape(response, shape)
        return response(environ, start_response)


def _passed(environ: WSGIEnvironment, path: str, rule: Rule) -> WSGIEnvironment:
    """The request for the operation. Its body is not read here, so the operation's limit holds."""
    passed = environ | {"PATH_INFO": path}
    query = environ.get("QUERY_STRING", "")
    if rule.limit is not None and "limit" not in parse_qs(query, keep_blank_values=True):
        passed["QUERY_STRING"] = "&".join(filter(None, (query, f"limit={rule.limit}")))
    if rule.answer is not None and environ["REQUEST_METHOD"] == "HEAD":
        passed["REQUEST_METHOD"] = "GET"  # for the length; the body is not sent
    if rule.wait is not None:
        passed.setdefault("HTTP_PREFER", f"wait={rule.wait}")
    return passed


def _reshape(response: Response, shape: Shape) -> None:
    if body := response.get_data():  # of a file, HEAD has none
        response.set_data(to_json(shaped(shape, from_json(body))))

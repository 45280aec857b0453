"""Reads what a handler left of a request's body before the response starts.

For the emulators: the proxy of the Hosting emulator fails if a response comes first, and takes the
whole Emulator Suite with it. Google's front end copes with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_input_stream

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CHUNK_BYTES = 256 * 1024


class Draining:
    """WSGI middleware."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Ends with the body: what some servers pass is the whole connection.
        body = get_input_stream(environ)
        limited = environ | {"wsgi.input": body, "wsgi.input_terminated": True}
        answer = self._app(limited, start_response)
        # Nothing has been sent yet: a server sends the headers with the first part of the body.
        with suppress(OSError, ClientDisconnected):
            while body.read(_CHUNK_BYTES):
                pass
        return answer

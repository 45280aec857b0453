"""The Flask app of one function: its routes, and what happens before and after each request."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, g, request
from flask_cors import CORS
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from troupe import deadlines, logs
from troupe.counters import COUNTERS
from troupe.errors import BadRequest, TroupeError, Unavailable
from troupe.logs import log
from troupe.web.body import MOST_PARTS, EdgeRequest
from troupe.web.caller import AppChecker
from troupe.web.errors import PayloadTooLarge, RangeNotSatisfiable
from troupe.web.headers import secure
from troupe.web.provided import provide, services
from troupe.web.rate_limit import add_headers
from troupe.web.reply import failure, refusal
from troupe.web.routes import Api
from troupe.web.surface import Refuse, Surface

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Others are logged as "other": clients must not be able to create arbitrary label values.
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HTTP_MESSAGES = {
    400: BadRequest.message,
    404: "No operation has this path.",
    405: "This path does not accept this method. `Allow` lists those it accepts.",
    413: PayloadTooLarge.message,
    416: RangeNotSatisfiable.message,
}
_HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}


class EdgeApp(Flask):
    """A Flask app that matches its routes under every path the platform may pass.

    Hosting keeps the whole path (/api/voice/generate). A direct URL strips the function's name,
    which leaves /api/voice/generate, /voice/generate or /generate. Of /v1/models it leaves /models.
    """

    request_class = EdgeRequest

    def __init__(self, function: str) -> None:
        super().__init__("troupe", static_folder=None)
        self.url_map.strict_slashes = False
        self.url_map.merge_slashes = False
        self.config["MAX_FORM_PARTS"] = MOST_PARTS
        self._prefixes = ("", "/api", f"/api/{function}", f"/{function}")

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        prefix = self._prefix(environ)
        if prefix:
            environ = environ | {"PATH_INFO": prefix + environ["PATH_INFO"]}
        return super().wsgi_app(environ, start_response)

    def _prefix(self, environ: WSGIEnvironment) -> str:
        path = environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace")
        routes = self.url_map.bind("")
        other_method = ""
        for prefix in self._prefixes:
            try:
                routes.match(prefix + path, method=environ["REQUEST_METHOD"])
            except MethodNotAllowed:
                other_method = other_method or prefix
            except (NotFound, RequestRedirect):
                continue
            else:
                return prefix
        return other_method


def build(
    function: str,
    apis: Sequence[Api],
    services: object,
    *,
    origins: Sequence[str] = (),
    https: bool = False,
    app_checks: AppChecker | None = None,
) -> Flask:
    """The app of one function. `services`: the container that handlers get services from.
    `origins`: allowed CORS origins. `https`: clients connect by TLS.
    `app_checks`: verifies App Check tokens; None if they are not required."""
    app = EdgeApp(function)
    app.config["APP_CHECKS"] = app_checks
    app.config["FUNCTION"] = function
    app.config["OPERATIONS"] = {
        route.operation_id: route.alias_of or route.operation_id
        for api in apis
        for route in api.routes
    }
    surfaces = [api.surface for api in apis if api.surface]
    app.config["SURFACES"] = surfaces
    app.config["SURFACE_OF"] = {
        route.operation_id: route.surface for api in apis for route in api.routes
    }
    provide(app, services)
    app.before_request(_begin)
    # After-request hooks run in reverse order: the CORS headers are set before `_end` logs.
    app.after_request(partial(_end, https=https))
    CORS(
        app,
        origins=list(origins),
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "Last-Event-ID",
            "Prefer",
            "Range",
            "X-Firebase-AppCheck",
            "X-Request-Id",
            "X-Troupe-Company",
            *(name for surface in surfaces for name in surface.allowed),
        ],
        expose_headers={
            "X-Request-Id",
            "Content-Disposition",
            "Content-Range",
            "Retry-After",
            "RateLimit",
            "RateLimit-Policy",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "Preference-Applied",
            "Location",
            *(name for surface in surfaces for name in surface.exposed),
            *(name for api in apis for route in api.routes for name in route.headers),
        },
        max_age=3600,
    )
    app.register_error_handler(TroupeError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
    for api in apis:
        api.install(app, services)
    return app


def _begin() -> None:
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(16)
    g.started = time.perf_counter()
    deadlines.begin(deadlines.REQUEST_SECONDS)
    trace = logs.trace_fields(request.headers, lambda: services().settings.project_id)
    logs.begin(requestId=g.request_id, **trace)


def _end(response: Response, *, https: bool) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    add_headers(response)
    secure(response, https=https)
    ms = round((time.perf_counter() - g.started) * 1000, 1)
    if surface := _surface():
        surface.finish(response, ms)
    _count(response, ms)
    log.info(
        "request",
        route=request.url_rule.rule if request.url_rule else "unmatched",
        method=request.method if request.method in _METHODS else "other",
        status=response.status_code,
        ms=ms,
        refused=any(not check.granted for check in g.get("checks", ())) or None,
    )
    return response


def _surface() -> Surface | None:
    """That of the route, or of a request that no route takes."""
    config = current_app.config
    if request.url_rule:
        found: Surface | None = config["SURFACE_OF"].get(request.url_rule.endpoint)
        return found
    surfaces: list[Surface] = config["SURFACES"]
    claiming = [surface for surface in surfaces if surface.claims(request)]
    return next(iter([*claiming, *surfaces]), None)


def _refuse() -> Refuse:
    surface = _surface()
    return surface.refuse if surface else refusal


def _count(response: Response, ms: float) -> None:
    """Counts the request for the metrics. A preflight is no request for an operation. `ms` of a
    stream is the time to its first event."""
    config = current_app.config
    operation = None
    if request.url_rule and request.method != "OPTIONS":
        operation = config["OPERATIONS"].get(request.url_rule.endpoint)
    COUNTERS.request(config["FUNCTION"], operation, ms, failed=response.status_code >= 500)


def _known(error: TroupeError) -> Response:
    if isinstance(error, Unavailable):
        cause = error.__cause__ or error
        log.warning("service_unavailable", kind=type(cause).__name__)
    return failure(error, _refuse())


def _http(error: HTTPException) -> Response:
    """Flask's own errors as ours; their headers (Allow, Location) are kept."""
    status = error.code or 500
    kept = {
        name: value
        for name, value in error.get_headers()
        if name.lower() not in ("content-type", "content-length")
    }
    code = _HTTP_CODES.get(status) or re.sub(r"\W+", "_", error.name).lower()
    message = _HTTP_MESSAGES.get(status, f"{error.name}.")
    return _refuse()(status, code, message, headers=kept)


def _unexpected(error: Exception) -> Response:
    rule: Any = request.url_rule
    log.error(
        "unexpected_error",
        error,
        route=rule.rule if rule else "unmatched",
    )
    return failure(TroupeError(), _refuse())

"""Routes: a handler, its policy and its documentation in one place.

A route is a plain Flask rule around a handler whose annotated parts (`header`, `path`, `query`,
`form`, `body`, `raw`) are filled from the request: pydantic parses all but `raw`, the unparsed
bytes of the body. A `body` of two types is JSON or a form: `Draft | DraftForm`.
`troupe.app.openapi` writes the OpenAPI document from the same routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from types import SimpleNamespace, UnionType
from typing import Any, TypedDict, TypeVar, Unpack, get_args, get_type_hints

from flask import Flask, Response, request
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from troupe.caller import Scope
from troupe.errors import TooManyRequests, TroupeError
from troupe.services import parameters, take
from troupe.web.addresses import client_address
from troupe.web.body import FORM_LIMIT, JSON_LIMIT, RAW_LIMIT, read, read_raw
from troupe.web.caller import Auth, admit, check_app, enforced, has_key
from troupe.web.errors import UnsupportedMediaType
from troupe.web.events import EVENT_STREAM, Event, event_stream
from troupe.web.provided import services
from troupe.web.rate_limit import account_of, count_key, limited
from troupe.web.reply import Reply, success
from troupe.web.schema import Meta, Nothing, Notice, Sized, WarnsOfUnknown
from troupe.web.surface import Surface

Handler = Callable[..., Reply | Response | Iterator[Event]]
H = TypeVar("H", bound=Handler)
Errors = tuple[type[TroupeError], ...]
Weight = Callable[[Mapping[str, Any]], int]  # of the parts of a request, by name
Alias = str | tuple[str, str]  # "/api/x", or ("POST", "/api/x") where the method differs

_FORM = "multipart/form-data"
# In reading order.
PARTS = ("header", "path", "query", "form", "body", "raw")


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str  # as Flask writes it: /api/voice/generations/<generationId>
    operation_id: str
    handler: Handler
    parts: dict[str, Any]  # the model of each part; `bytes` for `raw`
    services: tuple[str, ...]  # container names of the handler's other parameters
    wants_caller: bool
    auth: Auth
    scope: Scope | None  # that an API key needs; None: keys are refused
    status: int  # of a success, unless the `Reply` names another
    statuses: tuple[int, ...]  # all statuses of a success
    data: type[BaseModel]
    errors: Errors
    produces: tuple[str, ...]  # media types of a success without an envelope
    produced_json: type[BaseModel] | None  # the model of what it produces as JSON
    headers: tuple[str, ...]  # headers of a success, besides those of every response
    limit: str | None  # name of its rate limit, see `Settings.limits`
    guest_limit: str | None  # of the limit for guests, if they have their own
    limit_weight: Weight | None  # how many requests one counts as; None for one
    alias_of: str | None  # operation id of the first path
    media: bool  # serves a file that a media link may open
    body_bytes: int  # the maximum size of a body
    form: type[BaseModel] | None  # of a form that is taken instead of a JSON body
    form_bytes: int  # the maximum size of that form
    open_to_all_apps: bool  # needs no App Check token, whatever APP_CHECK says
    surface: Surface | None  # if it answers as another service does

    @property
    def meta(self) -> type[Meta] | None:
        """The type of the `meta` of a success, if it has one."""
        query = self.parts.get("query")
        return query.meta_model if query is not None and issubclass(query, Sized) else None

    @property
    def streams_events(self) -> bool:
        return self.produces == (EVENT_STREAM,)

    def __call__(self, **path: Any) -> Response:
        """The Flask view: admits the caller, reads the parts, and runs the handler."""
        # A server has no App Check token. Its key is verified next.
        if not self.open_to_all_apps and not (self.scope and has_key()):
            check_app(by_link=self.media)
        caller = admit(self.auth, path, by_link=self.media, scope=self.scope)
        if caller and caller.key:
            count_key(caller.key)
        sends_form = self.form is not None and request.mimetype == _FORM
        request.max_content_length = self.form_bytes if sends_form else self.body_bytes
        given: dict[str, Any] = {
            part: self._read(part, model, path) for part, model in self.parts.items()
        }
        if self.wants_caller:
            given["caller"] = caller
        name = self.guest_limit if caller and caller.guest and self.guest_limit else self.limit
        weight = self.limit_weight(given) if self.limit_weight else 1
        limit = limited(name, account_of(given), weight) if name and weight else nullcontext()
        with enforced(self.auth, caller), limit:
            answer = self.handler(**given, **take(services(), self.services))
            if not isinstance(answer, Reply | Response):
                answer = event_stream(answer, caller.uid if caller else client_address() or "")
        if isinstance(answer, Reply):
            return success(answer, self.status, [*ignored(given), *answer.warnings])
        return answer

    def _read(self, part: str, model: type[Any], path: dict[str, Any]) -> BaseModel | bytes:
        if part == "raw":
            return read_raw(request)
        if part != "body" or self.form is None:
            return read(request, part, model, path)
        if request.mimetype == _FORM:
            return read(request, "form", self.form, path)
        try:
            return read(request, part, model, path)
        except UnsupportedMediaType as error:
            error.details = {"allowed": ["application/json", _FORM]}
            raise


class Limited(TypedDict, total=False):
    """The options of a route that concern its rate limit."""

    limit: str  # its name
    guest_limit: str  # for guests instead of `limit`
    limit_weight: Weight  # how many requests one counts as, by its parts; 1 by default


class Options(Limited, total=False):
    """The options of a route."""

    auth: Auth  # USER by default
    scope: Scope  # that an API key needs; without one, keys are refused
    status: int  # of a success; 200 by default
    other_statuses: tuple[int, ...]  # other statuses that a `Reply` may have
    data: type[BaseModel]  # of the envelope, or of each event of a stream; `Nothing` by default
    errors: Errors  # besides those of its parts and its policy
    aliases: Iterable[Alias]
    produces: str | tuple[str, ...]  # media types of a success without an envelope
    produced_json: type[BaseModel]  # the model of what it produces as JSON, if that is a known one
    headers: tuple[str, ...]
    media: bool  # accept a media link to the path instead of a bearer token
    body_bytes: int  # the maximum size of a body; the default depends on the part
    form_bytes: int  # the maximum size of a form that is taken instead of JSON
    open_to_all_apps: bool  # for what browsers load by themselves: pages, pictures


class Api:
    """The routes of one domain. `surface`: if they answer as another service does."""

    def __init__(self, name: str, title: str, surface: Surface | None = None) -> None:
        self.surface = surface
        self.name = name
        self.title = title
        self.routes: list[Route] = []

    @property
    def policies(self) -> dict[tuple[str, str], Auth]:
        """(method, path) to policy, for every route and alias."""
        return {(route.method, route.path): route.auth for route in self.routes}

    def install(self, app: Flask, services: object) -> None:
        """Raises TypeError if a handler has a parameter that is neither a part nor a service."""
        known = dir(services)
        for route in self.routes:
            if unknown := sorted(set(route.services) - set(known)):
                raise TypeError(
                    f"{route.handler.__name__} has parameters {unknown}, which are neither parts "
                    f"of the request {PARTS} nor services"
                )
            app.add_url_rule(route.path, route.operation_id, route.__call__, methods=[route.method])

    def get(self, path: str, **options: Unpack[Options]) -> Callable[[H], H]:
        """Adds a route. The handler's name in camelCase is the operation id, its docstring the
        description. Parameters named after a part get that part, `caller` gets the caller, and any
        other gets the service of that name.

        With `produces`, the handler returns a Flask response; with `produces=EVENT_STREAM`, it
        yields `Event`s.
        """
        return self._route("GET", path, options)

    def post(self, path: str, **options: Unpack[Options]) -> Callable[[H], H]:
        return self._route("POST", path, options)

    def put(self, path: str, **options: Unpack[Options]) -> Callable[[H], H]:
        return self._route("PUT", path, options)

    def patch(self, path: str, **options: Unpack[Options]) -> Callable[[H], H]:
        return self._route("PATCH", path, options)

    def delete(self, path: str, **options: Unpack[Options]) -> Callable[[H], H]:
        return self._route("DELETE", path, options)

    def _route(self, method: str, path: str, options: Options) -> Callable[[H], H]:
        auth = options.get("auth", Auth.USER)
        status = options.get("status", 200)
        produces = options.get("produces", ())
        limit = options.get("limit")
        errors = options.get("errors", ())

        def decorate(handler: H) -> H:
            name = to_camel(handler.__name__)
            parts, form = _parts(handler)
            others = [each for each in parameters(handler) if each not in parts]
            if "caller" in others and auth is Auth.PUBLIC:
                raise TypeError(f"{handler.__name__}: a {auth} route has no caller")
            places: list[tuple[str, str]] = [(method, path)]
            places += [(method, a) if isinstance(a, str) else a for a in options.get("aliases", ())]
            for number, (verb, place) in enumerate(places):
                self.routes.append(
                    Route(
                        method=verb,
                        path=place,
                        operation_id=f"{name}Alias{number}" if number else name,
                        handler=handler,
                        parts=parts,
                        services=tuple(each for each in others if each != "caller"),
                        wants_caller="caller" in others,
                        auth=auth,
                        scope=options.get("scope"),
                        status=status,
                        statuses=(status, *options.get("other_statuses", ())),
                        data=options.get("data", Nothing),
                        errors=(*errors, TooManyRequests) if limit else errors,
                        produces=(produces,) if isinstance(produces, str) else produces,
                        produced_json=options.get("produced_json"),
                        headers=options.get("headers", ()),
                        limit=limit,
                        guest_limit=options.get("guest_limit"),
                        limit_weight=options.get("limit_weight"),
                        alias_of=name if number else None,
                        media=options.get("media", False),
                        body_bytes=options.get("body_bytes", _body_bytes(parts)),
                        form=form,
                        form_bytes=options.get("form_bytes", FORM_LIMIT),
                        open_to_all_apps=options.get("open_to_all_apps", False),
                        surface=self.surface,
                    )
                )
            return handler

        return decorate


def ignored(given: Mapping[str, Any]) -> list[Notice]:
    """The unknown fields of a body or form that reports them."""
    sent = given.get("body") or given.get("form")
    return sent.ignored if isinstance(sent, WarnsOfUnknown) else []


def _body_bytes(parts: Iterable[str]) -> int:
    limits = {"body": JSON_LIMIT, "form": FORM_LIMIT, "raw": RAW_LIMIT}
    return max((limits[part] for part in parts if part in limits), default=0)


def _parts(handler: Handler) -> tuple[dict[str, Any], type[BaseModel] | None]:
    """The types of the parts, and of the form that is taken instead of JSON. Types of services are
    not resolved, which would import them."""
    parts = {name: each for name, each in handler.__annotations__.items() if name in PARTS}
    hints = get_type_hints(SimpleNamespace(__annotations__=parts), handler.__globals__)
    if hints.get("raw", bytes) is not bytes:
        raise TypeError(f"{handler.__name__} must annotate `raw` as `bytes`")
    form = None
    if isinstance(hints.get("body"), UnionType):
        hints["body"], form = get_args(hints["body"])
    return {part: hints[part] for part in PARTS if part in hints}, form

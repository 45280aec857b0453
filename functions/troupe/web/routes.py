"""Routes: a handler, its policy, and what the OpenAPI document says of it, in one place.

While serving, a route is a plain Flask rule around a handler whose annotated parts (`header`,
`path`, `query`, `form`, `body`) pydantic fills. flask-openapi, whose import costs as much as all
of pydantic's, sees the same routes only when the document is built (`troupe.app.openapi`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar, get_type_hints

from flask import Flask, Response, request
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from troupe.errors import TooManyRequests, TroupeError
from troupe.services import parameters, take
from troupe.web.body import read
from troupe.web.caller import Auth, admit
from troupe.web.provided import services
from troupe.web.rate_limit import account_of, limited
from troupe.web.reply import Reply, success
from troupe.web.schema import Ignored, Nothing, WarnsOfUnknown

Handler = Callable[..., Reply | Response]
H = TypeVar("H", bound=Handler)
Errors = tuple[type[TroupeError], ...]
Bytes = str | tuple[str, ...] | None
Alias = str | tuple[str, str]  # "/api/x", or ("POST", "/api/x") where the method differs

PARTS = ("header", "path", "query", "form", "body")  # in the order in which they are read


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str  # as Flask writes it: /api/voice/generations/<generationId>
    operation_id: str
    handler: Handler
    parts: dict[str, type[BaseModel]]
    services: tuple[str, ...]  # what else the handler asks for, by the names of the container
    auth: Auth
    status: int
    data: type[BaseModel]
    errors: Errors
    bytes_type: Bytes  # the media types of an answer that is no envelope
    limit: str | None = None  # the rate limit that it counts against: see `Settings.limits`
    wants_caller: bool = False
    alias_of: str | None = None  # the operation id of the documented first path
    media: bool = False  # serves a file that a media link may open

    def __call__(self, **path: Any) -> Response:
        """The Flask view: who, then what, then the work."""
        caller = admit(self.auth, path, by_link=self.media)
        given: dict[str, Any] = {
            part: read(request, part, model, path) for part, model in self.parts.items()
        }
        if self.wants_caller:
            given["caller"] = caller
        with limited(self.limit, account_of(given)) if self.limit else nullcontext():
            answer = self.handler(**given, **take(services(), self.services))
        if isinstance(answer, Reply):
            return success(answer, self.status, ignored(given))
        if self.media:
            answer.headers["Referrer-Policy"] = "no-referrer"  # the address may hold a token
            answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer


class Api:
    """The routes of one domain."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title
        self.routes: list[Route] = []

    @property
    def policies(self) -> dict[tuple[str, str], Auth]:
        """(method, path) to policy, for every route and alias."""
        return {(route.method, route.path): route.auth for route in self.routes}

    def install(self, app: Flask, services: object) -> None:
        """Raises TypeError for a handler that asks for a service which does not exist."""
        known = dir(services)
        for route in self.routes:
            if unknown := sorted(set(route.services) - set(known)):
                raise TypeError(
                    f"{route.handler.__name__} takes {unknown}: neither a part of the request, "
                    f"which are {PARTS}, nor a service"
                )
            app.add_url_rule(route.path, route.operation_id, route.__call__, methods=[route.method])

    def get(
        self,
        path: str,
        *,
        auth: Auth = Auth.USER,
        status: int = 200,
        data: type[BaseModel] | None = None,
        errors: Errors = (),
        aliases: Iterable[Alias] = (),
        bytes_type: Bytes = None,
        media: bool = False,
    ) -> Callable[[H], H]:
        """Adds a route; the handler's name in camelCase is the operation id, its docstring the
        description. Parameters of the handler are named after the parts they take; `caller` is who
        makes the request, and any other is a service of that name. `media`: a media link to the
        path does for a bearer."""
        return self._route(
            "GET", path, auth, status, data, errors, aliases, bytes_type, media=media
        )

    def post(
        self,
        path: str,
        *,
        auth: Auth = Auth.USER,
        status: int = 200,
        data: type[BaseModel] | None = None,
        errors: Errors = (),
        aliases: Iterable[Alias] = (),
        bytes_type: Bytes = None,
        limit: str | None = None,
    ) -> Callable[[H], H]:
        return self._route("POST", path, auth, status, data, errors, aliases, bytes_type, limit)

    def put(
        self,
        path: str,
        *,
        auth: Auth = Auth.USER,
        status: int = 200,
        data: type[BaseModel] | None = None,
        errors: Errors = (),
        aliases: Iterable[Alias] = (),
        bytes_type: Bytes = None,
        limit: str | None = None,
    ) -> Callable[[H], H]:
        return self._route("PUT", path, auth, status, data, errors, aliases, bytes_type, limit)

    def delete(
        self,
        path: str,
        *,
        auth: Auth = Auth.USER,
        status: int = 200,
        data: type[BaseModel] | None = None,
        errors: Errors = (),
        aliases: Iterable[Alias] = (),
        bytes_type: Bytes = None,
        limit: str | None = None,
    ) -> Callable[[H], H]:
        return self._route("DELETE", path, auth, status, data, errors, aliases, bytes_type, limit)

    def _route(
        self,
        method: str,
        path: str,
        auth: Auth,
        status: int,
        data: type[BaseModel] | None,
        errors: Errors,
        aliases: Iterable[Alias],
        bytes_type: Bytes,
        limit: str | None = None,
        media: bool = False,
    ) -> Callable[[H], H]:
        def decorate(handler: H) -> H:
            name = to_camel(handler.__name__)
            parts = _parts(handler)
            others = [each for each in parameters(handler) if each not in parts]
            if "caller" in others and auth in (Auth.PUBLIC, Auth.TASK):
                raise TypeError(f"{handler.__name__}: a {auth} route has no caller")
            places: list[tuple[str, str]] = [(method, path)]
            places += [(method, a) if isinstance(a, str) else a for a in aliases]
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
                        status=status,
                        data=data or Nothing,
                        errors=(*errors, TooManyRequests) if limit else errors,
                        bytes_type=bytes_type,
                        limit=limit,
                        alias_of=name if number else None,
                        media=media,
                    )
                )
            return handler

        return decorate


def ignored(given: Mapping[str, Any]) -> list[Ignored]:
    """The fields of a request that nothing was done about."""
    sent = given.get("body") or given.get("form")
    return sent.ignored if isinstance(sent, WarnsOfUnknown) else []


def _parts(handler: Handler) -> dict[str, type[BaseModel]]:
    """The models of the parts. The types of services are not looked up: that would load them."""
    parts = {name: each for name, each in handler.__annotations__.items() if name in PARTS}
    hints = get_type_hints(SimpleNamespace(__annotations__=parts), handler.__globals__)
    return {part: hints[part] for part in PARTS if part in hints}

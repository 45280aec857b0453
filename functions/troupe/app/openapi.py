"""The OpenAPI document of all functions, built from the same routes that are served.

flask-openapi reads the models; what it leaves out or writes otherwise is set here, once: the
version that readers know (it writes 3.2.0), the envelope, the failures of every route with their
codes, and which path is an alias.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar

from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.info import Info
from flask_openapi.models.security_scheme import SecurityScheme
from flask_openapi.models.tag import Tag
from flask_openapi.openapi import OpenAPI
from pydantic import BaseModel, create_model
from pydantic.alias_generators import to_pascal
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from troupe import __version__
from troupe.accounts.errors import AccountSuspended
from troupe.app.domains import apis, functions
from troupe.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    TroupeError,
    Unauthorized,
    Unavailable,
    Unprocessable,
)
from troupe.tokens import TokenExpired, TokenInvalid
from troupe.web.body import UnsupportedMediaType
from troupe.web.caller import Auth
from troupe.web.routes import Api, Route
from troupe.web.schema import Ignored, Meta, Schema

VERSION = "3.1.0"
_SECURITY: dict[str, SecurityScheme | dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of `login`, `register`, `guest` or `refresh`, or a "
        "Firebase ID token.",
    },
    "mediaLink": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "A media link: addresses of files in answers have it, and "
        "`POST /api/media-links` makes it. It opens one path for an hour at most.",
    },
}
_INFO = Info(
    title="Troupe",
    version=__version__,
    description="An open backend for AI voice products. JSON is in camelCase; requests may "
    "spell fields in snake_case as well. An alias behaves as the operation that it names.",
)
_RATE_HEADERS = {
    f"RateLimit-{name}": {"description": text, "schema": {"type": "integer"}}
    for name, text in (
        ("Limit", "How many the window takes."),
        ("Remaining", "How many are left in it."),
        ("Reset", "Seconds until the next window."),
    )
}
# What `files.file_response` answers besides the file and a part of it.
_ELSEWHERE = {
    "302": {
        "description": "A large file: where Cloud Storage serves it, for a few minutes.",
        "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
    },
    "304": {"description": "The file is still the one that If-None-Match names."},
}
T = TypeVar("T", bound=BaseModel)


class Envelope(Schema, Generic[T]):
    """What a success comes in."""

    success: Literal[True]
    status_code: int
    message: str
    data: T
    meta: Meta | None = None
    warnings: list[Ignored] | None = None


class FailureDetail(Schema):
    code: str
    details: dict[str, Any] | None = None


class Failure(Schema):
    """What a failure comes in. `error.code` is stable; `message` is for people."""

    success: Literal[False]
    status_code: int
    message: str
    error: FailureDetail


class PayloadTooLarge(TroupeError):
    status = 413
    code = "payload_too_large"


def document() -> dict[str, Any]:
    """The document, in an order that does not change between runs."""
    domains = [api for function in functions() for api in apis(function)]
    _check_names(route for api in domains for route in api.routes)
    app = OpenAPI("troupe", info=_INFO, security_schemes=_SECURITY, doc_ui=False)
    for domain in domains:
        app.register_api(_collected(domain))
    spec: dict[str, Any] = app.api_doc
    routes = {(route.method, _braced(route.path)): route for api in domains for route in api.routes}
    shared: dict[str, Any] = {}
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            _complete(operation, routes[method.upper(), path], shared)
    spec["components"]["responses"] = shared
    schemas = spec["components"]["schemas"]
    for unused in ("ValidationErrorModel", "UnprocessableEntity"):
        schemas.pop(unused, None)
    schemas["Failure"] = _inlined(Failure)
    spec["openapi"] = VERSION
    ordered: dict[str, Any] = _sorted(_untitled(spec))
    return ordered


def _check_names(routes: Iterable[Route]) -> None:
    """flask-openapi lets one of two schemas of the same name win, without a word."""
    models: set[tuple[type[BaseModel], JsonSchemaMode]] = set()
    for route in routes:
        models.add((route.data, "serialization"))
        models |= {(model, "validation") for model in route.parts.values()}
    _, schema = models_json_schema(sorted(models, key=str))
    # pydantic itself tells such names apart by their modules, or as -Input and -Output.
    twice = [name for name in schema["$defs"] if "__" in name or "-" in name]
    if twice:
        raise ValueError(f"schemas of the same name: {sorted(twice)}")


def _collected(domain: Api) -> APIBlueprint:
    tag = Tag(name=domain.name, description=domain.title)
    blueprint = APIBlueprint(domain.name, "troupe", abp_tags=[tag], doc_ui=True)
    for route in domain.routes:
        declare = getattr(blueprint, route.method.lower())
        declare(
            route.path,
            summary=_told(route)[0],
            operation_id=route.operation_id,
            security=_security(route),
            responses={} if route.bytes_type else {route.status: _envelope(route.data)},
            endpoint=route.operation_id,
        )(_parts_alone(route))
    return blueprint


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.auth is Auth.PUBLIC:
        return []
    return [{"bearer": []}, {"mediaLink": []}] if route.media else [{"bearer": []}]


def _parts_alone(route: Route) -> Callable[..., None]:
    """A handler without the services that the real one asks for."""

    def handler() -> None: ...

    handler.__name__, handler.__doc__ = route.handler.__name__, route.handler.__doc__
    handler.__annotations__ = dict(route.parts)
    return handler


def _envelope(data: type[BaseModel]) -> type[BaseModel]:
    # A name of its own, so that the component is not called Envelope_HealthData_.
    return create_model(f"{data.__name__}Envelope", __base__=Envelope[data])  # type: ignore[valid-type]


def _complete(operation: dict[str, Any], route: Route, shared: dict[str, Any]) -> None:
    answers = {code: a for code, a in operation["responses"].items() if code == str(route.status)}
    if kinds := _kinds(route):
        content = {kind: {"schema": _bytes(kind)} for kind in kinds}
        answers[str(route.status)] = {"description": "The bytes.", "content": content}
        if _is_media(kinds):
            part = {"description": "The bytes of the range that was asked for.", "content": content}
            answers |= {"206": part} | _ELSEWHERE
    for status, codes in _codes(route).items():
        answers[str(status)] = _failure(status, codes)
        if len(codes) == 1:
            name = to_pascal(codes[0])
            shared[name] = answers[str(status)]
            answers[str(status)] = {"$ref": f"#/components/responses/{name}"}
    if route.limit:
        answers[str(route.status)]["headers"] = _RATE_HEADERS
    operation["responses"] = answers
    operation.pop("deprecated", None)
    operation.pop("description", None)  # where there is none, flask-openapi repeats the summary
    if description := _told(route)[1]:
        operation["description"] = description
    operation["x-auth"] = str(route.auth)
    if route.alias_of:
        operation["x-alias-of"] = route.alias_of
    body = operation.get("requestBody")
    if body is not None:
        body["required"] = _is_required(route)


def _kinds(route: Route) -> tuple[str, ...]:
    """The media types of an answer that is not JSON."""
    kinds = route.bytes_type or ()
    return (kinds,) if isinstance(kinds, str) else kinds


def _is_media(kinds: Iterable[str]) -> bool:
    """Whether the answer is a stored file, as `files.file_response` sends it."""
    return {kind.partition("/")[0] for kind in kinds} <= {"audio", "video", "image"}


def _bytes(kind: str) -> dict[str, str]:
    json = kind == "application/json"
    return {"type": "object"} if json else {"type": "string", "format": "binary"}


def _codes(route: Route) -> dict[int, list[str]]:
    """Every failure that a route can answer with: its own, and those of its parts and policy."""
    kinds: set[type[TroupeError]] = {TroupeError, Unavailable, *route.errors}
    if route.auth is not Auth.PUBLIC:
        kinds |= {Unauthorized, TokenInvalid, TokenExpired, AccountSuspended}
    if route.auth not in (Auth.PUBLIC, Auth.USER):
        kinds |= {Forbidden}
    if "path" in route.parts:
        kinds |= {NotFound}
    if route.parts.keys() & {"header", "query", "form", "body"}:
        kinds |= {Unprocessable}
    if route.parts.keys() & {"form", "body"}:
        kinds |= {BadRequest, PayloadTooLarge, UnsupportedMediaType}
    codes: dict[int, set[str]] = {}
    if (sent := _kinds(route)) and _is_media(sent):
        codes[416] = {"requested_range_not_satisfiable"}
    for kind in kinds:
        codes.setdefault(kind.status, set()).add(kind.code)
    return {status: sorted(found) for status, found in sorted(codes.items())}


def _failure(status: int, codes: Iterable[str]) -> dict[str, Any]:
    code = {"properties": {"error": {"properties": {"code": {"enum": list(codes)}}}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Failure"}, code]}
    answer: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {"application/json": {"schema": schema}},
    }
    if status in (429, 503):
        answer["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    if status == 429:
        answer["headers"] |= _RATE_HEADERS
    return answer


def _is_required(route: Route) -> bool:
    model = route.parts.get("body") or route.parts["form"]
    return any(field.is_required() for field in model.model_fields.values())


def _told(route: Route) -> tuple[str, str]:
    """The first sentence of a handler's docstring, and the rest of it."""
    text = " ".join((route.handler.__doc__ or route.operation_id).split())
    first, stop, rest = text.partition(". ")
    if route.alias_of:
        rest = f"Alias of `{route.alias_of}`. {rest}".strip()
    return (first + stop).strip(), rest


def _braced(path: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


def _inlined(model: type[BaseModel]) -> dict[str, Any]:
    """A schema that refers to nothing."""
    schema = model.model_json_schema(mode="serialization")
    parts = schema.pop("$defs", {})
    for name, field in schema["properties"].items():
        if "$ref" in field:
            schema["properties"][name] = parts[field["$ref"].rsplit("/", 1)[-1]]
    return schema


def _untitled(value: Any) -> Any:
    """Without the titles that pydantic makes of names; that of the document stays."""
    if isinstance(value, list):
        return [_untitled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _untitled(item)
        for key, item in value.items()
        if not (key == "title" and isinstance(item, str) and "version" not in value)
    }


def _sorted(value: Any) -> Any:
    """Keys in order; lists stay as they are, for their order is meant."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value

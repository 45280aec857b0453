"""The OpenAPI document of all functions, generated from the routes.

pydantic generates the schemas of the models. This module adds the parameters and bodies from the
parts of each route, the envelopes of its data, and a failure with the possible codes for each
status. Parts shared by several operations are under `components`.

Client generators get few failure types, distinguished by `error.code`: there is one `Failure`,
whose `error` is a `FailureError`, which has one schema per code with details, and one for all codes
without. The failure of an operation is a `Failure` restricted to its codes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import NoneType
from typing import Any, get_args

from pydantic import TypeAdapter
from pydantic.alias_generators import to_pascal
from pydantic.json_schema import JsonSchemaMode

from troupe import __version__
from troupe.accounts.errors import AccountSuspended
from troupe.app.domains import apis, functions, job_specs
from troupe.errors import (
    AppCheckFailed,
    BadRequest,
    Forbidden,
    InvalidInput,
    NotFound,
    TroupeError,
    Unauthorized,
    Unavailable,
)
from troupe.tokens import TokenExpired, TokenInvalid
from troupe.web.caller import Auth
from troupe.web.errors import PayloadTooLarge, RangeNotSatisfiable, UnsupportedMediaType
from troupe.web.events import EVENT_STREAM
from troupe.web.routes import Api, Route
from troupe.web.schema import Ignored, Meta, WarnsOfUnknown

Json = dict[str, Any]
Codes = tuple[int, tuple[str, ...]]  # a status, and its possible codes

VERSION = "3.1.0"
_INFO = {
    "title": "Troupe",
    "version": __version__,
    "description": "An open backend for AI voice products. JSON is in camelCase; requests may also "
    "use snake_case. An alias behaves like the operation it names. Projects that enforce Firebase "
    "App Check also require the header `X-Firebase-AppCheck`.",
}
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of `login`, `register`, `createGuest` or `refresh`, or a "
        "Firebase ID token.",
    },
    "mediaLink": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "A media link: file URLs in responses contain it, and "
        "`POST /api/media-links` creates one. It opens one path for up to an hour.",
    },
}
_PHRASES = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    422: "Unprocessable",
    429: "Too Many Requests",
    500: "Internal Error",
    503: "Unavailable",
}
_HEADERS = {
    "Location": ("The URL of the created resource.", {"type": "string", "format": "uri-reference"}),
    "Preference-Applied": ("The part of `Prefer` that was honoured.", {"type": "string"}),
    "RateLimit-Limit": ("Requests allowed in the window.", {"type": "integer"}),
    "RateLimit-Remaining": ("Requests remaining in the window.", {"type": "integer"}),
    "RateLimit-Reset": ("Seconds until the next window.", {"type": "integer"}),
    "Retry-After": ("Seconds to wait before retrying.", {"type": "integer"}),
}
_RATE_HEADERS = tuple(name for name in _HEADERS if name.startswith("RateLimit-"))
_FAILURE_HEADERS = {429: ("Retry-After", *_RATE_HEADERS), 503: ("Retry-After",)}
# Responses of `files.file_response` other than the file or a range of it.
_FILE_RESPONSES = {
    "FileElsewhere": {
        "description": "A large file: a redirect to a short-lived Cloud Storage URL.",
        "headers": {"Location": {"$ref": "#/components/headers/Location"}},
    },
    "FileNotModified": {"description": "The file matches If-None-Match."},
}
_BODY_TYPES = {
    "body": "application/json",
    "form": "multipart/form-data",
    "raw": "application/octet-stream",
}


def document(domains: Iterable[Api] | None = None) -> Json:
    """The document of some or all domains, in a stable order.

    Raises ValueError if two different schemas have the same name.
    """
    if domains is None:
        domains = [api for function in functions() for api in apis(function)]
    return _Document(list(domains)).build()


class _Document:
    def __init__(self, domains: list[Api]) -> None:
        self._domains = domains
        self._routes = [route for domain in domains for route in domain.routes]
        self._kinds = {kind for route in self._routes for kind in _kinds(route)}
        self._refs, self._schemas = _schemas(self._routes, self._kinds)
        self._schemas |= _failure_schemas(self._kinds, self._refs)
        self._responses: Json = dict(_FILE_RESPONSES)
        self._failure_names: dict[Codes, str] = {}
        # A parameter that is the same in several operations is a component.
        described = [parameter for route in self._routes for parameter in self._described(route)]
        times = Counter(map(repr, described))
        self._parameters: Json = {}
        for parameter in described:
            if times[repr(parameter)] > 1:
                self._parameters.setdefault(_component(parameter["name"]), parameter)

    def build(self) -> Json:
        paths: Json = {}
        for domain in self._domains:
            for route in domain.routes:
                path = re.sub(r"<(\w+)>", r"{\1}", route.path)
                operation = self._operation(route, domain.name)
                paths.setdefault(path, {})[route.method.lower()] = operation
        components = {
            "headers": {name: _header(*header) for name, header in _HEADERS.items()},
            "parameters": self._parameters,
            "responses": self._responses,
            "schemas": self._schemas,
            "securitySchemes": _SECURITY,
        }
        spec = {
            "openapi": VERSION,
            "info": _INFO,
            "tags": [{"name": d.name, "description": d.title} for d in self._domains],
            "paths": paths,
            "components": components,
        }
        _drop_unused(spec)
        ordered: Json = _sorted(spec)
        return ordered

    def _operation(self, route: Route, tag: str) -> Json:
        summary, description = _docstring(route)
        operation: Json = {
            "operationId": route.operation_id,
            "summary": summary,
            "tags": [tag],
            "security": _security(route),
            "responses": self._answers(route),
            "x-auth": str(route.auth),
        }
        if description:
            operation["description"] = description
        if parameters := [self._shared(each) for each in self._described(route)]:
            operation["parameters"] = parameters
        if body := self._body(route):
            operation["requestBody"] = body
        if route.alias_of:
            operation |= {"deprecated": True, "x-alias-of": route.alias_of}
        return operation

    def _described(self, route: Route) -> Iterator[Json]:
        for part in ("path", "query", "header"):
            model = route.parts.get(part)
            described = self._schemas[_name(self._refs[model, "validation"])] if model else {}
            for name, property_ in described.get("properties", {}).items():
                schema = _without_null(property_)
                text = schema.pop("description", None)
                yield {
                    "name": name,
                    "in": part,
                    "required": name in described.get("required", ()),
                    **({"description": text} if text else {}),
                    "schema": schema,
                }

    def _shared(self, parameter: Json) -> Json:
        name = _component(parameter["name"])
        same = self._parameters.get(name) == parameter
        return {"$ref": f"#/components/parameters/{name}"} if same else parameter

    def _body(self, route: Route) -> Json | None:
        for part, media_type in _BODY_TYPES.items():
            if part not in route.parts:
                continue
            model = route.parts[part]
            if part == "raw":
                schema: Json = {"type": "string", "format": "binary"}
                return {"required": True, "content": {media_type: {"schema": schema}}}
            schema = self._refs[model, "validation"]
            fields: Mapping[str, Any] = model.model_fields
            required = any(field.is_required() for field in fields.values())
            return {"required": required, "content": {media_type: {"schema": schema}}}
        return None

    def _answers(self, route: Route) -> Json:
        """The responses by status."""
        content = self._content(route)
        headers = (*route.headers, *(_RATE_HEADERS if route.limit else ()))
        answers: Json = {}
        for status in route.statuses:
            answers[str(status)] = {"description": _PHRASES[status], "content": content}
            if headers:
                answers[str(status)]["headers"] = _header_refs(headers)
        if _is_media(route):
            answers["206"] = {"description": "The requested range.", "content": content}
            answers["302"] = {"$ref": "#/components/responses/FileElsewhere"}
            answers["304"] = {"$ref": "#/components/responses/FileNotModified"}
        for codes in _codes(route):
            answers[str(codes[0])] = {
                "$ref": f"#/components/responses/{self._failure(codes, route)}"
            }
        return answers

    def _content(self, route: Route) -> Json:
        data = self._refs[route.data, "serialization"]
        if route.streams_events:
            # OpenAPI 3.1 cannot describe the items of a stream (3.2 can); JSON Schema can.
            item = {"contentMediaType": "application/json", "contentSchema": data}
            return {EVENT_STREAM: {"schema": {"type": "string", **item}}}
        if route.produces:
            return {kind: {"schema": _bytes(kind)} for kind in route.produces}
        name = f"{_name(data)}{'Page' if route.paged else 'Envelope'}"
        if _warns(route):
            name += "WithWarnings"
        self._schemas[name] = _envelope(data, paged=route.paged, warns=_warns(route))
        return {"application/json": {"schema": _ref(name)}}

    def _failure(self, codes: Codes, route: Route) -> str:
        """The name of the response with these codes, shared by all routes with the same codes."""
        if codes not in self._failure_names:
            status, names = codes
            name = "Or".join(map(to_pascal, names))
            if len(names) > 3:
                name = (
                    route.operation_id[0].upper()
                    + route.operation_id[1:]
                    + _PHRASES[status].replace(" ", "")
                )
            self._failure_names[codes] = name
            self._schemas[f"{name}Failure"] = _narrowed(status, names)
            schema = {"schema": _ref(f"{name}Failure")}
            response: Json = {
                "description": _PHRASES[status],
                "content": {"application/json": schema},
            }
            if headers := _FAILURE_HEADERS.get(status):
                response["headers"] = _header_refs(headers)
            self._responses[name] = response
        return self._failure_names[codes]


def _schemas(
    routes: Iterable[Route], kinds: Iterable[type[TroupeError]]
) -> tuple[dict[tuple[Any, JsonSchemaMode], Json], Json]:
    """References to the schema of each type and mode, and all schemas by name."""
    wanted: set[tuple[Any, JsonSchemaMode]] = {
        (Meta, "serialization"),
        (Ignored, "serialization"),
    }
    for route in routes:
        wanted.add((route.data, "serialization"))
        wanted |= {(model, "validation") for model in route.parts.values() if model is not bytes}
    for kind in kinds:
        wanted |= {(each, "serialization") for each in _details(kind) - {NoneType}}
    inputs = sorted(wanted, key=lambda each: (each[0].__module__, each[0].__name__, each[1]))
    refs, described = TypeAdapter.json_schemas(
        [((kind, mode), mode, TypeAdapter(kind)) for kind, mode in inputs],
        ref_template="#/components/schemas/{model}",
    )
    schemas: Json = _with_registered(_tidied(described["$defs"]))
    # pydantic disambiguates schemas of the same name by module, or with -Input and -Output.
    if twice := [name for name in schemas if "__" in name or "-" in name]:
        raise ValueError(f"schemas of the same name: {sorted(twice)}")
    # `meta` omits null fields.
    fields = schemas["Meta"]["properties"]
    schemas["Meta"]["properties"] = {name: _without_null(fields[name]) for name in fields}
    return {kind: dict(ref) for (kind, _), ref in refs.items()}, schemas


def _with_registered(schemas: Json) -> Json:
    """Adds the enums of job kinds and steps, which are plain strings in the code and listed only in
    the registry."""
    steps = list(dict.fromkeys(step.name for spec in job_specs().values() for step in spec.steps))
    known = {
        "JobKind": sorted(job_specs()),
        "StepName": steps,
        "CurrentStep": ["", *steps, "completed"],
    }

    def replaced(value: Any) -> Any:
        if isinstance(value, list):
            return [replaced(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "x-registered" in value:
            return _ref(value["x-registered"])
        return {name: replaced(each) for name, each in value.items()}

    named = {name: {"type": "string", "enum": values} for name, values in known.items()}
    found: Json = replaced(schemas)
    return found | named


def _security(route: Route) -> list[dict[str, list[str]]]:
    """The accepted credentials; an empty object means that none are required."""
    if route.auth is Auth.PUBLIC:
        return []
    ways: list[dict[str, list[str]]] = [{}] if route.auth is Auth.OPTIONAL else []
    ways.append({"bearer": []})
    if route.media:
        ways.append({"mediaLink": []})
    return ways


def _details(kind: type[TroupeError]) -> set[Any]:
    """The possible types of an error's details; NoneType if they can be absent."""
    return set(get_args(kind.details_type)) or {kind.details_type or NoneType}


def _kinds(route: Route) -> set[type[TroupeError]]:
    """All errors of a route: its own, and those of its parts and policy."""
    kinds: set[type[TroupeError]] = {TroupeError, Unavailable, *route.errors}
    if not route.open_to_all_apps:
        kinds |= {AppCheckFailed}
    if route.auth is not Auth.PUBLIC:
        kinds |= {Unauthorized, TokenInvalid, TokenExpired, AccountSuspended}
    if route.auth in (Auth.SELF, Auth.ADMIN, Auth.COMPANY):
        kinds |= {Forbidden}
    if "path" in route.parts:
        kinds |= {NotFound}
    if route.parts.keys() & {"header", "query", "form", "body"}:
        kinds |= {InvalidInput}
    if route.parts.keys() & {"form", "body"}:
        kinds |= {BadRequest, UnsupportedMediaType}
    if route.parts.keys() & {"form", "body", "raw"}:
        kinds |= {PayloadTooLarge}
    if _is_media(route):
        kinds |= {RangeNotSatisfiable}
    return kinds


def _codes(route: Route) -> list[Codes]:
    codes: dict[int, set[str]] = {}
    for kind in _kinds(route):
        codes.setdefault(kind.status, set()).add(kind.code)
    return [(status, tuple(sorted(found))) for status, found in sorted(codes.items())]


def _failure_schemas(
    kinds: Iterable[type[TroupeError]], refs: Mapping[tuple[Any, JsonSchemaMode], Json]
) -> Json:
    """The failure envelope: `error` has the schema of its code, or the one for all codes without
    details."""
    details: dict[str, set[Any]] = {}
    for kind in kinds:
        details.setdefault(kind.code, set()).update(_details(kind))
    schemas: Json = {}
    for code in sorted(details):
        shapes = [refs[each, "serialization"] for each in _by_name(details[code] - {NoneType})]
        if shapes:
            schemas[f"{to_pascal(code)}Error"] = _object(
                {
                    "code": {"type": "string", "const": code},
                    "details": shapes[0] if len(shapes) == 1 else {"anyOf": shapes},
                },
                optional={"details"} if NoneType in details[code] else set(),
            )
    plain = sorted(code for code in details if details[code] == {NoneType})
    errors = [_ref(name) for name in schemas]
    if plain:
        schemas["PlainError"] = _object({"code": {"type": "string", "enum": plain}})
        errors.append(_ref("PlainError"))
    return schemas | {
        "FailureError": {"oneOf": errors},
        "Failure": {
            "description": "The envelope of an error. `error.code` is stable, for programs; "
            "`message` is for people.",
            **_object(
                {
                    "success": {"type": "boolean", "const": False},
                    "statusCode": {"type": "integer"},
                    "message": {"type": "string"},
                    "error": _ref("FailureError"),
                }
            ),
        },
    }


def _narrowed(status: int, codes: Iterable[str]) -> Json:
    """A failure with one of these codes."""
    error = _object({"code": {"type": "string", "enum": list(codes)}})
    narrow = _object({"statusCode": {"type": "integer", "const": status}, "error": error})
    return {"allOf": [_ref("Failure")], **narrow}


def _warns(route: Route) -> bool:
    """Whether a success may have warnings about unknown fields."""
    model = route.parts.get("body") or route.parts.get("form")
    return model is not None and issubclass(model, WarnsOfUnknown)


def _envelope(data: Json, *, paged: bool, warns: bool) -> Json:
    """The envelope of a success."""
    fields = {
        "success": {"type": "boolean", "const": True},
        "statusCode": {"type": "integer"},
        "message": {"type": "string"},
        "data": data,
    }
    if paged:
        fields["meta"] = _ref("Meta")
    if warns:
        fields["warnings"] = {"type": "array", "items": _ref("Ignored")}
    return _object(fields, optional={"warnings"})


def _object(properties: Json, optional: Iterable[str] = ()) -> Json:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _name(ref: Json) -> str:
    return str(ref["$ref"]).rsplit("/", 1)[-1]


def _component(parameter: str) -> str:
    return re.sub(r"\W", "", to_pascal(parameter.replace("-", "_")))


def _header(description: str, schema: Json) -> Json:
    return {"description": description, "schema": schema}


def _header_refs(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _by_name(types: Iterable[Any]) -> list[Any]:
    return sorted(types, key=lambda each: str(each.__name__))


def _is_media(route: Route) -> bool:
    """Whether the response is a stored file, sent by `files.file_response`."""
    kinds = {kind.partition("/")[0] for kind in route.produces}
    return bool(kinds) and kinds <= {"audio", "video", "image"}


def _bytes(kind: str) -> Json:
    if kind == "application/json":
        return {"type": "object"}
    return (
        {"type": "string"} if kind.startswith("text/") else {"type": "string", "format": "binary"}
    )


def _docstring(route: Route) -> tuple[str, str]:
    """The first sentence of the handler's docstring, and the rest."""
    text = " ".join((route.handler.__doc__ or route.operation_id).split())
    first, stop, rest = text.partition(". ")
    if route.alias_of:
        rest = f"Alias of `{route.alias_of}`. {rest}".strip()
    return (first + stop).strip(), rest


def _without_null(schema: Json) -> Json:
    """Drops null: a parameter is sent or left out."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if len(options) == 1:
        only: Json = options[0] | rest
        return only
    return rest | {"anyOf": options} if options else rest


def _drop_unused(spec: Json) -> None:
    """Removes unreferenced components, mostly models of parameters."""
    components = spec["components"]
    kept: set[tuple[str, str]] = set()
    waiting = [spec["paths"]]
    while waiting:
        for kind, name in set(_references(waiting.pop())) - kept:
            kept.add((kind, name))
            waiting.append(components[kind][name])
    for kind in ("headers", "parameters", "responses", "schemas"):
        components[kind] = {n: c for n, c in components[kind].items() if (kind, n) in kept}


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            _, _, kind, name = value["$ref"].split("/")
            yield kind, name
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _tidied(value: Any) -> Any:
    """Drops the titles that pydantic derives from names, and null defaults, which generated
    clients and forms would send; leaving the field out means the same."""
    if isinstance(value, list):
        return [_tidied(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _tidied(item)
        for key, item in value.items()
        if not (key == "title" and isinstance(item, str)) and (key, item) != ("default", None)
    }


def _sorted(value: Any) -> Any:
    """Sorts keys; lists keep their order, which is significant."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value

"""The OpenAPI document of all functions, generated from the routes.

pydantic generates the schemas of the models. This module adds the parameters and bodies from the
parts of each route, the envelopes of its data, and a failure with the possible codes for each
status. Parts shared by several operations are under `components`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic.alias_generators import to_pascal

from troupe import __version__
from troupe.app.domains import apis, functions
from troupe.app.openapi_failures import (
    Codes,
    codes_of,
    failure_schemas,
    is_media,
    kinds,
    narrowed,
)
from troupe.app.openapi_json import (
    Json,
    component,
    drop_unused,
    header_of,
    header_refs,
    name_of,
    ref,
    sorted_keys,
    without_null,
)
from troupe.app.openapi_schemas import envelope, schemas_of, warns
from troupe.web.caller import Auth
from troupe.web.events import EVENT_STREAM
from troupe.web.routes import Api, Route
from troupe.web.surface import Surface

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
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "An API key of `createKey` with the operation's `x-scope`. `xi-api-key`, "
        "`api-key` and `Authorization: Bearer` are accepted, too.",
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
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    422: "Unprocessable",
    429: "Too Many Requests",
    500: "Internal Error",
    503: "Unavailable",
}
_HEADERS = {
    "X-Warnings": ("What `warnings` has in other responses, as JSON.", {"type": "string"}),
    "X-Troupe-Generation-Id": ("The generation in the history.", {"type": "string"}),
    "character-cost": ("What this costs, as characters.", {"type": "integer"}),
    "history-item-id": ("The generation in the history.", {"type": "string"}),
    "X-Troupe-Ignored": ("Fields of the request that have no effect here.", {"type": "string"}),
    "X-Troupe-Tokens-Charged": ("What this costs.", {"type": "integer"}),
    "X-Troupe-Tokens-Remaining": ("What the payer has left.", {"type": "integer"}),
    "X-Troupe-Budget-Remaining": (
        "The tokens that the API key, or the member of a company, may still spend this month.",
        {"type": "integer"},
    ),
    "X-Troupe-Payer": ("Who pays: `user:ID` or `company:ID`.", {"type": "string"}),
    "Cache-Control": ("How long, and by whom, the answer may be kept.", {"type": "string"}),
    "Location": (
        "The URL of the created resource, or to go on to.",
        {"type": "string", "format": "uri-reference"},
    ),
    "Preference-Applied": ("The part of `Prefer` that was honoured.", {"type": "string"}),
    "RateLimit-Policy": (
        "Each limit that counted the request, its quota, and its window in seconds: "
        '`"key";q=60;w=60`.',
        {"type": "string"},
    ),
    "RateLimit": (
        'What is left of each, and the seconds until its window ends: `"key";r=59;t=42`.',
        {"type": "string"},
    ),
    "RateLimit-Limit": ("Requests allowed in the window.", {"type": "integer"}),
    "RateLimit-Remaining": ("Requests remaining in the window.", {"type": "integer"}),
    "RateLimit-Reset": ("Seconds until the next window.", {"type": "integer"}),
    "Retry-After": ("Seconds to wait before retrying.", {"type": "integer"}),
}
_RATE_HEADERS = tuple(name for name in _HEADERS if name.startswith("RateLimit"))
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
        ours = [route for route in self._routes if not route.surface]
        self._kinds = {kind for route in ours for kind in kinds(route)}
        self._refs, self._schemas = schemas_of(self._routes, self._kinds)
        self._schemas |= failure_schemas(self._kinds, self._refs)
        self._responses: Json = dict(_FILE_RESPONSES)
        self._failure_names: dict[Codes, str] = {}
        # A parameter that is the same in several operations is a component.
        described = [parameter for route in self._routes for parameter in self._described(route)]
        times = Counter(map(repr, described))
        self._parameters: Json = {}
        for parameter in described:
            if times[repr(parameter)] > 1:
                self._parameters.setdefault(component(parameter["name"]), parameter)

    def build(self) -> Json:
        paths: Json = {}
        for domain in self._domains:
            for route in domain.routes:
                path = re.sub(r"<(\w+)>", r"{\1}", route.path)
                operation = self._operation(route, domain.name)
                paths.setdefault(path, {})[route.method.lower()] = operation
        components = {
            "headers": {name: header_of(*header) for name, header in _HEADERS.items()},
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
        drop_unused(spec)
        ordered: Json = sorted_keys(spec)
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
        if route.scope:
            operation["x-scope"] = str(route.scope)
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
            described = self._schemas[name_of(self._refs[model, "validation"])] if model else {}
            for name, property_ in described.get("properties", {}).items():
                schema = without_null(property_)
                text = schema.pop("description", None)
                yield {
                    "name": name,
                    "in": part,
                    "required": name in described.get("required", ()),
                    **({"description": text} if text else {}),
                    "schema": schema,
                }

    def _shared(self, parameter: Json) -> Json:
        name = component(parameter["name"])
        same = self._parameters.get(name) == parameter
        return {"$ref": f"#/components/parameters/{name}"} if same else parameter

    def _body(self, route: Route) -> Json | None:
        for part, media_type in _BODY_TYPES.items():
            if part not in route.parts:
                continue
            model = route.parts[part]
            if part == "raw":
                schema: Json = {"type": "string", "format": "binary"}
                required = True
            else:
                schema = self._refs[model, "validation"]
                fields: Mapping[str, Any] = model.model_fields
                required = any(field.is_required() for field in fields.values())
            content: Json = {media_type: {"schema": schema}}
            if route.form is not None:
                form = {"schema": self._refs[route.form, "validation"]}
                content[_BODY_TYPES["form"]] = form | {"x-max-bytes": route.form_bytes}
            return {
                "required": required,
                "content": content,
                "x-max-bytes": route.body_bytes,
            }
        return None

    def _answers(self, route: Route) -> Json:
        """The responses by status."""
        content = self._content(route)
        headers = (*route.headers, *(_RATE_HEADERS if route.limit else ()))
        answers: Json = {}
        for status in route.statuses:
            answers[str(status)] = {"description": _PHRASES[status]}
            if status != 302:
                answers[str(status)]["content"] = content
            if headers:
                answers[str(status)]["headers"] = header_refs(headers)
        if is_media(route):
            answers["206"] = {"description": "The requested range.", "content": content}
            answers["302"] = {"$ref": "#/components/responses/FileElsewhere"}
            answers["304"] = {"$ref": "#/components/responses/FileNotModified"}
        for codes in codes_of(route):
            if route.surface:
                answers |= self._failure_of(route.surface, codes[0])
                continue
            answers[str(codes[0])] = {
                "$ref": f"#/components/responses/{self._failure(codes, route)}"
            }
        return answers

    def _failure_of(self, surface: Surface, ours: int) -> Json:
        """The failure of another service in place of one of ours, by status."""
        status = surface.statuses.get(ours, ours)
        name = f"{surface.failure.__name__}{status}"
        response: Json = {
            "description": _PHRASES[status],
            "content": {
                "application/json": {"schema": self._refs[surface.failure, "serialization"]}
            },
        }
        if headers := _FAILURE_HEADERS.get(status):
            response["headers"] = header_refs(headers)
        self._responses[name] = response
        return {str(status): {"$ref": f"#/components/responses/{name}"}}

    def _content(self, route: Route) -> Json:
        data = self._refs[route.data, "serialization"]
        if route.streams_events:
            # OpenAPI 3.1 cannot describe the items of a stream (3.2 can); JSON Schema can.
            item = {"contentMediaType": "application/json", "contentSchema": data}
            return {EVENT_STREAM: {"schema": {"type": "string", **item}}}
        if route.produces:
            schemas = {kind: _bytes(kind) for kind in route.produces}
            if route.produced_json:
                schemas["application/json"] = self._refs[route.produced_json, "serialization"]
            return {kind: {"schema": schema} for kind, schema in schemas.items()}
        meta = route.meta.__name__ if route.meta else None
        name = f"{name_of(data)}{'Page' if meta else 'Envelope'}"
        if warns(route):
            name += "WithWarnings"
        self._schemas[name] = envelope(data, meta=meta, warns=warns(route))
        return {"application/json": {"schema": ref(name)}}

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
            self._schemas[f"{name}Failure"] = narrowed(status, names)
            schema = {"schema": ref(f"{name}Failure")}
            response: Json = {
                "description": _PHRASES[status],
                "content": {"application/json": schema},
            }
            if headers := _FAILURE_HEADERS.get(status):
                response["headers"] = header_refs(headers)
            self._responses[name] = response
        return self._failure_names[codes]


def _security(route: Route) -> list[dict[str, list[str]]]:
    """The accepted credentials; an empty object means that none are required."""
    if route.auth is Auth.PUBLIC:
        return []
    ways: list[dict[str, list[str]]] = [{}] if route.auth is Auth.OPTIONAL else []
    ways.append({"bearer": []})
    if route.scope:
        ways.append({"apiKey": []})
    if route.media:
        ways.append({"mediaLink": []})
    return ways


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

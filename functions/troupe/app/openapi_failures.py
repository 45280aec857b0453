"""The failures in the OpenAPI document.

Client generators get few failure types, distinguished by `error.code`: there is one `Failure`,
whose `error` is a `FailureError`, which has one schema per code with details, and one for all codes
without. The failure of an operation is a `Failure` restricted to its codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any, get_args

from pydantic.alias_generators import to_pascal
from pydantic.json_schema import JsonSchemaMode

from troupe.accounts.errors import AccountSuspended
from troupe.api_keys.errors import KEY_ERRORS
from troupe.app.openapi_json import Json, object_of, ref
from troupe.errors import (
    AppCheckFailed,
    BadRequest,
    FileMissing,
    Forbidden,
    InvalidInput,
    KeyNotAccepted,
    NotFound,
    TooManyRequests,
    TroupeError,
    Unauthorized,
    Unavailable,
)
from troupe.tokens import TokenExpired, TokenInvalid
from troupe.web.caller import Auth
from troupe.web.errors import (
    PayloadTooLarge,
    PreconditionFailed,
    RangeNotSatisfiable,
    UnsupportedMediaType,
)
from troupe.web.routes import Route

Codes = tuple[int, tuple[str, ...]]  # a status, and its possible codes


def details_of(kind: type[TroupeError]) -> set[Any]:
    """The possible types of an error's details; NoneType if they can be absent."""
    return set(get_args(kind.details_type)) or {kind.details_type or NoneType}


def kinds(route: Route) -> set[type[TroupeError]]:
    """All errors of a route: its own, and those of its parts and policy."""
    kinds: set[type[TroupeError]] = {TroupeError, Unavailable, *route.errors}
    if not route.open_to_all_apps:
        kinds |= {AppCheckFailed}
    if route.auth is not Auth.PUBLIC:
        # A first sign-in with the Firebase SDK is limited like a registration.
        kinds |= {Unauthorized, TokenInvalid, TokenExpired, AccountSuspended, TooManyRequests}
        kinds |= {*KEY_ERRORS} if route.scope else {KeyNotAccepted}
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
    if is_media(route):
        kinds |= {PreconditionFailed, RangeNotSatisfiable, FileMissing}
    return kinds


def codes_of(route: Route) -> list[Codes]:
    codes: dict[int, set[str]] = {}
    for kind in kinds(route):
        codes.setdefault(kind.status, set()).add(kind.code)
    return [(status, tuple(sorted(found))) for status, found in sorted(codes.items())]


def failure_schemas(
    kinds: Iterable[type[TroupeError]], refs: Mapping[tuple[Any, JsonSchemaMode], Json]
) -> Json:
    """The failure envelope: `error` has the schema of its code, or the one for all codes without
    details."""
    details: dict[str, set[Any]] = {}
    for kind in kinds:
        details.setdefault(kind.code, set()).update(details_of(kind))
    schemas: Json = {}
    for code in sorted(details):
        shapes = [refs[each, "serialization"] for each in _by_name(details[code] - {NoneType})]
        if shapes:
            schemas[f"{to_pascal(code)}Error"] = object_of(
                {
                    "code": {"type": "string", "const": code},
                    "details": shapes[0] if len(shapes) == 1 else {"anyOf": shapes},
                },
                optional={"details"} if NoneType in details[code] else set(),
            )
    plain = sorted(code for code in details if details[code] == {NoneType})
    errors = [ref(name) for name in schemas]
    if plain:
        schemas["PlainError"] = object_of({"code": {"type": "string", "enum": plain}})
        errors.append(ref("PlainError"))
    return schemas | {
        "FailureError": {"oneOf": errors},
        "Failure": {
            "description": "The envelope of an error. `error.code` is stable, for programs; "
            "`message` is for people.",
            **object_of(
                {
                    "success": {"type": "boolean", "const": False},
                    "statusCode": {"type": "integer"},
                    "message": {"type": "string"},
                    "error": ref("FailureError"),
                }
            ),
        },
    }


def narrowed(status: int, codes: Iterable[str]) -> Json:
    """A failure with one of these codes."""
    error = object_of({"code": {"type": "string", "enum": list(codes)}})
    narrow = object_of({"statusCode": {"type": "integer", "const": status}, "error": error})
    return {"allOf": [ref("Failure")], **narrow}


def _by_name(types: Iterable[Any]) -> list[Any]:
    return sorted(types, key=lambda each: str(each.__name__))


def is_media(route: Route) -> bool:
    """Whether the response is a stored file, sent by `files.file_response`."""
    kinds = {kind.partition("/")[0] for kind in route.produces}
    return bool(kinds) and kinds <= {"audio", "video", "image"}

"""Reads strict JSON, queries, forms and headers into pydantic models.

Flask's own `get_json` recurses (100,000 nested brackets are a RecursionError, a 500) and accepts
NaN and lone surrogates, which no later layer can encode. pydantic's parser, jiter, runs in linear
time, stops at 200 levels, and rejects both.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from flask import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from werkzeug.datastructures import MultiDict

from troupe.errors import BadRequest, InvalidInput, NotFound
from troupe.web.errors import UnsupportedMediaType

# 200,000 characters, each escaped as a surrogate pair \uXXXX\uXXXX, take 2.4 MB.
JSON_LIMIT = 4 * 1024 * 1024
FORM_LIMIT = 32 * 1024 * 1024  # the platform's own limit


class EdgeRequest(Request):
    """A Flask request that always parses JSON strictly."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The JSON body; `{}` when there is none. The arguments are Flask's and have no effect.

        Raises BadRequest (not UTF-8, malformed, too deep), UnsupportedMediaType, and werkzeug's
        RequestEntityTooLarge.
        """
        self.max_content_length = JSON_LIMIT
        raw = self.get_data(cache=True)
        if not raw:
            return {}
        if not self.is_json:
            raise UnsupportedMediaType(details={"allowed": ["application/json"]})
        try:
            return from_json(raw, allow_inf_nan=False)
        except ValueError as error:
            raise BadRequest("The body is not JSON in UTF-8.", details=_position(error)) from None


def read(request: Request, part: str, model: type[BaseModel], path: dict[str, Any]) -> BaseModel:
    """The `part` (header, path, query, form, body) of a request as its model.

    Raises NotFound for an invalid path, InvalidInput (listing the invalid fields) for other parts.
    """
    try:
        return model.model_validate(_READERS[part](request, model, path))
    except ValidationError as error:
        if part == "path":
            raise NotFound from None
        raise InvalidInput(details={"fields": wrong_fields(error)}) from None


def read_raw(request: Request) -> bytes:
    """The unparsed body, of any type, for verifying a signature over its bytes.

    Raises werkzeug's RequestEntityTooLarge.
    """
    request.max_content_length = JSON_LIMIT
    return request.get_data(cache=False)


_MESSAGES = {
    "union_tag_invalid": "is of no known kind",  # pydantic's own would quote what was sent
    "model_type": "must be an object",  # and this one name a class of ours
}


def wrong_fields(error: ValidationError) -> list[dict[str, Any]]:
    """What a program or a form needs to know; never what was sent."""
    fields = []
    for line in error.errors(include_url=False, include_input=False):
        field: dict[str, Any] = {
            "field": ".".join(str(step) for step in line["loc"]),
            "message": _MESSAGES.get(line["type"], line["msg"]),
            "type": line["type"],
        }
        if line["type"] in ("enum", "literal_error"):
            field["allowed"] = re.findall(r"'([^']*)'", line["ctx"]["expected"])
        fields.append(field)
    return fields


def _read_header(request: Request, model: type[BaseModel], path: dict[str, Any]) -> dict[str, Any]:
    names = (field.alias or name for name, field in model.model_fields.items())
    return {name: request.headers[name] for name in names if name in request.headers}


def _read_path(request: Request, model: type[BaseModel], path: dict[str, Any]) -> dict[str, Any]:
    return path


def _read_query(request: Request, model: type[BaseModel], path: dict[str, Any]) -> dict[str, Any]:
    return _flat(request.args, model)


def _read_form(request: Request, model: type[BaseModel], path: dict[str, Any]) -> dict[str, Any]:
    if request.mimetype not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise UnsupportedMediaType(details={"allowed": ["multipart/form-data"]})
    return _flat(request.form, model) | _flat(request.files, model)


def _read_body(request: Request, model: type[BaseModel], path: dict[str, Any]) -> Any:
    return request.get_json()


_READERS: dict[str, Callable[[Request, type[BaseModel], dict[str, Any]], Any]] = {
    "header": _read_header,
    "path": _read_path,
    "query": _read_query,
    "form": _read_form,
    "body": _read_body,
}


def _flat(values: MultiDict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Repeated names as lists where the model has a list, else the first value. `files[]` means
    `files`; a form may use both."""
    wanted = _list_names(model)
    flat: dict[str, Any] = {}
    for key in values:
        if key is None:  # how werkzeug returns a part without a name
            continue
        name = key.removesuffix("[]")
        if name in wanted:
            flat[name] = flat.get(name, []) + values.getlist(key)
        else:
            flat[name] = values.get(key)
    return flat


@cache
def _list_names(model: type[BaseModel]) -> frozenset[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        if _is_list(field.annotation):
            names.update({name, field.alias or name})
    return frozenset(names)


def _is_list(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _is_list(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return any(_is_list(option) for option in get_args(annotation))
    return (origin or annotation) in (list, tuple, set, frozenset)


def _position(error: ValueError) -> dict[str, Any] | None:
    """Line and column from jiter's message, without the text around them."""
    found = re.search(r"at line (\d+) column (\d+)$", str(error))
    return {"line": int(found[1]), "column": int(found[2])} if found else None

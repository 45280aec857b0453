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
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any, Union, get_args, get_origin

from flask import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json
from pydantic_core.core_schema import ErrorType
from werkzeug.datastructures import MultiDict

from troupe.errors import MOST_FIELDS, BadRequest, InvalidInput, NotFound
from troupe.web.errors import PayloadTooLarge, UnsupportedMediaType

# The maximum sizes of bodies in bytes. An operation can have another one, see `routes.Options`.
JSON_LIMIT = 256 * 1024
# 200,000 characters, each escaped as a surrogate pair \uXXXX\uXXXX, take 2.4 MB.
TEXT_LIMIT = 2560 * 1024
RAW_LIMIT = 1024 * 1024
FORM_LIMIT = 32 * 1024 * 1024  # the platform's own limit
MOST_PARTS = 100  # of a form, fields and files together
# Larger files of a form are on disk: buffers that grow would take up to twice as much memory.
_FILE_IN_MEMORY = 64 * 1024
# Parsed, three bytes of JSON can take more than a hundred bytes of memory. Commas and brackets
# inside strings count, too; no operation takes more than 200,000 characters of text.
_MOST_MARKS = 250_000
# Of each invalid field in an answer, in characters.
_LONGEST_FIELD = 200
_LONGEST_MESSAGE = 300


class EdgeRequest(Request):
    """A Flask request that always parses JSON strictly. The route sets `max_content_length`."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The JSON body; `{}` when there is none. The arguments are Flask's and have no effect.

        Raises BadRequest (not UTF-8, malformed, too deep), UnsupportedMediaType, PayloadTooLarge,
        and werkzeug's RequestEntityTooLarge.
        """
        raw = self.get_data(cache=True)
        if not raw:
            return {}
        if not self.is_json:
            raise UnsupportedMediaType(details={"allowed": ["application/json"]})
        if sum(map(raw.count, (b",", b"[", b"{"))) > _MOST_MARKS:
            raise PayloadTooLarge
        try:
            return from_json(raw, allow_inf_nan=False)
        except ValueError as error:
            raise BadRequest("The body is not JSON in UTF-8.", details=_position(error)) from None

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return SpooledTemporaryFile(_FILE_IN_MEMORY)


def read(request: Request, part: str, model: type[BaseModel], path: dict[str, Any]) -> BaseModel:
    """The `part` (header, path, query, form, body) of a request as its model.

    Raises NotFound for an invalid path, InvalidInput (listing the first invalid fields) for other
    parts.
    """
    try:
        return model.model_validate(_READERS[part](request, model, path))
    except ValidationError as error:
        if part == "path":
            raise NotFound from None
        raise InvalidInput(first_wrong(error), details={"fields": wrong_fields(error)}) from None


def read_raw(request: Request) -> bytes:
    """The unparsed body, of any type, for verifying a signature over its bytes.

    Raises werkzeug's RequestEntityTooLarge.
    """
    return request.get_data(cache=False)


_MESSAGES = {
    "union_tag_invalid": "has an unknown type",  # pydantic's message would quote the input
    "model_type": "must be an object",  # pydantic's message would name our class
}


def wrong_fields(error: ValidationError) -> list[dict[str, Any]]:
    """The first invalid fields, for programs and forms; never contains values of the input."""
    fields = []
    for line in error.errors(include_url=False, include_input=False)[:MOST_FIELDS]:
        field: dict[str, Any] = {
            "field": _place(line),
            "message": _MESSAGES.get(line["type"], line["msg"])[:_LONGEST_MESSAGE],
            "type": line["type"],
        }
        if line["type"] in ("enum", "literal_error"):
            field["allowed"] = re.findall(r"'([^']*)'", line["ctx"]["expected"])
        fields.append(field)
    return fields


# Messages for pydantic's error types. Its other messages, which may quote the input, are replaced
# by `_WRONG`; messages of our own validators are kept.
_REASONS = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "has the wrong format",
    "string_unicode": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "decimal_max_places": "must have at most {decimal_places} decimal places",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "union_tag_invalid": "has an unknown type",
    "union_tag_not_found": "must name its type",
}
_TIMES = ("date", "datetime", "time", "timezone")
_WRONG = "is invalid"


def first_wrong(error: ValidationError) -> str:
    """A message about the first invalid field; never contains values of the input."""
    line = error.errors(include_url=False, include_input=False)[0]
    field, why = _place(line), _reason(line)[:_LONGEST_MESSAGE]
    if field:
        return f"{field}: {why}"
    return f"The body {why}." if line["type"] in _REASONS else f"{why[:1].upper()}{why[1:]}."


def _place(line: ErrorDetails) -> str:
    """The dotted path of a field, in which names can come from the input."""
    return ".".join(str(step) for step in line["loc"])[:_LONGEST_FIELD]


def _reason(line: ErrorDetails) -> str:
    kind = line["type"]
    context = {
        name: f"{value:g}" if isinstance(value, float) else value
        for name, value in line.get("ctx", {}).items()
    }
    if kind == "value_error":
        return str(context["error"])
    if kind in ("too_short", "string_too_short") and context["min_length"] == 1:
        return "must not be empty"
    if kind == "too_long" and context["field_type"] == "Value":  # a string, after a validator
        kind = "string_too_long"
    if template := _REASONS.get(kind):
        return re.sub(r"\b1 (character|item|decimal place)s$", r"1 \1", template.format(**context))
    if kind not in get_args(ErrorType):
        return line["msg"]
    is_time = kind.partition("_")[0] in _TIMES
    return "must be a date, or a date and a time, in ISO 8601" if is_time else _WRONG


def _read_header(request: Request, model: type[BaseModel], path: dict[str, Any]) -> dict[str, Any]:
    names = (field.alias or name for name, field in model.model_fields.items())
    return {name: request.headers[name] for name in names if name in request.headers}


def _read_path(request: Request, model: type[BaseModel], path: dict[str, Any]) -> dict[str, Any]:
    return path


def _read_query(request: Request, model: type[BaseModel], path: dict[str, Any]) -> dict[str, Any]:
    return _flat(request.args, model)


def _read_form(request: Request, model: type[BaseModel], path: dict[str, Any]) -> dict[str, Any]:
    # Not urlencoded, whose number of fields has no limit.
    if request.mimetype != "multipart/form-data":
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

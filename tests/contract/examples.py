"""Valid requests, made from the examples that every body and form has for the interactive docs.

Objects and secrets in an example are replaced by real ones: by value for a placeholder such as
ID_OF_ANNA, or by the name of the field.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from werkzeug.datastructures import FileStorage

from tests.support.call_recordings import film
from tests.support.media_files import picture, sound
from troupe.web.routes import Route

# Fields with another name for the same thing.
SAME = {"plan": "planId", "planType": "planId", "currentPassword": "password"}


def names_in(route: Route, known: Collection[str]) -> set[str]:
    """The names in `known` that the example of a route's body refers to."""
    return {name for name in _references(_body_example(route)) if name in known}


def request_of(route: Route, made: Mapping[str, str]) -> dict[str, Any]:
    """A valid body, or none, as arguments of the Flask test client. `made`: ids and secrets by
    name."""
    if "form" in route.parts:
        form = _filled(_form(route.parts["form"]), made)
        return {"data": form, "content_type": "multipart/form-data"}
    if "body" in route.parts:
        return {"json": _filled(_body_example(route), made)}
    return {}


def _body_example(route: Route) -> Any:
    model = route.parts.get("body") or route.parts.get("form")
    return next(iter(model.model_json_schema().get("examples", [{}]))) if model else {}


def _form(model: type[BaseModel]) -> dict[str, Any]:
    """The form as Swagger UI sends it untouched, with its required files; or its example."""
    schema = model.model_json_schema()
    fields: dict[str, Any] = dict(*schema.get("examples", ()))
    for name, field in schema["properties"].items():
        if name in fields:
            continue
        if "examples" in field:
            fields[name] = field["examples"][0]
        elif name in schema.get("required", ()):
            about = field.get("description", "")
            data = picture() if "PNG" in about else sound(seconds=1.5)
            if "MediaRecorder" in about:
                data = film(1.0)
            fields[name] = FileStorage(io.BytesIO(data), filename=name)
    return fields


def _references(value: Any, field: str = "") -> Iterator[str]:
    """The possible references in an example: its string values and its field names."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _references(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item, field)
    elif isinstance(value, str):
        yield value
        yield SAME.get(field, field)


def _filled(value: Any, made: Mapping[str, str], field: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, made, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, made, field) for item in value]
    if isinstance(value, str):
        return made.get(value) or made.get(SAME.get(field, field), value)
    return value

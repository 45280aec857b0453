"""Checks that the details of failures match their types in the OpenAPI document.

`checked_details` wraps the constructor of the errors that services raise, and the function that
turns every error into a response. So every test of a failure also tests its details.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from troupe.errors import TroupeError
from troupe.web import app
from troupe.web.reply import failure
from troupe.web.surface import Refuse


def check(kind: type[TroupeError], details: Mapping[str, Any] | None) -> None:
    """Fails if the details do not match the error's type, field by field."""
    options = set(get_args(kind.details_type)) or {kind.details_type or NoneType}
    if details is None:
        assert NoneType in options, f"{kind.__name__} without details"
        return
    (shape,) = options - {NoneType} or (None,)
    assert shape is not None, f"{kind.__name__} names no type of its details {details}"
    sent = from_json(to_json(details))
    _adapter(shape).validate_python(sent)
    unknown = sent.keys() - set(_fields(shape))
    assert not unknown, f"{kind.__name__}: {unknown} are not in {shape.__name__}"


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


@cache
def _fields(shape: Any) -> list[str]:
    return list(_adapter(shape).json_schema(mode="serialization")["properties"])


@pytest.fixture(autouse=True, scope="session")
def checked_details() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    made = TroupeError.__init__

    def init(self: TroupeError, *args: Any, **options: Any) -> None:
        made(self, *args, **options)
        if self.details is not None:
            check(type(self), self.details)

    def sent(error: TroupeError, refuse: Refuse) -> Any:
        check(type(error), error.details)
        return failure(error, refuse)

    patch.setattr(TroupeError, "__init__", init)
    patch.setattr(app, "failure", sent)
    yield
    patch.undo()

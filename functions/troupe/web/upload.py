"""Files in multipart forms."""

from __future__ import annotations

import os
from typing import Any, BinaryIO, cast

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic_core import PydanticCustomError, core_schema
from werkzeug.datastructures import FileStorage

from troupe.web.schema import Schema


class Upload:
    """An uploaded file. The client's file name and type are not trusted; the name is kept for
    downloads."""

    def __init__(self, file: FileStorage) -> None:
        self._stream = file.stream
        self.filename = file.filename or ""

    @property
    def size(self) -> int:
        """Bytes."""
        return self._stream.seek(0, os.SEEK_END)

    @property
    def stream(self) -> BinaryIO:
        """The content; on disk if it is large."""
        return cast(BinaryIO, self._stream)

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(cls._of)

    @classmethod
    def __get_pydantic_json_schema__(cls, *_: Any) -> dict[str, Any]:
        return {"type": "string", "format": "binary"}

    @classmethod
    def _of(cls, value: Any) -> Upload:
        if not isinstance(value, FileStorage):
            raise PydanticCustomError("file", "must be a file")
        return cls(value)


class Form(Schema):
    """Base of `form` models. Blank fields, which browsers send too, count as absent."""

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        given = {
            name: [item for item in value if not _blank(item)] if isinstance(value, list) else value
            for name, value in fields.items()
        }
        return {name: value for name, value in given.items() if not _blank(value)}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Drops the nulls of optional fields: a form cannot send null, and Swagger UI recognizes a
        file only by its plain type. Optional fields get a blank example, because Swagger UI fills
        in and sends every field."""
        described: dict[str, Any] = handler.resolve_ref_schema(handler(schema))
        for name, field in described.get("properties", {}).items():
            options = [option for option in field.pop("anyOf", []) if option != {"type": "null"}]
            shown = options[0] | field if len(options) == 1 else field
            if len(options) > 1:
                shown["anyOf"] = options
            if name not in described.get("required", ()) and shown.get("default") is None:
                shown["examples"] = [[] if shown.get("type") == "array" else ""]
            described["properties"][name] = shown
        return described


def _blank(value: Any) -> bool:
    if isinstance(value, FileStorage):
        return not value.filename and not Upload(value).size
    return isinstance(value, str) and not value

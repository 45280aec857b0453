"""Files in forms."""

from __future__ import annotations

import os
from typing import Any

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic_core import PydanticCustomError, core_schema
from werkzeug.datastructures import FileStorage

from troupe.web.schema import Schema


class Upload:
    """A file as it was sent. What its client says of it, name and type, proves nothing; the name
    is there to give the file back under."""

    def __init__(self, file: FileStorage) -> None:
        self._stream = file.stream
        self.filename = file.filename or ""

    @property
    def size(self) -> int:
        """Bytes."""
        return self._stream.seek(0, os.SEEK_END)

    def read(self) -> bytes:
        """All of it: look at `size` first."""
        self._stream.seek(0)
        return self._stream.read()

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
    """Base of a `form` model. Browsers send every field of a form: those left blank are absent."""

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
        """Without the nulls of optional fields: no form can send one, and the interactive docs
        know a file by its plain type alone. They also fill every field in, and send what nobody
        has touched: so what may be left out is blank there."""
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

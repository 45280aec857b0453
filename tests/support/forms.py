"""Multipart forms for Flask's test client, which leaves a temporary file open for large bodies."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart


def multipart(**fields: Any) -> dict[str, Any]:
    """A form as arguments of the client's methods; bytes are sent as a file."""
    form = {
        name: FileStorage(BytesIO(value), name) if isinstance(value, bytes) else value
        for name, value in fields.items()
    }
    boundary, body = encode_multipart(form)
    return {"data": body, "content_type": f'multipart/form-data; boundary="{boundary}"'}

"""File responses: streamed with byte ranges, or a redirect to a signed URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Response, request
from werkzeug.wsgi import ClosingIterator, FileWrapper

from troupe.text import normalized
from troupe.web.headers import secure_file

if TYPE_CHECKING:
    from troupe.adapters.storage import Files

# Above this, Cloud Storage serves the file itself.
STREAMED_BYTES = 8 * 1024 * 1024


def content_disposition(filename: str, *, attachment: bool) -> str:
    """RFC 6266: an ASCII name, and the real one (RFC 8187) for clients that support it."""
    kind = "attachment" if attachment else "inline"
    simple = normalized("NFKD", filename).encode("ascii", "ignore").decode()
    simple = "".join(char if char.isalnum() or char in "._- " else "_" for char in simple)
    header = f'{kind}; filename="{simple}"'
    if simple != filename:
        header += f"; filename*=UTF-8''{quote(filename, safe='')}"
    return header


def file_response(
    files: Files,
    path: str,
    *,
    size: int,
    content_type: str,
    filename: str,
    attachment: bool = False,
) -> Response:
    """Serves the file at `path`, whose content never changes (a new version gets a new path)."""
    disposition = content_disposition(filename, attachment=attachment)
    if files.can_sign and size > STREAMED_BYTES:
        url = files.signed_url(path, disposition=disposition, content_type=content_type)
        elsewhere = Response(status=302, headers={"Location": url})
        secure_file(elsewhere)
        return elsewhere
    content = files.open(path, size)
    response = Response(
        # Not `wsgi.file_wrapper`: gunicorn's cannot seek, and would read everything before a range.
        FileWrapper(content, 256 * 1024),
        mimetype=content_type,
        direct_passthrough=True,
    )
    response.content_length = size
    response.set_etag(hashlib.sha256(path.encode()).hexdigest()[:32])
    response.headers["Content-Disposition"] = disposition
    response.headers["Cache-Control"] = "private, max-age=3600"
    secure_file(response)
    # An unknown range unit must be ignored (RFC 9110, section 14.2); werkzeug would answer 416.
    ranges = request.range is None or request.range.units == "bytes"
    # Handles Range, If-Range and If-None-Match; 416 for a range outside the file.
    response.make_conditional(request, accept_ranges=ranges, complete_length=size)
    if response.status_code in (200, 206) and request.method != "HEAD":
        # Reads the first chunk before the response starts, so that a file that is gone is 404 and
        # an outage 503.
        chunks: Iterator[Any] = iter(response.response)
        with files.reading(path):
            begun = list(islice(chunks, 1))
        response.response = ClosingIterator(chain(begun, chunks), content.close)
    return response


def text_response(text: str, *, content_type: str, filename: str) -> Response:
    """Serves a text file made for this request."""
    response = Response(text, mimetype=content_type)
    response.headers["Content-Disposition"] = content_disposition(filename, attachment=False)
    response.headers["Cache-Control"] = "private, no-store"
    secure_file(response)
    return response

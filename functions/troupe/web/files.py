"""File responses: streamed with byte ranges, or a redirect to a signed URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Response, request
from werkzeug.wsgi import ClosingIterator, FileWrapper

from troupe.file_names import ascii_name, safe_name, split
from troupe.web.errors import PreconditionFailed
from troupe.web.headers import secure_file

if TYPE_CHECKING:
    from troupe.adapters.storage import Files

# Above this, Cloud Storage serves the file itself.
STREAMED_BYTES = 8 * 1024 * 1024


def content_disposition(filename: str, *, attachment: bool, otherwise: str = "file") -> str:
    """RFC 6266: an ASCII name, and the real one (RFC 8187) for clients that support it.
    `otherwise`: the name of a file, without its extension, that has none in ASCII."""
    kind = "attachment" if attachment else "inline"
    name, simple = safe_name(filename, otherwise), ascii_name(filename, otherwise)
    header = f'{kind}; filename="{simple}"'
    if simple != name:
        header += f"; filename*=UTF-8''{quote(name, safe='')}"
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
    otherwise = split(path.rpartition("/")[2])[0]  # the file's id, or a line's
    disposition = content_disposition(filename, attachment=attachment, otherwise=otherwise)
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
    _make_conditional(response, size)
    if response.status_code == PreconditionFailed.status:
        # werkzeug would send the file with it.
        content.close()
        raise PreconditionFailed
    if response.status_code in (200, 206) and request.method != "HEAD":
        # Reads the first chunk before the response starts, so that a file that is gone is 404 and
        # an outage 503.
        chunks: Iterator[Any] = iter(response.response)
        with files.reading(path):
            begun = list(islice(chunks, 1))
        response.response = ClosingIterator(chain(begun, chunks), content.close)
    return response


def _make_conditional(response: Response, size: int) -> None:
    """Answers If-Match, If-None-Match and If-Range, and then Range (RFC 9110, section 13.2.2).
    Raises RequestedRangeNotSatisfiable."""
    whole = {key: value for key, value in request.environ.items() if key != "HTTP_RANGE"}
    response.make_conditional(whole, accept_ranges=True, complete_length=size)
    asked = _asked_range(size)
    if asked and response.status_code == 200:
        ranged = whole | {"HTTP_RANGE": asked}
        response.make_conditional(ranged, accept_ranges=True, complete_length=size)


def _asked_range(size: int) -> str | None:
    """The one range of bytes that is asked for, or None to send the whole file.

    Section 14.2 leaves a server free to ignore the header, and requires it for methods other than
    GET and for unknown units. Also ignored are what cannot be parsed, as most servers do, and
    several ranges: no player asks for them, and each would cost another read of Cloud Storage.
    """
    found = request.range
    if request.method != "GET" or found is None or found.units != "bytes" or len(found.ranges) > 1:
        return None
    if request.headers.get("If-Range", "").startswith("W/"):
        return None  # compared strongly (section 13.1.5), which werkzeug does not
    ((start, _),) = found.ranges
    if start < -size:
        return "bytes=0-"  # a suffix that is longer than the file: all of it (section 14.1.2)
    return found.to_header()


def text_response(text: str, *, content_type: str, filename: str) -> Response:
    """Serves a text file made for this request."""
    response = Response(text, mimetype=content_type)
    response.headers["Content-Disposition"] = content_disposition(filename, attachment=False)
    response.headers["Cache-Control"] = "private, no-store"
    secure_file(response)
    return response

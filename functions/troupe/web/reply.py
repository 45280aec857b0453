"""The envelope of every JSON response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response
from pydantic import BaseModel
from pydantic_core import to_json

from troupe.errors import TroupeError
from troupe.logs import log
from troupe.web.schema import MOST_WARNINGS, Meta, Notice
from troupe.web.surface import Refuse

LARGEST_REFUSAL = 16 * 1024  # bytes
_LONGEST_MESSAGE = 1000  # characters


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a handler. `status` defaults to the route's."""

    data: BaseModel | Mapping[str, Any] | None = None
    message: str = "OK"
    status: int | None = None
    meta: Meta | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[Notice] = ()


def success(reply: Reply, status: int, warnings: Sequence[Notice] = ()) -> Response:
    """`warnings`: what of the request has no effect, or another one than expected."""
    code = reply.status or status
    envelope: dict[str, Any] = {
        "success": True,
        "statusCode": code,
        "message": reply.message,
        "data": {} if reply.data is None else reply.data,
    }
    if reply.meta is not None:
        meta = reply.meta.model_dump(by_alias=True)
        envelope["meta"] = {name: each for name, each in meta.items() if each is not None}
    if warnings:
        envelope["warnings"] = warnings[:MOST_WARNINGS]
    return _json(envelope, code, reply.headers)


def failure(error: TroupeError, refuse: Refuse | None = None) -> Response:
    """`refuse`: makes the response, if it has not our envelope."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == 401:
        # RFC 6750, section 3: name the error only if the request had a token, and it was invalid.
        bad_token = error.code.startswith("token_")
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if bad_token else "Bearer"
    return (refuse or refusal)(error.status, error.code, error.text, error.details, headers)


def refusal(
    status: int,
    code: str,
    message: str,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    error: dict[str, Any] = (
        {"code": code} if details is None else {"code": code, "details": details}
    )
    envelope = {"success": False, "statusCode": status, "message": message, "error": error}
    response = _json(envelope, status, headers or {})
    if response.content_length is not None and response.content_length > LARGEST_REFUSAL:
        # A bug: the details of an error grow with a request, or with what is stored.
        log.error("refusal_too_large", code=code, bytes=response.content_length)
        return refusal(status, code, message[:_LONGEST_MESSAGE], headers=headers)
    return response


def _json(envelope: dict[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    # One pass in Rust over models and plain values; NaN, which JSON lacks, becomes null.
    body = to_json(envelope, by_alias=True, inf_nan_mode="null")
    return Response(body, status, headers=dict(headers), mimetype="application/json")

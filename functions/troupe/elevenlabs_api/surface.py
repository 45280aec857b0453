"""Answers as ElevenLabs' API gives them: failures, and headers.

ElevenLabs' clients send a request again after 408, 409, 429 and any status from 500, so what would
fail again has another status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request, Response, request
from pydantic_core import to_json

from troupe.elevenlabs_api.schemas import ElevenLabsRefusal
from troupe.openai_api.surface import SPEECH_HEADERS
from troupe.web.surface import Surface

# In place of our statuses. What cannot be paid is 401 with ElevenLabs.
_STATUSES = {402: 401, 409: 400, 415: 400}
_CODES = {
    "unauthorized": "needs_authorization",
    "token_invalid": "invalid_api_key",
    "token_expired": "invalid_api_key",
    "api_key_invalid": "invalid_api_key",
    "api_key_expired": "invalid_api_key",
    "scope_missing": "missing_permissions",
    "not_enough_tokens": "quota_exceeded",
    "billing_blocked": "quota_exceeded",
    "cap_reached": "quota_exceeded",
    "key_budget_spent": "quota_exceeded",
    "text_too_long": "max_character_limit_exceeded",
    "too_many_jobs": "too_many_concurrent_requests",
    "too_many_requests": "rate_limit_exceeded",
}
# ElevenLabs' names of our fields, where they differ.
_FIELDS = {"language": "language_code", "voiceId": "voice_id", "voiceType": "voice_id"}


def _refuse(
    status: int,
    code: str,
    message: str,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    detail: Any
    if fields := (details or {}).get("fields"):
        detail = [_wrong(each) for each in fields]
    else:
        detail = {"status": _CODES.get(code, code), "message": message}
        status = 400 if status == 422 else status
    return Response(
        to_json({"detail": detail}),
        _STATUSES.get(status, status),
        headers=dict(headers or {}),
        mimetype="application/json",
    )


def _wrong(field: Mapping[str, Any]) -> dict[str, Any]:
    """In FastAPI's form."""
    first, *others = str(field["field"]).split(".")
    name = _FIELDS.get(first, first)
    place = "query" if name in request.args else "path" if name == "voice_id" else "body"
    steps = [step for step in (place, name, *others) if step]
    return {"loc": steps, "msg": field["message"], "type": field["type"]}


def _finish(response: Response, ms: float) -> None:
    response.headers["request-id"] = response.headers["X-Request-Id"]


def _claims(sent: Request) -> bool:
    return "xi-api-key" in sent.headers or sent.path.startswith("/v2/")


HEADERS = (*SPEECH_HEADERS, "character-cost", "history-item-id")
ELEVENLABS = Surface(
    refuse=_refuse,
    failure=ElevenLabsRefusal,
    statuses=_STATUSES,
    finish=_finish,
    allowed=("xi-api-key",),
    exposed=(*HEADERS, "request-id"),
    claims=_claims,
)

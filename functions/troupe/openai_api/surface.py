"""Answers as OpenAI's API gives them: failures, and headers.

OpenAI's clients send a request again after 408, 409, 429 and any status from 500. So what would be
wrong again has another status, and where there is only one of those, `x-should-retry: false`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Response, g
from pydantic_core import to_json

from troupe.jobs.headers import PAID_HEADERS
from troupe.openai_api.errors import InvalidVoice
from troupe.openai_api.schemas import OpenAIRefusal
from troupe.web.surface import Surface

# In place of our statuses. What cannot be paid is 429 with OpenAI, too.
_STATUSES = {402: 429, 409: 400, 415: 400, 422: 400}
_TYPES = {402: "insufficient_quota", 429: "requests"}
_CODES = {
    "unauthorized": "invalid_api_key",
    "token_invalid": "invalid_api_key",
    "token_expired": "invalid_api_key",
    "api_key_invalid": "invalid_api_key",
    "api_key_expired": "invalid_api_key",
    "not_enough_tokens": "insufficient_quota",
    "billing_blocked": "insufficient_quota",
    "cap_reached": "insufficient_quota",
    "payload_too_large": "file_too_large",
    "text_too_long": "string_above_max_length",
    "too_many_requests": "rate_limit_exceeded",
    "too_many_jobs": "rate_limit_exceeded",
}
# Of a wrong field, by pydantic's type of the problem.
_PROBLEMS = {
    "missing": "missing_required_parameter",
    "string_too_long": "string_above_max_length",
    "too_long": "string_above_max_length",  # a string, after a validator
    "string_too_short": "string_below_min_length",
}
# Our names of fields that have another one here.
_FIELDS = {"text": "input", "voiceId": "voice", "voiceType": "voice", "audio": "file"}
# 503 that would be the same a moment later.
_FOR_LONG = {"transcriber_not_configured", "api_keys_not_configured"}
_MOST_OF_A_PARAM = 100


def _refuse(
    status: int,
    code: str,
    message: str,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    param, told = None, _CODES.get(code, code)
    if fields := (details or {}).get("fields"):
        name, _, _ = str(fields[0]["field"]).partition(".")
        param = _FIELDS.get(name, name)[:_MOST_OF_A_PARAM] or None
        told = _PROBLEMS.get(fields[0]["type"], "invalid_value")
        if param == "voice":
            told, message = InvalidVoice.code, InvalidVoice.message
    elif told in ("invalid_voice", "model_not_found"):
        param = told.replace("invalid_", "").removesuffix("_not_found")
    elif told == "string_above_max_length":
        param = "input"
    sort = "server_error" if status >= 500 else _TYPES.get(status, "invalid_request_error")
    error = {"message": message, "type": sort, "param": param, "code": told}
    response = Response(
        to_json({"error": error}),
        _STATUSES.get(status, status),
        headers=dict(headers or {}),
        mimetype="application/json",
    )
    if status == 402 or told in _FOR_LONG:
        response.headers["x-should-retry"] = "false"
    return response


def _finish(response: Response, ms: float) -> None:
    """The headers that OpenAI's clients show and heed, in place of the draft's."""
    headers = response.headers
    headers["openai-processing-ms"] = str(round(ms))
    found = [g.get("key_limit_status"), g.get("limit_status")]
    if statuses := [status for status in found if status is not None]:
        tightest = min(statuses, key=lambda status: status.remaining)
        headers["x-ratelimit-limit-requests"] = str(tightest.limit)
        headers["x-ratelimit-remaining-requests"] = str(tightest.remaining)
        headers["x-ratelimit-reset-requests"] = f"{tightest.reset}s"


SPEECH_HEADERS = (*PAID_HEADERS, "X-Troupe-Generation-Id", "X-Troupe-Ignored")
_RATES = ("limit", "remaining", "reset")
OPENAI = Surface(
    refuse=_refuse,
    failure=OpenAIRefusal,
    statuses=_STATUSES,
    finish=_finish,
    allowed=("OpenAI-Organization", "OpenAI-Project", re.escape("X-Stainless-") + ".*"),
    exposed=(
        *SPEECH_HEADERS,
        "openai-processing-ms",
        "x-should-retry",
        *(f"x-ratelimit-{each}-requests" for each in _RATES),
    ),
)

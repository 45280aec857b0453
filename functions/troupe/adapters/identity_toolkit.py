"""The REST API of Firebase Auth, for what the Admin SDK cannot do: signing in, and mailed codes.

https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts
"""

from __future__ import annotations

import time
from typing import Any

import requests
from urllib3 import Timeout

from troupe.adapters.identity_errors import (
    AccountDisabled,
    CodeInvalid,
    EmailExists,
    GoogleTaken,
    GoogleTokenRejected,
    IdentityError,
    IdentityUnavailable,
    InvalidDetails,
    TooManyAttempts,
    WrongCredentials,
)
from troupe.deadlines import charged, seconds_left
from troupe.outbound import after, retry

_CONNECT, _READ = 3.05, 5.0  # seconds, of one attempt
_LEAST_TIMEOUT = 0.05
_PATIENCE = 10.0  # seconds, of all attempts
_WAITS = (0.4, 0.8)  # seconds before the second and the third attempt
# Error codes of the REST API. Any other code means a wrong key or a disabled sign-in method.
_ERROR_CODES: dict[str, type[IdentityError]] = {
    "INVALID_LOGIN_CREDENTIALS": WrongCredentials,
    "EMAIL_NOT_FOUND": WrongCredentials,
    "INVALID_PASSWORD": WrongCredentials,
    "INVALID_EMAIL": WrongCredentials,
    "MISSING_PASSWORD": WrongCredentials,
    "MISSING_EMAIL": WrongCredentials,
    "USER_DISABLED": AccountDisabled,
    "EMAIL_EXISTS": EmailExists,
    "FEDERATED_USER_ID_ALREADY_LINKED": GoogleTaken,
    # A bad signature, an expired token, or one for a client of another project.
    "INVALID_IDP_RESPONSE": GoogleTokenRejected,
    "MISSING_OR_INVALID_NONCE": GoogleTokenRejected,
    "TOO_MANY_ATTEMPTS_TRY_LATER": TooManyAttempts,
    "QUOTA_EXCEEDED": TooManyAttempts,
    "RESET_PASSWORD_EXCEED_LIMIT": TooManyAttempts,
    "INVALID_OOB_CODE": CodeInvalid,
    "EXPIRED_OOB_CODE": CodeInvalid,
    "WEAK_PASSWORD": InvalidDetails,
    "PASSWORD_DOES_NOT_MEET_REQUIREMENTS": InvalidDetails,
}


class IdentityToolkit:
    """The accounts of one project. Thread-safe."""

    def __init__(self, base: str, key: str) -> None:
        """`base`: `https://`, or the URL of the emulator; `key`: the project's web API key."""
        self._url = f"{base}identitytoolkit.googleapis.com/v1/accounts"
        self._key = key
        self._http = requests.Session()

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, body: dict[str, Any], *, repeat: bool) -> dict[str, Any]:
        """Calls the REST API. `repeat`: retry failures, for idempotent calls."""

        ends = time.monotonic() + seconds_left(_PATIENCE)

        def post() -> requests.Response:
            url, key = f"{self._url}:{method}", {"key": self._key}
            left = max(_LEAST_TIMEOUT, ends - time.monotonic())
            # Of the whole attempt too, which requests' own two numbers do not limit.
            timeout: Any = Timeout(left, connect=_CONNECT, read=_READ)
            answer = self._http.post(url, params=key, json=body, timeout=timeout)
            if answer.status_code >= 500:
                raise requests.HTTPError(response=answer)
            return answer

        try:
            with charged(requests.RequestException):
                waits = _WAITS if repeat else ()
                answer = retry(post, after(requests.RequestException), waits, deadline=ends)
        except requests.RequestException:
            # Without a cause: the exceptions of requests contain the URL with the key.
            raise IdentityUnavailable(f"accounts:{method} does not answer") from None
        found: dict[str, Any] = _json(answer)
        if answer.ok:
            return found
        error = found.get("error")
        raise _error_for(str(error.get("message")) if isinstance(error, dict) else "no reason")


def _error_for(message: str) -> IdentityError:
    """The exception for the REST API's error, `CODE` or `CODE : explanation`."""
    code = message.partition(" ")[0].rstrip(":")
    kind = _ERROR_CODES.get(code, IdentityUnavailable)
    return kind(code) if kind is IdentityUnavailable else kind()


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except requests.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}

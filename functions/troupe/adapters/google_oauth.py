"""Google's OpenID Connect: the authorization code flow with PKCE.

https://developers.google.com/identity/openid-connect/openid-connect
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import urlencode

import jwt
import requests

from troupe.adapters.identity_errors import GoogleTokenRejected, IdentityUnavailable
from troupe.deadlines import charged, seconds_left

_TIMEOUT = 8.0  # seconds; a code works once, so there is no second attempt
_SCOPE = "openid email profile"


class GoogleOAuth:
    """The OAuth client of one deployment. Thread-safe."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        redirect_url: str,
        authorize_url: str,
        token_url: str,
    ) -> None:
        self._client = {"client_id": client_id, "redirect_uri": redirect_url}
        self._client_secret = client_secret
        self._authorize_url = authorize_url
        self._token_url = token_url

    def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Google's page for signing in. `nonce`: the claim that the ID token will have; `verifier`:
        of PKCE, 43 to 128 characters."""
        query = {
            **self._client,
            "response_type": "code",
            "scope": _SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": _s256(verifier),
            "code_challenge_method": "S256",
            "prompt": "select_account",
        }
        return f"{self._authorize_url}?{urlencode(query)}"

    def exchange(self, code: str, *, nonce: str, verifier: str) -> str:
        """The ID token for a code. Its signature need not be verified: it comes from Google over
        TLS (OpenID Connect Core 1.0, section 3.1.3.7).

        Raises GoogleTokenRejected for a code that is wrong, used or of another sign-in, and
        IdentityUnavailable.
        """
        form = {
            **self._client,
            "client_secret": self._client_secret,
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
        }
        answer = self._post(form)
        if answer.get("error") == "invalid_grant":
            raise GoogleTokenRejected
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):  # a wrong client or secret
            raise IdentityUnavailable(f"Google answers {answer.get('error')}")
        try:
            claims = jwt.decode(id_token, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise IdentityUnavailable("Google's ID token cannot be read") from error
        if claims.get("nonce") != nonce or claims.get("aud") != self._client["client_id"]:
            raise GoogleTokenRejected
        return id_token

    def _post(self, form: dict[str, str]) -> dict[str, Any]:
        timeout = seconds_left(_TIMEOUT)
        try:
            with charged(requests.RequestException):
                answer = requests.post(
                    self._token_url, data=form, timeout=timeout, allow_redirects=False
                )
                found = answer.json()
        except requests.RequestException as error:
            raise IdentityUnavailable(f"Google does not answer: {type(error).__name__}") from None
        return found if isinstance(found, dict) else {}


def _s256(verifier: str) -> str:
    """RFC 7636, section 4.2."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

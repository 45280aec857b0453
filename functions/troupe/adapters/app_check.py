"""Firebase App Check: proof that a request comes from one of the project's own apps.

Verified with PyJWT. The Admin SDK checks the same claims, but needs credentials to be constructed.
https://firebase.google.com/docs/app-check/custom-resource-backend
"""

from __future__ import annotations

import jwt

from troupe.errors import AppCheckFailed, Unavailable

KEYS_URL = "https://firebaseappcheck.googleapis.com/v1/jwks"
ISSUER = "https://firebaseappcheck.googleapis.com/"
_KEYS_SECONDS = 6 * 3600  # Google asks to cache the keys for at most six hours
_LEEWAY_SECONDS = 60
_LONGEST_TOKEN = 4096  # Google's have about 700 characters


class AppChecks:
    def __init__(self, project: str, keys_url: str = KEYS_URL) -> None:
        """`project`: the project's id. `keys_url`: where the public keys are."""
        self._audience = f"projects/{project}"
        # Tokens with unknown key ids make it fetch the keys again at most every 30 seconds.
        self._keys = jwt.PyJWKClient(keys_url, lifespan=_KEYS_SECONDS, timeout=5)

    def verify(self, token: str | None) -> str:
        """The id of the app that the token was issued to. Raises AppCheckFailed, or Unavailable if
        the keys cannot be fetched."""
        if not token or len(token) > _LONGEST_TOKEN:
            raise AppCheckFailed
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._audience,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "sub", "aud"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise Unavailable(retry_after=2) from error
        except (jwt.InvalidTokenError, jwt.PyJWKClientError, jwt.PyJWKError) as error:
            raise AppCheckFailed from error
        # The issuer ends with the project's number, which is not known here.
        if not str(claims["iss"]).startswith(ISSUER) or not claims["sub"]:
            raise AppCheckFailed
        return str(claims["sub"])

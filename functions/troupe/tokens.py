"""Troupe's own tokens: HS256 JWTs, each for one purpose.

`decode` checks the purpose, so a token for one purpose is invalid for any other. `kid` identifies
the secret: tokens signed with JWT_PREVIOUS_SECRET stay valid until they expire, so the secret can
be rotated without signing anybody out.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any, ClassVar

import jwt

from troupe.errors import Unauthorized
from troupe.settings import settings

ISSUER = "troupe"
_ALGORITHM = "HS256"
_LEEWAY = 5  # seconds of clock skew between instances
_REQUIRED = ["iss", "aud", "sub", "typ", "iat", "exp", "jti"]


class TokenInvalid(Unauthorized):
    code: ClassVar[str] = "token_invalid"
    message: ClassVar[str] = "This token is invalid. Please sign in again."


class TokenExpired(Unauthorized):
    code: ClassVar[str] = "token_expired"
    message: ClassVar[str] = "This token has expired. Refresh it, or sign in again."


@dataclass(frozen=True, slots=True)
class Claims:
    subject: str
    purpose: str
    token_id: str
    issued_at: int  # seconds since 1970
    expires_at: int
    session_id: str | None


def encode(*, purpose: str, subject: str, ttl: int, session_id: str | None = None) -> str:
    """A token for `purpose` that expires after `ttl` seconds."""
    secret = settings().jwt_secret
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": settings().project_id,
        "sub": subject,
        "typ": purpose,
        "iat": now,
        "exp": now + ttl,
        "jti": secrets.token_urlsafe(12),
    }
    if session_id is not None:
        claims["sid"] = session_id
    return jwt.encode(claims, secret, algorithm=_ALGORITHM, headers={"kid": _key_id(secret)})


def decode(token: str, *, purpose: str) -> Claims:
    """Verifies a token's signature, issuer, audience, expiry and purpose; returns its claims.

    Raises TokenExpired or TokenInvalid.
    """
    try:
        claims = jwt.decode(
            token,
            _secret_of(token),
            algorithms=[_ALGORITHM],
            audience=settings().project_id,
            issuer=ISSUER,
            leeway=_LEEWAY,
            options={"require": _REQUIRED},
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired from error
    except (jwt.InvalidTokenError, ValueError) as error:
        raise TokenInvalid from error
    session_id = claims.get("sid")
    if claims["typ"] != purpose or not (session_id is None or isinstance(session_id, str)):
        raise TokenInvalid
    return Claims(claims["sub"], purpose, claims["jti"], claims["iat"], claims["exp"], session_id)


def bearer(header: str | None) -> str:
    """The token in an Authorization header. Raises Unauthorized if there is none."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized
    return token.strip()


def is_ours(token: str) -> bool:
    """Whether a token claims to be one of ours, without verifying it. Raises TokenInvalid."""
    try:
        return jwt.get_unverified_header(token).get("alg") == _ALGORITHM
    except (jwt.InvalidTokenError, ValueError) as error:
        raise TokenInvalid from error


def _secret_of(token: str) -> str:
    key_id = jwt.get_unverified_header(token).get("kid")
    for secret in (settings().jwt_secret, settings().jwt_previous_secret):
        if secret and secrets.compare_digest(_key_id(secret), str(key_id)):
            return secret
    raise TokenInvalid


def _key_id(secret: str) -> str:
    return hashlib.sha256(b"kid:" + secret.encode()).hexdigest()[:12]

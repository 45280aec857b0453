"""Troupe's own tokens: HS256 JWTs, each for one purpose.

`decode` checks the purpose, so a token for one purpose is invalid for any other. `kid` identifies
the secret: tokens signed with JWT_PREVIOUS_SECRET stay valid until they expire, so the secret can
be rotated without signing anybody out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, ClassVar

import jwt

from troupe.errors import Unauthorized
from troupe.settings import settings

ISSUER = "troupe"
LINK_PURPOSE = "media"
TASK_TOKEN_HEADER = "X-Troupe-Task"  # noqa: S105 (the name of a header)
TASK_TOKEN_SECONDS = 30 * 86400  # as long as Cloud Tasks keeps a task at most
KEY_PREFIX = "trp_"  # of API keys, which are no tokens of ours
_ALGORITHM = "HS256"
_LEEWAY = 5  # seconds that an expired token is still accepted
_AHEAD = 330  # seconds that the clock of the instance that issued a token may be ahead
_REQUIRED = ["iss", "aud", "sub", "typ", "iat", "exp"]
_ALSO = {LINK_PURPOSE: "path"}  # other purposes require an id


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
    issued_at: int  # seconds since 1970
    expires_at: int
    session_id: str | None
    path: str | None = None  # the only path it opens, or where a sign-in returns to


def encode(
    *,
    purpose: str,
    subject: str,
    ttl: int,
    session_id: str | None = None,
    path: str | None = None,
) -> str:
    """A token for `purpose` that expires after `ttl` seconds."""
    now = int(time.time())
    claims = _claims(purpose, subject, now, now + ttl, session_id)
    if path is not None:
        claims["path"] = path
    return _sign(claims | {"jti": secrets.token_urlsafe(12)})


def task_headers(subject: str) -> dict[str, str]:
    """What authenticates a task about `subject` to the function that gets it."""
    token = encode(purpose="task", subject=subject, ttl=TASK_TOKEN_SECONDS)
    return {TASK_TOKEN_HEADER: token}


def encode_refresh(
    *, subject: str, session_id: str, token_id: str, issued_at: int, ttl: int
) -> str:
    """A refresh token. The same arguments give the same token."""
    claims = _claims("refresh", subject, issued_at, issued_at + ttl, session_id)
    return _sign(claims | {"jti": token_id})


def encode_link(
    *, subject: str, path: str, issued_at: int, expires_at: int, session_id: str
) -> str:
    """A token for `path` only; times in seconds since 1970. The same arguments give the same token,
    so that players and caches recognize the URL."""
    claims = _claims(LINK_PURPOSE, subject, issued_at, expires_at, session_id) | {"path": path}
    # The output of `jwt.encode` in a quarter of its 50 µs: a page of a list has dozens of links.
    secret = settings().jwt_secret
    body = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
    signed = _header(_key_id(secret)) + b"." + _base64(body)
    return (signed + b"." + _base64(hmac.digest(secret.encode(), signed, "sha256"))).decode()


@cache
def _header(key_id: str) -> bytes:
    header = {"alg": _ALGORITHM, "kid": key_id, "typ": "JWT"}
    return _base64(json.dumps(header, separators=(",", ":")).encode())


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _claims(
    purpose: str, subject: str, issued_at: int, expires_at: int, session_id: str | None
) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": settings().project_id,
        "sub": subject,
        "typ": purpose,
        "iat": issued_at,
        "exp": expires_at,
    }
    return claims if session_id is None else claims | {"sid": session_id}


def _sign(claims: dict[str, Any]) -> str:
    secret = settings().jwt_secret
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
            options={
                "require": [*_REQUIRED, _ALSO.get(purpose, "jti")],
                "verify_iat": False,  # by `_AHEAD` below
            },
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired from error
    except (jwt.InvalidTokenError, ValueError) as error:
        raise TokenInvalid from error
    if not isinstance(claims["iat"], int) or claims["iat"] > time.time() + _AHEAD:
        raise TokenInvalid
    session_id, path = claims.get("sid"), claims.get("path")
    if claims["typ"] != purpose or not all(
        claim is None or isinstance(claim, str) for claim in (session_id, path)
    ):
        raise TokenInvalid
    return Claims(claims["sub"], purpose, claims["iat"], claims["exp"], session_id, path)


def bearer(header: str | None) -> str:
    """The token in an Authorization header. Raises Unauthorized if there is none."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized
    return token.strip()


def is_ours(token: str) -> bool:
    """Whether a token claims to be one of ours, without verifying it. Raises TokenInvalid."""
    try:
        return _header_of(token).get("alg") == _ALGORITHM
    except (jwt.InvalidTokenError, ValueError) as error:
        raise TokenInvalid from error


def _secret_of(token: str) -> str:
    key_id = _header_of(token).get("kid")
    for secret in (settings().jwt_secret, settings().jwt_previous_secret):
        if secret and secrets.compare_digest(_key_id(secret), str(key_id)):
            return secret
    raise TokenInvalid


def _header_of(token: str) -> dict[str, Any]:
    """The header, unverified. Raises jwt.InvalidTokenError."""
    return _read_header(token.partition(".")[0])


@lru_cache(maxsize=64)
def _read_header(encoded: str) -> dict[str, Any]:
    """Nearly all tokens have the same header. It is read twice, which takes almost as long as all
    the rest of verifying a token."""
    return jwt.get_unverified_header(f"{encoded}..")


@lru_cache(maxsize=2)
def _key_id(secret: str) -> str:
    return hashlib.sha256(b"kid:" + secret.encode()).hexdigest()[:12]

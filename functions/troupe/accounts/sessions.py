"""Sessions and their token pairs.

A session stores the SHA-256 of its only valid refresh token. Refresh tokens are signed JWTs with a
random id, so a plain hash is safe.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from troupe import tokens
from troupe.accounts.records import Session, UserRecord
from troupe.settings import Settings

MAX_SESSIONS = 20  # per user; bounds the size of the user's document
_MAX_AGENT = 200


@dataclass(frozen=True, slots=True)
class TokenPair:
    access_token: str
    refresh_token: str
    expires_in: int  # lifetime of the access token in seconds


@dataclass(frozen=True, slots=True)
class IssuedSession:
    """A session with newly issued tokens, not stored yet."""

    session_id: str
    session: Session
    pair: TokenPair


def open_session(uid: str, user_agent: str, settings: Settings, at: datetime) -> IssuedSession:
    """A new session that starts at `at`."""
    # Starts with a letter: the id is used unquoted in field paths, which cannot start with a digit.
    session_id = f"s{secrets.token_hex(8)}"
    pair = _pair(uid, session_id, settings)
    session = Session(
        refresh_hash=hash_of(pair.refresh_token),
        created_at=at,
        last_used_at=at,
        expires_at=at + timedelta(seconds=settings.refresh_token_seconds),
        user_agent=user_agent[:_MAX_AGENT],
    )
    return IssuedSession(session_id, session, pair)


def rotate(
    uid: str, session_id: str, session: Session, settings: Settings, at: datetime
) -> IssuedSession:
    """The same session with new tokens; the old refresh token is void once this is stored."""
    pair = _pair(uid, session_id, settings)
    rotated = session.model_copy(
        update={
            "refresh_hash": hash_of(pair.refresh_token),
            "last_used_at": at,
            "expires_at": at + timedelta(seconds=settings.refresh_token_seconds),
        }
    )
    return IssuedSession(session_id, rotated, pair)


def to_drop(user: UserRecord, at: datetime) -> tuple[str, ...]:
    """Ids of sessions to remove to make room for one more: the ended ones, then the least
    recently used."""
    ended = [sid for sid, session in user.sessions.items() if not is_live(user, session, at)]
    live = [sid for sid in user.sessions if sid not in ended]
    live.sort(key=lambda sid: user.sessions[sid].last_used_at)
    return (*ended, *live[: max(0, len(live) - MAX_SESSIONS + 1)])


def is_live(user: UserRecord, session: Session, at: datetime) -> bool:
    if session.expires_at <= at:
        return False
    since = session.kept_at or session.created_at
    return user.valid_after is None or since >= user.valid_after


def hash_of(refresh_token: str) -> str:
    return hashlib.sha256(refresh_token.encode()).hexdigest()


def is_current(session: Session, refresh_token: str) -> bool:
    return hmac.compare_digest(session.refresh_hash, hash_of(refresh_token))


def _pair(uid: str, session_id: str, settings: Settings) -> TokenPair:
    access, refresh = (
        tokens.encode(purpose=purpose, subject=uid, ttl=ttl, session_id=session_id)
        for purpose, ttl in (
            ("access", settings.access_token_seconds),
            ("refresh", settings.refresh_token_seconds),
        )
    )
    return TokenPair(access, refresh, settings.access_token_seconds)

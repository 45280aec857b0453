"""Sessions and their token pairs, and sign-ins of the Firebase SDK.

A session stores the SHA-256 of its refresh token. Refresh tokens are signed JWTs with an
unpredictable id, so a plain hash is safe.

The token after a given one follows from it and from JWT_SECRET, so that two tabs that exchange the
same token within `GRACE` on one device get the same new one, and no second one has to be stored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from troupe import tokens
from troupe.accounts.errors import AccountSuspended
from troupe.accounts.records import Session, UserRecord
from troupe.adapters.firestore import now
from troupe.caller import Device
from troupe.settings import Settings
from troupe.tokens import TokenInvalid

MAX_SESSIONS = 20  # per user; bounds the size of the user's document
# How long the refresh token before the current one is still accepted, from the same device.
GRACE = timedelta(seconds=30)
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


def open_session(
    uid: str,
    device: Device,
    settings: Settings,
    at: datetime,
    *,
    signed_in_at: datetime | None = None,
    first_use_within: timedelta | None = None,
) -> IssuedSession:
    """A new session that starts at `at`. `signed_in_at`: when the person signed in at Firebase, by
    its clock; None for a session without a sign-in there. `first_use_within`: ends the session if
    its refresh token is not exchanged by then."""
    # Starts with a letter: the id is used unquoted in field paths, which cannot start with a digit.
    session_id = f"s{secrets.token_hex(8)}"
    pair = _pair(uid, session_id, settings, at, secrets.token_urlsafe(12))
    session = Session(
        refresh_hash=hash_of(pair.refresh_token),
        device=device_key(device, settings),
        created_at=at,
        signed_in_at=signed_in_at,
        last_used_at=at,
        expires_at=at + (first_use_within or timedelta(seconds=settings.refresh_token_seconds)),
        user_agent=device.user_agent[:_MAX_AGENT],
    )
    return IssuedSession(session_id, session, pair)


def rotate(
    uid: str, session_id: str, session: Session, device: Device, settings: Settings, at: datetime
) -> IssuedSession:
    """The same session with new tokens; the old refresh token is void `GRACE` after this is
    stored."""
    pair = _pair(
        uid, session_id, settings, at, _token_id(session_id, session.refresh_hash, settings)
    )
    rotated = session.model_copy(
        update={
            "refresh_hash": hash_of(pair.refresh_token),
            "previous_hash": session.refresh_hash,
            "device": device_key(device, settings),
            "last_used_at": at,
            "expires_at": at + timedelta(seconds=settings.refresh_token_seconds),
        }
    )
    return IssuedSession(session_id, rotated, pair)


def repeat(
    uid: str, session_id: str, session: Session, device: Device, settings: Settings, at: datetime
) -> TokenPair | None:
    """The current refresh token once more, with a new access token, for a device that has just
    exchanged the one before; None if this is another device, or too late."""
    if not session.previous_hash or not _just_rotated(session, device, settings, at):
        return None
    token_id = _token_id(session_id, session.previous_hash, settings)
    pair = _pair(uid, session_id, settings, session.last_used_at, token_id)
    # Not the same if JWT_SECRET was replaced in the meantime.
    return pair if is_current(session, pair.refresh_token) else None


def sign_in_id(signed_in_at: int, provider: str) -> str:
    """The session id of a sign-in with the Firebase SDK, whose ID tokens share the time and the
    provider. firestore.rules computes the same."""
    return f"f{signed_in_at}_{re.sub('[^a-z0-9]', '_', provider)}"


def sdk_session(
    signed_in_at: datetime, device: Device, settings: Settings, at: datetime
) -> Session:
    """The entry of a sign-in with the Firebase SDK."""
    return Session(
        created_at=signed_in_at,
        signed_in_at=signed_in_at,
        last_used_at=at,
        expires_at=at + timedelta(seconds=settings.refresh_token_seconds),
        user_agent=device.user_agent[:_MAX_AGENT],
    )


def seen_again(before: Session, after: Session) -> Session:
    """The entry of a sign-in with the Firebase SDK after another use."""
    use = {"last_used_at": after.last_used_at, "expires_at": after.expires_at}
    return before.model_copy(update=use)


def is_of_sdk(session_id: str) -> bool:
    return session_id.startswith("f")


def sdk_time(session_id: str) -> datetime:
    """When the person signed in, from the id of a sign-in with the Firebase SDK."""
    return datetime.fromtimestamp(int(session_id[1:].partition("_")[0]), UTC)


def to_drop(user: UserRecord, at: datetime) -> tuple[str, ...]:
    """Ids of sessions to remove to make room for one more: the ended ones, then the least
    recently used."""
    ended = [sid for sid, session in user.sessions.items() if not is_live(user, session, at)]
    live = [sid for sid in user.sessions if sid not in ended]
    live.sort(key=lambda sid: user.sessions[sid].last_used_at)
    return (*ended, *live[: max(0, len(live) - MAX_SESSIONS + 1)])


def floor_after(user: UserRecord, removed: Collection[str]) -> dict[str, Any]:
    """The change that keeps the removed sign-ins of the Firebase SDK from being listed again."""
    times = [sdk_time(each) for each in removed if is_of_sdk(each)]
    if not times:
        return {}
    return {"signInsAfter": max([*times, *filter(None, [user.sign_ins_after])])}


def kept(user: UserRecord, ids: Collection[str], at: datetime) -> dict[str, Any]:
    """The stored `sessions` with only these, which stay live although `validAfter` becomes `at`."""
    return {
        each: user.sessions[each].model_copy(update={"kept_at": at}).stored()
        for each in ids
        if each in user.sessions
    }


def is_live(user: UserRecord, session: Session, at: datetime) -> bool:
    if session.expires_at <= at:
        return False
    since = session.kept_at or session.created_at
    return user.valid_after is None or since >= user.valid_after


def live_session(user: UserRecord, session_id: str) -> Session:
    """Raises TokenInvalid if the session has ended, AccountSuspended."""
    session = user.sessions.get(session_id)
    if session is None or user.deleted_at or not is_live(user, session, now()):
        raise TokenInvalid
    if user.suspended:
        raise AccountSuspended
    return session


def signed_in_at(session: Session) -> datetime:
    """When the person last proved who they are, by Firebase's clock in whole seconds. For sessions
    from before this was recorded, when they were opened or last kept."""
    return session.signed_in_at or session.kept_at or session.created_at


def hash_of(refresh_token: str) -> str:
    return hashlib.sha256(refresh_token.encode()).hexdigest()


def is_current(session: Session, refresh_token: str) -> bool:
    return hmac.compare_digest(session.refresh_hash, hash_of(refresh_token))


def was_previous(session: Session, refresh_token: str) -> bool:
    return hmac.compare_digest(session.previous_hash, hash_of(refresh_token))


def device_key(device: Device, settings: Settings) -> str:
    """Identifies a device by its browser and network without revealing them. Privacy extensions
    change an IPv6 address only within its network, which is what `Device` has."""
    named = f"device\n{device.user_agent}\n{device.address or ''}"
    return _keyed(named, settings)[:32]


def _just_rotated(session: Session, device: Device, settings: Settings, at: datetime) -> bool:
    same = hmac.compare_digest(session.device, device_key(device, settings))
    return same and abs(at - session.last_used_at) <= GRACE


def _token_id(session_id: str, before: str, settings: Settings) -> str:
    """The id of the refresh token after the one with the hash `before`."""
    return _keyed(f"refresh\n{session_id}\n{before}", settings)[:24]


def _keyed(named: str, settings: Settings) -> str:
    return hmac.new(settings.jwt_secret.encode(), named.encode(), hashlib.sha256).hexdigest()


def _pair(
    uid: str, session_id: str, settings: Settings, at: datetime, refresh_id: str
) -> TokenPair:
    access = tokens.encode(
        purpose="access", subject=uid, ttl=settings.access_token_seconds, session_id=session_id
    )
    refresh = tokens.encode_refresh(
        subject=uid,
        session_id=session_id,
        token_id=refresh_id,
        issued_at=int(at.timestamp()),
        ttl=settings.refresh_token_seconds,
    )
    return TokenPair(access, refresh, settings.access_token_seconds)

"""Stored sessions, and which are removed when there are too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from troupe import tokens
from troupe.accounts import sessions
from troupe.accounts.records import Session, UserRecord
from troupe.accounts.sessions import MAX_SESSIONS
from troupe.caller import Device
from troupe.settings import settings

AT = datetime(2026, 1, 1, tzinfo=UTC)


def session(hours_unused: int = 0, *, expires_in: int = 24) -> Session:
    return Session(
        refresh_hash="0" * 64,
        created_at=AT - timedelta(days=1),
        last_used_at=AT - timedelta(hours=hours_unused),
        expires_at=AT + timedelta(hours=expires_in),
    )


def user(kept: dict[str, Session], valid_after: datetime | None = None) -> UserRecord:
    return UserRecord(
        id="ada", sessions=kept, valid_after=valid_after, created_at=AT, updated_at=AT
    )


def test_the_refresh_token_is_stored_only_as_a_hash() -> None:
    opened = sessions.open_session("ada", Device("a browser"), settings(), AT)
    stored = str(opened.session.stored())
    assert opened.pair.refresh_token not in stored
    assert sessions.is_current(opened.session, opened.pair.refresh_token)
    assert not sessions.is_current(opened.session, opened.pair.access_token)


def test_both_tokens_belong_to_the_session() -> None:
    opened = sessions.open_session("ada", Device(""), settings(), datetime.now(UTC))
    for purpose, token in (
        ("access", opened.pair.access_token),
        ("refresh", opened.pair.refresh_token),
    ):
        claims = tokens.decode(token, purpose=purpose)
        assert (claims.subject, claims.session_id) == ("ada", opened.session_id)


def test_rotation_replaces_the_refresh_token_and_keeps_the_session() -> None:
    first = sessions.open_session("ada", Device("a browser"), settings(), AT)
    later = AT + timedelta(hours=1)
    second = sessions.rotate(
        "ada", first.session_id, first.session, Device("a browser"), settings(), later
    )
    assert not sessions.is_current(second.session, first.pair.refresh_token)
    assert sessions.is_current(second.session, second.pair.refresh_token)
    assert (second.session.created_at, second.session.last_used_at) == (AT, later)
    assert second.session.user_agent == "a browser"


def test_the_least_recently_used_session_is_removed_first() -> None:
    kept = {f"s{n}": session(hours_unused=n) for n in range(MAX_SESSIONS)}
    assert sessions.to_drop(user(kept), AT) == (f"s{MAX_SESSIONS - 1}",)


def test_ended_sessions_are_removed_before_live_ones() -> None:
    kept = {f"s{n}": session(hours_unused=n) for n in range(MAX_SESSIONS - 1)}
    kept["ended"] = session(expires_in=-1)
    assert sessions.to_drop(user(kept), AT) == ("ended",)


def test_no_session_is_removed_below_the_limit() -> None:
    kept = {f"s{n}": session() for n in range(MAX_SESSIONS - 1)}
    assert sessions.to_drop(user(kept), AT) == ()


def test_a_session_from_before_valid_after_is_not_live() -> None:
    assert sessions.is_live(user({}, AT - timedelta(days=2)), session(), AT)
    assert not sessions.is_live(user({}, AT), session(), AT)


def test_user_agents_are_truncated() -> None:
    opened = sessions.open_session("ada", Device("x" * 10_000), settings(), AT)
    assert len(opened.session.user_agent) == 200

"""Media links: URLs for `<audio>` and `<video>`, which send no bearer token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

from troupe import tokens
from troupe.accounts.records import AccountCaller, key_of_session
from troupe.accounts.sessions import live_session
from troupe.accounts.writes import Users
from troupe.adapters.firestore import Database
from troupe.tokens import TokenInvalid


@dataclass(frozen=True, slots=True)
class MediaLink:
    url: str
    expires_at: datetime


class MediaLinks:
    def __init__(self, db: Database, seconds: int, by_key: Callable[[str], AccountCaller]) -> None:
        """`seconds`: the maximum lifetime of a link. `by_key`: `KeyCallers.of_link`."""
        self._users = Users(db)
        self._seconds = seconds
        self._by_key = by_key

    def make(self, caller: AccountCaller, address: str) -> MediaLink:
        """A temporary URL of a file, which anyone can open with the caller's access. `address`:
        path and query, as the API returns them."""
        issued_at, expires_at = link_times(self._seconds)
        path, mark, query = address.partition("?")
        token = tokens.encode_link(
            subject=caller.uid,
            path=path,
            issued_at=issued_at,
            expires_at=expires_at,
            session_id=caller.session_id,
        )
        url = f"{path}?{query}{'&' if mark else ''}token={token}"
        return MediaLink(url, datetime.fromtimestamp(expires_at, UTC))

    def authenticate(self, token: str, path: str) -> AccountCaller:
        """The user whose access a link to `path` carries. A link ends with its session, or with the
        API key.

        Reads one document, two for an API key. Raises TokenInvalid, TokenExpired, AccountSuspended.
        """
        claims = tokens.decode(token, purpose=tokens.LINK_PURPOSE)
        if claims.path != path or claims.session_id is None:
            raise TokenInvalid
        if key_id := key_of_session(claims.session_id):
            return self._by_key(key_id)
        user = self._users.get(claims.subject)
        if user is None:
            raise TokenInvalid
        live_session(user, claims.session_id)
        return AccountCaller.of(user, claims.session_id)


def link_times(seconds: int) -> tuple[int, int]:
    """The issue time and expiry of a link created now, in seconds since 1970.

    A link lasts `seconds`, or up to a quarter less: links created in the same quarter are
    identical, so a client that asks again keeps playing and reuses its cache.
    """
    now = int(time())
    issued_at = now - now % (seconds // 4)
    return issued_at, issued_at + seconds

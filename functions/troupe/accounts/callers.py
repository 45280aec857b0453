"""Who sends a request."""

from __future__ import annotations

from collections.abc import Callable

from troupe import tokens
from troupe.accounts.records import AccountCaller
from troupe.accounts.sessions import live_session
from troupe.accounts.writes import Users
from troupe.adapters.firestore import Database
from troupe.caller import Device
from troupe.tokens import TokenInvalid

ByIdToken = Callable[[str, Device], AccountCaller]


class Callers:
    """Apart from `Accounts`, because every function needs this at its start: signing in, and the
    client of Firebase Auth, are loaded when they are needed."""

    def __init__(self, db: Database, by_id_token: ByIdToken) -> None:
        """`by_id_token`: `Accounts.by_id_token`."""
        self._users = Users(db)
        self._by_id_token = by_id_token

    def authenticate(
        self, authorization: str | None, device: Callable[[], Device] = Device
    ) -> AccountCaller:
        """The caller of an Authorization header with a Firebase ID token or our own access token.

        Reads one document; the first request of a sign-in with the Firebase SDK also records it,
        with its `device`. Raises Unauthorized, TokenInvalid, TokenExpired, AccountSuspended.
        """
        token = tokens.bearer(authorization)
        if not tokens.is_ours(token):
            return self._by_id_token(token, device())
        claims = tokens.decode(token, purpose="access")
        user = self._users.get(claims.subject)
        if user is None or claims.session_id is None:
            raise TokenInvalid
        live_session(user, claims.session_id)
        return AccountCaller.of(user, claims.session_id)

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
ByApiKey = Callable[[str, Device], AccountCaller]


def no_keys(text: str, device: Device) -> AccountCaller:
    """For what needs a person: an API key is no sign-in. Raises TokenInvalid."""
    raise TokenInvalid


class Callers:
    """Apart from `Accounts`, because every function needs this at its start: signing in, and the
    client of Firebase Auth, are loaded when they are needed."""

    def __init__(self, db: Database, by_id_token: ByIdToken, by_api_key: ByApiKey) -> None:
        """`by_id_token`: `Accounts.by_id_token`; `by_api_key`: `KeyCallers.authenticate`."""
        self._users = Users(db)
        self._by_id_token = by_id_token
        self._by_api_key = by_api_key

    def authenticate(
        self, authorization: str | None, device: Callable[[], Device] = Device
    ) -> AccountCaller:
        """The caller of an Authorization header with a Firebase ID token, our own access token, or
        an API key.

        Reads one document, two with an API key; the first request of a sign-in with the Firebase
        SDK also records it, with its `device`. Raises Unauthorized, TokenInvalid, TokenExpired,
        AccountSuspended, and the errors of `KeyCallers.authenticate`.
        """
        token = tokens.bearer(authorization)
        if token.startswith(tokens.KEY_PREFIX):
            return self._by_api_key(token, device())
        if not tokens.is_ours(token):
            return self._by_id_token(token, device())
        claims = tokens.decode(token, purpose="access")
        user = self._users.get(claims.subject)
        if user is None or claims.session_id is None:
            raise TokenInvalid
        live_session(user, claims.session_id)
        return AccountCaller.of(user, claims.session_id)

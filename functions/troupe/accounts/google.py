"""Sign-in with Google by redirects, for pages that do not run Google's script.

Nothing is stored between the two requests. The browser gets a random cookie, from which the PKCE
verifier and the nonce are derived; `state` is signed, and has a hash of the cookie.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from troupe import tokens
from troupe.accounts.errors import (
    GoogleNotConfigured,
    GoogleTokenInvalid,
    ReturnPathRefused,
    StateInvalid,
    public_error,
)
from troupe.accounts.service import Accounts
from troupe.adapters.google_oauth import GoogleOAuth
from troupe.adapters.identity_errors import IdentityError
from troupe.caller import Device
from troupe.errors import TroupeError, Unauthorized
from troupe.logs import log

# How long a person may take to choose an account at Google.
STATE_SECONDS = 600
# How long the page may take to exchange the refresh token in its address.
FIRST_USE_WITHIN = timedelta(minutes=2)
_PURPOSE = "google"
# Browsers treat a backslash as a slash, and ignore tabs and line breaks.
_PLAIN = re.compile(r"[^\\#\x00-\x20\x7f]*")


@dataclass(frozen=True, slots=True)
class Started:
    url: str  # of Google's page
    cookie: str


class GoogleSignIn:
    def __init__(
        self, accounts: Accounts, oauth: GoogleOAuth | None, origins: Sequence[str]
    ) -> None:
        """`oauth`: None if there is no OAuth client; `origins`: whose pages may get a session."""
        self._accounts = accounts
        self._oauth = oauth
        self._origins = origins

    def start(self, return_path: str) -> Started:
        """Raises GoogleNotConfigured, ReturnPathRefused."""
        oauth = self._client()
        if not _is_ours(return_path, self._origins):
            raise ReturnPathRefused
        cookie = secrets.token_urlsafe(32)
        state = tokens.encode(
            purpose=_PURPOSE,
            subject=_derived("state", cookie),
            ttl=STATE_SECONDS,
            path=return_path,
        )
        nonce, verifier = _sent_nonce(cookie), _derived("verifier", cookie)
        return Started(oauth.authorization_url(state=state, nonce=nonce, verifier=verifier), cookie)

    def finish(
        self, *, state: str, cookie: str, code: str | None, error: str | None, device: Device
    ) -> str:
        """Returns where the browser goes, with `#refreshToken=` or `#error=` (an error code).
        `error`: why Google sent no code. Raises GoogleNotConfigured, and StateInvalid, because only
        a valid state says where to go."""
        oauth = self._client()
        try:
            claims = tokens.decode(state, purpose=_PURPOSE)
        except Unauthorized:
            raise StateInvalid from None
        if not hmac.compare_digest(claims.subject, _derived("state", cookie)):
            raise StateInvalid
        try:
            outcome = {"refreshToken": self._sign_in(oauth, code, cookie, device)}
        except TroupeError as refused:
            cancelled = error == "access_denied"
            outcome = {"error": "access_denied" if cancelled else refused.code}
            log.info("google_sign_in_refused", code=outcome["error"])
        return f"{claims.path}#{urlencode(outcome)}"

    def _sign_in(self, oauth: GoogleOAuth, code: str | None, cookie: str, device: Device) -> str:
        """The refresh token of a new session."""
        if not code:
            raise GoogleTokenInvalid
        try:
            id_token = oauth.exchange(
                code, nonce=_sent_nonce(cookie), verifier=_derived("verifier", cookie)
            )
        except IdentityError as error:
            raise public_error(error) from error
        signed_in = self._accounts.google(
            id_token,
            device,
            nonce=_derived("nonce", cookie),
            first_use_within=FIRST_USE_WITHIN,
        )
        return signed_in.pair.refresh_token

    def _client(self) -> GoogleOAuth:
        if self._oauth is None:
            raise GoogleNotConfigured
        return self._oauth


def _is_ours(place: str, origins: Sequence[str]) -> bool:
    """Whether this is a path of this site, or a URL of one of the origins. `*` allows none: a
    session is not handed to everybody."""
    if not _PLAIN.fullmatch(place):
        return False
    if place.startswith("/"):
        return not place.startswith("//")
    try:
        parts = urlsplit(place)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" in origins


def _sent_nonce(cookie: str) -> str:
    """The `nonce` of the ID token: the SHA-256 of the value that Firebase gets."""
    return hashlib.sha256(_derived("nonce", cookie).encode()).hexdigest()


def _derived(use: str, cookie: str) -> str:
    """A value derived from the cookie, which reveals neither it nor the value for another use."""
    return hashlib.sha256(f"{use}\n{cookie}".encode()).hexdigest()

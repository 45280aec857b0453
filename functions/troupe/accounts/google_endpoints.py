"""Sign-in with Google, and linking of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, request

from troupe.accounts import google_schemas, schemas
from troupe.accounts.errors import (
    AccountSuspended,
    AddressNotProved,
    AlreadyLinked,
    EmailTaken,
    EmailUnproved,
    GoogleNotConfigured,
    GoogleTaken,
    GoogleTokenInvalid,
    NoEmail,
    OtherEmail,
    RecentSignInRequired,
    ReturnPathRefused,
    SecondFactorRequired,
    StateInvalid,
    TooManyAttempts,
    WrongGoogleToken,
)
from troupe.tokens import TokenInvalid
from troupe.web.addresses import current_device
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.companies import UserCompanies
    from troupe.accounts.google import GoogleSignIn
    from troupe.accounts.linking import Linking
    from troupe.accounts.records import AccountCaller
    from troupe.accounts.service import Accounts

api = Api("google", "Sign-in with Google, and linking of accounts")

# Firebase Hosting removes all other cookies. The path keeps it apart from a page's own `__session`:
# browsers send the one with the longer path first.
_COOKIE = "__session"
_COOKIE_PATH = "/api/auth/google"


@api.get(
    "/api/auth/google",
    auth=Auth.PUBLIC,
    status=302,
    headers=("Location",),
    errors=(GoogleNotConfigured, ReturnPathRefused),
    open_to_all_apps=True,
)
def google_redirect(
    query: google_schemas.GoogleRedirectQuery, google_sign_in: GoogleSignIn
) -> Response:
    """Sends the browser to Google to sign in. Use it as a link: scripts cannot call it.

    Afterwards the browser goes to `returnPath`, with `#refreshToken=` or `#error=` (an error code).
    Exchange the refresh token with `POST /api/auth/refresh` within 2 minutes.
    """
    started = google_sign_in.start(query.return_path)
    response = _redirect(started.url)
    response.set_cookie(
        _COOKIE,
        started.cookie,
        max_age=600,
        path=_COOKIE_PATH,
        secure=True,
        httponly=True,
        samesite="Lax",
    )
    return response


@api.get(
    "/api/auth/google/callback",
    auth=Auth.PUBLIC,
    status=302,
    headers=("Location",),
    errors=(GoogleNotConfigured, StateInvalid),
    limit="login",
    # Any page can make its visitors' browsers send this, but not with the cookie.
    limit_weight=lambda _: int(_COOKIE in request.cookies),
    open_to_all_apps=True,
)
def google_callback(
    query: google_schemas.GoogleCallbackQuery, google_sign_in: GoogleSignIn
) -> Response:
    """Google sends the browser here. Signs in, and sends the browser on to `returnPath`."""
    place = google_sign_in.finish(
        state=query.state,
        cookie=request.cookies.get(_COOKIE, ""),
        code=query.code,
        error=query.error,
        device=current_device(),
    )
    response = _redirect(place)
    response.delete_cookie(_COOKIE, path=_COOKIE_PATH, secure=True, httponly=True, samesite="Lax")
    return response


@api.post(
    "/api/auth/google",
    auth=Auth.PUBLIC,
    data=schemas.SignedInData,
    errors=(
        *(GoogleTokenInvalid, TokenInvalid, SecondFactorRequired, AccountSuspended),
        *(EmailTaken, TooManyAttempts),
    ),
    aliases=("/api/auth/google/callback",),
    limit="login",
)
def google_token(
    body: google_schemas.GoogleTokenBody, accounts: Accounts, user_companies: UserCompanies
) -> Reply:
    """Signs in with an ID token from Google, as Google's script or an app's SDK provides it. The
    first sign-in creates the account with its sign-up tokens.

    If nobody has verified the account's address yet and Google vouches for it, the account's
    password is removed, and its earlier sessions end.
    """
    signed_in = accounts.google(body.id_token, current_device())
    return Reply(schemas.SignedInData.of(signed_in, user_companies), "Logged in successfully")


@api.post(
    "/api/auth/link",
    data=schemas.UserData,
    errors=(
        *(WrongGoogleToken, RecentSignInRequired, AccountSuspended),
        *(EmailTaken, GoogleTaken, AlreadyLinked, OtherEmail, NoEmail),
        *(EmailUnproved, AddressNotProved, TooManyAttempts),
    ),
    limit="register",
)
def link_account(
    body: google_schemas.LinkBody,
    caller: AccountCaller,
    accounts: Accounts,
    linking: Linking,
    user_companies: UserCompanies,
) -> Reply:
    """Adds a way to sign in: a Google account, or a password.

    A guest becomes an account with the same id, data, wallet and sessions, and gets the rest of the
    sign-up tokens. Other accounts need a sign-in at most 5 minutes ago; a new password, or Google's
    proof of the address, ends every session but this one. A new password also ends the sign-ins of
    the Firebase SDK: clients with an ID token must sign in again.
    """
    accounts.require_recent_sign_in(caller)
    if body.id_token is not None:
        user = linking.google(caller, body.id_token)
    else:
        user = linking.password(caller, body.email, body.password or "")
    view = schemas.UserView.within(user, user_companies)
    return Reply(schemas.UserData(user=view), "Account linked successfully")


def _redirect(url: str) -> Response:
    return Response(status=302, headers={"Location": url})

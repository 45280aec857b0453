"""The auth function: identity, sessions, profile and activities."""

from __future__ import annotations

from flask import request

from troupe import wiring
from troupe.accounts import schemas
from troupe.accounts.errors import (
    AccountSuspended,
    EmailTaken,
    InvalidCredentials,
    RefreshTokenReused,
    TooManyAttempts,
    UsernameTaken,
)
from troupe.errors import Unauthorized
from troupe.paging import BadCursor, PageTooDeep
from troupe.tokens import TokenExpired, TokenInvalid
from troupe.wallet.service import WalletNotFound
from troupe.web.caller import Auth, current_caller
from troupe.web.reply import Reply
from troupe.web.routes import Api

api = Api("auth", "Identity, sessions, profile and activities")


@api.post(
    "/api/auth/register",
    auth=Auth.PUBLIC,
    status=201,
    data=schemas.SignedInData,
    errors=(EmailTaken, UsernameTaken, TooManyAttempts),
    aliases=("/api/signup", "/api/register"),
)
def register(body: schemas.RegisterBody) -> Reply:
    """Creates an account with its sign-up tokens, and signs in."""
    signed_in = wiring.accounts().register(
        email=body.email,
        password=body.password,
        name=body.name,
        username=body.username,
        picture=body.profile_picture,
        user_agent=_user_agent(),
    )
    return Reply(schemas.SignedInData.of(signed_in), "User registered successfully")


@api.post(
    "/api/auth/login",
    auth=Auth.PUBLIC,
    data=schemas.SignedInData,
    errors=(InvalidCredentials, AccountSuspended, TooManyAttempts),
    aliases=("/api/login",),
)
def login(body: schemas.LoginBody) -> Reply:
    """Signs in with email address and password."""
    signed_in = wiring.accounts().login(body.email, body.password, _user_agent())
    return Reply(schemas.SignedInData.of(signed_in), "Logged in successfully")


@api.post("/api/auth/logout", aliases=("/api/logout",))
def logout() -> Reply:
    """Ends this session at once.

    With a Firebase ID token, which belongs to no session, every sign-in of the user ends.
    """
    wiring.accounts().logout(current_caller())
    return Reply(message="Logged out successfully")


@api.post(
    "/api/auth/refresh",
    auth=Auth.PUBLIC,
    data=schemas.SignedInData,
    errors=(Unauthorized, TokenInvalid, TokenExpired, RefreshTokenReused, AccountSuspended),
    aliases=("/api/refresh-token",),
)
def refresh(body: schemas.RefreshBody) -> Reply:
    """New tokens for a refresh token, or for a still valid bearer.

    A refresh token works once; using an old one again ends its session.
    """
    accounts = wiring.accounts()
    if body.refresh_token is not None:
        signed_in = accounts.refresh(body.refresh_token)
    else:
        signed_in = accounts.refresh_by_access(request.headers.get("Authorization"), _user_agent())
    return Reply(schemas.SignedInData.of(signed_in), "Token refreshed successfully")


@api.get("/api/auth/verify-token", data=schemas.ValidData)
def verify_token() -> Reply:
    """Whether the bearer is good, and whose it is; one that is not is answered 401."""
    user = schemas.UserView.of(current_caller().user)
    return Reply(schemas.ValidData(valid=True, user=user), "Token is valid")


@api.get("/api/auth/me", data=schemas.UserData, aliases=("/api/me",))
def me() -> Reply:
    """The signed-in user."""
    user = schemas.UserView.of(current_caller().user)
    return Reply(schemas.UserData(user=user), "User fetched successfully")


@api.post(
    "/api/auth/guest",
    auth=Auth.PUBLIC,
    status=201,
    data=schemas.SignedInData,
    errors=(TooManyAttempts,),
)
def guest() -> Reply:
    """A new guest: an anonymous Firebase user, with a few tokens to try things."""
    signed_in = wiring.accounts().guest(_user_agent())
    return Reply(schemas.SignedInData.of(signed_in), "Guest created successfully")


@api.get("/api/user/profile", data=schemas.ProfileData, errors=(WalletNotFound,))
def profile() -> Reply:
    """The signed-in user with what is left of tokens and minutes."""
    caller = current_caller()
    wallet = wiring.wallet().balance(caller.uid)
    return Reply(schemas.ProfileData.of(caller.user, wallet), "Profile fetched successfully")


@api.get("/api/my-activities", data=schemas.ActivitiesData, errors=(BadCursor, PageTooDeep))
def my_activities(query: schemas.ActivitiesQuery) -> Reply:
    """What you did, newest first."""
    found, page = wiring.activities().page(current_caller().uid, query)
    data = schemas.ActivitiesData(
        activities=[schemas.ActivityView.of(activity) for activity in found],
        total_count=page.total,
        limit=query.limit,
    )
    meta = query.meta(page.total, page.next_cursor)
    return Reply(data, "Activities fetched successfully", meta=meta)


@api.delete("/api/my-activities")
def clear_activities() -> Reply:
    """Forgets all your activities."""
    wiring.activities().clear(current_caller().uid)
    return Reply(message="All activities cleared successfully")


@api.get("/api/my-activity-stats", data=schemas.StatsData)
def activity_stats() -> Reply:
    """How many activities there are of each kind."""
    stats = wiring.activities().stats(current_caller().uid)
    return Reply(schemas.StatsData.of(stats), "Activity statistics fetched successfully")


def _user_agent() -> str:
    return request.headers.get("User-Agent", "")

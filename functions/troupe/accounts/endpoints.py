"""The auth function: identity, sessions, profile and activities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from troupe.accounts import schemas
from troupe.accounts.errors import (
    AccountSuspended,
    AvatarTooLarge,
    CodeInvalid,
    EmailTaken,
    InvalidCredentials,
    LastAdmin,
    NoEmail,
    NoPassword,
    RefreshTokenReused,
    SessionNotFound,
    TooManyAttempts,
    UsernameTaken,
    WrongPassword,
)
from troupe.accounts.records import UserRecord
from troupe.errors import TooManyRequests, Unauthorized
from troupe.media.uploads.checks import BrokenImage, ImageTooLarge, UnsupportedFile
from troupe.paging import BadCursor, PageTooDeep
from troupe.tokens import TokenExpired, TokenInvalid
from troupe.wallet.errors import WalletNotFound
from troupe.web.caller import Auth, signed_in
from troupe.web.rate_limit import limited
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.deletion import Deletions
    from troupe.accounts.passwords import Passwords
    from troupe.accounts.profile import Profiles
    from troupe.accounts.records import AccountCaller
    from troupe.accounts.service import Accounts
    from troupe.activities.service import Activities
    from troupe.wallet.service import WalletService

api = Api("auth", "Identity, sessions, profile and activities")

_BEARER = (Unauthorized, TokenInvalid, TokenExpired, AccountSuspended)


@api.post(
    "/api/auth/register",
    auth=Auth.PUBLIC,
    status=201,
    data=schemas.SignedInData,
    errors=(EmailTaken, UsernameTaken, TooManyAttempts),
    aliases=("/api/signup", "/api/register"),
    limit="register",
)
def register(body: schemas.RegisterBody, accounts: Accounts) -> Reply:
    """Creates an account with its sign-up tokens, and signs in."""
    signed_in = accounts.register(
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
    limit="login",
)
def login(body: schemas.LoginBody, accounts: Accounts) -> Reply:
    """Signs in with email address and password."""
    signed_in = accounts.login(body.email, body.password, _user_agent())
    return Reply(schemas.SignedInData.of(signed_in), "Logged in successfully")


@api.post("/api/auth/logout", aliases=("/api/logout",))
def logout(caller: AccountCaller, accounts: Accounts) -> Reply:
    """Ends this session immediately.

    A Firebase ID token belongs to no session; with one, every session of the user ends.
    """
    accounts.logout(caller)
    return Reply(message="Logged out successfully")


@api.post(
    "/api/auth/refresh",
    auth=Auth.PUBLIC,
    data=schemas.SignedInData,
    errors=(*_BEARER, RefreshTokenReused),
    aliases=("/api/refresh-token",),
)
def refresh(body: schemas.RefreshBody, accounts: Accounts) -> Reply:
    """Returns new tokens for a refresh token or a valid access token.

    A refresh token works once; reusing one ends its session.
    """
    if body.refresh_token is not None:
        signed_in = accounts.refresh(body.refresh_token)
    else:
        signed_in = accounts.refresh_by_access(request.headers.get("Authorization"), _user_agent())
    return Reply(schemas.SignedInData.of(signed_in), "Token refreshed successfully")


@api.get("/api/auth/verify-token", data=schemas.ValidData)
def verify_token(caller: AccountCaller) -> Reply:
    """Checks the bearer token and returns its user; 401 if it is invalid."""
    user = schemas.UserView.of(caller.user)
    return Reply(schemas.ValidData(valid=True, user=user), "Token is valid")


@api.get("/api/auth/me", data=schemas.UserData, aliases=("/api/me",))
def get_me(caller: AccountCaller) -> Reply:
    """Returns the signed-in user."""
    user = schemas.UserView.of(caller.user)
    return Reply(schemas.UserData(user=user), "User fetched successfully")


@api.post(
    "/api/auth/guest",
    auth=Auth.PUBLIC,
    status=201,
    data=schemas.SignedInData,
    errors=(TooManyAttempts,),
    limit="guest",
)
def create_guest(accounts: Accounts) -> Reply:
    """Creates a guest: an anonymous Firebase user with a few tokens to try the product."""
    signed_in = accounts.guest(_user_agent())
    return Reply(schemas.SignedInData.of(signed_in), "Guest created successfully")


@api.put(
    "/api/auth/profile",
    data=schemas.UserData,
    errors=(UsernameTaken,),
    aliases=(("POST", "/api/update-username"),),
)
def update_profile(body: schemas.ProfileBody, caller: AccountCaller, profiles: Profiles) -> Reply:
    """Updates your profile; fields that you omit stay unchanged."""
    user = profiles.update(
        caller.uid,
        name=body.name,
        username=body.username,
        language=body.language,
        picture=body.profile_picture,
    )
    return _user(user, "Profile updated successfully")


@api.post(
    "/api/auth/avatar",
    data=schemas.UserData,
    errors=(AvatarTooLarge, UnsupportedFile, BrokenImage, ImageTooLarge),
    aliases=("/api/upload-avatar",),
    body_bytes=6 * 1024 * 1024,
)
def upload_avatar(form: schemas.AvatarForm, caller: AccountCaller, profiles: Profiles) -> Reply:
    """Sets your profile picture, replacing the previous one. Metadata is removed."""
    user = profiles.set_avatar(caller.uid, form.avatar)
    return _user(user, "Avatar uploaded successfully")


@api.post("/api/auth/forgot-password", auth=Auth.PUBLIC, limit="mail")
def request_password_reset(body: schemas.ForgotPasswordBody, passwords: Passwords) -> Reply:
    """Mails a link with a reset code, if the address has an account. The response is always the
    same."""
    passwords.forgot(body.email)
    return Reply(message="If this address has an account, a reset email has been sent")


@api.post("/api/auth/reset-password", auth=Auth.PUBLIC, errors=(CodeInvalid,))
def reset_password(body: schemas.ResetPasswordBody, passwords: Passwords) -> Reply:
    """Sets a new password with a mailed one-time code. Ends every session."""
    passwords.reset(body.code, body.password)
    return Reply(message="Password reset successfully")


@api.post(
    "/api/auth/verify-email",
    auth=Auth.PUBLIC,
    errors=(CodeInvalid, NoEmail, *_BEARER, TooManyRequests, TooManyAttempts),
)
def verify_email(body: schemas.VerifyEmailBody, passwords: Passwords, accounts: Accounts) -> Reply:
    """Verifies an email address with a mailed one-time code. Without a code, mails one to the
    signed-in user."""
    if body.code is not None:
        passwords.verify(body.code)
        return Reply(message="Email verified successfully")
    caller = signed_in(accounts)
    with limited("mail", caller.email or caller.uid):
        sent = passwords.send_verification(caller)
    message = "Verification email sent" if sent else "The email address is already verified"
    return Reply(message=message)


@api.post(
    "/api/auth/change-password",
    errors=(NoPassword, WrongPassword, TooManyAttempts),
    aliases=("/api/change-password",),
    limit="login",
)
def change_password(
    body: schemas.ChangePasswordBody, caller: AccountCaller, passwords: Passwords
) -> Reply:
    """Sets a new password. Ends every session but this one. A Firebase ID token belongs to no
    session: sign in again afterwards."""
    passwords.change(caller, body.current_password, body.new_password)
    return Reply(message="Password changed successfully")


@api.delete(
    "/api/auth/account",
    errors=(NoPassword, WrongPassword, TooManyAttempts, LastAdmin),
    aliases=(("POST", "/api/delete-account"),),
    limit="login",
)
def delete_account(
    body: schemas.DeleteAccountBody,
    caller: AccountCaller,
    passwords: Passwords,
    deletions: Deletions,
) -> Reply:
    """Ends all access now, and erases all your data within a few hours."""
    if body.password is not None:
        passwords.check(caller, body.password)
    deletions.begin(caller.uid)
    return Reply(message="Account deleted successfully")


@api.get("/api/auth/sessions", data=schemas.SessionsData)
def list_sessions(caller: AccountCaller, accounts: Accounts) -> Reply:
    """Lists your sessions, most recently used first. Sign-ins with the Firebase SDK are not
    included."""
    found = accounts.sessions(caller)
    views = [schemas.SessionView.of(key, found[key], caller.session_id) for key in found]
    return Reply(schemas.SessionsData(sessions=views), "Sessions fetched successfully")


@api.delete("/api/auth/sessions/<sessionId>", errors=(SessionNotFound,))
def revoke_session(path: schemas.SessionPath, caller: AccountCaller, accounts: Accounts) -> Reply:
    """Ends one of your sessions immediately."""
    accounts.revoke_session(caller, path.session_id)
    return Reply(message="Session ended successfully")


@api.get("/api/user/profile", data=schemas.ProfileData, errors=(WalletNotFound,))
def get_profile(caller: AccountCaller, wallet: WalletService) -> Reply:
    """Returns the signed-in user with the remaining tokens and minutes."""
    balance = wallet.balance(caller.uid)
    return Reply(schemas.ProfileData.of(caller.user, balance), "Profile fetched successfully")


@api.get("/api/my-activities", data=schemas.ActivitiesData, errors=(BadCursor, PageTooDeep))
def list_my_activities(
    query: schemas.ActivitiesQuery, caller: AccountCaller, activities: Activities
) -> Reply:
    """Lists your activities, newest first."""
    found, page = activities.page(caller.uid, query)
    data = schemas.ActivitiesData(
        activities=[schemas.ActivityView.of(activity) for activity in found],
        total_count=page.total,
        limit=query.limit,
    )
    meta = query.meta(page.total, page.next_cursor)
    return Reply(data, "Activities fetched successfully", meta=meta)


@api.delete("/api/my-activities")
def clear_activities(caller: AccountCaller, activities: Activities) -> Reply:
    """Deletes all your activities."""
    activities.clear(caller.uid)
    return Reply(message="All activities cleared successfully")


@api.get("/api/my-activity-stats", data=schemas.StatsData)
def get_activity_stats(caller: AccountCaller, activities: Activities) -> Reply:
    """Counts your activities by category."""
    stats = activities.stats(caller.uid)
    return Reply(schemas.StatsData.of(stats), "Activity statistics fetched successfully")


def _user(user: UserRecord, message: str) -> Reply:
    return Reply(schemas.UserData(user=schemas.UserView.of(user)), message)


def _user_agent() -> str:
    return request.headers.get("User-Agent", "")

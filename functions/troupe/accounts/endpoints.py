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
    """Ends this session at once.

    With a Firebase ID token, which belongs to no session, every sign-in of the user ends.
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
    """New tokens for a refresh token, or for a still valid bearer.

    A refresh token works once; using an old one again ends its session.
    """
    if body.refresh_token is not None:
        signed_in = accounts.refresh(body.refresh_token)
    else:
        signed_in = accounts.refresh_by_access(request.headers.get("Authorization"), _user_agent())
    return Reply(schemas.SignedInData.of(signed_in), "Token refreshed successfully")


@api.get("/api/auth/verify-token", data=schemas.ValidData)
def verify_token(caller: AccountCaller) -> Reply:
    """Whether the bearer is good, and whose it is; one that is not is answered 401."""
    user = schemas.UserView.of(caller.user)
    return Reply(schemas.ValidData(valid=True, user=user), "Token is valid")


@api.get("/api/auth/me", data=schemas.UserData, aliases=("/api/me",))
def get_me(caller: AccountCaller) -> Reply:
    """The signed-in user."""
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
    """A new guest: an anonymous Firebase user, with a few tokens to try things."""
    signed_in = accounts.guest(_user_agent())
    return Reply(schemas.SignedInData.of(signed_in), "Guest created successfully")


@api.put(
    "/api/auth/profile",
    data=schemas.UserData,
    errors=(UsernameTaken,),
    aliases=(("POST", "/api/update-username"),),
)
def update_profile(body: schemas.ProfileBody, caller: AccountCaller, profiles: Profiles) -> Reply:
    """Changes what is sent, and leaves the rest."""
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
)
def upload_avatar(form: schemas.AvatarForm, caller: AccountCaller, profiles: Profiles) -> Reply:
    """Shows a picture of yours; it is kept without metadata, in the place of the one before."""
    user = profiles.set_avatar(caller.uid, form.avatar)
    return _user(user, "Avatar uploaded successfully")


@api.post("/api/auth/forgot-password", auth=Auth.PUBLIC, limit="mail")
def request_password_reset(body: schemas.ForgotPasswordBody, passwords: Passwords) -> Reply:
    """Mails a link with a code that resets the password, if anybody has this address: the answer
    is the same for all."""
    passwords.forgot(body.email)
    return Reply(message="If there is an account with this address, a mail is on its way")


@api.post("/api/auth/reset-password", auth=Auth.PUBLIC, errors=(CodeInvalid,))
def reset_password(body: schemas.ResetPasswordBody, passwords: Passwords) -> Reply:
    """Sets a new password by a mailed code, which works once. Every session ends."""
    passwords.reset(body.code, body.password)
    return Reply(message="Password reset successfully")


@api.post(
    "/api/auth/verify-email",
    auth=Auth.PUBLIC,
    errors=(CodeInvalid, NoEmail, *_BEARER, TooManyRequests, TooManyAttempts),
)
def verify_email(body: schemas.VerifyEmailBody, passwords: Passwords, accounts: Accounts) -> Reply:
    """Proves an address by a mailed code, which works once; without a code, a signed-in user is
    sent one."""
    if body.code is not None:
        passwords.verify(body.code)
        return Reply(message="Email verified successfully")
    caller = signed_in(accounts)
    with limited("mail", caller.email or caller.uid):
        sent = passwords.send_verification(caller)
    return Reply(message="A mail is on its way" if sent else "The email address is verified")


@api.post(
    "/api/auth/change-password",
    errors=(NoPassword, WrongPassword, TooManyAttempts),
    aliases=("/api/change-password",),
    limit="login",
)
def change_password(
    body: schemas.ChangePasswordBody, caller: AccountCaller, passwords: Passwords
) -> Reply:
    """Sets a new password; every other session ends, and this one goes on. A Firebase ID token is
    of no session of ours: sign in again after it."""
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
    """Ends all access now, then erases everything that you own here, within some hours."""
    if body.password is not None:
        passwords.check(caller, body.password)
    deletions.begin(caller.uid)
    return Reply(message="Account deleted successfully")


@api.get("/api/auth/sessions", data=schemas.SessionsData)
def list_sessions(caller: AccountCaller, accounts: Accounts) -> Reply:
    """Where you are signed in, the last used first. Sign-ins with the Firebase SDK are not ours
    to list."""
    found = accounts.sessions(caller)
    views = [schemas.SessionView.of(key, found[key], caller.session_id) for key in found]
    return Reply(schemas.SessionsData(sessions=views), "Sessions fetched successfully")


@api.delete("/api/auth/sessions/<sessionId>", errors=(SessionNotFound,))
def revoke_session(path: schemas.SessionPath, caller: AccountCaller, accounts: Accounts) -> Reply:
    """Ends one of your sessions at once."""
    accounts.revoke_session(caller, path.session_id)
    return Reply(message="Session ended successfully")


@api.get("/api/user/profile", data=schemas.ProfileData, errors=(WalletNotFound,))
def get_profile(caller: AccountCaller, wallet: WalletService) -> Reply:
    """The signed-in user with what is left of tokens and minutes."""
    balance = wallet.balance(caller.uid)
    return Reply(schemas.ProfileData.of(caller.user, balance), "Profile fetched successfully")


@api.get("/api/my-activities", data=schemas.ActivitiesData, errors=(BadCursor, PageTooDeep))
def list_my_activities(
    query: schemas.ActivitiesQuery, caller: AccountCaller, activities: Activities
) -> Reply:
    """What you did, newest first."""
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
    """Forgets all your activities."""
    activities.clear(caller.uid)
    return Reply(message="All activities cleared successfully")


@api.get("/api/my-activity-stats", data=schemas.StatsData)
def get_activity_stats(caller: AccountCaller, activities: Activities) -> Reply:
    """How many activities there are of each kind."""
    stats = activities.stats(caller.uid)
    return Reply(schemas.StatsData.of(stats), "Activity statistics fetched successfully")


def _user(user: UserRecord, message: str) -> Reply:
    return Reply(schemas.UserData(user=schemas.UserView.of(user)), message)


def _user_agent() -> str:
    return request.headers.get("User-Agent", "")

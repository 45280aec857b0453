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
    FirebaseSession,
    InvalidCredentials,
    LastAdmin,
    NoEmail,
    NoPassword,
    OrgNumberTaken,
    OwnsCompany,
    RecentSignInRequired,
    RefreshTokenReused,
    SecondFactorRequired,
    SessionNotFound,
    TooManyAttempts,
    UsernameTaken,
    WrongPassword,
)
from troupe.accounts.records import UserRecord
from troupe.errors import NotOffered, TooManyRequests, Unauthorized, UnknownChoice, WrongField
from troupe.media.uploads.checks import (
    BrokenImage,
    DecodersBusy,
    ImageTooLarge,
    TooDemanding,
    UnsupportedFile,
)
from troupe.paging import BadCursor, PageTooDeep
from troupe.settings import Settings
from troupe.tokens import TokenExpired, TokenInvalid
from troupe.wallet.errors import WalletNotFound
from troupe.web.addresses import current_device
from troupe.web.caller import Auth, signed_in
from troupe.web.rate_limit import limited
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.callers import Callers
    from troupe.accounts.companies import UserCompanies
    from troupe.accounts.deletion import Deletions
    from troupe.accounts.passwords import Passwords
    from troupe.accounts.profile import Profiles
    from troupe.accounts.quotas import Quotas
    from troupe.accounts.records import AccountCaller
    from troupe.accounts.service import Accounts
    from troupe.activities.service import Activities
    from troupe.wallet.service import WalletService

api = Api("auth", "Identity, sessions, profile and activities")

CUSTOM_TOKEN_SECONDS = 3600  # set by the Admin SDK
COMPANY_LATER = "On this server, create the company after signing in, with `POST /api/companies`."
_COMPANY_FIELD: WrongField = {
    "field": "companyName",
    "message": "is not available at registration",
    "type": "not_offered",
}
_BEARER = (Unauthorized, TokenInvalid, TokenExpired, AccountSuspended)


@api.post(
    "/api/auth/register",
    auth=Auth.PUBLIC,
    status=201,
    other_statuses=(202,),
    data=schemas.SignedInData,
    errors=(EmailTaken, UsernameTaken, OrgNumberTaken, NotOffered, TooManyAttempts),
    aliases=("/api/signup", "/api/register"),
    limit="register",
)
def register(
    body: schemas.RegisterBody,
    accounts: Accounts,
    passwords: Passwords,
    settings: Settings,
    user_companies: UserCompanies,
) -> Reply:
    """Creates an account with its sign-up tokens, and signs in.

    On servers that do not reveal which addresses have an account, the response is always 202
    without `data`, and the owner of the address is mailed a link that sets the password;
    `username`, `profilePicture` and `phone` are set later, and a company is created later.
    """
    if settings.email_enumeration == "hidden":
        if body.company is not None:
            raise NotOffered(COMPANY_LATER, details={"fields": [_COMPANY_FIELD]})
        passwords.invite(body.email, body.full_name)
        return Reply(message="Please set your password with the link in your mail", status=202)
    signed_in = accounts.register(
        email=body.email,
        password=body.password,
        name=body.full_name,
        username=body.username,
        picture=body.profile_picture,
        device=current_device(),
        phone=body.phone or "",
        company=body.company,
    )
    return Reply(schemas.SignedInData.of(signed_in, user_companies), "User registered successfully")


@api.post(
    "/api/auth/login",
    auth=Auth.PUBLIC,
    data=schemas.SignedInData,
    errors=(InvalidCredentials, SecondFactorRequired, AccountSuspended, TooManyAttempts),
    aliases=("/api/login",),
    limit="login",
)
def login(body: schemas.LoginBody, accounts: Accounts, user_companies: UserCompanies) -> Reply:
    """Signs in with email address and password."""
    signed_in = accounts.login(body.email, body.password, current_device())
    return Reply(schemas.SignedInData.of(signed_in, user_companies), "Logged in successfully")


@api.post("/api/auth/logout", aliases=("/api/logout",))
def logout(caller: AccountCaller, accounts: Accounts) -> Reply:
    """Ends this session immediately; with a Firebase ID token, the sign-in that it is from, so that
    later ID tokens of that sign-in are rejected, too."""
    accounts.logout(caller)
    return Reply(message="Logged out successfully")


@api.post(
    "/api/auth/refresh",
    auth=Auth.PUBLIC,
    data=schemas.SignedInData,
    errors=(*_BEARER, RefreshTokenReused),
    aliases=("/api/refresh-token",),
)
def refresh(body: schemas.RefreshBody, accounts: Accounts, user_companies: UserCompanies) -> Reply:
    """Returns new tokens for a refresh token or a valid access token.

    A refresh token works once; reusing one ends its session. Only the device that has just used it
    may repeat that for 30 seconds, for example in another tab, and gets the same new one. A session
    ends here if its sign-in was ended at Firebase: by a new password, or by disabling the account.
    """
    if body.refresh_token is not None:
        signed_in = accounts.refresh(body.refresh_token, current_device())
    else:
        signed_in = accounts.refresh_by_access(
            request.headers.get("Authorization"), current_device()
        )
    return Reply(schemas.SignedInData.of(signed_in, user_companies), "Token refreshed successfully")


@api.post(
    "/api/auth/firebase-token",
    data=schemas.FirebaseTokenData,
    errors=(FirebaseSession,),
    limit="firebase_token",
)
def firebase_token(caller: AccountCaller, accounts: Accounts) -> Reply:
    """Returns a custom token for `signInWithCustomToken` of the Firebase SDK, to listen to changes
    in Firestore. That sign-in is a part of your session and ends with it. Whoever has signed in
    with the Firebase SDK listens with that sign-in and needs none (409)."""
    data = schemas.FirebaseTokenData(
        firebase_token=accounts.firebase_token(caller), expires_in=CUSTOM_TOKEN_SECONDS
    )
    return Reply(data, "Token created successfully")


@api.get("/api/auth/verify-token", data=schemas.ValidData)
def verify_token(caller: AccountCaller, user_companies: UserCompanies) -> Reply:
    """Checks the bearer token and returns its user; 401 if it is invalid."""
    user = schemas.UserView.within(caller.user, user_companies)
    return Reply(schemas.ValidData(valid=True, user=user), "Token is valid")


@api.get("/api/auth/me", data=schemas.UserData, aliases=("/api/me",))
def get_me(caller: AccountCaller, user_companies: UserCompanies) -> Reply:
    """Returns the signed-in user."""
    user = schemas.UserView.within(caller.user, user_companies)
    return Reply(schemas.UserData(user=user), "User fetched successfully")


@api.post(
    "/api/auth/guest",
    auth=Auth.PUBLIC,
    status=201,
    data=schemas.SignedInData,
    errors=(TooManyAttempts,),
    limit="guest",
)
def create_guest(accounts: Accounts, user_companies: UserCompanies) -> Reply:
    """Creates a guest: an anonymous Firebase user with a few tokens to try the product."""
    signed_in = accounts.guest(current_device())
    return Reply(schemas.SignedInData.of(signed_in, user_companies), "Guest created successfully")


@api.put(
    "/api/auth/profile",
    data=schemas.UserData,
    errors=(UsernameTaken, UnknownChoice),
    aliases=(("POST", "/api/update-username"), ("POST", "/api/user/update-username")),
)
def update_profile(
    body: schemas.ProfileBody,
    caller: AccountCaller,
    profiles: Profiles,
    user_companies: UserCompanies,
) -> Reply:
    """Updates your profile; fields that you omit stay unchanged."""
    user = profiles.update(
        caller.uid,
        name=body.full_name,
        username=body.username,
        language=body.language,
        picture=body.profile_picture,
        voice_id=body.voice_id,
        phone=body.phone,
        timezone=body.timezone,
    )
    return _user(user, user_companies, "Profile updated successfully")


@api.post(
    "/api/auth/avatar",
    data=schemas.UserData,
    errors=(
        *(AvatarTooLarge, UnsupportedFile, BrokenImage, ImageTooLarge),
        *(TooDemanding, DecodersBusy),
    ),
    aliases=("/api/upload-avatar", "/api/user/upload-avatar"),
    body_bytes=6 * 1024 * 1024,
)
def upload_avatar(
    form: schemas.AvatarForm,
    caller: AccountCaller,
    profiles: Profiles,
    user_companies: UserCompanies,
) -> Reply:
    """Sets your profile picture, replacing the previous one. Metadata is removed."""
    user = profiles.set_avatar(caller.uid, form.avatar)
    return _user(user, user_companies, "Avatar uploaded successfully")


@api.post("/api/auth/forgot-password", auth=Auth.PUBLIC, limit="mail")
def request_password_reset(body: schemas.ForgotPasswordBody, passwords: Passwords) -> Reply:
    """Mails a link with a reset code, if the address has an account. The response is always the
    same."""
    passwords.forgot(body.email)
    return Reply(message="If this address has an account, a reset email has been sent")


@api.post("/api/auth/reset-password", auth=Auth.PUBLIC, errors=(CodeInvalid,))
def reset_password(body: schemas.ResetPasswordBody, passwords: Passwords) -> Reply:
    """Sets a new password with a mailed one-time code. Ends every session."""
    passwords.reset(body.code, body.password, current_device())
    return Reply(message="Password reset successfully")


@api.post(
    "/api/auth/verify-email",
    auth=Auth.PUBLIC,
    errors=(CodeInvalid, NoEmail, *_BEARER, TooManyRequests, TooManyAttempts),
)
def verify_email(body: schemas.VerifyEmailBody, passwords: Passwords, callers: Callers) -> Reply:
    """Verifies an email address with a mailed one-time code. Without a code, mails one to the
    signed-in user.

    Every session ends but the one whose bearer token is sent along with the code. Without one, the
    account's password has to be reset, because the owner of the address may not have chosen it.
    """
    if body.code is not None:
        with_password = passwords.verify(body.code, _signed_in_if_any(callers))
        rest = "" if with_password else ". Please reset your password to sign in"
        return Reply(message=f"Email verified successfully{rest}")
    caller = signed_in(callers)
    with limited("mail", caller.email or caller.uid):
        sent = passwords.send_verification(caller)
    message = "Verification email sent" if sent else "The email address is already verified"
    return Reply(message=message)


@api.post(
    "/api/auth/change-password",
    errors=(NoPassword, WrongPassword, SecondFactorRequired, TooManyAttempts),
    aliases=("/api/change-password", "/api/user/change-password"),
    limit="login",
)
def change_password(
    body: schemas.ChangePasswordBody, caller: AccountCaller, passwords: Passwords
) -> Reply:
    """Sets a new password. Ends every session but this one. Firebase ends all its sign-ins: with an
    ID token, sign in again afterwards."""
    passwords.change(caller, body.current_password, body.new_password)
    return Reply(message="Password changed successfully")


@api.delete(
    "/api/auth/account",
    errors=(
        NoPassword,
        WrongPassword,
        SecondFactorRequired,
        RecentSignInRequired,
        TooManyAttempts,
        LastAdmin,
        OwnsCompany,
    ),
    aliases=(("POST", "/api/delete-account"), ("POST", "/api/user/delete-account")),
    limit="login",
)
def delete_account(
    body: schemas.DeleteAccountBody,
    caller: AccountCaller,
    accounts: Accounts,
    passwords: Passwords,
    deletions: Deletions,
) -> Reply:
    """Ends all access now, and erases all your data within a few hours. Send the password, or sign
    in at most 5 minutes before; a guest needs neither."""
    if body.password is not None:
        passwords.check(caller, body.password)
    else:
        accounts.require_recent_sign_in(caller)
    deletions.begin(caller.uid)
    return Reply(message="Account deleted successfully")


@api.get("/api/auth/sessions", data=schemas.SessionsData)
def list_sessions(caller: AccountCaller, accounts: Accounts) -> Reply:
    """Lists your sessions and your sign-ins with the Firebase SDK, most recently used first."""
    found = accounts.sessions(caller)
    views = [schemas.SessionView.of(key, found[key], caller.session_id) for key in found]
    return Reply(schemas.SessionsData(sessions=views), "Sessions fetched successfully")


@api.delete("/api/auth/sessions", data=schemas.RevokedSessions)
def revoke_sessions(caller: AccountCaller, accounts: Accounts) -> Reply:
    """Ends all your sessions and sign-ins here immediately, except the one that makes this request.
    Firebase still renews the tokens of its SDK, which open nothing here; a new password ends
    those, too."""
    ended = accounts.revoke_sessions(caller)
    return Reply(schemas.RevokedSessions(ended=ended), "Other sessions ended successfully")


@api.delete("/api/auth/sessions/<sessionId>", errors=(SessionNotFound,))
def revoke_session(path: schemas.SessionPath, caller: AccountCaller, accounts: Accounts) -> Reply:
    """Ends one of your sessions or sign-ins immediately."""
    accounts.revoke_session(caller, path.session_id)
    return Reply(message="Session ended successfully")


@api.get("/api/user/profile", data=schemas.ProfileData, errors=(WalletNotFound,))
def get_profile(
    caller: AccountCaller,
    wallet: WalletService,
    quotas: Quotas,
    user_companies: UserCompanies,
) -> Reply:
    """Returns the signed-in user with the remaining tokens and minutes, and how much of the quotas
    is used."""
    balance = wallet.balance(caller.uid)
    used = schemas.QuotasView.of(quotas.usage(caller.uid), quotas.of(caller.user))
    data = schemas.ProfileData.of(caller.user, user_companies, balance, used)
    return Reply(data, "Profile fetched successfully")


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


def _user(user: UserRecord, companies: UserCompanies, message: str) -> Reply:
    return Reply(schemas.UserData(user=schemas.UserView.within(user, companies)), message)


def _signed_in_if_any(callers: Callers) -> AccountCaller | None:
    """The caller, if the request has a valid bearer token; others do not matter here."""
    try:
        return signed_in(callers)
    except (Unauthorized, AccountSuspended):
        return None

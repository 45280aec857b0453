"""Errors of accounts, and the mapping from Firebase Auth's errors to them."""

from __future__ import annotations

from typing import Self

from typing_extensions import TypedDict

from troupe.adapters import identity_errors
from troupe.errors import (
    Conflict,
    FileSizeDetails,
    Forbidden,
    NotFound,
    TooManyRequests,
    TroupeError,
    Unauthorized,
    Unavailable,
    Unprocessable,
)
from troupe.tokens import TokenExpired, TokenInvalid


class EmailTaken(Conflict):
    code = "email_taken"
    message = "An account with this email address already exists."


class FirebaseSession(Conflict):
    code = "firebase_session"
    message = "You are signed in with the Firebase SDK already. Listen with that sign-in."


class UsernameTaken(Conflict):
    code = "username_taken"
    message = "This username is taken."


class QuotaDetails(TypedDict):
    """What is full (`characters`, `scripts`, `files` or `fileBytes`), and the most of it."""

    quota: str
    maximum: int


class QuotaExceeded(Conflict):
    code = "quota_exceeded"
    message = "You have no room for more. Delete something first, or choose a larger plan."
    details_type = QuotaDetails

    @classmethod
    def of(cls, quota: str, maximum: int) -> Self:
        full = f"{maximum} bytes of files" if quota == "fileBytes" else f"{maximum} {quota}"
        return cls(
            f"You can keep at most {full}. Delete something first, or choose a larger plan.",
            details={"quota": quota, "maximum": maximum},
        )


class InvalidCredentials(Unauthorized):
    code = "invalid_credentials"
    message = "The email address or password is wrong."


class RefreshTokenReused(Unauthorized):
    code = "refresh_token_reused"
    message = "This refresh token has already been used. Please sign in again."


class AccountSuspended(Forbidden):
    code = "account_suspended"
    message = "This account is suspended."


class GoogleTokenInvalid(Unauthorized):
    code = "google_token_invalid"
    message = "Google's ID token is invalid or expired, or was issued for another project."


class WrongGoogleToken(Forbidden):
    """Not 401: the bearer token is valid, and clients must not discard it."""

    code = "wrong_google_token"
    message = GoogleTokenInvalid.message


class GoogleTaken(Conflict):
    code = "google_account_taken"
    message = "This Google account already signs in to another account."


class AlreadyLinked(Conflict):
    code = "already_linked"
    message = "This account already has a sign-in method of this kind."


class OtherEmail(Conflict):
    code = "other_email"
    message = "This account has another email address."


class AddressNotProved(Unprocessable):
    """With EMAIL_ENUMERATION=hidden, because the response would reveal whether the address has an
    account."""

    code = "address_not_proved"
    message = "On this server, a guest can become an account only by linking Google."


class GoogleNotConfigured(Unprocessable):
    code = "google_not_configured"
    message = "Google sign-in is not configured: set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET."


class ReturnPathRefused(Unprocessable):
    code = "return_path_refused"
    message = "`returnPath` must be a path, or a URL whose origin is named in CORS_ORIGINS."


class StateInvalid(Unprocessable):
    code = "invalid_state"
    message = "This sign-in was started in another browser, or too long ago. Please start again."


class WrongPassword(Forbidden):
    """Not 401: the bearer token is valid, and clients must not discard it."""

    code = "wrong_password"
    message = "The password is wrong."


class RecentSignInRequired(Forbidden):
    """Not 401: the bearer token is valid, and clients must not discard it."""

    code = "recent_sign_in_required"
    message = "Please sign in again and repeat this within 5 minutes."


class SecondFactorRequired(Forbidden):
    code = "second_factor_required"
    message = "This account has a second factor. Please sign in with the Firebase SDK."


class EmailUnproved(Conflict):
    code = "email_not_verified"
    message = "The email address of this user must be verified first."


class NoPassword(Conflict):
    code = "no_password"
    message = "This account has no password; it uses another sign-in method."


class NoEmail(Conflict):
    code = "no_email"
    message = "This account has no email address."


class CodeInvalid(Unprocessable):
    code = "invalid_code"
    message = "The code is wrong, already used, or expired. Please request a new one."


class SessionNotFound(NotFound):
    code = "session_not_found"
    message = "You don't have a session with this id."


class AvatarTooLarge(TroupeError):
    status = 413
    code = "file_too_large"
    details_type = FileSizeDetails
    message = "The picture is too large (maximum 5 MB)."


class OwnsCompany(Conflict):
    code = "owns_company"
    message = "This user owns a company. Transfer it to another member first, or delete it."


class OrgNumberTaken(Conflict):
    code = "org_number_taken"
    message = "A company with this number already exists in this country."


class LastAdmin(Conflict):
    code = "last_admin"
    message = "This is the last administrator. Promote another user first."


class UserNotFound(NotFound):
    code = "user_not_found"
    message = "User not found."


class NotAnAdmin(Forbidden):
    code = "not_an_admin"
    message = "This account is not an administrator."


class CannotSuspendAdmin(Forbidden):
    code = "cannot_suspend_admin"
    message = "Cannot suspend admin users"


class OwnAccount(Conflict):
    code = "own_account"
    message = "You cannot delete, suspend or demote your own account. Ask another administrator."


class NotAccepted(Unprocessable):
    message = "Firebase Auth rejected this email address or password."


class TooManyAttempts(TooManyRequests):
    """Firebase Auth blocks the account for a while; a new password ends that."""

    code = "too_many_attempts"
    message = "Too many attempts. Please wait before trying again, or reset your password."


_PUBLIC_ERRORS: dict[type[identity_errors.IdentityError], type[TroupeError]] = {
    identity_errors.EmailExists: EmailTaken,
    identity_errors.WrongCredentials: InvalidCredentials,
    identity_errors.SecondFactorRequired: SecondFactorRequired,
    identity_errors.AccountDisabled: AccountSuspended,
    identity_errors.TooManyAttempts: TooManyAttempts,
    identity_errors.InvalidDetails: NotAccepted,
    identity_errors.CodeInvalid: CodeInvalid,
    identity_errors.GoogleTokenRejected: GoogleTokenInvalid,
    identity_errors.GoogleTaken: GoogleTaken,
    identity_errors.IdTokenInvalid: TokenInvalid,
    identity_errors.IdTokenExpired: TokenExpired,
}
# Seconds by HTTP status; Firebase Auth does not say how long it blocks.
_RETRY_AFTER = {429: 60, 503: 5}


def public_error(error: identity_errors.IdentityError) -> TroupeError:
    """The API error for an error of Firebase Auth; Unavailable for one without a mapping."""
    kind = _PUBLIC_ERRORS.get(type(error), Unavailable)
    return kind(retry_after=_RETRY_AFTER.get(kind.status))

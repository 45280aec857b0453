"""What can go wrong with accounts, in the words of the API."""

from __future__ import annotations

from troupe.adapters import identity
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
    message = "There is an account with this email address already."


class UsernameTaken(Conflict):
    code = "username_taken"
    message = "This username is taken."


class InvalidCredentials(Unauthorized):
    code = "invalid_credentials"
    message = "The email address or the password is not right."


class RefreshTokenReused(Unauthorized):
    code = "refresh_token_reused"
    message = "This refresh token was used before. Please sign in again."


class AccountSuspended(Forbidden):
    code = "account_suspended"
    message = "This account is suspended."


class WrongPassword(Forbidden):
    """Not 401: the bearer is good, and no client should throw it away for this."""

    code = "wrong_password"
    message = "The password is not right."


class NoPassword(Conflict):
    code = "no_password"
    message = "This account has no password: it signs in some other way."


class NoEmail(Conflict):
    code = "no_email"
    message = "This account has no email address."


class CodeInvalid(Unprocessable):
    code = "invalid_code"
    message = "The code is wrong, was used before, or has expired. Please ask for a new one."


class SessionNotFound(NotFound):
    code = "session_not_found"
    message = "There is no such session of yours."


class AvatarTooLarge(TroupeError):
    status = 413
    code = "file_too_large"
    details_type = FileSizeDetails
    message = "The picture is too large: 5 MB are the most."


class LastAdmin(Conflict):
    code = "last_admin"
    message = "The last administrator has to stay. Make somebody else one first."


class UserNotFound(NotFound):
    code = "user_not_found"
    message = "There is no such user."


class NotAnAdmin(Forbidden):
    code = "not_an_admin"
    message = "This account is not an administrator's."


class CannotSuspendAdmin(Forbidden):
    code = "cannot_suspend_admin"
    message = "Cannot suspend admin users"


class OwnAccount(Conflict):
    code = "own_account"
    message = "Nobody deletes, suspends or demotes their own account here: ask another one to."


class NotAccepted(Unprocessable):
    message = "Firebase Auth does not accept this email address or password."


class TooManyAttempts(TooManyRequests):
    code = "too_many_attempts"
    message = "Too many attempts. Please wait a while before the next one."


_SHOWN: dict[type[identity.IdentityError], type[TroupeError]] = {
    identity.EmailExists: EmailTaken,
    identity.WrongCredentials: InvalidCredentials,
    identity.AccountDisabled: AccountSuspended,
    identity.TooManyAttempts: TooManyAttempts,
    identity.InvalidDetails: NotAccepted,
    identity.CodeInvalid: CodeInvalid,
    identity.IdTokenInvalid: TokenInvalid,
    identity.IdTokenExpired: TokenExpired,
}
_RETRY_AFTER = {429: 60, 503: 5}  # seconds; Firebase Auth does not say for how long it blocks


def shown(error: identity.IdentityError) -> TroupeError:
    """What the caller is told of a refusal of Firebase Auth."""
    kind = _SHOWN.get(type(error), Unavailable)
    return kind(retry_after=_RETRY_AFTER.get(kind.status))

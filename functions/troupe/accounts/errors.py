"""What can go wrong with accounts, in the words of the API."""

from __future__ import annotations

from troupe.adapters import identity
from troupe.errors import (
    Conflict,
    Forbidden,
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
    identity.IdTokenInvalid: TokenInvalid,
    identity.IdTokenExpired: TokenExpired,
}
_RETRY_AFTER = {429: 60, 503: 5}  # seconds; Firebase Auth does not say for how long it blocks


def shown(error: identity.IdentityError) -> TroupeError:
    """What the caller is told of a refusal of Firebase Auth."""
    kind = _SHOWN.get(type(error), Unavailable)
    return kind(retry_after=_RETRY_AFTER.get(kind.status))

"""Why Firebase Auth did not do what it was asked to."""

from __future__ import annotations


class IdentityError(Exception):
    """Firebase Auth rejected a call; the subclasses give the reason."""


class EmailExists(IdentityError):
    """Another account already has this address."""


class WrongCredentials(IdentityError):
    """No such account, or the wrong password; deliberately not distinguished."""


class AccountDisabled(IdentityError):
    """The account was disabled in the Firebase project."""


class SecondFactorRequired(IdentityError):
    """The password is right, but the account has a second factor, which only the Firebase SDK can
    ask for."""


class GoogleTokenRejected(IdentityError):
    """Google's ID token is wrong or expired, or was made for another project."""


class GoogleTaken(IdentityError):
    """The Google account already signs in to an account."""


class TooManyAttempts(IdentityError):
    """Firebase Auth temporarily blocks this account or address."""


class InvalidDetails(IdentityError):
    """Firebase Auth does not accept the address or the password."""


class CodeInvalid(IdentityError):
    """A mailed code that is wrong, already used, expired, or meant for another purpose."""


class IdTokenInvalid(IdentityError):
    """Not an ID token of this project."""


class IdTokenExpired(IdentityError):
    """An expired ID token of this project."""


class IdentityUnavailable(IdentityError):
    """No response, or the project does not have this sign-in method enabled."""

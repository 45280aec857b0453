"""Firebase Auth, the only place where passwords are stored.

Administration and ID tokens use the Admin SDK. It cannot sign in with a password; that uses the
REST API, which the Auth emulator also serves.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

import firebase_admin
from firebase_admin.exceptions import FirebaseError
from google.auth.exceptions import GoogleAuthError

from troupe.adapters.identity_errors import (
    CodeInvalid,
    EmailExists,
    IdentityUnavailable,
    IdTokenExpired,
    IdTokenInvalid,
    InvalidDetails,
    TooManyAttempts,
    WrongCredentials,
)
from troupe.adapters.identity_records import (
    CLAIM,
    Person,
    Standing,
    listener_uid,
    person_of,
    standing_of,
    unverified_person,
)
from troupe.adapters.identity_toolkit import IdentityToolkit
from troupe.adapters.lazy import LazyModule

_HOST_VARIABLE = "FIREBASE_AUTH_EMULATOR_HOST"
GOOGLE = "google.com"  # the provider's name at Firebase
_SKEW = 5  # seconds of tolerated clock skew


if TYPE_CHECKING:
    from firebase_admin import auth
else:
    # With its HTTP client it costs a cold start some 80 ms, and most requests carry our own token.
    auth = LazyModule("firebase_admin.auth")


# The Admin SDK raises its own errors, and those of authenticating to Google.
_SDK_ERRORS = (FirebaseError, GoogleAuthError)


class Identity:
    """The accounts of one Firebase project. Thread-safe."""

    def __init__(self, app: firebase_admin.App, api_key: str, *, emulated: bool) -> None:
        host = os.environ.get(_HOST_VARIABLE)
        if host and not emulated:
            # With this variable set, the SDK accepts unsigned tokens.
            raise RuntimeError(f"{_HOST_VARIABLE} is set outside the emulators")
        base = f"http://{host}/" if host else "https://"
        self._toolkit = IdentityToolkit(base, api_key or ("emulator" if host else ""))
        self._app = app

    def close(self) -> None:
        self._toolkit.close()

    def verify(self, id_token: str) -> Person:
        """The user of a Firebase ID token.

        Raises IdTokenInvalid, IdTokenExpired or IdentityUnavailable.
        """
        try:
            claims = auth.verify_id_token(id_token, app=self._app, clock_skew_seconds=_SKEW)
            person = person_of(claims)
            expires_at = int(claims["exp"])
        except auth.ExpiredIdTokenError as error:
            raise IdTokenExpired from error
        except auth.CertificateFetchError as error:
            raise IdentityUnavailable from error
        except (FirebaseError, ValueError, TypeError, KeyError, AttributeError) as error:
            # For payloads that are not objects, the SDK raises arbitrary errors.
            raise IdTokenInvalid from error
        if expires_at + _SKEW < time.time():  # under the emulator, the SDK does not check it
            raise IdTokenExpired
        return person

    def standing(self, uid: str) -> Standing | None:
        """The account as it is now; None if it was deleted. Raises IdentityUnavailable."""
        user = self._user(uid)
        return None if user is None else standing_of(user)

    def create(
        self, email: str, password: str, name: str, *, verified: bool = False
    ) -> tuple[str, int]:
        """Creates an account with a password. Returns its uid, and when its owner signed in, in
        seconds since 1970 by Firebase's clock. `verified`: the address is known to be the owner's.

        Raises EmailExists, InvalidDetails.
        """
        try:
            user = auth.create_user(
                email=email,
                password=password,
                display_name=name,
                email_verified=verified,
                app=self._app,
            )
        except auth.EmailAlreadyExistsError as error:
            raise EmailExists from error
        except ValueError as error:
            raise InvalidDetails from error
        except _SDK_ERRORS as error:
            raise _sdk_error(error) from error
        created_at = int(user.user_metadata.creation_timestamp) // 1000
        return str(user.uid), max(created_at, standing_of(user).valid_after)

    def sign_in(self, email: str, password: str) -> Person:
        """Signs in with a password. Raises WrongCredentials, SecondFactorRequired, AccountDisabled,
        TooManyAttempts or IdentityUnavailable."""
        answer = self._toolkit.call(
            "signInWithPassword",
            {"email": email, "password": password, "returnSecureToken": True},
            repeat=True,
        )
        return unverified_person(answer)

    def sign_in_with_google(self, id_token: str, nonce: str | None = None) -> Person:
        """Signs in with an ID token of Google, which Firebase verifies; creates the account if
        there is none. `nonce`: what the token's `nonce` is the SHA-256 of.

        Raises GoogleTokenRejected; EmailExists if an account has the address, and Google does not
        vouch for it; and like `sign_in`.
        """
        answer = self._toolkit.call("signInWithIdp", _google(id_token, nonce), repeat=True)
        if answer.get("needConfirmation"):
            raise EmailExists
        return unverified_person(answer)

    def link_google(self, uid: str, id_token: str) -> str:
        """Adds a Google account to an account, which gets its address if it has none. Returns the
        name of the Google account, or an empty string.

        Raises GoogleTokenRejected, GoogleTaken, EmailExists, AccountDisabled.
        """
        body = {"idToken": self._id_token(uid), **_google(id_token)}
        answer = self._toolkit.call("signInWithIdp", body, repeat=False)
        return str(answer.get("displayName") or "")

    def sign_up_guest(self) -> Person:
        """Creates an anonymous account. Raises IdentityUnavailable or TooManyAttempts."""
        return unverified_person(
            self._toolkit.call("signUp", {"returnSecureToken": True}, repeat=False)
        )

    def send_reset(self, email: str) -> None:
        """Mails a code that resets the password. Raises WrongCredentials for an unknown address
        (unless the project's email enumeration protection hides that)."""
        self._toolkit.call(
            "sendOobCode", {"requestType": "PASSWORD_RESET", "email": email}, repeat=False
        )

    def address_of(self, code: str, kind: Literal["PASSWORD_RESET", "VERIFY_EMAIL"]) -> str:
        """The address that a code of this kind was mailed to; does not use up the code. Raises
        CodeInvalid."""
        answer = self._toolkit.call("resetPassword", {"oobCode": code}, repeat=True)
        if answer.get("requestType") != kind:
            raise CodeInvalid
        return str(answer["email"])

    def reset_password(self, code: str, password: str) -> None:
        """Sets a password and uses up the reset code. Raises CodeInvalid, InvalidDetails."""
        self._toolkit.call(
            "resetPassword", {"oobCode": code, "newPassword": password}, repeat=False
        )

    def send_verification(self, uid: str) -> None:
        """Mails a code that verifies the account's address. Raises TooManyAttempts."""
        body = {"requestType": "VERIFY_EMAIL", "idToken": self._id_token(uid)}
        self._toolkit.call("sendOobCode", body, repeat=False)

    def verify_email(self, code: str) -> str:
        """Uses up a verification code; returns the uid with the verified address. Raises
        CodeInvalid."""
        return str(self._toolkit.call("update", {"oobCode": code}, repeat=False)["localId"])

    def uid_of(self, email: str) -> str | None:
        """The uid of the account with this address; None if there is none."""
        try:
            return str(auth.get_user_by_email(email, app=self._app).uid)
        except auth.UserNotFoundError:
            return None
        except (*_SDK_ERRORS, ValueError) as error:
            raise IdentityUnavailable("accounts cannot be looked up") from error

    def last_seen(self, uid: str) -> datetime | None:
        """When the account last signed in or refreshed an ID token; None if it does not exist.
        Raises IdentityUnavailable."""
        user = self._user(uid)
        if user is None:
            return None
        at = user.user_metadata
        times = (at.last_refresh_timestamp, at.last_sign_in_timestamp, at.creation_timestamp)
        return datetime.fromtimestamp(max(time or 0 for time in times) / 1000, UTC)

    def set_password(self, uid: str, password: str) -> None:
        """Sets a password. Raises InvalidDetails."""
        try:
            auth.update_user(uid, password=password, app=self._app)
        except ValueError as error:
            raise InvalidDetails from error
        except _SDK_ERRORS as error:
            raise _sdk_error(error) from error

    def add_password(self, uid: str, email: str | None, password: str) -> None:
        """Lets an account without a password sign in with one. `email`: its address, unverified, if
        it has none yet. Firebase revokes all its sign-ins. Raises EmailExists, InvalidDetails."""
        address = {} if email is None else {"email": email, "email_verified": False}
        try:
            auth.update_user(uid, password=password, app=self._app, **address)
        except auth.EmailAlreadyExistsError as error:
            raise EmailExists from error
        except ValueError as error:
            raise InvalidDetails from error
        except _SDK_ERRORS as error:
            raise _sdk_error(error) from error

    def unlink(self, uid: str, providers: Sequence[str]) -> None:
        """Removes sign-in methods from an account, except its password."""
        try:
            auth.update_user(uid, providers_to_delete=list(providers), app=self._app)
        except auth.UserNotFoundError:
            return
        except (*_SDK_ERRORS, ValueError) as error:
            raise IdentityUnavailable("sign-in methods cannot be removed") from error

    def set_email(self, uid: str, email: str) -> None:
        """Changes an account's address, which becomes unverified. Raises EmailExists,
        InvalidDetails, and WrongCredentials if there is no such account."""
        try:
            auth.update_user(uid, email=email, email_verified=False, app=self._app)
        except auth.EmailAlreadyExistsError as error:
            raise EmailExists from error
        except auth.UserNotFoundError as error:
            raise WrongCredentials from error
        except ValueError as error:
            raise InvalidDetails from error
        except _SDK_ERRORS as error:
            raise _sdk_error(error) from error

    def delete(self, uid: str) -> None:
        """Deletes an account and its listener; a missing one is not an error."""
        for each in (uid, listener_uid(uid)):
            try:
                auth.delete_user(each, app=self._app)
            except auth.UserNotFoundError:
                continue
            except _SDK_ERRORS as error:
                raise _sdk_error(error) from error

    def revoke(self, uid: str) -> None:
        """Revokes the account's refresh tokens, which ends all its sessions at Firebase Auth."""
        try:
            auth.revoke_refresh_tokens(uid, app=self._app)
        except auth.UserNotFoundError:
            return
        except _SDK_ERRORS as error:
            raise _sdk_error(error) from error

    def listener_token(self, uid: str, session_id: str) -> str:
        """A custom token, valid for an hour, with which a client of a session signs in to listen.
        Raises IdentityUnavailable."""
        return self._custom_token(listener_uid(uid), {CLAIM: {"uid": uid, "sid": session_id}})

    def _id_token(self, uid: str) -> str:
        """An ID token of the account's own, which Google requires for what only its owner may do.
        Raises IdentityUnavailable."""
        body = {"token": self._custom_token(uid), "returnSecureToken": True}
        return str(self._toolkit.call("signInWithCustomToken", body, repeat=True)["idToken"])

    def _custom_token(self, uid: str, claims: dict[str, Any] | None = None) -> str:
        try:
            return str(auth.create_custom_token(uid, claims, app=self._app).decode())
        except (*_SDK_ERRORS, ValueError) as error:
            raise IdentityUnavailable("custom tokens cannot be signed") from error

    def _user(self, uid: str) -> Any:
        """The Admin SDK's record of an account; None if it does not exist."""
        try:
            return auth.get_user(uid, app=self._app)
        except auth.UserNotFoundError:
            return None
        except (*_SDK_ERRORS, ValueError) as error:
            raise IdentityUnavailable("accounts cannot be looked up") from error


def _google(id_token: str, nonce: str | None = None) -> dict[str, Any]:
    """The body of signInWithIdp."""
    fields = {"id_token": id_token, "providerId": GOOGLE}
    if nonce is not None:
        fields["nonce"] = nonce
    # `requestUri` is required, and matters only to providers that answer with a redirect.
    return {
        "postBody": urlencode(fields),
        "requestUri": "http://localhost",
        "returnSecureToken": True,
    }


def _sdk_error(error: Exception) -> TooManyAttempts | InvalidDetails | IdentityUnavailable:
    if not isinstance(error, FirebaseError):
        return IdentityUnavailable(type(error).__name__)
    if error.code == "RESOURCE_EXHAUSTED":
        return TooManyAttempts()
    return InvalidDetails() if error.code == "INVALID_ARGUMENT" else IdentityUnavailable(error.code)

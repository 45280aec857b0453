"""Firebase Auth, where passwords live and nowhere else.

Administration and ID tokens go through the Admin SDK. Signing in with a password is not part of
it: that is the Identity Toolkit REST API, which the Auth emulator speaks too.
https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import Any

import firebase_admin
import jwt
import requests
from firebase_admin import auth
from firebase_admin.exceptions import FirebaseError
from google.auth.exceptions import GoogleAuthError

from troupe.calls import after, retry

_HOST_VARIABLE = "FIREBASE_AUTH_EMULATOR_HOST"
_TIMEOUT = (3.05, 10.0)  # seconds to connect, and to answer
_WAITS = (0.4, 0.8)  # seconds before the second try, and before the third
_SKEW = 5  # seconds that clocks may differ
# Custom tokens may carry any uid; ours become document ids, which have rules of their own:
# https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
_DOCUMENT_ID = re.compile(r"(?!\.\.?$|__.*__$)[^/\x00-\x1f\x7f]{1,128}")


# What the Admin SDK raises: its own errors, and those of signing in to Google, as they come.
_SDK_ERRORS = (FirebaseError, GoogleAuthError)


class IdentityError(Exception):
    """Firebase Auth refused; the kinds below say why."""


class EmailExists(IdentityError):
    """Another account has this address."""


class WrongCredentials(IdentityError):
    """No such account, or not its password; the two are not told apart on purpose."""


class AccountDisabled(IdentityError):
    """An administrator of the Firebase project disabled the account."""


class TooManyAttempts(IdentityError):
    """Firebase Auth blocks this account or address for some time."""


class InvalidDetails(IdentityError):
    """The address or the password is not what Firebase Auth takes."""


class CodeInvalid(IdentityError):
    """A code out of a mail that is wrong, used up, expired, or for something else."""


class IdTokenInvalid(IdentityError):
    """Not an ID token of this project."""


class IdTokenExpired(IdentityError):
    """It was one."""


class IdentityUnavailable(IdentityError):
    """No answer, or the project is not set up for this kind of sign-in."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom Firebase Auth vouches for. `signed_in_at`: seconds since 1970."""

    uid: str
    email: str | None
    email_verified: bool
    name: str
    picture: str
    anonymous: bool
    signed_in_at: int


class Identity:
    """The accounts of one Firebase project. Thread-safe."""

    def __init__(self, app: firebase_admin.App, api_key: str, *, emulated: bool) -> None:
        host = os.environ.get(_HOST_VARIABLE)
        if host and not emulated:
            # With this variable the SDK takes unsigned tokens from anybody.
            raise RuntimeError(f"{_HOST_VARIABLE} is set outside the emulators")
        base = f"http://{host}/" if host else "https://"
        self._url = f"{base}identitytoolkit.googleapis.com/v1/accounts"
        self._key = api_key or ("emulator" if host else "")
        self._app = app
        self._http = requests.Session()

    def close(self) -> None:
        self._http.close()

    def verify(self, id_token: str) -> Person:
        """Whom a Firebase ID token was issued to.

        Raises IdTokenInvalid, IdTokenExpired or IdentityUnavailable.
        """
        try:
            claims = auth.verify_id_token(id_token, app=self._app, clock_skew_seconds=_SKEW)
            person = _person(claims)
            expires_at = int(claims["exp"])
        except auth.ExpiredIdTokenError as error:
            raise IdTokenExpired from error
        except auth.CertificateFetchError as error:
            raise IdentityUnavailable from error
        except (FirebaseError, ValueError, TypeError, KeyError, AttributeError) as error:
            # The SDK trips over payloads that are no objects instead of refusing them.
            raise IdTokenInvalid from error
        if expires_at + _SKEW < time.time():  # which the SDK does not look at under the emulator
            raise IdTokenExpired
        return person

    def create(self, email: str, password: str, name: str) -> str:
        """A new account with a password; its uid. Raises EmailExists, InvalidDetails."""
        try:
            user = auth.create_user(
                email=email, password=password, display_name=name, app=self._app
            )
        except auth.EmailAlreadyExistsError as error:
            raise EmailExists from error
        except ValueError as error:
            raise InvalidDetails from error
        except _SDK_ERRORS as error:
            raise _refused(error) from error
        return str(user.uid)

    def sign_in(self, email: str, password: str) -> Person:
        """Raises WrongCredentials, AccountDisabled, TooManyAttempts or IdentityUnavailable."""
        answer = self._call(
            "signInWithPassword",
            {"email": email, "password": password, "returnSecureToken": True},
            repeat=True,
        )
        return _vouched(answer)

    def sign_up_guest(self) -> Person:
        """A new anonymous account. Raises IdentityUnavailable or TooManyAttempts."""
        return _vouched(self._call("signUp", {"returnSecureToken": True}, repeat=False))

    def send_reset(self, email: str) -> None:
        """Mails a code that resets the password. Raises WrongCredentials where nobody has that
        address (unless the project's protection against enumeration hides it)."""
        self._call("sendOobCode", {"requestType": "PASSWORD_RESET", "email": email}, repeat=False)

    def reset_address(self, code: str) -> str:
        """The address that a reset code was mailed to; the code stays good. Raises CodeInvalid."""
        answer = self._call("resetPassword", {"oobCode": code}, repeat=True)
        if answer.get("requestType") != "PASSWORD_RESET":
            raise CodeInvalid
        return str(answer["email"])

    def reset_password(self, code: str, password: str) -> None:
        """Uses a reset code up. Raises CodeInvalid, InvalidDetails."""
        self._call("resetPassword", {"oobCode": code, "newPassword": password}, repeat=False)

    def send_verification(self, uid: str) -> None:
        """Mails a code that proves the account's address. Raises TooManyAttempts."""
        try:
            token = auth.create_custom_token(uid, app=self._app).decode()
        except (*_SDK_ERRORS, ValueError) as error:
            raise IdentityUnavailable("custom tokens cannot be signed") from error
        # Google mails such a code for the account's own ID token only.
        signed_in = self._call(
            "signInWithCustomToken", {"token": token, "returnSecureToken": True}, repeat=True
        )
        body = {"requestType": "VERIFY_EMAIL", "idToken": signed_in["idToken"]}
        self._call("sendOobCode", body, repeat=False)

    def verify_email(self, code: str) -> str:
        """Uses a verification code up; the uid whose address it proves. Raises CodeInvalid."""
        return str(self._call("update", {"oobCode": code}, repeat=False)["localId"])

    def uid_of(self, email: str) -> str | None:
        """Whose address it is."""
        try:
            return str(auth.get_user_by_email(email, app=self._app).uid)
        except auth.UserNotFoundError:
            return None
        except (*_SDK_ERRORS, ValueError) as error:
            raise IdentityUnavailable("accounts cannot be looked up") from error

    def set_password(self, uid: str, password: str) -> None:
        """Raises InvalidDetails."""
        try:
            auth.update_user(uid, password=password, app=self._app)
        except ValueError as error:
            raise InvalidDetails from error
        except _SDK_ERRORS as error:
            raise _refused(error) from error

    def set_email(self, uid: str, email: str) -> None:
        """Gives an account another address, not proven yet. Raises EmailExists, InvalidDetails,
        WrongCredentials for no such account."""
        try:
            auth.update_user(uid, email=email, email_verified=False, app=self._app)
        except auth.EmailAlreadyExistsError as error:
            raise EmailExists from error
        except auth.UserNotFoundError as error:
            raise WrongCredentials from error
        except ValueError as error:
            raise InvalidDetails from error
        except _SDK_ERRORS as error:
            raise _refused(error) from error

    def delete(self, uid: str) -> None:
        """Deletes an account; one that is gone already is no error."""
        try:
            auth.delete_user(uid, app=self._app)
        except auth.UserNotFoundError:
            return
        except _SDK_ERRORS as error:
            raise _refused(error) from error

    def revoke(self, uid: str) -> None:
        """Ends every sign-in of the account at Firebase Auth: its refresh tokens are void."""
        try:
            auth.revoke_refresh_tokens(uid, app=self._app)
        except auth.UserNotFoundError:
            return
        except _SDK_ERRORS as error:
            raise _refused(error) from error

    def _call(self, method: str, body: dict[str, Any], *, repeat: bool) -> dict[str, Any]:
        """Calls the REST API; again after a failure only with `repeat`, for what may happen
        twice."""

        def post() -> requests.Response:
            url, key = f"{self._url}:{method}", {"key": self._key}
            answer = self._http.post(url, params=key, json=body, timeout=_TIMEOUT)
            if answer.status_code >= 500:
                raise requests.HTTPError(response=answer)
            return answer

        try:
            answer = retry(post, after(requests.RequestException), _WAITS if repeat else ())
        except requests.RequestException:
            # Without a cause: the exceptions of requests hold the address with the key.
            raise IdentityUnavailable(f"accounts:{method} does not answer") from None
        found: dict[str, Any] = _json(answer)
        if answer.ok:
            return found
        error = found.get("error")
        raise _kind(str(error.get("message")) if isinstance(error, dict) else "no reason given")


# The error words of the REST API. What is not here is a wrong key, or a kind of sign-in that is
# switched off.
_WORDS: dict[str, type[IdentityError]] = {
    "INVALID_LOGIN_CREDENTIALS": WrongCredentials,
    "EMAIL_NOT_FOUND": WrongCredentials,
    "INVALID_PASSWORD": WrongCredentials,
    "INVALID_EMAIL": WrongCredentials,
    "MISSING_PASSWORD": WrongCredentials,
    "MISSING_EMAIL": WrongCredentials,
    "USER_DISABLED": AccountDisabled,
    "TOO_MANY_ATTEMPTS_TRY_LATER": TooManyAttempts,
    "QUOTA_EXCEEDED": TooManyAttempts,
    "RESET_PASSWORD_EXCEED_LIMIT": TooManyAttempts,
    "INVALID_OOB_CODE": CodeInvalid,
    "EXPIRED_OOB_CODE": CodeInvalid,
    "WEAK_PASSWORD": InvalidDetails,
    "PASSWORD_DOES_NOT_MEET_REQUIREMENTS": InvalidDetails,
}


def _kind(message: str) -> IdentityError:
    """The REST API's error word, `WORD` or `WORD : explanation`."""
    word = message.partition(" ")[0].rstrip(":")
    kind = _WORDS.get(word, IdentityUnavailable)
    return kind(word) if kind is IdentityUnavailable else kind()


def _refused(error: Exception) -> IdentityError:
    if not isinstance(error, FirebaseError):
        return IdentityUnavailable(type(error).__name__)
    if error.code == "RESOURCE_EXHAUSTED":
        return TooManyAttempts()
    return InvalidDetails() if error.code == "INVALID_ARGUMENT" else IdentityUnavailable(error.code)


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except requests.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _vouched(answer: dict[str, Any]) -> Person:
    """The person of an ID token that Google itself has just handed over; the signature adds
    nothing to the TLS that it came through."""
    return _person(jwt.decode(answer["idToken"], options={"verify_signature": False}))


def _person(claims: dict[str, Any]) -> Person:
    uid = str(claims["sub"])
    if not _DOCUMENT_ID.fullmatch(uid):
        raise ValueError("a uid that cannot name a document")
    email = claims.get("email")
    firebase = claims.get("firebase")
    provider = firebase.get("sign_in_provider") if isinstance(firebase, dict) else None
    return Person(
        uid=uid,
        email=str(email) if email else None,
        email_verified=claims.get("email_verified") is True,
        name=str(claims.get("name") or ""),
        picture=str(claims.get("picture") or ""),
        anonymous=provider == "anonymous",
        signed_in_at=int(claims.get("auth_time") or claims["iat"]),
    )

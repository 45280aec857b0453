"""Signs up and in like a client with the Firebase SDK, over the Auth emulator's REST API."""

from __future__ import annotations

import json
import os
import secrets
import time
from typing import Any
from urllib.parse import quote

import requests

PASSWORD = "correct horse 1"


def new_email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def call(method: str, **body: Any) -> dict[str, Any]:
    url = f"identitytoolkit.googleapis.com/v1/accounts:{method}"
    return _post(url, params={"key": "any"}, json={"returnSecureToken": True, **body})


def _post(url: str, **request: Any) -> dict[str, Any]:
    host = os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
    answer = requests.post(f"http://{host}/{url}", timeout=60, **request)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def sign_up(email: str | None = None) -> dict[str, Any]:
    """Creates an account with a password; the response includes `localId` and `idToken`."""
    return call("signUp", email=email or new_email(), password=PASSWORD)


def sign_up_anonymously() -> dict[str, Any]:
    return call("signUp")


def sign_in_with_google(email: str, *, name: str = "Ada", **claims: Any) -> dict[str, Any]:
    """Signs in with a Google account whose address is `email`, which Google has verified."""
    return call("signInWithIdp", **_google(email, name=name, **claims))


def link_google(id_token: str, email: str) -> dict[str, Any]:
    """Adds a Google account to the one of an ID token."""
    return call("signInWithIdp", idToken=id_token, **_google(email))


def _google(email: str, **claims: Any) -> dict[str, Any]:
    claims = {"sub": f"google-{email}", "email": email, "email_verified": True, **claims}
    body = f"id_token={quote(json.dumps(claims))}&providerId=google.com"
    return {"postBody": body, "requestUri": "http://localhost"}


def refreshed(refresh_token: str) -> str:
    """A new ID token of the same sign-in, as the SDK gets one every hour."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    answer = _post("securetoken.googleapis.com/v1/token", params={"key": "any"}, data=form)
    return str(answer["id_token"])


def administer(method: str, **body: Any) -> dict[str, Any]:
    """A call with an administrator's rights, as from the Firebase console."""
    url = f"identitytoolkit.googleapis.com/v1/projects/demo-troupe/accounts:{method}"
    return _post(url, headers={"Authorization": "Bearer owner"}, json=body)


def link_password(id_token: str, email: str) -> dict[str, Any]:
    """Turns a guest into an account; the response has new tokens."""
    return call("update", idToken=id_token, email=email, password=PASSWORD)


def sign_in(email: str, password: str = PASSWORD) -> dict[str, Any]:
    return call("signInWithPassword", email=email, password=password)


def mailed_codes(email: str, kind: str) -> list[str]:
    """The unused codes of a kind (PASSWORD_RESET, VERIFY_EMAIL) mailed to an address, oldest
    first."""
    host = os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
    answer = requests.get(f"http://{host}/emulator/v1/projects/demo-troupe/oobCodes", timeout=60)
    answer.raise_for_status()
    return [
        code["oobCode"]
        for code in answer.json()["oobCodes"]
        if (code["email"], code["requestType"]) == (email, kind)
    ]


def wait_for_the_next_second() -> None:
    """Firebase records the times of sign-ins and revocations in whole seconds."""
    time.sleep(1.01 - time.time() % 1)


def is_known(uid: str) -> bool:
    """Whether Firebase Auth has an account with this uid."""
    return "users" in administer("lookup", localId=[uid])

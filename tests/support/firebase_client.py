"""Signs up and in like a client with the Firebase SDK, over the Auth emulator's REST API."""

from __future__ import annotations

import os
import secrets
from typing import Any

import requests

PASSWORD = "correct horse 1"


def new_email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def call(method: str, **body: Any) -> dict[str, Any]:
    host = os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
    answer = requests.post(
        f"http://{host}/identitytoolkit.googleapis.com/v1/accounts:{method}",
        params={"key": "any"},
        json={"returnSecureToken": True, **body},
        timeout=10,
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def sign_up(email: str | None = None) -> dict[str, Any]:
    """Creates an account with a password; the response includes `localId` and `idToken`."""
    return call("signUp", email=email or new_email(), password=PASSWORD)


def sign_up_anonymously() -> dict[str, Any]:
    return call("signUp")


def refresh(refresh_token: str) -> None:
    """Gets a new ID token, as the SDK does every hour."""
    host = os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
    answer = requests.post(
        f"http://{host}/securetoken.googleapis.com/v1/token",
        params={"key": "any"},
        data={"grant_type": "refresh_token", "refresh_token": refresh_token},
        timeout=10,
    )
    answer.raise_for_status()


def link_password(id_token: str, email: str) -> dict[str, Any]:
    """Turns a guest into an account; the response has new tokens."""
    return call("update", idToken=id_token, email=email, password=PASSWORD)


def sign_in(email: str) -> dict[str, Any]:
    return call("signInWithPassword", email=email, password=PASSWORD)


def mailed_codes(email: str, kind: str) -> list[str]:
    """The unused codes of a kind (PASSWORD_RESET, VERIFY_EMAIL) mailed to an address, oldest
    first."""
    host = os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
    answer = requests.get(f"http://{host}/emulator/v1/projects/demo-troupe/oobCodes", timeout=10)
    answer.raise_for_status()
    return [
        code["oobCode"]
        for code in answer.json()["oobCodes"]
        if (code["email"], code["requestType"]) == (email, kind)
    ]


def is_known(uid: str) -> bool:
    """Whether Firebase Auth has an account with this uid."""
    host = os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
    answer = requests.post(
        f"http://{host}/identitytoolkit.googleapis.com/v1/projects/demo-troupe/accounts:lookup",
        headers={"Authorization": "Bearer owner"},
        json={"localId": [uid]},
        timeout=10,
    )
    answer.raise_for_status()
    return "users" in answer.json()

"""Signs in as a client with the Firebase SDK does: over the REST API of the Auth emulator."""

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
    """A new account with a password; `localId` and `idToken` among what comes back."""
    return call("signUp", email=email or new_email(), password=PASSWORD)


def sign_up_anonymously() -> dict[str, Any]:
    return call("signUp")


def link_password(id_token: str, email: str) -> dict[str, Any]:
    """Makes an account of a guest; the tokens are new."""
    return call("update", idToken=id_token, email=email, password=PASSWORD)


def sign_in(email: str) -> dict[str, Any]:
    return call("signInWithPassword", email=email, password=PASSWORD)


def mailed_codes(email: str, kind: str) -> list[str]:
    """The codes of a kind (PASSWORD_RESET, VERIFY_EMAIL) that were mailed to an address and not
    used yet; the last one last."""
    host = os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
    answer = requests.get(f"http://{host}/emulator/v1/projects/demo-troupe/oobCodes", timeout=10)
    answer.raise_for_status()
    return [
        code["oobCode"]
        for code in answer.json()["oobCodes"]
        if (code["email"], code["requestType"]) == (email, kind)
    ]


def is_known(uid: str) -> bool:
    """Whether Firebase Auth has an account of that uid."""
    host = os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
    answer = requests.post(
        f"http://{host}/identitytoolkit.googleapis.com/v1/projects/demo-troupe/accounts:lookup",
        headers={"Authorization": "Bearer owner"},
        json={"localId": [uid]},
        timeout=10,
    )
    answer.raise_for_status()
    return "users" in answer.json()

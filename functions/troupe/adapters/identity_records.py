"""People and their accounts, as Firebase Auth describes them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from troupe.adapters.identity_errors import SecondFactorRequired, WrongCredentials

# Custom tokens may carry any uid; ours become document ids, which are restricted:
# https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
_DOCUMENT_ID = re.compile(r"(?!\.\.?$|__.*__$)[^/\x00-\x1f\x7f]{1,128}")
# Listeners are Firebase accounts of their own: with a new sign-in to the user's, a stolen access
# token could set a new password through Firebase's API, which takes a recent sign-in as proof.
_LISTENER = "listener-"
CLAIM = "troupe"  # of a listener's ID tokens; firestore.rules reads it, too


@dataclass(frozen=True, slots=True)
class Person:
    """A user that Firebase Auth has authenticated. `signed_in_at`: seconds since 1970.
    `session_id`: of the session of ours that a listener belongs to; None for other sign-ins."""

    uid: str
    email: str | None
    email_verified: bool
    name: str
    picture: str
    anonymous: bool
    signed_in_at: int
    provider: str = ""  # `password`, `google.com`, …
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An account as Firebase Auth knows it now. `valid_after`: sign-ins before it are revoked, in
    seconds since 1970. `providers`: the address that each linked sign-in method vouches for."""

    disabled: bool
    valid_after: int
    email: str | None
    email_verified: bool
    providers: Mapping[str, str | None]


def listener_uid(uid: str) -> str:
    """The Firebase account with which clients of a user listen."""
    return _LISTENER + hashlib.sha256(uid.encode()).hexdigest()[:32]


def standing_of(user: Any) -> Standing:
    return Standing(
        disabled=bool(user.disabled),
        valid_after=int(user.tokens_valid_after_timestamp) // 1000,
        email=user.email,
        email_verified=bool(user.email_verified),
        providers={each.provider_id: each.email for each in user.provider_data},
    )


def unverified_person(answer: dict[str, Any]) -> Person:
    """The user of an ID token that came directly from Google over TLS, so its signature need not
    be verified. Raises SecondFactorRequired if there is none yet, and WrongCredentials for a
    listener that somebody has given a password."""
    if "mfaPendingCredential" in answer:
        raise SecondFactorRequired
    claims = jwt.decode(answer["idToken"], options={"verify_signature": False})
    if str(claims["sub"]).startswith(_LISTENER):
        raise WrongCredentials
    return person_of(claims)


def person_of(claims: dict[str, Any]) -> Person:
    uid, session_id = str(claims["sub"]), None
    if uid.startswith(_LISTENER):
        # Without the claim, somebody has given the account a password of its own.
        named = claims[CLAIM]
        uid, session_id = str(named["uid"]), str(named["sid"])
        if claims["sub"] != listener_uid(uid):
            raise ValueError("the listener is another user's")
    if not _DOCUMENT_ID.fullmatch(uid):
        raise ValueError("the uid is not a valid document id")
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
        provider=str(provider or ""),
        session_id=session_id,
    )

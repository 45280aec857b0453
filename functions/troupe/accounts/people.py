"""What Firebase Auth says about a person, and what of it is stored with the user."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from troupe.accounts.pictures import clean_picture
from troupe.accounts.records import UserRecord
from troupe.adapters.identity_records import Person, Standing
from troupe.text import clean_email, clean_name, name_key
from troupe.tokens import TokenInvalid

_MAX_NAME = 200


def confirmed(person: Person, standing: Standing | None) -> Person:
    """The person with the address that Firebase has now. Raises TokenInvalid if the sign-in has
    been revoked, or the account disabled or deleted."""
    if standing is None or standing.disabled or person.signed_in_at < standing.valid_after:
        raise TokenInvalid
    email = clean_email(standing.email or "")
    verified = standing.email_verified and email is not None
    return replace(person, email=email, email_verified=verified)


def cleaned(person: Person) -> Person:
    """The person with details that would be accepted from anybody. Firebase Auth stores whatever an
    SDK client sends, and emulators and custom providers may vouch for anything."""
    email = clean_email(person.email or "")
    return replace(
        person,
        email=email,
        email_verified=person.email_verified and email is not None,
        name=clean_name(person.name, _MAX_NAME),
        picture=clean_picture(person.picture),
    )


def changes_of(user: UserRecord, person: Person) -> dict[str, Any]:
    """Fields of the user record to update from Firebase Auth."""
    changes: dict[str, Any] = {}
    if person.email and person.email != user.email:
        changes |= {"email": person.email, "emailVerified": person.email_verified}
    elif person.email_verified and not user.email_verified:  # an older token may not know it yet
        changes["emailVerified"] = True
    if user.guest and not person.anonymous:
        changes["guest"] = False
        if person.name:
            changes |= {"name": person.name, "nameKey": name_key(person.name)}
    return changes

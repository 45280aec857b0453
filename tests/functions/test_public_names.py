"""No user learns another's email address, nor the part before its @, from a name."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.characters import CONSENT, SOUND
from tests.support.firebase_client import PASSWORD, new_email, sign_up, sign_up_anonymously
from tests.support.wiring import app_for
from troupe.accounts.records import UserRecord
from troupe.adapters.firestore import Database, Update, now


@pytest.fixture
def client(emulators: object) -> FlaskClient:
    return app_for("auth").test_client()


def registered(client: FlaskClient, email: str, **fields: Any) -> dict[str, str]:
    body = {"email": email, "password": PASSWORD, **fields}
    data = client.post("/api/auth/register", json=body).json["data"]
    return {"Authorization": f"Bearer {data['accessToken']}"}


def shown(client: FlaskClient, headers: dict[str, str]) -> tuple[str, str]:
    """The name in the user's profile, and on a new character."""
    name = client.get("/api/auth/me", headers=headers).json["data"]["user"]["name"]
    form = {"displayName": "Ada", "consent": CONSENT, "audioFile": (io.BytesIO(SOUND), "a.wav")}
    made = (
        app_for("characters")
        .test_client()
        .post("/api/characters/complete", data=form, headers=headers)
    )
    return name, made.json["data"]["character"]["createdByName"]


def test_an_account_without_a_name_gets_a_neutral_one(client: FlaskClient) -> None:
    assert shown(client, registered(client, new_email())) == ("User", "User")
    for signed_up, name in ((sign_up(), "User"), (sign_up_anonymously(), "Guest")):
        headers = {"Authorization": f"Bearer {signed_up['idToken']}"}
        assert shown(client, headers) == (name, name)


def test_a_chosen_name_is_shown(client: FlaskClient) -> None:
    assert shown(client, registered(client, new_email(), name="Ada L.")) == ("Ada L.", "Ada L.")


def test_names_that_earlier_versions_made_are_not_shown(client: FlaskClient, db: Database) -> None:
    email = new_email()
    headers = registered(client, email)
    uid = client.get("/api/auth/me", headers=headers).json["data"]["user"]["id"]
    for name in (email.partition("@")[0], email, "someone.else@example.com"):
        db.commit(Update(f"users/{uid}", {"name": name}))
        assert shown(client, headers) == (name, "User")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "Ada"}, "Ada"),
        ({"name": ""}, "User"),
        ({"name": "", "username": "ada_l"}, "ada_l"),
        ({"name": "", "username": "ada.lovelace"}, "User"),
        ({"name": "ada.lovelace", "username": "countess"}, "countess"),
        ({"name": "ada.lovelace@example.com"}, "User"),
        ({"name": "a@b"}, "User"),
        ({"name": "", "guest": True, "email": None}, "Guest"),
        ({"name": "Ada", "email": None}, "Ada"),
    ],
    ids=str,
)
def test_public_names(fields: dict[str, Any], expected: str) -> None:
    at = now()
    given = {"id": "u1", "email": "ada.lovelace@example.com", "created_at": at, "updated_at": at}
    assert UserRecord.model_validate(given | fields).public_name == expected

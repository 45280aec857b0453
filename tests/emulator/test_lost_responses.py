"""Commits that succeed, but whose response is lost: the client library sends them again, and
Firestore refuses the second one. What is created must exist once, and the caller must not fail."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from google.cloud import firestore

from tests.support.characters import Interrupted, character_draft, character_update, new_caller
from tests.support.factories import new_character, new_user, test_settings
from tests.support.media_files import sent
from tests.support.sounds import recording
from troupe.adapters.firestore import Database, Write
from troupe.adapters.storage import Files
from troupe.app.container import Container
from troupe.audit.records import Actor
from troupe.reports.records import SubjectKind

OWNER = new_caller()
FAQ = {"category": "Billing", "question": "How?", "answer": "So."}


def a_character(services: Container) -> str:
    return new_character(Database(services.database._client), OWNER.uid, "Ada")


def report(services: Container) -> object:
    character = a_character(services)
    return services.reports.add("ben", SubjectKind.CHARACTER, character, "This is my voice.")


def revocation(services: Container) -> object:
    character = services.characters.create(OWNER, character_draft()).character
    return services.withdrawals.revoke_consent(OWNER, character.id)


def update(services: Container) -> object:
    character = services.characters.create(OWNER, character_draft()).character
    return services.characters.update(OWNER, character.id, character_update(displayName="Eve"))


def script(services: Container) -> object:
    character = a_character(services)
    return services.scripts.create(OWNER.uid, [character], [(character, "Hello.")])


def file(services: Container) -> object:
    return services.user_files.add(OWNER.uid, "a.wav", sent(recording()))


def message(services: Container) -> object:
    return services.contacts.add(name="Ada", email="a@b.c", subject="Hello", message="Hello")


@pytest.fixture
def resending(emulators: object) -> Iterator[Interrupted]:
    client = firestore.Client(project=f"demo-{secrets.token_hex(6)}")
    made, sent_again = Interrupted(client), set[str]()

    def again(writes: tuple[Write, ...]) -> None:
        if writes[0].path not in sent_again:
            sent_again.add(writes[0].path)
            Database.commit(made, *writes)

    made.after = again
    yield made
    client.close()


def test_a_suspension_that_is_sent_twice_is_not_lifted(
    resending: Interrupted, files: Files
) -> None:
    uid = new_user(Database(resending._client))
    services = Container(test_settings(), database=resending, files=files)
    services.admin_users.toggle_suspension(Actor("an-admin", None), uid)
    assert resending.get(f"users/{uid}").data["suspended"] is True


@pytest.mark.parametrize(
    ("make", "collection"),
    [
        (update, "characters"),
        (revocation, "characters"),
        (script, "scripts"),
        (file, "files"),
        (report, "reports"),
        (message, "contacts"),
        (lambda services: services.faqs.create(FAQ), "faqs"),
    ],
)
def test_a_commit_that_is_sent_twice_counts_once(
    resending: Interrupted,
    files: Files,
    make: Callable[[Container], object],
    collection: str,
) -> None:
    services = Container(test_settings(), database=resending, files=files)
    assert make(services)
    assert len(resending.find(collection, limit=5)) == 1
    for document in resending.find("discards", limit=5):
        assert not any(files.list(path) for path in document.data["paths"])

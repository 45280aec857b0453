"""The databases and files of the emulators."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.factories import PROJECT, CountingDatabase, test_settings
from troupe.adapters.firestore import Database, connect
from troupe.adapters.storage import Files


@pytest.fixture
def db(file_db: Database) -> Database:
    return file_db


@pytest.fixture
def own_db(emulators: object) -> Iterator[Database]:
    """An empty database, for tests that read, fill or sweep a whole one. Unlike `db`, it is not
    that of `services()`."""
    client = connect(f"demo-{secrets.token_hex(6)}")
    yield Database(client)
    client.close()


@pytest.fixture
def counting(file_db: Database) -> Iterator[CountingDatabase]:
    client = connect(file_db._client.project)
    yield CountingDatabase(client)
    client.close()


@pytest.fixture
def files(emulators: object) -> Files:
    return Files.connect(PROJECT, test_settings().bucket, can_sign=False)


def everything(db: Database) -> Iterator[tuple[str, str]]:
    """Path and contents of every document in the database, read with one query."""
    client: Any = db._client
    every = {"from_": [{"all_descendants": True}]}  # all collections
    root = f"{client._database_string}/documents"
    asked = {"parent": root, "structured_query": every}
    for answer in client._firestore_api.run_query(asked, metadata=client._rpc_metadata):
        if answer.document.name:
            # The text of the message; that of its map of fields says nothing.
            yield answer.document.name.removeprefix(f"{root}/"), str(answer.document)

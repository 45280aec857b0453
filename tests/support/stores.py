"""Fixtures: the database and files of the emulators."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.support.factories import PROJECT, CountingDatabase, test_settings
from troupe.adapters.firestore import Database, connect
from troupe.adapters.storage import Files


@pytest.fixture
def db(emulators: object) -> Iterator[Database]:
    client = connect(PROJECT)
    yield Database(client)
    client.close()


@pytest.fixture
def own_db(emulators: object) -> Iterator[Database]:
    """An empty database, for tests that read, fill or sweep a whole one."""
    client = connect(f"demo-{secrets.token_hex(6)}")
    yield Database(client)
    client.close()


@pytest.fixture
def counting(emulators: object) -> Iterator[CountingDatabase]:
    client = connect(PROJECT)
    yield CountingDatabase(client)
    client.close()


@pytest.fixture
def files(emulators: object) -> Files:
    return Files.connect(PROJECT, test_settings().bucket, can_sign=False)

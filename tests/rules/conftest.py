"""The rules know the users of one project, which is that of the deployed functions."""

from __future__ import annotations

import pytest

from troupe.adapters.firestore import Database


@pytest.fixture(scope="module")
def file_db(deployed_db: Database) -> Database:
    return deployed_db

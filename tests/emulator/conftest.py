"""Services that sign users in, with the Auth emulator."""

from __future__ import annotations

import pytest

from tests.support.wiring import services
from troupe.accounts.service import Accounts
from troupe.adapters.identity import Identity


@pytest.fixture
def identity(emulators: object) -> Identity:
    return services().identity


@pytest.fixture
def accounts(emulators: object) -> Accounts:
    return services().accounts

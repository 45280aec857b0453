from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.stripe_server import StripeServer
from tests.unit.fakes.shop import Shop


@pytest.fixture
def stripe() -> Iterator[StripeServer]:
    with StripeServer() as server:
        yield server
    assert not server.problems


@pytest.fixture
def shop(stripe: StripeServer) -> Shop:
    return Shop(stripe)

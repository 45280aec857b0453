from __future__ import annotations

from collections.abc import Iterator

import pytest

from troupe.settings import settings

SECRET = "a-secret-used-only-by-these-tests"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    monkeypatch.setenv("GCLOUD_PROJECT", "demo-troupe")
    monkeypatch.setenv("JWT_SECRET", SECRET)
    settings.cache_clear()
    yield
    settings.cache_clear()

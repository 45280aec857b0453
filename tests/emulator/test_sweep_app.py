"""The program that sweeps in place of the schedule."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local import sweep_app
from tests.support.wiring import services
from troupe.adapters.firestore import Database
from troupe.errors import Unavailable


def test_a_sweep_that_fails_is_not_the_last(
    db: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failures = [Unavailable(retry_after=1)]
    due, looks = db.due, iter([False, False, True])

    def fails_once(*given: Any, **more: Any) -> Any:
        if failures:
            raise failures.pop()
        return due(*given, **more)

    monkeypatch.setattr(db, "due", fails_once)
    monkeypatch.setattr(sweep_app, "container", services)
    monkeypatch.setattr(sweep_app, "_has_changed", lambda since: next(looks))
    sweep_app.main(0)
    printed = capsys.readouterr()
    assert "Unavailable" in printed.err
    assert json.loads(printed.out.splitlines()[-1])["requeued"] == 0


def test_it_notices_that_the_code_has_changed() -> None:
    assert sweep_app._has_changed(0)
    assert not sweep_app._has_changed(2e10)

"""docs/costs.md is what `make costs` writes, from calls that are counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.costs import COUNTED, FILE, counted
from tools import costs


def counts(found: Any) -> dict[tuple[str, str], dict[str, int]]:
    return {
        (scenario, step): {name: each[name] for name in COUNTED}
        for scenario, steps in found.items()
        for step, each in steps.items()
    }


def test_the_page_is_up_to_date() -> None:
    assert costs.main(["--check"]) == 0, "run `make costs`"


@pytest.mark.slow
def test_the_counts_are_those_of_today() -> None:
    """If one has changed on purpose, run `python -m bench.costs` and `make costs`."""
    assert counts(counted()) == counts(json.loads(FILE.read_text())["counted"])


def test_the_check_notices_other_counts_and_prices(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, prices = json.loads(FILE.read_text()), json.loads(costs.PRICES.read_text())
    counted_before, priced_before = json.dumps(found), json.dumps(prices)
    found["counted"]["speech"]["the tasks of its job"]["writes"] += 100
    prices["prices"][0]["usd"] *= 2
    for name, before, after in (
        ("COUNTS", counted_before, found),
        ("PRICES", priced_before, prices),
    ):
        path = tmp_path / name
        path.write_text(json.dumps(after))
        with monkeypatch.context() as patch:
            patch.setattr(costs, name, path)
            assert costs.main(["--check"]) == 1, name
            assert "make costs" in capsys.readouterr().err
            path.write_text(before)
            assert costs.main(["--check"]) == 0, name


def test_every_counted_step_is_paid_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None is left out of a month."""
    monkeypatch.setattr(costs, "COUNTS", tmp_path / "costs.json")
    text = FILE.read_text()
    (tmp_path / "costs.json").write_text(text)
    before = costs.Costs()
    month = before.month()["reads"]
    for scenario, steps in before.found["counted"].items():
        for step, each in steps.items():
            each["reads"] += 1
            assert before.month()["reads"] > month, (scenario, step)
            each["reads"] -= 1

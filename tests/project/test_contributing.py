"""The walk-throughs of CONTRIBUTING.md fit the code. `python -m tests.walkthrough` follows them and
runs CI on the result."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.walkthrough import MOST, carry_out, copy_to, edited, sections


@pytest.mark.parametrize(("section", "most"), MOST.items())
def test_few_files_are_edited_by_hand(section: str, most: int) -> None:
    assert 0 < len(edited(sections()[section])) <= most


def test_every_step_fits_the_files(tmp_path: Path) -> None:
    copy_to(tmp_path)
    for steps in sections().values():
        for step in steps:
            if step.path is not None:
                carry_out(step, tmp_path)
                if step.path.endswith(".py"):
                    ast.parse((tmp_path / step.path).read_text(), step.path)


def test_a_step_that_does_not_fit_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "contract").mkdir()
    (tmp_path / "contract" / "api.yaml").write_text("files:\n")
    step = next(step for step in sections()["Add an operation"] if step.path == "contract/api.yaml")
    with pytest.raises(ValueError, match="has 0 lines"):
        carry_out(step, tmp_path)

"""A failing test gets a second chance alone, and nothing else does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.locks import ROOT

# What a test of a scratch project does. The first run leaves a file behind.
BESIDE = """
import pathlib

def test_it():
    seen = pathlib.Path("seen")
    there = seen.exists()
    seen.touch()
    assert there
"""
ALWAYS = "def test_it(): assert False\n"
PASSES = "def test_it(): pass\n"
# Each of its processes would load a dozen plugins, which takes most of their time.
ONLY_WHAT_IT_NEEDS = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_ADDOPTS": "-p xdist.plugin -p pytest_cov.plugin",
}


def run(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    for number, content in enumerate(tests):
        (folder / f"test_{number}.py").write_text(content)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "tests.twice", "-n", "1", f"--rootdir={folder}", "."],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "", **ONLY_WHAT_IT_NEEDS},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_passes_alone_is_named_and_passes(tmp_path: Path) -> None:
    done = run(tmp_path, BESIDE, PASSES)
    assert done.returncode == 0, done.stdout
    assert "Passed alone" in done.stdout and "test_0.py::test_it" in done.stdout


@pytest.mark.parametrize(
    "tests", [(ALWAYS, PASSES), (BESIDE, "import nothing_of_this_name\n"), (ALWAYS,) * 9]
)
def test_what_fails_again_or_for_another_reason_fails(
    tmp_path: Path, tests: tuple[str, ...]
) -> None:
    done = run(tmp_path, *tests)
    assert done.returncode != 0
    assert "Passed alone" not in done.stdout

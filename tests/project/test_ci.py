"""Checks what only runs elsewhere, as far as possible: workflow, forms, hooks and .ci/run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from pre_commit.clientlib import load_config

from tools.locks import ROOT

GITHUB = ROOT / ".github"
FORMS = sorted(
    set((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) - {GITHUB / "ISSUE_TEMPLATE/config.yml"}
)


def parsed(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_every_file_of_github_is_yaml() -> None:
    for path in GITHUB.rglob("*.yml"):
        assert isinstance(parsed(path), dict), path


def test_the_workflow_runs_ci_run_with_each_firestore_emulator() -> None:
    job = parsed(GITHUB / "workflows/ci.yml")["jobs"]["check"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    java = {row["firestore"]: int(row["java"]) for row in job["strategy"]["matrix"]["include"]}
    # local/tools.py uses the Firebase CLI's emulator with Java 21 or newer, else gcloud's.
    assert java["the Firebase CLI"] >= 21 > java["gcloud"]
    gcloud = [step for step in job["steps"] if "setup-gcloud" in step.get("uses", "")]
    assert [step["if"] for step in gcloud] == ["matrix.firestore == 'gcloud'"]


def test_actions_are_pinned() -> None:
    for path in (GITHUB / "workflows").glob("*.yml"):
        for job in parsed(path)["jobs"].values():
            for step in job["steps"]:
                assert re.fullmatch(
                    r"[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40})", step.get("uses", "a/b@v1")
                )


def test_dependabot_watches_every_manifest() -> None:
    updates = parsed(GITHUB / "dependabot.yml")["updates"]
    watched = {
        (update["package-ecosystem"], folder)
        for update in updates
        for folder in update.get("directories", [update.get("directory")])
    }
    assert watched == {("pip", "/"), ("pip", "/functions"), ("npm", "/"), ("github-actions", "/")}
    for ecosystem, folder in watched - {("github-actions", "/")}:
        manifest = {"pip": "requirements.in", "npm": "package.json"}[ecosystem]
        assert (ROOT / folder.strip("/") / manifest).is_file()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form.stem))
def test_forms_have_the_fields_that_github_requires(form: Path) -> None:
    content = parsed(form)
    assert content["name"] and content["description"]
    asked = [part for part in content["body"] if part["type"] != "markdown"]
    assert asked
    assert len({part["id"] for part in asked}) == len(asked)
    assert all(part["attributes"]["label"] for part in asked)


def test_hooks_are_valid_and_their_programs_installed() -> None:
    config = load_config(str(ROOT / ".pre-commit-config.yaml"))
    for hook in (hook for repo in config["repos"] for hook in repo["hooks"]):
        program = hook["entry"].split()[0]
        assert program == "make" or os.access(ROOT / program, os.X_OK), hook["id"]


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """A separate PATH whose programs only record their calls."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("apt-get", "make"):
        program(programs / name, f'echo "{name} $*" >> "{tmp_path}/calls"')
    program(programs / "id", "echo 0")
    for name in ("bash", "env", "dirname", "timeout"):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed: where apt is, it is")
        (programs / name).symlink_to(found)
    return tmp_path


def program(path: Path, body: str) -> None:
    path.write_text(f"#!/usr/bin/env bash\n{body}\n")
    path.chmod(0o755)


def run(container: Path, **env: str) -> tuple[list[str], str]:
    """The calls that .ci/run made, and its warnings."""
    done = subprocess.run(
        [ROOT / ".ci/run"],
        env={"PATH": str(container / "bin"), **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return (container / "calls").read_text().splitlines(), done.stderr


@pytest.mark.parametrize("there", [(), ("chromium",), ("turnserver",)])
def test_ci_gets_what_is_missing_where_it_may_and_checks_everything(
    container: Path, there: tuple[str, ...]
) -> None:
    for name in there:
        program(container / "bin" / name, "true")
    calls, warned = run(container, CI="true")
    assert [call.split()[0] for call in calls] == ["apt-get", "apt-get", "make"]
    wanted = {"chromium": "chromium", "turnserver": "coturn"}
    missing = [package for name, package in wanted.items() if name not in there]
    assert calls[1].split()[-len(missing) :] == missing
    assert calls[2] == "make check"
    assert warned == ""


def test_without_them_ci_warns_and_goes_on(container: Path) -> None:
    program(container / "bin/apt-get", "exit 100")
    calls, warned = run(container, CI="true")
    assert calls == ["make check"]
    assert "WARNING" in warned


@pytest.mark.parametrize("why", ["not CI", "not root", "there already", "no apt"])
def test_ci_installs_nothing_where_it_should_not(container: Path, why: str) -> None:
    if why == "not root":
        program(container / "bin/id", "echo 1000")
    if why == "there already":
        program(container / "bin/chromium", "true")
        program(container / "bin/turnserver", "true")
    if why == "no apt":
        (container / "bin/apt-get").unlink()
    calls, _ = run(container, **({} if why == "not CI" else {"CI": "true"}))
    assert calls == ["make check"]

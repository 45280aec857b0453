"""The built studio: its size, its types, its units, and what Hosting says with it."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from typing import Any

import pytest
import requests

from tests.conftest import Running
from tests.studio.visits import STUDIO

DIST = STUDIO / "dist"
KILOBYTE = 1024
# gzip, in kilobytes. STYLES: of a page and the shell, which is what a visit loads.
SHELL, STYLES, PAGE, FIRESTORE = 60, 9, 15, 135


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DIST / ".vite/manifest.json").read_text())
    return loaded


def _size(file: str) -> float:
    return len(gzip.compress((DIST / file).read_bytes())) / KILOBYTE


def _with_imports(manifest: dict[str, Any], name: str) -> set[str]:
    """The chunk, and what the browser must load before it runs."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += manifest[each].get("imports", [])
    return found


def test_the_budgets_are_kept(manifest: dict[str, Any]) -> None:
    shell = _with_imports(manifest, "index.html")
    auth = _with_imports(manifest, "src/session/firebase.ts")
    assert sum(_size(manifest[name]["file"]) for name in shell | auth) <= SHELL
    pages = [
        name
        for name in manifest
        if name.startswith("src/pages/") and "isDynamicEntry" in manifest[name]
    ]
    assert len(pages) >= 7
    large = {}
    for name in pages:
        own = _with_imports(manifest, name) - shell - auth
        size = sum(_size(manifest[each]["file"]) for each in own)
        if size > PAGE:
            large[name] = size
    assert large == {}
    watch = _with_imports(manifest, "src/jobs/watch.ts") - shell - auth
    assert sum(_size(manifest[each]["file"]) for each in watch) <= FIRESTORE
    assert not any("firestore" in name or name == "src/jobs/watch.ts" for name in shell)
    # The styles of a page come with its chunk.
    for name in pages:
        loaded = shell | auth | _with_imports(manifest, name)
        styles = {sheet for each in loaded for sheet in manifest[each].get("css", [])}
        assert sum(map(_size, styles)) <= STYLES, name


def test_the_units_and_the_types_are_right() -> None:
    npm = shutil.which("npm")
    assert npm
    done = subprocess.run([npm, "test"], cwd=STUDIO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_renamed_field_of_the_api_fails_the_build(tmp_path: Any) -> None:
    copy = tmp_path / "studio"
    shutil.copytree(STUDIO, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (copy / "node_modules").symlink_to(STUDIO / "node_modules")
    contract = copy / "src/contract.d.ts"
    contract.write_text(contract.read_text().replace(" overallProgress: ", " progressOverall: "))
    command = [str(STUDIO / "node_modules/.bin/tsc"), "--project", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "'overallProgress' does not exist" in done.stdout


def test_hosting_serves_the_studio_at_its_paths_and_nowhere_else(stack: Running) -> None:
    for path in ("/", "/speak", "/history", "/history/x", "/rooms/x", "/join", "/auth/action"):
        answer = requests.get(stack.base_url + path, timeout=30)
        assert answer.status_code == 200, path
        assert '<div id="app">' in answer.text, path
        assert answer.headers["Cache-Control"] == "no-cache", path
        policy = answer.headers["Content-Security-Policy"]
        assert "require-trusted-types-for 'script'" in policy, path
        assert "script-src 'self';" in policy, path
        assert "microphone=(self)" in answer.headers["Permissions-Policy"], path
    assert requests.get(stack.base_url + "/nothing-here", timeout=30).status_code == 404
    unknown = requests.get(stack.base_url + "/api/nothing-here", timeout=30)
    assert unknown.json()["error"]["code"] == "not_found"
    call = requests.get(stack.base_url + "/call.html", timeout=30)
    assert '<div id="app">' not in call.text
    assert call.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; script-src 'self'"
    )
    assert "trusted" not in call.headers["Content-Security-Policy"]


def test_files_with_a_hash_in_their_name_are_kept_for_ever(
    stack: Running, manifest: dict[str, Any]
) -> None:
    answer = requests.get(f"{stack.base_url}/{manifest['index.html']['file']}", timeout=30)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"

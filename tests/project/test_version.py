"""The OpenAPI document and the changelog have the version of the package."""

from __future__ import annotations

import json
import re
import tomllib

from tools.locks import ROOT
from troupe import __version__


def test_the_openapi_document_has_the_version_of_the_package() -> None:
    document = json.loads((ROOT / "functions" / "openapi.json").read_text())
    assert document["info"]["version"] == __version__


def test_the_newest_entry_of_the_changelog_is_of_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    entries = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (?:\d{4}-\d{2}-\d{2}|unreleased)$", text, re.M)
    assert entries[0] == __version__


def test_the_python_client_has_the_version_of_the_api() -> None:
    project = tomllib.loads((ROOT / "clients" / "python" / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__


def test_package_json_has_no_other_version() -> None:
    for name in ("package.json", "package-lock.json", "clients/typescript/package.json"):
        package = json.loads((ROOT / name).read_text())
        assert package.get("version", __version__) == __version__

"""The documentation site is built, and its links lead to pages and headings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from tools.locks import ROOT
from tools.site import DOCUMENT, EXAMPLES, PAGES

_EXTERNAL = re.compile(r"[a-z]+:|//|javascript")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_all_links_and_pictures_are_there(site: Path) -> None:
    pages = {path: path.read_text() for path in site.rglob("*.html") if path.name != "404.html"}
    ids = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in pages.items()}
    broken = []
    for page, text in pages.items():
        for link in set(re.findall(r'\b(?:href|src)="?([^"\s>]+)', text)):
            target, _, anchor = unquote(unescape(link)).partition("#")
            if _EXTERNAL.match(link) or link == ".":
                continue
            path = (page.parent / target).resolve() if target else page
            if not path.is_file() or (anchor and path in ids and anchor not in ids[path]):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert broken == []
    assert len(pages) > len(list((ROOT / "docs" / "decisions").glob("*.md"))) + len(PAGES)


def test_it_has_every_operation_and_every_example(site: Path) -> None:
    reference = "".join(path.read_text() for path in (site / "reference").glob("*.html"))
    paths = json.loads(DOCUMENT.read_text())["paths"]
    names = [each["operationId"] for item in paths.values() for each in item.values()]
    assert [name for name in names if f"<code>{name}</code>" not in reference] == []
    assert json.loads((site / "openapi.json").read_text())["paths"].keys() == paths.keys()
    examples = (site / "examples.html").read_text()
    for folder in EXAMPLES:
        for path in (ROOT / folder).iterdir():
            assert path.name in examples


def test_it_loads_nothing_from_elsewhere(site: Path) -> None:
    """But the badges of the README."""
    source = re.compile(r'<(?:script|img|iframe)\b[^>]*\bsrc="?(https?:[^"\s>]+)')
    loaded = {url for path in site.rglob("*.html") for url in source.findall(path.read_text())}
    assert {url for url in loaded if not url.startswith("https://img.shields.io/")} == set()

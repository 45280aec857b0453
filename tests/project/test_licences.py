"""docs/licences.md lists every deployed package, and the libraries in PyAV's wheel."""

from __future__ import annotations

import re
from pathlib import Path

import av
import pytest
from av import _core

from tools.licences import NOT_STATED, NOTES, PAGE, licence, page
from tools.locks import DEPLOYED, EXTRAS, locked

_NEED_A_NOTE = re.compile(rf"\bA?L?GPL|Lesser General|MPL|EUPL|SSPL|\bCC-|{NOT_STATED}")


def test_the_tables_match_the_locks_and_the_installed_packages() -> None:
    text = PAGE.read_text()
    assert text == page(text), "packages or licences have changed: run `make licences`, and look"


def test_copyleft_and_missing_licences_are_explained() -> None:
    packages = {
        name
        for base in (DEPLOYED, EXTRAS)
        for name, pin in locked(base).items()
        if pin.in_the_cloud
    }
    unexplained = {name for name in packages if _NEED_A_NOTE.search(licence(name))} - set(NOTES)
    assert unexplained == set()
    assert set(NOTES) <= packages, "NOTES in tools/licences.py has packages that are not deployed"


def test_the_page_lists_the_libraries_in_the_wheel_of_pyav() -> None:
    folder = Path(av.__file__).parents[1] / "av.libs"
    if not folder.is_dir():
        pytest.skip("the wheel of this platform keeps its libraries elsewhere")
    bundled = {re.sub(r"^lib|-[0-9a-f]{8}\.so.*$", "", file.name) for file in folder.iterdir()}
    section = PAGE.read_text().partition("## FFmpeg in PyAV's wheels")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| .+? \| (?:FFmpeg: )?(.+?) \|$", section, flags=re.MULTILINE)
    assert bundled == {name for row in rows[1:] for name in row.split(", ")}


def test_ffmpeg_states_the_licence_that_the_page_quotes() -> None:
    stated = {library["license"] for library in _core.library_meta.values()}
    assert stated == {"LGPL version 3 or later"}
    assert '"LGPL version 3 or later"' in PAGE.read_text()
    configuration = _core.library_meta["libavcodec"]["configuration"]
    assert "--enable-libx264" in configuration
    assert "--enable-gpl" not in configuration

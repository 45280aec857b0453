"""The interactive docs in a browser, where there is one: what they fill in and send is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Running
from tests.support.browser import browse, needs_browser
from tests.support.media_files import picture
from tests.support.sounds import recording

pytestmark = needs_browser


@pytest.fixture(scope="module")
def results(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("docs")
    (folder / "sample.wav").write_bytes(recording(seconds=8))
    (folder / "picture.png").write_bytes(picture())
    files = [str(folder / "sample.wav"), str(folder / "picture.png")]
    script = Path(__file__).with_name("docs_page.mjs")
    results: dict[str, Any] = browse(script, stack.base_url, *files)
    return results


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        *(("uploadFile", 201), ("uploadAvatar", 200), ("bare", 201), ("created", 201)),
        *(("untouched", 200), ("generateVoice", 202)),
    ],
)
def test_a_form_is_sent_and_taken(results: dict[str, Any], operation: str, status: int) -> None:
    assert results[operation]["status"] == status, results[operation]["body"]


def test_every_picture_arrives(results: dict[str, Any]) -> None:
    assert list(results["created"]["body"]["data"]["character"]["images"]) == ["0", "1"]
    assert results["bare"]["body"]["data"]["character"]["images"] == {}


def test_a_form_that_nobody_has_touched_changes_nothing(results: dict[str, Any]) -> None:
    before = results["created"]["body"]["data"]["character"]
    after = results["untouched"]["body"]["data"]["character"]
    assert after | {"updatedAt": None} == before | {"updatedAt": None}


def test_every_operation_is_shown_and_nothing_fails(results: dict[str, Any]) -> None:
    assert results["operations"] > 100
    assert results["errors"] == []

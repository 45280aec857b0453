"""The rewrites of Hosting, derived from the routes."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from troupe.app import hosting
from troupe.app.hosting import configured, rewrites
from troupe.commands import derived
from troupe.commands.derived import derive
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

FIREBASE = Path(__file__).parents[2] / "firebase.json"


def served(monkeypatch: pytest.MonkeyPatch, **paths: list[str]) -> dict[str, str]:
    """The rewrites for functions with these paths."""

    def api(function: str) -> list[Api]:
        made = Api(function, function)
        for number, path in enumerate(paths[function]):

            def handler() -> Reply:
                return Reply()

            handler.__name__ = f"{function}_{number}"
            made.get(path, auth=Auth.PUBLIC)(handler)
        return [made]

    monkeypatch.setattr(hosting, "functions", lambda: paths)
    monkeypatch.setattr(hosting, "apis", api)
    return {each["source"]: each["function"]["functionId"] for each in rewrites("r")}


def test_a_subtree_of_one_function_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    found = served(monkeypatch, a=["/api/a/x", "/api/a/<id>/y"], b=["/api/b"])
    assert found == {"/api/a/**": "a", "/api/b": "b", "/api/**": "support"}


def test_shared_subtrees_are_split_with_literals_before_wildcards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = served(monkeypatch, a=["/api/s", "/api/s/<id>"], b=["/api/s/me", "/api/s/me/x"])
    assert list(found.items())[:-1] == [
        ("/api/s", "a"),
        ("/api/s/me", "b"),
        ("/api/s/me/**", "b"),
        ("/api/s/*", "a"),
    ]


def test_a_path_served_by_two_functions_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="/api/s"):
        served(monkeypatch, a=["/api/s"], b=["/api/s"])


def test_the_studio_has_its_own_paths_and_none_of_the_api() -> None:
    found = json.loads(FIREBASE.read_text())["hosting"]["rewrites"]
    pages = [each["source"] for each in found if "destination" in each]
    assert "/speak" in pages
    assert pages == [each["source"] for each in found[-len(pages) :]]
    assert all(each["destination"] == "/index.html" for each in found[-len(pages) :])
    # Other paths are files, or unknown.
    assert not any(page.startswith(("/api", "/*", "/call.html", "/assets")) for page in pages)


def test_firebase_json_is_up_to_date() -> None:
    text = FIREBASE.read_text()
    assert text == configured(text, "us-central1"), "run `python -m troupe hosting`"


def without(config: Any) -> None:
    del config["hosting"]["rewrites"][3]


def moved(config: Any) -> None:
    config["hosting"]["rewrites"][3]["function"]["region"] = "europe-west1"


@pytest.mark.parametrize("change", [without, moved])
def test_a_missing_rewrite_and_another_region_are_reported(
    change: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    config = json.loads(FIREBASE.read_text())
    change(config)
    copy = tmp_path / "firebase.json"
    copy.write_text(json.dumps(config, indent=2) + "\n")
    monkeypatch.setitem(derived._FILES, "hosting", (copy, derived._hosting))
    assert derive(Namespace(command="hosting", check=True)) == 1
    assert "python -m troupe hosting" in capsys.readouterr().err
    assert derive(Namespace(command="hosting", check=False)) == 0
    assert copy.read_text() == FIREBASE.read_text()


def test_another_region_is_written_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "firebase.json"
    copy.write_text(FIREBASE.read_text())
    monkeypatch.setitem(derived._FILES, "hosting", (copy, derived._hosting))
    monkeypatch.setenv("TROUPE_REGION", "europe-west1")
    assert derive(Namespace(command="hosting", check=False)) == 0
    regions = {
        each["function"]["region"]
        for each in json.loads(copy.read_text())["hosting"]["rewrites"]
        if "function" in each
    }
    assert regions == {"europe-west1"}

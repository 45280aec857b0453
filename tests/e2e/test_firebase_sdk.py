"""A client that signs in with the Firebase JS SDK can use the API, through Hosting."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Running

KINDS = ("registered", "anonymous")


@pytest.fixture(scope="module")
def results(stack: Running) -> dict[str, Any]:
    script = Path(__file__).with_name("firebase_sdk.mjs")
    node = shutil.which("node")
    assert node
    done = subprocess.run(
        [node, str(script), f"http://{stack.hosts['auth']}", stack.base_url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


@pytest.mark.parametrize("kind", KINDS)
def test_its_id_token_identifies_the_user(results: dict[str, Any], kind: str) -> None:
    me = results[kind]["me"]

    assert me["status"] == 200
    assert me["body"]["data"]["user"]["id"] == results[kind]["uid"]


def test_a_registered_user_has_the_registered_address(results: dict[str, Any]) -> None:
    assert results["registered"]["me"]["body"]["data"]["user"]["email"] == results["email"]


@pytest.mark.parametrize("kind", KINDS)
def test_its_id_token_can_request_speech(results: dict[str, Any], kind: str) -> None:
    speech = results[kind]["speech"]

    assert speech["status"] == 202
    assert speech["body"]["data"]["generation"]["status"] == "queued"
    assert speech["body"]["data"]["tokensReserved"] == 1

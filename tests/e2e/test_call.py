"""Two browsers in a call that reach each other only through a TURN server, on the whole stack."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from local.client import Client
from tests.conftest import Running
from tests.e2e.users import signed_up
from tests.support.browser import BROWSER, needs_browser
from tests.support.companies import Firm, Person
from tests.support.factories import PROJECT
from tests.support.machine import slack
from tests.support.turn import needs_turn, turn
from troupe.adapters.firestore import Database

pytestmark = [needs_browser, needs_turn]
MOST_SIGNALS = 16  # until two are connected
SECONDS = 480
SOON = 15_000  # ms from joining to the first picture, on a machine that runs two browsers


def a_call(stack: Running, monkeypatch: pytest.MonkeyPatch) -> tuple[Client, str, str, str]:
    """Its host and their token, its id, and the link of somebody who is invited."""
    client, uid, token = signed_up(stack)
    company = client.data("POST", "/api/companies", json={"name": "Fjord Telecom"})["company"]
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", stack.hosts["firestore"])
    db = Database.connect(PROJECT)
    # Licenses are bought, or created by an administrator.
    (license_id,) = Firm(db, company["id"], Person(db, uid, {})).licenses(1)
    client.data("PUT", f"/api/licenses/{license_id}/assign", json={"userId": uid})
    invitee = {"name": "Grace", "phone": "+4790000001"}  # the stack sends no messages
    body = {"title": "Router setup", "invitees": [invitee]}
    made = client.data("POST", "/api/videocalls", json=body)
    return client, token, made["call"]["id"], made["invitations"][0]["joinUrl"]


def play(stack: Running, folder: Path, *arguments: str) -> Any:
    """Runs the script, with a TURN server that it switches off and on; returns what it prints."""
    port = int(stack.turn["TURN_URLS"].partition("?")[0].rpartition(":")[2])
    command = ["node", str(Path(__file__).with_name("call.mjs")), str(BROWSER), *arguments]
    errors = folder / "errors"
    with (
        ExitStack() as relay,
        errors.open("w") as sink,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sink, text=True) as script,
    ):
        end = threading.Timer(SECONDS, script.kill)
        end.start()
        relay.callback(end.cancel)
        on = partial(turn, folder, stack.turn["TURN_SECRET"], port)
        server = relay.enter_context(ExitStack())
        server.enter_context(on())
        assert script.stdout is not None
        for line in script.stdout:
            if line == "off\n":
                server.close()
            elif line == "on\n":
                server.enter_context(on())
            else:
                return json.loads(line)
    raise AssertionError(errors.read_text())


def test_two_browsers_see_and_understand_each_other(
    stack: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, token, call_id, link = a_call(stack, monkeypatch)
    hosts = (stack.hosts["auth"], stack.hosts["firestore"])
    found = play(stack, tmp_path, stack.base_url, *hosts, token, call_id, link)
    print(found)
    assert found["errors"] == []
    assert found["connected"] <= MOST_SIGNALS * slack()  # what is slow is asked for again
    assert found["joined"] <= SOON * slack()
    for each in (found["host"], found["guest"]):
        assert each["frames"] > 30
        assert each["sound"] > 30
        assert set(each["candidates"]) == {"relay"}
    assert re.search(": A casa .* do mar", found["caption"])
    assert found["name"] == "Grace"
    assert found["people"] == "Bruno connected"
    (invitation,) = client.data("GET", f"/api/videocalls/{call_id}/invitations")["invitations"]
    assert invitation["state"] == "joined"
    (review,) = client.data("GET", f"/api/reviews?subjectKind=call&subjectId={call_id}")["reviews"]
    assert (review["ratings"], review["solved"]) == ({"service": 5, "host": 4}, True)
    assert not found["strange"]
    assert found["signIn"]

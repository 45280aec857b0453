"""The access matrix: every operation, by every kind of caller, with real objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.contract.access import DONE, World, ask, expected, in_order, needs_a_good_body
from tests.contract.contract import policies
from tests.contract.operations import Operation, served
from tests.support.factories import PROJECT, test_settings
from tests.support.wiring import app_for, held_queue, rewired
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files

# Aliases have the same policy, as tests/contract/test_contract.py checks.
OPERATIONS = [operation for operation in served() if not operation.route.alias_of]


@pytest.fixture(scope="module")
def world(file_db: Database) -> Iterator[World]:
    files = Files.connect(PROJECT, test_settings().bucket, can_sign=False)
    # Not all services run here; the tests check access, not the responses.
    with rewired(health_checks={}), held_queue() as queue:
        yield World(file_db, files, queue)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_caller_gets_the_response_of_the_contract(world: World, operation: Operation) -> None:
    policy = policies()[operation.place]
    client = app_for(operation.function).test_client()
    callers = world.callers()
    of_body = needs_a_good_body(operation)
    ids = world.objects(operation, callers["user"], of_body=of_body)
    wrong, ended = {}, False
    for name in in_order(operation, policy):
        outcome = expected(operation, policy, name)
        if ended:  # by the previous caller
            ids = world.objects(operation, callers["user"], of_body=of_body)
        ended = outcome is DONE
        with ask(client, operation, ids, callers[name].headers) as answer:
            body = answer.json if answer.is_json else {}
        # The second is ElevenLabs' form.
        code = body.get("error", {}).get("code") or body.get("detail", {}).get("status")
        if operation.route.surface and answer.status_code == 401:
            outcome = replace(outcome, code=None)  # another service has one code for all of them
        if not outcome.fits(answer.status_code, code):
            wrong[name] = (answer.status_code, code)
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert not wrong, f"{policy}: {wrong}"
